"""Rows of the views, as a database holds them, turned into values."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from casetrack.domain.reminders import Subject
from casetrack.errors import Corrupt
from casetrack.ledger.store import CaseRow, DeadlineRow

_UNREADABLE = "a deadline's view can't be read; run 'casetrack db rebuild'"


def as_case_row(row: Sequence[Any]) -> CaseRow:
    case_id, reference, workflow, definition, state, final, assignee, version, silent = row
    return CaseRow(
        case_id=case_id,
        reference=reference,
        workflow=workflow,
        definition=definition,
        state=state,
        final=bool(final),
        assignee=assignee,
        version=version,
        silent=bool(silent),
    )


def as_deadline_row(row: Sequence[Any]) -> DeadlineRow:
    try:
        return _deadline_row(row)
    except (ValueError, Corrupt):  # a day that is none
        why = "its view can't be read; run 'casetrack db rebuild'"
        raise Corrupt(f"case {row[0]}: {why}") from None


def as_subject(row: Sequence[Any]) -> Subject:
    owner, kind, rungs, act_by, due_on, due_at, sent, tolled_on = row
    try:
        return Subject(
            owner=owner,
            kind=kind,
            rungs=tuple(rungs.split()),
            act_by=date.fromisoformat(act_by),
            due_on=date.fromisoformat(due_on),
            due_at=datetime.fromisoformat(due_at),
            sent=tuple(sent.split()),
            tolled=tolled_on is not None,
        )
    except ValueError:
        raise Corrupt(_UNREADABLE) from None


def _deadline_row(row: Sequence[Any]) -> DeadlineRow:
    case_id, deadline, clock, owner, kind, due_on, due_at, act_by, law_by, stated = row[:10]
    outcome, unproven, tolled_on, rungs, sent, counted_from, calendars, first, last = row[10:]
    return DeadlineRow(
        case_id=case_id,
        deadline=deadline,
        clock=clock,
        owner=owner,
        kind=kind,
        due_on=date.fromisoformat(due_on),
        due_at=datetime.fromisoformat(due_at),
        act_by=date.fromisoformat(act_by),
        law_by=day(law_by),
        stated_due_on=day(stated),
        outcome=outcome,
        unproven=bool(unproven),
        tolled_on=day(tolled_on),
        rungs=tuple(rungs.split()),
        sent=tuple(sent.split()),
        counted_from=counted_from,
        calendars=tuple(calendars.split()),
        crosses_from=date.fromisoformat(first),
        crosses_to=date.fromisoformat(last),
    )


def day(text: str | None) -> date | None:
    return None if text is None else known_day(text)


def known_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Corrupt(_UNREADABLE) from None
