"""Deadlines counted again from corrected facts, and then moved by all that moved them since.

What an expedited request, its refusal, a toll or an extension did to a deadline is done again to
its new date, in the order of the entries. An extension never shortens, and a toll stops only the
days in which the clock, as it now stands, was running.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from casetrack.domain import clocks as c
from casetrack.domain import consequences, corrections, later
from casetrack.domain import events as e
from casetrack.domain.case import Case, Tracked
from casetrack.domain.fold import evolve, replay
from casetrack.domain.freshness import fact_of
from casetrack.domain.imagine import imagined
from casetrack.domain.plans import CLOCK, PLAN, clock_of
from casetrack.domain.workflow import Clock, Workflow
from casetrack.errors import Refused

Entries = Sequence[e.Entry]
Dates = tuple[e.Reading, e.Reading | None]


class Rules:
    """What deadlines are counted by, the same for the facts before and after a correction."""

    def __init__(self, workflow: Workflow, calendars: c.Calendars) -> None:
        self.workflow = workflow
        self.calendars = calendars
        self.frame = c.frame(workflow, calendars)


def amended(
    case: Case, entries: Entries, rules: Rules, event: e.Event, original: e.Entry
) -> Iterator[e.Moved]:
    """The open deadlines that a correction of ``original`` moves.

    What other calendars alone would move is left to them.
    """
    before, after = Life(case, entries, rules), Life.once(case, entries, rules, event)
    for tracked in case.open_deadlines():
        if not rests_on(case, tracked, original, rules.workflow):
            continue
        old, new = tracked.deadline, after.dates(tracked)
        if new in (before.dates(tracked), (old.reading, old.standard)):
            continue
        if tracked.tolled_on is not None:
            raise Refused(
                f"{old.deadline} stands still since {tracked.tolled_on} and would move; "
                f"resume it first"
            )
        yield move(old.deadline, new)


def returned(
    case: Case, entries: Entries, rules: Rules, event: e.Event, names: Iterable[str]
) -> Iterator[e.Moved]:
    """Of the closed deadlines that an event brings back, those amended since they closed.

    Those that closed under a definition that the case has left are counted by the one it has.
    """
    after = Life.once(case, entries, rules, event)
    for name in names:
        tracked = case.deadlines[name]
        was, why = tracked.deadline, "adopted"
        dates: Dates = was.reading, was.standard
        if was.definition == case.definition:
            if not amended_since(case, tracked, entries, tracked.closed_version, rules.workflow):
                continue
            known, why = entries[: tracked.closed_version], "amended"
            dates = Life(replay(case.id, known), known, rules).dates(tracked)
        new = after.dates(tracked)
        if new != dates:
            yield move(name, new, why)


def move(name: str, dates: Dates, why: str = "amended") -> e.Moved:
    """A deadline's new dates."""
    return e.Moved(deadline=name, why=why, reading=dates[0], standard=dates[1])


def amended_since(
    case: Case, tracked: Tracked, entries: Entries, since: int | None, workflow: Workflow
) -> bool:
    """Whether an entry that the deadline rests on was corrected after that version."""
    later_on = entries[since:] if since is not None else ()
    fixed = (x.data.corrects for x in later_on if isinstance(x.data, e.EntryCorrected))
    return any(rests_on(case, tracked, entries[version - 1], workflow) for version in fixed)


def rests_on(case: Case, tracked: Tracked, original: e.Entry, workflow: Workflow) -> bool:
    """Armed by the entry, hurried or not by it, or counted from the end of one that is."""
    if tracked.armed_version == original.version:
        return True
    source = _source(case, tracked, workflow)
    if source is not None and rests_on(case, source, original, workflow):
        return True
    data, ours = original.data, tracked.deadline.owner == "provider"
    later_on = original.version > tracked.armed_version
    if ours or not later_on or not isinstance(data, e.TransitionFired):
        return False
    trigger = workflow.triggers.get(data.trigger)
    return trigger is not None and (trigger.expedites or trigger.refuses_expedite)


def _source(case: Case, tracked: Tracked, workflow: Workflow) -> Tracked | None:
    """The deadline from whose end one counts: the newest of that clock armed before it."""
    clock = clock_of(workflow, tracked.deadline.clock)
    before = {n: t for n, t in case.deadlines.items() if t.armed_version < tracked.armed_version}
    return consequences.source(clock, replace(case, deadlines=before))


class Life:
    """A case by what its entries say now, in which a deadline is counted from its arming on."""

    def __init__(self, case: Case, entries: Entries, rules: Rules) -> None:
        self.case = case
        self._entries = entries
        self._rules = rules
        self._stands = {move.version for move in case.moves}

    @classmethod
    def once(cls, case: Case, entries: Entries, rules: Rules, event: e.Event) -> "Life":
        """As it will be once an event is recorded."""
        entry = imagined(case, event)
        return cls(evolve(case, entry), (*entries, entry), rules)

    def dates(self, tracked: Tracked) -> Dates:
        """Its reading, and the standard one beside it, as they now should be."""
        made = self.lived(tracked).deadline
        return made.reading, made.standard

    def lived(self, tracked: Tracked, until: int | None = None) -> Tracked:
        """Armed again by the facts as they now stand, then moved by all that moved it since.

        ``until``: the version of an entry that is left out, and all after it.
        """
        fresh = self._armed(tracked)
        deadline = replace(tracked.deadline, reading=fresh[0], standard=fresh[1])
        made = replace(tracked, deadline=deadline, tolled_on=None)
        for entry in self._entries[tracked.armed_version : until and until - 1]:
            made = self._on(made, entry)
        return made

    def _armed(self, tracked: Tracked) -> Dates:
        name, entry = tracked.deadline.clock, fact_of(tracked, self._entries)
        if name == PLAN:
            return c.read(CLOCK, self._rules.frame, _planned(tracked, entry)), None
        clock = clock_of(self._rules.workflow, name)
        clock = consequences.armed_as(self.case, tracked, clock)
        step = self._ended_anew(clock, self._step(entry), entry.version)
        made = consequences.arming(name, clock, step, self._rules.calendars)
        return made.reading, made.standard

    def _ended_anew(self, clock: Clock, step: consequences.Step, version: int) -> consequences.Step:
        """With the deadline from whose end the clock counts as it now should have been."""
        source = consequences.source(clock, step.case)
        if source is None:
            return step
        lived = {source.deadline.deadline: self.lived(source, version)}
        return replace(step, case=replace(step.case, deadlines={**step.case.deadlines, **lived}))

    def _step(self, entry: e.Entry) -> consequences.Step:
        values = self.case.values_of(entry.version)
        fired = entry.data if isinstance(entry.data, e.TransitionFired) else None
        return consequences.Step(
            case=self._before_entry(entry),
            workflow=self._rules.workflow,
            name=event_name(entry.data, values.get("kind")),
            to=fired.to if fired else self.case.state,
            moment=corrections.happened(self._entries, entry),
            values=values,
            hurried=fired is not None and fired.expedited,
        )

    def _before_entry(self, entry: e.Entry) -> Case:
        """The case as corrected, with the deadlines that were armed before the entry."""
        known = self.case.deadlines.items()
        armed = {name: t for name, t in known if t.armed_version < entry.version}
        return replace(self.case, deadlines=armed)

    def _on(self, tracked: Tracked, entry: e.Entry) -> Tracked:
        """What an entry did to the deadline, done again."""
        name, data = tracked.deadline.deadline, entry.data
        match data:
            case e.TransitionFired() if entry.version in self._stands:
                for move in consequences.moves(self._step(entry), [tracked]):
                    tracked = _moved(tracked, (move.reading, move.standard))
            case e.DeadlineTolled(deadline=stopped) if stopped == name:
                tracked = _tolled(tracked, entry)
            case e.DeadlineResumed() if _moves(data, name) and tracked.tolled_on:
                tracked = self._resumed(tracked, entry)
            case e.DeadlineExtended() if granted := _moves(data, name):
                tracked = self._extended(tracked, entry, granted)
            case _:
                pass
        return tracked

    def _resumed(self, tracked: Tracked, entry: e.Entry) -> Tracked:
        since, on = tracked.tolled_on, entry.occurred_on
        if since is None or on < since:
            return replace(tracked, tolled_on=None)
        clock = clock_of(self._rules.workflow, tracked.deadline.clock)
        return _moved(
            tracked, later.both_resumed(clock, tracked.deadline, since, on, self._rules.frame)
        )

    def _extended(self, tracked: Tracked, entry: e.Entry, granted: e.Moved) -> Tracked:
        to, deadline = granted.reading.due_on, tracked.deadline
        if to <= deadline.reading.due_on:
            return tracked
        clock = clock_of(self._rules.workflow, deadline.clock)
        return _moved(
            tracked,
            later.both_extended(clock, deadline, to, entry.occurred_on, self._rules.frame),
        )


def _tolled(tracked: Tracked, entry: e.Entry) -> Tracked:
    """Stopped from that day, or from its start if that is later; not once it has passed."""
    reading, on = tracked.deadline.reading, entry.occurred_on
    if on > reading.due_on or c.runs_in_hours(reading):
        return tracked
    return replace(tracked, tolled_on=max(on, reading.from_on))


def _planned(tracked: Tracked, entry: e.Entry) -> c.Basis:
    """A deadline of our own is due on the day that it was given."""
    given = entry.data.armed if isinstance(entry.data, e.Effects) else ()
    due = next(d.reading.due_on for d in given if d.deadline == tracked.deadline.deadline)
    return c.Basis(on=entry.occurred_on, at=None, field=PLAN, until=due)


def _moves(data: e.Effects, name: str) -> e.Moved | None:
    return next((move for move in data.moved if move.deadline == name), None)


def _moved(tracked: Tracked, dates: Dates) -> Tracked:
    reading, standard = dates
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
