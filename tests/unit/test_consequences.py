"""What an event does to deadlines, where a whole case seldom comes: ties, repeats, late words."""

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from casetrack.catalog import workflows
from casetrack.domain import clocks, consequences
from casetrack.domain import events as e
from casetrack.domain.case import Case, Tracked
from casetrack.domain.consequences import Change, Step
from casetrack.ledger.memory import MemoryLedger
from casetrack.service.bootstrap import ShippedCalendars
from casetrack.service.desk import Opening, Recording, When
from casetrack.service.tracker import Tracker
from tests.fakes import FakeClock, fixed_sources

GUIDE = workflows.load("humana-il-guide")
CALENDARS = ShippedCalendars()
NOW = datetime(2026, 12, 15, 18, tzinfo=UTC)


# Expedited twice


def waiting() -> Case:
    """Submitted on 24 November at ten; nothing else is known of the case."""
    at = datetime(2026, 11, 24, 16, tzinfo=UTC)
    basis = clocks.Basis(on=date(2026, 11, 24), at=at, field="request")
    rule = GUIDE.clocks["pa_decision"]
    deadline = e.Deadline(
        deadline="pa_decision#1", definition="", clock="pa_decision", n=1, owner="payer",
        kind="service", alive_in=rule.alive_in,
        reading=clocks.read(rule, clocks.frame(GUIDE, CALENDARS), basis),
    )  # fmt: skip
    tracked = Tracked(deadline=deadline, armed_version=1)
    return Case(id="c", state="pa_submitted", deadlines={"pa_decision#1": tracked})


def change(case: Case, trigger: str, at: datetime) -> Change:
    step = Step(
        case=case, workflow=GUIDE, name=trigger, to=case.state, moment=(date(2026, 11, 25), at),
        values={},
    )  # fmt: skip
    return consequences.of(step, CALENDARS)


def after(case: Case, change: Change) -> Case:
    (move,) = change.moved
    tracked = case.deadlines[move.deadline]
    deadline = replace(tracked.deadline, reading=move.reading, standard=move.standard)
    return replace(case, deadlines={move.deadline: replace(tracked, deadline=deadline)})


def test_a_second_expedite_that_moves_keeps_the_first_standard_and_a_refusal_returns_it() -> None:
    """The second request is recorded with the earlier instant, so it does move the date."""
    case = waiting()
    standard = case.deadlines["pa_decision#1"].deadline.reading
    once = after(case, change(case, "expedite", datetime(2026, 11, 25, 20, tzinfo=UTC)))
    twice = after(once, change(once, "expedite", datetime(2026, 11, 25, 15, tzinfo=UTC)))
    moved = twice.deadlines["pa_decision#1"].deadline
    assert moved.reading.due_at == datetime(2026, 11, 28, 15, tzinfo=UTC)
    assert moved.standard == standard
    refused = change(twice, "refuse_expedite", datetime(2026, 11, 25, 22, tzinfo=UTC))
    back = after(twice, refused).deadlines["pa_decision#1"].deadline
    assert (back.reading, back.standard) == (standard, None)


# Evidence of the same day


@pytest.fixture
def tracker() -> Tracker:
    return Tracker(MemoryLedger(fixed_sources(FakeClock(NOW))), NOW, "eva")


def recorded(tracker: Tracker, case_id: str, *days: str) -> list[e.EvidenceRecorded]:
    found = []
    for day in days:
        typed = Recording(item="inhibitor_test", when=When(on=day), pairs=(("result", "negative"),))
        data = tracker.do(case_id, typed).data
        assert isinstance(data, e.EvidenceRecorded)
        found.append(data)
    return found


@pytest.mark.parametrize(
    ("second", "counts"), [("2026-11-19", False), ("2026-11-20", True), ("2026-11-21", True)]
)
def test_evidence_of_the_same_day_or_later_takes_over_the_clock(
    tracker: Tracker, second: str, counts: bool
) -> None:
    case_id = tracker.open(Opening(workflow=GUIDE.id, reference="A")).case.id
    _, later = recorded(tracker, case_id, "2026-11-20", second)
    case = tracker.case(case_id)
    fresh = ["inhibitor_fresh#2"] if counts else ["inhibitor_fresh#1"]
    assert [t.deadline.deadline for t in case.open_deadlines()] == fresh
    assert [d.deadline for d in later.armed] == (fresh if counts else [])
    superseded = e.Ended(deadline="inhibitor_fresh#1", outcome="superseded")
    assert later.closed == ((superseded,) if counts else ())
    counted = case.evidence_for("inhibitor_test")
    assert counted is not None
    assert counted.version == (3 if counts else 2)
