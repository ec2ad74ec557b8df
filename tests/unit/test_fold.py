"""What a fold makes of changed, planned, tolled and reminded deadlines, and of entries mended."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from casetrack.domain import events as e
from casetrack.domain.case import Case, OpenGap, Tracked
from casetrack.domain.fold import evolve, replay
from tests.facts import (
    DAY,
    DIGEST,
    adopted,
    corrected,
    deadline,
    ended,
    fired,
    happened,
    moved,
    noted,
    opened,
    planned,
    reading,
    recorded,
    reminded,
    tolled,
    voided,
)

CASE = "00000000-0000-7000-8000-000000000001"
NOV_20, DEC_1, DEC_16 = date(2026, 11, 20), date(2026, 12, 1), date(2026, 12, 16)
NOON, LATER = datetime(2026, 11, 2, 18, tzinfo=UTC), datetime(2026, 11, 20, 20, tzinfo=UTC)
REPLY = deadline("reply", DEC_1)
GAP = e.Gap(guard="ready", code="missing", item="letter")


def entry(event: e.Event, version: int, **changes: object) -> e.Entry:
    """An entry as the ledger would read it back, with nothing redacted."""
    members: dict[str, Any] = {
        "ledger": "", "case": CASE, "version": version, "prev": None,
        "type": type(event.data).__name__, "key": "k", "occurred_on": event.occurred_on,
        "occurred_at": event.occurred_at, "recorded_at": NOON, "actor": "eva",
        "by": "os:tester@host", "data": event.data, "sealed": dict.fromkeys(event.typed, "0" * 64),
        "body": "", "digest": f"{version:064}", "disclosed": dict(event.typed),
    }  # fmt: skip
    members.update(changes)
    return e.Entry(**members)


def folded(*events: e.Event) -> Case:
    return replay(CASE, [entry(event, n) for n, event in enumerate(events, 1)])


def same_but_for_its_place(case: Case, other: Case) -> bool:
    """Whether two cases differ by version and digest at most."""
    return replace(case, version=other.version, digest=other.digest) == other


def reply(case: Case) -> Tracked:
    return case.deadlines["reply#1"]


WAITING = (opened(), fired(armed=(REPLY,)))


# Deadlines of our own


def test_a_planned_deadline_is_open_and_has_its_title() -> None:
    case = folded(opened(), planned("Ask for the chart", NOV_20))
    assert [t.deadline.deadline for t in case.open_deadlines()] == ["plan#1"]
    assert case.titles == {"plan#1": "Ask for the chart"}
    assert case.fields == {}


def test_each_planned_deadline_has_a_title_of_its_own() -> None:
    case = folded(opened(), planned("First", NOV_20), planned("Second", DEC_1, n=2))
    assert case.titles == {"plan#1": "First", "plan#2": "Second"}
    latest = case.latest("plan")
    assert latest is not None
    assert latest.deadline.deadline == "plan#2"


def test_a_title_taken_back_is_redacted_and_its_deadline_stays() -> None:
    case = replay(CASE, [entry(opened(), 1), entry(planned("Ask Dr. A", NOV_20), 2, disclosed={})])
    assert case.titles == {"plan#1": e.REDACTED}
    assert case.deadlines["plan#1"].outcome is None


def test_a_planned_deadline_that_was_done_is_satisfied_on_the_day_it_was_done() -> None:
    done = happened(e.DeadlineDone(closed=(ended("plan#1", late=True),)), DEC_1)
    case = folded(opened(), planned("Ask for the chart", NOV_20), done)
    tracked = case.deadlines["plan#1"]
    assert (tracked.outcome, tracked.closed_on, tracked.closed_version) == ("satisfied", DEC_1, 3)
    assert tracked.late is True
    assert case.titles == {"plan#1": "Ask for the chart"}


@pytest.mark.parametrize("late", [True, False, None])
def test_whether_an_end_was_late_may_be_unknown(late: bool | None) -> None:
    case = folded(*WAITING, fired("decided", closed=(ended("reply#1", late=late),)))
    assert reply(case).late is late


# Extended, tolled, resumed, projected anew


def test_an_extension_gives_new_dates_to_the_same_deadline() -> None:
    longer = reading(DEC_16)
    extended = happened(
        e.DeadlineExtended(moved=(moved("reply#1", "extended", longer),)),
        basis="42 CFR", reason="asked",
    )  # fmt: skip
    case = folded(*WAITING, extended)
    assert reply(case).deadline == replace(REPLY, reading=longer)
    assert (reply(case).armed_version, reply(case).outcome) == (2, None)
    assert case.fields == {}


def test_a_tolled_clock_stands_still_from_its_day_and_keeps_its_dates() -> None:
    case = folded(*WAITING, tolled("reply#1", NOV_20))
    assert reply(case).tolled_on == NOV_20
    assert reply(case).deadline == REPLY
    assert reply(case).outcome is None


def test_a_resumed_clock_runs_again_with_what_remained() -> None:
    rest = reading(DEC_16)
    resumed = happened(e.DeadlineResumed(moved=(moved("reply#1", "resumed", rest),)), DEC_1)
    case = folded(*WAITING, tolled("reply#1", NOV_20), resumed)
    assert reply(case).tolled_on is None
    assert reply(case).deadline.reading == rest


def test_tolling_one_clock_leaves_every_other_running() -> None:
    case = folded(opened(), fired(armed=(REPLY, deadline("appeal", DEC_16))), tolled("reply#1"))
    assert [t.tolled_on for t in case.deadlines.values()] == [DAY, None]


def test_a_changed_calendar_moves_several_deadlines_in_one_entry() -> None:
    moves = tuple(moved(f"{name}#1", "calendar", reading(NOV_20)) for name in ("reply", "appeal"))
    case = folded(
        opened(),
        fired(armed=(REPLY, deadline("appeal", DEC_16), deadline("other", DEC_16))),
        happened(e.DeadlineReprojected(moved=moves)),
    )
    assert {name: t.deadline.reading.act_by for name, t in case.deadlines.items()} == {
        "reply#1": NOV_20,
        "appeal#1": NOV_20,
        "other#1": DEC_16,
    }


# Reminders


def test_a_reminder_counts_its_rung_and_the_ones_folded_into_it_as_sent() -> None:
    case = folded(*WAITING, reminded("reply#1", "2bd", DEC_1, "10bd", "5bd"))
    assert reply(case).sent == ("10bd", "5bd", "2bd")
    assert reply(case).deadline == REPLY


def test_later_reminders_add_to_the_earlier_ones() -> None:
    case = folded(*WAITING, reminded("reply#1", "5bd", DEC_1), reminded("reply#1", "0bd", DEC_1))
    assert reply(case).sent == ("5bd", "0bd")


def test_new_dates_start_the_ladder_anew_but_for_the_rungs_whose_day_had_come() -> None:
    step = e.DeadlineExtended(
        moved=(moved("reply#1", "extended", reading(DEC_16), sent=("10bd",)),)
    )
    case = folded(*WAITING, reminded("reply#1", "2bd", DEC_1, "5bd"), happened(step))
    assert reply(case).sent == ("10bd",)
    none = e.DeadlineReprojected(moved=(moved("reply#1", "calendar", reading(DEC_16)),))
    assert reply(folded(*WAITING, reminded("reply#1", "2bd", DEC_1), happened(none))).sent == ()


def test_a_deadline_that_returns_has_the_rungs_that_were_sent() -> None:
    case = folded(
        *WAITING,
        reminded("reply#1", "5bd", DEC_1),
        fired("appeal", closed=(ended("reply#1"),)),
        fired("back", reopened=("reply#1",)),
    )
    assert reply(case).sent == ("5bd",)


# What is not yet proven


def test_a_filing_without_proof_of_arrival_stays_open_and_unproven() -> None:
    case = folded(*WAITING, fired("filed", unproven=("reply#1",)))
    assert (reply(case).unproven, reply(case).outcome) == (True, None)


def test_proof_of_arrival_ends_it() -> None:
    proof = happened(e.NoteAdded(fields={}, closed=(ended("reply#1"),)), note="the receipt came")
    case = folded(*WAITING, fired("filed", unproven=("reply#1",)), proof)
    assert (reply(case).unproven, reply(case).outcome) == (False, "satisfied")


def test_a_deadline_that_returns_is_not_done_at_all() -> None:
    back = fired("back", reopened=("reply#1",))
    case = folded(*WAITING, fired("filed", unproven=("reply#1",)), back)
    assert same_but_for_its_place(
        replace(case, state="", moves=()), replace(folded(*WAITING), state="", moves=())
    )


def test_one_entry_ends_then_returns_then_moves_then_arms() -> None:
    second = deadline("reply", DEC_16, n=2)
    step = fired(
        closed=(ended("reply#1", "superseded"),),
        reopened=("old#1",),
        moved=(moved("old#1", "expedited", reading(NOV_20)),),
        unproven=("old#1",),
        armed=(second,),
    )
    case = folded(
        opened(), fired(armed=(REPLY, deadline("old", DEC_1))),
        fired(closed=(ended("old#1", "lapsed", late=True),)), step,
    )  # fmt: skip
    assert [(t.deadline.deadline, t.deadline.reading.act_by) for t in case.open_deadlines()] == [
        ("old#1", NOV_20),
        ("reply#2", DEC_16),
    ]
    assert (case.deadlines["old#1"].unproven, case.deadlines["old#1"].late) == (True, False)


# Corrections


def test_a_corrected_field_is_the_value_now() -> None:
    case = folded(
        opened(fields={"benefit": "pharmacy"}, physician="Dr. A"),
        corrected(1, fields={"benefit": "medical"}, physician="Dr. B"),
    )
    assert case.fields == {"benefit": "medical", "physician": "Dr. B"}


def test_a_corrected_field_is_overtaken_by_a_later_statement_of_it() -> None:
    """The correction mends what the first entry said, and a later entry had said more."""
    case = folded(
        opened(fields={"benefit": "pharmacy", "kind": "call"}),
        fired(fields={"benefit": "medical"}),
        corrected(1, fields={"benefit": "pharmacy", "kind": "letter"}),
    )
    assert case.fields == {"benefit": "medical", "kind": "letter"}


def test_a_correction_says_nothing_of_what_it_leaves_out() -> None:
    case = folded(
        opened(fields={"benefit": "pharmacy", "kind": "call"}),
        corrected(1, fields={"kind": "letter"}),
    )
    assert case.fields == {"benefit": "pharmacy", "kind": "letter"}
    assert case.opened_on == DAY


def test_a_corrected_patient_is_the_patient_now_and_no_field() -> None:
    case = folded(opened(patient="P 7"), corrected(1, patient="P 8"))
    assert (case.patient, case.fields) == ("P 8", {})


def test_a_corrected_opening_has_the_right_day() -> None:
    assert folded(opened(), corrected(1, on=date(2026, 10, 30))).opened_on == date(2026, 10, 30)
    assert folded(opened(), fired(), corrected(2, on=DEC_1)).opened_on == DAY


def test_a_corrected_transition_has_the_right_day_and_only_an_instant_that_was_given() -> None:
    step = replace(fired(), occurred_at=NOON)
    on_a_day = folded(opened(), step, corrected(2, on=NOV_20))
    assert (on_a_day.moved_on, on_a_day.moved_at) == (NOV_20, None)
    at_an_instant = folded(opened(), step, corrected(2, on=NOV_20, at=LATER))
    assert (at_an_instant.moved_on, at_an_instant.moved_at) == (NOV_20, LATER)
    in_values_only = folded(opened(), step, corrected(2, number="N-1"))
    assert (in_values_only.moved_on, in_values_only.moved_at) == (DAY, NOON)


def test_a_corrected_transition_leaves_the_others_and_the_state() -> None:
    case = folded(opened(), fired(), fired("decided", trigger="decide"), corrected(2, on=DEC_1))
    assert [(m.version, m.on) for m in case.moves] == [(2, DEC_1), (3, DAY)]
    assert case.state == "decided"


def test_corrected_evidence_has_the_right_day_and_values_and_is_no_field() -> None:
    lab = recorded("lab", DEC_1, {"percent": "12", "notes": "typed in haste"})
    case = folded(opened(), lab, recorded("lab", NOV_20), corrected(2, on=DEC_16, percent="1.2"))
    mended, other = case.evidence["lab"]
    assert (mended.on, mended.values) == (DEC_16, {"percent": "1.2", "notes": "typed in haste"})
    assert (other.on, other.values) == (NOV_20, {})
    assert case.fields == {}
    counted = case.evidence_for("lab")
    assert counted is not None
    assert counted.version == 2


def test_a_correction_of_a_correction_names_the_first_entry_and_the_last_one_stands() -> None:
    case = folded(
        opened(fields={"kind": "call"}),
        corrected(1, on=NOV_20, fields={"kind": "letter"}),
        corrected(1, fields={"kind": "other"}),
    )
    assert case.fields == {"kind": "other"}
    assert case.opened_on == NOV_20
    assert case.corrected == {1: {"on": 2, "kind": 3}}


def test_each_corrected_name_knows_the_entry_that_corrected_it() -> None:
    case = folded(
        opened(patient="P 7"),
        replace(fired(), occurred_at=NOON),
        corrected(1, patient="P 8"),
        corrected(2, on=NOV_20, at=LATER, number="N-1"),
    )
    assert case.corrected == {1: {"patient": 3}, 2: {"on": 4, "at": 4, "number": 4}}


def test_a_correction_moves_the_deadlines_that_hang_on_it() -> None:
    sooner = reading(NOV_20)
    data = e.EntryCorrected(
        corrects=2, on=None, at=None, fields={"notice_on": "2026-10-20"},
        moved=(moved("reply#1", "corrected", sooner),),
    )  # fmt: skip
    assert reply(folded(*WAITING, happened(data))).deadline.reading == sooner


def test_a_correction_whose_text_was_redacted_leaves_a_redacted_value() -> None:
    entries = [entry(opened(physician="Dr. A"), 1), entry(corrected(1, physician="B"), 2)]
    bare = [entries[0], replace(entries[1], disclosed={})]
    assert replay(CASE, bare).fields == {"physician": e.REDACTED}


# What was taken back


def test_a_void_of_the_newest_transition_returns_state_deadlines_fields_and_gaps() -> None:
    before = folded(*WAITING, noted(number="N-1"))
    after = folded(
        *WAITING,
        noted(number="N-1"),
        fired(
            "closed", {"number": "N-2"}, trigger="close", final=True, expedited=True,
            fields={"benefit": "medical"}, overridden=(GAP,),
            closed=(ended("reply#1", "cancelled"),), armed=(deadline("appeal", DEC_16),),
        ),
        voided(
            4, "submitted", reopened=("reply#1",), closed=(ended("appeal#1", "cancelled"),)
        ),
    )  # fmt: skip
    assert (after.state, after.final, after.expedited) == ("submitted", False, False)
    assert after.open_deadlines() == before.open_deadlines()
    assert after.deadlines["appeal#1"].outcome == "cancelled"
    assert (after.fields, after.gaps) == ({"number": "N-1"}, ())
    assert (after.moves, after.moved_on) == (before.moves, before.moved_on)


def test_a_void_says_whether_the_stage_returned_to_is_expedited() -> None:
    steps = (opened(), fired(expedited=True), fired("decided"))
    assert folded(*steps).expedited is False
    assert folded(*steps, voided(3, "submitted", expedited=True)).expedited is True
    assert folded(*steps, voided(3, "submitted")).expedited is False


def test_each_transition_remembers_what_the_stage_was_before_it() -> None:
    case = folded(opened(), fired(expedited=True), fired("decided"), fired("closed"))
    assert [move.expedited for move in case.moves] == [False, True, False]


def test_a_void_leaves_the_gaps_and_fields_of_every_other_entry() -> None:
    case = folded(
        opened(fields={"kind": "call"}),
        fired(overridden=(GAP,), fields={"benefit": "medical"}),
        fired("decided", trigger="decide", overridden=(GAP,), fields={"kind": "letter"}),
        voided(3, "submitted"),
    )
    assert case.gaps == (OpenGap(trigger="submit", version=2, on=DAY, gap=GAP),)
    assert case.fields == {"kind": "call", "benefit": "medical"}


def test_voided_evidence_is_not_on_file_and_the_state_stays() -> None:
    steps = (opened(), fired(), recorded("lab", DEC_1, {"percent": "2"}), recorded("lab", NOV_20))
    case = folded(*steps, voided(3))
    assert [record.version for record in case.evidence["lab"]] == [4]
    assert (case.state, case.moved_on) == ("submitted", DAY)
    assert folded(*steps[:3], voided(3)).evidence_for("lab") is None


def test_a_void_of_evidence_leaves_a_final_expedited_case_as_it_is() -> None:
    steps = (opened(), recorded("lab"), fired("closed", final=True, expedited=True))
    case = folded(*steps, voided(2))
    assert (case.state, case.final, case.expedited) == ("closed", True, True)


def test_what_was_corrected_before_it_was_voided_is_gone_too() -> None:
    case = folded(
        opened(fields={"kind": "call"}),
        fired(fields={"kind": "letter"}),
        corrected(2, fields={"kind": "other"}),
        voided(2, "draft"),
        corrected(2, fields={"kind": "letter"}),
    )
    assert case.fields == {"kind": "call"}
    assert (case.state, case.moves, case.moved_on) == ("draft", (), None)


# Another definition


def test_a_case_follows_the_definition_adopted_and_its_deadline_is_that_ones() -> None:
    case = folded(*WAITING, adopted())
    assert (case.workflow, case.definition, case.left) == ("other", "b" * 64, (DIGEST,))
    assert (case.state, case.expedited, case.final) == ("sent", True, False)
    made = reply(case).deadline
    assert (made.owner, made.kind, made.alive_in) == ("reviewer", "service", ("sent",))
    assert (made.deadline, made.definition) == ("reply#1", "b" * 64)
    assert made.reading == reply(folded(*WAITING)).deadline.reading


def test_what_an_adoption_arms_rests_on_the_fact_that_arms_it_and_may_wait_for_proof() -> None:
    second = deadline("second", DEC_1, definition="b" * 64, alive_in=("draft",))
    ground = e.Ground(deadline="second#1", version=1, unproven=True)
    found = folded(*WAITING, adopted(armed=(second,), grounds=(ground,))).deadlines["second#1"]
    assert (found.armed_version, found.unproven, found.outcome) == (1, True, None)


def test_what_an_adoption_drops_is_closed_by_it_and_stays_of_the_definition_left() -> None:
    gone = (ended("reply#1", "cancelled"),)
    found = reply(folded(*WAITING, adopted(kept=(), closed=gone)))
    assert (found.outcome, found.closed_version) == ("cancelled", 3)
    assert found.deadline.definition == DIGEST


# Nothing else


NEW_KINDS = (
    planned("Ask", NOV_20),
    happened(e.DeadlineDone(closed=(ended("reply#1"),))),
    happened(e.DeadlineExtended(moved=(moved("reply#1", "extended", reading(DEC_16)),))),
    tolled("reply#1"),
    happened(e.DeadlineResumed(moved=(moved("reply#1", "resumed", reading(DEC_16)),))),
    happened(e.DeadlineReprojected(moved=(moved("reply#1", "calendar", reading(DEC_16)),))),
    corrected(2, on=NOV_20),
    voided(2, "draft", closed=(ended("reply#1", "cancelled"),)),
    adopted(),
    reminded("reply#1", "5bd", DEC_1),
)


@pytest.mark.parametrize("event", NEW_KINDS, ids=lambda event: type(event.data).__name__)
def test_every_entry_counts_and_changes_nothing_of_the_case_before(event: e.Event) -> None:
    before, kept = folded(*WAITING), folded(*WAITING)
    after = evolve(before, entry(event, 3))
    assert (after.version, after.digest) == (3, f"{3:064}")
    assert not same_but_for_its_place(after, before)
    assert before == kept


def test_every_kind_of_entry_is_in_one_of_these_tests() -> None:
    fold_here = {type(event.data).__name__ for event in NEW_KINDS}
    fold_there = {
        "CaseOpened", "TransitionFired", "EvidenceRecorded", "NoteAdded", "CaseAssigned",
        "ValueRedacted",
    }  # fmt: skip
    of_the_ledger = {"LedgerOpened", "DisclosureMade", "KeyMade", "KeyRotated"}
    assert set(e.CASE_TYPES) == fold_here | fold_there | of_the_ledger
