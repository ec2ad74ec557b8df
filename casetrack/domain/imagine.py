"""What a case would become: for dry runs, imports and corrections. Nothing of it is recorded."""

from datetime import UTC, datetime

from casetrack.domain.case import Case
from casetrack.domain.events import Entry, Event
from casetrack.domain.fold import evolve


def imagine(case: Case, event: Event) -> Case:
    """The case as it would become, one version on, and never to be appended to."""
    return evolve(case, imagined(case, event))


def imagined(case: Case, event: Event) -> Entry:
    """An event as it would be recorded next, without digests."""
    return Entry(
        ledger="",
        case=case.id,
        version=case.version + 1,
        prev=case.digest,
        type=type(event.data).__name__,
        key="",
        occurred_on=event.occurred_on,
        occurred_at=event.occurred_at,
        recorded_at=case.recorded_at or datetime.min.replace(tzinfo=UTC),
        actor="",
        by="",
        data=event.data,
        sealed=dict.fromkeys(event.typed, ""),
        body="",
        digest="",
        disclosed=event.typed,
    )
