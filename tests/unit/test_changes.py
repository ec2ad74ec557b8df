"""Deadlines planned, extended, stopped and resumed; the dates are typed in from the rules."""

from datetime import date, timedelta
from functools import partial

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from casetrack.domain import events as e
from casetrack.domain.clocks import Basis, frame, read
from casetrack.domain.later import resumed
from casetrack.domain.workflow import Clock
from casetrack.errors import BeyondHorizon, UnknownName, Unparsable
from casetrack.service.questions import shown
from tests.world import GUIDE, KNOWN, World, day, refused

HOME = KNOWN["illinois-state"]
CLOSED = np.array([d.date for d in HOME.days], dtype="datetime64[D]")


def submitted() -> World:
    """Submitted on Tuesday 24 November 2026 at 10:00."""
    world = World("2026-11-24T10:00")
    world.fire("submit", "2026-11-24T10:00", method="portal")
    return world


def denied(notice_on: str = "2026-09-04", **more: str) -> World:
    """A denial whose appeal is due 65 days after its notice; the law counts 60."""
    world = World("2026-09-10")
    world.fire("submit", "2026-09-01")
    world.fire("deny", "2026-09-10", notice_on=notice_on, **more)
    return world


# A deadline of our own


def test_a_plan_is_ours_and_acted_on_by_the_business_day_before() -> None:
    world = World("2026-11-24")
    written = world.plan("call the center", "2026-11-28")

    tracked = world.deadline("plan#1")
    assert written.data == e.DeadlinePlanned(armed=(tracked.deadline,))
    assert (tracked.deadline.owner, tracked.deadline.kind) == ("provider", "planned")
    # Saturday; Thursday is Thanksgiving and Friday the day after.
    assert world.dates("plan#1") == ("2026-11-28", "2026-11-25", None)
    assert world.reading("plan#1").rungs == ("1bd", "0bd")
    assert world.case.titles == {"plan#1": "call the center"}


def test_a_plan_s_title_is_sealed() -> None:
    world = World()
    world.plan("call Ms Smith", "+5bd")
    entry = world.entries()[-1]
    assert entry.sealed.keys() == {"title"}
    assert "Smith" not in entry.body


def test_a_plan_lives_in_every_state_that_is_not_final_and_ends_with_the_case() -> None:
    world = World("2026-11-24")
    world.plan("a", "2026-12-30")
    world.fire("submit")
    world.fire("deny", notice_on="2026-11-24")
    assert world.deadline("plan#1").outcome is None
    world.fire("close", close_reason="declined")
    assert world.deadline("plan#1").outcome == "cancelled"


def test_plans_are_numbered_and_done_by_name_or_by_title() -> None:
    world = World("2026-11-24")
    for title in ("one", "two", "three"):
        world.plan(title, "2026-12-04")
    world.done("plan#2")
    assert world.done("three").data == e.DeadlineDone(
        closed=(e.Ended(deadline="plan#3", outcome="satisfied", late=False),)
    )
    assert world.open_now() == {"plan#1"}
    world.plan("two", "2026-12-05")
    assert world.open_now() == {"plan#1", "plan#4"}


def test_done_says_how_late_it_was_and_on_which_day() -> None:
    world = World("2026-11-24")
    world.plan("one", "2026-11-25")
    world.at("2026-12-10").done("one", "2026-11-30")
    tracked = world.deadline("plan#1")
    assert (tracked.outcome, tracked.late, tracked.closed_on) == (
        "satisfied", True, day("2026-11-30")
    )  # fmt: skip


def test_what_can_not_be_planned_is_refused() -> None:
    world = World("2026-11-24")
    world.plan("one", "2026-12-04")
    refused(world, lambda: world.plan("one", "2026-12-08"), "plan#1 has that title")
    refused(world, lambda: world.plan("two", "2026-11-23"), "is before 2026-11-24")
    refused(world, lambda: world.plan(" ", "2026-12-04"), "title: is empty")
    refused(world, lambda: world.plan("x" * 201, "2026-12-04"), "title: 201 bytes")
    refused(world, lambda: world.plan("a\x1b", "2026-12-04"), "control", Unparsable)
    refused(world, lambda: world.plan("plan#9", "2026-12-04"), "title: plan#n")
    refused(world, lambda: world.plan("two", "04.12.2026"), "not a date", Unparsable)
    refused(world, lambda: world.plan("two", "2060-01-04"), "horizon", BeyondHorizon)
    world.fire("close", close_reason="declined")
    refused(world, lambda: world.plan("two", "2026-12-04"), "a final state")


def test_what_is_not_planned_or_is_done_can_not_be_done() -> None:
    world = submitted()
    world.plan("secret", "2026-12-04")
    refused(world, lambda: world.done("Secret"), "open: plan#1", UnknownName)
    refused(world, lambda: world.done("pa_decision#1"), "open: plan#1", UnknownName)
    refused(world, lambda: world.done("plan#2"), "open: plan#1", UnknownName)
    refused(world, lambda: world.done("secret", "2026-11-25"), "in the future")
    world.done("secret")
    refused(world, lambda: world.done("secret"), "plan#1 is closed: satisfied on 2026-11-24")
    refused(world, lambda: world.done("plan#1"), "plan#1 is closed")


def test_a_typed_title_is_shown_only_to_who_may_see_it() -> None:
    world = World()
    world.plan("call Ms Smith", "+5bd")
    hidden, _ = shown(world.tracker, "C-1", phi=False)
    told, _ = shown(world.tracker, "C-1", phi=True)
    assert "Smith" not in str(hidden)
    assert "a deadline of our own" in str(hidden)
    assert "call Ms Smith" in str(told)


# Extended


def test_an_extension_sets_the_day_and_the_law_s_date_still_pulls() -> None:
    world = denied()
    assert world.dates("appeal_filing#1") == ("2026-11-08", "2026-11-02", "2026-11-03")

    written = world.extend("appeal_filing", "2026-11-29")

    # The law's 60 days end on Election Day, whoever granted more.
    assert world.dates("appeal_filing#1") == ("2026-11-29", "2026-11-02", "2026-11-03")
    found = world.reading("appeal_filing#1")
    assert (found.unrolled_on, found.roll, found.length) == (day("2026-11-29"), "none", "extension")
    assert isinstance(written.data, e.DeadlineExtended)
    assert written.data.moved[0].why == "extended"
    entry = world.entries()[-1]
    assert entry.sealed.keys() == {"basis", "reason"}


def test_an_extension_s_safe_day_is_the_business_day_before_it() -> None:
    world = World("2026-11-24")
    world.plan("one", "2026-11-25")
    world.extend("plan#1", "2026-11-29")
    # Sunday; the state is closed on Thursday and Friday.
    assert world.dates("plan#1") == ("2026-11-29", "2026-11-25", None)
    world.extend("plan", "2026-12-06")
    assert world.dates("plan#1") == ("2026-12-06", "2026-12-04", None)


def test_the_letter_s_day_still_pulls_an_extended_deadline() -> None:
    world = denied(stated_due_on="2026-10-20")
    world.extend("appeal_filing", "2026-12-01")
    assert world.dates("appeal_filing#1") == ("2026-12-01", "2026-10-20", "2026-11-03")
    assert world.reading("appeal_filing#1").stated_due_on == day("2026-10-20")


def test_a_payer_s_extended_deadline_is_chased_on_the_law_s_day() -> None:
    world = submitted()
    world.extend("pa_decision#1", "2026-12-20")
    assert world.dates("pa_decision#1") == ("2026-12-20", "2026-11-27", "2026-11-27")


def test_an_extension_is_bounded() -> None:
    world = denied()
    refused(world, lambda: world.extend("appeal_filing", "2026-11-08"), "not later than 2026-11-08")
    refused(world, lambda: world.extend("appeal_filing", "2026-09-11"), "not later")
    refused(world, lambda: world.extend("appeal_filing", "2027-11-10"), "at most 2027-11-09")
    world.extend("appeal_filing", "2027-11-09")
    assert world.dates("appeal_filing#1")[0] == "2027-11-09"


def test_an_extension_stays_within_the_calendar() -> None:
    world = World("2036-12-20")
    world.plan("last", "2036-12-30")
    refused(world, lambda: world.extend("plan", "2037-01-20"), "horizon", BeyondHorizon)


def test_only_a_running_deadline_can_be_extended() -> None:
    world = denied()
    refused(world, lambda: world.extend("nonsense", "2026-12-01"), "no such deadline", UnknownName)
    refused(world, lambda: world.extend("pa_decision", "2026-12-01"), "pa_decision#1 is closed")
    world.toll("appeal_filing")
    refused(world, lambda: world.extend("appeal_filing", "2026-12-01"), "resume it first")
    world.resume("appeal_filing")
    world.at("2026-11-08T23:59:59").extend("appeal_filing", "2026-11-20")
    world.at("2026-11-21T00:00")
    refused(world, lambda: world.extend("appeal_filing", "2026-12-01"), "lapsed")


def test_an_hour_clock_lapses_at_its_instant_and_can_be_extended_to_a_day_before_it() -> None:
    world = submitted()
    world.fire("expedite", "2026-11-24T10:00", expedite_reason="deterioration")
    assert world.reading("pa_decision#1").rungs == ("24h", "8h", "2h")
    world.at("2026-11-27T10:00:01")
    refused(world, lambda: world.extend("pa_decision", "2026-12-01"), "lapsed")
    world.at("2026-11-27T10:00").extend("pa_decision", "2026-12-01")
    found = world.reading("pa_decision#1")
    assert (found.due_on, found.rungs) == (day("2026-12-01"), ("2bd", "0bd"))
    # The standard date is later than what was granted: it stands.
    standard = world.deadline("pa_decision#1").deadline.standard
    assert standard is not None
    assert standard.due_on == day("2026-12-16")


def test_a_standard_date_is_granted_the_later_day_too() -> None:
    world = submitted()
    world.fire("expedite", "2026-11-24T10:00", expedite_reason="deterioration")
    world.extend("pa_decision", "2026-12-30")
    world.fire("refuse_expedite", "2026-11-24T10:00")
    assert world.dates("pa_decision#1") == ("2026-12-30", "2026-11-27", "2026-11-27")


def test_a_planned_deadline_that_has_passed_can_be_given_another_day() -> None:
    world = World("2026-11-24")
    world.plan("one", "2026-11-25")
    world.at("2026-12-10")
    refused(world, lambda: world.extend("plan", "2026-12-09"), "has passed already")
    world.extend("plan", "2026-12-10")
    assert world.dates("plan#1") == ("2026-12-10", "2026-12-10", None)


def test_reason_and_basis_say_something() -> None:
    from casetrack.service.typed import Extending, Resuming, Tolling

    world = denied()
    for typed in (
        Extending(deadline="appeal_filing", to="2026-12-01", basis=" ", reason="x"),
        Extending(deadline="appeal_filing", to="2026-12-01", basis="x", reason=""),
        Tolling(deadline="appeal_filing", reason="\n"),
        Resuming(deadline="appeal_filing", reason=""),
    ):
        refused(world, partial(world.do, typed), "is empty")


# Stopped and resumed


def test_what_remained_is_counted_on_from_the_day_it_runs_again() -> None:
    world = submitted()
    assert world.dates("pa_decision#1")[0] == "2026-12-16"

    world.at("2026-12-20").toll("pa_decision", "2026-12-01")
    assert world.deadline("pa_decision#1").tolled_on == day("2026-12-01")
    world.resume("pa_decision", "2026-12-10")

    # 11 business days are left: Monday 28 December, for the 25th is Christmas.
    assert world.dates("pa_decision#1") == ("2026-12-28", "2026-11-27", "2026-11-27")
    found = world.reading("pa_decision#1")
    assert (found.length, found.from_on, found.from_field) == ("11bd", day("2026-12-10"), "resume")
    assert world.deadline("pa_decision#1").tolled_on is None


def test_days_go_on_as_days_and_the_law_s_date_stands() -> None:
    world = denied()
    world.at("2026-10-20").toll("appeal_filing", "2026-10-01")
    world.resume("appeal_filing", "2026-10-15")
    # 38 of 65 days were left on 1 October; the law's date is not ours to stop.
    assert world.dates("appeal_filing#1") == ("2026-11-22", "2026-11-02", "2026-11-03")
    assert world.reading("appeal_filing#1").length == "38d"


def test_a_clock_can_be_stopped_twice() -> None:
    world = submitted()
    world.at("2027-01-20").toll("pa_decision", "2026-12-01")
    world.resume("pa_decision", "2026-12-10")
    world.toll("pa_decision", "2026-12-18")
    world.resume("pa_decision", "2026-12-21")
    # 6 of the 11 were used by Friday the 18th, and 5 are left: 22, 23, 24, 28, 29.
    assert world.dates("pa_decision#1")[0] == "2026-12-29"


def test_a_stated_day_stands_still_in_days() -> None:
    world = World("2026-11-24")
    world.plan("one", "2026-12-04")
    world.toll("plan", "2026-11-24")
    world.at("2026-12-01").resume("plan")
    assert world.dates("plan#1") == ("2026-12-11", "2026-12-11", None)


def test_nothing_is_late_while_its_clock_stands_still() -> None:
    world = denied()
    world.toll("appeal_filing", "2026-09-10")
    world.at("2026-12-24").fire("file_appeal", confirmation="F-1")
    assert world.deadline("appeal_filing#1").late is False


def test_what_can_not_be_stopped_is_refused() -> None:
    world = submitted()
    refused(world, lambda: world.toll("pa_decision", "2026-11-23"), "from which")
    refused(world, lambda: world.toll("pa_decision", "2026-11-25"), "in the future")
    world.at("2026-12-20")
    refused(world, lambda: world.toll("pa_decision", "2026-12-17"), "was due 2026-12-16")
    world.toll("pa_decision", "2026-12-16")
    refused(world, lambda: world.toll("pa_decision"), "resume it first")
    refused(world, lambda: world.resume("pa_decision", "2026-12-15"), "when pa_decision#1 was stop")
    refused(world, lambda: world.resume("pa_follow_up"), "does not stand still")
    world.resume("pa_decision", "2026-12-18")
    # Nothing was left, so it is due on the day on which it runs again.
    assert world.dates("pa_decision#1")[0] == "2026-12-18"
    refused(world, lambda: world.resume("pa_decision"), "nothing to resume")
    world.fire("approve", valid_through="2027-06-30")
    refused(world, lambda: world.toll("pa_decision"), "closed")
    refused(world, lambda: world.resume("pa_decision"), "closed")


def test_hours_are_stopped_by_nothing() -> None:
    world = submitted()
    world.fire("expedite", "2026-11-24T10:00", expedite_reason="deterioration")
    refused(world, lambda: world.toll("pa_decision"), "runs in hours")


LONG = st.integers(1, 120)


@given(
    start=st.dates(date(2026, 1, 1), date(2027, 12, 1)),
    n=LONG, tolled=st.integers(0, 200), rest=st.integers(0, 200),
)  # fmt: skip
def test_business_days_resume_as_numpy_counts_them(
    start: date, n: int, tolled: int, rest: int
) -> None:
    clock = Clock(
        title="x", owner="payer", kind="service", armed_by=(), alive_in=(), ended_by=(),
        source="x", evidence="V", length=f"{n}bd",
    )  # fmt: skip
    reading = read(clock, frame(GUIDE, KNOWN), Basis(on=start, at=None, field="request"))
    stopped = min(start + timedelta(tolled), reading.unrolled_on)
    again = stopped + timedelta(rest)

    found = resumed(clock, reading, stopped, again, frame(GUIDE, KNOWN))

    left = np.busday_count(
        stopped + timedelta(1), reading.unrolled_on + timedelta(1), holidays=CLOSED
    )
    due = again
    if left:
        due = np.busday_offset(again, left, roll="backward", holidays=CLOSED).astype(date)
    assert found.due_on == found.unrolled_on == due
    assert found.length == f"{left}bd"


@given(
    start=st.dates(date(2026, 1, 1), date(2027, 12, 1)),
    months=st.integers(1, 6), tolled=st.integers(0, 30), rest=st.integers(0, 200),
)  # fmt: skip
def test_months_go_on_as_days_and_roll_once(
    start: date, months: int, tolled: int, rest: int
) -> None:
    clock = Clock(
        title="x", owner="provider", kind="statutory", armed_by=(), alive_in=(), ended_by=(),
        source="x", evidence="V", length=f"{months}mo", roll="following",
        roll_calendar="illinois-statutory",
    )  # fmt: skip
    counting = frame(GUIDE, KNOWN)
    reading = read(clock, counting, Basis(on=start, at=None, field="request"))
    stopped = min(start + timedelta(tolled), reading.unrolled_on)
    again = stopped + timedelta(rest)

    found = resumed(clock, reading, stopped, again, counting)

    assert found.unrolled_on == reading.unrolled_on + (again - stopped)
    closed = np.array([d.date for d in KNOWN["illinois-statutory"].days], dtype="datetime64[D]")
    due = np.busday_offset(found.unrolled_on, 0, roll="forward", holidays=closed).astype(date)
    assert found.due_on == due
    safe = np.busday_offset(found.unrolled_on, 0, roll="backward", holidays=CLOSED).astype(date)
    assert found.act_by == safe


def test_a_safe_date_moves_by_its_own_remainder() -> None:
    """Presumed receipt: the rule counts from the 6th, ours from the notice of the 1st."""
    clock = Clock(
        title="x", owner="provider", kind="statutory", armed_by=(), alive_in=(), ended_by=(),
        source="x", evidence="V", length="60d",
    )  # fmt: skip
    counting = frame(GUIDE, KNOWN)
    basis = Basis(on=day("2026-10-06"), at=None, field="x", safe_from=day("2026-10-01"))
    reading = read(clock, counting, basis)
    assert (reading.due_on, reading.act_by) == (day("2026-12-05"), day("2026-11-30"))

    found = resumed(clock, reading, day("2026-11-01"), day("2026-11-11"), counting)

    assert (found.unrolled_on, found.safe_on) == (day("2026-12-15"), day("2026-12-10"))
    assert found.act_by == day("2026-12-10")
    none_left = resumed(clock, reading, day("2026-12-02"), day("2026-12-09"), counting)
    assert (none_left.unrolled_on, none_left.safe_on) == (day("2026-12-12"), day("2026-12-09"))


# Warnings sent under the old date


def test_a_warning_counts_as_sent_only_if_its_day_under_the_new_date_has_passed() -> None:
    world = World("2026-11-24")
    world.plan("one", "2026-12-01")
    world.at("2026-12-02").send("plan#1", "1bd", "0bd")
    world.extend("plan", "2026-12-02")
    # The day before was yesterday; the day itself is today, and is warned of again.
    assert world.deadline("plan#1").sent == ("1bd",)
    world.extend("plan", "2026-12-09")
    assert world.deadline("plan#1").sent == ()


def test_the_warnings_of_the_standard_date_are_not_lost_on_the_way() -> None:
    """Expedited, then refused: what was sent under the standard date is not sent again."""
    world = submitted()
    world.at("2026-11-26T09:00").send("pa_decision#1", "2bd")
    world.fire("expedite", "2026-11-26T09:00", expedite_reason="deterioration")
    world.fire("refuse_expedite", "2026-11-26T09:00")
    assert world.deadline("pa_decision#1").sent == ("2bd",)


def test_rungs_after_the_day_are_measured_from_the_new_one() -> None:
    world = denied()
    sent = ("20bd", "10bd", "5bd", "3bd", "2bd", "1bd", "0bd", "+1d", "+3d")
    world.at("2026-11-05").send("appeal_filing#1", *sent)
    # The law's date holds act_by where it was, so each of them was sent.
    world.extend("appeal_filing", "2026-12-01")
    assert world.deadline("appeal_filing#1").sent == sent


def test_frozen_values_are_not_shared() -> None:
    world = submitted()
    before = world.deadline("pa_decision#1")
    world.extend("pa_decision", "2026-12-20")
    assert before == replace(before)
    assert before.deadline.reading.due_on == day("2026-12-16")
