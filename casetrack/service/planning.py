"""A whole case of an import, decided before any of it is written; or its first row that fails."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from casetrack.domain.case import Case
from casetrack.domain.events import Entry, Event
from casetrack.domain.fold import evolve
from casetrack.domain.imagine import imagined
from casetrack.domain.workflow import Workflow
from casetrack.errors import BadDatabase, CasetrackError, Refused, UnknownName, Unparsable
from casetrack.ledger import limits
from casetrack.ledger.store import Draft
from casetrack.service.actions import opening, typed_command
from casetrack.service.bootstrap import calendar_texts
from casetrack.service.desk import When
from casetrack.service.rows import Row, Sheet
from casetrack.service.tracker import DEFAULT_WORKFLOW, Tracker

_SEALED_AS = {"note": "text", "assignee": "text", "title": "text", "reference": "case"}


class Problem(Struct, frozen=True, kw_only=True):
    """Why a case is rejected. ``case`` is None where what stands there is no reference."""

    row: int
    case: str | None
    reason: str

    def __str__(self) -> str:
        named = f"case {self.case}: " if self.case else ""
        return f"row {self.row}: {named}{self.reason}"


class Plan(Struct, frozen=True, kw_only=True):
    """Drafts to append to a case as the ledger holds it."""

    case: Case
    drafts: tuple[Draft, ...]
    definitions: Mapping[str, str]


class Planner:
    """Decides the rows of one sheet; reads pinned definitions and a continued case's entries."""

    def __init__(self, tracker: Tracker, sheet: Sheet) -> None:
        self._desk = tracker.desk
        self._ledger = tracker.ledger
        self._actor = tracker.actor
        self._sheet = sheet
        self._planned: set[str] = set()

    def plan(self, start: Case, rows: tuple[Row, ...]) -> Plan | Problem:
        """All rows of a case, each decided as if those before it were recorded."""
        case = start
        known = list(self._ledger.entries(case.id) if case.version else ())
        drafts: list[Draft] = []
        definitions: dict[str, str] = {}
        for row in rows:
            try:
                event, pinned = self._decided(case, row, known)
                draft = self._draft(event, row)
                limits.check(draft)
            except BadDatabase:
                raise
            except (Refused, Unparsable) as error:
                return self._problem(case, row, error)
            known.append(imagined(case, event))
            case = evolve(case, known[-1])
            drafts.append(draft)
            definitions |= {**pinned, **calendar_texts(event, self._desk.calendars)}
        if rows[0].case in self._sheet.followed:
            self._planned.add(rows[0].case)
        return Plan(case=start, drafts=tuple(drafts), definitions=definitions)

    def _decided(
        self, case: Case, row: Row, known: Sequence[Entry]
    ) -> tuple[Event, Mapping[str, str]]:
        workflow = self._workflow(case, row)
        if case.version == 0:
            typed = opening(row.values, workflow)
            return self._desk.open(replace(typed, follows=self._followed(row)))
        event = self._desk.decide(case, typed_command(row.values, workflow), known)
        return event, self._desk.adopted_text(event)

    def _followed(self, row: Row) -> str | None:
        """The id of the case that a new one follows; one of this file may not be written yet."""
        name = row.values.get("follows")
        if name is None:
            return None
        found = self._ledger.references(name, limit=1)
        if found and found[0][0] == name:
            return found[0][1]
        if name not in self._planned:
            raise Refused("follows: no case of that reference is in the ledger or in this file")
        return None

    def _workflow(self, case: Case, row: Row) -> Workflow:
        if case.version:
            return self._desk.workflow_of(case)
        name = row.values.get("workflow", DEFAULT_WORKFLOW)
        return self._desk.definitions.current(name)[0]

    def _draft(self, event: Event, row: Row) -> Draft:
        event = replace(
            event,
            data=replace(event.data, row=row.number),
            typed={**event.typed, "import_sha256": self._sheet.sha256},
        )
        return Draft(event=event, actor=row.values.get("actor", self._actor))

    def _problem(self, case: Case, row: Row, error: CasetrackError) -> Problem:
        reason = "; ".join(error.reasons) or error.message
        column = self._column(case, row, error)
        stated = reason if reason.startswith(f"{column}: ") else f"{column}: {reason}"
        return Problem(row=row.number, case=row.case, reason=stated)

    def _column(self, case: Case, row: Row, error: CasetrackError) -> str:
        """The column at fault, by what the message starts with; else the action's."""
        if self._untimely(case, row, error):
            return "at" if "at" in row.values else "on"
        start = error.message
        for opener in ("no field ", "no ", "a "):
            start = start.removeprefix(opener)
        word = start.split()[0].rstrip(":;,")
        name = _SEALED_AS.get(word, word)
        return name if name in self._sheet.header else "action"

    def _untimely(self, case: Case, row: Row, error: CasetrackError) -> bool:
        when = When(on=row.values.get("on"), at=row.values.get("at"))
        try:
            workflow = self._workflow(case, row)
        except UnknownName:
            return False
        try:
            self._desk.moment(workflow, when)
        except CasetrackError as found:
            return found.message == error.message
        return False
