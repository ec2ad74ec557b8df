"""New dates for a running deadline: granted later, run on after a toll, or counted anew.

Each takes the reading that a deadline has and gives the one that replaces it, whole: what it is
counted from now, by which calendars, and the safe date.
"""

from datetime import date, timedelta

from msgspec.structs import replace

from casetrack.domain.calendar import Calendar
from casetrack.domain.clocks import (
    LENGTH,
    Frame,
    Span,
    default_rungs,
    last_moment,
    parse_length,
    rolled,
    runs_in_hours,
    settled,
)
from casetrack.domain.events import CalendarUse, Deadline, Reading
from casetrack.domain.workflow import Clock

EXTENSION = "extension"  # what a granted date is stated as
ONE_DAY = timedelta(days=1)


Readings = tuple[Reading, Reading | None]


def both_extended(clock: Clock, deadline: Deadline, to: date, on: date, frame: Frame) -> Readings:
    """Its reading and the standard one beside it, which is granted the day if it is later too."""
    standard = deadline.standard
    if standard is not None and to > standard.due_on:
        standard = extended(clock, standard, to, on, frame)
    return extended(clock, deadline.reading, to, on, frame), standard


def both_resumed(
    clock: Clock, deadline: Deadline, tolled_on: date, on: date, frame: Frame
) -> Readings:
    """Its reading and the standard one beside it, both counted on."""
    standard = deadline.standard
    if standard is not None:
        standard = resumed(clock, standard, tolled_on, on, frame)
    return resumed(clock, deadline.reading, tolled_on, on, frame), standard


def extended(clock: Clock, reading: Reading, to: date, on: date, frame: Frame) -> Reading:
    """Due on ``to``, unrolled, as granted on a day; the letter's date and the law's stand."""
    hours = runs_in_hours(reading)
    later = replace(
        reading,
        length=EXTENSION,
        from_on=on,
        from_at=None,
        from_field="extend",
        roll="none",
        roll_calendar=None,
        unrolled_on=to,
        due_on=to,
        due_at=last_moment(clock, to, frame.zone),
        safe_from_on=on,
        safe_on=to,
        rungs=(clock.rungs or default_rungs(clock)) if hours else reading.rungs,
    )
    return settled(clock, later, frame, ())


def resumed(clock: Clock, reading: Reading, tolled_on: date, on: date, frame: Frame) -> Reading:
    """What remained when the clock was stopped, counted on from the day on which it runs again.

    What remains is the units in (tolled_on, unrolled_on], in business days where the clock counts
    those and in days otherwise. The safe date moves by its own remainder; the law's date stands.
    """
    before = recounted(clock, reading, frame)
    unit = "bd" if counts_business_days(before) else "d"
    left = _units(tolled_on, before.unrolled_on, unit, frame.home)
    unrolled = _after(on, left, unit, frame.home)
    safe = _after(on, _units(tolled_on, before.safe_on, unit, frame.home), unit, frame.home)
    running = replace(
        before,
        length=f"{left}{unit}",
        from_on=on,
        from_at=None,
        from_field="resume",
        unrolled_on=unrolled,
        safe_from_on=on,
        safe_on=safe,
    )
    return _rolled_and_settled(clock, running, frame)


def recounted(clock: Clock, reading: Reading, frame: Frame) -> Reading:
    """The same count by the calendars as they are now."""
    if counts_business_days(reading):
        counted = parse_length(reading.length).n
        safe = _recorded_units(reading.safe_from_on, reading.safe_on, reading, frame.home)
        reading = replace(
            reading,
            unrolled_on=_after(reading.from_on, counted, "bd", frame.home),
            safe_on=_after(reading.safe_from_on, safe, "bd", frame.home),
        )
    return _rolled_and_settled(clock, reading, frame)


def counts_business_days(reading: Reading) -> bool:
    found = LENGTH.fullmatch(reading.length)
    return found is not None and found[2] == "bd"


def _rolled_and_settled(clock: Clock, reading: Reading, frame: Frame) -> Reading:
    """``due_on`` and ``act_by`` from the unrolled date; one counted in hours stays as it is."""
    if runs_in_hours(reading):
        return reading
    due, spans = reading.unrolled_on, _counting(reading, frame.home)
    if reading.roll != "none" and reading.roll_calendar:
        due, span = rolled(due, reading.roll, frame.calendars[reading.roll_calendar])
        spans.append(span)
    moved = replace(reading, due_on=due, due_at=last_moment(clock, due, frame.zone))
    return settled(clock, moved, frame, spans)


def _counting(reading: Reading, home: Calendar) -> list[Span]:
    if not counts_business_days(reading):
        return []
    counts = (
        (reading.from_on, reading.unrolled_on),
        (reading.safe_from_on, reading.safe_on),
    )
    return [(home, start + ONE_DAY, last) for start, last in counts]


def _units(start: date, last: date, unit: str, home: Calendar) -> int:
    """The units in (start, last]; none if that is empty."""
    if last <= start:
        return 0
    return home.business_days_between(start, last) if unit == "bd" else (last - start).days


def _after(start: date, n: int, unit: str, home: Calendar) -> date:
    if n == 0:
        return start
    return home.add_business_days(start, n) if unit == "bd" else start + timedelta(days=n)


def _recorded_units(start: date, last: date, reading: Reading, home: Calendar) -> int:
    """The business days in (start, last] by the edition that the reading was counted with."""
    use = next((use for use in reading.calendars if use.id == home.id), None)
    if use is None:
        return _units(start, last, "bd", home)
    days = (start + timedelta(days=n) for n in range(1, (last - start).days + 1))
    return sum(_was_open(day, use) for day in days)


def _was_open(day: date, use: CalendarUse) -> bool:
    return day.isoweekday() not in use.weekend and all(day != closed.date for closed in use.closed)
