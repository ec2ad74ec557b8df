"""The demo: on any day of the year it imports, and shows every state and every kind of trouble."""

from datetime import UTC, date, datetime, timedelta

import pytest

from casetrack.catalog import workflows
from casetrack.domain import checks, dates
from casetrack.domain.docket import Item
from casetrack.errors import Refused
from casetrack.ledger.memory import MemoryLedger
from casetrack.service import demo
from casetrack.service.desk import Opening
from casetrack.service.due import Filter, docket
from casetrack.service.tracker import DEFAULT_WORKFLOW, Tracker
from tests.fakes import FakeClock, fixed_sources

ZONE = "America/Chicago"
CHOSEN = [
    ("2026-01-01", "00:00:30"),  # a holiday, just begun
    ("2026-03-08", "12:00:00"),  # the clocks went forward this night
    ("2026-03-10", "23:59:59"),
    ("2026-07-04", "09:00:00"),  # a Saturday and a holiday
    ("2026-07-15", "16:00:00"),
    ("2026-11-01", "00:30:00"),  # the clocks go back this night
    ("2026-11-03", "15:30:00"),  # Election Day
    ("2026-11-26", "12:00:00"),  # Thanksgiving
    ("2026-12-06", "08:00:00"),  # nine days after two closed days
    ("2027-01-03", "12:00:00"),
    ("2028-02-29", "12:00:00"),
    ("2028-03-01", "00:00:00"),
]


def tracker_at(now: datetime, *, practice: bool = True) -> Tracker:
    return Tracker(MemoryLedger(fixed_sources(FakeClock(now)), practice=practice), now, "trainer")


def filled(now: datetime) -> Tracker:
    tracker = tracker_at(now)
    demo.fill(tracker)
    return tracker


def lines(tracker: Tracker) -> dict[tuple[str, str], Item]:
    found = docket(tracker, Filter(within="400d"))
    return {(i.case.removeprefix("DEMO-"), i.deadline.partition("#")[0]): i for i in found.items}


def check_troubles(tracker: Tracker) -> None:
    found = lines(tracker)
    today = dates.local_date(tracker.now, ZONE)
    status = {key: item.status for key, item in found.items()}
    assert status["WINDOW-LAPSED", "appeal_filing"] == "overdue"
    assert status["APPEAL-LATE", "appeal_decision"] == "overdue"
    assert status["PAYER-LATE", "pa_decision"] == "overdue"
    assert status["REVIEWER-LATE", "external_decision"] == "overdue"
    assert status["ACT-TODAY", "info_response"] == "act_now"
    assert status["CALL-DUE", "pa_follow_up"] == "act_now"
    assert status["TEST-STALE", "inhibitor_fresh"] == "act_now"
    assert found["ACT-TODAY", "info_response"].due_on == today
    assert found["TEST-EXPIRING", "inhibitor_fresh"].due_on == today + timedelta(days=2)
    safe = found["SAFE-DATE-PASSED", "appeal_filing"]
    assert safe.act_by < today < safe.due_on
    returned = found["APPEAL-RETURNED", "appeal_filing"]
    assert returned.deadline == "appeal_filing#1"
    assert {"appeal_filing", "approval_validity"} <= {c for ref, c in found if ref == "IN-PART"}


def check_hours(tracker: Tracker) -> None:
    """The expedited case runs, and ends at a time of day."""
    item = lines(tracker)["EXPEDITED", "pa_decision"]
    due_at = datetime.fromisoformat(item.due_at)
    assert tracker.now < due_at < tracker.now + timedelta(hours=72)
    assert item.status != "overdue"
    assert due_at.minute == due_at.second == 0


def check_values(tracker: Tracker) -> None:
    ending = tracker.case(tracker.resolve("DEMO-APPROVAL-ENDING"))
    assert str(ending.fields["infusion_on"]) > str(ending.fields["valid_through"])
    gapped = tracker.case(tracker.resolve("DEMO-OVERRIDDEN"))
    (gap,) = checks.open_items(gapped, tracker.workflow_of(gapped))
    assert "Exposure history" in gap


def check_states(tracker: Tracker) -> None:
    rows = [tracker.ledger.case_row(case_id) for case_id in tracker.ledger.case_ids()]
    states = {row.state for row in rows if row}
    assert states == set(workflows.load(DEFAULT_WORKFLOW).states)
    assert any(row and not row.assignee and not row.final for row in rows)
    assert len(rows) >= 15


def at(day: str, time: str) -> datetime:
    return dates.parse_instant(f"{day}T{time}", ZONE)


@pytest.mark.parametrize(("day", "time"), CHOSEN)
def test_every_state_and_trouble_shows_on_a_day(day: str, time: str) -> None:
    tracker = filled(at(day, time))
    check_states(tracker)
    check_troubles(tracker)
    check_hours(tracker)
    check_values(tracker)


@pytest.mark.full
@pytest.mark.parametrize("start", ["2026-01-01", "2027-02-01", "2028-02-01", "2035-06-01"])
def test_every_state_and_trouble_shows_on_each_of_400_days(start: str) -> None:
    first = date.fromisoformat(start)
    for n in range(400):
        day = (first + timedelta(days=n)).isoformat()
        tracker = filled(at(day, ("00:00:00", "03:30:00", "12:00:00", "23:59:59")[n % 4]))
        check_states(tracker)
        check_troubles(tracker)
        check_hours(tracker)
        check_values(tracker)


def test_a_real_ledger_is_refused() -> None:
    tracker = tracker_at(datetime(2026, 11, 24, 15, tzinfo=UTC), practice=False)
    with pytest.raises(Refused, match="real ledger"):
        demo.fill(tracker)
    assert tracker.ledger.stats().cases == 0


def test_a_practice_ledger_with_a_case_is_refused_and_left_as_it_is() -> None:
    tracker = tracker_at(datetime(2026, 11, 24, 15, tzinfo=UTC))
    tracker.open(Opening(workflow=DEFAULT_WORKFLOW, reference="C-1"))
    with pytest.raises(Refused, match="holds cases already"):
        demo.fill(tracker)
    assert tracker.ledger.stats().cases == 1
