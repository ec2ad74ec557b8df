"""An export: every case in the format that ``import`` reads, with the values as they stand.

Imported into a ledger of the same editions it gives the same states, fields and deadlines. What
is redacted is left empty, or is ``(redacted)`` where a row needs some text. In a case with redacted
values, or with entries that were amended or taken back, each trigger carries an override, so that
a guard holds nothing up that had been decided otherwise.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from casetrack.domain import corrections
from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.domain.dates import instant_text
from casetrack.domain.fold import replay
from casetrack.errors import Refused
from casetrack.reports.sinks import csv_cell, csv_line
from casetrack.service.rows import RESERVED, join_many
from casetrack.service.tracker import Tracker

GONE = "(redacted)"
AMENDED = "(amended)"
_FILE = ("file_name", "file_size", "file_sha256")

_NO_ROW = frozenset({
    e.ValueRedacted, e.DeadlineReprojected, e.EntryCorrected, e.EntryVoided, e.ReminderSent,
})  # fmt: skip

Cells = dict[str, str]


class Sink(Protocol):
    """What takes text."""

    def write(self, text: str, /) -> object: ...


class Exported(Struct, frozen=True, kw_only=True):
    cases: int
    rows: int


def export(
    tracker: Tracker, sink: Sink, case_ids: Sequence[str] = (), purpose: str | None = None
) -> Exported:
    """Write the cases, or all of them; that they leave is recorded first."""
    columns = _columns(tracker, case_ids)
    tracker.disclose("export", case_ids, purpose)
    sink.write(csv_line(list(columns)))
    cases = rows = 0
    for case_id in dict.fromkeys(case_ids) or tracker.ledger.case_ids():
        cases += 1
        entries = tracker.ledger.entries(case_id)
        for cells in _rows(tracker, case_id, entries, case_ids):
            sink.write(_line(columns, cells))
            rows += 1
    return Exported(cases=cases, rows=rows)


def _columns(tracker: Tracker, case_ids: Sequence[str]) -> tuple[str, ...]:
    """The reserved ones, then each field of the shipped definitions and of those pinned here."""
    definitions = tracker.desk.definitions
    for case_id in case_ids or tracker.ledger.case_ids():
        row = tracker.ledger.case_row(case_id)
        if row is not None:
            definitions.pinned(row.definition)
    fields = (name for workflow in definitions.every() for name in workflow.fields)
    return tuple(dict.fromkeys((*RESERVED, *fields)))


def _line(columns: Sequence[str], cells: Mapping[str, str]) -> str:
    if not cells.keys() <= set(columns):
        raise Refused("a case was opened under another edition meanwhile; export again")
    return csv_line([csv_cell(cells.get(name, "")) for name in columns])


def _before(entries: Sequence[e.Entry], case_ids: Sequence[str]) -> str | None:
    """What a case follows, if that is exported too; no ``case_ids``: every case is."""
    first = entries[0].data if entries else None
    before = first.follows if isinstance(first, e.CaseOpened) else None
    return before if not case_ids or before in case_ids else None


def _rows(
    tracker: Tracker, case_id: str, entries: Sequence[e.Entry], case_ids: Sequence[str]
) -> Iterator[Cells]:
    before = _before(entries, case_ids)
    named = _reference(before, tracker.ledger.entries(before)) if before else ""
    story = _Story(entries, named)
    case = _reference(case_id, entries)
    for entry in entries:
        cells = story.cells(entry)
        if cells is not None:
            yield {"case": case, **cells, **story.when(entry), "actor": entry.actor}


def _reference(case_id: str, entries: Sequence[e.Entry]) -> str:
    """The reference, or once that is redacted the case's id in 32 hexadecimal digits."""
    found = entries[0].value("reference") if entries else None
    return found if isinstance(found, str) else case_id.replace("-", "")


class _Story:
    """A case's entries as they now stand: as amended, and without what was taken back.

    Deadlines are numbered anew, since an import arms none for an entry that was taken back.
    """

    def __init__(self, entries: Sequence[e.Entry], follows: str = "") -> None:
        """``follows``: the reference of the case before, where there is one."""
        self._entries = entries
        self._before = {"follows": follows} if follows else {}
        self._case = replay(entries[0].case, entries)
        self._voided = corrections.voided(entries)
        self._holes = any(x.sealed.keys() - x.disclosed.keys() for x in entries)
        self._names = _renumbered(self._case, self._voided)
        self._followed = ""  # the workflow, up to the entry looked at

    def when(self, entry: e.Entry) -> Cells:
        on, at = corrections.happened(self._entries, entry)
        return {"on": on.isoformat()} if at is None else {"at": instant_text(at)}

    def cells(self, entry: e.Entry) -> Cells | None:
        """What the entry's row says beside case, time and actor; None: it has no row."""
        if entry.version in self._voided:
            return None
        match entry.data:
            case e.CaseAssigned(assignee=name):
                return {"action": "assign", "text": name or ""}
            case e.CaseOpened() | e.TransitionFired() | e.EvidenceRecorded() | e.NoteAdded():
                return {**self._told(entry), **self._fields(entry)}
            case _:
                return self._changed(entry)

    def _told(self, entry: e.Entry) -> Cells:
        match entry.data:
            case e.CaseOpened(workflow=name):
                self._followed = name
                patient = _text(self._case.patient, "")
                opened = {"action": "open", "workflow": name, **self._before}
                return {**opened, "patient": patient} if patient else opened
            case e.TransitionFired(trigger=name):
                return {"action": name, **_typed(entry, "reason"), **self._override(entry)}
            case e.EvidenceRecorded(item=name):
                return {"action": f"record:{name}", **_file(entry)}
            case _:
                return {"action": "note", "text": _text(entry.value("note"), GONE)}

    def _changed(self, entry: e.Entry) -> Cells | None:
        """A change of one deadline; one that an import does not arm is left out with it."""
        cells: Cells = {}
        match entry.data:
            case e.WorkflowAdopted() as data:
                return self._adopted(entry, data)
            case e.DeadlinePlanned(armed=(deadline,)):
                due = deadline.reading.due_on.isoformat()
                title = _text(entry.value("title"), f"{GONE} {deadline.deadline}")
                return {"action": "plan", "text": title, "to": due}
            case e.DeadlineDone(closed=(ended,)):
                cells = {"action": "done", "deadline": ended.deadline}
            case e.DeadlineExtended(moved=(move,)):
                to = {"to": move.reading.due_on.isoformat(), **_kept(entry, "basis")}
                cells = {"action": "extend", "deadline": move.deadline, **to}
            case e.DeadlineTolled(deadline=name):
                cells = {"action": "toll", "deadline": name}
            case e.DeadlineResumed(moved=(move,)):
                cells = {"action": "resume", "deadline": move.deadline}
            case _ if type(entry.data) in _NO_ROW:
                return None
            case _:
                raise Refused(f"an export has no row for an entry of type {entry.type}")
        if cells["deadline"] not in self._names:
            return None
        why = {} if cells["action"] == "done" else _kept(entry, "reason")
        return {**cells, **why, "deadline": self._names[cells["deadline"]]}

    def _adopted(self, entry: e.Entry, data: e.WorkflowAdopted) -> Cells | None:
        """A newer edition has no row: an import opens under the newest there is."""
        before, self._followed = self._followed, data.workflow
        if before == data.workflow:
            return None
        states = join_many([f"{one.origin}={one.to}" for one in data.states])
        renamed = {"text": states} if states else {}
        return {"action": "adopt", "workflow": data.workflow, **renamed, **_typed(entry, "reason")}

    def _fields(self, entry: e.Entry) -> Cells:
        return {
            name: value if isinstance(value, str) else join_many(value)
            for name, value in self._case.values_of(entry.version).items()
            if not isinstance(value, e.Redacted)
        }

    def _override(self, entry: e.Entry) -> Cells:
        """Guards are asked again by an import, of values that are gone or were amended too."""
        value = entry.value("override")
        if value is not None or self._holes:
            return {"override": _text(value, GONE)}
        return {"override": AMENDED} if self._case.corrected or self._voided else {}


def _renumbered(case: Case, voided: Collection[int]) -> dict[str, str]:
    """Each deadline's name as an import will number it."""
    numbers: Counter[str] = Counter()
    names = {}
    for name, tracked in case.deadlines.items():
        if tracked.armed_version not in voided:
            numbers[tracked.deadline.clock] += 1
            names[name] = f"{tracked.deadline.clock}#{numbers[tracked.deadline.clock]}"
    return names


def _kept(entry: e.Entry, name: str) -> Cells:
    """A text that the row needs."""
    return {name: _text(entry.value(name), GONE)}


def _typed(entry: e.Entry, name: str) -> Cells:
    text = _text(entry.value(name), "")
    return {name: text} if text else {}


def _text(value: e.Value | None, gone: str) -> str:
    """The text of a sealed value that is one text; ``gone`` where it is redacted."""
    return value if isinstance(value, str) else gone


def _file(entry: e.Entry) -> Cells:
    """All three or none: a file of which a part is redacted is left out."""
    known = {name: _text(entry.value(name), "") for name in _FILE}
    return known if all(known.values()) else {}
