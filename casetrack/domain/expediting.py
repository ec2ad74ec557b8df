"""The short clock of an expedited request: beside a running one, or from the start."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from casetrack.domain import clocks, dates
from casetrack.domain.clocks import Basis, Frame
from casetrack.domain.events import Reading
from casetrack.domain.workflow import Clock
from casetrack.errors import Refused

EXPEDITE = "expedite"  # what the short clock of a request counts from


def begin(
    clock: Clock, frame: Frame, basis: Basis, at: datetime | None
) -> tuple[Reading, Reading | None]:
    """The reading of a clock that starts within an expedited stage, and the one it replaces.

    The hours count from the instant that the clock counts from, else from that of the event.
    """
    if clock.expedited_only:
        return clocks.read(replace(clock, length=clock.expedited), frame, basis), None
    standard = clocks.read(clock, frame, basis)
    if clock.owner == "provider" or not (clock.expedited or (clock.law and clock.law.expedited)):
        return standard, None
    since = basis.at or at
    if since is None:
        raise Refused(f"{clock.title} is expedited and runs in hours; give its time with --at")
    reading = expedite(clock, standard, since, frame.zone, basis.field)
    return reading, None if reading == standard else standard


def expedite(
    clock: Clock, reading: Reading, requested_at: datetime, zone: str, field: str = EXPEDITE
) -> Reading:
    """The earlier of the running due and the expedited hours from the request governs.

    The law's expedited hours count from the request too. Only clocks that others owe us have
    an expedited reading, so no calendar is asked.
    """
    if clock.expedited:
        reading = _earlier_due(reading, clock.expedited, requested_at, zone, field)
    if clock.law and clock.law.expedited:
        reading = _earlier_law(reading, clock.law.expedited, requested_at, zone, field)
    if clock.opens:
        return replace(reading, act_by=clocks.opening(reading))
    return replace(reading, act_by=min(d for d in (reading.due_on, reading.law_by) if d))


def _earlier_due(
    reading: Reading, text: str, requested_at: datetime, zone: str, field: str
) -> Reading:
    due_at = requested_at + timedelta(hours=clocks.parse_length(text).n)
    if due_at >= reading.due_at:
        return reading
    due = dates.local_date(due_at, zone)
    return replace(
        reading,
        length=text,
        from_on=dates.local_date(requested_at, zone),
        from_at=requested_at,
        from_field=field,
        unrolled_on=due,
        due_on=due,
        due_at=due_at,
        safe_from_on=dates.local_date(requested_at, zone),
        safe_on=due,
        rungs=clocks.HOUR_RUNGS,
        calendars=(),
    )


def _earlier_law(
    reading: Reading, text: str, requested_at: datetime, zone: str, field: str
) -> Reading:
    law_at = requested_at + timedelta(hours=clocks.parse_length(text).n)
    if reading.law_at is not None and law_at >= reading.law_at:
        return reading
    law_by = dates.local_date(law_at, zone)
    return replace(
        reading,
        law_from_on=dates.local_date(requested_at, zone),
        law_from_at=requested_at,
        law_from_field=field,
        law_length=text,
        law_at=law_at,
        law_by=law_by,
    )
