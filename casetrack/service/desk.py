"""From what was typed to an event: reads days and values strictly, then asks the domain."""

from collections.abc import Sequence
from datetime import datetime

from casetrack.domain import commands, dates, decide, fields
from casetrack.domain import events as e
from casetrack.domain.calendar import Calendar
from casetrack.domain.case import Case
from casetrack.domain.clocks import Calendars
from casetrack.domain.workflow import Workflow
from casetrack.errors import Refused
from casetrack.service import changes
from casetrack.service.bootstrap import Definitions
from casetrack.service.typed import (
    TODAY,
    Adopting,
    Amending,
    Assigning,
    Firing,
    Noting,
    Opening,
    Pairs,
    Recording,
    Typed,
    Voiding,
    When,
)

__all__ = [
    "TODAY",
    "Assigning",
    "Desk",
    "Firing",
    "Noting",
    "Opening",
    "Recording",
    "Typed",
    "When",
]


class Desk:
    """Decides on cases by their pinned workflow, at one ``now``.

    ``calendars`` decide, and one that is not there is refused; ``kept`` are for reading.
    """

    def __init__(
        self,
        definitions: Definitions,
        calendars: Calendars,
        now: datetime,
        kept: Calendars | None = None,
    ) -> None:
        self.definitions = definitions
        self.calendars = calendars
        self.kept = calendars if kept is None else kept
        self.now = now

    def workflow_of(self, case: Case) -> Workflow:
        """The one it has pinned, with what is on record from those that it has left."""
        return self.definitions.following(case.definition, case.left)

    def home(self, workflow: Workflow) -> Calendar:
        """The calendar that the workflow's business days are counted by."""
        return self.calendars[workflow.calendar]

    def open_days(self, workflow: Workflow) -> Calendar:
        """The calendar of the days on which we can act, by whatever is known of it."""
        return self.kept[workflow.open_days]

    def reader(self, workflow: Workflow) -> fields.Reader:
        return fields.Reader(
            zone=workflow.zone,
            today=dates.local_date(self.now, workflow.zone),
            now=self.now,
            business=lambda day, n: self.home(workflow).add_business_days(day, n),
        )

    def moment(self, workflow: Workflow, when: When) -> commands.Moment:
        reader = self.reader(workflow)
        on = (
            dates.parse_date(when.on, reader.today, reader.business)
            if when.on is not None
            else None
        )
        at = dates.parse_instant(when.at, workflow.zone) if when.at is not None else None
        return decide.moment(workflow, self.now, on, at)

    def values(
        self, workflow: Workflow, allowed: Sequence[str], pairs: Pairs
    ) -> dict[str, e.Typed]:
        """Field values, read and checked; those of names that may not stand here are refused."""
        return fields.read_values(workflow, allowed, pairs, self.reader(workflow))

    def open(self, opening: Opening) -> tuple[e.Event, dict[str, str]]:
        """The event, and the definition that the case pins (digest to text)."""
        workflow, digest, text = self.definitions.current(opening.workflow)
        if opening.patient == "":
            raise Refused("patient: is empty; leave it out where there is none")
        command = commands.Open(
            definition=digest,
            reference=opening.reference,
            moment=self.moment(workflow, opening.when),
            patient=opening.patient,
            values=self.values(workflow, workflow.open_fields, opening.pairs),
            follows=opening.follows,
        )
        return decide.open_case(workflow, self.calendars, command), {digest: text}

    def decide(self, case: Case, typed: Typed, entries: Sequence[e.Entry] = ()) -> e.Event:
        """The event that a command on an open case comes to, or a refusal.

        ``entries`` are the case's own: of those that are not given, no correction is known.
        """
        match typed:
            case Firing():
                return changes.with_returned(self, case, self._fire(case, typed), entries)
            case Recording():
                return self._record(case, typed)
            case Noting():
                return self._note(case, typed)
            case Assigning():
                return self._assign(case, typed)
            case Amending() | Voiding() | Adopting():
                return changes.corrected(self, case, typed, entries)
            case _:
                return changes.changed(self, case, typed)

    def adopted_text(self, event: e.Event) -> dict[str, str]:
        """The definition that an event pins to an open case, digest to text."""
        data = event.data
        return (
            self.definitions.texts(data.definition) if isinstance(data, e.WorkflowAdopted) else {}
        )

    def same(self, case: Case, typed: Firing, entry: e.Entry) -> bool:
        """Whether an entry is what this command came to; a redacted value counts as equal."""
        data = entry.data
        if not isinstance(data, e.TransitionFired) or data.trigger != typed.trigger:
            return False
        workflow = self.workflow_of(case)
        allowed = workflow.triggers[typed.trigger].fields
        clear, sealed = fields.split_clear(workflow, self.values(workflow, allowed, typed.pairs))
        texts = {**sealed, **({"reason": typed.reason} if typed.reason else {})}
        kept = set(entry.sealed) - {"override", "import_sha256"}
        return (
            clear == data.fields
            and kept == set(texts)
            and all(entry.value(name) in (text, e.REDACTED) for name, text in texts.items())
            and self._same_time(workflow, typed.when, entry)
        )

    def _same_time(self, workflow: Workflow, when: When, entry: e.Entry) -> bool:
        moment = self.moment(workflow, when)
        return (when.on is None or moment.on == entry.occurred_on) and (
            when.at is None or moment.at == entry.occurred_at
        )

    def _fire(self, case: Case, typed: Firing) -> e.Event:
        workflow = self.workflow_of(case)
        trigger = decide.known_trigger(workflow, typed.trigger)
        for name, text in (("reason", typed.reason), ("override", typed.override)):
            changes.check_words(name, text)
        command = commands.Fire(
            trigger=typed.trigger,
            moment=self.moment(workflow, typed.when),
            values=self.values(workflow, trigger.fields, typed.pairs),
            reason=typed.reason,
            override=typed.override,
        )
        return decide.fire(case, workflow, self.calendars, command)

    def _record(self, case: Case, typed: Recording) -> e.Event:
        workflow = self.workflow_of(case)
        item = decide.known_item(workflow, typed.item)
        command = commands.Record(
            item=typed.item,
            moment=self.moment(workflow, typed.when),
            values=self.values(workflow, item.fields, typed.pairs),
            file=typed.file,
        )
        return decide.record(case, workflow, self.calendars, command)

    def _note(self, case: Case, typed: Noting) -> e.Event:
        workflow = self.workflow_of(case)
        command = commands.Note(
            text=typed.text,
            moment=self.moment(workflow, typed.when),
            values=self.values(workflow, workflow.note_fields, typed.pairs),
        )
        return decide.note(case, workflow, self.calendars, command)

    def _assign(self, case: Case, typed: Assigning) -> e.Event:
        moment = self.moment(self.workflow_of(case), typed.when)
        data = e.CaseAssigned(assignee=typed.name)
        return e.Event(data=data, occurred_on=moment.on, occurred_at=moment.at)
