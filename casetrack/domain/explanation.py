"""Why a deadline is on its day: every counted and skipped day, from what its reading recorded."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from msgspec import Struct

from casetrack.domain import dates
from casetrack.domain.clocks import Length, parse_length
from casetrack.domain.events import CalendarUse, Reading
from casetrack.errors import Unparsable

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Step(Struct, frozen=True, kw_only=True):
    """One day of the working; ``counted`` says that it used up a unit of the length."""

    date: date
    counted: bool
    why: str


def steps(reading: Reading, home: str, zone: str) -> tuple[Step, ...]:
    """The working of ``due_on``; ``home`` is the calendar that counts business days."""
    length = _length(reading.length)
    counted = _counted(reading, length, home, zone) if length else _stated(reading)
    return (*counted, *_rolled(reading))


def _length(text: str) -> Length | None:
    try:
        return parse_length(text)
    except Unparsable:
        return None


def _stated(reading: Reading) -> tuple[Step, ...]:
    why = f"stated as {reading.length}"
    return (Step(date=reading.unrolled_on, counted=True, why=why),)


def _counted(reading: Reading, length: Length, home: str, zone: str) -> tuple[Step, ...]:
    match length.unit:
        case "h":
            return tuple(_hours(reading, length, zone))
        case "mo":
            return tuple(_months(reading, length))
        case "bd":
            return tuple(_business(reading, _use(reading, home)))
        case "d" | "w":
            return tuple(_calendar(reading))


def _use(reading: Reading, name: str | None) -> CalendarUse | None:
    return next((use for use in reading.calendars if use.id == name), None)


def why_closed(day: date, use: CalendarUse | None) -> str | None:
    """Why a day was not a business day in that use of a calendar; None if it was one."""
    if use is None:
        return None
    if day.isoweekday() in use.weekend:
        return _DAYS[day.weekday()]
    return next((closed.name for closed in use.closed if closed.date == day), None)


def open_on_or_before(day: date, use: CalendarUse | None) -> date:
    """The last business day up to a day, by that use of a calendar."""
    while why_closed(day, use) is not None:
        day -= timedelta(days=1)
    return day


def _each(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _start(reading: Reading) -> Step:
    why = f"{_DAYS[reading.from_on.weekday()]}, {reading.from_field}: not counted"
    return Step(date=reading.from_on, counted=False, why=why)


def _business(reading: Reading, use: CalendarUse | None) -> Iterator[Step]:
    yield _start(reading)
    n = 0
    for day in _each(reading.from_on + timedelta(days=1), reading.unrolled_on):
        closed = why_closed(day, use)
        n += closed is None
        why = closed or f"{_DAYS[day.weekday()]}, business day {n}"
        yield Step(date=day, counted=closed is None, why=why)


def _calendar(reading: Reading) -> Iterator[Step]:
    yield _start(reading)
    for n, day in enumerate(_each(reading.from_on + timedelta(days=1), reading.unrolled_on), 1):
        yield Step(date=day, counted=True, why=f"{_DAYS[day.weekday()]}, day {n}")


def _months(reading: Reading, length: Length) -> Iterator[Step]:
    yield _start(reading)
    for n in range(1, length.n + 1):
        day = dates.add_months(reading.from_on, n)
        short = day.day != reading.from_on.day
        last = f"; there is no day {reading.from_on.day}, so the last of the month" if short else ""
        yield Step(date=day, counted=True, why=f"month {n}{last}")


def _hours(reading: Reading, length: Length, zone: str) -> Iterator[Step]:
    start = reading.from_at or dates.start_of_day(reading.from_on, zone)
    why = f"{reading.from_field} at {dates.local_text(start, zone)}"
    yield Step(date=reading.from_on, counted=False, why=why)
    shift = _shift(reading, zone)
    why = f"{length.n} elapsed hours end at {dates.local_text(reading.due_at, zone)}{shift}"
    yield Step(date=reading.due_on, counted=True, why=why)


def _shift(reading: Reading, zone: str) -> str:
    """A word on daylight saving where the wall clock changed on the way."""
    start = reading.from_at or dates.start_of_day(reading.from_on, zone)
    local = dates.zone_info(zone)
    before, after = start.astimezone(local), reading.due_at.astimezone(local)
    return "" if before.utcoffset() == after.utcoffset() else "; the clocks changed on the way"


def _rolled(reading: Reading) -> tuple[Step, ...]:
    if reading.due_on == reading.unrolled_on:
        return ()
    use = _use(reading, reading.roll_calendar)
    forward = reading.due_on > reading.unrolled_on
    first, last = sorted((reading.unrolled_on, reading.due_on))
    crossed = sorted(_each(first, last), reverse=not forward)
    return tuple(_roll_step(day, use, reading) for day in crossed)


def _roll_step(day: date, use: CalendarUse | None, reading: Reading) -> Step:
    if day == reading.due_on:
        why = f"{_DAYS[day.weekday()]}, rolled {reading.roll} by {reading.roll_calendar}"
        return Step(date=day, counted=False, why=why)
    return Step(date=day, counted=False, why=f"rolled over: {why_closed(day, use)}")


def safe_words(reading: Reading, *calendars: str) -> tuple[str, ...]:
    """How ``act_by`` follows from the candidates, one line for each that pulls it.

    ``calendars``: those it is moved back by, one after the other.
    """
    uses = [_use(reading, name) for name in calendars]
    named = (
        (_own(reading), reading.safe_on),
        ("the letter's date", reading.stated_due_on),
        ("the law's date", reading.law_by),
    )
    return tuple(_safe_line(name, day, uses) for name, day in named if day is not None)


def _own(reading: Reading) -> str:
    """Our own reading, and its start where that is not the rule's."""
    if reading.safe_from_on == reading.from_on:
        return "our own reading"
    return f"our own reading, from {reading.safe_from_on}:"


def _safe_line(name: str, day: date, uses: Iterable[CalendarUse | None]) -> str:
    moved, crossed = day, []
    for use in uses:
        while (closed := why_closed(moved, use)) is not None:
            crossed.append(f"{moved} {closed}")
            moved -= timedelta(days=1)
    if not crossed:
        return f"{name} {day}"
    return f"{name} {day}, moved back to {moved} ({', '.join(crossed)})"
