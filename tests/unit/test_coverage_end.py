"""The day on which coverage ends is a deadline of our own, whichever entry says it."""

from collections.abc import Callable

import msgspec
import pytest

from casetrack.catalog import workflows
from casetrack.errors import BadDefinition
from casetrack.service.tracker import Tracker
from casetrack.service.typed import Opening
from tests.world import KNOWN, World, day

Say = Callable[[World, str], object]


def with_an_opening(world: World, ends_on: str) -> None:
    opening = Opening(
        workflow="humana-il-guide", reference="C-2", pairs=[("coverage_ends_on", ends_on)]
    )
    world.id = world.tracker.open(opening).case.id


SAID: dict[str, Say] = {
    "open": with_an_opening,
    "note": lambda world, on: world.note("2026-11-24", coverage_ends_on=on),
    "record": lambda world, on: world.record("coverage", "2026-11-20", coverage_ends_on=on),
    "fire": lambda world, on: world.fire("submit", method="fax", coverage_ends_on=on),
}


@pytest.mark.parametrize("entry", SAID)
def test_whichever_entry_says_it_arms_a_planned_deadline_of_ours(entry: str) -> None:
    """31 January 2027 is a Sunday: safe by Friday the 29th."""
    world = World()
    SAID[entry](world, "2027-01-31")
    made = world.deadline("coverage_ends#1").deadline
    assert (made.owner, made.kind) == ("provider", "planned")
    assert world.dates("coverage_ends#1") == ("2027-01-31", "2027-01-29", None)
    assert made.reading.rungs == ("20bd", "10bd", "5bd", "2bd", "1bd", "0bd")


@pytest.mark.parametrize("entry", SAID)
def test_it_moves_when_the_entry_is_amended(entry: str) -> None:
    world = World()
    SAID[entry](world, "2027-01-31")
    world.amend(world.case.version, coverage_ends_on="2026-12-31")
    assert world.dates("coverage_ends#1")[:2] == ("2026-12-31", "2026-12-31")


def test_what_is_said_later_takes_its_place() -> None:
    world = World()
    SAID["note"](world, "2026-12-31")
    SAID["record"](world, "2027-12-31")
    assert world.deadline("coverage_ends#1").outcome == "superseded"
    assert world.dates("coverage_ends#2")[0] == "2027-12-31"


def test_a_note_that_does_not_say_it_arms_nothing() -> None:
    world = World()
    world.note("2026-11-24", kind="call")
    assert world.open_now() == set()


def test_it_runs_through_every_state_and_is_closed_by_a_final_one() -> None:
    world = World("2026-11-24")
    SAID["note"](world, "2026-12-31")
    world.fire("submit", method="fax")
    world.fire("deny", notice_on="2026-11-24", reason_code="other")
    assert "coverage_ends#1" in world.open_now()
    world.fire("close", close_reason="plan_changed")
    found = world.deadline("coverage_ends#1")
    assert (found.outcome, found.closed_on) == ("cancelled", day("2026-11-24"))


def test_it_is_never_overdue() -> None:
    world = World("2026-11-24")
    SAID["note"](world, "2026-12-31")
    world.at("2027-01-10").fire("close", close_reason="plan_changed")
    assert world.deadline("coverage_ends#1").outcome == "cancelled"


@pytest.mark.parametrize("changes", [{"length": "5d"}, {"until": None, "length": "5d"}])
def test_a_clock_that_any_entry_arms_has_to_be_the_day_that_is_said(
    changes: dict[str, str | None],
) -> None:
    plain = msgspec.json.decode(workflows.definition_text(workflows.load("humana-il-guide")))
    clock = plain["clocks"]["coverage_ends"]
    plain["clocks"]["coverage_ends"] = {
        k: v for k, v in {**clock, **changes}.items() if v is not None
    }
    with pytest.raises(BadDefinition) as caught:
        workflows.parse(plain, "mine")
    assert any("coverage_ends.armed_by" in reason for reason in caught.value.reasons)


def test_every_shipped_workflow_has_it() -> None:
    world = World()
    for id in workflows.available():
        tracker = Tracker(world.ledger, world.clock.now, "eva", KNOWN)
        opening = Opening(
            workflow=id, reference=f"X-{id[:4]}", pairs=[("coverage_ends_on", "+40d")]
        )
        assert "coverage_ends#1" in tracker.open(opening).case.deadlines
