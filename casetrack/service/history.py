"""What happened in a case, as true at one instant and as known at another."""

import re
from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from casetrack.domain import dates
from casetrack.domain.events import Entry
from casetrack.domain.workflow import Workflow
from casetrack.ledger.store import Query
from casetrack.service.tracker import Tracker

_DAY = re.compile(r"today|[0-9]{4}-[0-9]{2}-[0-9]{2}|[+-][0-9]{1,4}(bd|d)", re.ASCII)


def cases_of(tracker: Tracker, reference: str | None, patient: str | None) -> tuple[str, ...]:
    """The case named, or every case of a patient, oldest id first."""
    if reference is not None:
        return (tracker.resolve(reference),)
    rows = tracker.ledger.list_cases(Query(patient=patient))
    return tuple(sorted(row.case_id for row, _ in rows))


def limit(tracker: Tracker, workflow: Workflow, text: str | None) -> datetime | None:
    """An instant; a bare date means the end of that day in the workflow's zone."""
    if text is None:
        return None
    if _DAY.fullmatch(text):
        reader = tracker.desk.reader(workflow)
        day = dates.parse_date(text, reader.today, reader.business)
        return dates.end_of_day(day, workflow.zone).replace(microsecond=999_999)
    return dates.parse_instant(text, workflow.zone)


def entries(
    tracker: Tracker, case_id: str, as_of: str | None, known_at: str | None, *, phi: bool
) -> tuple[Workflow, Sequence[Entry]]:
    """A case's entries that were true by ``as_of`` and recorded by ``known_at``."""
    found = tracker.ledger.entries(case_id)
    workflow = tracker.workflow_of(tracker.case(case_id))
    true_by = limit(tracker, workflow, as_of)
    known_by = limit(tracker, workflow, known_at)
    kept = [
        entry if phi else replace(entry, disclosed={})
        for entry in found
        if (true_by is None or _happened(entry, workflow.zone) <= true_by)
        and (known_by is None or entry.recorded_at <= known_by)
    ]
    return workflow, kept


def _happened(entry: Entry, zone: str) -> datetime:
    """The instant, or the start of the day where only the day is known."""
    return entry.occurred_at or dates.start_of_day(entry.occurred_on, zone)
