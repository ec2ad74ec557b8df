"""Every count, roll and safe reading, against worked examples and models that share no code.

The examples are typed from the counting rules; the models are numpy, zoneinfo and datetime on the
calendar files' own dates.
"""

import calendar as months
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casetrack.catalog import workflows
from casetrack.domain import clocks, expediting, explanation
from casetrack.domain.case import Case, Tracked
from casetrack.domain.clocks import Basis, Length
from casetrack.domain.events import CalendarUse, Reading, TransitionFired
from casetrack.domain.expediting import expedite
from casetrack.domain.explanation import Step
from casetrack.domain.workflow import Clock, Law, Owner, Roll
from casetrack.errors import BeyondHorizon, CasetrackError, Refused, UnknownName, Unparsable
from casetrack.ledger.memory import MemoryLedger
from casetrack.service.bootstrap import ShippedCalendars
from casetrack.service.calc import Question, calculate
from casetrack.service.desk import Firing, Opening, Recording, When
from casetrack.service.tracker import Tracker
from tests.fakes import FakeClock, fixed_sources

GUIDE = workflows.load("humana-il-guide")
CALENDARS = ShippedCalendars()
FRAME = clocks.frame(GUIDE, CALENDARS)
ZONE = "America/Chicago"
CHICAGO = ZoneInfo(ZONE)
NOW = datetime(2027, 6, 1, 17, 0, tzinfo=UTC)
FOLDER = Path(__file__).parents[2] / "calendars"


def listed(id: str) -> list[date]:
    document = tomllib.loads((FOLDER / f"{id}.toml").read_text(encoding="utf-8"))
    return [day["date"] for day in document["days"]]


STATE = listed("illinois-state")
STATUTORY = listed("illinois-statutory")


def day(text: str) -> date:
    return date.fromisoformat(text)


def chicago(text: str) -> datetime:
    """A wall time in Chicago; the first of the two where it happens twice."""
    return datetime.fromisoformat(text).replace(tzinfo=CHICAGO).astimezone(UTC)


def wall(instant: datetime) -> str:
    return instant.astimezone(CHICAGO).strftime("%a %Y-%m-%d %H:%M:%S %Z")


def clock(length: str | None, owner: Owner = "provider", **changes: object) -> Clock:
    members: dict[str, object] = {
        "title": "A clock", "owner": owner, "kind": "statutory", "armed_by": (), "alive_in": (),
        "ended_by": (), "source": "a rule", "evidence": "V", "length": length,
    }  # fmt: skip
    return msgspec.convert(members | changes, Clock)


def law(length: str, expedited: str | None = None) -> Law:
    return Law(source="a law", evidence="V", caveat="", length=length, expedited=expedited)


def read(rule: Clock, on: str, at: str | None = None, **more: date) -> Reading:
    instant = chicago(at) if at else None
    return clocks.read(rule, FRAME, Basis(on=day(on), at=instant, field="request", **more))


def asked(what: str, start: str, roll: str = "none", roll_calendar: str | None = None) -> Reading:
    question = Question(what=what, start=start, roll=roll, roll_calendar=roll_calendar)
    return calculate(question, NOW).reading


def of_guide(name: str, start: str) -> Reading:
    return asked(f"humana-il-guide/{name}", start)


def dates_of(reading: Reading) -> tuple[str, str, str]:
    return str(reading.unrolled_on), str(reading.due_on), str(reading.act_by)


def as_recorded(reading: Reading) -> Reading:
    """What is left of a reading once it is text."""
    return msgspec.json.decode(msgspec.json.encode(reading), type=Reading)


def working(reading: Reading) -> tuple[Step, ...]:
    return explanation.steps(as_recorded(reading), "illinois-state", ZONE)


def use_of(reading: Reading, id: str) -> CalendarUse:
    return next(use for use in reading.calendars if use.id == id)


class Matter:
    """One case on a ledger of its own, driven with everything overridden that can be."""

    def __init__(self, now: datetime = NOW) -> None:
        self.tracker = Tracker(MemoryLedger(fixed_sources(FakeClock(now))), now, "eva")
        opening = Opening(workflow=GUIDE.id, reference="C-1", when=When(on="2026-06-01"))
        self.id = self.tracker.open(opening).case.id

    def fire(self, trigger: str, when: str, **values: str) -> TransitionFired:
        """``when`` is a day, or an instant when it holds a ``T``."""
        moment = When(at=when) if "T" in when else When(on=when)
        firing = Firing(trigger=trigger, when=moment, pairs=list(values.items()), override="test")
        data = self.tracker.do(self.id, firing).data
        assert isinstance(data, TransitionFired)
        return data

    def expedite(self, when: str) -> TransitionFired:
        return self.fire("expedite", when, expedite_reason="deterioration")

    @property
    def case(self) -> Case:
        return self.tracker.case(self.id)

    def deadline(self, name: str) -> Tracked:
        return self.case.deadlines[name]

    def reading(self, name: str) -> Reading:
        return self.deadline(name).deadline.reading


@pytest.fixture
def matter() -> Matter:
    return Matter()


# The worked examples


def test_a_submission_is_followed_up_and_decided_in_business_days(matter: Matter) -> None:
    matter.fire("submit", "2026-11-24T10:00")
    follow_up, decision = matter.reading("pa_follow_up#1"), matter.reading("pa_decision#1")
    assert dates_of(follow_up) == ("2026-12-03", "2026-12-03", "2026-12-03")
    assert dates_of(decision) == ("2026-12-16", "2026-12-16", "2026-11-27")
    assert decision.law_at is not None
    assert wall(decision.law_at) == "Fri 2026-11-27 10:00:00 CST"
    assert decision.law_by == day("2026-11-27")


def test_the_same_submission_is_told_by_calc() -> None:
    decision = of_guide("pa_decision", "2026-11-24T10:00")
    assert dates_of(decision) == ("2026-12-16", "2026-12-16", "2026-11-27")
    assert of_guide("pa_follow_up", "2026-11-24").due_on == day("2026-12-03")


@pytest.mark.parametrize(
    ("notice", "due", "law_by", "act_by"),
    [
        ("2026-09-04", "2026-11-08", "2026-11-03", "2026-11-02"),
        ("2026-10-01", "2026-12-05", "2026-11-30", "2026-11-30"),
    ],
)
def test_a_denial_is_appealed_before_the_laws_safe_day(
    matter: Matter, notice: str, due: str, law_by: str, act_by: str
) -> None:
    matter.fire("submit", "2026-08-03")
    matter.fire("deny", "2026-10-02", notice_on=notice)
    for reading in (of_guide("appeal_filing", notice), matter.reading("appeal_filing#1")):
        assert dates_of(reading) == (due, due, act_by)
        assert reading.law_by == day(law_by)
        assert reading.from_on == day(notice)


def test_the_guides_window_alone_is_safe_on_the_friday_before() -> None:
    assert dates_of(asked("65d", "2026-09-04")) == ("2026-11-08", "2026-11-08", "2026-11-06")


@pytest.mark.parametrize(
    ("length", "start", "roll", "unrolled", "due", "act_by"),
    [
        ("4mo", "2026-10-30", "following", "2027-02-28", "2027-03-02", "2027-02-26"),
        ("1bd", "2026-11-25", "none", "2026-11-30", "2026-11-30", "2026-11-30"),
        ("5bd", "2026-11-25", "none", "2026-12-04", "2026-12-04", "2026-12-04"),
        ("30d", "2026-03-04", "following", "2026-04-03", "2026-04-06", "2026-04-03"),
        ("14bd", "2026-11-24", "none", "2026-12-16", "2026-12-16", "2026-12-16"),
        ("1bd", "2026-11-20", "none", "2026-11-23", "2026-11-23", "2026-11-23"),
        ("1bd", "2026-11-21", "none", "2026-11-23", "2026-11-23", "2026-11-23"),
        ("1bd", "2026-11-22", "none", "2026-11-23", "2026-11-23", "2026-11-23"),
    ],
)
def test_lengths_roll_by_the_statutory_days_and_are_safe_by_the_state_offices(
    length: str, start: str, roll: str, unrolled: str, due: str, act_by: str
) -> None:
    by = "illinois-statutory" if roll != "none" else None
    assert dates_of(asked(length, start, roll, by)) == (unrolled, due, act_by)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-10-30T15:00", "Mon 2026-11-02 14:00:00 CST"),
        ("2027-03-12T15:00", "Mon 2027-03-15 16:00:00 CDT"),
        ("2026-11-24T10:00", "Fri 2026-11-27 10:00:00 CST"),
        ("2026-10-30T00:30", "Sun 2026-11-01 23:30:00 CST"),
        ("2027-03-11T23:30", "Mon 2027-03-15 00:30:00 CDT"),
    ],
)
def test_hours_are_elapsed_hours_through_both_changes_of_the_clocks(start: str, end: str) -> None:
    reading = asked("72h", start)
    assert wall(reading.due_at) == end
    assert reading.due_at - chicago(start) == timedelta(hours=72)
    assert {reading.due_on, reading.unrolled_on, reading.act_by} == {day(end[4:14])}


def test_an_expedited_request_near_the_end_leaves_the_earlier_date(matter: Matter) -> None:
    matter.fire("submit", "2026-11-24")
    before = matter.reading("pa_decision#1")
    fired = matter.expedite("2026-12-15T15:00")
    assert matter.reading("pa_decision#1") == before
    assert (before.due_on, fired.moved, fired.expedited) == (day("2026-12-16"), (), True)


# Days


@pytest.mark.parametrize(
    ("due", "due_at"),
    [
        ("2026-10-31", "2026-11-01T04:59:59+00:00"),
        ("2026-11-01", "2026-11-02T05:59:59+00:00"),
        ("2026-11-02", "2026-11-03T05:59:59+00:00"),
        ("2027-03-13", "2027-03-14T05:59:59+00:00"),
        ("2027-03-14", "2027-03-15T04:59:59+00:00"),
        ("2027-07-04", "2027-07-05T04:59:59+00:00"),
    ],
)
def test_the_last_moment_on_time_is_the_last_second_of_the_local_day(due: str, due_at: str) -> None:
    start = str(day(due) - timedelta(days=30))
    assert read(clock("30d"), start).due_at == datetime.fromisoformat(due_at)
    assert read(clock(None), start, until=day(due)).due_at == datetime.fromisoformat(due_at)


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2026-10-30", "4mo", "2027-02-28"),
        ("2026-10-31", "1mo", "2026-11-30"),
        ("2027-12-31", "2mo", "2028-02-29"),
        ("2026-08-31", "6mo", "2027-02-28"),
        ("2028-02-29", "12mo", "2029-02-28"),
        ("2027-02-28", "1mo", "2027-03-28"),
        ("2026-11-15", "14mo", "2028-01-15"),
    ],
)
def test_a_month_without_the_day_ends_on_its_last(start: str, length: str, end: str) -> None:
    reading = read(clock(length), start)
    assert reading.unrolled_on == day(end)
    counted = [step for step in working(reading) if step.counted]
    assert len(counted) == int(length.removesuffix("mo"))
    says_so = f"no day {day(start).day}" in counted[-1].why
    assert says_so is (day(end).day != day(start).day)


@given(st.dates(day("2020-01-01"), day("2030-01-01")), st.integers(0, 60))
def test_months_are_calendar_months(start: date, n: int) -> None:
    year, month = divmod(start.year * 12 + start.month - 1 + n, 12)
    last = months.monthrange(year, month + 1)[1]
    assert clocks.count(start, Length(n, "mo"), FRAME.home) == date(
        year, month + 1, min(start.day, last)
    )


def test_an_instant_counts_from_its_day_in_chicago() -> None:
    late_evening = asked("1d", "2026-11-25T05:30Z")
    assert (late_evening.from_on, late_evening.due_on) == (day("2026-11-24"), day("2026-11-25"))


def test_an_evening_submission_counts_from_its_own_day(matter: Matter) -> None:
    matter.fire("submit", "2026-11-24T23:30")
    assert matter.reading("pa_decision#1").due_on == day("2026-12-16")


@pytest.mark.parametrize(
    ("start", "law_at", "law_by"),
    [
        ("2026-11-24", "Fri 2026-11-27 00:00:00 CST", "2026-11-27"),
        ("2026-10-30", "Sun 2026-11-01 23:00:00 CST", "2026-11-01"),
        ("2027-03-12", "Mon 2027-03-15 01:00:00 CDT", "2027-03-15"),
    ],
)
def test_the_laws_hours_count_from_midnight_where_only_the_day_is_known(
    start: str, law_at: str, law_by: str
) -> None:
    reading = of_guide("pa_decision", start)
    assert reading.law_at is not None
    assert (wall(reading.law_at), reading.law_by, reading.act_by) == (
        law_at,
        day(law_by),
        day(law_by),
    )


@pytest.mark.parametrize(
    ("length", "law_by"),
    [
        ("3d", "2026-11-27"),
        ("3bd", "2026-12-01"),  # Thanksgiving and the day after it are closed
        ("3w", "2026-12-15"),
        ("3mo", "2027-02-24"),
    ],
)
def test_the_laws_length_is_counted_in_its_own_unit(length: str, law_by: str) -> None:
    reading = read(clock("99d", "payer", law=law(length)), "2026-11-24")
    assert (reading.law_by, reading.act_by) == (day(law_by), day(law_by))


def test_the_laws_days_end_with_the_day(matter: Matter) -> None:
    matter.fire("submit", "2026-08-03")
    matter.fire("deny", "2026-09-10", notice_on="2026-09-04")
    law_at = matter.reading("appeal_filing#1").law_at
    assert law_at is not None
    assert wall(law_at) == "Tue 2026-11-03 23:59:59 CST"


# Safe readings


@pytest.mark.parametrize(
    ("stated", "act_by"),
    [
        ("2026-10-30", "2026-10-30"),
        ("2026-11-01", "2026-10-30"),
        ("2026-11-03", "2026-11-02"),
        ("2026-11-04", "2026-11-02"),
        ("2026-11-30", "2026-11-02"),
    ],
)
def test_the_letters_own_date_pulls_earlier_and_never_later(
    matter: Matter, stated: str, act_by: str
) -> None:
    matter.fire("submit", "2026-08-03")
    matter.fire("deny", "2026-09-10", notice_on="2026-09-04", stated_due_on=stated)
    reading = matter.reading("appeal_filing#1")
    assert dates_of(reading) == ("2026-11-08", "2026-11-08", act_by)
    assert reading.stated_due_on == day(stated)


@pytest.mark.parametrize(
    ("submitted", "filed", "due", "law_by"),
    [
        ("2026-08-03", "2026-11-21", "2026-12-21", "2026-11-28"),
        ("2026-08-03", "2026-11-05", "2026-12-05", "2026-11-12"),
    ],
)
def test_what_others_owe_us_is_chased_on_the_day_itself_weekend_or_not(
    matter: Matter, submitted: str, filed: str, due: str, law_by: str
) -> None:
    matter.fire("submit", submitted)
    matter.fire("deny", "2026-09-25", notice_on="2026-09-24")
    matter.fire("file_appeal", filed)
    reading = matter.reading("appeal_decision#1")
    assert dates_of(reading) == (due, due, law_by)


def test_an_external_review_has_no_date_of_the_law(matter: Matter) -> None:
    matter.fire("submit", "2026-08-03")
    matter.fire("deny", "2026-09-25", notice_on="2026-09-24")
    matter.fire("file_appeal", "2026-10-01")
    matter.fire("uphold", "2026-10-20", notice_on="2026-10-17")
    filing = matter.reading("external_filing#1")
    assert dates_of(filing) == ("2026-11-16", "2026-11-16", "2026-11-16")
    matter.fire("request_external_review", "2026-11-02")
    decision = matter.reading("external_decision#1")
    # 3 November is Election Day
    assert dates_of(decision) == ("2026-11-10", "2026-11-10", "2026-11-10")
    assert [r.law_by for r in (filing, decision)] == [None, None]
    assert [r.law_at for r in (filing, decision)] == [None, None]


@pytest.mark.parametrize("owner", ["provider", "payer"])
def test_an_hour_clock_is_never_moved_back(owner: Owner) -> None:
    reading = read(clock("72h", owner), "2026-11-25", "2026-11-25T09:00")
    assert dates_of(reading) == ("2026-11-28", "2026-11-28", "2026-11-28")


def test_a_roll_back_to_before_the_safe_day_pulls_the_safe_day() -> None:
    """Good Friday 2026 is statutory, yet state offices are open: due the Thursday before."""
    reading = asked("30d", "2026-03-04", "preceding", "illinois-statutory")
    assert reading.due_on == day("2026-04-02")
    assert reading.act_by <= reading.due_on


STATE_OPEN = np.busdaycalendar(holidays=STATE)
STATUTORY_OPEN = np.busdaycalendar(holidays=STATUTORY)


def moved_back(on: date) -> date:
    moved = np.busday_offset(on, 0, roll="backward", busdaycal=STATE_OPEN)
    return date(1970, 1, 1) + timedelta(int(moved.astype("int64")))


def rolled_on(on: date) -> date:
    moved = np.busday_offset(on, 0, roll="forward", busdaycal=STATUTORY_OPEN)
    return date(1970, 1, 1) + timedelta(int(moved.astype("int64")))


STARTS = st.dates(day("2019-06-01"), day("2033-12-31"))


@given(
    start=STARTS,
    n=st.integers(1, 200),
    law_days=st.none() | st.integers(1, 200),
    stated=st.none() | st.integers(1, 200),
    roll=st.sampled_from(["none", "following"]),
)
def test_what_we_must_do_is_safe_on_the_earliest_date_moved_back(
    start: date, n: int, law_days: int | None, stated: int | None, roll: Roll
) -> None:
    rule = clock(
        f"{n}d",
        roll=roll,
        roll_calendar="illinois-statutory" if roll == "following" else None,
        law=msgspec.to_builtins(law(f"{law_days}d")) if law_days else None,
    )
    letter = start + timedelta(days=stated) if stated else None
    reading = clocks.read(rule, FRAME, Basis(on=start, at=None, field="x", stated_due_on=letter))
    last = start + timedelta(days=n)
    law_by = start + timedelta(days=law_days) if law_days else None
    candidates = [d for d in (last, letter, law_by) if d is not None]
    assert reading.unrolled_on == last
    assert reading.due_on == (rolled_on(last) if roll == "following" else last)
    assert reading.law_by == law_by
    assert reading.act_by == min(map(moved_back, candidates))
    assert reading.act_by <= reading.due_on


@given(start=STARTS, n=st.integers(1, 200), law_days=st.none() | st.integers(1, 200))
def test_what_others_owe_us_is_chased_on_the_earlier_date_unmoved(
    start: date, n: int, law_days: int | None
) -> None:
    beside = msgspec.to_builtins(law(f"{law_days}d")) if law_days else None
    reading = read(clock(f"{n}d", "payer", law=beside), str(start))
    assert reading.act_by == start + timedelta(days=min(n, law_days or n))


# Hours need an instant; horizons are kept


def test_an_hour_clock_is_refused_without_an_instant() -> None:
    with pytest.raises(Refused, match="A clock"):
        read(clock("72h"), "2026-11-24")
    with pytest.raises(Refused, match="hours"):
        asked("72h", "2026-11-24")


@pytest.mark.parametrize(
    ("length", "start"),
    [
        ("14bd", "2036-12-15"),
        ("1bd", "2018-12-31"),
        ("5bd", "2037-01-01"),
        ("65d", "2036-11-01"),
        ("4mo", "2036-09-30"),
        ("9999bd", "2026-11-24"),
    ],
)
def test_a_count_beyond_the_calendars_horizon_is_refused(length: str, start: str) -> None:
    with pytest.raises(BeyondHorizon) as caught:
        asked(length, start)
    assert "illinois-state" in caught.value.message
    assert caught.value.exit_code == 4


def test_a_roll_beyond_the_horizon_of_its_own_calendar_is_refused() -> None:
    with pytest.raises(BeyondHorizon):
        asked("1d", "2036-12-31", "following", "us-federal")


def test_an_approval_beyond_the_horizon_is_refused_and_nothing_is_written(matter: Matter) -> None:
    matter.fire("submit", "2026-11-24")
    before = matter.case
    with pytest.raises(BeyondHorizon):
        matter.fire("approve", "2026-12-01", valid_through="2037-01-05")
    assert matter.case == before


@pytest.mark.parametrize("field", ["valid_through", "stated_due_on"])
def test_a_last_day_at_the_end_of_all_years_is_refused_in_words(matter: Matter, field: str) -> None:
    """Payers write 9999-12-31 for no end at all."""
    matter.fire("submit", "2026-11-24")
    trigger = "approve" if field == "valid_through" else "deny"
    values = {field: "9999-12-31"} | ({"notice_on": "2026-12-01"} if trigger == "deny" else {})
    with pytest.raises(CasetrackError):
        matter.fire(trigger, "2026-12-01", **values)


@pytest.mark.parametrize(
    ("length", "start"),
    [
        ("65d", "9999-12-30"),
        ("2mo", "9999-11-30"),
        ("1h", "9999-12-31T23:30"),
        ("1h", "9999-12-31T23:30Z"),
        ("9999mo", "2199-12-31"),
        ("9999d", "2199-12-31"),
        ("9999bd", "2199-12-31"),
    ],
)
def test_a_count_past_the_last_year_is_refused_in_words(length: str, start: str) -> None:
    with pytest.raises(CasetrackError):
        asked(length, start)


@pytest.mark.parametrize(
    "text",
    ["", "14", "bd", "14 bd", "14BD", "14bd\n", "+14bd", "-3d", "1_0d", "10000d", "1.5d", "14y",
     "١٤bd", "１４bd", "14bd14bd"],
)  # fmt: skip
def test_a_length_is_ascii_digits_and_a_unit(text: str) -> None:
    with pytest.raises(Unparsable) as caught:
        clocks.parse_length(text)
    assert all(form in caught.value.message for form in ("14bd", "65d", "6w", "4mo", "72h"))


def test_calc_names_a_near_clock_and_refuses_one_without_a_length() -> None:
    with pytest.raises(UnknownName, match="appeal_filing"):
        of_guide("apeal_filing", "2026-11-24")
    with pytest.raises(Refused, match="valid_through"):
        of_guide("approval_validity", "2026-11-24")
    with pytest.raises(UnknownName):
        asked("14bd", "2026-11-24", "following", "illinois-moon")
    with pytest.raises(Unparsable):
        asked("14bd", "2026-11-24", "forward")


# Expedited requests


@pytest.mark.parametrize(
    ("request_at", "due_at", "law_at", "act_by"),
    [
        ("2026-11-24T10:00", "Fri 2026-11-27 10:00:00 CST", "Wed 2026-11-25 10:00:00 CST", 25),
        ("2026-11-25T09:00", "Sat 2026-11-28 09:00:00 CST", "Thu 2026-11-26 09:00:00 CST", 26),
        ("2026-11-27T10:00", "Mon 2026-11-30 10:00:00 CST", "Fri 2026-11-27 10:00:00 CST", 27),
        ("2026-11-28T09:00", "Tue 2026-12-01 09:00:00 CST", "Fri 2026-11-27 10:00:00 CST", 27),
    ],
)
def test_an_expedited_authorization_is_due_72_hours_after_the_request_by_law_24(
    matter: Matter, request_at: str, due_at: str, law_at: str, act_by: int
) -> None:
    matter.fire("submit", "2026-11-24T10:00")
    fired = matter.expedite(request_at)
    reading = matter.reading("pa_decision#1")
    assert wall(reading.due_at) == due_at
    assert reading.law_at is not None
    assert wall(reading.law_at) == law_at
    assert (reading.law_by, reading.act_by) == (day(law_at[4:14]), date(2026, 11, act_by))
    assert reading.due_on == day(due_at[4:14])
    assert reading.from_at == chicago(request_at)
    assert reading.rungs == ("24h", "8h", "2h")
    assert [(m.deadline, m.why) for m in fired.moved] == [("pa_decision#1", "expedited")]
    assert matter.case.expedited


def test_an_expedited_request_counts_elapsed_hours_over_the_change_of_clocks(
    matter: Matter,
) -> None:
    matter.fire("submit", "2026-10-29T08:00")
    matter.expedite("2026-10-30T15:00")
    assert wall(matter.reading("pa_decision#1").due_at) == "Mon 2026-11-02 14:00:00 CST"


@pytest.mark.parametrize(
    ("request_at", "due_at", "law_at"),
    [
        ("2026-10-05T09:00", "Thu 2026-10-08 09:00:00 CDT", "Thu 2026-10-08 09:00:00 CDT"),
        ("2026-10-07T12:00", "Sat 2026-10-10 12:00:00 CDT", "Thu 2026-10-08 23:59:59 CDT"),
        ("2026-10-30T09:00", "Sat 2026-10-31 23:59:59 CDT", "Thu 2026-10-08 23:59:59 CDT"),
    ],
)
def test_an_expedited_appeal_is_due_72_hours_after_the_request_or_earlier(
    matter: Matter, request_at: str, due_at: str, law_at: str
) -> None:
    matter.fire("submit", "2026-08-03")
    matter.fire("deny", "2026-09-25", notice_on="2026-09-24")
    matter.fire("file_appeal", "2026-10-01")
    matter.expedite(request_at)
    reading = matter.reading("appeal_decision#1")
    assert reading.law_at is not None
    assert (wall(reading.due_at), wall(reading.law_at)) == (due_at, law_at)
    assert reading.act_by == day(law_at[4:14])


def test_an_expedited_external_review_is_chased_on_a_sunday_if_it_ends_there(
    matter: Matter,
) -> None:
    matter.fire("submit", "2026-08-03")
    matter.fire("deny", "2026-09-01", notice_on="2026-08-28")
    matter.fire("file_appeal", "2026-09-02")
    matter.fire("uphold", "2026-09-20", notice_on="2026-09-18")
    matter.fire("request_external_review", "2026-10-21")
    matter.expedite("2026-10-22T10:00")
    assert dates_of(matter.reading("external_decision#1")) == (
        "2026-10-25",
        "2026-10-25",
        "2026-10-25",
    )


def test_an_expedited_request_moves_nothing_that_we_must_do(matter: Matter) -> None:
    matter.fire("submit", "2026-11-24")
    matter.fire("request_info", "2026-11-25", respond_on="2026-12-05")
    ours = ("pa_follow_up#1", "info_response#1")
    before = [matter.deadline(name) for name in ours]
    matter.expedite("2026-11-25T12:00")
    assert [matter.deadline(name) for name in ours] == before
    assert matter.reading("info_response#1").act_by == day("2026-12-04")
    assert matter.reading("pa_decision#1").due_on == day("2026-11-28")


def test_a_refused_expedite_restores_the_standard_reading_exactly(matter: Matter) -> None:
    matter.fire("submit", "2026-11-24T10:00")
    standard = matter.deadline("pa_decision#1")
    matter.expedite("2026-11-25T09:00")
    assert matter.deadline("pa_decision#1").deadline.standard == standard.deadline.reading
    fired = matter.fire("refuse_expedite", "2026-11-25T15:00")
    assert matter.deadline("pa_decision#1") == standard
    assert [m.deadline for m in fired.moved] == ["pa_decision#1"]
    assert matter.case.expedited is False


def test_a_second_expedite_never_makes_the_date_later(matter: Matter) -> None:
    matter.fire("submit", "2026-11-24T10:00")
    standard = matter.reading("pa_decision#1")
    matter.expedite("2026-11-24T12:00")
    first = matter.reading("pa_decision#1")
    assert matter.expedite("2026-11-25T12:00").moved == ()
    assert matter.reading("pa_decision#1") == first
    matter.fire("refuse_expedite", "2026-11-25T15:00")
    assert matter.reading("pa_decision#1") == standard


def test_an_expedited_request_that_ends_with_the_standard_date_changes_nothing(
    matter: Matter,
) -> None:
    """72 hours before the last second of 16 December, and a second later: the standard stands."""
    matter.fire("submit", "2026-11-24T10:00")
    rule, reading = GUIDE.clocks["pa_decision"], matter.reading("pa_decision#1")
    assert wall(reading.due_at) == "Wed 2026-12-16 23:59:59 CST"
    earlier = expedite(rule, reading, chicago("2026-12-13T23:59:58"), ZONE)
    assert (earlier.length, wall(earlier.due_at)) == ("72h", "Wed 2026-12-16 23:59:58 CST")
    for tie in ("2026-12-13T23:59:59", "2026-12-14T00:00:00"):
        assert expedite(rule, reading, chicago(tie), ZONE) == reading


def test_an_expedited_request_that_ends_with_the_laws_instant_leaves_the_law(
    matter: Matter,
) -> None:
    matter.fire("submit", "2026-11-24T10:00")
    rule, reading = GUIDE.clocks["pa_decision"], matter.reading("pa_decision#1")
    earlier = expedite(rule, reading, chicago("2026-11-26T09:59:59"), ZONE)
    assert (earlier.law_length, earlier.law_from_field) == ("24h", "expedite")
    tie = expedite(rule, reading, chicago("2026-11-26T10:00"), ZONE)
    assert (tie.law_length, tie.law_from_field, tie.law_at) == ("72h", "request", reading.law_at)


def test_an_expedite_after_a_refused_one_counts_from_its_own_request(matter: Matter) -> None:
    matter.fire("submit", "2026-11-24T10:00")
    standard = matter.reading("pa_decision#1")
    matter.expedite("2026-11-25T09:00")
    matter.fire("refuse_expedite", "2026-11-25T15:00")
    matter.expedite("2026-11-30T09:00")
    assert wall(matter.reading("pa_decision#1").due_at) == "Thu 2026-12-03 09:00:00 CST"
    matter.fire("refuse_expedite", "2026-11-30T15:00")
    assert matter.reading("pa_decision#1") == standard


@given(
    submitted=st.integers(0, 180 * 24 * 60),
    waited=st.integers(0, 45 * 24 * 60),
)
def test_an_expedited_reading_is_the_earlier_of_both(submitted: int, waited: int) -> None:
    start = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(minutes=submitted)
    on = start.astimezone(CHICAGO).date()
    rule = GUIDE.clocks["pa_decision"]
    standard = clocks.read(rule, FRAME, Basis(on=on, at=start, field="request"))
    request = start + timedelta(minutes=waited)
    moved = expediting.expedite(rule, standard, request, ZONE)
    ends = min(standard.due_at, request + timedelta(hours=72))
    law_ends = min(start + timedelta(hours=72), request + timedelta(hours=24))
    assert (moved.due_at, moved.law_at) == (ends, law_ends)
    chase = min(ends.astimezone(CHICAGO).date(), law_ends.astimezone(CHICAGO).date())
    assert moved.act_by == chase


# Last days that the other side states


@pytest.mark.parametrize(
    ("valid_through", "act_by"),
    [
        ("2027-05-28", "2027-05-28"),
        ("2027-05-30", "2027-05-28"),
        ("2027-05-31", "2027-05-28"),
        ("2027-06-01", "2027-06-01"),
    ],
)
def test_an_approval_ends_on_the_day_stated_and_is_used_by_the_business_day_before(
    matter: Matter, valid_through: str, act_by: str
) -> None:
    matter.fire("submit", "2026-11-24")
    matter.fire("approve", "2026-12-02", valid_through=valid_through)
    reading = matter.reading("approval_validity#1")
    assert dates_of(reading) == (valid_through, valid_through, act_by)
    assert reading.length == "valid_through"
    assert reading.rungs == ("30bd", "20bd", "10bd", "5bd")
    assert [step.date for step in working(reading) if step.counted] == [day(valid_through)]


@pytest.mark.parametrize(
    ("values", "due", "act_by"),
    [
        ({"respond_on": "2026-12-12"}, "2026-12-12", "2026-12-11"),
        ({"respond_on": "2026-12-09"}, "2026-12-09", "2026-12-09"),
        ({}, "2026-12-03", "2026-12-03"),
    ],
)
def test_an_answer_is_due_when_the_payer_says_else_in_5_business_days(
    matter: Matter, values: dict[str, str], due: str, act_by: str
) -> None:
    matter.fire("submit", "2026-11-20")
    matter.fire("request_info", "2026-11-24", **values)
    reading = matter.reading("info_response#1")
    assert (str(reading.due_on), str(reading.act_by)) == (due, act_by)
    assert reading.rungs == ("1bd", "0bd")


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ("inhibitor_test", "inhibitor_fresh#1"),
        ("factor_ix_activity", "factor_ix_fresh#1"),
        ("liver_panel", "liver_fresh#1"),
    ],
)
def test_a_test_stays_fresh_30_days_from_its_own_day(matter: Matter, item: str, name: str) -> None:
    matter.tracker.do(matter.id, Recording(item=item, when=When(on="2026-10-04")))
    assert dates_of(matter.reading(name)) == ("2026-11-03", "2026-11-03", "2026-11-02")


# Ladders


STATUTORY_LADDER = ("20bd", "10bd", "5bd", "3bd", "2bd", "1bd", "0bd")


@pytest.mark.parametrize(
    ("name", "start", "ladder"),
    [
        ("appeal_filing", "2026-11-24", STATUTORY_LADDER),
        ("external_filing", "2026-11-24", STATUTORY_LADDER),
        ("pa_follow_up", "2026-11-24", ("1bd", "0bd")),
        ("info_response", "2026-11-24", ("1bd", "0bd")),
        ("inhibitor_fresh", "2026-11-24", ("1bd", "0bd")),
        ("factor_ix_fresh", "2026-11-24", ("1bd", "0bd")),
        ("liver_fresh", "2026-11-24", ("1bd", "0bd")),
        ("pa_decision", "2026-11-24", ("2bd", "0bd")),
        ("appeal_decision", "2026-11-24", ("2bd", "0bd")),
        ("external_decision", "2026-11-24", ("2bd", "0bd")),
    ],
)
def test_each_clock_of_the_guide_has_its_ladder(
    name: str, start: str, ladder: tuple[str, ...]
) -> None:
    assert of_guide(name, start).rungs == ladder


@pytest.mark.parametrize("owner", ["provider", "payer", "reviewer"])
def test_hours_have_the_ladder_of_hours_whoever_owes_them(owner: Owner) -> None:
    assert read(clock("72h", owner), "2026-11-24", "2026-11-24T10:00").rungs == ("24h", "8h", "2h")


def test_a_clocks_own_ladder_goes_before_any_default() -> None:
    assert read(clock("72h", rungs=["4h"]), "2026-11-24", "2026-11-24T10:00").rungs == ("4h",)
    assert read(clock("10bd", rungs=["7bd"]), "2026-11-24").rungs == ("7bd",)


# The working, from what the reading recorded alone


def test_the_closed_days_that_mattered_are_recorded_with_the_edition() -> None:
    reading = of_guide("pa_decision", "2026-11-24")
    use = use_of(reading, "illinois-state")
    shipped = CALENDARS["illinois-state"]
    assert [str(closed.date) for closed in use.closed] == ["2026-11-26", "2026-11-27"]
    assert (use.edition, use.digest, use.weekend) == (shipped.edition, shipped.digest, (6, 7))
    assert [u.id for u in reading.calendars] == ["illinois-state"]


def test_a_closed_day_that_moved_the_safe_date_is_recorded() -> None:
    use = use_of(of_guide("appeal_filing", "2026-09-04"), "illinois-state")
    assert [(str(c.date), c.name) for c in use.closed] == [("2026-11-03", "General Election Day")]


def test_a_roll_records_its_own_calendar_and_its_holiday() -> None:
    reading = asked("4mo", "2026-10-30", "following", "illinois-statutory")
    use = use_of(reading, "illinois-statutory")
    assert [str(closed.date) for closed in use.closed] == ["2027-03-01"]
    assert "Pulaski" in use.closed[0].name
    crossed = [s for s in working(reading) if s.date > day("2027-02-27") and not s.counted]
    assert [str(step.date) for step in crossed] == ["2027-02-28", "2027-03-01", "2027-03-02"]
    assert "Sunday" in crossed[0].why
    assert "Pulaski" in crossed[1].why


def test_the_holiday_that_a_last_day_fell_on_is_told() -> None:
    reading = asked("30d", "2026-03-04", "following", "illinois-statutory")
    rolled = [step for step in working(reading) if not step.counted][1:]
    assert [str(step.date) for step in rolled] == [
        "2026-04-03", "2026-04-04", "2026-04-05", "2026-04-06",
    ]  # fmt: skip
    assert "Good Friday" in rolled[0].why


def test_what_others_owe_us_in_days_rests_on_no_calendar() -> None:
    assert of_guide("appeal_decision", "2026-11-24").calendars == ()


def test_every_skipped_day_of_a_count_tells_why() -> None:
    steps = working(asked("5bd", "2026-11-24"))
    assert [(str(s.date), s.counted) for s in steps] == [
        ("2026-11-24", False),
        ("2026-11-25", True),
        ("2026-11-26", False),
        ("2026-11-27", False),
        ("2026-11-28", False),
        ("2026-11-29", False),
        ("2026-11-30", True),
        ("2026-12-01", True),
        ("2026-12-02", True),
        ("2026-12-03", True),
    ]
    counted = [step.why for step in steps if step.counted]
    assert all(str(n) in why for n, why in enumerate(counted, 1))
    told = ("Thanksgiving", "Thanksgiving", "Saturday", "Sunday")
    assert all(word in step.why for word, step in zip(told, steps[2:6], strict=True))


def test_the_working_of_hours_tells_the_change_of_clocks() -> None:
    changed = working(asked("72h", "2026-10-30T15:00"))[-1].why
    plain = working(asked("72h", "2026-11-24T10:00"))[-1].why
    assert "14:00" in changed
    assert len(changed) > len(plain)


def business(on: date) -> bool:
    return bool(np.is_busday(on, busdaycal=STATE_OPEN))


def days_after(first: date, last: date) -> list[date]:
    return [first + timedelta(n) for n in range(1, (last - first).days + 1)]


@given(start=STARTS, n=st.integers(1, 260))
def test_business_days_recount_from_the_record_alone(start: date, n: int) -> None:
    reading = read(clock(f"{n}bd"), str(start))
    last = np.busday_offset(start, n, roll="backward", busdaycal=STATE_OPEN)
    assert np.datetime64(reading.unrolled_on) == last
    passed = days_after(start, reading.unrolled_on)
    counted = [step.date for step in working(reading) if step.counted]
    assert counted == [on for on in passed if business(on)]
    assert len(counted) == n
    recorded = [closed.date for closed in use_of(reading, "illinois-state").closed]
    assert recorded == [on for on in passed if on in STATE and on.isoweekday() < 6]


@given(start=STARTS, n=st.integers(1, 400), roll=st.sampled_from(["none", "following"]))
def test_calendar_days_recount_from_the_record_alone(start: date, n: int, roll: Roll) -> None:
    by = "illinois-statutory" if roll == "following" else None
    reading = read(clock(f"{n}d", roll=roll, roll_calendar=by), str(start))
    steps = working(reading)
    counted = [step.date for step in steps if step.counted]
    assert counted == [start + timedelta(i) for i in range(1, n + 1)]
    crossed = [step.date for step in steps if not step.counted][1:]
    last = start + timedelta(n)
    rolls = rolled_on(last) != last and roll == "following"
    assert crossed == ([last, *days_after(last, rolled_on(last))] if rolls else [])


@given(start=STARTS, n=st.integers(1, 60))
def test_the_record_tells_how_the_safe_date_moved_back(start: date, n: int) -> None:
    reading = as_recorded(read(clock(f"{n}d"), str(start)))
    (line,) = explanation.safe_words(reading, "illinois-state")
    last = start + timedelta(n)
    assert str(last) in line
    assert str(moved_back(last)) in line
    crossed = [last - timedelta(i) for i in range((last - moved_back(last)).days)]
    assert all(str(on) in line for on in crossed)
