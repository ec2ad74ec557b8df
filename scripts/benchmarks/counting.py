"""Counting business days, against numpy on a scalar and against the holidays package."""

import random
from collections import deque
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from itertools import cycle, islice, repeat

import holidays
import numpy as np

from casetrack.catalog import calendars
from casetrack.domain.calendar import Calendar
from scripts.benchmarks.measure import compared, of
from scripts.benchmarks.rows import Family, Row, Sizes, timed

Work = Callable[[], object]


def some_days(calendar: Calendar, count: int) -> list[date]:
    """Days of the calendar's first ten years, always the same ones."""
    chance = random.Random(20261124)  # noqa: S311  # no secret depends on it
    return [calendar.first + timedelta(days=chance.randrange(3650)) for _ in range(count)]


def prepared(calendar: Calendar) -> np.busdaycalendar:
    return np.busdaycalendar(holidays=[day.date for day in calendar.days])


def against_numpy(sizes: Sizes) -> Iterator[Row]:
    calendar = calendars.load("illinois-state")
    days = some_days(calendar, 2000) * 10
    scalars = [np.datetime64(day) for day in days]
    offset = partial(np.busday_offset, roll="backward", busdaycal=prepared(calendar))

    def ours(n: int) -> Work:
        return lambda: deque(map(calendar.add_business_days, days, repeat(n)), maxlen=0)

    def theirs(n: int) -> Work:
        return lambda: deque(map(offset, scalars, repeat(n)), maxlen=0)

    for n in (1, 250):
        found = compared(of(ours(n)), of(theirs(n)), sizes.rounds)
        yield timed(f"`add_business_days`, n = {n}", "`numpy.busday_offset`, scalar", 0.1, found)
    found = compared(of(ours(250)), of(ours(1)), sizes.rounds)
    yield timed("`add_business_days`, n = 250", "the same, n = 1", 1.2, found)


def against_holidays(sizes: Sizes) -> Iterator[Row]:
    """Every n from 1 to 250 once, the holidays of each year worked out beforehand."""
    calendar = calendars.load("illinois-state")
    days, counts = some_days(calendar, 250), range(1, 251)
    years = range(calendar.first.year, calendar.first.year + 13)
    theirs = holidays.country_holidays("US", subdiv="IL", years=years)
    many = list(islice(cycle(zip(days, counts, strict=True)), 100 * len(days)))

    def our_work() -> None:
        for day, n in many:
            calendar.add_business_days(day, n)

    def their_work() -> None:
        for day, n in many[: len(days)]:
            theirs.get_nth_working_day(day, n)

    found = compared(of(our_work), of(their_work), sizes.rounds)
    found = type(found)(found.cpu / 100, found.wall / 100)
    reference = "`holidays` `get_nth_working_day`"
    yield timed("`add_business_days`, n = 1 to 250", reference, 1 / 200, found)


BENCHES: Family = {"days-numpy": against_numpy, "days-holidays": against_holidays}
