"""Entries amended and taken back, and open deadlines counted again after a calendar changed."""

from datetime import date, datetime, timedelta
from functools import partial

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from casetrack.domain import events as e
from casetrack.domain.calendar import Calendar
from casetrack.domain.fold import replay
from casetrack.domain.reprojecting import outdated, reproject
from casetrack.errors import BeyondHorizon, UnknownName, Unparsable
from casetrack.reports.working import explain
from casetrack.service.typed import Amending, Voiding
from tests.world import DRY, GUIDE, KNOWN, World, day, edition, instant, proclaimed, refused


def submitted() -> World:
    """Version 2, on Tuesday 24 November 2026 at 10:00."""
    world = World("2026-11-24T10:00")
    world.fire("submit", "2026-11-24T10:00", method="portal", confirmation="K-1")
    return world


def denied() -> World:
    """Version 3: the letter's date was misread."""
    world = World("2026-09-10")
    world.fire("submit", "2026-09-01")
    world.fire("deny", "2026-09-10", notice_on="2026-09-09", received_on="2026-09-10")
    return world


def corrected(world: World) -> e.EntryCorrected:
    data = world.entries()[-1].data
    assert isinstance(data, e.EntryCorrected)
    return data


def voided(world: World) -> e.EntryVoided:
    data = world.entries()[-1].data
    assert isinstance(data, e.EntryVoided)
    return data


def substance(world: World) -> tuple[object, ...]:
    """The case, but for how far it has come in versions."""
    case = world.case
    deadlines = {
        name: (t.deadline, t.outcome, t.late, t.unproven, t.tolled_on, t.sent)
        for name, t in case.deadlines.items()
    }
    told = (case.state, case.final, case.expedited, case.moves, case.fields, case.evidence)
    return (*told, deadlines, case.gaps)


# A wrong notice date, found later


def test_an_amended_notice_date_moves_the_filing_deadline() -> None:
    world = denied()
    assert world.dates("appeal_filing#1") == ("2026-11-13", "2026-11-06", "2026-11-08")

    world.at("2026-09-24").amend(3, notice_on="2026-09-04")

    # 65 days from Friday 4 September; the law's 60 end on Election Day.
    assert world.dates("appeal_filing#1") == ("2026-11-08", "2026-11-02", "2026-11-03")
    data = corrected(world)
    assert (data.corrects, data.fields, data.on) == (3, {"notice_on": "2026-09-04"}, None)
    assert [(m.deadline, m.why) for m in data.moved] == [("appeal_filing#1", "amended")]
    assert world.case.fields["notice_on"] == "2026-09-04"
    assert world.case.fields["received_on"] == "2026-09-10"
    assert world.deadline("appeal_filing#1").deadline.deadline == "appeal_filing#1"


def test_a_dry_run_shows_the_same_and_writes_nothing_however_often() -> None:
    world = denied()
    before = world.kept()
    first = world.amend(3, DRY, notice_on="2026-09-04")
    second = world.amend(3, DRY, notice_on="2026-09-04")
    assert world.kept() == before
    assert first == second
    assert (first.dry_run, first.digest, first.version) == (True, None, 3)
    assert world.amend(3, notice_on="2026-09-04").data == first.data


def test_the_entry_itself_stands() -> None:
    world = denied()
    stored = world.ledger.stored(world.id)
    world.amend(3, notice_on="2026-09-04")
    assert world.ledger.stored(world.id)[:3] == stored


def test_a_sealed_value_is_amended_sealed() -> None:
    world = submitted()
    world.amend(2, confirmation="K-secret")
    entry = world.entries()[-1]
    assert entry.sealed.keys() == {"confirmation", "reason"}
    assert "secret" not in entry.body
    assert world.case.fields["confirmation"] == "K-secret"
    assert corrected(world).moved == ()


def test_a_patient_can_be_amended() -> None:
    world = World()
    refused(world, lambda: world.amend(1, patient="P 2"), "no such value", UnknownName)
    from casetrack.service.typed import Opening

    other = world.tracker.open(Opening(workflow=GUIDE.id, reference="C-2", patient="P 1"))
    world.id = other.case.id
    refused(world, lambda: world.amend(1, patient=""), "patient: is empty")
    refused(world, lambda: world.amend(1, patient="P 1"), "says that already")
    world.amend(1, patient="P 2")
    assert world.case.patient == "P 2"


def test_a_list_is_amended_whole() -> None:
    world = submitted()
    world.fire("deny", notice_on="2026-11-24", reason_code="experimental")
    pairs = (("reason_code", "not_covered"), ("reason_code", "other"))
    world.do(Amending(version=3, pairs=pairs, reason="x"))
    assert world.case.fields["reason_code"] == ("not_covered", "other")


def test_evidence_amended_keeps_its_place_and_moves_its_freshness() -> None:
    world = World("2026-11-24")
    world.record("inhibitor_test", "2026-11-20", result="positive")
    assert world.dates("inhibitor_fresh#1")[0] == "2026-12-20"

    world.amend(2, result="negative", on="2026-11-10")

    found = world.case.evidence["inhibitor_test"]
    assert [(x.on, x.values, x.version) for x in found] == [
        (day("2026-11-10"), {"result": "negative"}, 2)
    ]
    assert world.dates("inhibitor_fresh#1")[0] == "2026-12-10"


# Day and instant


def test_an_amended_day_moves_what_counts_from_it() -> None:
    world = submitted()
    world.at("2026-11-30").amend(2, on="2026-11-23")
    assert (world.case.moves[0].on, world.case.moves[0].at) == (day("2026-11-23"), None)
    # 14 and 5 business days from Monday; the law's 72 hours from its midnight.
    assert world.dates("pa_decision#1") == ("2026-12-15", "2026-11-26", "2026-11-26")
    assert world.dates("pa_follow_up#1") == ("2026-12-02", "2026-12-02", None)


def test_an_amended_instant_brings_its_day() -> None:
    world = submitted()
    world.amend(2, at="2026-11-23T15:00")
    assert world.case.moves[0].on == day("2026-11-23")
    assert world.case.moves[0].at == instant("2026-11-23T15:00")
    assert world.dates("pa_decision#1") == ("2026-12-15", "2026-11-26", "2026-11-26")


def test_an_amended_day_lies_between_its_neighbours() -> None:
    world = World("2026-12-20")
    world.fire("submit", "2026-11-24T10:00")
    world.fire("request_info", "2026-12-01T09:00")
    world.fire("provide_info", "2026-12-04")
    refused(world, lambda: world.amend(3, on="2026-11-23"), "before submit on 2026-11-24")
    refused(world, lambda: world.amend(3, at="2026-11-24T09:59"), "before submit")
    refused(world, lambda: world.amend(3, on="2026-12-05"), "after provide_info on 2026-12-04")
    refused(world, lambda: world.amend(2, at="2026-12-01T09:01"), "after request_info")
    refused(world, lambda: world.amend(1, on="2026-11-25"), "after submit")
    refused(world, lambda: world.amend(4, on="2026-12-21"), "in the future")
    refused(world, lambda: world.amend(4, at="2026-12-21T09:00"), "in the future")
    refused(world, lambda: world.amend(3, on="2026-12-02", at="2026-12-01T10:00"), "is not the day")
    refused(world, lambda: world.amend(3, on="01.12.2026"), "not a date", Unparsable)
    world.amend(3, at="2026-11-24T10:00")
    world.amend(4, on="2026-11-24")
    world.amend(2, on="2026-08-01")
    assert [m.on.isoformat() for m in world.case.moves] == ["2026-08-01", *["2026-11-24"] * 2]


def test_an_expedited_request_needs_its_instant() -> None:
    world = submitted()
    world.fire("expedite", "2026-11-24T10:00", expedite_reason="deterioration")
    refused(world, lambda: world.amend(3, on="2026-11-24"), "give at=INSTANT")


def test_a_day_and_an_instant_are_one_fact() -> None:
    world = submitted()
    world.at("2026-12-01").amend(2, at="2026-11-24T11:00")
    refused(world, lambda: world.amend(2, on="2026-11-23"), "on: what stands is in version 3")
    world.amend(3, on="2026-11-23")
    assert corrected(world).corrects == 2
    refused(world, lambda: world.amend(3, at="2026-11-23T09:00"), "version 4")


# What can be named


def test_what_was_amended_is_amended_by_the_newer_version() -> None:
    world = denied()
    world.amend(3, notice_on="2026-09-04")
    refused(world, lambda: world.amend(3, notice_on="2026-09-03"), "in version 4; name that one")
    refused(world, lambda: world.amend(4, received_on="2026-09-09"), "in version 3; name that one")
    world.amend(3, received_on="2026-09-09")
    world.amend(4, notice_on="2026-09-03")
    assert corrected(world).corrects == 3
    assert world.case.corrected == {3: {"notice_on": 6, "received_on": 5}}
    refused(world, lambda: world.amend(4, notice_on="2026-09-02"), "in version 6")
    assert world.dates("appeal_filing#1")[0] == "2026-11-07"


def test_what_an_entry_does_not_say_can_not_be_amended() -> None:
    world = denied()
    world.note("2026-09-10", kind="call")
    refused(world, lambda: world.amend(3, stated_due_on="2026-10-01"), "no such value", UnknownName)
    refused(world, lambda: world.amend(3, trigger="submit"), "it has: notice_on", UnknownName)
    refused(world, lambda: world.amend(3, notice="x"), "did you mean 'notice_on'", UnknownName)
    refused(world, lambda: world.amend(1, at="2026-08-03T10:00"), "no such value", UnknownName)
    refused(world, lambda: world.amend(9, on="2026-08-03"), "it has 1 to 4", UnknownName)
    refused(world, lambda: world.amend(0, on="2026-08-03"), "no version 0", UnknownName)
    refused(world, lambda: world.amend(3), "nothing is amended")
    refused(world, lambda: world.amend(3, notice_on="2026-09-09"), "says that already")
    refused(world, lambda: world.amend(3, on="2026-09-10"), "says that already")
    refused(world, lambda: world.amend(3, notice_on="2026-09-12"), "in the future")
    refused(world, lambda: world.amend(3, notice_on="9/4"), "notice_on: not a date", Unparsable)
    refused(world, lambda: world.amend(4, kind="cal"), "kind: not one of")
    twice = Amending(version=3, pairs=(("on", "2026-09-09"), ("on", "2026-09-08")), reason="x")
    refused(world, lambda: world.do(twice), "on is given 2 times")
    silent = Amending(version=3, pairs=(("notice_on", "2026-09-08"),), reason=" ")
    refused(world, lambda: world.do(silent), "reason: is empty")


def test_only_what_somebody_told_can_be_amended() -> None:
    world = World("2026-11-24")
    world.plan("one", "2026-12-04")
    world.toll("plan")
    for version in (2, 3):
        refused(world, partial(world.amend, version, on="2026-11-23"), "can be amended")


def test_a_note_is_amended() -> None:
    world = World("2026-11-24")
    world.note("2026-11-20", kind="call", infusion_on="2027-01-05")
    world.amend(2, infusion_on="2027-02-05", on="2026-11-19")
    assert world.case.fields["infusion_on"] == "2027-02-05"
    assert corrected(world).on == day("2026-11-19")


# What an amendment leaves alone, and what it does again


def test_closed_deadlines_stay_closed_and_guards_are_not_asked_again() -> None:
    world = denied()
    world.at("2026-11-05").fire("file_appeal", "2026-11-05", confirmation="F-1")
    filed = world.deadline("appeal_filing#1")
    # With that notice the filing would have been late.
    world.amend(3, notice_on="2026-08-20")
    assert corrected(world).moved == ()
    assert world.deadline("appeal_filing#1") == filed
    assert world.case.state == "internal_appeal"


def test_an_extended_deadline_keeps_its_day_and_follows_the_law() -> None:
    world = denied()
    world.extend("appeal_filing", "2026-12-01")
    assert world.dates("appeal_filing#1") == ("2026-12-01", "2026-11-06", "2026-11-08")
    world.amend(3, notice_on="2026-09-04")
    assert world.dates("appeal_filing#1") == ("2026-12-01", "2026-11-02", "2026-11-03")


def test_an_expedited_deadline_is_expedited_again_on_its_new_standard() -> None:
    world = submitted()
    world.at("2026-12-15T15:00").fire(
        "expedite", "2026-12-15T15:00", expedite_reason="deterioration"
    )
    assert world.dates("pa_decision#1")[0] == "2026-12-16"
    # A week later it would be due on 23 December: 72 hours from the request are earlier.
    world.amend(2, on="2026-12-01")
    assert world.dates("pa_decision#1")[0] == "2026-12-18"
    standard = world.deadline("pa_decision#1").deadline.standard
    assert standard is not None
    assert standard.due_on == day("2026-12-21")
    world.fire("refuse_expedite")
    assert world.dates("pa_decision#1")[0] == "2026-12-21"


def test_a_wrong_instant_of_the_expedited_request_moves_the_deadline() -> None:
    world = submitted()
    world.at("2026-11-30").fire("expedite", "2026-11-30T09:00", expedite_reason="deterioration")
    assert world.reading("pa_decision#1").due_at == instant("2026-12-03T09:00")
    world.amend(3, at="2026-11-29T08:00")
    assert world.reading("pa_decision#1").due_at == instant("2026-12-02T08:00")
    assert [m.deadline for m in corrected(world).moved] == ["pa_decision#1"]


def test_a_resumed_deadline_is_stopped_and_resumed_again() -> None:
    world = submitted()
    world.at("2026-12-20").toll("pa_decision", "2026-12-01")
    world.resume("pa_decision", "2026-12-10")
    assert world.dates("pa_decision#1")[0] == "2026-12-28"
    world.amend(2, on="2026-11-23")
    # A day earlier: 10 business days are left on 1 December, of which the last is the 24th.
    assert world.dates("pa_decision#1")[0] == "2026-12-24"


def test_a_stopped_deadline_is_resumed_first() -> None:
    world = submitted()
    world.at("2026-12-02").toll("pa_decision", "2026-12-01")
    refused(world, lambda: world.amend(2, on="2026-11-23"), "resume it first")
    world.amend(2, confirmation="K-2")
    world.resume("pa_decision")
    world.amend(2, on="2026-11-23")


def test_a_warning_sent_under_the_wrong_date_is_sent_again_if_its_day_is_yet_to_come() -> None:
    world = World("2026-09-10")
    world.fire("submit", "2026-08-20")
    world.fire("deny", "2026-09-04", notice_on="2026-08-24")
    # act_by is 23 October; 20 business days before it is 24 September (Columbus Day is closed).
    assert world.dates("appeal_filing#1")[1] == "2026-10-23"
    world.at("2026-09-24").send("appeal_filing#1", "20bd")
    world.amend(3, notice_on="2026-08-28")
    # The safe day is 27 October now, and 20 business days before it is the 28th.
    assert world.deadline("appeal_filing#1").sent == ()
    world.at("2026-10-09").send("appeal_filing#1", "20bd", "10bd")
    world.amend(5, notice_on="2026-08-24")
    assert world.deadline("appeal_filing#1").sent == ("20bd", "10bd")


CHANGES = st.lists(st.sampled_from(["extend", "toll", "note", "plan"]), max_size=4)


def lived(notice_on: str, received_on: str, changes: list[str]) -> World:
    """Denied on 10 September; a week later, and each week after it, one of the changes."""
    world = World("2026-09-10")
    world.fire("submit", "2026-08-10")
    world.fire("deny", "2026-09-10", notice_on=notice_on, received_on=received_on)
    today = day("2026-09-10")
    for n, change in enumerate(changes):
        today += timedelta(7)
        world.at(today.isoformat())
        match change:
            case "extend":
                world.extend("appeal_filing", f"2027-{n + 2:02}-01")
            case "toll":
                world.toll("appeal_filing", (today - timedelta(3)).isoformat())
                world.resume("appeal_filing")
            case "note":
                world.note(today.isoformat(), kind="call")
            case _:
                world.plan(f"plan {n}", "2026-12-24")
    return world


@given(
    wrong=st.dates(date(2026, 8, 20), date(2026, 9, 10)),
    right=st.dates(date(2026, 8, 20), date(2026, 9, 10)),
    changes=CHANGES,
)
def test_an_amended_case_stands_where_it_would_had_it_been_typed_right(
    wrong: date, right: date, changes: list[str]
) -> None:
    assume(wrong != right)
    world = lived(wrong.isoformat(), "2026-09-10", changes)
    world.amend(3, notice_on=right.isoformat())
    plain = lived(right.isoformat(), "2026-09-10", changes)
    assert world.deadline("appeal_filing#1") == plain.deadline("appeal_filing#1")
    assert world.case.fields == plain.case.fields


# Taking back


def walked(*steps: "Step") -> World:
    world = World("2026-12-20")
    for trigger, on, values in steps:
        world.fire(trigger, on, **values)
    return world


Step = tuple[str, str, dict[str, str]]

SUBMIT: Step = ("submit", "2026-11-24T10:00", {"method": "portal"})
EXPEDITE: Step = ("expedite", "2026-11-25T10:00", {"expedite_reason": "deterioration"})
REFUSE: Step = ("refuse_expedite", "2026-11-26", {})
ASK: Step = ("request_info", "2026-11-27", {"respond_on": "2026-12-04"})
SEND: Step = ("provide_info", "2026-12-02", {})
DENY: Step = ("deny", "2026-12-03", {"notice_on": "2026-12-01"})
PART: Step = (
    "approve_in_part",
    "2026-12-03",
    {"notice_on": "2026-12-01", "valid_through": "2027-05-28"},
)
FILE: Step = ("file_appeal", "2026-12-07", {"confirmation": "F-1"})
SENT: Step = ("file_appeal", "2026-12-07", {})
RETURN: Step = ("reject_request", "2026-12-10", {})
UPHOLD: Step = ("uphold", "2026-12-14", {"notice_on": "2026-12-12"})
APPROVE: Step = ("approve", "2026-12-03", {"valid_through": "2027-05-28"})
RENEW: Step = ("renew", "2026-12-08", {"valid_through": "2027-08-27"})
CLOSE: Step = ("close", "2026-12-15", {"close_reason": "declined"})

WAYS: tuple[tuple[Step, ...], ...] = (
    (SUBMIT,),
    (SUBMIT, EXPEDITE),
    (SUBMIT, EXPEDITE, REFUSE),
    (SUBMIT, ASK),
    (SUBMIT, ASK, SEND),
    (SUBMIT, EXPEDITE, ASK),
    (SUBMIT, DENY),
    (SUBMIT, EXPEDITE, DENY),
    (SUBMIT, PART, FILE),
    (SUBMIT, DENY, FILE),
    (SUBMIT, DENY, SENT),
    (SUBMIT, DENY, FILE, RETURN),
    (SUBMIT, DENY, SENT, RETURN),
    (SUBMIT, DENY, SENT, UPHOLD),
    (SUBMIT, DENY, FILE, UPHOLD),
    (SUBMIT, APPROVE, RENEW),
    (SUBMIT, DENY, CLOSE),
    (SUBMIT, PART, CLOSE),
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(step[0] for step in way))
def test_the_newest_transition_taken_back_leaves_all_as_before(way: tuple[Step, ...]) -> None:
    before = walked(*way[:-1])
    world = walked(*way)
    world.void(world.case.version)

    was, now = substance(before), substance(world)
    gone = set(world.case.deadlines) - set(before.case.deadlines)
    deadlines = now[-2]
    assert isinstance(deadlines, dict)
    assert all(deadlines[name][1] == "cancelled" for name in gone)
    kept = {name: found for name, found in deadlines.items() if name not in gone}
    assert (*now[:-2], kept, now[-1]) == was


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(step[0] for step in way))
def test_every_transition_can_be_taken_back_down_to_the_start(way: tuple[Step, ...]) -> None:
    world = walked(*way)
    while world.case.moves:
        world.void(world.case.moves[-1].version)
        assert world.case == replay(world.id, world.entries())
    assert world.case.state == "intake"
    assert not world.case.final
    assert world.open_now() == set()


def test_what_was_taken_back_can_be_done_again_on_another_day() -> None:
    world = walked(SUBMIT, DENY)
    world.void(3)
    assert world.dates("pa_decision#1")[0] == "2026-12-16"
    world.fire("approve", "2026-12-02", valid_through="2027-05-28")
    assert world.case.state == "approved"
    assert world.deadline("appeal_filing#1").outcome == "cancelled"


def test_only_the_newest_transition_and_evidence_can_be_taken_back() -> None:
    world = walked(SUBMIT, DENY)
    world.plan("one", "2026-12-30")
    world.note("2026-12-10", kind="call")
    refused(world, lambda: world.void(2), "newest transition: that is deny, version 3")
    for version in (1, 4, 5):
        refused(world, partial(world.void, version), "can be taken back")
    refused(world, lambda: world.void(6), "it has 1 to 5", UnknownName)
    world.void(3)
    refused(world, lambda: world.void(3), "taken back; nothing of it stands")
    refused(world, lambda: world.amend(3, notice_on="2026-12-02"), "taken back")
    refused(world, lambda: world.void(6), "EntryVoided")
    refused(world, lambda: world.do(Voiding(version=2, reason="")), "reason: is empty")
    world.void(2)


def test_a_dry_void_shows_the_same_and_writes_nothing() -> None:
    world = walked(SUBMIT, DENY)
    before = world.kept()
    shown = world.void(3, DRY)
    assert world.kept() == before
    assert world.void(3).data == shown.data


def test_evidence_taken_back_is_on_file_no_more_and_what_it_superseded_returns() -> None:
    world = World("2026-11-24")
    world.record("inhibitor_test", "2026-11-10", result="negative")
    world.record("inhibitor_test", "2026-11-20", result="negative")
    world.record("inhibitor_test", "2026-11-22", result="positive")
    world.void(3)
    assert world.open_now() == {"inhibitor_fresh#3"}
    world.void(4)
    # Number two was taken back before: the first test's freshness is what is left.
    assert world.open_now() == {"inhibitor_fresh#1"}
    assert world.dates("inhibitor_fresh#1")[0] == "2026-12-10"
    world.void(2)
    assert world.open_now() == set()
    assert not world.case.evidence["inhibitor_test"]


def test_evidence_of_an_earlier_state_brings_nothing_back() -> None:
    world = World("2026-11-24")
    world.record("inhibitor_test", "2026-11-10", result="negative")
    world.record("inhibitor_test", "2026-11-20", result="negative")
    world.fire("submit")
    world.void(3)
    assert world.open_now() == {"pa_decision#1", "pa_follow_up#1"}
    world.void(4)
    assert world.case.state == "intake"
    # The second test is gone, and so is the deadline that it armed.
    assert world.open_now() == {"inhibitor_fresh#1"}


def test_a_state_that_is_gone_holds_no_deadline() -> None:
    world = walked(SUBMIT, ASK)
    world.record("inhibitor_test", "2026-12-01", result="negative")
    assert "inhibitor_fresh#1" in world.open_now()
    world.void(3)
    assert world.open_now() == {"pa_decision#1", "pa_follow_up#1"}


def test_a_proof_of_receipt_taken_back_leaves_the_filing_without_proof() -> None:
    world = walked(SUBMIT, DENY, SENT)
    assert world.deadline("appeal_filing#1").unproven
    world.record("proof_of_receipt", "2026-12-08")
    assert world.deadline("appeal_filing#1").outcome == "satisfied"
    world.void(5)
    tracked = world.deadline("appeal_filing#1")
    assert (tracked.outcome, tracked.unproven) == (None, True)


def test_what_has_moved_since_keeps_its_day() -> None:
    world = walked(SUBMIT, EXPEDITE)
    world.at("2026-11-27T10:00").extend("pa_decision", "2026-12-30")
    world.void(3)
    tracked = world.deadline("pa_decision#1").deadline
    assert (tracked.reading.due_on, tracked.standard) == (day("2026-12-30"), None)
    assert not world.case.expedited


def test_a_deadline_that_stands_still_is_resumed_before_it_moves_back() -> None:
    world = walked(SUBMIT, EXPEDITE)
    world.at("2026-11-27T10:00").extend("pa_decision", "2026-12-10")
    world.toll("pa_decision")
    refused(world, lambda: world.void(3), "resume it first")
    world.at("2026-12-02").resume("pa_decision")
    # 13 days were left of one, and 13 business days of the standard date, which stood still too.
    assert world.dates("pa_decision#1")[0] == "2026-12-15"
    standard = world.deadline("pa_decision#1").deadline.standard
    assert standard is not None
    assert standard.due_on == day("2026-12-21")


def test_the_warnings_that_were_sent_under_the_returning_date_stay_sent() -> None:
    world = submitted()
    world.at("2026-11-26").send("pa_decision#1", "2bd")
    world.fire("expedite", "2026-11-26T09:00", expedite_reason="deterioration")
    world.send("pa_decision#1", "24h")
    world.void(4)
    assert world.deadline("pa_decision#1").sent == ("2bd",)
    assert voided(world).moved[0].why == "taken_back"


# A calendar that changes


def again(world: World, now: str, **calendars: Calendar) -> e.Event | None:
    changed = {**KNOWN, **{name.replace("_", "-"): found for name, found in calendars.items()}}
    world.at(now).calendars.update(changed)
    return reproject(world.case, GUIDE, changed, world.clock.now)


def test_an_open_deadline_that_crosses_a_proclaimed_day_is_counted_again() -> None:
    world = submitted()
    changed = proclaimed(KNOWN["illinois-state"], "2026-12-10")
    event = again(world, "2026-12-01", illinois_state=changed)

    assert event is not None
    assert event.occurred_on == day("2026-12-01")
    world.append(event)
    # Theirs moves on a day; ours, which ended before it, stays.
    assert world.dates("pa_decision#1") == ("2026-12-17", "2026-11-27", "2026-11-27")
    assert world.dates("pa_follow_up#1") == ("2026-12-03", "2026-12-03", None)
    assert world.reading("pa_decision#1").calendars[0].digest == "f" * 64
    assert reproject(world.case, GUIDE, world.calendars, world.clock.now) is None


def test_of_ours_the_safe_day_never_moves_later_and_moves_earlier() -> None:
    world = submitted()
    world.plan("one", "2026-12-09")
    changed = proclaimed(KNOWN["illinois-state"], "2026-12-01", "2026-12-09")
    event = again(world, "2026-11-30", illinois_state=changed)
    assert event is not None
    world.append(event)
    assert world.dates("pa_follow_up#1") == ("2026-12-04", "2026-12-03", None)
    assert world.dates("plan#1") == ("2026-12-09", "2026-12-08", None)
    told = "\n".join(
        line.text for line in explain(world.deadline("pa_follow_up#1").deadline, GUIDE)
    )
    assert "2026-12-03 stood before the calendar changed" in told
    # A day taken back makes the count shorter again, and the safe day with it.
    event = again(world, "2026-11-30", illinois_state=KNOWN["illinois-state"])
    assert event is not None
    world.append(event)
    assert world.dates("pa_follow_up#1") == ("2026-12-03", "2026-12-03", None)
    assert world.dates("plan#1") == ("2026-12-09", "2026-12-08", None)


def test_another_edition_that_changes_no_date_moves_nothing() -> None:
    world = submitted()
    assert again(world, "2026-12-01", illinois_state=edition(KNOWN["illinois-state"])) is None
    far = proclaimed(KNOWN["illinois-state"], "2027-03-10")
    assert again(world, "2026-12-01", illinois_state=far) is None


def test_closed_stopped_and_hour_deadlines_wait_for_nothing() -> None:
    world = submitted()
    world.at("2026-12-02").toll("pa_decision")
    world.note("2026-11-24", kind="call")
    changed = proclaimed(KNOWN["illinois-state"], "2026-11-30")
    assert again(world, "2026-12-10", illinois_state=changed) is None
    # What was used before the toll is counted by the calendar as it is then known: 11 are left.
    world.resume("pa_decision")
    assert world.reading("pa_decision#1").due_on == day("2026-12-28")
    world.fire("expedite", "2026-12-10T09:00", expedite_reason="deterioration")
    assert again(world, "2026-12-10", illinois_state=KNOWN["illinois-state"]) is None


def test_the_standard_beside_an_expedited_date_is_counted_again() -> None:
    world = submitted()
    world.fire("expedite", "2026-11-24T10:00", expedite_reason="deterioration")
    changed = proclaimed(KNOWN["illinois-state"], "2026-12-10")
    event = again(world, "2026-11-25", illinois_state=changed)
    assert event is not None
    world.append(event)
    assert world.dates("pa_decision#1")[0] == "2026-11-27"
    world.fire("refuse_expedite")
    assert world.dates("pa_decision#1")[0] == "2026-12-17"


def test_a_calendar_that_does_not_reach_so_far_leaves_the_date_as_recorded() -> None:
    world = submitted()
    short = edition(KNOWN["illinois-state"], last=day("2026-12-01"), days=tuple(
        d for d in KNOWN["illinois-state"].days if d.date <= day("2026-12-01")
    ))  # fmt: skip
    with pytest.raises(BeyondHorizon):
        short.add_business_days(day("2026-11-24"), 14)
    assert again(world, "2026-11-25", illinois_state=short) is None


def test_a_calendar_that_is_gone_leaves_the_date_as_recorded() -> None:
    world = submitted()
    known = {"illinois-state": KNOWN["illinois-state"]}
    assert reproject(world.case, GUIDE, known, world.clock.now) is None
    tracked = world.deadline("pa_decision#1")
    assert not outdated(tracked, {})


def test_a_warning_sent_before_the_change_is_sent_again_only_for_a_day_to_come() -> None:
    world = submitted()
    world.plan("one", "2026-12-09")
    world.at("2026-12-08").send("plan#1", "1bd")
    changed = proclaimed(KNOWN["illinois-state"], "2026-12-09")
    event = again(world, "2026-12-08", illinois_state=changed)
    assert event is not None
    assert isinstance(event.data, e.DeadlineReprojected)
    assert {m.deadline: m.sent for m in event.data.moved} == {
        "pa_decision#1": (), "plan#1": ("1bd",)
    }  # fmt: skip


def test_dates_are_plain_days() -> None:
    world = submitted()
    found = world.reading("pa_decision#1")
    assert isinstance(found.due_on, date)
    assert not isinstance(found.due_on, datetime)
    assert replace(found) == found
