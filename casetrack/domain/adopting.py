"""A case goes over to another definition: a newer edition of its workflow, or another workflow.

What the new definition arms by the recorded facts, and holds in the case's state, runs; what it
does not is cancelled, with why. Every open deadline is counted again from the fact that armed it.
What was met or lapsed never moves; what was cancelled or superseded returns where it runs there.
Under another edition of the same workflow our own ``act_by`` never moves later, as with a calendar
that changes; another workflow's dates are taken as they are, since those before were no rule for
the case.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from casetrack.domain import events as e
from casetrack.domain import freshness, plans
from casetrack.domain.case import Case, Tracked
from casetrack.domain.clocks import Calendars
from casetrack.domain.commands import Adopt
from casetrack.domain.naming import suggest
from casetrack.domain.plans import PLAN, clock_of
from casetrack.domain.reenacting import Key, Reenactment
from casetrack.domain.reliving import Dates, Life, Rules, move
from casetrack.domain.warned import with_sent
from casetrack.domain.workflow import Workflow
from casetrack.errors import AlreadyAdopted, CasetrackError, Refused, UnknownName

Entries = Sequence[e.Entry]
RETURNING = {None, "cancelled", "superseded"}  # what may run on under another definition


def adopt(
    case: Case, entries: Entries, workflow: Workflow, calendars: Calendars, command: Adopt
) -> e.Event:
    """``WorkflowAdopted``, or a refusal that names every reason."""
    if command.definition == case.definition:
        raise AlreadyAdopted(
            f"it follows {workflow.id}, edition {workflow.edition}, already; nothing is written"
        )
    if case.final:
        raise Refused(f"the case is {case.state}, a final state: nothing of it is counted any more")
    bare = _bare(case, workflow, command)
    if sealed := _sealed(entries, workflow):
        raise Refused(
            f"{workflow.id} has in the clear what the case holds sealed: "
            f"{', '.join(sealed)}; open a new case with --follows"
        )
    rules = Rules(workflow, calendars)
    event = e.Event(
        data=bare,
        occurred_on=command.moment.on,
        occurred_at=command.moment.at,
        typed={"reason": command.reason} if command.reason else {},
    )
    turn = _Turn(case, entries, rules, event, dict(command.states))
    data = turn.data(bare)
    if turn.reasons:
        raise Refused(f"{workflow.id} can't be adopted, nothing was recorded", turn.reasons)
    moved = with_sent(data.moved, case, rules.frame, command.moment.now)
    return replace(event, data=replace(data, moved=moved))


def _bare(case: Case, workflow: Workflow, command: Adopt) -> e.WorkflowAdopted:
    """The change of definition alone, before it is known what it does to deadlines."""
    to = _state(case, workflow, command.states)
    said = {name for values in case.said.values() for name in values}
    said |= {n for known in case.evidence.values() for record in known for n in record.values}
    unused = {*(said - workflow.fields.keys()), *(case.evidence.keys() - workflow.items.keys())}
    return e.WorkflowAdopted(
        workflow=workflow.id,
        definition=command.definition,
        edition=workflow.edition,
        left=case.definition,
        origin=case.state,
        to=to,
        expedited=case.expedited and workflow.stage_of(to) is not None,
        states=tuple(e.Renamed(origin=old, to=new) for old, new in sorted(command.states.items())),
        unused=tuple(sorted(unused)),
    )


def _sealed(entries: Entries, workflow: Workflow) -> list[str]:
    """Fields that are clear there, and that an entry holds sealed, disclosed or not."""
    held = {name for entry in entries for name in entry.sealed}
    return sorted(name for name in held & workflow.fields.keys() if workflow.fields[name].clear)


def _state(case: Case, workflow: Workflow, states: Mapping[str, str]) -> str:
    known = ", ".join(name for name, state in workflow.states.items() if not state.final)
    for new in states.values():
        if new not in workflow.states:
            near = suggest(new, workflow.states)
            raise UnknownName(f"{workflow.id} has no such state{near}; it has: {known}")
    to = states.get(case.state, case.state)
    if to not in workflow.states:
        raise Refused(f"{workflow.id} has no state {to}; give --map {to}=STATE, one of: {known}")
    if workflow.states[to].final:
        raise Refused(f"{to} is a final state of {workflow.id}; a case is closed by a trigger")
    return to


class _Found(Struct, frozen=True, kw_only=True):
    """A deadline, as it is and as the definition adopted would have it."""

    name: str
    was: Tracked
    now: Tracked


class _Turn:
    """One case on its way from one definition to another; ``reasons``: why it can't go."""

    def __init__(
        self, case: Case, entries: Entries, rules: Rules, event: e.Event, states: dict[str, str]
    ) -> None:
        self._case = case
        self._entries = entries
        self._rules = rules
        self._life = Life.once(case, entries, rules, event)
        after = self._life.case
        self._lives = Reenactment(after, entries, rules, states)
        self._running = {
            key: t for key, t in self._lives.deadlines.items() if _holds(t, after.state)
        }
        self._after = after
        self._known = self._by_key()
        self.reasons: list[str] = []

    def _by_key(self) -> dict[Key, Tracked]:
        """The case's own, by what each rests on; an open one before those that closed."""
        found: dict[Key, Tracked] = {}
        ordered = sorted(
            self._case.deadlines.values(), key=lambda t: (t.outcome is None, t.deadline.n)
        )
        for tracked in ordered:
            fact = freshness.fact_of(tracked, self._entries)
            found[tracked.deadline.clock, fact.version] = tracked
        return found

    def data(self, bare: e.WorkflowAdopted) -> e.WorkflowAdopted:
        matched = [
            _Found(name=was.deadline.deadline, was=was, now=self._running[key])
            for key, was in self._known.items()
            if key in self._running and was.outcome in RETURNING
        ]
        staying = {found.name for found in matched}
        dropped = tuple(self._dropped(staying))
        armed = tuple(self._armed())
        return replace(
            bare,
            armed=tuple(t.deadline for t in armed),
            closed=tuple(_end(one) for one in dropped),
            moved=(*self._moved(matched), *self._replanned()),
            reopened=tuple(f.name for f in matched if _returns(f)),
            unproven=tuple(f.name for f in matched if _waits(f)),
            kept=(*(_kept(f.name, f.now.deadline) for f in matched), *self._plans()),
            grounds=tuple(_ground(t) for t in armed),
            dropped=dropped,
        )

    def _dropped(self, staying: set[str]) -> Iterator[e.Dropped]:
        clocks = {clock for clock, _ in self._running}
        for key, was in self._known.items():
            name, clock = was.deadline.deadline, was.deadline.clock
            if was.outcome is not None or name in staying or clock == PLAN:
                continue
            yield e.Dropped(deadline=name, why=self._why(key, clock in clocks))

    def _why(self, key: Key, runs_anew: bool) -> e.Why:  # noqa: FBT001 - the one thing asked
        if key[0] not in self._rules.workflow.clocks:
            return "unknown_clock"
        if runs_anew:
            return "superseded"
        would = self._lives.deadlines.get(key)
        if would is None:
            return "not_armed"
        return "ended" if would.outcome == "satisfied" else "not_alive"

    def _moved(self, matched: Sequence[_Found]) -> Iterator[e.Moved]:
        for found in matched:
            old = found.was.deadline
            new = self._dates(found.was)
            if new is None or new == (old.reading, old.standard):
                continue
            if found.was.tolled_on is not None:
                self.reasons.append(
                    f"{found.name} stands still since {found.was.tolled_on} and would move; "
                    f"resume it first"
                )
            yield move(found.name, new, "adopted")

    def _dates(self, tracked: Tracked) -> Dates | None:
        """Counted again; ours no later under another edition of the same workflow."""
        try:
            reading, standard = self._life.dates(tracked)
        except CasetrackError as error:
            self._undatable(tracked, error.message)
            return None
        clock = clock_of(self._rules.workflow, tracked.deadline.clock)
        same = self._case.workflow == self._rules.workflow.id
        if same and clock.owner == "provider" and not clock.opens:
            act_by = min(reading.act_by, tracked.deadline.reading.act_by)
            reading = replace(reading, act_by=act_by)
        return reading, standard

    def _undatable(self, tracked: Tracked, why: str) -> None:
        version = freshness.fact_of(tracked, self._entries).version
        self.reasons.append(
            f"{tracked.deadline.clock}, by version {version}: {why}; amend that version where it "
            f"can be, or open a new case with --follows"
        )

    def _armed(self) -> Iterator[Tracked]:
        """What runs by the definition adopted and never ran in the case."""
        numbers: dict[str, int] = {}
        for key, would in self._running.items():
            if key in self._known:
                continue
            clock = key[0]
            if key in self._lives.undatable:
                self._undatable(would, self._lives.undatable[key])
                continue
            latest = self._case.latest(clock)
            n = numbers.get(clock, latest.deadline.n if latest else 0) + 1
            numbers[clock] = n
            fresh = replace(would.deadline, deadline=f"{clock}#{n}", n=n)
            yield self._life.lived(replace(would, deadline=fresh))

    def _plans(self) -> Iterator[e.Kept]:
        alive_in = plans.alive_in(self._rules.workflow)
        for tracked in self._own():
            yield _kept(tracked.deadline.deadline, replace(tracked.deadline, alive_in=alive_in))

    def _replanned(self) -> Iterator[e.Moved]:
        """A deadline of our own keeps its day; where that ends, and its safe day, may differ."""
        found = [_Found(name=t.deadline.deadline, was=t, now=t) for t in self._own()]
        return self._moved(found)

    def _own(self) -> Iterator[Tracked]:
        return (t for t in self._case.open_deadlines() if t.deadline.clock == PLAN)


def _holds(tracked: Tracked, state: str) -> bool:
    return tracked.outcome is None and (tracked.unproven or state in tracked.deadline.alive_in)


def _end(dropped: e.Dropped) -> e.Ended:
    outcome: e.Closing = "superseded" if dropped.why == "superseded" else "cancelled"
    return e.Ended(deadline=dropped.deadline, outcome=outcome)


def _returns(found: _Found) -> bool:
    """It had been closed and runs again, or it no longer waits for proof."""
    return found.was.outcome is not None or (found.was.unproven and not found.now.unproven)


def _waits(found: _Found) -> bool:
    return found.now.unproven and (_returns(found) or not found.was.unproven)


def _kept(name: str, deadline: e.Deadline) -> e.Kept:
    return e.Kept(
        deadline=name, owner=deadline.owner, kind=deadline.kind, alive_in=deadline.alive_in
    )


def _ground(tracked: Tracked) -> e.Ground:
    return e.Ground(
        deadline=tracked.deadline.deadline,
        version=tracked.armed_version,
        unproven=tracked.unproven,
    )
