"""The rows that a case has in the views: plain functions of its replay."""

import unicodedata
from collections.abc import Iterator

from casetrack.domain import crossing
from casetrack.domain.case import Case, Tracked
from casetrack.domain.events import Value
from casetrack.domain.reminders import Subject
from casetrack.ledger.store import CaseRow, DeadlineRow, ValueRow


def case_row(case: Case) -> CaseRow:
    return CaseRow(
        case_id=case.id,
        reference=case.reference if isinstance(case.reference, str) else None,
        workflow=case.workflow,
        definition=case.definition,
        state=case.state,
        final=case.final,
        assignee=case.assignee,
        version=case.version,
        silent=not case.final and not case.open_deadlines(),
    )


def deadline_row(case_id: str, tracked: Tracked) -> DeadlineRow:
    deadline, reading = tracked.deadline, tracked.deadline.reading
    first, last = crossing.days(deadline)
    return DeadlineRow(
        case_id=case_id,
        deadline=deadline.deadline,
        clock=deadline.clock,
        owner=deadline.owner,
        kind=deadline.kind,
        due_on=reading.due_on,
        due_at=reading.due_at,
        act_by=reading.act_by,
        law_by=reading.law_by,
        stated_due_on=reading.stated_due_on,
        outcome=tracked.outcome,
        unproven=tracked.unproven,
        tolled_on=tracked.tolled_on,
        rungs=reading.rungs,
        sent=tracked.sent,
        counted_from=reading.from_field,
        calendars=crossing.calendars(deadline),
        crosses_from=first,
        crosses_to=last,
    )


def subject_of(row: DeadlineRow) -> Subject:
    """What the warnings of an open deadline hang on."""
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


def deadline_rows(case: Case) -> list[DeadlineRow]:
    """Every deadline that the case ever had, by its name."""
    return [deadline_row(case.id, case.deadlines[name]) for name in sorted(case.deadlines)]


def current_values(case: Case) -> dict[str, Value]:
    """The fields and the patient, redacted ones too, and the id of the case that it follows."""
    others = {"patient": case.patient, "follows": case.follows}
    return {**case.fields, **{name: value for name, value in others.items() if value is not None}}


def value_rows(case: Case) -> list[ValueRow]:
    """What ``list`` and ``find`` look up, by name; a list's texts are a row each, in its order."""
    values = current_values(case)
    return [
        ValueRow(case_id=case.id, name=name, value=text)
        for name in sorted(values)
        for text in texts(values[name])
    ]


def texts(value: Value) -> Iterator[str]:
    """The texts of a value; a redacted one has none."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        yield from value


def folded(text: str) -> str:
    """The text as ``find`` compares it: whatever its case, composed or not."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).casefold())
