"""Random lives of a case that then goes over to another definition, and back.

What is expected needs no knowledge of how it is done: an edition that says nothing new changes
nothing, and whoever goes somewhere and comes back stands where they stood.
"""

import os
from collections.abc import Callable

from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from casetrack.audit.findings import COUNTED
from casetrack.catalog import workflows
from casetrack.domain import events as e
from casetrack.domain import machine
from casetrack.domain.case import Tracked
from casetrack.domain.fold import replay
from casetrack.errors import CasetrackError
from casetrack.service.conformance import drifting, examined
from casetrack.service.sharing import Tally
from casetrack.service.typed import Adopting
from tests.editions import later, ship
from tests.world import GUIDE, World

FULL = os.environ.get("CASETRACK_FULL") == "1"
SETTINGS = settings(
    max_examples=2000 if FULL else 40,
    deadline=None,
    derandomize=not FULL,
    suppress_health_check=list(HealthCheck),
)
VALUES = {
    "notice_on": "today", "valid_through": "+30d", "expedite_reason": "active_bleeding",
    "close_reason": "declined", "confirmation": "K", "respond_on": "+5d", "method": "fax",
    "stated_due_on": "+20d", "sent_at": "2026-11-02T10:00", "received_on": "today",
}  # fmt: skip
Step = Callable[[World], object]


@st.composite
def fires(draw: st.DrawFn) -> Step:
    pick, some = draw(st.integers(0, 30)), draw(st.sets(st.sampled_from(sorted(VALUES))))

    def step(world: World) -> None:
        workflow = world.tracker.workflow_of(world.case)
        ahead = [t for t in machine.possible(workflow, world.case.state) if t != "close"]
        if not ahead:
            return
        trigger = ahead[pick % len(ahead)]
        names = workflow.triggers[trigger]
        given_ = {
            n: VALUES[n] for n in names.fields if n in VALUES and n in {*some, *names.required}
        }
        world.fire(trigger, world.clock.now.isoformat(), **given_)

    return step


def days() -> st.SearchStrategy[str]:
    return st.integers(1, 40).map(lambda n: f"-{n}d")


def on_a_deadline(act: Callable[[World, str], object]) -> st.SearchStrategy[Step]:
    def of(pick: int) -> Step:
        def step(world: World) -> None:
            running = sorted(world.open_now())
            if running:
                act(world, running[pick % len(running)])

        return step

    return st.integers(0, 5).map(of)


def on_an_entry(act: Callable[[World, int], object]) -> st.SearchStrategy[Step]:
    return st.integers(0, 9).map(lambda n: lambda world: act(world, max(world.case.version - n, 1)))


def moved_on(hours: int) -> Step:
    return lambda world: world.clock.move(hours=hours)


def extended(world: World, name: str) -> None:
    world.extend(name, str(world.reading(name).due_on.replace(day=28)))


STEPS: st.SearchStrategy[Step] = st.one_of(
    fires(), fires(), fires(), fires(),
    days().map(lambda on: lambda w: w.record("inhibitor_test", on, result="negative")),
    days().map(lambda on: lambda w: w.record("liver_panel", on)),
    days().map(lambda on: lambda w: w.record("proof_of_receipt", on)),
    st.sampled_from(["call", "letter"]).map(lambda k: lambda w: w.note("today", kind=k)),
    st.just(lambda w: w.plan(f"call {w.case.version}", "+9d")),
    on_a_deadline(extended),
    on_a_deadline(lambda w, name: w.toll(name)),
    on_a_deadline(lambda w, name: w.resume(name)),
    on_an_entry(lambda w, version: w.void(version)),
    on_an_entry(lambda w, version: w.amend(version, on="-2d")),
    on_an_entry(lambda w, version: w.amend(version, notice_on="-3d")),
    st.sampled_from([1, 20, 24 * 3, 24 * 15]).map(moved_on),
)  # fmt: skip


def lived(steps: list[Step]) -> World:
    world = World("2026-11-02")
    for step in steps:
        world.tracker.now = world.tracker.desk.now = world.clock.now
        try:
            step(world)
        except CasetrackError:
            continue
    world.tracker.now = world.tracker.desk.now = world.clock.now
    assume(not world.case.final)
    return world


def go(world: World, to: str) -> e.WorkflowAdopted | None:
    """None where it is refused."""
    try:
        written = world.do(Adopting(workflow=to))
    except CasetrackError:
        return None
    assert isinstance(written.data, e.WorkflowAdopted)
    return written.data


def running(world: World) -> dict[str, Tracked]:
    return {t.deadline.deadline: t for t in world.case.open_deadlines()}


def corrected(world: World) -> bool:
    """Whether the facts are no longer those that the deadlines were armed by, one by one.

    Taking a step back does not arm what would have run without it; going over does.
    """
    return any(isinstance(x.data, e.EntryCorrected | e.EntryVoided) for x in world.entries())


def without_definition(found: dict[str, Tracked]) -> dict[str, object]:
    return {
        name: (t.deadline.reading, t.deadline.standard, t.deadline.alive_in, t.tolled_on,
               t.unproven, t.armed_version)
        for name, t in found.items()
    }  # fmt: skip


def sound(world: World) -> None:
    every = examined(world.tracker, [world.id], Tally())
    assert [x for x in every if x.severity in COUNTED and x.rule != "hindsight"] == []
    assert replay(world.id, world.entries()) == world.case
    before = world.ledger.views(world.id)
    world.ledger.rebuild()
    assert world.ledger.views(world.id) == before


@given(st.lists(STEPS, max_size=14))
@SETTINGS
def test_an_edition_that_says_nothing_new_changes_nothing(steps: list[Step]) -> None:
    world = lived(steps)
    ship(world.tracker, later(GUIDE))
    before = running(world)
    data = go(world, GUIDE.id)
    event(f"{len(before)} running")
    assert data is not None
    if not corrected(world):
        assert (data.armed, data.closed, data.moved, data.reopened, data.unproven) == ((),) * 5
        assert {kept.deadline for kept in data.kept} == set(before)
        assert without_definition(running(world)) == without_definition(before)
    sound(world)


@given(st.lists(STEPS, max_size=14), st.sampled_from(workflows.available()))
@SETTINGS
def test_there_and_back_again_everything_runs_as_it_did(steps: list[Step], other: str) -> None:
    world = lived(steps)
    before, guide, state = running(world), world.case.definition, world.case.state
    assume(other != GUIDE.id and go(world, other) is not None)
    sound(world)
    assert go(world, guide) is not None
    assert world.case.state == state
    if not corrected(world):
        assert running(world) == before
    sound(world)


@given(st.lists(STEPS, max_size=8), st.sampled_from(workflows.available()), st.lists(STEPS))
@SETTINGS
def test_a_life_that_goes_on_elsewhere_is_sound(
    before: list[Step], other: str, after: list[Step]
) -> None:
    world = lived(before)
    assume(other != GUIDE.id and go(world, other) is not None)
    newly = {t.deadline.deadline for t in world.case.open_deadlines()}
    assert not [d for d in drifting(world.tracker, [world.id], Tally()) if d.deadline in newly]
    for step in after:
        world.tracker.now = world.tracker.desk.now = world.clock.now
        try:
            step(world)
        except CasetrackError:
            continue
    sound(world)
