"""One strict reader of days and instants: every form it takes, and what it must not guess at."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casetrack.catalog import calendars
from casetrack.domain import dates
from casetrack.errors import BeyondHorizon, CasetrackError, Refused, Unparsable

ZONE = "America/Chicago"
CHICAGO = ZoneInfo(ZONE)
TODAY = date(2026, 11, 24)
ACCEPTED_DATES = ("2026-11-24", "today", "+5bd", "-3d")

NO_DATES = [
    "",
    " ",
    "now",
    "Today",
    "TODAY",
    "tomorrow",
    "yesterday",
    "03/04/2026",
    "04.03.2026",
    "2026",
    "2026-11",
    "20261124",
    "2026-W48-2",
    "2026W482",
    "2026-328",
    "26-11-24",
    "2026-1-4",
    "2026/11/24",
    "2026-11-24T00:00",
    "2026-11-24Z",
    " 2026-11-24",
    "2026-11-24 ",
    "2026-11-24\n",
    "\n2026-11-24",
    "2026-11-24\x00",
    "2026-11-24\r",
    "+2026-11-24",
    "-2026-11-24",
    "12026-11-24",
    "2026\u201311\u201324",
    "2026\u221211\u221224",
    "٢٠٢٦-١١-٢٤",
    "２０２６-１１-２４",
    "2026-11-2٤",
    "२०२६-११-२४",
    "NaN",
    "1_0",
    "Nov 24, 2026",
    "\ud800",
]
NO_DAYS = [
    "2026-11-31",
    "2026-02-29",
    "2100-02-29",
    "2026-00-10",
    "2026-13-01",
    "2026-11-00",
    "2026-11-32",
    "0000-01-01",
    "0000-12-31",
]
NO_SHIFTS = [
    "5bd",
    "5d",
    "+5",
    "+bd",
    "+d",
    "+5 bd",
    "+ 5bd",
    "+5BD",
    "+5D",
    "+5w",
    "+5mo",
    "+5h",
    "+1.5d",
    "+1_0d",
    "+10000d",
    "+99999bd",
    "++5d",
    "+-5d",
    "--3d",
    "+5d\n",
    "+5d+5d",
    "today+5d",
    "\u22123d",
    "+٥d",
    "+５bd",
]


def state_offices(day: date, n: int) -> date:
    return calendars.load("illinois-state").add_business_days(day, n)


def never(_day: date, _n: int) -> date:
    pytest.fail("no business days were asked for")


def read(text: str, today: date = TODAY) -> date:
    return dates.parse_date(text, today, state_offices)


def refused(call: Callable[[], object], kind: type[CasetrackError] = Unparsable) -> CasetrackError:
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind
    return caught.value


# Days


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-24", date(2026, 11, 24)),
        ("2028-02-29", date(2028, 2, 29)),
        ("1900-01-01", date(1900, 1, 1)),
        ("2199-12-31", date(2199, 12, 31)),
        ("today", TODAY),
        ("+0d", TODAY),
        ("-0d", TODAY),
        ("+1d", date(2026, 11, 25)),
        ("-3d", date(2026, 11, 21)),
        ("+0065d", date(2027, 1, 28)),
        ("+9999d", date(2054, 4, 10)),
        ("-9999d", date(1999, 7, 10)),
        ("+1bd", date(2026, 11, 25)),
        ("+2bd", date(2026, 11, 30)),
        ("+5bd", date(2026, 12, 3)),
        ("-1bd", date(2026, 11, 23)),
        ("-2bd", date(2026, 11, 20)),
        ("+0bd", TODAY),
        ("-0bd", TODAY),
    ],
)
def test_a_day_is_written_in_one_of_four_forms(text: str, day: date) -> None:
    assert read(text) == day


def test_no_business_days_on_from_a_closed_day_is_the_one_before() -> None:
    assert read("+0bd", date(2026, 11, 29)) == date(2026, 11, 25)


@pytest.mark.parametrize("text", [*NO_DATES, *NO_SHIFTS])
def test_any_other_form_of_a_day_is_refused_with_the_accepted_ones(text: str) -> None:
    error = refused(lambda: dates.parse_date(text, TODAY, never))
    assert error.exit_code == 2
    assert all(form in error.message for form in ACCEPTED_DATES)


@pytest.mark.parametrize("text", NO_DAYS)
def test_a_day_that_does_not_exist_is_refused_by_name(text: str) -> None:
    error = refused(lambda: read(text))
    assert text in error.message
    assert all(form in error.message for form in ACCEPTED_DATES)


@pytest.mark.parametrize("text", ["today", "+5bd", "-3d", *NO_DATES, *NO_SHIFTS, *NO_DAYS])
def test_an_absolute_day_is_never_relative(text: str) -> None:
    refused(lambda: dates.parse_iso_date(text))


@pytest.mark.parametrize("text", ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31"])
def test_a_day_of_no_year_that_is_counted_is_refused(text: str) -> None:
    """A slip, or a payer's way to write that there is no end."""
    with pytest.raises(CasetrackError, match=text):
        read(text)


@pytest.mark.parametrize("text", ["+9999bd", "-9999bd"])
def test_business_days_beyond_the_calendar_are_refused_by_the_calendar(text: str) -> None:
    refused(lambda: read(text), BeyondHorizon)


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_every_day_reads_back_as_it_is_written(day: date) -> None:
    assert dates.parse_iso_date(day.isoformat()) == day


@given(st.text(max_size=12))
def test_no_text_is_a_day_but_the_forms(text: str) -> None:
    form = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
    if not form.fullmatch(text):
        refused(lambda: dates.parse_iso_date(text))


# Instants


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-24T15:00", "2026-11-24T21:00:00+00:00"),
        ("2026-11-24 15:00", "2026-11-24T21:00:00+00:00"),
        ("2026-11-24T15:00:30", "2026-11-24T21:00:30+00:00"),
        ("2026-11-24T15:00:30.5", "2026-11-24T21:00:30.500000+00:00"),
        ("2026-11-24T15:00:30.000001", "2026-11-24T21:00:30.000001+00:00"),
        ("2026-11-24T15:00-06:00", "2026-11-24T21:00:00+00:00"),
        ("2026-11-24T15:00Z", "2026-11-24T15:00:00+00:00"),
        ("2026-11-24T15:00+00:00", "2026-11-24T15:00:00+00:00"),
        ("2026-11-24T15:00+05:30", "2026-11-24T09:30:00+00:00"),
        ("2026-11-24T15:00+14:00", "2026-11-24T01:00:00+00:00"),
        ("2026-11-24T15:00-12:00", "2026-11-25T03:00:00+00:00"),
        ("2026-11-24T00:00:00Z", "2026-11-24T00:00:00+00:00"),
        ("2026-11-24T23:59:59", "2026-11-25T05:59:59+00:00"),
        ("2026-07-01T15:00", "2026-07-01T20:00:00+00:00"),
        # around the change to summer time
        ("2027-03-14T01:59:59", "2027-03-14T07:59:59+00:00"),
        ("2027-03-14T03:00", "2027-03-14T08:00:00+00:00"),
        # around the change back
        ("2026-11-01T00:59:59", "2026-11-01T05:59:59+00:00"),
        ("2026-11-01T01:30-05:00", "2026-11-01T06:30:00+00:00"),
        ("2026-11-01T01:30-06:00", "2026-11-01T07:30:00+00:00"),
        ("2026-11-01T02:00", "2026-11-01T08:00:00+00:00"),
    ],
)
def test_an_instant_is_wall_time_in_the_zone_or_has_an_offset(text: str, instant: str) -> None:
    found = dates.parse_instant(text, ZONE)
    assert found == datetime.fromisoformat(instant)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "10:00",
        "2026",
        "2026-11-24",
        "today",
        "today 15:00",
        "2026-11-24T",
        "2026-11-24T15",
        "2026-11-24T15:0",
        "2026-11-24T1500",
        "2026-11-24t15:00",
        "2026-11-24T15:00z",
        "2026-11-24  15:00",
        "2026-11-24\t15:00",
        "2026-11-24T15:00:00,5",
        "2026-11-24T15:00.5",
        "2026-11-24T15:00:00.",
        "2026-11-24T15:00:00.1234567",
        "2026-11-24T15:00-6",
        "2026-11-24T15:00-0600",
        "2026-11-24T15:00-06",
        "2026-11-24T15:00 -06:00",
        "2026-11-24T15:00-06:00:00",
        "2026-11-24T15:00\u221206:00",
        "2026-11-24T15:00 America/Chicago",
        "2026-11-24T15:00\n",
        " 2026-11-24T15:00",
        "2026-11-24T3:00 PM",
        "20261124T150000Z",
        "2026-W48-2T15:00",
        "٢٠٢٦-١١-٢٤T١٥:٠٠",
        "2026-11-24T１５:００",
        "2026-11-24T15:0٠",
        "2026-11-31T15:00",
        "2026-11-24T24:00",
        "2026-11-24T25:00",
        "2026-11-24T15:60",
        "2026-11-24T23:59:60",
        "0000-01-01T00:00Z",
        "1795550400",
    ],
)
def test_any_other_form_of_an_instant_cannot_be_parsed(text: str) -> None:
    assert refused(lambda: dates.parse_instant(text, ZONE)).exit_code == 2


@pytest.mark.parametrize(
    "offset",
    ["+24:00", "-24:00", "+23:59", "-15:00", "+99:00", "-06:60", "+06:99", "-00:60", "+05:75"],
)
def test_an_offset_that_no_clock_shows_is_refused(offset: str) -> None:
    """Sixty minutes make an hour: ``-06:60`` is a slip, not seven hours."""
    refused(lambda: dates.parse_instant(f"2026-11-24T15:00{offset}", ZONE))


@pytest.mark.parametrize(
    "text",
    [
        "9999-12-31T23:59",
        "9999-12-31T23:59-06:00",
        "9999-12-31T23:59Z",
        "0001-01-01T00:00+14:00",
        "2200-01-01T00:00Z",
        "1899-12-31T23:59Z",
    ],
)
def test_an_instant_out_of_all_years_is_refused(text: str) -> None:
    with pytest.raises(CasetrackError):
        dates.parse_instant(text, ZONE)


@pytest.mark.parametrize(
    "text", ["2027-03-14T02:00", "2027-03-14T02:30", "2027-03-14T02:59:59", "2026-03-08 02:15"]
)
def test_a_wall_time_that_is_skipped_is_refused_with_the_zone(text: str) -> None:
    error = refused(lambda: dates.parse_instant(text, ZONE), Refused)
    assert ZONE in error.message
    assert error.exit_code == 4


@pytest.mark.parametrize(
    "text", ["2026-11-01T01:00", "2026-11-01T01:30", "2026-11-01T01:59:59.999999"]
)
def test_a_wall_time_that_happens_twice_asks_for_the_offset(text: str) -> None:
    error = refused(lambda: dates.parse_instant(text, ZONE), Refused)
    assert ZONE in error.message
    assert "offset" in error.message


def test_the_zone_is_the_workflows_and_not_the_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert dates.parse_instant("2026-11-24T15:00", ZONE).hour == 21
    assert dates.parse_instant("2026-11-24T15:00", "Europe/Berlin").hour == 14


CHANGES = ["2025-11-02", "2026-03-08", "2026-11-01", "2027-03-14", "2026-11-24"]


@given(st.sampled_from(CHANGES), st.integers(0, 23), st.integers(0, 59))
def test_a_wall_time_is_read_if_it_happens_once(day: str, hour: int, minute: int) -> None:
    text = f"{day}T{hour:02}:{minute:02}"
    early, late = (
        datetime.fromisoformat(text).replace(tzinfo=CHICAGO, fold=fold) for fold in (0, 1)
    )
    if early.utcoffset() == late.utcoffset():
        assert dates.parse_instant(text, ZONE) == early.astimezone(UTC)
    else:
        refused(lambda: dates.parse_instant(text, ZONE), Refused)


# How they are stored and where a day begins and ends


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        ("2026-11-24", "2026-11-24T06:00:00+00:00", "2026-11-25T05:59:59+00:00"),
        ("2026-11-01", "2026-11-01T05:00:00+00:00", "2026-11-02T05:59:59+00:00"),
        ("2027-03-14", "2027-03-14T06:00:00+00:00", "2027-03-15T04:59:59+00:00"),
        ("2026-07-01", "2026-07-01T05:00:00+00:00", "2026-07-02T04:59:59+00:00"),
    ],
)
def test_a_local_day_has_23_24_or_25_hours(day: str, start: str, end: str) -> None:
    on = date.fromisoformat(day)
    begins, ends = dates.start_of_day(on, ZONE), dates.end_of_day(on, ZONE)
    assert (begins.isoformat(), ends.isoformat()) == (start, end)
    assert {dates.local_date(begins, ZONE), dates.local_date(ends, ZONE)} == {on}
    for outside in (begins - timedelta(seconds=1), ends + timedelta(seconds=1)):
        assert dates.local_date(outside, ZONE) != on


def test_a_stored_instant_keeps_its_width_and_order() -> None:
    whole = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
    assert dates.instant_text(whole) == "2026-11-24T21:00:00.000000Z"
    assert dates.instant_text(whole.astimezone(CHICAGO)) == "2026-11-24T21:00:00.000000Z"
    later = whole + timedelta(microseconds=1)
    assert dates.instant_text(whole) < dates.instant_text(later)


def test_local_text_shows_the_offset_of_its_own_hour() -> None:
    first = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    assert dates.local_text(first, ZONE) == "2026-11-01T01:30:00-05:00"
    assert dates.local_text(first + timedelta(hours=1), ZONE) == "2026-11-01T01:30:00-06:00"
