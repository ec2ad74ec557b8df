"""An export: every case in the format that ``import`` reads, with the values as they stand.

Imported into a ledger of the same editions it gives the same states, fields and deadlines. What
is redacted is left empty, or is ``(redacted)`` where a row needs some text. In a case with redacted
values each trigger carries an override, so that a guard on a value that is gone holds nothing up.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from casetrack.domain import events as e
from casetrack.domain.dates import instant_text
from casetrack.domain.fold import field_values
from casetrack.errors import Refused
from casetrack.reports.sinks import csv_cell, csv_line
from casetrack.service.rows import RESERVED, join_many
from casetrack.service.tracker import Tracker

GONE = "(redacted)"
_FILE = ("file_name", "file_size", "file_sha256")

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
    for case_id in case_ids or tracker.ledger.case_ids():
        cases += 1
        for cells in _rows(tracker, case_id):
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


def _rows(tracker: Tracker, case_id: str) -> Iterator[Cells]:
    entries = tracker.ledger.entries(case_id)
    case = _reference(case_id, entries)
    holes = any(entry.sealed.keys() - entry.disclosed.keys() for entry in entries)
    for entry in entries:
        cells = _cells(entry, holes=holes)
        if cells is not None:
            yield {"case": case, **cells, **_when(entry), "actor": entry.actor}


def _reference(case_id: str, entries: Sequence[e.Entry]) -> str:
    """The reference, or once that is redacted the case's id in 32 hexadecimal digits."""
    found = entries[0].value("reference") if entries else None
    return found if isinstance(found, str) else case_id.replace("-", "")


def _when(entry: e.Entry) -> Cells:
    if entry.occurred_at is not None:
        return {"at": instant_text(entry.occurred_at)}
    return {"on": entry.occurred_on.isoformat()}


def _cells(entry: e.Entry, *, holes: bool) -> Cells | None:
    """What the entry's row says beside case, time and actor; None: it has no row."""
    match entry.data:
        case e.CaseOpened() as data:
            opened = {"action": "open", "workflow": data.workflow}
            return {**opened, **_typed(entry, "patient"), **_fields(entry, data.fields)}
        case e.TransitionFired() as data:
            fired = {"action": data.trigger, **_typed(entry, "reason")}
            return {**fired, **_override(entry, holes=holes), **_fields(entry, data.fields)}
        case e.EvidenceRecorded() as data:
            recorded = {"action": f"record:{data.item}", **_file(entry)}
            return {**recorded, **_fields(entry, data.fields)}
        case e.NoteAdded() as data:
            text = _text(entry.value("note"), GONE)
            return {"action": "note", "text": text, **_fields(entry, data.fields)}
        case e.CaseAssigned(assignee=name):
            return {"action": "assign", "text": name or ""}
        case e.ValueRedacted():
            return None
        case _:
            raise Refused(f"an export has no row for an entry of type {entry.type}")


def _fields(entry: e.Entry, clear: Mapping[str, e.Typed]) -> Cells:
    return {
        name: value if isinstance(value, str) else join_many(value)
        for name, value in field_values(entry, clear).items()
        if not isinstance(value, e.Redacted)
    }


def _typed(entry: e.Entry, name: str) -> Cells:
    text = _text(entry.value(name), "")
    return {name: text} if text else {}


def _text(value: e.Value | None, gone: str) -> str:
    """The text of a sealed value that is one text; ``gone`` where it is redacted."""
    return value if isinstance(value, str) else gone


def _override(entry: e.Entry, *, holes: bool) -> Cells:
    value = entry.value("override")
    if value is None and not holes:
        return {}
    return {"override": _text(value, GONE)}


def _file(entry: e.Entry) -> Cells:
    """All three or none: a file of which a part is redacted is left out."""
    known = {name: _text(entry.value(name), "") for name in _FILE}
    return known if all(known.values()) else {}
