"""The views in the database, kept in step: only the rows that differ are written."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from msgspec.structs import asdict
from sqlalchemy import Connection, Executable, Table, bindparam, delete, insert

from casetrack.domain.case import Case
from casetrack.domain.fold import replay
from casetrack.ledger import reading
from casetrack.ledger import tables as t
from casetrack.ledger.canonical import instant
from casetrack.ledger.database import upsert_for
from casetrack.ledger.store import LEDGER_CASE, CaseRow, DeadlineRow
from casetrack.ledger.views import case_row, current_values, deadline_row, texts

Rows = list[dict[str, Any]]

_value = t.value_view.c
_STALE = delete(t.value_view).where(
    _value.case_id == bindparam("case"), _value.name == bindparam("named")
)


def write_views(connection: Connection, changes: Iterable[tuple[Case, Case]]) -> None:
    """Bring the views from each pair's first case, which they show, to its second."""
    known = [(before, after) for before, after in changes if after.id != LEDGER_CASE]
    _upsert(connection, t.case_view, [case_record(case_row(after)) for _, after in known])
    _upsert(connection, t.deadline_view, [row for pair in known for row in _deadlines(*pair)])
    stale, fresh = [], []
    for before, after in known:
        names = _changed_values(before, after)
        stale += [{"case": after.id, "named": n} for n in names if n in current_values(before)]
        fresh += _values(after, names)
    _delete_values(connection, stale)
    if fresh:
        connection.execute(insert(t.value_view), fresh)


def rebuild_views(connection: Connection) -> int:
    """Make every view again from the entries; the number of cases."""
    erase_views(connection)
    number, ids = 0, reading.case_ids(connection, "")
    while ids:
        found = reading.entries(connection, ids[0], ids[-1])
        write_views(connection, [(Case(id=id), replay(id, entries)) for id, entries in found])
        number += len(ids)
        ids = reading.case_ids(connection, ids[-1])
    return number


def erase_views(connection: Connection, case_id: str | None = None) -> None:
    """Empty the views of one case, or all."""
    for table in (t.case_view, t.deadline_view, t.value_view):
        chosen = delete(table)
        connection.execute(chosen if case_id is None else chosen.where(table.c.case_id == case_id))


def case_record(row: CaseRow) -> dict[str, Any]:
    return {**asdict(row), "final": int(row.final), "silent": int(row.silent)}


def deadline_record(row: DeadlineRow) -> dict[str, Any]:
    return dict(zip(row.__struct_fields__, deadline_values(row), strict=True))


def deadline_values(row: DeadlineRow) -> tuple[object, ...]:
    """What each column of its view holds, in their order."""
    return (
        row.case_id,
        row.deadline,
        row.clock,
        row.owner,
        row.kind,
        row.due_on.isoformat(),
        instant(row.due_at),
        row.act_by.isoformat(),
        row.law_by and row.law_by.isoformat(),
        row.stated_due_on and row.stated_due_on.isoformat(),
        row.outcome,
        int(row.unproven),
        row.tolled_on and row.tolled_on.isoformat(),
        " ".join(row.rungs),
        " ".join(row.sent),
        row.counted_from,
        " ".join(row.calendars),
        row.crosses_from.isoformat(),
        row.crosses_to.isoformat(),
    )


def _deadlines(before: Case, after: Case) -> Rows:
    return [
        deadline_record(deadline_row(after.id, tracked))
        for name, tracked in after.deadlines.items()
        if tracked is not before.deadlines.get(name)
    ]


def _changed_values(before: Case, after: Case) -> list[str]:
    old, new = current_values(before), current_values(after)
    return [name for name in {**old, **new} if old.get(name) != new.get(name)]


def _values(case: Case, names: Sequence[str]) -> Rows:
    values = current_values(case)
    return [
        {"case_id": case.id, "name": name, "position": position, "value": text}
        for name in names
        if name in values
        for position, text in enumerate(texts(values[name]))
    ]


def _upsert(connection: Connection, table: Table, rows: Rows) -> None:
    if not rows:
        return
    connection.execute(_upsert_into(table, connection.dialect.name), rows)


@cache
def _upsert_into(table: Table, dialect: str) -> Executable:
    statement = upsert_for(dialect, table)
    rest = {c.name: statement.excluded[c.name] for c in table.c if not c.primary_key}
    return statement.on_conflict_do_update(index_elements=table.primary_key, set_=rest)


def _delete_values(connection: Connection, rows: Rows) -> None:
    if rows:
        connection.execute(_STALE, rows)
