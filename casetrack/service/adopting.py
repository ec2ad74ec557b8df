"""Cases that go over to another definition, each whole or not at all."""

import re
from collections.abc import Iterator, Sequence
from string import digits

from casetrack.domain.case import Case
from casetrack.domain.workflow import Workflow
from casetrack.errors import AlreadyAdopted, Refused
from casetrack.ledger.store import CaseRow, Query
from casetrack.reports.adoptions import Gone, Pressing
from casetrack.reports.casefile import Data, case_name, docket_item
from casetrack.reports.receipts import receipt_data
from casetrack.service.tracker import Terms, Tracker, Written
from casetrack.service.typed import Adopting

_PRESSING = ("overdue", "act_now")


def older(tracker: Tracker, workflow: Workflow, digest: str) -> tuple[str, ...]:
    """The open cases of a workflow that have pinned an older edition of it, by id."""
    return tuple(
        row.case_id
        for row, edition in _others(tracker, workflow, digest)
        if _order(edition) <= _order(workflow.edition)
    )


def newer(tracker: Tracker, workflow: Workflow, digest: str) -> dict[str, str]:
    """The open cases that have pinned an edition that comes after: by reference, which one."""
    return {
        row.reference or row.case_id: edition
        for row, edition in _others(tracker, workflow, digest)
        if _order(edition) > _order(workflow.edition)
    }


def _others(tracker: Tracker, workflow: Workflow, digest: str) -> Iterator[tuple[CaseRow, str]]:
    """The open cases of a workflow that have pinned something else than the digest's text."""
    pinned = tracker.desk.definitions.pinned
    for row, _ in tracker.ledger.list_cases(Query(workflow=workflow.id)):
        if not row.final and row.definition != digest:
            yield row, pinned(row.definition).edition


def _order(edition: str) -> list[tuple[int, str]]:
    """Numbers as numbers: edition 10 comes after 9."""
    parts = re.findall("[0-9]+|[^0-9]+", edition)
    numbers = (part.lstrip("0") if part[0] in digits else None for part in parts)
    return [
        (-1, part) if number is None else (len(number), number)
        for part, number in zip(parts, numbers, strict=True)
    ]


def adopt(
    tracker: Tracker, case_ids: Sequence[str], typed: Adopting, *, dry_run: bool
) -> tuple[Gone, ...]:
    """Each case in an entry of its own; those where something newly lapsed come first."""
    found = [_adopted(tracker, case_id, typed, Terms(dry_run=dry_run)) for case_id in case_ids]
    return tuple(sorted(found, key=lambda gone: not gone.lapsed))


def _adopted(tracker: Tracker, case_id: str, typed: Adopting, terms: Terms) -> Gone:
    name = case_name(tracker.case(case_id))
    try:
        written = tracker.do(case_id, typed, terms)
    except AlreadyAdopted as error:
        return Gone(case=name, status="already", reasons=(error.message,))
    except Refused as error:
        return Gone(case=name, status="refused", reasons=error.reasons or (error.message,))
    pressing, said = tuple(_pressing(tracker, written)), _said(tracker, written)
    return Gone(case=name, status="adopted", said=said, pressing=pressing)


def _said(tracker: Tracker, written: Written) -> Data:
    workflow = tracker.workflow_of(written.case)
    return {
        "case": case_name(written.case),
        "version": written.version,
        "state": written.case.state,
        "digest": written.digest,
        "dry_run": written.dry_run,
        **receipt_data(written.data, workflow, written.case, written.before),
    }


def _pressing(tracker: Tracker, written: Written) -> Iterator[Pressing]:
    before = {} if written.before is None else _standing(tracker, written.before)
    for name, status in _standing(tracker, written.case).items():
        if status in _PRESSING and before.get(name) not in {status, "overdue"}:
            reading = written.case.deadlines[name].deadline.reading
            yield Pressing(
                deadline=name,
                status=status,
                due_on=reading.due_on.isoformat(),
                act_by=reading.act_by.isoformat(),
            )


def _standing(tracker: Tracker, case: Case) -> dict[str, str]:
    """How each open deadline stands on the docket."""
    workflow = tracker.workflow_of(case)
    calendar = tracker.desk.open_days(workflow)
    return {
        t.deadline.deadline: docket_item(t, case, workflow, calendar, tracker.now).status
        for t in case.open_deadlines()
    }
