"""Which warnings of a deadline have come: its ladder before ``act_by``, and what follows after.

A rung is text: ``10bd``, ``0bd`` or ``24h`` before, ``+3d`` after, in calendar days. A rung in days
is due from the start of its local day.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from msgspec import Struct

from casetrack.domain import dates
from casetrack.domain.calendar import Calendar
from casetrack.domain.clocks import parse_length
from casetrack.domain.events import Deadline
from casetrack.domain.workflow import Kind, Owner
from casetrack.errors import BeyondHorizon

_CHASED = (1, 3, 5)  # business days after ``due_on`` on which others are chased, then weekly
_WEEK = timedelta(days=7)
_SUPERVISED = 2  # business days before ``act_by`` from which a supervisor is told too


class Subject(Struct, frozen=True, kw_only=True):
    """What the warnings of an open deadline hang on; ``tolled``: its clock stands still."""

    owner: Owner
    kind: Kind
    rungs: tuple[str, ...]
    act_by: date
    due_on: date
    due_at: datetime
    sent: tuple[str, ...] = ()
    tolled: bool = False


class Rung(Struct, frozen=True):
    """A warning and the instant from which it is due."""

    name: str
    at: datetime


class Place(Struct, frozen=True, kw_only=True):
    """Where days are counted."""

    calendar: Calendar
    zone: str


def subject(
    deadline: Deadline, sent: tuple[str, ...] = (), tolled_on: date | None = None
) -> Subject:
    reading = deadline.reading
    return Subject(
        owner=deadline.owner,
        kind=deadline.kind,
        rungs=reading.rungs,
        act_by=reading.act_by,
        due_on=reading.due_on,
        due_at=reading.due_at,
        sent=sent,
        tolled=tolled_on is not None,
    )


def due(of: Subject, place: Place, now: datetime) -> tuple[Rung, ...]:
    """Every rung that has come and was not sent, the most urgent last; none of a tolled one."""
    if of.tolled:
        return ()
    sent = set(of.sent)
    return tuple(rung for rung in come(of, place, now) if rung.name not in sent)


def come(of: Subject, place: Place, now: datetime) -> tuple[Rung, ...]:
    """Every rung whose moment has come, sent or not, in the order of their moments."""
    found = [*_before(of, place), *_after(of, place, dates.local_date(now, place.zone))]
    return tuple(sorted((r for r in found if r.at <= now), key=lambda rung: rung.at))


def kept(
    sent: tuple[str, ...], before: Subject, after: Subject, place: Place, now: datetime
) -> tuple[str, ...]:
    """Of the rungs sent under earlier dates, those that count as sent under new ones.

    Those whose day under the new dates has passed, and those whose moment is the same. Also those
    of a ladder that an expedited request set aside, for when its refusal brings it back.
    """
    return tuple(name for name in sent if _stays_sent(name, before, after, place, now))


def _stays_sent(name: str, before: Subject, after: Subject, place: Place, now: datetime) -> bool:
    at = _known_moment(name, after, place)
    if at is None or at == _known_moment(name, before, place):
        return True
    if name.endswith("h"):
        return at <= now
    return dates.local_date(at, place.zone) < dates.local_date(now, place.zone)


def _known_moment(name: str, of: Subject, place: Place) -> datetime | None:
    """None where it lies before the first day that the calendar knows."""
    try:
        return moment(name, of, place)
    except BeyondHorizon:
        return None


def next_hour(of: Subject, now: datetime) -> datetime | None:
    """The next moment of a rung in hours, if one is to come."""
    if of.tolled:
        return None
    hours = (of.due_at - _hours(name) for name in of.rungs if name.endswith("h"))
    return min((at for at in hours if at > now), default=None)


def supervised(rung: str) -> bool:
    """Whether it is so late that a supervisor is told too: from two business days before."""
    return not rung.endswith("bd") or parse_length(rung).n <= _SUPERVISED


def reach(rungs: set[str], zone: str, now: datetime) -> date:
    """A day after which no open deadline's ``act_by`` can lie if something of it is due.

    Whatever the calendar: no two weeks and no month are more than half closed.
    """
    longest = max((parse_length(r).n for r in rungs if r.endswith("bd")), default=0)
    hours = max((_hours(r) for r in rungs if r.endswith("h")), default=timedelta())
    in_days = dates.local_date(now, zone) + timedelta(days=2 * longest + 14)
    return max(in_days, dates.local_date(now + hours, zone))


def moment(name: str, of: Subject, place: Place) -> datetime:
    """When a rung is due, before the deadline or after it."""
    if name.endswith("h"):
        return of.due_at - _hours(name)
    if name.startswith("+"):
        start = of.act_by if of.owner == "provider" else of.due_on
        days = timedelta(days=parse_length(name[1:]).n)
        return dates.start_of_day(start + days, place.zone)
    n = parse_length(name).n
    day = place.calendar.add_business_days(of.act_by, -n) if n else of.act_by
    return dates.start_of_day(day, place.zone)


def _hours(name: str) -> timedelta:
    return timedelta(hours=parse_length(name).n)


def _before(of: Subject, place: Place) -> Iterator[Rung]:
    for name in of.rungs:
        try:
            yield Rung(name, moment(name, of, place))
        except BeyondHorizon:
            # It lies before the first day that the calendar knows: nobody can be warned then.
            continue


def _after(of: Subject, place: Place, today: date) -> Iterator[Rung]:
    if of.kind == "planned":
        return
    start, days = (
        (of.act_by, _daily(of.act_by, today))
        if of.owner == "provider"
        else (of.due_on, _chasing(of.due_on, place.calendar, today))
    )
    for day in days:
        yield Rung(f"+{(day - start).days}d", dates.start_of_day(day, place.zone))


def _daily(start: date, today: date) -> Iterator[date]:
    for n in range(1, (today - start).days + 1):
        yield start + timedelta(days=n)


def _chasing(start: date, calendar: Calendar, today: date) -> Iterator[date]:
    day = start
    for n in _CHASED:
        if day >= today:
            return
        day = calendar.add_business_days(start, n)
        if day <= today:
            yield day
    while (day := day + _WEEK) <= today:
        yield day
