"""The calendar files: what they list, who wrote them, and what makes one unusable."""

import subprocess
import sys
import tomllib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from casetrack.catalog import calendars
from casetrack.errors import BadDefinition, UnknownName

ROOT = Path(__file__).parents[2]
IDS = ["illinois-state", "illinois-statutory", "us-federal"]
YEARS = range(2019, 2037)

BY_HAND = {
    ("illinois-state", 2019): "01-01 01-21 02-12 02-18 05-27 07-04 09-02 10-14 11-11 11-28 11-29"
    " 12-25",
    ("illinois-state", 2022): "01-17 02-11 02-21 05-30 07-04 09-05 10-10 11-08 11-11 11-24 11-25"
    " 12-26",
    ("illinois-state", 2025): "01-01 01-20 02-12 02-17 05-26 06-19 07-04 09-01 10-13 11-11 11-27"
    " 11-28 12-25",
    ("illinois-state", 2026): "01-01 01-19 02-12 02-16 05-25 06-19 07-03 09-07 10-12 11-03 11-11"
    " 11-26 11-27 12-25",
    ("illinois-state", 2027): "01-01 01-18 02-12 02-15 05-31 07-05 09-06 10-11 11-11 11-25 11-26"
    " 12-24 12-31",
    ("illinois-statutory", 2026): "01-01 01-19 02-12 02-16 03-02 04-03 05-25 06-19 07-04 09-07"
    " 10-12 11-03 11-11 11-26 12-25",
    ("illinois-statutory", 2027): "01-01 01-18 02-12 02-15 03-01 03-26 05-31 06-19 07-04 09-06"
    " 10-11 11-11 11-25 12-25",
    ("us-federal", 2019): "01-01 01-21 02-18 05-27 07-04 09-02 10-14 11-11 11-28 12-25",
    ("us-federal", 2021): "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31",
    ("us-federal", 2022): "01-17 02-21 05-30 06-20 07-04 09-05 10-10 11-11 11-24 12-26",
    ("us-federal", 2023): "01-02 01-16 02-20 05-29 06-19 07-04 09-04 10-09 11-10 11-23 12-25",
    ("us-federal", 2024): "01-01 01-15 02-19 05-27 06-19 07-04 09-02 10-14 11-11 11-28 12-25",
    ("us-federal", 2025): "01-01 01-20 02-17 05-26 06-19 07-04 09-01 10-13 11-11 11-27 12-25",
    ("us-federal", 2026): "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25",
    ("us-federal", 2027): "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31",
}
GOOD_FRIDAYS = (
    "2019-04-19 2020-04-10 2021-04-02 2022-04-15 2023-04-07 2024-03-29 2025-04-18 2026-04-03"
    " 2027-03-26 2028-04-14 2029-03-30 2030-04-19 2031-04-11 2032-03-26 2033-04-15 2034-04-07"
    " 2035-03-23 2036-04-11"
)
NAIVE = datetime.fromisoformat("2026-01-01T00:00:00")
FIXED = ["01-01", "07-04", "11-11", "12-25"]
NTH_WEEKDAYS = [("01", 2, "Mon"), ("02", 2, "Mon"), ("09", 0, "Mon"), ("10", 1, "Mon")]


def text_of(id: str) -> str:
    return (ROOT / "calendars" / f"{id}.toml").read_text(encoding="utf-8")


def file_of(id: str) -> dict[str, Any]:
    return tomllib.loads(text_of(id))


def listed(id: str, year: int) -> list[date]:
    return [day["date"] for day in file_of(id)["days"] if day["date"].year == year]


def nth(year: int, month: str, n: int, weekday: str) -> date:
    """The (n + 1)-th such weekday of a month."""
    found = np.busday_offset(f"{year}-{month}", n, roll="forward", weekmask=weekday)
    return date.fromisoformat(str(found))


def on(year: int, month_day: str) -> date:
    return date.fromisoformat(f"{year}-{month_day}")


def common(year: int) -> list[date]:
    """The days of all three lists by their own dates, Juneteenth apart."""
    memorial = nth(year, "06", 0, "Mon") - timedelta(7)
    return [
        *(on(year, day) for day in FIXED),
        *(nth(year, *rule) for rule in NTH_WEEKDAYS),
        memorial,
        nth(year, "11", 3, "Thu"),
    ]


def election(year: int) -> list[date]:
    return [nth(year, "11", 0, "Mon") + timedelta(1)] if year % 2 == 0 else []


def moved(day: date) -> date:
    return day + timedelta({"Sat": -1, "Sun": 1}.get(day.strftime("%a"), 0))


def state_by_rule(year: int) -> list[date]:
    juneteenth = [] if year in (2019, 2020, 2021, 2022, 2027, 2032, 2033) else [on(year, "06-19")]
    friday = nth(year, "11", 3, "Thu") + timedelta(1)
    named = [*common(year), on(year, "02-12"), *election(year), friday]
    return [*map(moved, named), *juneteenth]


def statutory_by_rule(year: int) -> list[date]:
    juneteenth = [on(year, "06-19")] if year >= 2022 else []
    good_friday = date.fromisoformat(GOOD_FRIDAYS.split()[year - 2019])
    own = [on(year, "02-12"), nth(year, "03", 0, "Mon"), good_friday]
    return [*common(year), *own, *juneteenth, *election(year)]


def federal_by_rule(year: int) -> list[date]:
    juneteenth = [on(year, "06-19")] if year >= 2021 else []
    return [moved(day) for day in [*common(year), *juneteenth]]


BY_RULE: dict[str, Callable[[int], list[date]]] = {
    "illinois-state": state_by_rule,
    "illinois-statutory": statutory_by_rule,
    "us-federal": federal_by_rule,
}


def run_script(*options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(ROOT / "scripts" / "build_calendars.py"), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_script_writes_exactly_the_files_there_are(tmp_path: Path) -> None:
    assert run_script("--into", str(tmp_path)).returncode == 0
    assert sorted(path.stem for path in tmp_path.iterdir()) == IDS
    for id in IDS:
        assert (tmp_path / f"{id}.toml").read_text(encoding="utf-8") == text_of(id)
    (tmp_path / "us-federal.toml").write_text("id = 1\n", encoding="utf-8")
    checked = run_script("--check", "--into", str(tmp_path))
    assert (checked.returncode, checked.stdout) == (1, "us-federal.toml differs\n")
    assert (tmp_path / "us-federal.toml").read_text(encoding="utf-8") == "id = 1\n"


@pytest.mark.parametrize(("id", "year"), BY_HAND)
def test_a_year_is_the_list_typed_by_hand(id: str, year: int) -> None:
    expected = [on(year, day) for day in BY_HAND[id, year].split()]
    assert listed(id, year) == expected


@pytest.mark.parametrize("id", IDS)
def test_the_whole_horizon_is_the_rule_written_again(id: str) -> None:
    days = [day for year in range(2019, 2038) for day in BY_RULE[id](min(year, 2036))]
    next_new_year = [moved(date(2037, 1, 1))] if id != "illinois-statutory" else []
    expected = {day for day in [*days, *next_new_year] if day.year in YEARS}
    assert [day["date"] for day in file_of(id)["days"]] == sorted(expected)


@pytest.mark.parametrize("id", IDS)
def test_the_header(id: str) -> None:
    data = file_of(id)
    assert data["id"] == id
    assert data["edition"] == "2026-11-24"
    assert data["weekend"] == [6, 7]
    assert (data["first"], data["last"]) == (date(2019, 1, 1), date(2036, 12, 31))


def test_only_the_lists_seen_are_official() -> None:
    official = {
        (id, day["date"].year)
        for id in IDS
        for day in file_of(id)["days"]
        if day["status"] == "official"
    }
    assert official == {("illinois-state", 2019), ("illinois-state", 2025)}
    assert {day["status"] for day in file_of("illinois-state")["days"]} == {"official", "computed"}


@pytest.mark.parametrize(
    ("id", "asked", "reason"),
    [
        ("illinois-state", "2027-03-01", None),
        ("illinois-statutory", "2027-03-01", "Casimir Pulaski Day (computed)"),
        ("us-federal", "2027-03-01", None),
        ("illinois-state", "2026-11-27", "Day after Thanksgiving (computed)"),
        ("illinois-statutory", "2026-11-27", None),
        ("us-federal", "2026-11-27", None),
        ("illinois-state", "2027-06-18", None),
        ("illinois-statutory", "2027-06-18", None),
        ("us-federal", "2027-06-18", "Juneteenth National Independence Day, observed (computed)"),
        ("illinois-state", "2022-06-20", None),
        ("us-federal", "2022-06-20", "Juneteenth National Independence Day, observed (computed)"),
        ("illinois-state", "2021-06-18", None),
        ("us-federal", "2020-06-19", None),
        ("illinois-state", "2021-12-31", "New Year's Day, observed (computed)"),
        ("illinois-statutory", "2021-12-31", None),
        ("us-federal", "2021-12-31", "New Year's Day, observed (computed)"),
        ("illinois-state", "2036-12-31", None),
        ("illinois-state", "2026-04-03", None),
        ("illinois-statutory", "2026-04-03", "Good Friday (computed)"),
        ("us-federal", "2026-04-03", None),
        ("illinois-state", "2026-11-03", "General Election Day (computed)"),
        ("illinois-statutory", "2026-11-03", "General Election Day (computed)"),
        ("us-federal", "2026-11-03", None),
        ("illinois-state", "2027-11-02", None),
        ("illinois-state", "2026-07-03", "Independence Day, observed (computed)"),
        ("illinois-statutory", "2026-07-03", None),
        ("illinois-state", "2025-02-12", "Lincoln's Birthday (official)"),
        ("us-federal", "2025-02-12", None),
        ("us-federal", "2025-01-09", None),
        ("us-federal", "2029-01-19", None),
        ("illinois-state", "2026-12-24", None),
    ],
)
def test_days_people_expect_wrongly(id: str, asked: str, reason: str | None) -> None:
    assert calendars.load(id).why_closed(date.fromisoformat(asked)) == reason


def test_a_moved_day_names_the_day_it_stands_for() -> None:
    (moved_day,) = calendars.load("us-federal").closed_weekdays_between(
        date(2021, 12, 27), date(2021, 12, 31)
    )
    assert moved_day.observed_for == date(2022, 1, 1)


def test_loading_keeps_every_day_of_the_file() -> None:
    for id in IDS:
        kept = [(day.date, day.name, day.observed_for) for day in calendars.load(id).days]
        assert kept == [(d["date"], d["name"], d["observed_for"]) for d in file_of(id)["days"]]


def test_available_and_loaded_once() -> None:
    assert set(IDS) <= set(calendars.available())
    assert calendars.load("us-federal") is calendars.load("us-federal")


def test_an_unknown_id_gets_a_suggestion_and_the_list() -> None:
    with pytest.raises(UnknownName) as refused:
        calendars.load("ilinois-state")
    assert refused.value.message == (
        "no calendar has that id; did you mean illinois-state?"
        f" there are: {', '.join(calendars.available())}"
    )


@pytest.mark.parametrize("id", ["zzz", "../us-federal", "", "US-FEDERAL"])
def test_an_id_like_no_other_gets_the_list(id: str) -> None:
    with pytest.raises(
        UnknownName, match=r"^no calendar has that id; .*there are: illinois-state, "
    ):
        calendars.load(id)


def small() -> dict[str, Any]:
    return {
        "id": "small",
        "title": "A small one",
        "edition": "2026-11-24",
        "source": "typed by hand — für Tests",
        "weekend": [6, 7],
        "first": date(2026, 1, 1),
        "last": date(2026, 12, 31),
        "days": [
            {
                "date": date(2026, 7, 3),
                "name": "Independence Day",
                "observed_for": date(2026, 7, 4),
                "status": "computed",
                "source": "a list",
            }
        ],
    }


def reasons_for(data: dict[str, Any]) -> list[str]:
    with pytest.raises(BadDefinition) as refused:
        calendars.parse(data, "small.toml")
    return list(refused.value.reasons)


def a_day(on: date, **changed: object) -> dict[str, Any]:
    return {**small()["days"][0], "date": on, **changed}


SMALL_TEXT = (
    '{"days":[{"date":"2026-07-03","name":"Independence Day","observed_for":"2026-07-04",'
    '"source":"a list","status":"computed"}],"edition":"2026-11-24","first":"2026-01-01",'
    '"id":"small","last":"2026-12-31","source":"typed by hand — für Tests",'
    '"title":"A small one","weekend":[6,7]}'
)


def test_the_canonical_text_and_its_digest() -> None:
    assert calendars.canonical_text(small()) == SMALL_TEXT
    assert calendars.parse(small(), "-").digest == sha256(SMALL_TEXT.encode()).hexdigest()


def test_the_digest_does_not_depend_on_how_the_file_is_laid_out() -> None:
    turned = dict(reversed(small().items()))
    assert calendars.parse(turned, "-") == calendars.parse(small(), "-")
    renamed = {**small(), "title": "Another"}
    assert calendars.parse(renamed, "-").digest != calendars.parse(small(), "-").digest


def test_nothing_but_definitions_has_a_canonical_text() -> None:
    with pytest.raises(TypeError, match="holds no datetime"):
        calendars.canonical_text({"first": NAIVE})


def test_a_calendar_without_listed_days_or_weekend_is_one() -> None:
    calendar = calendars.parse({**small(), "days": [], "weekend": []}, "-")
    assert calendar.business_days_between(date(2026, 1, 1), date(2026, 12, 31)) == 364


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("id", "Small One", "must be lower-case letters, digits and single hyphens"),
        ("id", 7, "must be lower-case letters, digits and single hyphens"),
        ("title", "  ", "must be printable text on one line"),
        ("title", "two\nlines", "must be printable text on one line"),
        ("source", "turned \u202e around", "must be printable text on one line"),
        (
            "edition",
            date(2026, 11, 24),
            'must be the date the list was made as text, such as "2026-11-24"',
        ),
        (
            "edition",
            "2026-02-30",
            'must be the date the list was made as text, such as "2026-11-24"',
        ),
        ("first", "2026-01-01", "must be a date, such as 2026-11-24"),
        ("last", NAIVE, "must be a date, such as 2026-11-24"),
        ("days", {"date": 1}, "must be a list of tables"),
        ("days", [1], "must be a list of tables"),
        *(
            ("weekend", value, "must be ISO weekdays, 1 to 7, in order, each once, not all seven")
            for value in ([0, 6], [6, 8], [7, 6], [6, 6], [True], ["6"], 6, [1, 2, 3, 4, 5, 6, 7])
        ),
    ],
)
def test_a_wrong_value_is_named(key: str, value: object, problem: str) -> None:
    assert f"small.toml: {key}: {problem}" in reasons_for({**small(), key: value})


@pytest.mark.parametrize(
    ("days", "reasons"),
    [
        ([a_day(date(2026, 7, 3)), a_day(date(2026, 7, 3))], ["2026-07-03].date: listed twice"]),
        (
            [a_day(date(2026, 7, 3)), a_day(date(2026, 7, 2))],
            ["2026-07-02].date: not in order, stands after 2026-07-03"],
        ),
        (
            [a_day(date(2025, 12, 31)), a_day(date(2027, 1, 1))],
            [
                "2025-12-31].date: outside the horizon, first to last",
                "2027-01-01].date: outside the horizon, first to last",
            ],
        ),
        (
            [a_day(date(2026, 7, 3), status="likely", note="")],
            [
                "2026-07-03].note: unknown key",
                '2026-07-03].status: must be "official", "computed" or "own"',
            ],
        ),
        ([{"date": "2026-07-03"}], ["#1].date: must be a date, such as 2026-11-24"]),
        ([a_day(date(2026, 7, 3), name="")], ["].name: must be printable text on one line"]),
        ([a_day(date(2026, 7, 3), observed_for=4)], ["].observed_for: must be a date"]),
    ],
)
def test_a_wrong_day_is_named(days: list[dict[str, Any]], reasons: list[str]) -> None:
    given = reasons_for({**small(), "days": days})
    for reason in reasons:
        assert any(reason in text and text.startswith("small.toml: days[") for text in given)


def test_a_horizon_that_ends_before_it_starts_or_never() -> None:
    turned = {**small(), "first": date(2026, 12, 31), "last": date(2026, 1, 1), "days": []}
    assert reasons_for(turned) == ["small.toml: last: 2026-01-01 is before first, 2026-12-31"]
    endless = {**small(), "last": date(9999, 12, 31)}
    assert reasons_for(endless) == ["small.toml: last: more than 100 years after first"]


def test_all_problems_are_told_at_once() -> None:
    data = {**small(), "weekend": [0], "colour": "red", "days": [{"date": date(2027, 1, 1)}]}
    del data["title"]
    assert reasons_for(data) == [
        "small.toml: colour: unknown key",
        "small.toml: title: missing",
        "small.toml: weekend: must be ISO weekdays, 1 to 7, in order, each once, not all seven",
        "small.toml: days[2027-01-01].name: missing",
        "small.toml: days[2027-01-01].observed_for: missing",
        "small.toml: days[2027-01-01].status: missing",
        "small.toml: days[2027-01-01].source: missing",
        "small.toml: days[2027-01-01].date: outside the horizon, first to last",
    ]


def test_an_empty_file_misses_everything() -> None:
    assert len(reasons_for({})) == 8
