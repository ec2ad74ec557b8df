"""Counting against two oracles that share no code with it: numpy and QuantLib.

Both are called as the counting rules say: numpy rolls backward for n > 0 and forward for n < 0,
and the arguments of a difference are swapped when b is before a.
Neither has a horizon, so an oracle's answer outside it is one that has to be refused.
"""

import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from casetrack.catalog.calendars import load
from casetrack.domain.calendar import Calendar, ClosedDay
from casetrack.errors import BeyondHorizon

IDS = ["illinois-state", "illinois-statutory", "us-federal"]
FIRST, LAST = date(2019, 1, 1), date(2036, 12, 31)
FOLDER = Path(__file__).parents[2] / "calendars"


def pairs_each() -> int:
    """How many pairs a calendar is asked, per oracle and function."""
    return 35_000 if os.environ.get("CASETRACK_FULL") == "1" else 3_500


def listed(id: str) -> list[date]:
    document = tomllib.loads((FOLDER / f"{id}.toml").read_text(encoding="utf-8"))
    return [day["date"] for day in document["days"]]


def random_days(rng: np.random.Generator, count: int) -> list[date]:
    offsets = rng.integers(0, (LAST - FIRST).days + 1, count)
    return [FIRST + timedelta(int(offset)) for offset in offsets]


def random_steps(rng: np.random.Generator, count: int) -> list[int]:
    """Mostly the lengths that rules have, some that lead out of the horizon."""
    steps = np.where(
        rng.random(count) < 0.8, rng.integers(-30, 31, count), rng.integers(-900, 901, count)
    )
    return [int(step) for step in steps]


def inside(day: date) -> date | None:
    return day if FIRST <= day <= LAST else None


def answered(calendar: Calendar, day: date, n: int) -> date | None:
    try:
        return calendar.add_business_days(day, n)
    except BeyondHorizon:
        return None


def differences(calendar: Calendar, asked: Iterator[tuple[date, int, date]]) -> list[object]:
    """The questions whose answer, or refusal, is not the oracle's."""
    return [
        (day, n, oracle) for day, n, oracle in asked if answered(calendar, day, n) != inside(oracle)
    ]


@dataclass(frozen=True)
class Numpy:
    calendar: np.busdaycalendar

    def add(self, day: date, n: int) -> date:
        roll: Literal["forward", "backward"] = "forward" if n < 0 else "backward"
        return as_date(np.busday_offset(day, n, roll=roll, busdaycal=self.calendar))

    def adds(self, days: list[date], steps: list[int]) -> list[date]:
        start, n = np.array(days, "datetime64[D]"), np.array(steps)
        back = np.busday_offset(start, np.minimum(n, 0), roll="forward", busdaycal=self.calendar)
        on = np.busday_offset(start, np.maximum(n, 0), roll="backward", busdaycal=self.calendar)
        return [as_date(day) for day in np.where(n < 0, back, on)]

    def between(self, a: list[date], b: list[date]) -> list[int]:
        """Numpy counts the first day and leaves out the last: both are moved on by one."""
        low, high = np.minimum(days_of(a), days_of(b)), np.maximum(days_of(a), days_of(b))
        counts = np.busday_count(low + 1, high + 1, busdaycal=self.calendar)
        return [int(count) for count in np.where(days_of(b) < days_of(a), -counts, counts)]


def days_of(days: list[date]) -> NDArray[np.datetime64]:
    return np.array(days, "datetime64[D]")


def as_date(day: np.datetime64) -> date:
    return date.fromisoformat(str(day))


def numpy_for(id: str) -> Numpy:
    return Numpy(np.busdaycalendar(holidays=[np.datetime64(day) for day in listed(id)]))


@dataclass(frozen=True)
class Quant:
    calendar: Any

    def add(self, day: date, n: int) -> date:
        """The convention speaks for n = 0 alone."""
        start = QuantLib.Date.from_date(day)
        moved = self.calendar.advance(start, n, QuantLib.Days, QuantLib.Preceding)
        return date.fromordinal(moved.serialNumber() + EPOCH)

    def between(self, a: date, b: date) -> int:
        if b < a:
            return -self.between(b, a)
        ends = QuantLib.Date.from_date(a), QuantLib.Date.from_date(b)
        return int(self.calendar.businessDaysBetween(*ends, False, True))


EPOCH = date(1899, 12, 30).toordinal()


def quantlib_for(id: str) -> Quant:
    calendar = QuantLib.BespokeCalendar(id)
    for weekday in (QuantLib.Saturday, QuantLib.Sunday):
        calendar.addWeekend(weekday)
    for day in listed(id):
        calendar.addHoliday(QuantLib.Date.from_date(day))
    return Quant(calendar)


@pytest.mark.parametrize("id", IDS)
def test_counting_is_numpys(id: str) -> None:
    rng = np.random.default_rng(70_111)
    days, steps = random_days(rng, pairs_each()), random_steps(rng, pairs_each())
    expected = numpy_for(id).adds(days, steps)
    assert differences(load(id), zip(days, steps, expected, strict=True)) == []


@pytest.mark.parametrize("id", IDS)
def test_counting_is_quantlibs(id: str) -> None:
    rng = np.random.default_rng(70_112)
    days, steps = random_days(rng, pairs_each()), random_steps(rng, pairs_each())
    oracle = quantlib_for(id)
    expected = [oracle.add(day, n) for day, n in zip(days, steps, strict=True)]
    assert differences(load(id), zip(days, steps, expected, strict=True)) == []


@pytest.mark.parametrize("id", IDS)
def test_differences_are_numpys(id: str) -> None:
    rng = np.random.default_rng(70_113)
    a, b = random_days(rng, pairs_each()), random_days(rng, pairs_each())
    calendar = load(id)
    counted = [calendar.business_days_between(*pair) for pair in zip(a, b, strict=True)]
    assert counted == numpy_for(id).between(a, b)


@pytest.mark.parametrize("id", IDS)
def test_differences_are_quantlibs(id: str) -> None:
    rng = np.random.default_rng(70_114)
    a = random_days(rng, pairs_each())
    b = [day + timedelta(int(n)) for day, n in zip(a, rng.integers(-90, 91, len(a)), strict=True)]
    pairs = [pair for pair in zip(a, b, strict=True) if inside(pair[1])]
    calendar, oracle = load(id), quantlib_for(id)
    assert len(pairs) > 0.98 * pairs_each()
    assert [calendar.business_days_between(*p) for p in pairs] == [
        oracle.between(*p) for p in pairs
    ]


@pytest.mark.parametrize("id", IDS)
def test_every_day_of_the_horizon_is_open_or_closed_as_for_numpy(id: str) -> None:
    days = [FIRST + timedelta(n) for n in range((LAST - FIRST).days + 1)]
    calendar, oracle = load(id), numpy_for(id).calendar
    is_open = np.is_busday(days_of(days), busdaycal=oracle)
    assert [calendar.is_business_day(day) for day in days] == list(is_open)
    assert [calendar.why_closed(day) is None for day in days] == list(is_open)


@pytest.mark.parametrize("id", IDS)
def test_every_day_rolls_as_for_numpy(id: str) -> None:
    first, last = date(2019, 1, 2), date(2036, 12, 31)
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    calendar, oracle = load(id), numpy_for(id).calendar
    following = np.busday_offset(days_of(days), 0, roll="forward", busdaycal=oracle)
    preceding = np.busday_offset(days_of(days), 0, roll="backward", busdaycal=oracle)
    assert [calendar.roll(day, "following") for day in days] == following.tolist()
    assert [calendar.roll(day, "preceding") for day in days] == preceding.tolist()


@given(
    id=st.sampled_from(IDS),
    day=st.dates(FIRST, FIRST + timedelta(20)) | st.dates(LAST - timedelta(20), LAST),
    n=st.integers(-25, 25) | st.integers(-4_700, 4_700),
)
def test_the_edges_of_the_horizon_refuse_where_numpy_leaves_it(id: str, day: date, n: int) -> None:
    expected = numpy_for_edges(id).add(day, n)
    assert answered(load(id), day, n) == inside(expected)


_edges = {id: numpy_for(id) for id in IDS}


def numpy_for_edges(id: str) -> Numpy:
    return _edges[id]


START = date(2026, 10, 1)
SPAN = st.integers(0, 70).map(lambda offset: START + timedelta(offset))


@given(
    weekend=st.sets(st.integers(1, 7), max_size=6),
    closed=st.sets(SPAN, max_size=12),
    day=SPAN,
    n=st.integers(-40, 40),
)
def test_any_weekend_and_any_list_count_as_for_numpy(
    weekend: set[int], closed: set[date], day: date, n: int
) -> None:
    last = START + timedelta(70)
    mask = [iso not in weekend for iso in range(1, 8)]
    oracle = Numpy(np.busdaycalendar(mask, [np.datetime64(d) for d in closed]))
    expected = oracle.add(day, n)
    calendar = Calendar(
        id="any",
        title="any",
        edition="2026-11-24",
        source="made up",
        weekend=tuple(sorted(weekend)),
        first=START,
        last=last,
        days=tuple(ClosedDay(d, "any", d, "computed", "made up") for d in sorted(closed)),
        digest="00",
    )
    assert answered(calendar, day, n) == (expected if START <= expected <= last else None)
    assert calendar.business_days_between(START, day) == oracle.between([START], [day])[0]
