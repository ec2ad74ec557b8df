"""Open cases go over to a newer edition, or to another workflow: what moves, and what does not."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from casetrack.audit.findings import COUNTED, Finding
from casetrack.catalog import workflows
from casetrack.domain import events as e
from casetrack.domain.fold import replay
from casetrack.domain.workflow import Workflow
from casetrack.errors import AlreadyAdopted, UnknownName
from casetrack.ledger.store import Draft
from casetrack.service.conformance import drifting, examined
from casetrack.service.sharing import Tally
from casetrack.service.tracker import DEFAULT_TERMS, Terms, Written
from casetrack.service.typed import Adopting
from tests.editions import later, ship, with_clock, with_new_clock, without_clock, without_state
from tests.world import DRY, GUIDE, World, day, refused

MEDICARE = workflows.load("ma-part-b-drug")
ILLINOIS = workflows.load("il-commercial")


def go(
    world: World,
    to: str | Workflow = GUIDE.id,
    terms: Terms = DEFAULT_TERMS,
    reason: str | None = None,
    **states: str,
) -> Written:
    """Over to a workflow, by its id, or to an edition that is shipped from now on."""
    if isinstance(to, Workflow):
        ship(world.tracker, to)
    name = to if isinstance(to, str) else to.id
    typed = Adopting(workflow=name, states=tuple(states.items()), reason=reason)
    return world.do(typed, terms)


def adopted(written: Written) -> e.WorkflowAdopted:
    assert isinstance(written.data, e.WorkflowAdopted)
    return written.data


def denied(notice_on: str = "2026-11-09") -> World:
    world = World("2026-11-12")
    world.fire("submit", "2026-11-02T10:00", method="portal")
    world.fire("deny", "2026-11-12", notice_on=notice_on, reason_code="experimental")
    return world


def submitted(on: str = "2026-11-02T10:00") -> World:
    world = World("2026-11-03")
    world.fire("submit", on, method="portal")
    return world


def found(world: World) -> Sequence[Finding]:
    every = examined(world.tracker, [world.id], Tally())
    return [x for x in every if x.severity in COUNTED]


def sound(world: World) -> None:
    """An audit finds nothing, nothing drifts, and the views are what the entries replay to."""
    assert found(world) == []
    assert list(drifting(world.tracker, [world.id], Tally())) == []
    before = world.ledger.views(world.id)
    world.ledger.rebuild()
    assert world.ledger.views(world.id) == before
    assert replay(world.id, world.entries()) == world.case


# A newer edition


def test_an_edition_that_says_nothing_new_moves_nothing_and_is_pinned() -> None:
    world = denied()
    world.plan("call the clinic", "2026-12-01")
    before = {name: world.dates(name) for name in world.case.deadlines}
    data = adopted(go(world, later(GUIDE)))
    assert (data.armed, data.closed, data.moved, data.reopened, data.unproven) == ((),) * 5
    assert (
        {kept.deadline for kept in data.kept} == world.open_now() == {"appeal_filing#1", "plan#1"}
    )
    assert {name: world.dates(name) for name in world.case.deadlines} == before
    assert world.tracker.workflow_of(world.case).edition == "2027-01-15"
    sound(world)


def test_every_open_deadline_is_counted_again_from_the_entry_that_armed_it() -> None:
    """Submitted on 2 November: 14 business days end on the 24th, 7 on the 13th (3rd, 11th shut)."""
    world = submitted()
    assert world.dates("pa_decision#1")[0] == "2026-11-24"
    world.at("2026-11-10")
    data = adopted(go(world, with_clock(GUIDE, "pa_decision", length="7bd")))
    assert [(m.deadline, m.why) for m in data.moved] == [("pa_decision#1", "adopted")]
    assert world.dates("pa_decision#1")[0] == "2026-11-13"
    sound(world)


def test_a_clock_that_the_newer_edition_has_and_the_older_had_not_is_armed_by_the_fact() -> None:
    """30 days from the notice of 9 November end on 9 December, a Wednesday."""
    world = denied()
    clock = replace(GUIDE.clocks["appeal_filing"], title="Ask for the file", length="30d", law=None)
    world.at("2026-11-20")
    data = adopted(go(world, with_new_clock(GUIDE, "ask_for_file", clock)))
    assert [d.deadline for d in data.armed] == ["ask_for_file#1"]
    assert data.grounds == (e.Ground(deadline="ask_for_file#1", version=3),)
    assert world.dates("ask_for_file#1")[:2] == ("2026-12-09", "2026-12-09")
    assert world.deadline("ask_for_file#1").armed_version == 3
    sound(world)


def test_what_is_armed_by_an_adoption_moves_when_its_fact_is_amended_and_goes_with_it() -> None:
    world = denied()
    clock = replace(GUIDE.clocks["appeal_filing"], title="Ask for the file", length="30d", law=None)
    newer = with_new_clock(GUIDE, "ask_for_file", clock)
    go(world, newer)
    world.amend(3, notice_on="2026-11-10")
    assert world.dates("ask_for_file#1")[0] == "2026-12-10"
    sound(world)
    older = world.case.left[0]
    go(world, older)
    world.void(3)
    assert world.case.state == "pa_submitted"
    assert world.deadline("ask_for_file#1").outcome == "cancelled"
    assert world.open_now() == {"pa_decision#1", "pa_follow_up#1"}


def test_a_clock_that_it_does_not_know_is_cancelled_with_why() -> None:
    world = submitted()
    data = adopted(go(world, without_clock(GUIDE, "pa_follow_up")))
    assert data.closed == (e.Ended(deadline="pa_follow_up#1", outcome="cancelled", late=False),)
    assert data.dropped == (e.Dropped(deadline="pa_follow_up#1", why="unknown_clock"),)
    sound(world)


def test_a_clock_that_nothing_on_record_arms_there_is_cancelled_with_why() -> None:
    world = submitted()
    data = adopted(go(world, with_clock(GUIDE, "pa_follow_up", armed_by=("request_info",))))
    assert data.dropped == (e.Dropped(deadline="pa_follow_up#1", why="not_armed"),)
    sound(world)


def test_a_clock_that_the_state_does_not_hold_there_is_cancelled_with_why() -> None:
    world = submitted()
    world.fire("request_info", "2026-11-03")
    data = adopted(go(world, with_clock(GUIDE, "pa_decision", alive_in=("pa_submitted",))))
    assert data.dropped == (e.Dropped(deadline="pa_decision#1", why="not_alive"),)
    sound(world)


def test_a_clock_that_another_fact_arms_there_is_superseded_by_its_next_arming() -> None:
    world = submitted()
    world.fire("request_info", "2026-11-03")
    clock = GUIDE.clocks["pa_decision"]
    newer = with_clock(GUIDE, "pa_decision", armed_by=(*clock.armed_by, "request_info"))
    data = adopted(go(world, newer))
    assert data.dropped == (e.Dropped(deadline="pa_decision#1", why="superseded"),)
    assert world.deadline("pa_decision#1").outcome == "superseded"
    assert [d.deadline for d in data.armed] == ["pa_decision#2"]
    sound(world)


def test_what_ended_it_since_by_the_newer_edition_cancels_it() -> None:
    world = submitted()
    world.at("2026-11-06").note("2026-11-06", kind="letter")
    data = adopted(go(world, with_clock(GUIDE, "pa_follow_up", ended_by=("note:letter",))))
    assert data.dropped == (e.Dropped(deadline="pa_follow_up#1", why="ended"),)
    sound(world)


def test_what_was_met_stays_met_and_never_moves() -> None:
    world = denied()
    before = world.deadline("pa_decision#1")
    go(world, with_clock(GUIDE, "pa_decision", length="3bd"))
    assert world.deadline("pa_decision#1") == before
    assert before.outcome == "satisfied"
    sound(world)


def test_a_call_already_made_is_not_asked_for_again() -> None:
    world = submitted()
    world.at("2026-11-06").note("2026-11-06", kind="call")
    assert adopted(go(world, later(GUIDE))).armed == ()
    assert "pa_follow_up#1" not in world.open_now()


# Which way it may move


def test_ours_is_never_safe_later_under_a_newer_edition_though_the_rule_ends_later() -> None:
    """The notice of 9 November: 65 days end on 13 January; 90 on 7 February. By 8 January."""
    world = denied()
    assert world.dates("appeal_filing#1") == ("2027-01-13", "2027-01-08", "2027-01-08")
    go(world, with_clock(GUIDE, "appeal_filing", length="90d", law=None))
    assert world.dates("appeal_filing#1") == ("2027-02-07", "2027-01-08", None)
    sound(world)


def test_ours_is_safe_earlier_under_a_newer_edition_where_that_says_so() -> None:
    world = denied()
    go(world, with_clock(GUIDE, "appeal_filing", length="30d"))
    assert world.dates("appeal_filing#1")[:2] == ("2026-12-09", "2026-12-09")
    sound(world)


def test_another_workflows_dates_are_taken_as_they_are() -> None:
    """180 days from the notice of 9 November end on 8 May, a Saturday: by Friday the 7th."""
    world = denied()
    go(world, ILLINOIS.id)
    assert world.dates("appeal_filing#1") == ("2027-05-08", "2027-05-07", None)
    sound(world)


def test_there_and_back_again_leaves_every_open_deadline_as_it_was() -> None:
    world = denied()
    world.extend("appeal_filing", "2027-01-20")
    before, state = {n: world.deadline(n) for n in world.open_now()}, world.case.state
    guide = world.case.definition
    go(world, ILLINOIS.id)
    go(world, guide)
    after = {n: world.deadline(n) for n in world.open_now()}
    assert (after, world.case.state) == (before, state)
    assert world.case.left == (guide, workflows.digest(workflows.definition_text(ILLINOIS)))
    sound(world)


def test_what_another_workflow_does_not_know_returns_with_the_old_one_under_its_name() -> None:
    world = submitted()
    guide, before = world.case.definition, world.deadline("pa_follow_up#1")
    go(world, MEDICARE.id)
    assert world.deadline("pa_follow_up#1").outcome == "cancelled"
    data = adopted(go(world, guide))
    assert data.reopened == ("pa_follow_up#1",)
    assert world.deadline("pa_follow_up#1") == before
    sound(world)


def test_what_was_superseded_there_runs_again_with_the_workflow_that_counts_from_its_fact() -> None:
    world = submitted()
    world.fire("request_info", "2026-11-03")
    world.at("2026-11-05").fire("provide_info", "2026-11-05")
    guide, before = world.case.definition, world.deadline("pa_decision#1")
    data = adopted(go(world, ILLINOIS.id))  # which counts from what it was sent last
    assert data.dropped == (e.Dropped(deadline="pa_decision#1", why="superseded"),)
    assert "pa_decision#2" in world.open_now()
    data = adopted(go(world, guide))
    assert data.dropped == (e.Dropped(deadline="pa_decision#2", why="superseded"),)
    assert data.reopened == ("pa_decision#1",)
    assert world.deadline("pa_decision#1") == before
    sound(world)


def test_what_its_own_workflow_superseded_runs_by_one_that_counts_from_the_first_fact() -> None:
    world = World("2026-11-03")
    go(world, ILLINOIS.id)
    world.fire("submit", "2026-11-02T10:00", method="portal")
    world.fire("request_info", "2026-11-03")
    world.at("2026-11-05").fire("provide_info", "2026-11-05")
    assert {n for n in world.open_now() if n.startswith("pa_decision")} == {"pa_decision#2"}
    data = adopted(go(world, GUIDE.id))
    assert {n for n in world.open_now() if n.startswith("pa_decision")} == {"pa_decision#1"}
    assert data.reopened == ("pa_decision#1",)
    assert world.reading("pa_decision#1").from_on == day("2026-11-02")
    assert world.reading("pa_decision#1").due_on == day("2026-11-24")  # 14 business days
    sound(world)


# Deadlines with a history


def test_an_extension_stands() -> None:
    world = denied()
    world.extend("appeal_filing", "2027-01-20")
    go(world, with_clock(GUIDE, "appeal_filing", length="60d"))
    assert world.dates("appeal_filing#1")[0] == "2027-01-20"
    sound(world)


def test_what_stands_still_and_would_move_has_to_run_first() -> None:
    world = submitted()
    world.toll("pa_decision")
    newer = with_clock(GUIDE, "pa_decision", length="7bd")
    ship(world.tracker, newer)
    refused(world, lambda: go(world), "pa_decision#1 stands still since 2026-11-03 and would move")
    world.at("2026-11-05").resume("pa_decision")
    go(world)
    assert world.case.definition == world.tracker.desk.definitions.current(GUIDE.id)[1]
    sound(world)


def test_what_stands_still_and_would_not_move_goes_on_standing_still() -> None:
    world = submitted()
    world.toll("pa_decision")
    go(world, later(GUIDE))
    assert world.deadline("pa_decision#1").tolled_on == day("2026-11-03")
    world.at("2026-11-05").resume("pa_decision")
    sound(world)


def test_a_tolled_and_resumed_one_keeps_what_was_taken_out_of_its_days() -> None:
    """7 business days end on the 13th; stopped from the 3rd to the 9th, all 7 remain: the 19th."""
    world = submitted()
    world.toll("pa_decision")
    world.at("2026-11-09").resume("pa_decision")
    go(world, with_clock(GUIDE, "pa_decision", length="7bd"))
    assert world.dates("pa_decision#1")[0] == "2026-11-19"
    sound(world)


def test_a_filing_that_nothing_shows_to_have_arrived_goes_on_waiting_for_proof() -> None:
    world = denied()
    world.fire("file_appeal", "2026-11-12", method="fax")
    assert world.deadline("appeal_filing#1").unproven
    go(world, later(GUIDE))
    assert world.deadline("appeal_filing#1").unproven
    go(world, ILLINOIS.id)
    assert world.deadline("appeal_filing#1").unproven
    sound(world)


def test_an_edition_that_asks_for_proof_leaves_open_what_was_filed_without() -> None:
    world = denied()
    clock = GUIDE.clocks["appeal_filing"]
    ship(world.tracker, lax := with_clock(GUIDE, "appeal_filing", proof_field=None))
    go(world)
    world.fire("file_appeal", "2026-11-12", method="fax")
    assert world.deadline("appeal_filing#1").outcome == "satisfied"
    data = adopted(go(world, replace(lax, edition="2027-02-01",
                                     clocks={**lax.clocks, "appeal_filing": clock})))  # fmt: skip
    assert data.reopened == ()  # what was met stays met
    sound(world)


def test_an_expedited_reading_and_the_standard_one_beside_it_are_both_counted_again() -> None:
    """Expedited on the 3rd at 10:00: 72 hours end on the 6th; beside it 7 business days."""
    world = World("2026-11-03T12:00")
    world.fire("submit", "2026-11-02T10:00", method="portal")
    world.fire("expedite", "2026-11-03T10:00", expedite_reason="active_bleeding")
    go(world, with_clock(GUIDE, "pa_decision", length="7bd"))
    made = world.deadline("pa_decision#1").deadline
    assert made.reading.due_on == day("2026-11-06")
    assert made.standard is not None
    assert made.standard.due_on == day("2026-11-13")
    assert world.case.expedited
    sound(world)


def test_a_warning_counts_as_sent_only_where_its_day_has_passed_or_is_the_same() -> None:
    """Act by 8 January: 20bd is 8 December. Under 30 days, by 9 December, it is 6 November."""
    world = denied().at("2026-12-08")
    world.send("appeal_filing#1", "20bd", "10bd")
    go(world, with_clock(GUIDE, "appeal_filing", length="45d"))
    assert world.dates("appeal_filing#1")[1] == "2026-12-24"
    assert world.deadline("appeal_filing#1").sent == ("20bd",)


# States and facts


def test_a_state_that_is_gone_refuses_and_a_renaming_lets_the_case_over() -> None:
    world = denied()
    newer = without_state(GUIDE, "denied", "refused_once")
    ship(world.tracker, newer)
    refused(world, lambda: go(world), "has no state denied; give --map denied=STATE")
    data = adopted(go(world, denied="refused_once"))
    assert (data.origin, data.to, world.case.state) == ("denied", "refused_once", "refused_once")
    assert world.open_now() == {"appeal_filing#1"}
    assert "refused_once" in world.deadline("appeal_filing#1").deadline.alive_in
    sound(world)
    world.fire("file_appeal", "2026-11-12", method="fax", confirmation="K")
    sound(world)


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ({"denied": "refused_one"}, "no such state; did you mean refused_once?"),
        ({"denyed": "refused_once"}, "has no such state; did you mean denied?"),
        ({"denied": "closed"}, "closed is a final state"),
    ],
)
def test_a_renaming_that_leads_nowhere_is_refused(states: dict[str, str], words: str) -> None:
    world = denied()
    ship(world.tracker, without_state(GUIDE, "denied", "refused_once"))
    typed = Adopting(workflow=GUIDE.id, states=tuple(states.items()))
    refused(world, lambda: world.do(typed), words.partition(";")[0])


def test_what_can_not_be_dated_refuses_and_says_what_to_do() -> None:
    world = submitted(on="2026-11-02")
    refused(world, lambda: go(world, MEDICARE.id), "pa_decision, by version 2")
    world.amend(2, at="2026-11-02T10:00")
    go(world, MEDICARE.id)
    assert world.dates("pa_decision#1")[0] == "2026-11-05"
    sound(world)


def test_a_closed_case_is_refused() -> None:
    world = denied()
    world.fire("close", close_reason="plan_changed")
    ship(world.tracker, later(GUIDE))
    refused(world, lambda: go(world), "closed, a final state")


def test_what_is_followed_already_writes_nothing() -> None:
    world = denied()
    refused(world, lambda: go(world), "already; nothing is written", AlreadyAdopted)
    go(world, ILLINOIS.id)
    refused(world, lambda: go(world, ILLINOIS.id), "already", AlreadyAdopted)


@pytest.mark.parametrize("name", ["humana-il-guid", "f" * 64, "F" * 64, ""])
def test_a_workflow_that_is_not_there_is_refused(name: str) -> None:
    world = denied()
    refused(world, lambda: go(world, name), "workflow", UnknownName)


def test_a_dry_run_tells_the_same_and_writes_nothing() -> None:
    world, other = denied(), denied()
    before = world.kept()
    told = go(world, ILLINOIS.id, DRY)
    assert world.kept() == before
    assert told.data == go(other, ILLINOIS.id).data


def test_what_it_does_not_know_stays_on_record_unused() -> None:
    world = World("2026-11-12")
    world.record("inhibitor_test", "2026-11-10", result="negative")
    data = adopted(go(world, MEDICARE.id))
    assert data.unused == ("inhibitor_test", "result")
    assert world.case.evidence["inhibitor_test"][0].values == {"result": "negative"}
    sound(world)


# Afterwards


def test_an_entry_of_before_is_amended_by_what_it_knew_and_counted_by_what_is_followed() -> None:
    world = denied()
    world.note("2026-11-12", kind="call")
    go(world, ILLINOIS.id)
    world.amend(3, notice_on="2026-11-10")
    assert world.dates("appeal_filing#1")[0] == "2027-05-09"
    sound(world)


def test_evidence_whose_item_it_does_not_know_can_be_amended_and_taken_back() -> None:
    world = World("2026-11-12")
    world.record("inhibitor_test", "2026-11-10", result="negative")
    go(world, MEDICARE.id)
    world.amend(2, result="positive")
    world.void(2)
    assert world.case.evidence["inhibitor_test"] == ()
    sound(world)


def test_an_adoption_is_not_taken_back_but_followed_by_another() -> None:
    world = denied()
    guide = world.case.definition
    go(world, ILLINOIS.id)
    refused(world, lambda: world.void(4), f"'casetrack workflow adopt {guide} --case CASE'")
    refused(world, lambda: world.amend(4, on="2026-11-11"), "can be amended")


def test_a_transition_of_before_is_taken_back_once_the_case_is_back() -> None:
    world = denied()
    guide = world.case.definition
    go(world, ILLINOIS.id)
    refused(world, lambda: world.void(3), f"workflow adopt {guide} --case CASE' first")
    go(world, guide)
    world.void(3)
    assert world.case.state == "pa_submitted"
    assert world.open_now() == {"pa_decision#1", "pa_follow_up#1"}
    sound(world)


def test_proof_of_a_filing_that_would_bring_back_what_was_left_is_not_taken_back() -> None:
    world = denied()
    world.fire("file_appeal", "2026-11-12", method="fax")
    world.record("proof_of_receipt", "2026-11-12")
    assert world.deadline("appeal_filing#1").outcome == "satisfied"
    go(world, ILLINOIS.id)
    refused(world, lambda: world.void(5), "appeal_filing#1 would return")


def test_a_filing_deadline_that_a_trigger_brings_back_is_counted_by_what_is_followed() -> None:
    world = denied()
    world.fire("file_appeal", "2026-11-12", method="fax", confirmation="K")
    go(world, ILLINOIS.id)
    world.fire("withdraw_appeal", "2026-11-12")
    assert world.dates("appeal_filing#1")[:2] == ("2027-05-08", "2027-05-07")
    sound(world)


def test_an_audit_judges_each_entry_by_what_was_followed_then() -> None:
    """A reopened trigger of the one, an appeal of the other, and nothing wrong with either."""
    world = submitted()
    go(world, MEDICARE.id)
    world.at("2026-11-12").fire("deny", "2026-11-12", notice_on="2026-11-09", reason_code="other")
    go(world, ILLINOIS.id)
    world.fire("file_appeal", "2026-11-12T09:00", method="fax", confirmation="K")
    sound(world)


def test_an_audit_knows_what_starts_in_an_expedited_stage_of_what_is_followed() -> None:
    """Complete on the 3rd at 09:00, while expedited: 48 hours end on the 5th at 09:00."""
    world = World("2026-11-03T10:00")
    go(world, ILLINOIS.id)
    world.fire("submit", "2026-11-02T09:00", method="portal")
    world.fire("expedite", "2026-11-02T10:00", expedite_reason="deterioration")
    world.fire("information_complete", "2026-11-03T09:00")
    assert world.dates("pa_decision#2")[0] == "2026-11-05"
    sound(world)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kept": ()}, {"to": "intake"}, {"armed": (), "grounds": ()}, {"closed": ()}, {"moved": ()},
        {"grounds": ()}, {"dropped": ()}, {"unused": ("nothing",)}, {"edition": "2020-01-01"},
        {"expedited": True}, {"left": "e" * 64},
    ],
    ids=lambda wrong: next(iter(wrong)),
)  # fmt: skip
def test_an_audit_finds_an_adoption_that_claims_what_it_did_not_come_to(
    wrong: dict[str, object],
) -> None:
    world = submitted()
    world.record("inhibitor_test", "2026-11-02", result="negative")
    clock = replace(GUIDE.clocks["pa_decision"], title="Second look", law=None)
    newer = with_new_clock(without_clock(GUIDE, "pa_follow_up"), "second_look", clock)
    newer = with_clock(newer, "pa_decision", length="7bd")
    ship(world.tracker, replace(newer, items={}))
    told = go(world, terms=DRY)
    data = replace(told.data, **wrong)
    _, digest, text = world.tracker.desk.definitions.current(GUIDE.id)
    event = e.Event(data=data, occurred_on=day("2026-11-03"), occurred_at=world.clock.now)
    world.ledger.append(world.case, [Draft(event=event, actor="eva")], {digest: text})
    assert [x for x in found(world) if x.version == 4]


def test_an_adoption_whose_definition_is_not_kept_can_not_be_judged() -> None:
    world = denied()
    data = replace(adopted(go(world, ILLINOIS.id, DRY)), definition="d" * 64)
    world.append(e.Event(data=data, occurred_on=day("2026-11-12"), occurred_at=world.clock.now))
    assert any("not, or not as it was, in the ledger" in x.detail for x in found(world))


@pytest.mark.parametrize("redacted", [False, True])
def test_what_is_held_sealed_can_not_become_clear(*, redacted: bool) -> None:
    """A deadline by it would tell a value in the hashed body, and outlive its redaction."""
    world = World("2026-11-24")
    world.record("age", "2026-11-20", dob="1990-02-28")
    if redacted:
        world.tracker.redact(world.id, [e.Target(version=2, name="dob")], "asked to")
    clear = replace(GUIDE.fields["dob"], clear=True)
    told = later(GUIDE, fields={**GUIDE.fields, "dob": clear})
    refused(world, lambda: go(world, told), "has in the clear what the case holds sealed: dob;")
