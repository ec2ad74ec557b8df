"""Which warnings have come, by the tables of the counting rules."""

from datetime import UTC, date, datetime, timedelta

import pytest

from casetrack.catalog import calendars
from casetrack.domain import dates, reminders
from casetrack.domain.reminders import Place, Subject

ZONE = "America/Chicago"
PLACE = Place(calendar=calendars.load("illinois-state"), zone=ZONE)
STATUTORY = ("20bd", "10bd", "5bd", "3bd", "2bd", "1bd", "0bd")


def on(text: str) -> date:
    return date.fromisoformat(text)


def start(text: str) -> datetime:
    return dates.start_of_day(on(text), ZONE)


def noon(text: str) -> datetime:
    return start(text) + timedelta(hours=12)


def ours(**changes: object) -> Subject:
    """The filing deadline of a notice dated 2026-10-01: due Sat 12-05, act by Mon 11-30."""
    members: dict[str, object] = {
        "owner": "provider", "kind": "statutory", "rungs": STATUTORY, "act_by": on("2026-11-30"),
        "due_on": on("2026-12-05"), "due_at": dates.end_of_day(on("2026-12-05"), ZONE),
    }  # fmt: skip
    return Subject(**{**members, **changes})  # type: ignore[arg-type]


def theirs(**changes: object) -> Subject:
    """A decision due Wed 2026-12-16, by the law's hours to be chased on Fri 11-27."""
    members: dict[str, object] = {
        "owner": "payer", "kind": "service", "rungs": ("2bd", "0bd"), "act_by": on("2026-11-27"),
        "due_on": on("2026-12-16"), "due_at": dates.end_of_day(on("2026-12-16"), ZONE),
    }  # fmt: skip
    return Subject(**{**members, **changes})  # type: ignore[arg-type]


def names(of: Subject, now: datetime) -> tuple[str, ...]:
    return tuple(rung.name for rung in reminders.due(of, PLACE, now))


@pytest.mark.parametrize(
    ("rung", "day"),
    [
        ("20bd", "2026-10-27"), ("10bd", "2026-11-12"), ("5bd", "2026-11-19"),
        ("3bd", "2026-11-23"), ("2bd", "2026-11-24"), ("1bd", "2026-11-25"),
        ("0bd", "2026-11-30"), ("+1d", "2026-12-01"), ("+7d", "2026-12-07"),
    ],
)  # fmt: skip
def test_ours_is_due_from_the_start_of_its_local_day(rung: str, day: str) -> None:
    at = start(day)
    assert rung not in names(ours(), at - timedelta(microseconds=1))
    assert rung in names(ours(), at)
    assert {r.name: r.at for r in reminders.come(ours(), PLACE, at)}[rung] == at


def test_ours_goes_on_every_calendar_day_weekends_and_holidays_too() -> None:
    late = ours(sent=STATUTORY)
    assert names(late, noon("2026-12-06")) == ("+1d", "+2d", "+3d", "+4d", "+5d", "+6d")
    assert len(names(late, noon("2027-11-30"))) == 365


@pytest.mark.parametrize("kind", ["statutory", "service"])
def test_what_we_promised_goes_on_as_what_the_law_asks(kind: str) -> None:
    assert "+1d" in names(ours(kind=kind), noon("2026-12-01"))


@pytest.mark.parametrize("owner", ["provider", "payer"])
def test_what_is_merely_planned_is_not_warned_of_afterwards(owner: str) -> None:
    planned = ours(kind="planned", owner=owner, rungs=("1bd", "0bd"))
    assert names(planned, noon("2027-06-01")) == ("1bd", "0bd")


@pytest.mark.parametrize("owner", ["payer", "reviewer"])
def test_others_are_chased_on_business_days_one_three_five_then_weekly(owner: str) -> None:
    late = theirs(owner=owner, sent=("2bd", "0bd"))
    found = {r.name: dates.local_date(r.at, ZONE) for r in
             reminders.due(late, PLACE, noon("2027-01-12"))}  # fmt: skip
    assert found == {
        "+1d": on("2026-12-17"), "+5d": on("2026-12-21"), "+7d": on("2026-12-23"),
        "+14d": on("2026-12-30"), "+21d": on("2027-01-06"),
    }  # fmt: skip


def test_between_the_day_to_chase_and_the_due_date_others_are_left_alone() -> None:
    assert names(theirs(), noon("2026-12-16")) == ("2bd", "0bd")


def test_zero_days_is_act_by_itself_on_whatever_day_it_falls() -> None:
    sunday = theirs(act_by=on("2026-11-29"))
    assert names(sunday, start("2026-11-29") - timedelta(seconds=1)) == ("2bd",)
    assert names(sunday, start("2026-11-29")) == ("2bd", "0bd")


def test_two_business_days_before_the_chase_day_skip_thanksgiving() -> None:
    assert names(theirs(), start("2026-11-23")) == ()
    assert names(theirs(), start("2026-11-24")) == ("2bd",)


@pytest.mark.parametrize(
    ("due_at", "rung", "at"),
    [
        # Over the night in which clocks go back, and the one in which they go forward.
        ("2026-11-02T20:00Z", "24h", "2026-11-01T20:00Z"),
        ("2026-11-01T12:00Z", "8h", "2026-11-01T04:00Z"),
        ("2027-03-14T12:00Z", "8h", "2027-03-14T04:00Z"),
        ("2027-03-14T12:00Z", "2h", "2027-03-14T10:00Z"),
    ],
)
def test_hours_are_elapsed_hours_before_due_at(due_at: str, rung: str, at: str) -> None:
    instant, moment = datetime.fromisoformat(due_at), datetime.fromisoformat(at)
    day = dates.local_date(instant, ZONE)
    clock = theirs(rungs=("24h", "8h", "2h"), due_at=instant, due_on=day, act_by=day)
    assert rung not in names(clock, moment - timedelta(seconds=1))
    assert rung in names(clock, moment)


def test_a_day_starts_at_local_midnight_on_both_sides_of_a_clock_change() -> None:
    for day, utc in (("2026-10-30", 5), ("2026-11-02", 6)):
        clock = theirs(act_by=on(day))
        assert start(day) == datetime.combine(on(day), datetime.min.time(), UTC).replace(hour=utc)
        assert "0bd" in names(clock, start(day))


def test_nothing_is_due_of_a_tolled_deadline() -> None:
    assert names(ours(tolled=True), noon("2027-01-01")) == ()


def test_what_was_sent_is_not_due_and_the_most_urgent_stands_last() -> None:
    assert names(ours(sent=("20bd", "5bd")), noon("2026-12-02")) == (
        "10bd", "3bd", "2bd", "1bd", "0bd", "+1d", "+2d",
    )  # fmt: skip


def test_a_rung_before_the_calendars_first_day_is_left_out() -> None:
    first = PLACE.calendar.first
    early = ours(act_by=first, due_on=first)
    assert names(early, dates.end_of_day(first, ZONE)) == ("0bd",)


def test_rungs_sent_under_earlier_dates_count_where_their_day_has_passed() -> None:
    later = ours(act_by=on("2026-12-14"), due_on=on("2026-12-14"))
    sent = ("20bd", "10bd", "5bd", "0bd", "+1d")
    # Ten business days before 14 December is the 30th of November; 20 before, 12 November.
    assert reminders.kept(sent, ours(), later, PLACE, noon("2026-12-01")) == ("20bd", "10bd")
    assert reminders.kept(sent, ours(), later, PLACE, noon("2026-11-30")) == ("20bd",)


def test_a_rung_whose_moment_stays_counts_as_sent_on_its_very_day() -> None:
    extended = ours(due_on=on("2026-12-20"))
    assert reminders.kept(("0bd",), ours(), extended, PLACE, noon("2026-11-30")) == ("0bd",)


def test_an_hour_rung_counts_as_sent_once_its_new_moment_has_passed() -> None:
    due_at = datetime(2026, 12, 1, 20, tzinfo=UTC)
    before = theirs(rungs=("24h", "8h", "2h"), due_at=due_at)
    after = theirs(rungs=("24h", "8h", "2h"), due_at=due_at + timedelta(hours=1))
    for moved, kept in ((timedelta(hours=-23), ("24h",)), (timedelta(hours=-23.1), ())):
        now = due_at + moved
        assert reminders.kept(("24h",), before, after, PLACE, now) == kept


def test_the_next_hour_is_the_nearest_still_to_come() -> None:
    due_at = datetime(2026, 12, 1, 20, tzinfo=UTC)
    clock = theirs(rungs=("24h", "8h", "2h"), due_at=due_at)
    assert reminders.next_hour(clock, due_at - timedelta(hours=9)) == due_at - timedelta(hours=8)
    assert reminders.next_hour(clock, due_at - timedelta(hours=8)) == due_at - timedelta(hours=2)
    assert reminders.next_hour(clock, due_at - timedelta(hours=1)) is None
    assert reminders.next_hour(ours(), due_at) is None


@pytest.mark.parametrize(
    ("rung", "told"),
    [("20bd", False), ("3bd", False), ("2bd", True), ("1bd", True), ("0bd", True), ("+1d", True),
     ("24h", True)],
)  # fmt: skip
def test_a_supervisor_is_told_from_two_business_days_before(rung: str, told: bool) -> None:
    assert reminders.supervised(rung) is told


def test_nothing_due_lies_beyond_the_reach() -> None:
    for offset in range(0, 400, 3):
        now = noon("2026-09-01") + timedelta(days=offset)
        reach = reminders.reach({"30bd", "24h"}, ZONE, now)
        beyond = ours(rungs=("30bd", "0bd"), act_by=reach + timedelta(days=1))
        assert names(beyond, now) == ()
