"""Clocks whole: receipts, rolls, versions, cut-offs, rights that open, several at once.

The examples are typed from the counting rules; the models are numpy, datetime and zoneinfo on
the calendar files' own dates.
"""

import calendar as months
import tomllib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casetrack.domain import clocks, versions
from casetrack.domain.clocks import Basis, Frame
from casetrack.domain.events import Reading
from casetrack.domain.workflow import Clock
from casetrack.errors import Refused, TransitionRefused
from casetrack.ledger.store import Draft
from casetrack.reports import working
from casetrack.service.bootstrap import ShippedCalendars
from casetrack.service.due import Filter, docket
from casetrack.service.questions import as_armed
from casetrack.service.typed import Amending
from tests.facts import noted
from tests.regimes import Matter, load

CALENDARS = ShippedCalendars()
CHICAGO = ZoneInfo("America/Chicago")
FRAME = Frame(zone="America/Chicago", home=CALENDARS["illinois-state"], calendars=CALENDARS)
FOLDER = Path(__file__).parents[2] / "calendars"


def listed(name: str) -> np.busdaycalendar:
    document = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return np.busdaycalendar(holidays=[day["date"] for day in document["days"]])


STATE, STATUTORY = listed("illinois-state"), listed("illinois-statutory")


def day(text: str) -> date:
    return date.fromisoformat(text)


def chicago(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHICAGO).astimezone(UTC)


def moved(on: date, how: str, by: np.busdaycalendar) -> date:
    found = np.busday_offset(on, 0, roll=how, busdaycal=by)  # type: ignore[call-overload]
    return date(1970, 1, 1) + timedelta(int(found.astype("int64")))


def dates_of(reading: Reading) -> tuple[str, str, str, str, str]:
    """Counted from, and why; unrolled, due and act by."""
    return (
        str(reading.from_on),
        reading.from_field,
        str(reading.unrolled_on),
        str(reading.due_on),
        str(reading.act_by),
    )


def denied(workflow: str, on: str, **letter: str) -> Matter:
    matter = Matter(workflow)
    if workflow == "ma-like":
        matter.fire("submit", "2024-02-01T09:00")
    matter.fire("deny", on, **letter)
    return matter


def final_denial(**letter: str) -> Matter:
    matter = denied("il-like", "2026-08-03", notice_on="2026-08-03")
    matter.fire("file_appeal", "2026-09-01")
    matter.fire("uphold", "2026-11-02", **letter)
    return matter


# Presumed receipt


def test_a_receipt_that_is_not_shown_is_presumed_and_our_own_reading_presumes_nothing() -> None:
    reading = denied("ma-like", "2026-10-08", notice_on="2026-10-01").reading("filing#1")
    assert dates_of(reading) == (
        "2026-10-06", "presumed_receipt", "2026-12-05", "2026-12-05", "2026-11-30",
    )  # fmt: skip
    assert (reading.safe_from_on, reading.safe_on) == (day("2026-10-01"), day("2026-11-30"))
    assert reading.roll == "none"


@pytest.mark.parametrize(
    ("received", "due", "act_by"),
    [
        ("2026-10-01", "2026-11-30", "2026-11-30"),
        ("2026-10-03", "2026-12-02", "2026-12-02"),
        ("2026-10-08", "2026-12-07", "2026-12-07"),
    ],
)
def test_a_receipt_that_is_shown_counts_whether_before_or_after_the_presumed_day(
    received: str, due: str, act_by: str
) -> None:
    matter = denied("ma-like", "2026-10-08", notice_on="2026-10-01", received_on=received)
    reading = matter.reading("filing#1")
    assert dates_of(reading) == (received, "received_on", due, due, act_by)
    assert reading.safe_from_on == day(received)


def test_where_nothing_is_presumed_the_notice_counts() -> None:
    reading = final_denial(notice_on="2026-10-30").reading("review_filing#1")
    assert dates_of(reading)[:2] == ("2026-10-30", "notice_on")


@pytest.mark.parametrize("on", ["2026-10-01", "2026-10-30", "2027-01-04"])
def test_the_day_on_which_a_letter_is_recorded_moves_no_date(on: str) -> None:
    reading = denied("ma-like", on, notice_on="2026-10-01").reading("filing#1")
    assert (str(reading.due_on), str(reading.act_by)) == ("2026-12-05", "2026-11-30")


@given(
    noticed=st.dates(day("2019-06-01"), day("2033-06-01")),
    presumed=st.integers(0, 30),
    n=st.integers(1, 200),
)
def test_any_presumed_receipt_is_counted_as_a_plain_model_does(
    noticed: date, presumed: int, n: int
) -> None:
    rule = msgspec.structs.replace(
        load("ma-like").clocks["filing"], length=f"{n}d", presumed_days=presumed, versions=()
    )
    reading = clocks.read(rule, FRAME, versions.presumed(rule, noticed))
    assert reading.due_on == noticed + timedelta(days=presumed + n)
    assert reading.safe_on == noticed + timedelta(days=n)
    assert reading.act_by == moved(noticed + timedelta(days=n), "backward", STATE)
    assert reading.from_field == ("presumed_receipt" if presumed else "notice_on")


@given(noticed=st.dates(day("2019-06-01"), day("2033-06-01")), n=st.integers(1, 60))
def test_business_days_from_a_presumed_receipt_name_every_closed_day_of_both_counts(
    noticed: date, n: int
) -> None:
    rule = msgspec.structs.replace(
        load("ma-like").clocks["filing"], length=f"{n}bd", presumed_days=5, versions=()
    )
    reading = clocks.read(rule, FRAME, versions.presumed(rule, noticed))
    start = noticed + timedelta(days=5)
    for first, last in ((start, reading.unrolled_on), (noticed, reading.safe_on)):
        assert np.busday_count(first, last, busdaycal=STATE) in {n, n - 1}
        named = {closed.date for use in reading.calendars for closed in use.closed}
        days = (first + timedelta(days=k) for k in range(1, (last - first).days + 1))
        closed = {d for d in days if d.weekday() < 5 and not np.is_busday(d, busdaycal=STATE)}
        assert closed <= named


# Rolls by another calendar


def test_four_months_roll_by_the_statutory_days_and_are_safe_by_the_state_offices() -> None:
    matter = final_denial(notice_on="2026-10-28", received_on="2026-10-30")
    reading = matter.reading("review_filing#1")
    assert dates_of(reading) == (
        "2026-10-30", "received_on", "2027-02-28", "2027-03-02", "2027-02-26",
    )  # fmt: skip
    assert (reading.roll, reading.roll_calendar) == ("following", "illinois-statutory")
    assert {use.id for use in reading.calendars} == {"illinois-state", "illinois-statutory"}


@given(received=st.dates(day("2019-06-01"), day("2033-06-01")))
def test_any_four_months_roll_as_a_plain_model_does(received: date) -> None:
    rule = load("il-like").clocks["review_filing"]
    reading = clocks.read(rule, FRAME, Basis(on=received, at=None, field="received_on"))
    year, month = divmod(received.year * 12 + received.month + 3, 12)
    last = months.monthrange(year, month + 1)[1]
    unrolled = date(year, month + 1, min(received.day, last))
    assert reading.unrolled_on == unrolled
    assert reading.due_on == moved(unrolled, "forward", STATUTORY)
    assert reading.act_by == moved(unrolled, "backward", STATE)


# Versions


@pytest.mark.parametrize(
    ("notice", "on", "due", "field"),
    [
        ("2024-12-31", "2024-12-31", "2025-03-01", "notice_on"),
        ("2024-12-31", "2025-02-03", "2025-03-01", "notice_on"),
        ("2025-01-01", "2025-01-02", "2025-03-07", "presumed_receipt"),
    ],
)
def test_the_date_on_the_notice_picks_the_version_and_never_the_day_it_was_recorded(
    notice: str, on: str, due: str, field: str
) -> None:
    reading = denied("ma-like", on, notice_on=notice).reading("filing#1")
    assert (str(reading.due_on), reading.from_field) == (due, field)


def test_a_version_keeps_what_it_does_not_say_and_has_its_own_source() -> None:
    clock = load("ma-like").clocks["filing"]
    before, after = (versions.in_force(clock, day(d)) for d in ("2024-12-31", "2025-01-01"))
    assert (before, before.presumed_days) == (clock, 0)
    assert (after.length, after.presumed_days) == ("60d", 5)
    assert (before.source, after.source) == (
        "42 CFR 422.582(b), before 2025",
        "42 CFR 422.582(b)",
    )
    assert after.caveat.startswith("60 days from receipt")


def test_the_version_in_force_is_the_one_that_the_docket_cites() -> None:
    for notice, source in (("2024-12-31", "42 CFR 422.582(b), before 2025"),
                           ("2025-01-01", "42 CFR 422.582(b)")):  # fmt: skip
        matter = denied("ma-like", "2025-01-02", notice_on=notice)
        (line,) = docket(matter.at(chicago("2025-01-03T09:00")), Filter(within="200d")).items
        assert (line.deadline, line.source) == ("filing#1", source)


def cited(matter: Matter) -> str:
    (line,) = docket(matter.at(chicago("2025-02-03T09:00")), Filter(within="200d")).items
    return line.source


def test_a_later_date_of_that_name_does_not_change_what_is_cited() -> None:
    matter = denied("ma-like", "2025-01-02", notice_on="2024-12-31")
    again = noted(notice_on="2025-01-20")
    matter.ledger.append(matter.case, [Draft(event=again, actor="eva")])
    assert matter.case.fields["notice_on"] == "2025-01-20"
    assert cited(matter) == "42 CFR 422.582(b), before 2025"


def test_what_an_amendment_counts_again_is_cited_by_the_version_it_is_now_counted_by() -> None:
    matter = denied("ma-like", "2025-01-02", notice_on="2024-12-31")
    pairs = [("notice_on", "2025-01-01")]
    matter.tracker.do(matter.id, Amending(version=3, pairs=pairs, reason="misread"))
    assert str(matter.reading("filing#1").due_on) == "2025-03-07"
    assert cited(matter) == "42 CFR 422.582(b)"


def test_a_clock_with_versions_needs_the_date_that_picks_one() -> None:
    with pytest.raises(Refused, match="give notice_on"):
        versions.in_force(load("ma-like").clocks["filing"], None)


@given(on=st.dates(day("2000-01-01"), day("2040-01-01")), dates=st.sets(
    st.dates(day("2000-01-01"), day("2040-01-01")), min_size=1, max_size=6
))  # fmt: skip
def test_the_last_version_begun_is_in_force(on: date, dates: set[date]) -> None:
    made = [{"since": str(since), "source": str(since), "evidence": "V"} for since in sorted(dates)]
    clock = msgspec.convert(
        msgspec.to_builtins(load("ma-like").clocks["filing"]) | {"versions": made}, Clock
    )
    begun = [since for since in sorted(dates) if since <= on]
    expected = str(begun[-1]) if begun else clock.source
    assert versions.in_force(clock, on).source == expected


# Cut-offs


def test_a_cut_off_is_the_last_moment_of_the_last_day_in_the_zone() -> None:
    reading = denied("il-like", "2026-06-04", notice_on="2026-06-03").reading("filing#1")
    assert reading.due_on == day("2026-11-30")
    assert reading.due_at == datetime(2026, 11, 30, 22, 59, tzinfo=UTC)
    assert reading.act_by == day("2026-11-30")


@given(on=st.dates(day("2019-06-01"), day("2033-06-01")), hour=st.integers(4, 23))
def test_a_cut_off_is_a_wall_time_on_either_side_of_a_clock_change(on: date, hour: int) -> None:
    rule = msgspec.structs.replace(load("il-like").clocks["filing"], cut_off=f"{hour:02}:30")
    reading = clocks.read(rule, FRAME, Basis(on=on, at=None, field="notice_on"))
    local = datetime.combine(on + timedelta(days=180), time(hour, 30), CHICAGO)
    assert reading.due_at == local.astimezone(UTC)


FILED = "2026-11-30"


@pytest.mark.parametrize(
    ("when", "sent", "late"),
    [
        (FILED, f"{FILED}T16:59", False),
        (FILED, f"{FILED}T16:58:59", False),
        (FILED, f"{FILED}T16:59:01", True),
        (FILED, None, None),
        (f"{FILED}T16:59", None, False),
        (f"{FILED}T16:59:01", None, True),
        (f"{FILED}T18:00", f"{FILED}T16:59", False),
        (FILED, "2026-11-29T23:00", False),
        ("2026-11-29", None, False),
        ("2026-12-01", f"{FILED}T16:59", True),
        ("2026-12-01", None, True),
    ],
)
def test_what_was_sent_at_or_before_the_cut_off_is_timely(
    when: str, sent: str | None, late: bool | None
) -> None:
    matter = denied("il-like", "2026-06-04", notice_on="2026-06-03")
    values = {"sent_at": sent} if sent else {}
    if late:
        with pytest.raises(TransitionRefused) as refusal:
            matter.fire("file_appeal", when, **values)
        assert "2026-11-30 at 16:59" in refusal.value.reasons[0]
    closed = matter.override("file_appeal", when, **values).closed
    assert [end.late for end in closed] == [late]


def test_a_payers_clock_counts_from_the_filing_whatever_was_sent_when() -> None:
    matter = denied("il-like", "2026-06-04", notice_on="2026-06-03")
    matter.fire("file_appeal", FILED, sent_at="2026-11-27T09:00")
    assert matter.reading("federal_cap#1").from_on == day(FILED)


def test_a_deadline_is_overdue_from_the_second_after_its_cut_off() -> None:
    matter = denied("il-like", "2026-06-04", notice_on="2026-06-03")
    for now, status in (("16:59:00", "act_now"), ("16:59:01", "overdue")):
        (line,) = docket(matter.at(chicago(f"{FILED}T{now}")), Filter()).items
        assert (line.status, line.due_at[:16]) == (status, f"{FILED}T16:59")


# Several at once, and a right that opens


def appealed() -> Matter:
    matter = denied("il-like", "2026-11-24", notice_on="2026-11-20")
    matter.fire("file_appeal", "2026-11-25")
    return matter


def test_one_filing_starts_every_clock_that_runs_beside_the_others() -> None:
    matter = appealed()
    due = {t.deadline.clock: str(t.deadline.reading.due_on) for t in matter.case.open_deadlines()}
    assert due == {
        "missing_information": "2026-12-02",
        "decision": "2026-12-18",
        "federal_cap": "2026-12-25",
        "exhaustion": "2026-12-25",
    }
    matter.fire("uphold", "2026-12-10", notice_on="2026-12-09")
    assert matter.open_now() == {"review_filing#1"}


@pytest.mark.parametrize(
    ("now", "status"),
    [
        ("2026-12-01T09:00", "upcoming"),
        ("2026-12-21T09:00", "due_soon"),
        ("2026-12-25T23:59:59", "due_soon"),
        ("2026-12-26T00:00", "act_now"),
        ("2027-09-01T09:00", "act_now"),
    ],
)
def test_a_right_opens_once_its_day_has_passed_and_is_never_overdue(now: str, status: str) -> None:
    matter = appealed()
    found = docket(matter.at(chicago(now)), Filter(within="90d")).items
    (line,) = (item for item in found if item.deadline == "exhaustion#1")
    assert (line.status, line.opens) == (status, True)
    assert (line.due_on, line.act_by) == (day("2026-12-25"), day("2026-12-26"))


@pytest.mark.parametrize("trigger", ["request_review", "close"])
def test_a_right_that_opened_never_lapses(trigger: str) -> None:
    data = appealed().fire(trigger, "2027-03-01")
    (end,) = (end for end in data.closed if end.deadline == "exhaustion#1")
    assert end.outcome == {"request_review": "satisfied", "close": "cancelled"}[trigger]
    assert end.late is False


# As it is explained


def told(matter: Matter, deadline: str) -> str:
    tracked = matter.deadline(deadline)
    rules = as_armed(matter.case, matter.workflow, tracked)
    lines = working.explain(tracked.deadline, rules)
    return " ".join(" ".join(line.text for line in lines).split())


def test_the_working_tells_the_presumed_receipt_our_own_start_and_the_version_in_force() -> None:
    said = told(denied("ma-like", "2026-10-08", notice_on="2026-10-01"), "filing#1")
    for words in (
        "counted from Tue 2026-10-06, the presumed receipt",
        "due Sat 2026-12-05 23:59 CST",
        "our own reading, from 2026-10-01: 2026-11-30",
        "source 42 CFR 422.582(b) (a secondary source quotes it)",
        "caveat 60 days from receipt",
    ):
        assert words in said
    before = told(denied("ma-like", "2025-01-02", notice_on="2024-12-31"), "filing#1")
    assert "source 42 CFR 422.582(b), before 2025" in before


def test_the_working_tells_a_cut_off_and_a_right_that_opens() -> None:
    matter = denied("il-like", "2026-06-04", notice_on="2026-06-03")
    assert "due Mon 2026-11-30 16:59 CST" in told(matter, "filing#1")
    assert "act by Sat 2026-12-26 a right opens once 2026-12-25 has passed" in told(
        appealed(), "exhaustion#1"
    )
