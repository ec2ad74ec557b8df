"""Corrections that meet what happened since: what closed and returns, was stopped, or was hurried.

Every date is typed in, counted by hand in the Illinois state calendar: 2026 is closed on
3 November (election), 11, 26 and 27 November and 25 December, 2027 on 1 January.
"""

from datetime import date, timedelta
from functools import partial

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from casetrack.domain import events as e
from casetrack.domain.reprojecting import reproject
from casetrack.errors import CasetrackError, TransitionRefused
from casetrack.service.questions import next_steps
from tests.world import DRY, GUIDE, KNOWN, World, day, proclaimed, refused

URGENT = {"expedite_reason": "deterioration"}


def submitted(now: str = "2026-11-24T10:00") -> World:
    """Version 2, on Tuesday 24 November 2026 at 10:00: decided by 16 December."""
    world = World(now)
    world.fire("submit", "2026-11-24T10:00", method="portal", confirmation="K-1")
    return world


def filed() -> World:
    """Version 4. The letter of version 3 is dated 4 September and was read as the 9th."""
    world = World("2026-09-10")
    world.fire("submit", "2026-09-01")
    world.fire("deny", "2026-09-10", notice_on="2026-09-09", received_on="2026-09-10")
    world.at("2026-09-21").fire("file_appeal", "2026-09-21", confirmation="F-1")
    return world


WRONG = ("2026-11-13", "2026-11-06", "2026-11-08")
RIGHT = ("2026-11-08", "2026-11-02", "2026-11-03")


# What returns, and was amended while it was closed


@pytest.mark.parametrize("trigger", ["reject_request", "withdraw_appeal"])
def test_a_filing_deadline_returns_by_the_letter_s_date_as_it_was_amended(trigger: str) -> None:
    world = filed()
    world.amend(3, notice_on="2026-09-04")
    assert world.dates("appeal_filing#1") == WRONG

    data = world.at("2026-10-01").fire(trigger).data

    assert isinstance(data, e.TransitionFired)
    assert data.reopened == ("appeal_filing#1",)
    assert [(m.deadline, m.why) for m in data.moved] == [("appeal_filing#1", "amended")]
    assert world.dates("appeal_filing#1") == RIGHT


def test_a_filing_deadline_that_void_returns_is_the_amended_one() -> None:
    world = filed()
    world.amend(3, notice_on="2026-09-04")
    shown = world.void(4, DRY)
    assert world.void(4).data == shown.data
    assert world.dates("appeal_filing#1") == RIGHT
    assert world.deadline("appeal_filing#1").outcome is None


def test_what_was_amended_beside_the_date_returns_nothing_but_the_date_it_had() -> None:
    world = filed()
    before = world.reading("appeal_filing#1")
    world.amend(3, received_on="2026-09-09")
    data = world.at("2026-10-01").fire("reject_request").data
    assert isinstance(data, e.TransitionFired)
    assert data.moved == ()
    assert world.reading("appeal_filing#1") == before


def test_what_was_amended_before_it_closed_is_not_amended_again() -> None:
    world = World("2026-09-10")
    world.fire("submit", "2026-09-01")
    world.fire("deny", "2026-09-10", notice_on="2026-09-09")
    world.amend(3, notice_on="2026-09-04")
    world.fire("file_appeal", "2026-09-10", confirmation="F-1")
    data = world.fire("reject_request", "2026-09-10").data
    assert isinstance(data, e.TransitionFired)
    assert data.moved == ()
    assert world.dates("appeal_filing#1") == RIGHT


def test_an_extension_returns_too_and_the_amended_law_pulls() -> None:
    world = World("2026-09-10")
    world.fire("submit", "2026-09-01")
    world.fire("deny", "2026-09-10", notice_on="2026-09-09")
    world.extend("appeal_filing", "2026-12-01")
    world.fire("file_appeal", "2026-09-10", confirmation="F-1")
    world.amend(3, notice_on="2026-09-04")
    world.fire("reject_request", "2026-09-10")
    assert world.dates("appeal_filing#1") == ("2026-12-01", "2026-11-02", "2026-11-03")


def test_a_payer_s_deadline_returns_by_the_amended_day_of_the_request() -> None:
    world = submitted()
    world.at("2026-12-02").fire("approve", "2026-12-02", valid_through="2027-05-28")
    world.amend(2, on="2026-11-23")
    world.void(3)
    assert world.dates("pa_decision#1") == ("2026-12-15", "2026-11-26", "2026-11-26")
    assert world.dates("pa_follow_up#1") == ("2026-12-02", "2026-12-02", None)


def test_a_deadline_hurried_at_another_instant_returns_by_it() -> None:
    world = submitted()
    world.at("2026-11-30").fire("expedite", "2026-11-30T09:00", **URGENT)
    world.fire("deny", "2026-11-30T10:00", notice_on="2026-11-30")
    world.amend(3, at="2026-11-28T08:00")
    world.void(4)
    # 72 hours from Saturday 08:00; the standard date is kept beside it.
    assert world.dates("pa_decision#1")[0] == "2026-12-01"
    standard = world.deadline("pa_decision#1").deadline.standard
    assert standard is not None
    assert standard.due_on == day("2026-12-16")


def test_the_warnings_of_the_wrong_date_are_armed_again_where_the_right_one_is_to_come() -> None:
    world = World("2026-09-10")
    world.fire("submit", "2026-08-20")
    world.fire("deny", "2026-09-04", notice_on="2026-08-24")
    # Safe on 23 October; 20 business days before is 24 September, for Columbus Day is closed.
    world.at("2026-09-24").send("appeal_filing#1", "20bd")
    world.fire("file_appeal", confirmation="F-1")
    world.amend(3, notice_on="2026-08-28")
    world.fire("reject_request")
    # Safe on 27 October now; 20 business days before that is the 28th.
    assert world.dates("appeal_filing#1")[1] == "2026-10-27"
    assert world.deadline("appeal_filing#1").sent == ()


# Taken back after an amendment


def test_an_expedited_request_taken_back_leaves_the_standard_date_as_amended() -> None:
    world = submitted()
    world.at("2026-11-25T10:00").fire("expedite", "2026-11-25T10:00", **URGENT)
    world.amend(2, on="2026-11-23")
    world.void(3)
    assert world.dates("pa_decision#1") == ("2026-12-15", "2026-11-26", "2026-11-26")
    assert world.deadline("pa_decision#1").deadline.standard is None


def test_a_refusal_taken_back_hurries_the_deadline_again_beside_the_amended_standard() -> None:
    world = submitted()
    world.at("2026-11-26T10:00").fire("expedite", "2026-11-25T10:00", **URGENT)
    world.fire("refuse_expedite", "2026-11-26")
    world.amend(2, on="2026-11-23")
    assert world.dates("pa_decision#1")[0] == "2026-12-15"
    world.void(4)
    assert world.dates("pa_decision#1") == ("2026-11-28", "2026-11-26", "2026-11-26")
    standard = world.deadline("pa_decision#1").deadline.standard
    assert standard is not None
    assert standard.due_on == day("2026-12-15")


def test_a_refusal_taken_back_after_a_toll_leaves_the_hours_that_nothing_stops() -> None:
    world = submitted()
    world.at("2026-11-30").fire("expedite", "2026-11-27T10:00", **URGENT)
    world.fire("refuse_expedite", "2026-11-28")
    world.toll("pa_decision", "2026-11-29")
    world.resume("pa_decision", "2026-11-30")
    assert world.dates("pa_decision#1")[0] == "2026-12-17"
    world.void(4)
    assert world.reading("pa_decision#1").due_on == day("2026-11-30")
    assert world.case.expedited


# The order of transitions


def test_an_amended_instant_is_held_against_every_other_and_not_the_next_alone() -> None:
    world = submitted("2026-11-24T18:00")
    world.fire("request_info", "2026-11-24")
    world.fire("provide_info", "2026-11-24T11:00")
    early = partial(world.amend, 4, at="2026-11-24T09:00")
    refused(world, early, "2026-11-24T09:00:00-06:00 is before submit on 2026-11-24T10:00")
    refused(world, lambda: world.amend(2, at="2026-11-24T12:00"), "after provide_info on")
    world.amend(4, at="2026-11-24T10:30")


# A toll, and a start that was elsewhere


@pytest.mark.parametrize(
    ("on", "due"),
    [
        # Stopped on 1 December, before it began: all 14 business days from the 10th on.
        ("2026-12-05", "2026-12-31"),
        # Begun after it ran again: the toll has nothing to do with it.
        ("2026-12-11", "2027-01-04"),
        # Over on 24 November, before it was stopped.
        ("2026-11-02", "2026-11-24"),
        # On its last day when it was stopped: nothing was left on 10 December.
        ("2026-11-06", "2026-12-10"),
    ],
)
def test_a_toll_stops_only_the_days_in_which_the_amended_clock_ran(on: str, due: str) -> None:
    world = submitted()
    world.at("2026-12-20").toll("pa_decision", "2026-12-01")
    world.resume("pa_decision", "2026-12-10")
    assert world.dates("pa_decision#1")[0] == "2026-12-28"
    world.amend(2, on=on)
    assert world.dates("pa_decision#1")[0] == due


def test_an_extension_never_makes_an_amended_date_earlier() -> None:
    world = World("2026-09-10")
    world.fire("submit", "2026-08-03")
    world.fire("deny", "2026-09-10", notice_on="2026-08-10")
    world.extend("appeal_filing", "2026-10-20")
    # Misread by a month: 65 days from 9 September are later than what was granted.
    world.amend(3, notice_on="2026-09-09")
    assert world.dates("appeal_filing#1") == WRONG


def test_a_stopped_deadline_is_neither_hurried_nor_slowed_before_it_runs() -> None:
    world = submitted()
    world.at("2026-12-20T12:00").toll("pa_decision", "2026-12-01")
    hurry = partial(world.fire, "expedite", "2026-12-20T10:00", **URGENT)
    refused(world, hurry, "pa_decision#1 stands still since 2026-12-01", TransitionRefused)
    steps = next_steps(world.tracker, world.case, GUIDE)
    assert "resume it first" in str(dict(steps.refused)["expedite"])

    world.resume("pa_decision")
    # 11 business days from Sunday: the 72 hours from the request are earlier.
    assert world.dates("pa_decision#1")[0] == "2027-01-06"
    hurry()
    assert world.dates("pa_decision#1")[0] == "2026-12-23"


# A calendar that has changed meanwhile


def test_an_amendment_of_something_else_does_not_do_a_changed_calendar_s_work() -> None:
    world = submitted()
    changed = proclaimed(KNOWN["illinois-state"], "2026-12-01")
    world.at("2026-11-30").calendars["illinois-state"] = changed
    before = world.case.deadlines
    data = world.amend(2, confirmation="K-2").data
    assert isinstance(data, e.EntryCorrected)
    assert data.moved == ()
    assert world.case.deadlines == before


def test_what_is_ours_stays_early_through_an_amendment_of_something_else() -> None:
    world = submitted()
    changed = proclaimed(KNOWN["illinois-state"], "2026-12-01")
    world.at("2026-11-30").calendars["illinois-state"] = changed
    event = reproject(world.case, GUIDE, world.calendars, world.clock.now)
    assert event is not None
    world.append(event)
    assert world.dates("pa_follow_up#1") == ("2026-12-04", "2026-12-03", None)
    world.amend(2, method="fax")
    assert world.dates("pa_follow_up#1") == ("2026-12-04", "2026-12-03", None)


def test_a_stopped_deadline_lets_something_else_be_amended_after_a_change() -> None:
    world = submitted()
    world.at("2026-12-02").toll("pa_decision")
    world.calendars["illinois-state"] = proclaimed(KNOWN["illinois-state"], "2026-12-10")
    world.amend(2, confirmation="K-2")
    refused(world, lambda: world.amend(2, on="2026-11-23"), "resume it first")


# Which evidence is watched


def freshness(world: World) -> dict[str, str]:
    """Of each open freshness deadline of the inhibitor test, its last day."""
    return {
        name: str(t.deadline.reading.due_on)
        for name, t in world.case.deadlines.items()
        if t.outcome is None and t.deadline.clock == "inhibitor_fresh"
    }


def examined(*days: str) -> World:
    world = World("2026-11-24")
    for on in days:
        world.record("inhibitor_test", on, result="negative")
    return world


def test_the_test_that_counts_after_an_amendment_is_the_one_that_is_watched() -> None:
    world = examined("2026-11-10", "2026-11-20")
    assert freshness(world) == {"inhibitor_fresh#2": "2026-12-20"}
    data = world.amend(3, on="2026-11-01").data
    assert freshness(world) == {"inhibitor_fresh#3": "2026-12-10"}
    assert isinstance(data, e.EntryCorrected)
    assert data.moved == ()
    assert [(end.deadline, end.outcome) for end in data.closed] == [
        ("inhibitor_fresh#2", "superseded")
    ]
    world.amend(4, on="2026-11-20")
    assert freshness(world) == {"inhibitor_fresh#4": "2026-12-20"}


def test_an_older_test_amended_to_be_the_latest_is_watched_from_then_on() -> None:
    world = examined("2026-11-20", "2026-11-10")
    world.amend(3, on="2026-11-22")
    assert freshness(world) == {"inhibitor_fresh#2": "2026-12-22"}


def test_the_test_left_when_the_latest_is_taken_back_is_watched_though_it_never_was() -> None:
    world = examined("2026-11-20", "2026-11-10")
    shown = world.void(2, DRY)
    assert world.void(2).data == shown.data
    assert freshness(world) == {"inhibitor_fresh#2": "2026-12-10"}
    world.void(3)
    assert freshness(world) == {}
    assert world.deadline("inhibitor_fresh#2").outcome == "cancelled"


def test_an_older_test_does_not_come_back_where_a_later_one_counts() -> None:
    world = examined("2026-10-10", "2026-10-12", "2026-10-11")
    data = world.void(3).data
    assert isinstance(data, e.EntryVoided)
    assert data.reopened == ()
    assert freshness(world) == {"inhibitor_fresh#3": "2026-11-10"}
    assert world.deadline("inhibitor_fresh#1").outcome == "superseded"


def test_nothing_is_watched_anew_where_nothing_was_watched() -> None:
    world = examined("2026-11-20", "2026-11-10")
    world.fire("submit", "2026-11-24")
    world.amend(3, on="2026-11-22")
    world.void(2)
    assert freshness(world) == {}


DAYS = st.integers(0, 40).map(lambda n: (date(2026, 10, 10) + timedelta(n)).isoformat())
ACTS = st.lists(st.tuples(st.integers(0, 5), st.none() | DAYS), max_size=6)


@given(days=st.lists(DAYS, min_size=1, max_size=4), acts=ACTS)
def test_after_any_corrections_the_latest_test_alone_is_watched(
    days: list[str], acts: list[tuple[int, str | None]]
) -> None:
    world = examined(*days)
    stands = dict(enumerate(days, 2))
    newest = {version: version for version in stands}
    for pick, on in acts:
        if not stands:
            break
        version = sorted(stands)[pick % len(stands)]
        if on is None:
            world.void(version)
            del stands[version]
        elif on != stands[version]:
            newest[version] = world.amend(newest[version], on=on).version
            stands[version] = on
    latest = max(stands.values(), default=None)
    last = latest and str(date.fromisoformat(latest) + timedelta(30))
    assert list(freshness(world).values()) == ([last] if last else [])


# Warnings and an expedited request


def test_an_expedited_request_says_which_warnings_of_the_standard_date_stay_sent() -> None:
    world = World("2026-11-24")
    for trigger, on, values in (
        ("submit", "2026-08-03", {}),
        ("deny", "2026-09-01", {"notice_on": "2026-08-28"}),
        ("file_appeal", "2026-09-02", {"confirmation": "F-1"}),
        ("uphold", "2026-09-20", {"notice_on": "2026-09-18"}),
        ("request_external_review", "2026-11-02", {"confirmation": "R-1"}),
    ):
        world.fire(trigger, on, **values)
    # Five business days, for the 3rd is closed; two before are Friday the 6th.
    assert world.dates("external_decision#1")[1] == "2026-11-10"
    world.at("2026-11-06T12:00").send("external_decision#1", "2bd")

    hurried = world.fire("expedite", "2026-11-06T12:00", **URGENT).data

    assert isinstance(hurried, e.TransitionFired)
    assert [(m.reading.act_by, m.sent) for m in hurried.moved] == [(day("2026-11-09"), ("2bd",))]
    world.at("2026-11-08T12:00").send("external_decision#1", "24h")
    slowed = world.fire("refuse_expedite", "2026-11-08T12:00").data
    assert isinstance(slowed, e.TransitionFired)
    # A day before the end of the 10th is yet to come.
    assert [(m.reading.act_by, m.sent) for m in slowed.moved] == [(day("2026-11-10"), ("2bd",))]


# A payer's deadline through anything that can happen to it


HAPPENINGS = st.lists(
    st.sampled_from(["expedite", "refuse_expedite", "stop", "extend", "note"]), max_size=5
)
INSTANTS = st.integers(0, 9 * 24).map(
    lambda n: f"{date(2026, 11, 10) + timedelta(n // 24)}T{n % 24:02}:30"
)


def hurried_and_slowed(submitted_at: str, acts: list[str]) -> World:
    """Submitted by 19 November; from the 20th on, one thing a day at noon."""
    world = World("2026-11-20")
    world.fire("submit", submitted_at, method="portal")
    for n, act in enumerate(acts):
        today = date(2026, 11, 20) + timedelta(2 * n)
        world.at(f"{today}T12:00")
        match act:
            case "expedite":
                world.fire("expedite", f"{today}T12:00", **URGENT)
            case "refuse_expedite":
                world.fire("refuse_expedite", str(today))
            case "stop":
                world.toll("pa_decision", str(today - timedelta(1)))
                world.resume("pa_decision", str(today))
            case "extend":
                world.extend("pa_decision", f"2027-01-{10 + n}")
            case _:
                world.note(str(today), kind="other")
    return world


@given(wrong=INSTANTS, right=INSTANTS, acts=HAPPENINGS)
@example(wrong="2026-11-10T00:30", right="2026-11-18T12:30", acts=["expedite", "extend"])
@example(
    wrong="2026-11-10T00:30",
    right="2026-11-10T01:30",
    acts=["expedite", "refuse_expedite", "stop"],
)
def test_an_amended_request_stands_where_it_would_had_it_been_typed_right(
    wrong: str, right: str, acts: list[str]
) -> None:
    assume(wrong != right)
    try:
        world, plain = hurried_and_slowed(wrong, acts), hurried_and_slowed(right, acts)
    except CasetrackError:
        assume(False)
    world.amend(2, at=right)
    assert world.deadline("pa_decision#1") == plain.deadline("pa_decision#1")
    newest = world.case.moves[-1].version
    if newest > 2:
        world.void(newest)
        plain.void(newest)
        assert world.deadline("pa_decision#1") == plain.deadline("pa_decision#1")
