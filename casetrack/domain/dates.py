"""Days and instants: one strict reader of what people type, and one fixed way to store.

A *date* is a plain day; an *instant* is an aware UTC datetime; they never mix. Only ASCII digits
are read and the whole text must match. pendulum settles what a wall clock means in a zone; it is
imported where that is asked, since most commands never do.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from casetrack.errors import BeyondHorizon, Refused, Unparsable

DATE_FORMS = "2026-11-24, today, +5bd, -3d"
INSTANT_FORMS = "2026-11-24T15:00 (in the workflow's zone), 2026-11-24T15:00-06:00 or ...Z"
FIRST_YEAR, LAST_YEAR = 1900, 2199
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_SHIFT = re.compile(r"([+-])([0-9]{1,4})(bd|d)", re.ASCII)
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?"
    r"(Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])?",
    re.ASCII,
)

AddBusinessDays = Callable[[date, int], date]


def parse_iso_date(text: str) -> date:
    """A day written ``2026-11-24``, nothing else."""
    if not _DATE.fullmatch(text):
        raise Unparsable(f"not a date; write it as {DATE_FORMS}")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Unparsable(f"there is no day {text}; write a date as {DATE_FORMS}") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BeyondHorizon(
            f"{text} is outside the years {FIRST_YEAR} to {LAST_YEAR} that are counted"
        )
    return day


def parse_date(text: str, today: date, business: AddBusinessDays) -> date:
    """A day as a person gives it, relative forms counted from ``today``."""
    if text == "today":
        return today
    shift = _SHIFT.fullmatch(text)
    if not shift:
        return parse_iso_date(text)
    n = int(shift[1] + shift[2])
    if shift[3] == "bd":
        return business(today, n)
    return today + timedelta(days=n)


def parse_instant(text: str, zone: str) -> datetime:
    """An instant with an offset, or a wall time that is unambiguous in the zone."""
    found = _INSTANT.fullmatch(text)
    if not found:
        raise Unparsable(f"not an instant; write it as {INSTANT_FORMS}")
    day = parse_iso_date(found[1])
    micro = int((found[5] or "").ljust(6, "0") or 0)
    try:
        clock = time(int(found[2]), int(found[3]), int(found[4] or 0), micro)
    except ValueError:
        raise Unparsable(f"there is no time of day like that; write {INSTANT_FORMS}") from None
    if found[6] is None:
        return _wall(day, clock, zone)
    return _with_offset(day, clock, found[6])


def _with_offset(day: date, clock: time, offset: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock.isoformat()}{offset}").astimezone(UTC)


def _wall(day: date, clock: time, zone: str) -> datetime:
    import pendulum
    from pendulum.tz.exceptions import AmbiguousTime, NonExistingTime

    wall = datetime.combine(day, clock)
    try:
        local = pendulum.timezone(zone).convert(wall, raise_on_unknown_times=True)
    except NonExistingTime:
        raise Refused(
            f"{wall:%Y-%m-%dT%H:%M} does not exist in {zone}: clocks go forward"
        ) from None
    except AmbiguousTime:
        hint = "give the offset too, such as -05:00 or -06:00"
        raise Refused(f"{wall:%Y-%m-%dT%H:%M} happens twice in {zone}; {hint}") from None
    return local.astimezone(UTC)


@lru_cache(maxsize=16)
def zone_info(zone: str) -> ZoneInfo:
    return ZoneInfo(zone)


def local_date(instant: datetime, zone: str) -> date:
    """The day an instant falls on in the zone."""
    return instant.astimezone(zone_info(zone)).date()


def start_of_day(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), zone_info(zone)).astimezone(UTC)


def wall_time(day: date, text: str, zone: str) -> datetime:
    """The instant of ``16:59`` on a day in the zone, the first of two where it happens twice."""
    return datetime.combine(day, time.fromisoformat(text), zone_info(zone)).astimezone(UTC)


def end_of_day(day: date, zone: str) -> datetime:
    """23:59:59 of the day in the zone: the last moment on time."""
    return datetime.combine(day, time(23, 59, 59), zone_info(zone)).astimezone(UTC)


def add_months(day: date, months: int) -> date:
    """Calendar months on; a missing day gives the last day of the month."""
    import pendulum

    moved = pendulum.date(day.year, day.month, day.day).add(months=months)
    return date(moved.year, moved.month, moved.day)


def instant_text(instant: datetime) -> str:
    """UTC, microseconds, fixed width, ``Z``: text order is time order."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def local_text(instant: datetime, zone: str) -> str:
    """ISO 8601 local time with offset, to the second."""
    return instant.astimezone(zone_info(zone)).isoformat(timespec="seconds")
