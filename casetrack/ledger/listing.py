"""The docket and the case list, as statements on the views."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, null, or_, select

from casetrack.domain.reminders import Subject
from casetrack.ledger import tables as t
from casetrack.ledger.canonical import instant
from casetrack.ledger.distinct import distinct
from casetrack.ledger.reading import CASE_COLUMNS, DEADLINE_COLUMNS
from casetrack.ledger.rowwise import docket_order
from casetrack.ledger.runs import At
from casetrack.ledger.store import CaseRow, DeadlineRow, DocketRow, Query, Sort
from casetrack.ledger.viewed import as_case_row, as_deadline_row, as_subject, known_day

STREAMED = 500
_SPLIT = len(CASE_COLUMNS)
_case, _deadline = t.case_view.c, t.deadline_view.c


def docket_statement(
    until: date | None, *, patients: bool, ended_from: date | None = None
) -> Select[Any]:
    """Open deadlines, and those ended from a day on, with their case and the patient if asked."""
    value = t.value_view.c
    joined = t.deadline_view.join(t.case_view, _case.case_id == _deadline.case_id)
    if patients:
        named = and_(value.case_id == _case.case_id, value.name == "patient")
        joined = joined.outerjoin(t.value_view, named)
    found = (
        select(*CASE_COLUMNS, *DEADLINE_COLUMNS, value.value if patients else null())
        .select_from(joined)
        .where(_listed(ended_from))
        .order_by(
            _deadline.act_by,
            _deadline.due_at,
            _case.reference.nulls_first(),
            _case.case_id,
            _deadline.deadline,
        )
    )
    return found if until is None else found.where(_deadline.act_by <= until.isoformat())


def _listed(ended_from: date | None) -> ColumnElement[bool]:
    if ended_from is None:
        return t.OPEN
    return or_(t.OPEN, _deadline.act_by >= ended_from.isoformat())


_ALIKE = (
    _case.definition, _deadline.owner, _deadline.kind, _deadline.rungs, _deadline.act_by,
    _deadline.due_on, _deadline.due_at, _deadline.sent, _deadline.tolled_on,
)  # fmt: skip


def candidates(
    connection: Connection, until: date, wanted: Callable[[str, Subject], bool]
) -> list[At]:
    """What is alike is told apart by the database, and no row is fetched where none is wanted."""
    rows = docket_statement(until, patients=False)
    kinds = connection.execute(rows.with_only_columns(*_ALIKE).order_by(None).distinct())
    chosen = {tuple(kind) for kind in kinds if wanted(kind[0], as_subject(kind[1:]))}
    if not chosen:
        return []
    found = rows.with_only_columns(*_ALIKE, _deadline.case_id, _deadline.deadline)
    return [(row[-2], row[-1]) for row in connection.execute(found) if tuple(row[:-2]) in chosen]


def doubtful(
    connection: Connection, presumed: Sequence[tuple[str, str]], *, patients: bool
) -> list[DocketRow]:
    """Each doubt is asked about alone, so that an index answers, and put in order here."""
    every = docket_statement(None, patients=patients).order_by(None)
    doubts = [
        t.DOUBTED,
        *(
            and_(_deadline.clock == clock, _deadline.counted_from == fact)
            for clock, fact in presumed
        ),
    ]
    found = {
        (row.deadline.case_id, row.deadline.deadline): row
        for doubt in doubts
        for row in docket(connection, every.where(doubt))
    }
    return sorted(found.values(), key=docket_order)


_SORT = (
    _case.definition, _deadline.clock, _case.state, _case.final, _deadline.unproven,
    _deadline.rungs,
)  # fmt: skip


def sorts(connection: Connection) -> dict[Sort, date]:
    """Told apart by the database: what is stored is not fetched."""
    joined = t.deadline_view.join(t.case_view, _case.case_id == _deadline.case_id)
    found = select(*_SORT, func.max(_deadline.due_on)).select_from(joined)
    rows = connection.execute(found.where(t.OPEN).group_by(*_SORT))
    return {
        Sort(
            definition=definition,
            clock=clock,
            state=state,
            final=bool(final),
            unproven=bool(unproven),
            rungs=tuple(rungs.split()),
        ): known_day(last)
        for definition, clock, state, final, unproven, rungs, last in rows
    }


def sort_statement(sort: Sort) -> Select[Any]:
    wanted = (
        sort.definition, sort.clock, sort.state, int(sort.final), int(sort.unproven),
        " ".join(sort.rungs),
    )  # fmt: skip
    alike = (column == value for column, value in zip(_SORT, wanted, strict=True))
    return docket_statement(None, patients=False).where(*alike)


def pinned(connection: Connection) -> list[str]:
    return [digest for (digest,) in distinct(connection, _case.definition, where=t.OPEN_CASE)]


def docket(connection: Connection, statement: Select[Any]) -> Iterator[DocketRow]:
    for row in connection.execute(statement, execution_options={"yield_per": STREAMED}):
        yield DocketRow(
            case=as_case_row(row[:_SPLIT]),
            deadline=as_deadline_row(row[_SPLIT:-1]),
            patient=row[-1],
        )


def list_cases(connection: Connection, query: Query) -> list[tuple[CaseRow, DeadlineRow | None]]:
    return [
        (
            as_case_row(row[:_SPLIT]),
            None if row[_SPLIT] is None else as_deadline_row(row[_SPLIT:]),
        )
        for row in connection.execute(list_statement(query))
    ]


def list_statement(query: Query) -> Select[Any]:
    """Cases by reference, each with the first of its open deadlines that the query considers."""
    other = t.deadline_view.alias()
    first = (
        select(other.c.deadline)
        .where(other.c.case_id == _case.case_id, *_considered(other.c, query))
        .order_by(other.c.act_by, other.c.due_at, other.c.deadline)
        .limit(1)
        .scalar_subquery()
    )
    shown = and_(_deadline.case_id == _case.case_id, _deadline.deadline == first)
    return (
        select(*CASE_COLUMNS, *DEADLINE_COLUMNS)
        .select_from(t.case_view.outerjoin(t.deadline_view, shown))
        .where(*_conditions(query))
        .order_by(_case.reference.nulls_first(), _case.case_id)
        .limit(query.limit or None)
    )


def _considered(deadline: Any, query: Query) -> list[ColumnElement[bool]]:  # noqa: ANN401 - a column collection
    open_ones = [deadline.outcome.is_(None)]
    return open_ones if query.owner is None else [*open_ones, deadline.owner == query.owner]


def _conditions(query: Query) -> list[ColumnElement[bool]]:
    wanted = {"state": query.state, "workflow": query.workflow, "assignee": query.assignee or None}
    found = [_case[name] == value for name, value in wanted.items() if value is not None]
    if query.assignee == "":
        found.append(_case.assignee.is_(None))
    if query.patient is not None:
        found.append(_holds("patient", query.patient))
    found += [_holds(name, value) for name, value in query.where.items()]
    if query.overdue_at is not None:
        found.append(_overdue(query, instant(query.overdue_at)))
    elif query.owner is not None:
        found.append(_deadline.deadline.is_not(None))
    return found


def _holds(name: str, text: str) -> ColumnElement[bool]:
    value = t.value_view.alias().c
    found = select(value.case_id).where(value.name == name, value.value == text)
    return _case.case_id.in_(found)


def _overdue(query: Query, now: str) -> ColumnElement[bool]:
    other = t.deadline_view.alias().c
    return exists().where(
        other.case_id == _case.case_id,
        other.kind != "planned",
        other.tolled_on.is_(None),
        other.due_at < now,
        *_considered(other, query),
    )


def unassigned(connection: Connection) -> list[CaseRow]:
    return _cases(connection, t.OPEN_CASE, _case.assignee.is_(None))


def silent(connection: Connection) -> list[CaseRow]:
    return _cases(connection, t.SILENT)


def _cases(connection: Connection, *conditions: ColumnElement[bool]) -> list[CaseRow]:
    found = select(*CASE_COLUMNS).where(*conditions)
    rows = connection.execute(found.order_by(_case.reference.nulls_first(), _case.case_id))
    return [as_case_row(row) for row in rows]
