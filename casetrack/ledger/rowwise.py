"""The queries of ``Ledger`` as plain functions on cases, for a store that has no SQL."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from casetrack.domain.case import Case
from casetrack.domain.reminders import Subject
from casetrack.ledger.store import CaseRow, DeadlineRow, DocketRow, Query, Sort
from casetrack.ledger.views import case_row, current_values, deadline_rows, texts


def docket(
    cases: Iterable[Case], until: date | None, *, patients: bool, ended_from: date | None = None
) -> list[DocketRow]:
    rows = [
        DocketRow(case=case_row(case), deadline=row, patient=_patient(case) if patients else None)
        for case in cases
        for row in deadline_rows(case)
        if (until is None or row.act_by <= until) and _listed(row, ended_from)
    ]
    return sorted(rows, key=docket_order)


def _listed(row: DeadlineRow, ended_from: date | None) -> bool:
    return row.outcome is None or (ended_from is not None and row.act_by >= ended_from)


def doubtful(row: DeadlineRow, presumed: Sequence[tuple[str, str]]) -> bool:
    differs = row.stated_due_on not in {None, row.due_on}
    return row.unproven or differs or (row.clock, row.counted_from) in presumed


def running(cases: Iterable[Case]) -> Iterator[DeadlineRow]:
    """Every open deadline."""
    return (row for case in cases for row in deadline_rows(case) if row.outcome is None)


def crossing(
    cases: Iterable[Case], calendars: tuple[str, ...], first: date, last: date
) -> list[DeadlineRow]:
    found = [
        row
        for row in running(cases)
        if row.calendars == calendars
        and row.tolled_on is None
        and row.crosses_from <= last
        and row.crosses_to >= first
    ]
    return sorted(found, key=lambda row: (row.case_id, row.deadline))


def _subject(row: DeadlineRow) -> Subject:
    return Subject(
        owner=row.owner,  # type: ignore[arg-type]  # the views hold what the entries do
        kind=row.kind,  # type: ignore[arg-type]  # the same
        rungs=row.rungs,
        act_by=row.act_by,
        due_on=row.due_on,
        due_at=row.due_at,
        sent=row.sent,
        tolled=row.tolled_on is not None,
    )


def subjects(rows: Iterable[DocketRow]) -> dict[tuple[str, Subject], list[tuple[str, str]]]:
    found: dict[tuple[str, Subject], list[tuple[str, str]]] = {}
    for row in rows:
        of = row.case.definition, _subject(row.deadline)
        found.setdefault(of, []).append((row.case.case_id, row.deadline.deadline))
    return found


def sort_of(row: DocketRow) -> Sort:
    return Sort(
        definition=row.case.definition,
        clock=row.deadline.clock,
        state=row.case.state,
        final=row.case.final,
        unproven=row.deadline.unproven,
        rungs=row.deadline.rungs,
    )


def sorts(rows: Iterable[DocketRow]) -> dict[Sort, date]:
    found: dict[Sort, date] = {}
    for row in rows:
        sort = sort_of(row)
        found[sort] = max(row.deadline.due_on, found.get(sort, date.min))
    return found


def docket_order(row: DocketRow) -> tuple[object, ...]:
    due = row.deadline
    return due.act_by, due.due_at, row.case.reference or "", row.case.case_id, due.deadline


def _patient(case: Case) -> str | None:
    return case.patient if isinstance(case.patient, str) else None


def list_cases(cases: Iterable[Case], query: Query) -> list[tuple[CaseRow, DeadlineRow | None]]:
    found = [
        (case_row(case), min(_considered(case, query), key=_urgency, default=None))
        for case in cases
        if _wanted(case, query)
    ]
    found.sort(key=lambda pair: (pair[0].reference or "", pair[0].case_id))
    return found[: query.limit or None]


def _urgency(row: DeadlineRow) -> tuple[object, ...]:
    return row.act_by, row.due_at, row.deadline


def _considered(case: Case, query: Query) -> Iterator[DeadlineRow]:
    """The open deadlines, of the owner asked for only."""
    for row in deadline_rows(case):
        if row.outcome is None and query.owner in (None, row.owner):
            yield row


def _wanted(case: Case, query: Query) -> bool:
    return (
        query.state in (None, case.state)
        and query.workflow in (None, case.workflow)
        and (query.assignee is None or query.assignee == (case.assignee or ""))
        and _holds_all(case, query)
        and (query.owner is None or any(_considered(case, query)))
        and (query.overdue_at is None or any(_overdue(case, query)))
    )


def _holds_all(case: Case, query: Query) -> bool:
    wanted = dict(query.where)
    if query.patient is not None:
        wanted["patient"] = query.patient
    values = current_values(case)
    return all(name in values and text in texts(values[name]) for name, text in wanted.items())


def _overdue(case: Case, query: Query) -> Iterator[bool]:
    for row in _considered(case, query):
        if row.kind != "planned" and row.tolled_on is None and query.overdue_at is not None:
            yield row.due_at < query.overdue_at


def counts(cases: Iterable[Case]) -> list[tuple[str, str | None, int]]:
    numbers = Counter((case.state, case.assignee) for case in cases if not case.final)
    ordered = sorted(numbers, key=lambda key: (key[0], key[1] or ""))
    return [(state, assignee, numbers[state, assignee]) for state, assignee in ordered]


def unassigned(cases: Iterable[Case]) -> list[CaseRow]:
    return _in_order(case for case in cases if not case.final and case.assignee is None)


def silent(cases: Iterable[Case]) -> list[CaseRow]:
    return [row for row in _in_order(cases) if row.silent]


def _in_order(cases: Iterable[Case]) -> list[CaseRow]:
    return sorted(map(case_row, cases), key=lambda row: (row.reference or "", row.case_id))
