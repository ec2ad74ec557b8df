"""What an event does to a case's deadlines: which end, return, move and are armed.

Order: what the event ends, what the state reached no longer holds, what returns, what an
expedited request moves, what is armed anew (superseding an arming of the same clock still open).
A filing that nothing shows to have arrived ends no deadline: it leaves it open, as unproven.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from casetrack.domain import clocks, expediting, versions
from casetrack.domain.case import Case, Tracked, Transition
from casetrack.domain.clocks import Basis, Calendars
from casetrack.domain.events import Deadline, Ended, Moved, Value
from casetrack.domain.guards import late, sent_at
from casetrack.domain.plans import clock_of
from casetrack.domain.workflow import DUE_OF, REQUEST, Clock, Trigger, Workflow
from casetrack.errors import Refused


class Step(Struct, frozen=True, kw_only=True):
    """An event by its name, the state it leads to, its (day, instant) and its values.

    ``hurried``: it is a transition after which the stage is expedited.
    """

    case: Case
    workflow: Workflow
    name: str
    to: str
    moment: tuple[date, datetime | None]
    values: Mapping[str, Value]
    hurried: bool = False


class Change(Struct, frozen=True, kw_only=True):
    armed: tuple[Deadline, ...] = ()
    closed: tuple[Ended, ...] = ()
    moved: tuple[Moved, ...] = ()
    reopened: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()


def of(step: Step, calendars: Calendars, arm: Callable[..., Deadline] | None = None) -> Change:
    """Every consequence of one event; ``arm`` makes a deadline where ``armed_now`` is not to."""
    unproven = _unproven(step)
    ended = _ended(step, unproven)
    left = _left(step, {*unproven, *(end.deadline for end in ended)})
    gone = {end.deadline for end in (*ended, *left)}
    running = [t for t in step.case.open_deadlines() if t.deadline.deadline not in gone]
    make = arm or armed_now
    armed = tuple(make(name, step, calendars) for name in arms(step))
    rearmed = {deadline.clock for deadline in armed}
    superseded = tuple(
        Ended(deadline=t.deadline.deadline, outcome="superseded")
        for t in running
        if t.deadline.clock in rearmed
    )
    return Change(
        armed=armed,
        closed=(*ended, *left, *superseded),
        moved=moves(step, running),
        reopened=_reopened(step),
        unproven=unproven,
    )


def _unproven(step: Step) -> tuple[str, ...]:
    """What the event asks to end as a filing, without the word that it arrived."""
    if step.name not in step.workflow.triggers or step.workflow.states[step.to].final:
        return ()
    return tuple(
        t.deadline.deadline
        for t in step.case.open_deadlines()
        for clock in (clock_of(step.workflow, t.deadline.clock),)
        if step.name in clock.ended_by
        and clock.proof_field is not None
        and clock.proof_field not in step.values
    )


def _ended(step: Step, unproven: tuple[str, ...]) -> tuple[Ended, ...]:
    return tuple(
        end
        for t in step.case.open_deadlines()
        if t.deadline.deadline not in unproven
        and (end := _end(step, t, clock_of(step.workflow, t.deadline.clock)))
    )


def _end(step: Step, tracked: Tracked, clock: Clock) -> Ended | None:
    """How the event satisfies a deadline; a proof counts on its day, a decision on the filing's."""
    name, (on, at) = tracked.deadline.deadline, step.moment
    if step.name in clock.ended_by and not _too_early(step, tracked):
        was_late = not clock.opens and late(tracked, on, at, sent_at(clock, step.values))
        return Ended(deadline=name, outcome="satisfied", late=was_late)
    filing = filed(step.case, tracked, clock) if tracked.unproven else None
    if filing is None:
        return None
    if step.name == f"record:{clock.proof_item}" and on >= filing.on:
        return Ended(deadline=name, outcome="satisfied", late=late(tracked, on, at))
    if step.name in clock.proven_by:
        sent = sent_at(clock, step.case.values_of(filing.version))
        was_late = late(tracked, filing.on, filing.at, sent)
        return Ended(deadline=name, outcome="satisfied", late=was_late)
    return None


def filed(case: Case, tracked: Tracked, clock: Clock) -> Transition | None:
    """The newest transition that asked to end a deadline."""
    after = (m for m in reversed(case.moves) if m.version > tracked.armed_version)
    return next((m for m in after if m.trigger in clock.ended_by), None)


def _too_early(step: Step, tracked: Tracked) -> bool:
    """A note of something that was before the clock started does not end it."""
    is_note = step.name.startswith("note:")
    return is_note and step.moment[0] < tracked.deadline.reading.from_on


def _left(step: Step, kept: set[str]) -> tuple[Ended, ...]:
    on, at = step.moment
    final = step.workflow.states[step.to].final
    return tuple(
        Ended(deadline=t.deadline.deadline, outcome="lapsed" if _lapsed(t, on, at) else "cancelled")
        for t in step.case.open_deadlines()
        if t.deadline.deadline not in kept
        and step.to not in t.deadline.alive_in
        and (final or not t.unproven)
    )


def _lapsed(tracked: Tracked, on: date, at: datetime | None) -> bool:
    binding = tracked.deadline.kind != "planned" and not tracked.unproven
    return binding and late(tracked, on, at) is True


def arms(step: Step) -> tuple[str, ...]:
    """The clocks that an event arms, in the order of the workflow."""
    return tuple(
        name
        for name, clock in step.workflow.clocks.items()
        if clock.starts_by(step.name)
        and step.to in _alive(clock, step.to)
        and _datable(clock, step)
        and _asked_for(clock, step)
    )


def _alive(clock: Clock, state: str) -> tuple[str, ...]:
    """Where an arming that leaves the case in a state lives."""
    return (*clock.alive_in, *clock.also_alive.get(state, ()))


def _datable(clock: Clock, step: Step) -> bool:
    """What only a stated date, or only an expedited request, gives stays silent without one."""
    if clock.expedited_only:
        return step.hurried
    return clock.length is not None or clock.until in step.values


def armed_now(name: str, step: Step, calendars: Calendars) -> Deadline:
    """The next arming of a clock, by the version of its rule that is in force."""
    clock = step.workflow.clocks[name]
    return arming(name, versions.in_force(clock, _day(step, clock.version_by)), step, calendars)


def _asked_for(clock: Clock, step: Step) -> bool:
    """Whether the event gives the codes that the clock asks for."""
    return all(
        not {*_codes(step.values.get(field))}.isdisjoint(codes)
        for field, codes in (clock.armed_if or {}).items()
    )


def _codes(value: Value | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()


def arming(name: str, clock: Clock, step: Step, calendars: Calendars) -> Deadline:
    """The next arming of a clock by an event."""
    n = 1 + (before.deadline.n if (before := step.case.latest(name)) else 0)
    frame = clocks.frame(step.workflow, calendars)
    basis = _basis(clock, step)
    reading, standard = (
        expediting.begin(clock, frame, basis, step.moment[1])
        if step.hurried
        else (clocks.read(clock, frame, basis), None)
    )
    return Deadline(
        deadline=f"{name}#{n}",
        definition=step.case.definition,
        clock=name,
        n=n,
        owner=clock.owner,
        kind=clock.kind,
        alive_in=_alive(clock, step.to),
        reading=reading,
        standard=standard,
    )


def _basis(clock: Clock, step: Step) -> Basis:
    on, at = step.moment
    stated = _day(step, clock.stated)
    until = _day(step, clock.until)
    if clock.counts_from == REQUEST:
        field = "evidence" if step.name.startswith("record:") else REQUEST
        return Basis(on=on, at=at, field=field, stated_due_on=stated, until=until)
    if clock.counts_from.startswith(DUE_OF):
        ended = source(clock, step.case)
        if ended is None:
            raise Refused(f"{clock.title} counts from {clock.counts_from}, which never ran")
        end = ended.deadline.reading
        return Basis(on=end.due_on, at=end.due_at, field=clock.counts_from, until=until)
    counted = _day(step, clock.counts_from)
    noticed = _day(step, clock.presumed_from)
    if counted is None and noticed is not None:
        presumed = versions.presumed(clock, noticed)
        return replace(presumed, stated_due_on=stated, until=until)
    if counted is None:
        raise Refused(f"{clock.title} counts from {clock.counts_from}, which is not given")
    return Basis(on=counted, at=None, field=clock.counts_from, stated_due_on=stated, until=until)


def source(clock: Clock, case: Case) -> Tracked | None:
    """The deadline from whose end a clock counts, if it counts from one that ever ran."""
    _, due, name = clock.counts_from.partition(DUE_OF)
    return case.latest(name) if due else None


def _day(step: Step, field: str | None) -> date | None:
    value = step.values.get(field) if field else None
    return date.fromisoformat(value) if isinstance(value, str) else None


def moves(step: Step, running: Sequence[Tracked]) -> tuple[Moved, ...]:
    """How an expedited request, or its refusal, moves running deadlines."""
    trigger = step.workflow.triggers.get(step.name)
    if trigger is None:
        return ()
    if trigger.refuses_expedite:
        return tuple(m for t in running if (m := _standard_again(t)))
    if trigger.expedites:
        return tuple(m for t in running if (m := _expedited(step, t)))
    return ()


def _standard_again(tracked: Tracked) -> Moved | None:
    standard = tracked.deadline.standard
    if standard is None:
        return None
    return Moved(
        deadline=tracked.deadline.deadline, why="expedite_refused", reading=standard, standard=None
    )


def _expedited(step: Step, tracked: Tracked) -> Moved | None:
    deadline, at = tracked.deadline, step.moment[1]
    clock = armed_as(step.case, tracked, clock_of(step.workflow, deadline.clock))
    if at is None or deadline.owner == "provider":
        return None
    reading = expediting.expedite(clock, deadline.reading, at, step.workflow.zone)
    if reading == deadline.reading:
        return None
    return Moved(
        deadline=deadline.deadline,
        why="expedited",
        reading=reading,
        standard=deadline.standard or deadline.reading,
    )


def armed_as(case: Case, tracked: Tracked, clock: Clock) -> Clock:
    """The clock by the version that was in force for the deadline's own arming."""
    values = case.values_of(tracked.armed_version)
    picks = values.get(clock.version_by) if clock.version_by else None
    return versions.in_force(clock, date.fromisoformat(picks)) if isinstance(picks, str) else clock


def _reopened(step: Step) -> tuple[str, ...]:
    trigger = step.workflow.triggers.get(step.name)
    latest = [step.case.latest(name) for name in trigger.reopens] if trigger else []
    return tuple(
        t.deadline.deadline
        for t in latest
        if t is not None
        and (t.outcome is not None or t.unproven)
        and step.to in t.deadline.alive_in
    )


def expedited_after(case: Case, workflow: Workflow, trigger: Trigger, to: str) -> bool:
    """Whether the stage that a transition leads to is expedited; a case itself never is."""
    if trigger.expedites or trigger.refuses_expedite:
        return trigger.expedites
    return case.expedited and workflow.stage_of(case.state) == workflow.stage_of(to) is not None
