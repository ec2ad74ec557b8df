"""What a docket line says beside its dates: what can be typed, and what a watched date is worth."""

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from casetrack.catalog import calendars, workflows
from casetrack.domain import dates, docket
from casetrack.reports.casefile import mark

GUIDE = workflows.load("humana-il-guide")
CALENDAR = calendars.load("illinois-state")
CLOCK = GUIDE.clocks["approval_validity"]
LAST = date(2027, 5, 28)
ALIVE = [
    (name, state)
    for name, clock in GUIDE.clocks.items()
    for state in (*clock.alive_in, *(s for more in clock.also_alive.values() for s in more))
]


@pytest.mark.parametrize(
    ("clock", "state", "expected"),
    [
        (
            "pa_follow_up",
            "pa_submitted",
            ("note:call", "request_info", "approve", "approve_in_part", "deny", "refuse_expedite"),
        ),
        (
            "pa_follow_up",
            "info_requested",
            ("note:call", "approve", "approve_in_part", "deny", "refuse_expedite"),
        ),
        ("pa_decision", "info_requested", ("approve", "approve_in_part", "deny")),
        ("info_response", "info_requested", ("provide_info",)),
        ("appeal_filing", "approved_in_part", ("file_appeal",)),
        ("appeal_decision", "internal_appeal", ("overturn", "uphold")),
        ("approval_validity", "approved", ("administer", "renew")),
        ("approval_validity", "approved_in_part", ("administer", "renew")),
        # granted in part, and then: what was granted stands, and nothing is to be typed for it
        ("approval_validity", "denied", ()),
        ("approval_validity", "internal_appeal", ()),
        ("approval_validity", "appeal_denied", ()),
        ("approval_validity", "external_review", ()),
        # a stale test is made good by a new one, not by submitting
        ("inhibitor_fresh", "intake", ("record:inhibitor_test", "submit")),
        ("inhibitor_fresh", "info_requested", ("record:inhibitor_test", "provide_info")),
        ("liver_fresh", "intake", ("record:liver_panel", "submit")),
    ],
)
def test_what_can_be_typed_for_a_deadline(
    clock: str, state: str, expected: tuple[str, ...]
) -> None:
    assert docket.acts(GUIDE.clocks[clock], GUIDE, state) == expected


@pytest.mark.parametrize(("clock", "state"), ALIVE)
def test_no_trigger_is_told_that_is_not_possible_from_the_state(clock: str, state: str) -> None:
    here = {name for name, origin, _ in GUIDE.arcs() if origin == state}
    told = docket.acts(GUIDE.clocks[clock], GUIDE, state)
    assert {name for name in told if ":" not in name} <= here
    assert len(told) == len(set(told))


def found(today: date, watched: str | None, *, watch: bool = True) -> str | None:
    facts = docket.Facts(
        case="C-1", patient=None, assignee=None, state="approved",
        deadline="approval_validity#1", clock="approval_validity", due_on=LAST,
        due_at=dates.end_of_day(LAST, GUIDE.zone), act_by=LAST, law_by=None, stated_due_on=None,
        watched=watched,
    )  # fmt: skip
    clock = CLOCK if watch else replace(CLOCK, watch=None)
    return docket.finding(clock, facts, CALENDAR, today)


# 20 business days before Friday, 28 May 2027, is Friday, 30 April.
@pytest.mark.parametrize(
    ("today", "asked"),
    [
        ("2027-04-29", False),
        ("2027-04-30", True),
        ("2027-05-01", True),
        ("2027-05-28", True),
        ("2027-06-01", True),
    ],
)
def test_a_missing_date_is_asked_for_from_20_business_days_before(today: str, asked: bool) -> None:
    expected = "no infusion_on yet" if asked else None
    assert found(date.fromisoformat(today), None) == expected
    assert found(date.fromisoformat(today), "2027-05-28") is None


@pytest.mark.parametrize("today", ["2026-12-02", "2027-04-28", "2027-05-28"])
@pytest.mark.parametrize(
    ("watched", "late"), [("2027-01-05", False), ("2027-05-28", False), ("2027-05-29", True)]
)
def test_a_date_after_the_last_day_is_told_however_far_off(
    today: str, watched: str, late: bool
) -> None:
    expected = f"infusion_on {watched} is after the last day" if late else None
    assert found(date.fromisoformat(today), watched) == expected


def test_a_clock_that_watches_nothing_finds_nothing() -> None:
    assert found(LAST, None, watch=False) is None


def test_a_paused_deadline_is_neither_overdue_nor_due() -> None:
    facts = docket.Facts(
        case="C-1", patient=None, assignee=None, state="pa_submitted", deadline="pa_decision#1",
        clock="pa_decision", due_on=LAST, due_at=dates.end_of_day(LAST, GUIDE.zone), act_by=LAST,
        law_by=None, stated_due_on=None,
    )  # fmt: skip
    later = datetime(2027, 7, 1, 16, tzinfo=UTC)
    line = docket.item(facts, GUIDE, CALENDAR, later)
    paused = docket.item(replace(facts, tolled=True, unproven=True), GUIDE, CALENDAR, later)
    assert (line.status, line.unproven) == ("overdue", False)
    assert (paused.status, paused.unproven) == ("tolled", True)
    assert (mark(line), mark(paused)) == ("lapsed", "tolled")
