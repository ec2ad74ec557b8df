"""What the due-soon report takes in: whose move it is, whose case, and the last second on time."""

from datetime import UTC, date, datetime, timedelta

import pytest

from casetrack.catalog import calendars, workflows
from casetrack.domain import docket as domain
from casetrack.domain.docket import Facts
from casetrack.ledger.memory import MemoryLedger
from casetrack.service.desk import Assigning, Firing, Opening, When
from casetrack.service.due import Filter, docket
from casetrack.service.tracker import Tracker
from tests.fakes import FakeClock, fixed_sources

GUIDE = workflows.load("humana-il-guide")
STATE = calendars.load("illinois-state")
NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
DUE_AT = datetime(2026, 12, 17, 5, 59, 59, tzinfo=UTC)  # the last second of 16 December in Chicago
SECOND = timedelta(seconds=1)


@pytest.fixture
def tracker() -> Tracker:
    """Three submitted requests: eva's, ota's and nobody's."""
    tracker = Tracker(MemoryLedger(fixed_sources(FakeClock(NOW))), NOW, "eva")
    for reference, assignee in (("A", "eva"), ("B", "ota"), ("C", None)):
        opening = Opening(workflow=GUIDE.id, reference=reference, when=When(on="2026-11-20"))
        case_id = tracker.open(opening).case.id
        tracker.do(case_id, Firing(trigger="submit", when=When(on="2026-11-23"), override="test"))
        tracker.do(case_id, Assigning(name=assignee))
    return tracker


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(), "A follow_up, A decision, B follow_up, B decision, C follow_up, C decision"),
        (Filter(owner="provider"), "A follow_up, B follow_up, C follow_up"),
        (Filter(owner="payer"), "A decision, B decision, C decision"),
        (Filter(owner="reviewer"), ""),
        (Filter(assignee="eva"), "A follow_up, A decision"),
        (Filter(assignee="ota"), "B follow_up, B decision"),
        (Filter(assignee=""), "C follow_up, C decision"),
        (Filter(assignee="nobody"), ""),
        (Filter(assignee="ota", owner="payer"), "B decision"),
        (Filter(assignee="", owner="provider"), "C follow_up"),
        (Filter(assignee="eva", owner="reviewer"), ""),
    ],
)
def test_every_condition_of_the_report_holds(
    tracker: Tracker, wanted: Filter, expected: str
) -> None:
    shown = [
        f"{line.case} {line.deadline.removeprefix('pa_').removesuffix('#1')}"
        for line in docket(tracker, wanted).items
    ]
    assert sorted(shown) == sorted(expected.split(", ") if expected else [])


def test_the_numbers_of_the_report_are_of_the_whole_ledger(tracker: Tracker) -> None:
    found = docket(tracker, Filter(assignee="eva", owner="payer"))
    assert found.open_cases == 3
    assert [(one.assignee, one.cases) for one in found.by_state] == [
        (None, 1),
        ("eva", 1),
        ("ota", 1),
    ]


def facts(clock: str, **changes: object) -> Facts:
    members: dict[str, object] = {
        "case": "A", "patient": None, "assignee": None, "state": "pa_submitted",
        "deadline": f"{clock}#1", "clock": clock, "due_on": date(2026, 12, 16), "due_at": DUE_AT,
        "act_by": date(2026, 12, 16), "law_by": None, "stated_due_on": None,
    }  # fmt: skip
    return Facts(**{**members, **changes})  # type: ignore[arg-type]


def status(clock: str, now: datetime, today: date, **changes: object) -> str:
    return domain.status(GUIDE.clocks[clock], facts(clock, **changes), STATE, today, now)


LAST = date(2026, 12, 16)


@pytest.mark.parametrize("clock", ["pa_decision", "appeal_filing"])
@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (DUE_AT - SECOND, "act_now"),
        (DUE_AT, "act_now"),
        (DUE_AT + timedelta(microseconds=1), "overdue"),
        (DUE_AT + SECOND, "overdue"),
    ],
)
def test_the_last_second_is_on_time_and_the_next_is_overdue(
    clock: str, now: datetime, expected: str
) -> None:
    assert status(clock, now, LAST) == expected


def test_what_is_only_planned_is_never_overdue() -> None:
    assert status("pa_follow_up", DUE_AT + SECOND, LAST) == "act_now"


@pytest.mark.parametrize(
    ("act_by", "expected"),
    [
        (date(2026, 11, 23), "act_now"),
        (date(2026, 11, 24), "act_now"),
        (date(2026, 11, 25), "due_soon"),
        (date(2026, 12, 3), "due_soon"),  # the 5th business day: not the 26th and the 27th
        (date(2026, 12, 4), "upcoming"),
    ],
)
def test_soon_is_five_business_days(act_by: date, expected: str) -> None:
    assert status("pa_decision", NOW, date(2026, 11, 24), act_by=act_by) == expected
