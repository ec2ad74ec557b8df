"""Taking back an entry: the newest transition, or any evidence.

What it did to deadlines is undone: those it armed are cancelled, those it closed return with their
dates and rungs, those it moved move back, those it brought back close again as they were.
"""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from casetrack.domain import corrections, freshness, reliving
from casetrack.domain import events as e
from casetrack.domain.case import Case, Tracked
from casetrack.domain.clocks import Calendars
from casetrack.domain.commands import Void
from casetrack.domain.fold import replay
from casetrack.domain.warned import with_sent
from casetrack.domain.workflow import Workflow
from casetrack.errors import Refused

Entries = Sequence[e.Entry]
Undoable = e.TransitionFired | e.EvidenceRecorded


def void(
    case: Case, entries: Entries, workflow: Workflow, calendars: Calendars, command: Void
) -> e.Event:
    """``EntryVoided``, with all that it gives back."""
    data = _undoable(case, entries, command.version)
    undo = _Undo(case, entries, command.version, data)
    _refuse_left(case, undo, data)
    rules = reliving.Rules(workflow, calendars)
    event = _taken_back(undo, data, command)
    _refuse_returning(case, event)
    moves = (*undo.moved(rules, event), *undo.returned(rules, event))
    moved = undo.with_their_own(with_sent(moves, case, rules.frame, command.moment.now))
    event = replace(event, data=replace(event.data, moved=moved))
    original = entries[command.version - 1]
    return freshness.decided_again(case, event, workflow, calendars, original)


def _taken_back(undo: "_Undo", data: Undoable, command: Void) -> e.Event:
    """What ends and what returns, before it is known with which dates."""
    closed = tuple(undo.closed())
    reopened = tuple(undo.reopened({end.deadline for end in closed}))
    effects = e.EntryVoided(
        voids=command.version,
        state=undo.state if isinstance(data, e.TransitionFired) else None,
        expedited=undo.before.expedited if isinstance(data, e.TransitionFired) else None,
        closed=closed,
        reopened=reopened,
        unproven=tuple(undo.unproven(reopened)),
    )
    return e.Event(
        data=effects,
        occurred_on=command.moment.on,
        occurred_at=command.moment.at,
        typed={"reason": command.reason},
    )


def _undoable(case: Case, entries: Entries, version: int) -> Undoable:
    entry = corrections.entry_at(entries, version)
    corrections.refuse_voided(entries, version)
    match entry.data:
        case e.EvidenceRecorded() as data:
            return data
        case e.TransitionFired() as data:
            if case.moves[-1].version != version:
                newest = case.moves[-1]
                raise Refused(
                    f"version {version} is not the newest transition: that is {newest.trigger}, "
                    f"version {newest.version}"
                )
            return data
        case e.WorkflowAdopted() as adopted:
            raise Refused(
                f"version {version} is a WorkflowAdopted, which stays on record; "
                f"{_adopt_back(adopted.left)} to follow again what it left"
            )
        case _:
            raise Refused(
                f"version {version} is a {entry.type}; only the newest transition and evidence "
                f"can be taken back"
            )


def _adopt_back(definition: str) -> str:
    return f"'casetrack workflow adopt {definition} --case CASE'"


def _refuse_left(case: Case, undo: "_Undo", data: Undoable) -> None:
    """A transition returns to a state of the definition that it was made under."""
    was = undo.before.definition
    if isinstance(data, e.TransitionFired) and was != case.definition:
        raise Refused(
            f"{data.trigger} was made under another definition, which the case has left; "
            f"{_adopt_back(was)} first, then take it back"
        )


def _refuse_returning(case: Case, event: e.Event) -> None:
    """What would return is of the definition that the case follows."""
    names = event.data.reopened if isinstance(event.data, e.Effects) else ()
    for name in names:
        was = case.deadlines[name].deadline.definition
        if was != case.definition:
            raise Refused(
                f"{name} would return, and is of a definition that the case has left; "
                f"{_adopt_back(was)} first"
            )


class _Undo:
    """One entry's effects, as they stand now, and the case as it was before the entry."""

    def __init__(self, case: Case, entries: Entries, version: int, data: Undoable) -> None:
        self._case = case
        self._entries = entries
        self._version = version
        self._data = data
        self._gone = corrections.voided(entries) | {version}
        self.before = replay(case.id, entries[: version - 1])
        self.state = self.before.state if isinstance(data, e.TransitionFired) else case.state

    def closed(self) -> Iterator[e.Ended]:
        """What it armed, what it brought back, and what the state returned to does not hold."""
        for tracked in self._case.open_deadlines():
            name = tracked.deadline.deadline
            was = self.before.deadlines.get(name)
            if name in self._data.reopened and was is not None and was.outcome is not None:
                yield e.Ended(deadline=name, outcome=was.outcome, late=was.late)
            elif tracked.armed_version == self._version or not self._holds(tracked):
                yield e.Ended(deadline=name, outcome="cancelled")

    def _holds(self, tracked: Tracked) -> bool:
        name = tracked.deadline.deadline
        return self.state in tracked.deadline.alive_in or tracked.unproven or self._waited(name)

    def _waited(self, name: str) -> bool:
        """Whether it was open before, without proof that what it asks for had arrived."""
        was = self.before.deadlines.get(name)
        return was is not None and was.outcome is None and was.unproven

    def unproven(self, reopened: Sequence[str]) -> Iterator[str]:
        """What is without proof again."""
        return (name for name in (*reopened, *self._data.reopened) if self._waited(name))

    def reopened(self, closing: set[str]) -> Iterator[str]:
        """What it closed, or left without proof, and nothing else has closed or armed since."""
        stay = {
            t.deadline.clock
            for t in self._case.open_deadlines()
            if t.deadline.deadline not in closing
        }
        for name in self._data.unproven:
            if self._case.deadlines[name].unproven and name not in closing:
                yield name
        for name in self._ended_by(self._version):
            if self._returns(name) and self._case.deadlines[name].deadline.clock not in stay:
                yield name

    def _ended_by(self, version: int) -> Iterator[str]:
        """What an entry closed; for one that was taken back itself, what its arming had closed."""
        data = self._entries[version - 1].data
        for end in data.closed if isinstance(data, e.Effects) else ():
            tracked = self._case.deadlines[end.deadline]
            if tracked.closed_version != version:
                continue
            if tracked.armed_version in self._gone:
                yield from self._ended_by(tracked.armed_version)
            else:
                yield end.deadline

    def _returns(self, name: str) -> bool:
        alive_in = self._case.deadlines[name].deadline.alive_in
        return self.state in alive_in or (self._waited(name) and self.before.state == self.state)

    def moved(self, rules: reliving.Rules, event: e.Event) -> Iterator[e.Moved]:
        """Back to the reading before; where it was changed or amended since, counted again."""
        after = reliving.Life.once(self._case, self._entries, rules, event)
        for move in self._data.moved:
            was, tracked = self.before.deadlines[move.deadline], self._case.deadlines[move.deadline]
            if tracked.outcome is not None:
                continue
            if tracked.tolled_on is not None:
                name = move.deadline
                raise Refused(f"{name} stands still since {tracked.tolled_on}; resume it first")
            dates = was.deadline.reading, was.deadline.standard
            if tracked.deadline.reading != move.reading or reliving.amended_since(
                self._case, tracked, self._entries, self._version, rules.workflow
            ):
                dates = after.dates(tracked)
            yield e.Moved(
                deadline=move.deadline, why="taken_back", reading=dates[0], standard=dates[1]
            )

    def returned(self, rules: reliving.Rules, event: e.Event) -> Iterator[e.Moved]:
        """What comes back with other dates than it had, since it was amended while closed."""
        names = event.data.reopened if isinstance(event.data, e.Effects) else ()
        closed = [name for name in names if self._case.deadlines[name].outcome is not None]
        return reliving.returned(self._case, self._entries, rules, event, closed)

    def with_their_own(self, moved: tuple[e.Moved, ...]) -> tuple[e.Moved, ...]:
        """With the rungs that had been sent under the very dates that return."""
        return tuple(
            replace(m, sent=tuple(dict.fromkeys((*was.sent, *m.sent))))
            if was.deadline.reading == m.reading
            else m
            for m in moved
            for was in (self.before.deadlines[m.deadline],)
        )
