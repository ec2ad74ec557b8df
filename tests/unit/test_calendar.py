"""A calendar counts, rolls and explains; beyond its horizon it refuses."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, cast

import pytest

from casetrack.catalog.calendars import load
from casetrack.domain.calendar import Calendar, ClosedDay, RollRule
from casetrack.errors import BeyondHorizon

Asked = Callable[[Calendar, date], object]

THANKSGIVING = ClosedDay(
    date(2026, 11, 26), "Thanksgiving Day", date(2026, 11, 26), "official", "a list"
)
SATURDAYS = ClosedDay(date(2026, 11, 28), "Bank Day", date(2026, 11, 28), "computed", "a list")
MOVED = ClosedDay(date(2026, 11, 30), "Founders' Day", date(2026, 11, 29), "computed", "a list")


def november(first: int = 14, last: int = 30) -> Calendar:
    """From Saturday the 14th to Monday the 30th, the 26th and the 30th closed.

    Its business days are 16 17 18 19 20, 23 24 25, 27.
    """
    return Calendar(
        id="november",
        title="November 2026",
        edition="2026-11-24",
        source="a list",
        weekend=(6, 7),
        first=date(2026, 11, first),
        last=date(2026, 11, last),
        days=(THANKSGIVING, SATURDAYS, MOVED),
        digest="00",
    )


def day(number: int) -> date:
    return date(2026, 11, number)


@pytest.mark.parametrize(("number", "is_open"), [(16, True), (21, False), (26, False), (27, True)])
def test_a_business_day_is_neither_weekend_nor_listed(number: int, is_open: bool) -> None:
    assert november().is_business_day(day(number)) is is_open


@pytest.mark.parametrize(
    ("start", "n", "answer"),
    [
        (20, 1, 23),
        (21, 1, 23),
        (22, 1, 23),
        (25, 1, 27),
        (25, 2, None),
        (16, 8, 27),
        (14, 1, 16),
        (14, 9, 27),
        (14, 10, None),
        (23, -1, 20),
        (22, -1, 20),
        (21, -1, 20),
        (30, -1, 27),
        (30, -9, 16),
        (30, -10, None),
        (16, -1, None),
        (14, -1, None),
        (23, 0, 23),
        (22, 0, 20),
        (26, 0, 25),
        (30, 0, 27),
        (16, 0, 16),
        (15, 0, None),
        (14, 0, None),
        (30, 1, None),
        (20, 10**30, None),
        (20, -(10**30), None),
    ],
)
def test_business_days_are_counted_strictly_after_or_before(
    start: int, n: int, answer: int | None
) -> None:
    if answer is None:
        with pytest.raises(BeyondHorizon):
            november().add_business_days(day(start), n)
    else:
        assert november().add_business_days(day(start), n) == day(answer)


@pytest.mark.parametrize(
    ("start", "rule", "answer"),
    [
        (26, "none", 26),
        (26, "following", 27),
        (26, "preceding", 25),
        (24, "following", 24),
        (24, "preceding", 24),
        (14, "none", 14),
        (14, "following", 16),
        (14, "preceding", None),
        (15, "preceding", None),
        (30, "none", 30),
        (30, "preceding", 27),
        (28, "following", None),
        (30, "following", None),
    ],
)
def test_a_roll_takes_the_nearest_business_day_that_way(
    start: int, rule: RollRule, answer: int | None
) -> None:
    if answer is None:
        with pytest.raises(BeyondHorizon):
            november().roll(day(start), rule)
    else:
        assert november().roll(day(start), rule) == day(answer)


def test_a_rule_that_is_not_one_is_no_roll() -> None:
    with pytest.raises(ValueError, match="unknown roll rule 'nearest'"):
        november().roll(day(26), cast("RollRule", "nearest"))


@pytest.mark.parametrize(
    ("a", "b", "count"),
    [(20, 23, 1), (20, 20, 0), (20, 22, 0), (21, 27, 4), (14, 30, 9), (16, 30, 8), (27, 30, 0)],
)
def test_days_between_leave_out_the_first_and_count_the_last(a: int, b: int, count: int) -> None:
    assert november().business_days_between(day(a), day(b)) == count
    assert november().business_days_between(day(b), day(a)) == -count


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (20, None),
        (21, "Saturday"),
        (22, "Sunday"),
        (26, "Thanksgiving Day (official)"),
        (28, "Saturday"),
        (30, "Founders' Day, observed (computed)"),
    ],
)
def test_a_closed_day_says_why(number: int, reason: str | None) -> None:
    assert november().why_closed(day(number)) == reason


@pytest.mark.parametrize(
    ("first", "last", "listed"),
    [
        (14, 30, (THANKSGIVING, MOVED)),
        (26, 26, (THANKSGIVING,)),
        (26, 29, (THANKSGIVING,)),
        (27, 30, (MOVED,)),
        (14, 25, ()),
        (27, 29, ()),
        (30, 26, ()),
    ],
)
def test_listed_weekdays_are_found_with_both_ends(
    first: int, last: int, listed: tuple[ClosedDay, ...]
) -> None:
    assert november().closed_weekdays_between(day(first), day(last)) == listed


EVERY_QUESTION: list[Asked] = [
    lambda calendar, asked: calendar.is_business_day(asked),
    lambda calendar, asked: calendar.roll(asked, "none"),
    lambda calendar, asked: calendar.roll(asked, "following"),
    lambda calendar, asked: calendar.roll(asked, "preceding"),
    lambda calendar, asked: calendar.add_business_days(asked, 1),
    lambda calendar, asked: calendar.add_business_days(asked, 0),
    lambda calendar, asked: calendar.add_business_days(asked, -1),
    lambda calendar, asked: calendar.business_days_between(asked, day(18)),
    lambda calendar, asked: calendar.business_days_between(day(18), asked),
    lambda calendar, asked: calendar.why_closed(asked),
    lambda calendar, asked: calendar.closed_weekdays_between(asked, day(18)),
    lambda calendar, asked: calendar.closed_weekdays_between(day(18), asked),
]


@pytest.mark.parametrize("ask", EVERY_QUESTION)
@pytest.mark.parametrize("asked", [day(16), day(20), date.min, date.max, date(2025, 11, 18)])
def test_no_question_is_answered_beyond_the_horizon(ask: Asked, asked: date) -> None:
    with pytest.raises(BeyondHorizon) as refused:
        ask(november(first=17, last=19), asked)
    assert refused.value.message == (
        f"{asked.isoformat()} is beyond the horizon of calendar november (edition 2026-11-24),"
        " 2026-11-17 to 2026-11-19:"
        " take a nearer day, or an edition of the calendar that reaches further"
    )


@pytest.mark.parametrize("ask", EVERY_QUESTION)
@pytest.mark.parametrize(
    "asked", [datetime(2026, 11, 18, 10, tzinfo=UTC), datetime.fromisoformat("2026-11-18T00:00:00")]
)
def test_an_instant_is_no_day(ask: Asked, asked: datetime) -> None:
    with pytest.raises(TypeError, match="give a plain date, not datetime"):
        ask(november(), asked)


def test_the_first_and_last_day_are_inside() -> None:
    calendar = november(first=16, last=20)
    assert calendar.is_business_day(day(16))
    assert calendar.is_business_day(day(20))
    assert calendar.add_business_days(day(16), 4) == day(20)
    assert calendar.add_business_days(day(20), -4) == day(16)
    assert calendar.business_days_between(day(16), day(20)) == 4
    assert calendar.roll(day(16), "preceding") == day(16)
    assert calendar.roll(day(20), "following") == day(20)
    assert calendar.why_closed(day(20)) is None


def test_an_answer_beyond_says_from_where_it_was_counted() -> None:
    with pytest.raises(
        BeyondHorizon, match=r"^2026-11-20 leads beyond the horizon of calendar nov"
    ):
        november().add_business_days(day(20), 250)


def test_calendars_of_one_definition_are_equal_and_frozen() -> None:
    assert november() == november()
    assert november() != november(last=29)
    frozen: Any = november()
    with pytest.raises(AttributeError):
        frozen.last = day(29)


@pytest.mark.parametrize(
    ("start", "n", "answer"),
    [
        ("2026-11-24", 5, "2026-12-03"),
        ("2026-11-24", 14, "2026-12-16"),
        ("2026-11-25", 1, "2026-11-30"),
        ("2026-11-25", 5, "2026-12-04"),
        ("2026-11-30", -1, "2026-11-25"),
        ("2026-11-30", -2, "2026-11-24"),
        ("2026-11-08", 0, "2026-11-06"),
        ("2026-11-03", 0, "2026-11-02"),
        ("2026-12-10", 11, "2026-12-28"),
    ],
)
def test_worked_examples_by_state_offices(start: str, n: int, answer: str) -> None:
    offices = load("illinois-state")
    counted = offices.add_business_days(date.fromisoformat(start), n)
    assert counted == date.fromisoformat(answer)


def test_what_remained_when_the_count_was_tolled() -> None:
    offices = load("illinois-state")
    assert offices.business_days_between(date(2026, 12, 1), date(2026, 12, 16)) == 11


def test_worked_examples_of_the_statutory_roll() -> None:
    statutory, offices = load("illinois-statutory"), load("illinois-state")
    assert statutory.roll(date(2027, 2, 28), "following") == date(2027, 3, 2)
    assert offices.roll(date(2027, 2, 28), "preceding") == date(2027, 2, 26)
    assert statutory.roll(date(2026, 4, 3), "following") == date(2026, 4, 6)
    assert offices.roll(date(2026, 4, 3), "preceding") == date(2026, 4, 3)
