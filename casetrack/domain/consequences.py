"""What an event does to a case's deadlines: which end, return, move and are armed.

Order: what the event ends, what the state reached no longer holds, what returns, what an
expedited request moves, what is armed anew (superseding an arming of the same clock still open).
"""

from collections.abc import Mapping
from datetime import date, datetime

from msgspec import Struct

from casetrack.domain import clocks
from casetrack.domain.case import Case, Tracked
from casetrack.domain.clocks import Basis, Calendars
from casetrack.domain.events import Deadline, Ended, Moved, Value
from casetrack.domain.guards import late
from casetrack.domain.workflow import REQUEST, Clock, Trigger, Workflow
from casetrack.errors import Refused


class Step(Struct, frozen=True, kw_only=True):
    """An event by its name, the state it leads to, its (day, instant) and its values."""

    case: Case
    workflow: Workflow
    name: str
    to: str
    moment: tuple[date, datetime | None]
    values: Mapping[str, Value]


class Change(Struct, frozen=True, kw_only=True):
    armed: tuple[Deadline, ...] = ()
    closed: tuple[Ended, ...] = ()
    moved: tuple[Moved, ...] = ()
    reopened: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()


def of(step: Step, calendars: Calendars) -> Change:
    """Every consequence of one event."""
    ended = _ended(step)
    left = _left(step, {end.deadline for end in ended})
    gone = {end.deadline for end in (*ended, *left)}
    running = [t for t in step.case.open_deadlines() if t.deadline.deadline not in gone]
    armed = _armed(step, calendars)
    rearmed = {deadline.clock for deadline in armed}
    superseded = tuple(
        Ended(deadline=t.deadline.deadline, outcome="superseded")
        for t in running
        if t.deadline.clock in rearmed
    )
    return Change(
        armed=armed,
        closed=(*ended, *left, *superseded),
        moved=_moved(step, running),
        reopened=_reopened(step),
    )


def _ended(step: Step) -> tuple[Ended, ...]:
    on, at = step.moment
    return tuple(
        Ended(deadline=t.deadline.deadline, outcome="satisfied", late=late(t, on, at))
        for t in step.case.open_deadlines()
        if step.name in step.workflow.clocks[t.deadline.clock].ended_by and not _too_early(step, t)
    )


def _too_early(step: Step, tracked: Tracked) -> bool:
    """A note of something that was before the clock started does not end it."""
    is_note = step.name.startswith("note:")
    return is_note and step.moment[0] < tracked.deadline.reading.from_on


def _left(step: Step, ended: set[str]) -> tuple[Ended, ...]:
    on, at = step.moment
    return tuple(
        Ended(deadline=t.deadline.deadline, outcome="lapsed" if _lapsed(t, on, at) else "cancelled")
        for t in step.case.open_deadlines()
        if t.deadline.deadline not in ended and step.to not in t.deadline.alive_in
    )


def _lapsed(tracked: Tracked, on: date, at: datetime | None) -> bool:
    return tracked.deadline.kind != "planned" and late(tracked, on, at) is True


def _armed(step: Step, calendars: Calendars) -> tuple[Deadline, ...]:
    return tuple(
        _arming(name, clock, step, calendars)
        for name, clock in step.workflow.clocks.items()
        if step.name in clock.armed_by
        and step.to in _alive(clock, step.to)
        and _datable(clock, step)
    )


def _alive(clock: Clock, state: str) -> tuple[str, ...]:
    """Where an arming that leaves the case in a state lives."""
    return (*clock.alive_in, *clock.also_alive.get(state, ()))


def _datable(clock: Clock, step: Step) -> bool:
    """A clock that only a stated date gives stays silent where none is stated."""
    return clock.length is not None or clock.until in step.values


def _arming(name: str, clock: Clock, step: Step, calendars: Calendars) -> Deadline:
    before = step.case.latest(name)
    n = before.deadline.n + 1 if before else 1
    return Deadline(
        deadline=f"{name}#{n}",
        definition=step.case.definition,
        clock=name,
        n=n,
        owner=clock.owner,
        kind=clock.kind,
        alive_in=_alive(clock, step.to),
        reading=clocks.read(clock, clocks.frame(step.workflow, calendars), _basis(clock, step)),
    )


def _basis(clock: Clock, step: Step) -> Basis:
    on, at = step.moment
    stated = _day(step, clock.stated)
    until = _day(step, clock.until)
    if clock.counts_from == REQUEST:
        field = REQUEST if step.name in step.workflow.triggers else "evidence"
        return Basis(on=on, at=at, field=field, stated_due_on=stated, until=until)
    counted = _day(step, clock.counts_from)
    if counted is None:
        raise Refused(f"{clock.title} counts from {clock.counts_from}, which is not given")
    return Basis(on=counted, at=None, field=clock.counts_from, stated_due_on=stated, until=until)


def _day(step: Step, field: str | None) -> date | None:
    value = step.values.get(field) if field else None
    return date.fromisoformat(value) if isinstance(value, str) else None


def _moved(step: Step, running: list[Tracked]) -> tuple[Moved, ...]:
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
    clock = step.workflow.clocks[deadline.clock]
    if at is None or deadline.owner == "provider":
        return None
    reading = clocks.expedite(clock, deadline.reading, at, step.workflow.zone)
    if reading == deadline.reading:
        return None
    return Moved(
        deadline=deadline.deadline,
        why="expedited",
        reading=reading,
        standard=deadline.standard or deadline.reading,
    )


def _reopened(step: Step) -> tuple[str, ...]:
    trigger = step.workflow.triggers.get(step.name)
    latest = [step.case.latest(name) for name in trigger.reopens] if trigger else []
    return tuple(
        t.deadline.deadline
        for t in latest
        if t is not None and t.outcome is not None and step.to in t.deadline.alive_in
    )


def expedited_after(case: Case, workflow: Workflow, trigger: Trigger, to: str) -> bool:
    """Whether the stage that a transition leads to is expedited; a case itself never is."""
    if trigger.expedites or trigger.refuses_expedite:
        return trigger.expedites
    return case.expedited and workflow.stage_of(case.state) == workflow.stage_of(to) is not None
