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
from casetrack.domain.fold import evolve
from casetrack.domain.imagine import imagined
from casetrack.domain.plans import clock_of
from casetrack.domain.workflow import Workflow
from casetrack.errors import Refused

Entries = Sequence[e.Entry]


class Life:
    """The case as corrected, in which open deadlines are counted again from their arming on."""

    def __init__(
        self,
        case: Case,
        entries: Entries,
        workflow: Workflow,
        calendars: c.Calendars,
        event: e.Event,
    ) -> None:
        entry = imagined(case, event)
        self._before = case
        self._case = evolve(case, entry)
        self._entries = (*entries, entry)
        self._workflow = workflow
        self._calendars = calendars
        self._frame = c.frame(workflow, calendars)

    def moved(self, original: e.Entry) -> Iterator[e.Moved]:
        for tracked in self._before.open_deadlines():
            if not self._rests_on(tracked, original):
                continue
            fresh = self._lived(tracked)
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

    def _rests_on(self, tracked: Tracked, original: e.Entry) -> bool:
        """Armed by the entry, or hurried or not by it."""
        if tracked.armed_version == original.version:
            return True
        data, ours = original.data, tracked.deadline.owner == "provider"
        later_on = original.version > tracked.armed_version
        if ours or not later_on or not isinstance(data, e.TransitionFired):
            return False
        trigger = self._workflow.triggers[data.trigger]
        return trigger.expedites or trigger.refuses_expedite

    def _lived(self, tracked: Tracked) -> Tracked:
        """Armed again by the facts as they now stand, then moved by all that moved it since."""
        armed = self._entries[tracked.armed_version - 1]
        fresh = self._armed(tracked, armed)
        deadline = replace(tracked.deadline, reading=fresh.reading, standard=fresh.standard)
        made = replace(tracked, deadline=deadline, tolled_on=None)
        for entry in self._entries[tracked.armed_version :]:
            made = self._on(made, entry)
        return made

    def _armed(self, tracked: Tracked, armed: e.Entry) -> e.Deadline:
        name = tracked.deadline.clock
        clock = consequences.armed_as(self._case, tracked, clock_of(self._workflow, name))
        return consequences.arming(name, clock, self._step(armed), self._calendars)

    def _step(self, entry: e.Entry) -> consequences.Step:
        values = self._case.values_of(entry.version)
        fired = entry.data if isinstance(entry.data, e.TransitionFired) else None
        return consequences.Step(
            case=self._before_entry(entry),
            workflow=self._workflow,
            name=_name(entry.data, values.get("kind")),
            to=fired.to if fired else self._case.state,
            moment=corrections.happened(self._entries, entry),
            values=values,
            hurried=fired is not None and fired.expedited,
        )

    def _before_entry(self, entry: e.Entry) -> Case:
        """The case as corrected, with the deadlines that were armed before the entry."""
        known = self._case.deadlines.items()
        armed = {name: t for name, t in known if t.armed_version < entry.version}
        return replace(self._case, deadlines=armed)

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


def _moves(data: e.Effects, name: str) -> e.Moved | None:
    return next((move for move in data.moved if move.deadline == name), None)


def _moved(tracked: Tracked, reading: e.Reading, standard: e.Reading | None) -> Tracked:
    deadline = replace(tracked.deadline, reading=reading, standard=standard)
    return replace(tracked, deadline=deadline, tolled_on=None)


def _name(data: e.Data, kind: e.Value | None) -> str:
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
