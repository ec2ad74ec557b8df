"""Decisions on single deadlines: planned and done, extended, stopped and resumed.

Nothing is edited: each gives one event that says what moves, or a refusal.
"""

from datetime import timedelta

from casetrack.domain import clocks, later, plans
from casetrack.domain import events as e
from casetrack.domain.case import Case, Tracked
from casetrack.domain.clocks import Basis, Calendars
from casetrack.domain.commands import Done, Extend, Moment, Plan, Resume, Toll
from casetrack.domain.guards import late
from casetrack.domain.naming import suggest
from casetrack.domain.plans import PLAN, clock_of
from casetrack.domain.warned import with_sent
from casetrack.domain.workflow import Workflow
from casetrack.errors import Refused, UnknownName

LONGEST = 366  # days that one extension may add


def plan(case: Case, workflow: Workflow, calendars: Calendars, command: Plan) -> e.Event:
    """``DeadlinePlanned``: a deadline of our own, with its title sealed."""
    on = command.moment.on
    if case.final:
        raise Refused(f"the case is {case.state}, a final state: nothing can be planned there")
    if command.due < on:
        raise Refused(f"{command.due} is before {on}; a plan is due on that day or later")
    if command.title.startswith(f"{PLAN}#"):
        raise Refused("title: plan#n is what casetrack calls it; give it a title in words")
    known = [name for name in open_plans(case) if case.titles.get(name) == command.title]
    if known:
        raise Refused(f"{known[0]} has that title and is open; choose another title, or extend it")
    before = case.latest(PLAN)
    n = before.deadline.n + 1 if before else 1
    basis = Basis(on=on, at=None, field=PLAN, until=command.due)
    deadline = e.Deadline(
        deadline=f"{PLAN}#{n}",
        definition=case.definition,
        clock=PLAN,
        n=n,
        owner=plans.CLOCK.owner,
        kind=plans.CLOCK.kind,
        alive_in=plans.alive_in(workflow),
        reading=clocks.read(plans.CLOCK, clocks.frame(workflow, calendars), basis),
    )
    return _event(e.DeadlinePlanned(armed=(deadline,)), command.moment, title=command.title)


def open_plans(case: Case) -> tuple[str, ...]:
    """The open deadlines of our own, oldest first."""
    return tuple(t.deadline.deadline for t in case.open_deadlines() if t.deadline.clock == PLAN)


def done(case: Case, command: Done) -> e.Event:
    """``DeadlineDone``: a deadline of our own is met."""
    tracked = _open(_planned(case, command.name))
    moment = command.moment
    ended = e.Ended(
        deadline=tracked.deadline.deadline,
        outcome="satisfied",
        late=late(tracked, moment.on, moment.at),
    )
    return _event(e.DeadlineDone(closed=(ended,)), moment)


def _planned(case: Case, name: str) -> Tracked:
    """By ``plan#n``, or by the exact title of an open one, else of one that is closed."""
    tracked = case.deadlines.get(name)
    if tracked is not None and tracked.deadline.clock == PLAN:
        return tracked
    titled = [case.deadlines[n] for n, title in case.titles.items() if title == name]
    running = [t for t in titled if t.outcome is None]
    if len(running) > 1:
        names = ", ".join(t.deadline.deadline for t in running)
        raise Refused(f"more than one open deadline has that title; give one of {names}")
    if not titled:
        known = ", ".join(open_plans(case)) or "none"
        raise UnknownName(f"no deadline of our own is called that; open: {known}")
    return (running or titled)[-1]


def named(case: Case, name: str) -> Tracked:
    """The deadline ``clock#n``, or the latest of a clock."""
    tracked = case.deadlines.get(name) or case.latest(name)
    if tracked is None:
        near, known = suggest(name, case.deadlines), ", ".join(case.deadlines) or "none"
        raise UnknownName(f"the case has no such deadline{near}; it has: {known}")
    return tracked


def _open(tracked: Tracked) -> Tracked:
    if tracked.outcome is not None:
        name = tracked.deadline.deadline
        raise Refused(f"{name} is closed: {tracked.outcome} on {tracked.closed_on}")
    return tracked


def _running(case: Case, name: str) -> Tracked:
    """Open, and its clock does not stand still."""
    tracked = _open(named(case, name))
    if tracked.tolled_on is not None:
        what = f"{tracked.deadline.deadline} stands still since {tracked.tolled_on}"
        raise Refused(f"{what}; resume it first")
    return tracked


def extend(case: Case, workflow: Workflow, calendars: Calendars, command: Extend) -> e.Event:
    """``DeadlineExtended`` to a later day, bounded; refused once it has lapsed."""
    tracked = _running(case, command.deadline)
    _check_extension(tracked, command)
    frame = clocks.frame(workflow, calendars)
    clock, on = clock_of(workflow, tracked.deadline.clock), command.moment.on
    reading, standard = later.both_extended(clock, tracked.deadline, command.to, on, frame)
    moved = e.Moved(
        deadline=tracked.deadline.deadline, why="extended", reading=reading, standard=standard
    )
    data = e.DeadlineExtended(moved=with_sent([moved], case, frame, command.moment.now))
    return _event(data, command.moment, basis=command.basis, reason=command.reason)


def _check_extension(tracked: Tracked, command: Extend) -> None:
    name, due, moment = tracked.deadline.deadline, tracked.deadline.reading.due_on, command.moment
    if tracked.deadline.kind != "planned" and late(tracked, moment.on, moment.at):
        raise Refused(f"{name} lapsed: it was due {due}, and what has passed can't be extended")
    if command.to <= due:
        raise Refused(f"{command.to} is not later than {due}, when {name} is due now")
    if command.to < moment.on:
        raise Refused(f"{command.to} has passed already; today is {moment.on}")
    last = due + timedelta(days=LONGEST)
    if command.to > last:
        raise Refused(f"{command.to} is over {LONGEST} days after {due}; at most {last}")


def toll(case: Case, command: Toll) -> e.Event:
    """``DeadlineTolled``: from that day on its clock stands still."""
    tracked, on = _running(case, command.deadline), command.moment.on
    name, reading = tracked.deadline.deadline, tracked.deadline.reading
    if clocks.runs_in_hours(reading):
        raise Refused(f"{name} runs in hours, which nothing stops")
    if on < reading.from_on:
        raise Refused(f"{on} is before {reading.from_on}, from which {name} is counted")
    if on > reading.due_on:
        raise Refused(f"{name} was due {reading.due_on}, before {on}: nothing of it remained")
    return _event(e.DeadlineTolled(deadline=name), command.moment, reason=command.reason)


def resume(case: Case, workflow: Workflow, calendars: Calendars, command: Resume) -> e.Event:
    """``DeadlineResumed``: what remained is counted on from that day."""
    tracked, on = _open(named(case, command.deadline)), command.moment.on
    name = tracked.deadline.deadline
    if tracked.tolled_on is None:
        raise Refused(f"{name} does not stand still; there is nothing to resume")
    if on < tracked.tolled_on:
        raise Refused(f"{on} is before {tracked.tolled_on}, when {name} was stopped")
    frame = clocks.frame(workflow, calendars)
    clock, since = clock_of(workflow, tracked.deadline.clock), tracked.tolled_on
    reading, standard = later.both_resumed(clock, tracked.deadline, since, on, frame)
    moved = e.Moved(deadline=name, why="resumed", reading=reading, standard=standard)
    data = e.DeadlineResumed(moved=with_sent([moved], case, frame, command.moment.now))
    return _event(data, command.moment, reason=command.reason)


def _event(data: e.Data, moment: Moment, **typed: str) -> e.Event:
    return e.Event(data=data, occurred_on=moment.on, occurred_at=moment.at, typed=typed)
