"""What corrections have made of earlier entries: guards unmet and deadlines late, in hindsight.

No past guard was asked again when a correction was recorded, and what is closed stays closed. Here
both are asked again, of what stands, with all that is known now.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

from msgspec.structs import replace

from casetrack.audit import guards
from casetrack.audit.expected import Before, step, values_of
from casetrack.domain import clocks, consequences, corrections, freshness
from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.domain.guards import Ask
from casetrack.domain.imagine import imagine
from casetrack.domain.partial import replay_partly
from casetrack.domain.reliving import Life, Rules, event_name, rests_on
from casetrack.domain.workflow import Workflow
from casetrack.errors import CasetrackError

Hindsight = Iterator[tuple[int, str]]  # (version, detail)
Entries = Sequence[e.Entry]
_EFFECTS = ("armed", "closed", "moved", "reopened", "unproven")
_UNREADABLE = (AttributeError, CasetrackError, LookupError, TypeError, ValueError)


def hindsight(
    entries: Entries, followed: Sequence[Workflow], calendars: clocks.Calendars
) -> Hindsight:
    """Of each entry that stands, and that a later correction concerns.

    ``followed``: for each entry, the workflow that it is judged by.
    """
    gone = corrections.voided(entries)
    for place, entry in enumerate(entries):
        later = [_bare(x) for x in entries[place + 1 :] if 0 < target(x) <= entry.version]
        if entry.version in gone or not later:
            continue
        view = _View(entries[:place], entry, later, followed[place], calendars)
        since = ", ".join(str(x.version) for x in later)
        try:
            for detail in view.found():
                yield entry.version, f"{detail}, as version {since} has it"
        except _UNREADABLE:
            continue  # the entry itself was found wanting already


def target(entry: e.Entry) -> int:
    """The version that an entry corrects or takes back; 0 if it does neither."""
    match entry.data:
        case e.EntryCorrected(corrects=version) | e.EntryVoided(voids=version):
            return version
        case _:
            return 0


def _bare(entry: e.Entry) -> e.Entry:
    """A correction's facts without what it did to deadlines when it was recorded."""
    if not isinstance(entry.data, e.Effects):
        return entry
    return replace(entry, data=replace(entry.data, **dict.fromkeys(_EFFECTS, ())))


class _View:
    """An entry and the case before it, with all that is known of both by now."""

    def __init__(
        self,
        earlier: Entries,
        entry: e.Entry,
        later: Entries,
        workflow: Workflow,
        calendars: clocks.Calendars,
    ) -> None:
        self._earlier = earlier
        self._entry = entry
        self._later = later
        self._workflow = workflow
        self._calendars = calendars

    def found(self) -> Iterator[str]:
        now, said = self._case(), self._said()
        return chain(self._guards(now, said), self._ends(now, said))

    def _case(self) -> Case:
        """The case before the entry; deadlines that rest on what was corrected, counted again."""
        known = [x for x in self._later if target(x) < self._entry.version]
        originals = [self._earlier[target(x) - 1] for x in known]
        then, now = self._life(self._earlier), self._life((*self._earlier, *known))
        case = replay_partly(self._entry.case, (*self._earlier, *known))
        fresh = {
            name: now.lived(tracked)
            for name, tracked in case.deadlines.items()
            if any(rests_on(case, tracked, x, self._workflow) for x in originals)
            and now.dates(tracked) != then.dates(tracked)
        }
        return self._watched(replace(case, deadlines={**case.deadlines, **fresh}), originals)

    def _life(self, entries: Entries) -> Life:
        case = replay_partly(self._entry.case, entries)
        return Life(case, entries, Rules(self._workflow, self._calendars))

    def _watched(self, case: Case, originals: Entries) -> Case:
        """With the freshness of the evidence that counts by now, of each item corrected."""
        for original in originals:
            nothing = e.EntryCorrected(corrects=original.version, on=None, at=None, fields={})
            event = e.Event(data=nothing, occurred_on=original.occurred_on)
            again = freshness.decided_again(case, event, self._workflow, self._calendars, original)
            case = imagine(case, again)
        return case

    def _said(self) -> e.Entry:
        """The entry with its values and its moment as corrected."""
        entry, data = self._entry, self._entry.data
        clear = dict(getattr(data, "fields", {}))
        sealed, disclosed = dict(entry.sealed), dict(entry.disclosed)
        for x in self._later:
            if target(x) == entry.version:
                clear.update(getattr(x.data, "fields", {}))
                sealed.update(x.sealed)
                disclosed = {n: v for n, v in disclosed.items() if n not in x.sealed}
                disclosed.update(x.disclosed)
        on, at = corrections.happened(self._later, entry)
        said = replace(data, fields=clear) if hasattr(data, "fields") else data
        return replace(
            entry, occurred_on=on, occurred_at=at, data=said, sealed=sealed, disclosed=disclosed
        )

    def _guards(self, now: Case, said: e.Entry) -> Iterator[str]:
        if isinstance(said.data, e.TransitionFired):
            then = replay_partly(said.case, self._earlier)
            asked = self._ask(now, said, said.data), self._ask(then, self._entry, said.data)
            for reason in guards.newly_unmet(*asked):
                yield f"{said.data.trigger} would not have been allowed: {reason}"

    def _ask(self, case: Case, entry: e.Entry, data: e.TransitionFired) -> Ask:
        return Ask(
            case=case, workflow=self._workflow, trigger=data.trigger, on=entry.occurred_on,
            at=entry.occurred_at, values=values_of(entry),
        )  # fmt: skip

    def _ends(self, now: Case, said: e.Entry) -> Iterator[str]:
        """Deadlines that were met late, or had lapsed, where the record says otherwise."""
        if not isinstance(said.data, e.CaseOpened | e.TransitionFired | e.EvidenceRecorded
                          | e.NoteAdded):  # fmt: skip
            return
        before = Before(case=now, entries=(), workflow=self._workflow, calendars=self._calendars)
        name = event_name(said.data, values_of(said).get("kind"))
        to = said.data.to if isinstance(said.data, e.TransitionFired) else now.state
        made = consequences.of(step(before, said, name, to), self._calendars)
        told = {end.deadline: end for end in said.data.closed}
        for end in made.closed:
            was = told.get(end.deadline)
            if was is not None and end.late and not was.late:
                due = now.deadlines[end.deadline].deadline.reading.due_on
                yield f"{end.deadline} was met late, it was due {due}"
            elif was is not None and (end.outcome, was.outcome) == ("lapsed", "cancelled"):
                yield f"{end.deadline} had lapsed"
