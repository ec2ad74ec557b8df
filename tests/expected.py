"""A plain model of deadlines and their warnings, worked out day by day as a person would.

It knows the counting rules, the calendar's closed days and the time zone, and nothing of casetrack.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

from casetrack.catalog import calendars

LOCAL = ZoneInfo("America/Chicago")
HOME = calendars.load("illinois-state")
OPEN_DAYS = np.busdaycalendar(holidays=[np.datetime64(day.date) for day in HOME.days])
ONE_DAY = timedelta(days=1)
LADDERS = {
    "ours": ("20bd", "10bd", "5bd", "3bd", "2bd", "1bd", "0bd"),
    "planned": ("1bd", "0bd"),
    "theirs": ("2bd", "0bd"),
    "hours": ("24h", "8h", "2h"),
}
Warned = tuple[str, frozenset[str], datetime, date, datetime]


@cache
def local(day: date, at: time = time()) -> datetime:
    return datetime.combine(day, at, LOCAL).astimezone(UTC)


def local_day(at: datetime) -> date:
    return at.astimezone(LOCAL).date()


@cache
def is_open(day: date) -> bool:
    return bool(np.is_busday(np.datetime64(day), busdaycal=OPEN_DAYS))


def business(day: date, n: int) -> date:
    """The n-th business day strictly after; n = 0: the day itself."""
    while n:
        day += ONE_DAY
        n -= is_open(day)
    return day


def back(day: date) -> date:
    """The last business day on or before."""
    while not is_open(day):
        day -= ONE_DAY
    return day


def business_between(a: date, b: date) -> int:
    """The business days in (a, b]."""
    return sum(is_open(a + timedelta(days=n)) for n in range(1, (b - a).days + 1))


class Expected:
    """One deadline, and the warnings that are to be recorded of it.

    ``unit``: what its clock counts, ``bd`` or ``d``. ``law``: the law's own date.
    """

    def __init__(self, kind: str, due_on: date, law: date | None = None, unit: str = "d") -> None:
        self.kind, self.unit, self.law = kind, unit, law
        self.live = True
        self.changed = self.extended = False
        self.tolled_on: date | None = None
        self.sent: set[str] = set()
        self.told: set[tuple[str, datetime]] = set()
        self.log: list[Warned] = []
        self._set(due_on)

    def _set(self, due_on: date, due_at: datetime | None = None) -> None:
        self.due_on = due_on
        self.due_at = due_at or local(due_on + ONE_DAY) - timedelta(seconds=1)
        read = [day for day in (due_on, self.law) if day is not None]
        moved = self.kind in ("ours", "planned")
        self.act_by = min(back(day) for day in read) if moved else min(read)

    # What happens to it

    def move(self, due_on: date, now: datetime, due_at: datetime | None = None) -> None:
        """A rung that was sent counts if its day has passed, or its moment stays as it was."""
        old, today = self.come(now), local_day(now)
        self._set(due_on, due_at)
        self.sent &= {
            name
            for name, at in self.come(now).items()
            if name.endswith("h") or at == old.get(name) or local_day(at) < today
        }

    def expedite(self, at: datetime) -> None:
        """72 hours from the request, the law's 24 beside it; where its own day is earlier, that."""
        assert self.law is not None
        self.law = min(self.law, local_day(at + timedelta(hours=24)))
        asked = at + timedelta(hours=72)
        if asked < self.due_at:
            self.kind = "hours"
            self.move(local_day(asked), at, asked)
        else:
            self.move(self.due_on, at)

    def resume(self, on: date, now: datetime) -> None:
        """What remained when it was stopped, counted on from the day on which it runs again."""
        assert self.tolled_on is not None
        if self.unit == "bd":
            due = business(on, business_between(self.tolled_on, self.due_on))
        else:
            due = on + max(self.due_on - self.tolled_on, timedelta())
        self.tolled_on = None
        self.move(due, now)

    # Its warnings

    def come(self, now: datetime) -> dict[str, datetime]:
        found = {name: self.before(name) for name in LADDERS[self.kind]} | dict(self.after(now))
        return {name: at for name, at in found.items() if at <= now}

    def before(self, name: str) -> datetime:
        if name.endswith("h"):
            return self.due_at - timedelta(hours=int(name[:-1]))
        day, left = self.act_by, int(name[:-2])
        while left:
            day -= ONE_DAY
            left -= is_open(day)
        return local(day)

    def after(self, now: datetime) -> Iterator[tuple[str, datetime]]:
        start = self.act_by if self.kind == "ours" else self.due_on
        day, opened, weekly = start, 0, None
        while self.kind != "planned" and local(day + ONE_DAY) <= now:
            day += ONE_DAY
            opened += is_open(day)
            chased = is_open(day) and opened in {1, 3, 5}
            if self.kind == "ours" or chased or (weekly and (day - weekly).days % 7 == 0):
                yield f"+{(day - start).days}d", local(day)
            if chased and opened == 5:
                weekly = day

    def run(self, now: datetime) -> None:
        """A run of cron: the most urgent that has come is sent, now; the rest folds into it."""
        if not self.live or self.tolled_on is not None:
            return
        fresh = sorted((at, n) for n, at in self.come(now).items() if n not in self.sent)
        known = [number for number, (at, n) in enumerate(fresh, 1) if (n, at) in self.told]
        fresh = fresh[max(known, default=0) :]
        if fresh:
            at, name = fresh[-1]
            self.log.append((name, frozenset(n for _, n in fresh[:-1]), at, self.act_by, now))
            self.told.add((name, at))
            self.sent |= {n for _, n in fresh}
