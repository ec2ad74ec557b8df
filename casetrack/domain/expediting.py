"""The short clock that an expedited request starts beside a running one."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from casetrack.domain import clocks, dates
from casetrack.domain.events import Reading
from casetrack.domain.workflow import Clock


def expedite(clock: Clock, reading: Reading, requested_at: datetime, zone: str) -> Reading:
    """The earlier of the running due and the expedited hours from the request governs.

    The law's expedited hours count from the request too. Only clocks that others owe us have
    an expedited reading, so no calendar is asked.
    """
    if clock.expedited:
        reading = _earlier_due(reading, clock.expedited, requested_at, zone)
    if clock.law and clock.law.expedited:
        reading = _earlier_law(reading, clock.law.expedited, requested_at, zone)
    return replace(reading, act_by=min(d for d in (reading.due_on, reading.law_by) if d))


def _earlier_due(reading: Reading, text: str, requested_at: datetime, zone: str) -> Reading:
    due_at = requested_at + timedelta(hours=clocks.parse_length(text).n)
    if due_at >= reading.due_at:
        return reading
    due = dates.local_date(due_at, zone)
    return replace(
        reading,
        length=text,
        from_on=dates.local_date(requested_at, zone),
        from_at=requested_at,
        from_field="expedite",
        unrolled_on=due,
        due_on=due,
        due_at=due_at,
        safe_from_on=dates.local_date(requested_at, zone),
        safe_on=due,
        rungs=clocks.HOUR_RUNGS,
        calendars=(),
    )


def _earlier_law(reading: Reading, text: str, requested_at: datetime, zone: str) -> Reading:
    law_at = requested_at + timedelta(hours=clocks.parse_length(text).n)
    if reading.law_at is not None and law_at >= reading.law_at:
        return reading
    law_by = dates.local_date(law_at, zone)
    return replace(
        reading,
        law_from_on=dates.local_date(requested_at, zone),
        law_from_at=requested_at,
        law_from_field="expedite",
        law_length=text,
        law_at=law_at,
        law_by=law_by,
    )
