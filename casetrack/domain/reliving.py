"""Open deadlines counted again from corrected facts, and then moved by all that moved them since.

What an expedited request, its refusal, a toll or an extension did to a deadline is done again to
its new date, in the order of the entries; an extended one keeps the day it was given.
"""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from casetrack.domain import clocks as c
from casetrack.domain import consequences, corrections, later
from casetrack.domain import events as e
from casetrack.domain.case import Case, Tracked
from casetrack.domain.plans import CLOCK, PLAN, clock_of
from casetrack.domain.workflow import Workflow
from casetrack.errors import Refused

Entries = Sequence[e.Entry]


class Life:
    """Deadlines as the facts of a case, corrected, would have them, counted from their arming on.

    ``case`` is what all of ``entries`` come to.
    """

    def __init__(
        self, case: Case, entries: Entries, workflow: Workflow, calendars: c.Calendars
    ) -> None:
        self._case = case
        self._entries = entries
        self._workflow = workflow
        self._calendars = calendars
        self._frame = c.frame(workflow, calendars)

    def moved(self, before: Case, original: e.Entry) -> Iterator[e.Moved]:
        """How a correction of an entry moves what was open before it."""
        for tracked in before.open_deadlines():
            if not self.rests_on(tracked, original):
                continue
            fresh = self.lived(tracked)
            old, new = tracked.deadline, fresh.deadline
            if (new.reading, new.standard) == (old.reading, old.standard):
                continue
            if tracked.tolled_on is not None:
                raise Refused(
                    f"{old.deadline} stands still since {tracked.tolled_on} and would move; "
                    f"resume it first"
                )
            yield e.Moved(
                deadline=old.deadline, why="amended", reading=new.reading, standard=new.standard
            )

    def rests_on(self, tracked: Tracked, original: e.Entry) -> bool:
        """Armed by the entry, or hurried or not by it."""
        if tracked.armed_version == original.version:
            return True
        data, ours = original.data, tracked.deadline.owner == "provider"
        later_on = original.version > tracked.armed_version
        if ours or not later_on or not isinstance(data, e.TransitionFired):
            return False
        trigger = self._workflow.triggers[data.trigger]
        return trigger.expedites or trigger.refuses_expedite

    def lived(self, tracked: Tracked, until: int | None = None) -> Tracked:
        """Armed again by the facts as they now stand, then moved by all that moved it since.

        ``until``: the version of an entry that is left out, and all after it.
        """
        armed = self._entries[tracked.armed_version - 1]
        reading = self._armed(tracked, armed)
        made = replace(
            tracked,
            deadline=replace(tracked.deadline, reading=reading, standard=None),
            tolled_on=None,
        )
        for entry in self._entries[tracked.armed_version : until and until - 1]:
            made = self._on(made, entry)
        return made

    def _armed(self, tracked: Tracked, armed: e.Entry) -> e.Reading:
        name = tracked.deadline.clock
        if name == PLAN:
            return c.read(CLOCK, self._frame, _planned(tracked, armed))
        clock = consequences.armed_as(self._case, tracked, clock_of(self._workflow, name))
        return consequences.arming(name, clock, self._step(armed), self._calendars).reading

    def _step(self, entry: e.Entry) -> consequences.Step:
        values = self._case.values_of(entry.version)
        return consequences.Step(
            case=self._case,
            workflow=self._workflow,
            name=event_name(entry.data, values.get("kind")),
            to=entry.data.to if isinstance(entry.data, e.TransitionFired) else self._case.state,
            moment=corrections.happened(self._entries, entry),
            values=values,
        )

    def _on(self, tracked: Tracked, entry: e.Entry) -> Tracked:
        """What an entry did to the deadline, done again."""
        name, data = tracked.deadline.deadline, entry.data
        clock = clock_of(self._workflow, tracked.deadline.clock)
        stands = {m.version for m in self._case.moves}
        match data:
            case e.TransitionFired() if entry.version in stands:
                for move in consequences.moves(self._step(entry), [tracked]):
                    tracked = _moved(tracked, move.reading, move.standard)
            case e.DeadlineTolled(deadline=stopped) if stopped == name:
                tracked = replace(tracked, tolled_on=entry.occurred_on)
            case e.DeadlineResumed() if _moves(data, name) and tracked.tolled_on:
                since, on = tracked.tolled_on, entry.occurred_on
                readings = later.both_resumed(clock, tracked.deadline, since, on, self._frame)
                tracked = _moved(tracked, *readings)
            case e.DeadlineExtended() if granted := _moves(data, name):
                to, on = granted.reading.due_on, entry.occurred_on
                readings = later.both_extended(clock, tracked.deadline, to, on, self._frame)
                tracked = _moved(tracked, *readings)
            case _:
                pass
        return tracked


def _planned(tracked: Tracked, armed: e.Entry) -> c.Basis:
    """A deadline of our own is due on the day that it was given."""
    given = armed.data.armed if isinstance(armed.data, e.Effects) else ()
    due = next(d.reading.due_on for d in given if d.deadline == tracked.deadline.deadline)
    return c.Basis(on=armed.occurred_on, at=None, field=PLAN, until=due)


def _moves(data: e.Effects, name: str) -> e.Moved | None:
    return next((move for move in data.moved if move.deadline == name), None)


def _moved(tracked: Tracked, reading: e.Reading, standard: e.Reading | None) -> Tracked:
    deadline = replace(tracked.deadline, reading=reading, standard=standard)
    return replace(tracked, deadline=deadline, tolled_on=None)


def event_name(data: e.Data, kind: e.Value | None) -> str:
    """The event's name, as clocks are armed by it."""
    match data:
        case e.TransitionFired(trigger=trigger):
            return trigger
        case e.EvidenceRecorded(item=item):
            return f"record:{item}"
        case e.NoteAdded():
            return f"note:{kind}"
        case _:
            return "open"
