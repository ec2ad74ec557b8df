"""Which days a deadline's dates rest on, and which days a calendar's editions see differently.

Where the two meet, the deadline may have to be counted again.
"""

from datetime import date

from casetrack.domain.calendar import Calendar
from casetrack.domain.events import Deadline, Reading
from casetrack.domain.later import counts_business_days


def calendars(deadline: Deadline) -> tuple[str, ...]:
    """The editions that its dates rest on, as ``id:digest``, sorted."""
    uses = [use for reading in _readings(deadline) for use in reading.calendars]
    return tuple(sorted({f"{use.id}:{use.digest}" for use in uses}))


def days(deadline: Deadline) -> tuple[date, date]:
    """The first and the last day that any of its counts and rolls looks at, both inclusive."""
    first, last = _span(deadline.reading)
    if deadline.standard is not None:
        other_first, other_last = _span(deadline.standard)
        return min(first, other_first), max(last, other_last)
    return first, last


def _readings(deadline: Deadline) -> list[Reading]:
    return [r for r in (deadline.reading, deadline.standard) if r is not None]


def _span(reading: Reading) -> tuple[date, date]:
    ends = [reading.unrolled_on, reading.due_on, reading.safe_on]
    beside = [day for day in (reading.stated_due_on, reading.law_by) if day is not None]
    counted = counts_business_days(reading)
    starts = [reading.from_on, reading.safe_from_on] if counted else []
    return min([reading.act_by, *starts, *ends]), max([*ends, *beside])


def changed_days(before: Calendar, after: Calendar) -> tuple[date, ...] | None:
    """The days that only one of two editions has closed, as far as both are sure; None: any may be.

    Days beyond the horizon of either move nothing that was counted, or can be.
    """
    if before.weekend != after.weekend:
        return None
    last = min(before.last, after.last)
    differing = {d.date for d in before.days} ^ {d.date for d in after.days}
    return tuple(sorted(day for day in differing if day <= last))
