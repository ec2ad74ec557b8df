"""From a clock to dates: every count, roll and safe reading of a deadline.

The trigger's day is never counted. Hours are elapsed hours. ``due_on`` is the rule's own date,
``law_by`` the law's, ``act_by`` the earliest safe reading of both: for what we must do, moved back
to a business day; for what others owe us, the day to chase.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from casetrack.domain import dates
from casetrack.domain.calendar import Calendar
from casetrack.domain.events import CalendarUse, Closed, Reading
from casetrack.domain.workflow import Clock, Law, Roll, Workflow
from casetrack.errors import Refused, Unparsable

Unit = Literal["bd", "d", "w", "mo", "h"]
Calendars = Mapping[str, Calendar]
Span = tuple[Calendar, date, date]

LENGTH = re.compile(r"([0-9]{1,4})(bd|d|w|mo|h)", re.ASCII)
_STATUTORY = ("20bd", "10bd", "5bd", "3bd", "2bd", "1bd", "0bd")
_PLANNED = ("1bd", "0bd")
_THEIRS = ("2bd", "0bd")
HOUR_RUNGS = ("24h", "8h", "2h")


class Length(Struct, frozen=True):
    """So many business days, calendar days, weeks, calendar months or elapsed hours."""

    n: int
    unit: Unit


class Basis(Struct, frozen=True, kw_only=True):
    """What is counted from: a day, its instant when known, and the fact it came from.

    ``safe_from``: the earlier day that our own reading counts from, where ``on`` is presumed.
    """

    on: date
    at: datetime | None
    field: str
    stated_due_on: date | None = None
    until: date | None = None
    safe_from: date | None = None


def parse_length(text: str) -> Length:
    """``14bd``, ``65d``, ``6w``, ``4mo`` or ``72h``."""
    found = LENGTH.fullmatch(text)
    if not found:
        raise Unparsable("not a length; write it as 14bd, 65d, 6w, 4mo or 72h")
    unit: Unit = found[2]  # type: ignore[assignment]  # the pattern admits only units
    return Length(int(found[1]), unit)


def count(start: date, length: Length, calendar: Calendar) -> date:
    """The last day of a length in days, weeks of seven days, or months, before any roll."""
    if length.unit == "bd":
        return calendar.add_business_days(start, length.n)
    if length.unit == "mo":
        return dates.add_months(start, length.n)
    return start + timedelta(days=length.n * (7 if length.unit == "w" else 1))


class Frame(Struct, frozen=True, kw_only=True):
    """Where a clock runs: the zone, the calendar of its business days, and the others by id.

    ``office``: the calendar of the days on which we can act, where it is another one.
    """

    zone: str
    home: Calendar
    calendars: Calendars
    office: Calendar | None = None

    @property
    def open_days(self) -> Calendar:
        return self.office or self.home


def frame(workflow: Workflow, calendars: Calendars) -> Frame:
    return Frame(
        zone=workflow.zone,
        home=calendars[workflow.calendar],
        calendars=calendars,
        office=calendars[workflow.office] if workflow.office else None,
    )


def read(clock: Clock, frame: Frame, basis: Basis) -> Reading:
    """A clock's dates, with the calendar days that mattered to them.

    Raises ``BeyondHorizon`` where a calendar is not sure of a day, ``Refused`` where a clock in
    hours has no instant to start from.
    """
    if basis.until is not None:
        reading = _stated(clock, frame.zone, basis, basis.until)
        spans: list[Span] = []
    else:
        reading, spans = _counted(clock, frame, basis)
    reading = _beside_law(reading, clock.law, frame)
    return settled(clock, reading, frame, spans)


def settled(clock: Clock, reading: Reading, frame: Frame, spans: Iterable[Span]) -> Reading:
    """With ``act_by``, and the days of every calendar that the dates rest on."""
    act_by, crossed = _act_by(clock, reading, frame)
    return replace(reading, act_by=act_by, calendars=_uses([*spans, *crossed]))


def _stated(clock: Clock, zone: str, basis: Basis, until: date) -> Reading:
    return _day_reading(clock, zone, basis, clock.until or "", until, until)


def _counted(clock: Clock, frame: Frame, basis: Basis) -> tuple[Reading, list[Span]]:
    length = parse_length(clock.length or "")
    if length.unit == "h":
        return _hour_reading(clock, frame.zone, basis, length), []
    unrolled = count(basis.on, length, frame.home)
    spans: list[Span] = []
    if length.unit == "bd":
        spans.append((frame.home, basis.on + timedelta(days=1), unrolled))
    due = unrolled
    if clock.roll != "none" and clock.roll_calendar:
        due, span = rolled(unrolled, clock.roll, frame.calendars[clock.roll_calendar])
        spans.append(span)
    reading = _day_reading(clock, frame.zone, basis, clock.length or "", unrolled, due)
    if basis.safe_from is not None and basis.safe_from != basis.on:
        reading, crossed = _safely(reading, basis.safe_from, length, frame.home)
        spans += crossed
    return reading, spans


def _safely(
    reading: Reading, start: date, length: Length, home: Calendar
) -> tuple[Reading, list[Span]]:
    """With our own reading, which counts from an earlier day than the rule does."""
    safe_on = count(start, length, home)
    spans = [(home, start + timedelta(days=1), safe_on)] if length.unit == "bd" else []
    return replace(reading, safe_from_on=start, safe_on=safe_on), spans


def rolled(day: date, roll: Roll, calendar: Calendar) -> tuple[date, Span]:
    """The day after the roll, and the days it crossed."""
    due = calendar.roll(day, roll)
    return due, (calendar, min(day, due), max(day, due))


def _day_reading(
    clock: Clock, zone: str, basis: Basis, length: str, unrolled: date, due: date
) -> Reading:
    return Reading(
        length=length,
        from_on=basis.on,
        from_at=basis.at,
        from_field=basis.field,
        roll=clock.roll,
        roll_calendar=clock.roll_calendar,
        unrolled_on=unrolled,
        due_on=due,
        due_at=last_moment(clock, due, zone),
        safe_from_on=basis.on,
        safe_on=unrolled,
        stated_due_on=basis.stated_due_on,
        law_from_on=None,
        law_from_at=None,
        law_from_field=None,
        law_length=None,
        law_at=None,
        law_by=None,
        act_by=unrolled,
        rungs=clock.rungs or default_rungs(clock),
        calendars=(),
    )


def last_moment(clock: Clock, day: date, zone: str) -> datetime:
    """The last moment on time if that is the last day: its end, or the clock's cut-off."""
    if clock.cut_off is None:
        return dates.end_of_day(day, zone)
    return dates.wall_time(day, clock.cut_off, zone)


def _hour_reading(clock: Clock, zone: str, basis: Basis, length: Length) -> Reading:
    if basis.at is None:
        raise Refused(
            f"{clock.title} runs in hours from an instant; a day is not enough, give its time"
        )
    due_at = basis.at + timedelta(hours=length.n)
    due = dates.local_date(due_at, zone)
    day = _day_reading(clock, zone, basis, clock.length or "", due, due)
    return replace(day, due_at=due_at, rungs=clock.rungs or HOUR_RUNGS)


def default_rungs(clock: Clock) -> tuple[str, ...]:
    """The ladder where the workflow names none."""
    if clock.owner != "provider":
        return _THEIRS
    return _PLANNED if clock.kind == "planned" else _STATUTORY


def _beside_law(reading: Reading, law: Law | None, frame: Frame) -> Reading:
    if law is None or law.length is None:
        return reading
    length = parse_length(law.length)
    if length.unit == "h":
        start = reading.from_at or dates.start_of_day(reading.from_on, frame.zone)
        law_at = start + timedelta(hours=length.n)
        law_by = dates.local_date(law_at, frame.zone)
    else:
        law_by = count(reading.from_on, length, frame.home)
        law_at = dates.end_of_day(law_by, frame.zone)
    return replace(
        reading,
        law_from_on=reading.from_on,
        law_from_at=reading.from_at,
        law_from_field=reading.from_field,
        law_length=law.length,
        law_at=law_at,
        law_by=law_by,
    )


def _act_by(clock: Clock, reading: Reading, frame: Frame) -> tuple[date, list[Span]]:
    if clock.opens:
        return opening(reading), []
    if clock.owner != "provider" or runs_in_hours(reading):
        return min(d for d in (reading.due_on, reading.law_by) if d), []
    safe_on = min(reading.safe_on, reading.due_on)
    known = [d for d in (safe_on, reading.stated_due_on, reading.law_by) if d]
    moved = [_moved_back(day, frame) for day in known]
    return min(day for day, _ in moved), [span for _, spans in moved for span in spans]


def _moved_back(day: date, frame: Frame) -> tuple[date, list[Span]]:
    """The last day up to that one on which we can act, and the days crossed by each calendar."""
    moved, span = rolled(day, "preceding", frame.home)
    if frame.office is None:
        return moved, [span]
    open_on, own = rolled(moved, "preceding", frame.office)
    return open_on, [span, own]


def opening(reading: Reading) -> date:
    """The first day on which a right is open that opens once the deadline has passed."""
    return reading.due_on if runs_in_hours(reading) else reading.due_on + timedelta(days=1)


def ends_within_day(reading: Reading) -> bool:
    """Whether the last moment on time may lie before the end of the last day.

    A cut-off is a whole minute; a day ends with its 59th second.
    """
    return runs_in_hours(reading) or reading.due_at.second == 0


def runs_in_hours(reading: Reading) -> bool:
    """Whether the date came from elapsed hours; a stated date has its field's name as length."""
    found = LENGTH.fullmatch(reading.length)
    return found is not None and found[2] == "h"


def _uses(spans: Iterable[Span]) -> tuple[CalendarUse, ...]:
    days: dict[str, dict[date, str]] = {}
    calendars: dict[str, Calendar] = {}
    for calendar, first, last in spans:
        calendars[calendar.id] = calendar
        found = {d.date: d.name for d in calendar.closed_weekdays_between(first, last)}
        days.setdefault(calendar.id, {}).update(found)
    return tuple(_use(calendars[name], days[name]) for name in sorted(days))


def _use(calendar: Calendar, days: Mapping[date, str]) -> CalendarUse:
    return CalendarUse(
        id=calendar.id,
        edition=calendar.edition,
        digest=calendar.digest,
        weekend=tuple(calendar.weekend),
        closed=tuple(Closed(date=day, name=days[day]) for day in sorted(days)),
    )
