"""A case's rows in the views against its replay, part by part."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from sqlalchemy import Table

from casetrack.domain.case import Case
from casetrack.ledger import tables as t
from casetrack.ledger.view_writing import case_record, deadline_values
from casetrack.ledger.views import case_row, deadline_rows, value_rows

VIEWS: Mapping[str, Table] = {x.name: x for x in (t.case_view, t.deadline_view, t.value_view)}
Rows = Mapping[str, Sequence[tuple[object, ...]]]

_OTHER_PARTS = {
    "reference": "reference", "assignee": "assignee", "rungs": "reminders", "sent": "reminders",
}  # fmt: skip


def view_rows(case: Case) -> Rows:
    """By view, the rows that the case has, in the order of its key; none before it is opened."""
    if not case.version:
        return dict.fromkeys(VIEWS, ())
    return {
        "case_view": [tuple(case_record(case_row(case)).values())],
        "deadline_view": [deadline_values(row) for row in deadline_rows(case)],
        "value_view": [
            (case.id, name, position, row.value)
            for name, found in groupby(value_rows(case), key=lambda row: row.name)
            for position, row in enumerate(found)
        ],
    }


def differing(stored: Rows, case: Case) -> tuple[str, ...]:
    """What of the case is not as its replay has it, sorted; nothing where the views hold.

    ``state`` (with workflow, definition and version), ``reference``, ``assignee``, ``fields``
    (with the patient), ``deadlines``, ``reminders``.
    """
    made = view_rows(case)
    if stored == made:
        return ()
    found = {part for name in VIEWS for part in _parts(name, stored[name], made[name])}
    return tuple(sorted(found))


def _parts(
    name: str, stored: Iterable[tuple[object, ...]], made: Iterable[tuple[object, ...]]
) -> Iterator[str]:
    usual = {"case_view": "state", "deadline_view": "deadlines", "value_view": "fields"}[name]
    table = VIEWS[name]
    key = len(table.primary_key)  # its columns are the first ones
    there, wanted = ({row[:key]: row[key:] for row in rows} for rows in (stored, made))
    if there.keys() != wanted.keys():
        yield usual
    columns = [column.name for column in table.c][key:]
    for at in there.keys() & wanted.keys():
        for column, one, other in zip(columns, there[at], wanted[at], strict=True):
            if one != other:
                yield _OTHER_PARTS.get(column, usual)
