"""Drift: which deadlines another edition of a workflow or a calendar would date, and why."""

import json
from collections.abc import Mapping

from msgspec.structs import replace

from casetrack.audit.drift import Drifted, Record, drifted
from casetrack.audit.findings import Editions
from casetrack.catalog import calendars
from casetrack.domain.calendar import Calendar
from casetrack.domain.workflow import Workflow
from casetrack.ledger.memory import MemoryLedger
from casetrack.reports.audits import drift_lines
from casetrack.reports.data import plain
from casetrack.service import demo
from casetrack.service.conformance import chosen, drifting
from casetrack.service.reprojecting import reproject
from casetrack.service.sharing import Tally
from casetrack.service.tracker import Tracker
from tests.fakes import FakeClock, fixed_sources
from tests.world import GUIDE, KNOWN, World, day, instant

ILLINOIS = "illinois-state"


def edition(*, added: Mapping[str, str] | None = None, removed: tuple[str, ...] = ()) -> Calendar:
    """The Illinois calendar of another edition, with days closed more or less."""
    shipped = calendars.shipped_text(ILLINOIS)
    assert shipped is not None
    made = json.loads(shipped[1])
    extra = [
        {"date": on, "name": name, "observed_for": on, "status": "official", "source": "us"}
        for on, name in (added or {}).items()
    ]
    kept = [closed for closed in made["days"] if closed["date"] not in removed]
    made["days"] = sorted([*kept, *extra], key=lambda closed: str(closed["date"]))
    made["edition"] = "2026-12-01"
    return calendars.from_text(json.dumps(made, ensure_ascii=False))


def guide(**clocks: Mapping[str, object]) -> Workflow:
    """The guide of another edition, with some clocks changed."""
    changed = {name: replace(GUIDE.clocks[name], **changes) for name, changes in clocks.items()}
    return replace(GUIDE, edition="2027-01-01", clocks={**GUIDE.clocks, **changed})


def found(
    world: World, today: Workflow | None = GUIDE, home: Calendar = KNOWN[ILLINOIS]
) -> list[Drifted]:
    record = Record(name="C-1", case=world.case, entries=world.entries(), pinned=GUIDE, today=today)
    return list(drifted(record, Editions({**KNOWN, ILLINOIS: home}, on_file)))


def on_file(digest: str) -> str | None:
    """The text of a shipped edition, as a ledger keeps it."""
    texts = (calendars.shipped_text(name) for name in calendars.available())
    return dict(text for text in texts if text).get(digest)


def submitted() -> World:
    """Tuesday 24 November 2026, 10:00: a decision is due Wed 16 December, a call Thu 3 December."""
    world = World("2026-11-24T10:00")
    world.fire("submit", "2026-11-24T10:00", method="portal", confirmation="K-1")
    assert world.dates("pa_decision#1")[0] == "2026-12-16"
    assert world.dates("pa_follow_up#1")[0] == "2026-12-03"
    return world


def named(drift: list[Drifted]) -> dict[str, tuple[str, str | None]]:
    """By deadline, what is recorded as due and what today gives."""
    return {
        x.deadline: (x.recorded.due_on.isoformat(), x.today.due_on.isoformat() if x.today else None)
        for x in drift
        if x.recorded
    }


def test_by_the_definitions_it_was_dated_with_nothing_drifts() -> None:
    world = submitted()
    world.plan("call the center", "2026-12-01")
    world.extend("pa_follow_up", "2026-12-09")
    world.fire("expedite", "2026-11-24T10:00", expedite_reason="deterioration")
    world.at("2026-12-30").fire("deny", "2026-12-30", notice_on="2026-12-29")
    assert found(world) == []


def test_nothing_of_the_demo_drifts_on_the_day_it_is_made() -> None:
    clock = FakeClock(instant("2026-11-24"))
    tracker = Tracker(MemoryLedger(fixed_sources(clock), practice=True), clock.now, "trainer")
    demo.fill(tracker)
    tally = Tally()
    assert list(drifting(tracker, chosen(tracker, ()), tally)) == []
    assert (tally.cases, tally.deadlines > 100) == (29, True)


# Calendars


def test_a_new_holiday_is_named_with_both_editions() -> None:
    drift = found(submitted(), home=edition(added={"2026-12-02": "Snow"}))
    assert named(drift) == {
        "pa_decision#1": ("2026-12-16", "2026-12-17"),
        "pa_follow_up#1": ("2026-12-03", "2026-12-04"),
    }
    (why,) = drift[0].why
    was = KNOWN[ILLINOIS].edition
    assert why.kind == "calendar"
    assert (
        why.detail == f"illinois-state, edition {was} -> 2026-12-01: 2026-12-02 Snow is closed now"
    )


def test_a_holiday_that_is_gone_is_named() -> None:
    """Without the Friday after Thanksgiving the fourteenth business day is a day earlier."""
    drift = found(submitted(), home=edition(removed=("2026-11-27",)))
    assert named(drift)["pa_decision#1"] == ("2026-12-16", "2026-12-15")
    assert drift[0].why[0].detail.endswith("is no longer closed")
    assert "2026-11-27" in drift[0].why[0].detail


def test_a_new_edition_that_touches_no_day_of_it_is_no_drift() -> None:
    assert found(submitted(), home=edition(added={"2027-03-17": "Snow"})) == []


def test_only_the_safe_date_may_drift() -> None:
    """65 days from 9 September end on 13 November, whatever is closed; the safe date is before."""
    world = World("2026-09-10")
    world.fire("submit", "2026-09-01")
    world.fire("deny", "2026-09-10", notice_on="2026-09-09")
    assert world.dates("appeal_filing#1") == ("2026-11-13", "2026-11-06", "2026-11-08")
    drift = found(world, home=edition(added={"2026-11-06": "Snow"}))
    (moved,) = [x for x in drift if x.deadline == "appeal_filing#1"]
    assert moved.recorded is not None
    assert moved.today is not None
    assert (moved.recorded.act_by, moved.today.act_by) == (day("2026-11-06"), day("2026-11-05"))
    assert moved.today.due_on == day("2026-11-13")


def test_once_the_sweep_has_moved_them_nothing_drifts_by_that_calendar() -> None:
    world = submitted()
    world.calendars[ILLINOIS] = edition(removed=("2026-11-27",))
    assert reproject(world.tracker, "sweep") != ()
    drift = list(drifting(world.tracker, [world.id], Tally()))
    assert drift == []
    kept_earlier = world.reading("pa_follow_up#1")
    assert kept_earlier.due_on == day("2026-12-02")


# Workflows


def test_a_clock_of_another_length_is_named_with_both_editions() -> None:
    drift = found(submitted(), guide(pa_decision={"length": "10bd"}))
    assert named(drift) == {"pa_decision#1": ("2026-12-16", "2026-12-10")}
    (why,) = drift[0].why
    assert why.kind == "workflow"
    assert why.detail == "humana-il-guide, edition 2026-11-24 -> 2027-01-01: length 14bd -> 10bd"


def test_a_law_that_changed_moves_the_law_s_date() -> None:
    law = GUIDE.clocks["pa_decision"].law
    assert law is not None
    shorter = guide(pa_decision={"law": replace(law, length="48h")})
    (moved,) = found(submitted(), shorter)
    assert moved.recorded is not None
    assert moved.today is not None
    assert (moved.recorded.law_by, moved.today.law_by) == (day("2026-11-27"), day("2026-11-26"))
    assert moved.why[0].detail.endswith("the law's length 72h -> 48h")


def test_workflow_and_calendar_are_both_named_where_both_differ() -> None:
    today = guide(pa_decision={"length": "10bd"})
    drift = found(submitted(), today, edition(added={"2026-12-02": "Snow"}))
    assert named(drift)["pa_decision#1"] == ("2026-12-16", "2026-12-11")
    assert [why.kind for why in drift[0].why] == ["calendar", "workflow"]
    assert [why.kind for why in drift[1].why] == ["calendar"]


def test_a_clock_that_is_gone_or_armed_by_something_else_can_t_be_dated() -> None:
    gone = {name: clock for name, clock in GUIDE.clocks.items() if name != "pa_decision"}
    (without,) = found(submitted(), replace(GUIDE, edition="2027-01-01", clocks=gone))
    assert (without.today, without.why[0].detail) == (
        None, "edition 2027-01-01 has no clock pa_decision",
    )  # fmt: skip
    (other,) = found(submitted(), guide(pa_decision={"armed_by": ("approve",)}))
    assert other.today is None
    assert other.why[0].detail == "in edition 2027-01-01 submit does not arm pa_decision"


def test_a_workflow_that_is_shipped_no_longer_is_judged_by_its_pinned_text() -> None:
    assert found(submitted(), None) == []
    drift = found(submitted(), None, edition(added={"2026-12-02": "Snow"}))
    assert len(drift) == 2


def test_what_moved_a_deadline_moves_it_again() -> None:
    """14 business days, stopped on 1 December with 11 left, and 10 with the shorter clock's 7."""
    world = submitted()
    world.at("2026-12-01").toll("pa_decision", "2026-12-01")
    world.at("2026-12-10").resume("pa_decision", "2026-12-10")
    assert world.dates("pa_decision#1")[0] == "2026-12-28"
    drift = found(world, guide(pa_decision={"length": "10bd"}))
    assert named(drift) == {"pa_decision#1": ("2026-12-28", "2026-12-21")}


def test_an_extension_stands_whatever_the_clock_says_today() -> None:
    world = submitted()
    world.extend("pa_follow_up", "2026-12-09")
    assert found(world, guide(pa_follow_up={"length": "3bd"})) == []


# What only today's edition arms


def ours() -> Workflow:
    """The guide without the call to the payer, as it may have been once."""
    known = {name: clock for name, clock in GUIDE.clocks.items() if name != "pa_follow_up"}
    return replace(GUIDE, edition="2026-01-01", clocks=known)


def since(world: World, pinned: Workflow, today: Workflow = GUIDE) -> list[Drifted]:
    record = Record(
        name="C-1", case=world.case, entries=world.entries(), pinned=pinned, today=today
    )
    return [x for x in drifted(record, Editions(KNOWN, on_file)) if x.recorded is None]


def test_a_clock_that_is_new_is_told_with_the_date_that_it_would_have() -> None:
    (new,) = since(submitted(), ours())
    assert (new.deadline, new.outcome, new.today and new.today.due_on) == (
        "pa_follow_up", None, day("2026-12-03"),
    )  # fmt: skip
    assert [(why.kind, why.detail) for why in new.why] == [
        ("workflow", "submit (version 2) arms it in edition 2026-11-24 alone")
    ]


def test_a_new_clock_is_a_line_of_its_own() -> None:
    (new,) = since(submitted(), ours())
    first, *_ = drift_lines(plain(new))
    assert "pa_follow_up" in str(first)
    assert "not on record; due Thu 2026-12-03 today" in str(first)
    (undated,) = since(submitted(), ours(), guide(pa_follow_up={"counts_from": "notice_on"}))
    assert "not on record; due - today" in str(next(drift_lines(plain(undated))))


def test_a_clock_that_both_editions_arm_is_never_new() -> None:
    assert since(submitted(), GUIDE) == []
    assert since(submitted(), guide(pa_decision={"length": "10bd"})) == []


def test_a_clock_armed_by_something_else_now_is_told_as_new_there() -> None:
    today = guide(pa_decision={"armed_by": ("approve",)})
    assert since(submitted(), GUIDE, today) == []
    world = submitted().at("2026-11-30")
    world.fire("deny", "2026-11-30", notice_on="2026-11-27")
    later = guide(pa_decision={"armed_by": ("deny",), "alive_in": ("denied",)})
    (new,) = since(world, GUIDE, later)
    assert (new.deadline, new.today and new.today.due_on) == ("pa_decision", day("2026-12-18"))


def test_a_new_clock_is_hurried_as_an_old_one_would_have_been() -> None:
    """Expedited on 24 November at 10:00: 72 hours, the day after Thanksgiving."""
    world = submitted()
    world.fire("expedite", "2026-11-24T10:00", expedite_reason="deterioration")
    known = {name: clock for name, clock in GUIDE.clocks.items() if name != "pa_decision"}
    (new,) = since(world, replace(GUIDE, edition="2026-01-01", clocks=known))
    assert (new.deadline, new.today and new.today.due_on) == ("pa_decision", day("2026-11-27"))


def test_what_was_taken_back_arms_nothing_today() -> None:
    world = submitted()
    world.void(2)
    assert since(world, ours()) == []


def test_of_evidence_what_counts_is_asked() -> None:
    world = World("2026-11-24T10:00")
    world.record("inhibitor_test", "2026-11-10", result="negative")
    world.record("inhibitor_test", "2026-11-20", result="negative")
    world.record("inhibitor_test", "2026-11-12", result="negative")
    known = {name: clock for name, clock in GUIDE.clocks.items() if name != "inhibitor_fresh"}
    (new,) = since(world, replace(GUIDE, edition="2026-01-01", clocks=known))
    assert (new.deadline, new.today and new.today.due_on) == ("inhibitor_fresh", day("2026-12-20"))


def test_a_new_clock_that_lacks_what_it_counts_from_says_so() -> None:
    today = guide(pa_follow_up={"counts_from": "notice_on"})
    (new,) = since(submitted(), ours(), today)
    assert new.today is None
    assert "counts from notice_on, which is not given" in new.why[0].detail


# Facts


def test_a_closed_deadline_dated_by_what_was_corrected_since_is_told_apart() -> None:
    world = World("2026-09-10")
    world.fire("submit", "2026-09-01")
    world.fire("deny", "2026-09-10", notice_on="2026-09-09")
    world.at("2026-11-10").fire("file_appeal", "2026-11-10", confirmation="K")
    world.amend(3, notice_on="2026-09-04")
    (moved,) = found(world)
    assert (moved.deadline, moved.outcome) == ("appeal_filing#1", "satisfied")
    assert named([moved])["appeal_filing#1"] == ("2026-11-13", "2026-11-08")
    assert [(why.kind, why.detail) for why in moved.why] == [
        ("facts", "facts were corrected since it was dated: version 5")
    ]


def test_what_was_taken_back_is_left_out() -> None:
    world = submitted()
    world.void(2)
    assert found(world, guide(pa_decision={"length": "10bd"})) == []


def test_it_changes_nothing() -> None:
    world = submitted()
    before = world.kept()
    found(world, guide(pa_decision={"length": "10bd"}), edition(added={"2026-12-02": "Snow"}))
    list(drifting(world.tracker, [world.id], Tally()))
    assert world.kept() == before
