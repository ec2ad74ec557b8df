"""Every trigger in every state of the guide, against a table typed from its rules.

A case is driven through the tracker on a ledger in memory; "today" is 20 January 2027 in Chicago.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from casetrack.catalog import workflows
from casetrack.domain import events as e
from casetrack.domain.case import Case, Tracked
from casetrack.domain.checks import open_items
from casetrack.domain.machine import machine_of, possible
from casetrack.errors import (
    BeyondHorizon,
    Busy,
    CasetrackError,
    Refused,
    StaleVersion,
    TransitionRefused,
    UnknownName,
)
from casetrack.ledger.memory import MemoryLedger
from casetrack.ledger.store import Draft
from casetrack.service.desk import Assigning, Firing, Noting, Opening, Recording, Typed, When
from casetrack.service.questions import next_steps
from casetrack.service.tracker import DEFAULT_TERMS, Terms, Tracker, Written
from tests.fakes import FakeClock, fixed_sources

GUIDE = workflows.load("humana-il-guide")
NOW = datetime(2027, 1, 20, 18, 0, tzinfo=UTC)
TODAY = "2027-01-20"

STATES = (
    "intake", "pa_submitted", "info_requested", "approved", "approved_in_part", "denied",
    "internal_appeal", "appeal_denied", "external_review", "completed", "final_denial", "closed",
)  # fmt: skip
RUNNING = tuple(s for s in STATES if s not in {"completed", "final_denial", "closed"})

# trigger: {from: to}
TABLE: Mapping[str, Mapping[str, str]] = {
    "submit": {"intake": "pa_submitted"},
    "request_info": {"pa_submitted": "info_requested"},
    "provide_info": {"info_requested": "pa_submitted"},
    "approve": {"pa_submitted": "approved", "info_requested": "approved"},
    "approve_in_part": {"pa_submitted": "approved_in_part", "info_requested": "approved_in_part"},
    "deny": {"pa_submitted": "denied", "info_requested": "denied"},
    "peer_to_peer": {"denied": "denied", "approved_in_part": "approved_in_part"},
    "file_appeal": {"denied": "internal_appeal", "approved_in_part": "internal_appeal"},
    "overturn": {"internal_appeal": "approved", "external_review": "approved"},
    "uphold": {"internal_appeal": "appeal_denied", "external_review": "final_denial"},
    "reject_request": {"internal_appeal": "denied", "external_review": "appeal_denied"},
    "withdraw_appeal": {"internal_appeal": "denied", "external_review": "appeal_denied"},
    "request_external_review": {"appeal_denied": "external_review"},
    "reverse": {"denied": "approved", "appeal_denied": "approved"},
    "expedite": {
        "pa_submitted": "pa_submitted",
        "info_requested": "info_requested",
        "internal_appeal": "internal_appeal",
        "external_review": "external_review",
    },
    "refuse_expedite": {
        "pa_submitted": "pa_submitted",
        "info_requested": "info_requested",
        "internal_appeal": "internal_appeal",
        "external_review": "external_review",
    },
    "payer_missed": {
        "pa_submitted": "pa_submitted",
        "internal_appeal": "internal_appeal",
        "external_review": "external_review",
    },
    "renew": {"approved": "approved", "approved_in_part": "approved_in_part"},
    "administer": {"approved": "completed", "approved_in_part": "completed"},
    "close": dict.fromkeys(RUNNING, "closed"),
}
ARCS = [(trigger, start, to) for trigger, moves in TABLE.items() for start, to in moves.items()]
REST = [(trigger, state) for trigger in TABLE for state in STATES if state not in TABLE[trigger]]

Values = Mapping[str, str]
Step = tuple[str, str, Values]

CLAIM = {
    "hcpcs": "J1411", "units": "1", "ndc": "0053-0100-10", "benefit": "medical",
    "authorization": "A-1",
}  # fmt: skip
APPROVED = {"valid_through": "2027-05-28"}
SUBMIT: Step = ("submit", "2026-11-24", {})
DENY: Step = ("deny", "2026-12-03", {"notice_on": "2026-12-01"})
IN_PART: Step = ("approve_in_part", "2026-12-03", {"notice_on": "2026-12-01", **APPROVED})
RECEIVED = {"confirmation": "F-1"}
FILE: Step = ("file_appeal", "2026-12-10", RECEIVED)
UPHOLD: Step = ("uphold", "2027-01-05", {"notice_on": "2027-01-04"})
REVIEW: Step = ("request_external_review", "2027-01-06", RECEIVED)

PATHS: Mapping[str, Sequence[Step]] = {
    "intake": [],
    "pa_submitted": [SUBMIT],
    "info_requested": [SUBMIT, ("request_info", "2026-12-01", {})],
    "approved": [SUBMIT, ("approve", "2026-12-02", APPROVED)],
    "approved_in_part": [SUBMIT, IN_PART],
    "denied": [SUBMIT, DENY],
    "internal_appeal": [SUBMIT, DENY, FILE],
    "appeal_denied": [SUBMIT, DENY, FILE, UPHOLD],
    "external_review": [SUBMIT, DENY, FILE, UPHOLD, REVIEW],
    "completed": [SUBMIT, ("approve", "2026-12-02", APPROVED), ("administer", "2027-01-05", CLAIM)],
    "final_denial": [
        SUBMIT, DENY, FILE, UPHOLD, REVIEW, ("uphold", "2027-01-14", {"notice_on": "2027-01-13"}),
    ],
    "closed": [("close", "2026-11-24", {"close_reason": "declined"})],
}  # fmt: skip

# What each trigger needs today, beyond guards.
VALUES: Mapping[str, Values] = {
    "approve": APPROVED,
    "approve_in_part": {"notice_on": "2027-01-18", **APPROVED},
    "deny": {"notice_on": "2027-01-18"},
    "file_appeal": RECEIVED,
    "request_external_review": RECEIVED,
    "overturn": APPROVED,
    "uphold": {"notice_on": "2027-01-18"},
    "reverse": APPROVED,
    "expedite": {"expedite_reason": "deterioration"},
    "renew": {"valid_through": "2027-06-30"},
    "administer": CLAIM,
    "close": {"close_reason": "withdrawn"},
}

PACKET: Sequence[tuple[str, str, Values]] = [
    ("age", "2026-11-01", {"dob": "1980-05-05"}),
    ("diagnosis", "2026-11-01", {"icd10": "D67", "notes": "hereditary"}),
    ("factor_ix_activity", "2026-11-10", {"percent": "1", "off_prophylaxis": "yes"}),
    ("inhibitor_test", "2026-11-10", {"result": "negative"}),
    ("exposure_days", "2026-11-01", {"days": "150"}),
    (
        "liver_panel", "2026-11-10",
        {"alt": "20", "ast": "20", "alp": "60", "bilirubin": "0.5", "imaging": "normal"},
    ),
    ("no_prior_gene_therapy", "2026-11-01", {"confirmed": "yes"}),
    ("approved_center", "2026-11-01", {"center": "A center"}),
]  # fmt: skip
EIGHT = tuple(item for item, _, _ in PACKET)
DOCUMENTS = ("denial_letter", "clinical_evidence", "medical_necessity_letter")


class World:
    """One case on a ledger of its own; ``evidence`` puts every document on file first."""

    def __init__(self, *, evidence: bool = True, now: datetime = NOW) -> None:
        self.ledger = MemoryLedger(fixed_sources(FakeClock(now)))
        self.tracker = Tracker(self.ledger, now, "eva")
        opening = Opening(workflow=GUIDE.id, reference="C-1", when=When(on="2026-10-01"))
        self.id = self.tracker.open(opening).case.id
        if evidence:
            self.tracker.record_all(self.id, [_recording(*row) for row in PACKET])
            for item in (*DOCUMENTS, "urgency_statement"):
                self.record(item, "2026-11-01")

    def do(self, typed: Typed, terms: Terms = DEFAULT_TERMS) -> Written:
        return self.tracker.do(self.id, typed, terms)

    def fire(
        self,
        trigger: str,
        when: str,
        values: Values | None = None,
        *,
        override: str | None = None,
        terms: Terms = DEFAULT_TERMS,
    ) -> Written:
        """``when`` is a day, or an instant when it holds a ``T``."""
        moment = When(at=when) if "T" in when else When(on=when)
        pairs = list((values or {}).items())
        firing = Firing(trigger=trigger, when=moment, pairs=pairs, override=override)
        return self.do(firing, terms)

    def walk(self, steps: Sequence[Step], override: str | None = None) -> "World":
        for trigger, when, values in steps:
            self.fire(trigger, when, values, override=override)
        return self

    def record(self, item: str, on: str, values: Values | None = None) -> Written:
        return self.do(_recording(item, on, values or {}))

    def note(self, on: str, values: Values | None = None) -> Written:
        return self.do(Noting(text="a note", when=When(on=on), pairs=list((values or {}).items())))

    @property
    def case(self) -> Case:
        return self.tracker.case(self.id)

    def kept(self) -> object:
        """Everything that a write would change."""
        stored = self.ledger.stored(self.id), self.ledger.entries(self.id)
        return stored, self.ledger.views(self.id), self.ledger.stats()

    def open_now(self) -> set[str]:
        return {t.deadline.deadline for t in self.case.open_deadlines()}

    def deadline(self, name: str) -> Tracked:
        return self.case.deadlines[name]

    def outcome(self, name: str) -> str | None:
        return self.deadline(name).outcome

    def open_items(self) -> tuple[str, ...]:
        return open_items(self.case, GUIDE)


def _recording(item: str, on: str, values: Values) -> Recording:
    return Recording(item=item, when=When(on=on), pairs=list(values.items()))


def fired(written: Written) -> e.TransitionFired:
    assert isinstance(written.data, e.TransitionFired)
    return written.data


def refusal(
    world: World, call: Callable[[], object], kind: type[CasetrackError] = TransitionRefused
) -> CasetrackError:
    """The refusal, of exactly that kind, once it is sure that nothing was written."""
    before = world.kept()
    try:
        with pytest.raises(kind) as caught:
            call()
    finally:
        if world.kept() != before:
            still.cache_clear()  # the next test gets a world of its own
    assert type(caught.value) is kind
    assert caught.value.exit_code == 4
    assert world.kept() == before
    return caught.value


def in_state(state: str) -> World:
    return World().walk(PATHS[state])


@lru_cache
def still(state: str) -> World:
    """A world in a state, for questions that must leave it as it is."""
    return in_state(state)


def ready_for(trigger: str, state: str) -> World:
    """A world where the guards of a trigger are met today."""
    world = in_state(state)
    if trigger in {"submit", "provide_info"}:
        world.record("inhibitor_test", "2027-01-10", {"result": "negative"})
    if trigger == "refuse_expedite":
        world.fire("expedite", f"{TODAY}T10:00", VALUES["expedite"])
    return world


def fire_today(
    world: World, trigger: str, *, override: str | None = None, dry_run: bool = False
) -> Written:
    when = f"{TODAY}T11:00" if trigger == "expedite" else TODAY
    terms = Terms(dry_run=dry_run)
    return world.fire(trigger, when, VALUES.get(trigger), override=override, terms=terms)


# Every pair


def test_the_table_names_every_state_and_every_trigger() -> None:
    assert set(GUIDE.states) == set(STATES) == set(PATHS)
    assert set(GUIDE.triggers) == set(TABLE)
    assert len(ARCS) + len(REST) == len(STATES) * len(TABLE) == 240


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_reached_with_its_guards_met(state: str) -> None:
    world = still(state)
    assert world.case.state == state
    assert world.case.final is (state in {"completed", "final_denial", "closed"})
    assert world.case.gaps == ()


@pytest.mark.parametrize(("trigger", "start", "to"), ARCS)
def test_a_transition_of_the_table_is_allowed_once_its_guards_are_met(
    trigger: str, start: str, to: str
) -> None:
    world = ready_for(trigger, start)
    before = world.kept()
    imagined = fire_today(world, trigger, dry_run=True)
    assert world.kept() == before
    version = world.case.version
    written = fire_today(world, trigger)
    data = fired(written)
    assert (world.case.state, written.version) == (to, version + 1)
    assert (data.trigger, data.origin, data.to, data.overridden) == (trigger, start, to, ())
    assert data.final is (to in {"completed", "final_denial", "closed"})
    # a dry run tells the same consequences as the real one
    assert (imagined.dry_run, imagined.digest, imagined.data) == (True, None, data)
    real = written.case
    assert replace(imagined.case, digest=real.digest, recorded_at=real.recorded_at) == real


@pytest.mark.parametrize("override", [None, "we must"])
@pytest.mark.parametrize(("trigger", "state"), REST)
def test_any_other_transition_is_refused_and_nothing_changes(
    trigger: str, state: str, override: str | None
) -> None:
    world = still(state)
    error = refusal(world, lambda: fire_today(world, trigger, override=override))
    assert len(error.reasons) == 1
    assert state in error.reasons[0]
    # it says what can be done instead
    assert all(name in error.reasons[0] for name, moves in TABLE.items() if state in moves)


@pytest.mark.parametrize("state", STATES)
def test_what_can_be_done_next_is_what_the_table_says(state: str) -> None:
    world = still(state)
    expected = {trigger for trigger, moves in TABLE.items() if state in moves}
    assert set(possible(GUIDE, state)) == expected
    steps = next_steps(world.tracker, world.case, GUIDE)
    assert {*steps.allowed, *(name for name, _ in steps.refused)} == expected
    assert {name for name, _ in steps.elsewhere} == set(TABLE) - expected


def test_the_machine_knows_no_trigger_that_the_workflow_does_not_name() -> None:
    assert set(machine_of(GUIDE).events) == set(TABLE)


@pytest.mark.parametrize("state", STATES)
def test_there_is_no_way_straight_into_a_state(state: str) -> None:
    world = still("pa_submitted")
    for name in (f"to_{state}", state, f"may_{state}"):
        if name not in TABLE:
            call = lambda name=name: world.fire(name, TODAY, override="we must")  # noqa: E731
            refusal(world, call, UnknownName)


@pytest.mark.parametrize("name", ["", "Deny", "deny ", "deny\n", "__class__", "trigger"])
def test_a_trigger_is_named_exactly(name: str) -> None:
    world = still("pa_submitted")
    error = refusal(world, lambda: world.fire(name, TODAY, override="we must"), UnknownName)
    assert ("did you mean 'deny'" in error.message) is (name.strip().lower() == "deny")


# Guards, unmet


def early(trigger: str) -> Sequence[Step]:
    """The steps to the first state where a trigger is possible."""
    return PATHS[next(iter(TABLE[trigger]))]


BACKWARD = {"valid_from": "2027-06-01", "valid_through": "2027-05-28"}
RECEIVED_FIRST = {"notice_on": "2027-01-18", "received_on": "2027-01-17"}
AFTER_TODAY = {"notice_on": "2027-01-20"}
AFTER_RECEIPT = {"notice_on": "2027-01-18", "received_on": "2027-01-20"}

# trigger, on, values; for each reason the words that must occur in it, and its gap
Unmet = Sequence[tuple[tuple[str, ...], e.Gap]]


def ready(item: str, code: str = "missing") -> tuple[tuple[str, ...], e.Gap]:
    return (item, GUIDE.items[item].title), e.Gap(guard="ready", code=code, item=item)


def against(guard: str, code: str, *words: str) -> tuple[tuple[str, ...], e.Gap]:
    return words, e.Gap(guard=guard, code=code)


LATE = against("in_time", "late", "appeal_filing#1", "2027-02-04", "--on")
BARE: Sequence[tuple[str, str, Values, Unmet]] = [
    ("submit", TODAY, {}, [ready(item) for item in EIGHT]),
    ("provide_info", TODAY, {}, [ready("inhibitor_test")]),
    ("file_appeal", TODAY, {}, [ready(item) for item in DOCUMENTS]),
    ("expedite", f"{TODAY}T11:00", VALUES["expedite"], [ready("urgency_statement")]),
]
OVER = {"valid_through": "2027-01-18"}
PAST = "valid_through_before_on"
SWAPPED = "valid_through_before_valid_from"
UNRECEIVED = "received_on_before_notice_on"
SLIPS = {"hcpcs": "J7195", "units": "2", "ndc": "0054-0100-10", "benefit": "pharmacy"}
NOT_ASKED = "notice_on_before_stage"
FULL: Sequence[tuple[str, str, Values, Unmet]] = [
    ("submit", TODAY, {}, [ready("inhibitor_test", "stale")]),
    ("provide_info", TODAY, {}, [ready("inhibitor_test", "stale")]),
    ("approve", TODAY, BACKWARD, [against("in_order", SWAPPED, "valid_from")]),
    (
        "approve_in_part",
        TODAY,
        {**BACKWARD, **RECEIVED_FIRST},
        [
            against("in_order", SWAPPED, "valid_from"),
            against("in_order", UNRECEIVED, "notice_on", "received_on"),
        ],
    ),
    ("approve", TODAY, OVER, [against("in_order", PAST, "valid_through")]),
    ("renew", TODAY, OVER, [against("in_order", PAST, "valid_through")]),
    (
        "request_info",
        TODAY,
        {"respond_on": "2027-01-18"},
        [against("in_order", "respond_on_before_on", "respond_on")],
    ),
    ("deny", TODAY, RECEIVED_FIRST, [against("in_order", UNRECEIVED, "notice_on", "received_on")]),
    ("deny", "2027-01-19", AFTER_TODAY, [against("in_order", "on_before_notice_on", "notice_on")]),
    (
        "deny",
        "2027-01-19",
        AFTER_RECEIPT,
        [against("in_order", "on_before_received_on", "received_on")],
    ),
    ("overturn", TODAY, BACKWARD, [against("in_order", SWAPPED)]),
    (
        "uphold",
        "2027-01-19",
        AFTER_TODAY,
        [against("in_order", "on_before_notice_on", "notice_on")],
    ),
    ("uphold", TODAY, RECEIVED_FIRST, [against("in_order", UNRECEIVED)]),
    ("reverse", TODAY, BACKWARD, [against("in_order", SWAPPED)]),
    # a letter before the request that it answers
    (
        "deny",
        TODAY,
        {"notice_on": "2026-11-23"},
        [against("in_order", NOT_ASKED, "notice_on", "2026-11-23", "2026-11-24")],
    ),
    (
        "approve_in_part",
        TODAY,
        {"notice_on": "2026-11-23", **APPROVED},
        [against("in_order", NOT_ASKED, "notice_on", "2026-11-23", "2026-11-24")],
    ),
    (
        "uphold",
        TODAY,
        {"notice_on": "2026-12-09"},
        [against("in_order", NOT_ASKED, "notice_on", "2026-12-09", "2026-12-10")],
    ),
    (
        "payer_missed",
        "2026-11-26",
        {},
        [against("passed", "not_passed", "pa_decision#1", "2026-12-16")],
    ),
    ("administer", TODAY, {**CLAIM, "hcpcs": "J1412"}, [against("rules", "hcpcs", "J1411")]),
    (
        "administer",
        TODAY,
        {**CLAIM, **SLIPS},
        [against("rules", name, name) for name in SLIPS],
    ),
]


def assert_named(reasons: Sequence[str], unmet: Unmet) -> None:
    """Each unmet guard stands in one reason of its own, and no other reason is given."""
    assert len(reasons) == len(unmet)
    for words, _ in unmet:
        assert sum(all(word in reason for word in words) for reason in reasons) == 1


def refused_then_overridden(
    world: World, trigger: str, on: str, values: Values, unmet: Unmet
) -> None:
    before = world.case.gaps
    error = refusal(world, lambda: world.fire(trigger, on, values))
    assert_named(error.reasons, unmet)
    assert "--override" in error.message
    data = fired(world.fire(trigger, on, values, override="the physician insists"))
    assert sorted(data.overridden, key=str) == sorted((gap for _, gap in unmet), key=str)
    added = world.case.gaps[len(before) :]
    assert [gap.gap for gap in added] == list(data.overridden)
    assert len(world.open_items()) == len(world.case.gaps) == len(before) + len(unmet)
    assert all(line.startswith(trigger) for line in world.open_items()[len(before) :])
    assert world.case.state == TABLE[trigger][data.origin]


@pytest.mark.parametrize(("trigger", "on", "values", "unmet"), BARE)
def test_without_documents_each_missing_one_is_named_and_its_gap_kept(
    trigger: str, on: str, values: Values, unmet: Unmet
) -> None:
    world = World(evidence=False).walk(early(trigger), override="not our doing")
    refused_then_overridden(world, trigger, on, values, unmet)


@pytest.mark.parametrize(("trigger", "on", "values", "unmet"), FULL)
def test_each_unmet_guard_is_named_and_can_be_overridden_with_its_gap_kept(
    trigger: str, on: str, values: Values, unmet: Unmet
) -> None:
    refused_then_overridden(World().walk(early(trigger)), trigger, on, values, unmet)


def test_every_guard_of_the_workflow_has_been_seen_unmet() -> None:
    seen = {(t, one.guard) for t, _, _, unmet in (*BARE, *FULL) for _, one in unmet}
    apart = {
        ("file_appeal", "in_time"), ("request_external_review", "in_time"),
        ("administer", "in_time"), ("administer", "in_order"), ("refuse_expedite", "expedited"),
    }  # fmt: skip
    guards = {(name, guard.name) for name, t in GUIDE.triggers.items() for guard in t.guards}
    assert guards == seen | apart


def test_a_late_appeal_without_documents_names_all_four_reasons() -> None:
    world = World(evidence=False, now=datetime(2027, 6, 1, tzinfo=UTC))
    world.walk([SUBMIT, DENY], override="not our doing")
    error = refusal(world, lambda: world.fire("file_appeal", "2027-02-05"))
    assert len(error.reasons) == 4
    for words in (*DOCUMENTS, *LATE[0]):
        assert any(words in reason for reason in error.reasons)


def test_a_claim_for_an_earlier_day_than_the_code_is_refused() -> None:
    world = World(evidence=False)
    opening = Opening(workflow=GUIDE.id, reference="C-2", when=When(on="2023-01-02"))
    world.id = world.tracker.open(opening).case.id
    world.fire("submit", "2023-01-03", override="x")
    world.fire("approve", "2023-01-04", {"valid_through": "2023-12-31"})
    error = refusal(world, lambda: world.fire("administer", "2023-03-31", CLAIM))
    assert "2023-04-01" in error.reasons[0]
    assert fired(world.fire("administer", "2023-04-01", CLAIM)).overridden == ()


# What the claim goes ahead without


def gap(name: str) -> e.Gap:
    return e.Gap(guard="rules", code=name)


def test_a_claim_without_any_value_goes_ahead_and_owes_each_of_them() -> None:
    world = in_state("approved")
    data = fired(world.fire("administer", TODAY))
    assert data.overridden == tuple(gap(name) for name in ("hcpcs", "units", "ndc", "benefit",
                                                           "authorization"))  # fmt: skip
    assert "override" not in world.ledger.entries(world.id)[-1].sealed
    assert len(world.open_items()) == 5
    assert all("wrong or not given" in line for line in world.open_items())


@pytest.mark.parametrize("name", list(CLAIM))
def test_a_claim_value_that_nobody_gave_is_owed_until_a_note_gives_one_that_holds(
    name: str,
) -> None:
    world = in_state("approved")
    data = fired(world.fire("administer", TODAY, {n: v for n, v in CLAIM.items() if n != name}))
    assert data.overridden == (gap(name),)
    (left,) = world.open_items()
    assert name in left
    if name in SLIPS:
        world.note(TODAY, {name: SLIPS[name]})
        assert world.open_items() == (left,)
    world.note(TODAY, {name: CLAIM[name]})
    assert world.open_items() == ()
    assert [one.gap for one in world.case.gaps] == [gap(name)]


def test_a_claim_value_that_a_note_gave_before_is_not_owed() -> None:
    world = in_state("approved")
    world.note("2026-12-10", CLAIM)
    assert fired(world.fire("administer", TODAY)).overridden == ()
    assert world.open_items() == ()


@pytest.mark.parametrize("name", list(SLIPS))
def test_a_wrong_claim_value_still_refuses_and_what_is_missing_beside_it_is_no_reason(
    name: str,
) -> None:
    world = in_state("approved")
    error = refusal(world, lambda: world.fire("administer", TODAY, {name: SLIPS[name]}))
    assert_named(error.reasons, [against("rules", name, name)])
    data = fired(world.fire("administer", TODAY, {name: SLIPS[name]}, override="billed so"))
    assert data.overridden[0] == gap(name)
    assert {one.code for one in data.overridden} == CLAIM.keys()
    assert len(data.overridden) == 5
    world.note(TODAY, CLAIM)
    assert world.open_items() == ()


# Dates in order


def test_an_infusion_is_not_before_the_approval_begins() -> None:
    world = World().walk([SUBMIT])
    world.fire("approve", "2026-12-02", {"valid_from": "2027-01-10", **APPROVED})
    unmet = [against("in_order", "on_before_valid_from", "valid_from", "2027-01-10")]
    refused_then_overridden(world, "administer", "2027-01-09", CLAIM, unmet)


@pytest.mark.parametrize("on", ["2027-01-10", "2027-01-11"])
def test_an_infusion_from_the_approvals_first_day_is_in_order(on: str) -> None:
    world = World().walk([SUBMIT])
    world.fire("approve", "2026-12-02", {"valid_from": "2027-01-10", **APPROVED})
    assert fired(world.fire("administer", on, CLAIM)).overridden == ()


def test_the_approvals_first_day_is_the_one_said_last() -> None:
    part = {"notice_on": "2026-12-01", "valid_from": "2027-03-01", **APPROVED}
    world = World().walk([SUBMIT, ("approve_in_part", "2026-12-03", part), FILE])
    world.fire("overturn", "2027-01-05", {"valid_from": "2027-01-04", **APPROVED})
    assert fired(world.fire("administer", TODAY, CLAIM)).overridden == ()


def test_a_date_that_the_trigger_carries_counts_only_as_given_with_it() -> None:
    """The receipt of the first letter says nothing of the second."""
    deny = {"notice_on": "2026-12-01", "received_on": "2026-12-02"}
    world = World().walk([SUBMIT, ("deny", "2026-12-03", deny), FILE])
    assert world.case.fields["received_on"] == "2026-12-02"
    assert fired(world.fire("uphold", "2027-01-05", {"notice_on": "2027-01-04"})).overridden == ()


@pytest.mark.parametrize(
    ("path", "trigger", "began"),
    [
        ([SUBMIT], "deny", "2026-11-24"),
        # asking for information does not begin the stage anew
        (PATHS["info_requested"], "deny", "2026-11-24"),
        ([*PATHS["info_requested"], ("provide_info", "2026-12-02", {})], "deny", "2026-11-24"),
        ([SUBMIT, DENY, FILE], "uphold", "2026-12-10"),
        # an appeal filed again does
        (
            [SUBMIT, DENY, FILE, ("reject_request", "2026-12-14", {}),
             ("file_appeal", "2026-12-15", {})],
            "uphold",
            "2026-12-15",
        ),
        (PATHS["external_review"], "uphold", "2027-01-06"),
    ],
)  # fmt: skip
def test_a_letter_is_not_before_the_request_that_it_answers(
    path: Sequence[Step], trigger: str, began: str
) -> None:
    day_before = str(date.fromisoformat(began) - timedelta(days=1))
    world = World().walk(path)
    assert fired(world.fire(trigger, TODAY, {"notice_on": began})).overridden == ()
    unmet = [against("in_order", NOT_ASKED, "notice_on", day_before, began)]
    refused_then_overridden(World().walk(path), trigger, TODAY, {"notice_on": day_before}, unmet)


def test_an_expedited_request_begins_no_stage() -> None:
    world = World().walk([SUBMIT])
    expedite(world, "2026-12-01T10:00")
    assert fired(world.fire("deny", TODAY, {"notice_on": "2026-11-24"})).overridden == ()


@pytest.mark.parametrize("override", [None, "we must"])
@pytest.mark.parametrize("state", list(TABLE["refuse_expedite"]))
def test_what_is_not_running_expedited_can_not_be_refused_even_overridden(
    state: str, override: str | None
) -> None:
    world = still(state)
    error = refusal(world, lambda: world.fire("refuse_expedite", TODAY, override=override))
    assert len(error.reasons) == 1
    assert "expedited" in error.reasons[0]
    assert "--override" not in error.message


def test_an_override_that_nothing_needs_leaves_no_gap() -> None:
    world = in_state("pa_submitted")
    data = fired(world.fire("deny", TODAY, {"notice_on": "2027-01-18"}, override="just in case"))
    assert data.overridden == ()
    assert world.open_items() == ()


@pytest.mark.parametrize("override", ["", " ", "\n"])
def test_an_override_gives_its_reason(override: str) -> None:
    world = World(evidence=False)
    before = world.kept()
    with pytest.raises(CasetrackError):
        world.fire("submit", TODAY, override=override)
    assert world.kept() == before


@pytest.mark.parametrize(("item", "field"), [("approved_center", "center"), ("liver_panel", "alt")])
@pytest.mark.parametrize("blank", ["", " ", "\n\t"])
def test_a_blank_value_completes_no_packet(item: str, field: str, blank: str) -> None:
    """Whether it is refused when recorded or found unmet when submitted."""
    world = World(evidence=False)
    for name, on, values in PACKET:
        with suppress(CasetrackError):
            world.record(name, on, {**values, field: blank} if name == item else values)
    error = refusal(world, lambda: world.fire("submit", "2026-11-24"))
    assert len(error.reasons) == 1
    assert GUIDE.items[item].title in error.reasons[0]


def test_an_override_and_a_reason_are_sealed_and_the_gap_is_only_codes() -> None:
    world = World(evidence=False)
    world.do(Firing(trigger="submit", when=When(on=TODAY), reason="why", override="Dr. Zebulon"))
    entry = world.ledger.entries(world.id)[-1]
    assert (entry.value("override"), entry.value("reason")) == ("Dr. Zebulon", "why")
    assert "Zebulon" not in entry.body


# Gaps close, lateness stays


def test_an_overridden_document_stays_open_until_it_is_on_file() -> None:
    world = World(evidence=False)
    for row in PACKET[:-2]:
        world.record(*row)
    world.fire("submit", "2026-11-24", override="the clinic sends them")
    assert len(world.open_items()) == 2
    world.record("approved_center", "2026-11-20", {"center": "A center"})
    (left,) = world.open_items()
    assert GUIDE.items["no_prior_gene_therapy"].title in left
    world.record("no_prior_gene_therapy", "2026-11-26", {"confirmed": "no"})
    assert len(world.open_items()) == 1
    world.record("no_prior_gene_therapy", "2026-11-27", {"confirmed": "yes"})
    assert world.open_items() == ()


def test_a_stale_test_is_made_good_by_one_that_was_fresh_on_that_day() -> None:
    world = World(evidence=False)
    for row in PACKET:
        world.record(*row)
    world.fire("submit", "2026-12-11", override="results are on their way")
    assert len(world.open_items()) == 1
    world.record("inhibitor_test", "2026-12-12", {"result": "negative"})
    assert len(world.open_items()) == 1
    world.record("inhibitor_test", "2026-12-05", {"result": "positive"})
    assert len(world.open_items()) == 1
    world.record("inhibitor_test", "2026-12-06", {"result": "negative"})
    assert world.open_items() == ()


def test_a_late_appeal_stays_an_open_item_whatever_comes_later() -> None:
    world = World(now=datetime(2027, 6, 1, tzinfo=UTC)).walk([SUBMIT, DENY])
    data = fired(world.fire("file_appeal", "2027-02-05", RECEIVED, override="good cause"))
    assert data.overridden == (e.Gap(guard="in_time", code="late"),)
    assert [end.late for end in data.closed if end.deadline == "appeal_filing#1"] == [True]
    for item in DOCUMENTS:
        world.record(item, "2027-02-10")
    world.fire("uphold", "2027-03-01", {"notice_on": "2027-03-01"})
    assert len(world.open_items()) == 1


# When it happened


@pytest.mark.parametrize(
    ("when", "timely"),
    [
        ("2027-02-04", True),
        ("2027-02-04T23:59:59", True),
        ("2027-02-05T05:59:59Z", True),
        ("2027-02-05", False),
        ("2027-02-05T00:00", False),
        ("2027-02-05T06:00:00Z", False),
    ],
)
def test_a_timely_appeal_is_timely_however_late_it_is_recorded(when: str, timely: bool) -> None:
    world = World(now=datetime(2028, 3, 1, tzinfo=UTC)).walk([SUBMIT, DENY])
    if not timely:
        refusal(world, lambda: world.fire("file_appeal", when))
        return
    ended = fired(world.fire("file_appeal", when, RECEIVED)).closed
    assert e.Ended(deadline="appeal_filing#1", outcome="satisfied", late=False) in ended


@pytest.mark.parametrize(("on", "timely"), [("2027-02-03", True), ("2027-02-04", False)])
def test_a_review_is_requested_within_30_days_of_the_notice(on: str, timely: bool) -> None:
    world = World(now=datetime(2028, 3, 1, tzinfo=UTC)).walk(PATHS["appeal_denied"])
    if timely:
        assert fired(world.fire("request_external_review", on)).overridden == ()
        return
    error = refusal(world, lambda: world.fire("request_external_review", on))
    assert "external_filing#1" in error.reasons[0]
    data = fired(world.fire("request_external_review", on, override="good cause"))
    assert data.overridden == (e.Gap(guard="in_time", code="late"),)


@pytest.mark.parametrize(("on", "timely"), [("2027-05-28", True), ("2027-05-29", False)])
def test_an_infusion_comes_before_the_approval_ends(on: str, timely: bool) -> None:
    world = World(now=datetime(2028, 3, 1, tzinfo=UTC)).walk(PATHS["approved"])
    if timely:
        assert fired(world.fire("administer", on, CLAIM)).overridden == ()
        return
    error = refusal(world, lambda: world.fire("administer", on, CLAIM))
    assert "approval_validity#1" in error.reasons[0]
    data = fired(world.fire("administer", on, CLAIM, override="the payer agreed by phone"))
    assert data.overridden == (e.Gap(guard="in_time", code="late"),)


def test_an_infusion_before_the_approval_begins_is_out_of_order() -> None:
    world = World().walk(
        [SUBMIT, ("approve", "2026-12-02", {**APPROVED, "valid_from": "2027-02-01"})]
    )
    error = refusal(world, lambda: world.fire("administer", TODAY, CLAIM))
    assert_named(error.reasons, [against("in_order", "on_before_valid_from", "valid_from")])


# Submitted on 24 November: the law's 72 hours from midnight, the guide's 14 days to 16 December.
# Filed on 10 December: the law gives 7 days, the guide 30. The law has no clock for a review.
@pytest.mark.parametrize(
    ("state", "on", "missed"),
    [
        ("pa_submitted", "2026-11-26", False),
        ("pa_submitted", "2026-11-27", False),
        ("pa_submitted", "2026-11-27T00:00", False),
        ("pa_submitted", "2026-11-27T00:00:01", True),
        ("pa_submitted", "2026-11-28", True),
        ("pa_submitted", "2026-12-16", True),
        ("pa_submitted", "2026-12-17", True),
        ("internal_appeal", "2026-12-17", False),
        ("internal_appeal", "2026-12-17T23:59:59", False),
        ("internal_appeal", "2026-12-18T00:00", True),
        ("internal_appeal", "2026-12-18", True),
        ("internal_appeal", "2027-01-10", True),
        ("external_review", "2027-01-13", False),
        ("external_review", "2027-01-13T23:59:59", False),
        ("external_review", "2027-01-14", True),
    ],
)
def test_a_payer_has_missed_its_date_once_that_or_the_laws_has_passed(
    state: str, on: str, missed: bool
) -> None:
    world = in_state(state)
    if not missed:
        error = refusal(world, lambda: world.fire("payer_missed", on))
        assert len(error.reasons) == 1
        return
    before = world.case.deadlines
    data = fired(world.fire("payer_missed", on))
    assert (data.armed, data.closed, data.moved, data.reopened) == ((), (), (), ())
    assert world.case.deadlines == before


# Asked for on 24 November at 10: the law's 24 hours, then the guide's 72.
@pytest.mark.parametrize(
    ("when", "missed", "late"),
    [
        ("2026-11-25T10:00", False, False),
        ("2026-11-25", False, False),
        ("2026-11-25T10:00:01", True, False),
        ("2026-11-26", True, False),
        ("2026-11-27T10:00", True, False),
        ("2026-11-27T10:00:01", True, True),
        ("2026-11-27T23:00", True, True),
        ("2026-11-27", True, None),
        ("2026-11-28", True, True),
    ],
)
def test_hours_have_passed_from_the_second_after_their_last(
    when: str, missed: bool, late: bool | None
) -> None:
    """On the day of the last hour, a day alone does not tell whether it was late."""
    world = in_state("pa_submitted")
    expedite(world, "2026-11-24T10:00")
    if missed:
        assert fired(world.fire("payer_missed", when)).overridden == ()
    else:
        refusal(world, lambda: world.fire("payer_missed", when))
    ended = fired(world.fire("deny", when, {"notice_on": "2026-11-24"})).closed
    assert e.Ended(deadline="pa_decision#1", outcome="satisfied", late=late) in ended


@pytest.mark.parametrize("override", [None, "we must"])
@pytest.mark.parametrize("when", ["2026-12-02", "2026-11-23", "2026-12-02T23:59:59"])
def test_a_transition_before_the_last_one_is_refused(when: str, override: str | None) -> None:
    world = still("denied")
    error = refusal(world, lambda: world.fire("file_appeal", when, override=override))
    assert len(error.reasons) == 1
    assert "2026-12-03" in error.reasons[0]


def test_opening_a_case_late_holds_back_no_transition() -> None:
    world = World()
    assert world.case.opened_on == date(2026, 10, 1)
    world.fire("submit", "2026-09-28", override="the packet went out before the case was opened")
    assert world.deadline("pa_decision#1").deadline.reading.due_on == date(2026, 10, 19)


@pytest.mark.parametrize("when", ["2026-09-28", "2026-09-28T00:00"])
def test_a_case_opened_today_takes_transitions_of_any_day_before(when: str) -> None:
    world = World(evidence=False)
    world.id = world.tracker.open(Opening(workflow=GUIDE.id, reference="C-2")).case.id
    assert world.case.opened_on == date(2027, 1, 20)
    assert world.fire("submit", when, override="it was sent long ago").case.moved_on == date(
        2026, 9, 28
    )


def test_a_call_before_the_submission_does_not_end_the_follow_up() -> None:
    world = World().walk([SUBMIT])
    world.note("2026-11-23", {"kind": "call"})
    assert world.outcome("pa_follow_up#1") is None
    world.note("2026-11-24", {"kind": "call"})
    assert world.outcome("pa_follow_up#1") == "satisfied"


def test_an_item_gone_ahead_with_the_wrong_content_is_made_good_by_later_evidence() -> None:
    world = World()
    world.record("diagnosis", "2026-11-02", {"icd10": "D66"})
    world.fire("submit", "2026-11-24", override="the code is a slip")
    assert len(world.open_items()) == 1
    world.record("diagnosis", "2026-11-26", {"icd10": "D67", "notes": "corrected"})
    assert world.open_items() == ()


def test_a_transition_on_the_day_of_the_last_one_is_in_order() -> None:
    world = in_state("denied")
    assert fired(world.fire("file_appeal", "2026-12-03")).to == "internal_appeal"


def test_two_instants_of_one_day_are_in_order_to_the_second() -> None:
    world = World()
    world.fire("submit", "2026-11-24T10:00")
    refusal(world, lambda: world.fire("request_info", "2026-11-24T09:59:59"))
    world.fire("request_info", "2026-11-24T10:00")
    # a day alone can't be told apart from the hour before
    world.fire("provide_info", "2026-11-24")


@pytest.mark.parametrize("override", [None, "we must"])
@pytest.mark.parametrize("when", ["2026-11-24T09:59:59", "2026-11-24T00:00"])
def test_a_day_alone_does_not_hide_an_instant_that_is_known(
    when: str, override: str | None
) -> None:
    world = World()
    world.fire("submit", "2026-11-24T10:00")
    world.fire("request_info", "2026-11-24")
    error = refusal(world, lambda: world.fire("provide_info", when, override=override))
    assert len(error.reasons) == 1
    world.fire("provide_info", "2026-11-24T10:00")


def test_the_latest_instant_known_counts_and_not_the_newest() -> None:
    world = World()
    world.fire("submit", "2026-11-24T10:00")
    world.fire("request_info", "2026-11-25")
    assert world.case.moved_at == datetime(2026, 11, 24, 16, tzinfo=UTC)
    world.fire("provide_info", "2026-11-25T00:00")
    assert world.case.moved_at == datetime(2026, 11, 25, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "when",
    [
        When(on="2027-01-21"),
        When(on="+1d"),
        When(at="2027-01-20T12:00:01"),
        When(at="2027-01-20T18:00:00.000001Z"),
        When(at="2027-01-21T00:00"),
        When(on="2027-01-19", at="2027-01-20T11:00"),
        When(on="2027-01-20", at="2027-01-20T05:59Z"),
    ],
)
@pytest.mark.parametrize("override", [None, "we must"])
def test_what_has_not_happened_or_on_two_days_is_refused(when: When, override: str | None) -> None:
    world = still("pa_submitted")
    firing = Firing(trigger="request_info", when=when, override=override)
    refusal(world, lambda: world.do(firing), Refused)
    refusal(world, lambda: world.do(Noting(text="x", when=when)), Refused)
    refusal(world, lambda: world.do(Recording(item="age", when=when)), Refused)
    refusal(world, lambda: world.do(Assigning(name="eva", when=when)), Refused)


@pytest.mark.parametrize("when", [When(on=""), When(at=""), When(on="", at="")])
def test_an_empty_day_is_not_today(when: When) -> None:
    """A script's unset variable must not date a filing."""
    world = in_state("pa_submitted")
    before = world.kept()
    with pytest.raises(CasetrackError):
        world.do(Firing(trigger="request_info", when=when))
    assert world.kept() == before


def test_today_is_the_day_in_chicago() -> None:
    world = World(now=datetime(2026, 11, 25, 5, 30, tzinfo=UTC))
    refusal(world, lambda: world.fire("submit", "2026-11-25"), Refused)
    world.fire("submit", "today")
    assert world.case.moved_on == date(2026, 11, 24)


def test_evidence_may_be_older_than_any_transition() -> None:
    world = in_state("denied")
    world.record("clinical_evidence", "2019-05-06")
    assert world.case.moved_on == date(2026, 12, 3)


# What a trigger requires


REQUIRED = [
    ("approve", "valid_through"),
    ("approve_in_part", "valid_through"),
    ("approve_in_part", "notice_on"),
    ("deny", "notice_on"),
    ("overturn", "valid_through"),
    ("uphold", "notice_on"),
    ("reverse", "valid_through"),
    ("expedite", "expedite_reason"),
    ("renew", "valid_through"),
    ("close", "close_reason"),
]


@pytest.mark.parametrize("override", [None, "we must"])
@pytest.mark.parametrize(("trigger", "field"), REQUIRED)
def test_a_required_field_is_asked_for_even_overridden(
    trigger: str, field: str, override: str | None
) -> None:
    world = still(next(iter(TABLE[trigger])))
    given = {name: value for name, value in VALUES[trigger].items() if name != field}
    when = f"{TODAY}T11:00" if trigger == "expedite" else TODAY
    error = refusal(world, lambda: world.fire(trigger, when, given, override=override))
    assert len(error.reasons) == 1
    assert f"{field}=" in error.reasons[0]


@pytest.mark.parametrize("trigger", sorted(TABLE.keys() - VALUES.keys()))
def test_no_other_trigger_requires_a_field(trigger: str) -> None:
    start = next(iter(TABLE[trigger]))
    assert fired(fire_today(ready_for(trigger, start), trigger)).fields == {}


@pytest.mark.parametrize("override", [None, "we must"])
@pytest.mark.parametrize("state", list(TABLE["expedite"]))
def test_an_expedited_request_needs_its_instant(state: str, override: str | None) -> None:
    world = still(state)
    call = lambda: world.fire("expedite", TODAY, VALUES["expedite"], override=override)  # noqa: E731
    error = refusal(world, call)
    assert len(error.reasons) == 1
    assert "--at" in error.reasons[0]


def test_a_date_beyond_the_calendar_is_refused_and_nothing_is_written() -> None:
    world = still("pa_submitted")
    values = {"valid_through": "2040-01-01"}
    refusal(world, lambda: world.fire("approve", TODAY, values), BeyondHorizon)


# Expedited: the stage's, not the case's


def expedite(world: World, when: str = f"{TODAY}T10:00") -> None:
    world.fire("expedite", when, VALUES["expedite"])


@pytest.mark.parametrize("state", list(TABLE["expedite"]))
def test_a_stage_is_expedited_until_it_is_refused(state: str) -> None:
    world = in_state(state)
    seen = [world.case.expedited]
    expedite(world)
    seen.append(world.case.expedited)
    world.fire("refuse_expedite", TODAY)
    seen.append(world.case.expedited)
    assert seen == [False, True, False]
    refusal(world, lambda: world.fire("refuse_expedite", TODAY))


def test_asking_for_information_stays_in_the_expedited_stage() -> None:
    world = in_state("pa_submitted")
    expedite(world, "2026-11-25T10:00")
    short = world.deadline("pa_decision#1")
    for trigger in ("request_info", "provide_info"):
        world.fire(trigger, "2026-11-26")
        assert world.case.expedited is True
        assert world.deadline("pa_decision#1") == short


@pytest.mark.parametrize("trigger", ["deny", "approve", "approve_in_part", "close"])
def test_a_decision_ends_the_expedited_stage(trigger: str) -> None:
    world = in_state("pa_submitted")
    expedite(world)
    fire_today(world, trigger)
    assert world.case.expedited is False


def test_an_appeal_after_an_expedited_request_is_standard_until_asked_for() -> None:
    world = in_state("pa_submitted")
    expedite(world, "2026-11-25T10:00")
    world.walk([DENY, FILE])
    tracked = world.deadline("appeal_decision#1")
    assert (world.case.expedited, tracked.deadline.standard) == (False, None)
    assert tracked.deadline.reading.due_on == date(2027, 1, 9)


@pytest.mark.parametrize("trigger", ["reject_request", "withdraw_appeal"])
def test_an_appeal_filed_again_is_standard_again(trigger: str) -> None:
    world = in_state("internal_appeal")
    expedite(world, "2026-12-11T10:00")
    world.fire(trigger, "2026-12-14")
    assert world.case.expedited is False
    world.fire("file_appeal", "2026-12-15")
    assert world.case.expedited is False
    assert world.deadline("appeal_decision#2").deadline.reading.due_on == date(2027, 1, 14)


# Deadlines: armed, ended, returned


def test_a_submission_arms_its_two_clocks_and_ends_the_freshness() -> None:
    world = World()
    assert world.open_now() == {"inhibitor_fresh#1", "factor_ix_fresh#1", "liver_fresh#1"}
    data = fired(world.fire("submit", "2026-11-24"))
    assert [d.deadline for d in data.armed] == ["pa_decision#1", "pa_follow_up#1"]
    assert {end.outcome for end in data.closed} == {"satisfied"}
    assert world.open_now() == {"pa_decision#1", "pa_follow_up#1"}


def test_asking_for_information_keeps_the_payers_clock_running() -> None:
    world = in_state("pa_submitted")
    running = world.deadline("pa_decision#1")
    world.fire("request_info", "2026-12-01")
    assert world.open_now() == {"pa_decision#1", "info_response#1"}
    assert world.outcome("pa_follow_up#1") == "satisfied"
    world.fire("provide_info", "2026-12-02")
    assert world.open_now() == {"pa_decision#1"}
    assert world.outcome("info_response#1") == "satisfied"
    assert world.deadline("pa_decision#1") == running
    world.fire("request_info", "2026-12-03")
    assert world.open_now() == {"pa_decision#1", "info_response#2"}


@pytest.mark.parametrize("state", ["pa_submitted", "info_requested"])
@pytest.mark.parametrize("trigger", ["approve", "approve_in_part", "deny"])
def test_a_decision_satisfies_the_payers_clock(state: str, trigger: str) -> None:
    world = in_state(state)
    fire_today(world, trigger)
    ended = world.deadline("pa_decision#1")
    assert (ended.outcome, ended.late, ended.closed_on) == ("satisfied", True, date(2027, 1, 20))
    filing = {"appeal_filing#1"} if trigger != "approve" else set()
    validity = {"approval_validity#1"} if trigger != "deny" else set()
    assert world.open_now() == filing | validity


@pytest.mark.parametrize(("kind", "ends"), [("call", True), ("letter", False), ("other", False)])
def test_a_note_of_a_call_ends_the_follow_up(kind: str, ends: bool) -> None:
    world = in_state("pa_submitted")
    world.note("2026-12-02", {"kind": kind})
    assert world.outcome("pa_follow_up#1") == ("satisfied" if ends else None)
    assert world.outcome("pa_decision#1") is None


def test_a_note_of_no_kind_ends_nothing() -> None:
    world = in_state("pa_submitted")
    before = world.case.deadlines
    world.note("2026-12-02")
    assert world.case.deadlines == before


@pytest.mark.parametrize("state", ["pa_submitted", "info_requested"])
def test_a_refused_expedite_ends_the_follow_up(state: str) -> None:
    world = in_state(state)
    expedite(world)
    world.fire("refuse_expedite", TODAY)
    assert world.outcome("pa_follow_up#1") == "satisfied"
    assert world.outcome("pa_decision#1") is None


def test_peers_who_confer_stop_no_clock() -> None:
    for state in TABLE["peer_to_peer"]:
        world = in_state(state)
        before = world.case.deadlines
        world.fire("peer_to_peer", TODAY, {"outcome": "no change"})
        assert world.case.deadlines == before


@pytest.mark.parametrize("trigger", ["reject_request", "withdraw_appeal"])
@pytest.mark.parametrize("filed", ["2026-12-10", "2027-01-15"])
def test_a_returned_appeal_brings_back_the_same_deadline_with_its_original_dates(
    trigger: str, filed: str
) -> None:
    deny = ("deny", "2026-12-03", {"notice_on": "2026-12-01", "stated_due_on": "2027-01-29"})
    world = World().walk([SUBMIT, deny])
    original = world.deadline("appeal_filing#1")
    world.fire("file_appeal", filed, RECEIVED)
    assert world.outcome("appeal_filing#1") == "satisfied"
    data = fired(world.fire(trigger, TODAY))
    assert (data.reopened, data.armed) == (("appeal_filing#1",), ())
    assert world.deadline("appeal_filing#1") == original
    assert world.open_now() == {"appeal_filing#1"}
    world.fire("file_appeal", TODAY, RECEIVED)
    assert world.open_now() == {"appeal_decision#2"}


@pytest.mark.parametrize("trigger", ["reject_request", "withdraw_appeal"])
def test_a_returned_review_brings_back_its_own_filing_alone(trigger: str) -> None:
    world = World().walk(PATHS["appeal_denied"])
    original = world.deadline("external_filing#1")
    world.walk([REVIEW])
    data = fired(world.fire(trigger, TODAY))
    assert data.reopened == ("external_filing#1",)
    assert world.deadline("external_filing#1") == original
    assert world.open_now() == {"external_filing#1"}
    assert world.outcome("appeal_filing#1") == "satisfied"


def test_a_late_appeal_that_is_returned_is_open_and_overdue_again() -> None:
    world = World(now=datetime(2027, 6, 1, tzinfo=UTC)).walk([SUBMIT, DENY])
    original = world.deadline("appeal_filing#1")
    world.fire("file_appeal", "2027-02-10", override="good cause")
    world.fire("reject_request", "2027-02-20")
    assert world.deadline("appeal_filing#1") == original
    refusal(world, lambda: world.fire("file_appeal", "2027-02-21"))


@pytest.mark.parametrize("trigger", ["reject_request", "withdraw_appeal"])
def test_a_returned_appeal_of_a_partial_approval_keeps_both(trigger: str) -> None:
    world = World().walk([SUBMIT, IN_PART, FILE])
    fire_today(world, trigger)
    assert world.case.state == "denied"
    assert world.open_now() == {"appeal_filing#1", "approval_validity#1"}


def test_what_was_granted_in_part_stays_usable_through_appeal_and_review() -> None:
    world = World().walk([SUBMIT, IN_PART])
    granted = world.deadline("approval_validity#1")
    for step in (FILE, UPHOLD, REVIEW):
        world.walk([step])
        assert world.deadline("approval_validity#1") == granted
    fire_today(world, "overturn")
    assert world.outcome("approval_validity#1") == "superseded"
    assert world.open_now() == {"approval_validity#2"}
    assert fired(fire_today(world, "administer")).final


def test_what_was_granted_in_part_ends_with_the_case() -> None:
    world = World().walk([SUBMIT, IN_PART, FILE, UPHOLD, REVIEW])
    fire_today(world, "uphold")
    assert world.case.state == "final_denial"
    assert world.open_now() == set()
    assert world.outcome("approval_validity#1") == "cancelled"


def test_a_denial_after_no_grant_holds_no_approval() -> None:
    world = in_state("appeal_denied")
    fire_today(world, "reverse")
    assert world.open_now() == {"approval_validity#1"}
    assert world.outcome("external_filing#1") == "cancelled"


@pytest.mark.parametrize("state", list(TABLE["renew"]))
def test_a_renewal_takes_the_place_of_the_approval_before(state: str) -> None:
    world = in_state(state)
    others = world.open_now() - {"approval_validity#1"}
    world.fire("renew", TODAY, {"valid_through": "2027-12-31"})
    assert world.open_now() == others | {"approval_validity#2"}
    renewed = world.deadline("approval_validity#2").deadline
    before = world.deadline("approval_validity#1").deadline
    assert renewed.reading.due_on == date(2027, 12, 31)
    assert (renewed.n, renewed.alive_in) == (2, before.alive_in)
    assert world.outcome("approval_validity#1") in {"satisfied", "superseded"}


@pytest.mark.parametrize(("on", "outcome"), [("2027-02-04", "cancelled"), ("2027-02-05", "lapsed")])
def test_a_filing_window_lapses_once_its_last_day_has_passed(on: str, outcome: str) -> None:
    world = World(now=datetime(2028, 1, 3, tzinfo=UTC)).walk([SUBMIT, DENY])
    # lapse is a mark and no end: until the case leaves, it is open
    assert world.open_now() == {"appeal_filing#1"}
    world.fire("close", on, {"close_reason": "window_lapsed"})
    assert world.outcome("appeal_filing#1") == outcome


def test_what_is_only_planned_never_lapses() -> None:
    world = in_state("pa_submitted")
    fire_today(world, "close")
    assert world.outcome("pa_follow_up#1") == "cancelled"
    assert world.outcome("pa_decision#1") == "lapsed"


@pytest.mark.parametrize("state", RUNNING)
def test_closing_leaves_no_deadline_open(state: str) -> None:
    world = in_state(state)
    fire_today(world, "close")
    assert world.open_now() == set()
    assert world.case.final


@pytest.mark.parametrize("state", ["completed", "final_denial", "closed"])
def test_an_ended_case_has_no_open_deadline(state: str) -> None:
    assert still(state).open_now() == set()


def test_an_infusion_satisfies_the_approval() -> None:
    assert still("completed").outcome("approval_validity#1") == "satisfied"


@pytest.mark.parametrize("state", STATES)
def test_every_open_deadline_is_alive_in_the_state_of_its_case(state: str) -> None:
    world = still(state)
    assert all(state in t.deadline.alive_in for t in world.case.open_deadlines())


def test_newer_evidence_takes_the_place_of_a_fresh_one_and_older_does_not() -> None:
    world = World(evidence=False)
    world.record("inhibitor_test", "2026-11-10")
    world.record("inhibitor_test", "2026-11-01")
    assert world.open_now() == {"inhibitor_fresh#1"}
    world.record("inhibitor_test", "2026-11-12")
    assert world.outcome("inhibitor_fresh#1") == "superseded"
    assert world.open_now() == {"inhibitor_fresh#2"}
    assert world.deadline("inhibitor_fresh#2").deadline.reading.due_on == date(2026, 12, 12)


def test_evidence_recorded_while_the_payer_reviews_starts_no_clock() -> None:
    world = in_state("pa_submitted")
    before = world.open_now()
    world.record("inhibitor_test", "2026-12-01", {"result": "negative"})
    assert world.open_now() == before


# Any walk through the workflow, beside a model of its clocks


REVIEW_STATES = {"pa_submitted", "info_requested"}
GRANTED = {"approved", "approved_in_part"}
# clock: armed by, alive in, ended by
CLOCKS: Mapping[str, tuple[set[str], set[str], set[str]]] = {
    "pa_follow_up": (
        {"submit"},
        REVIEW_STATES,
        {"request_info", "approve", "approve_in_part", "deny", "refuse_expedite"},
    ),
    "pa_decision": ({"submit"}, REVIEW_STATES, {"approve", "approve_in_part", "deny"}),
    "info_response": ({"request_info"}, {"info_requested"}, {"provide_info"}),
    "appeal_filing": (
        {"deny", "approve_in_part"},
        {"denied", "approved_in_part"},
        {"file_appeal"},
    ),
    "appeal_decision": ({"file_appeal"}, {"internal_appeal"}, {"overturn", "uphold"}),
    "external_filing": ({"uphold"}, {"appeal_denied"}, {"request_external_review"}),
    "external_decision": (
        {"request_external_review"},
        {"external_review"},
        {"overturn", "uphold"},
    ),
    "approval_validity": (
        {"approve", "approve_in_part", "overturn", "reverse", "renew"},
        GRANTED,
        {"administer", "renew"},
    ),
}
AFTER_A_PART = {"internal_appeal", "denied", "appeal_denied", "external_review"}
STAGES = ({"pa_submitted", "info_requested"}, {"internal_appeal"}, {"external_review"})
FILINGS = {"file_appeal": "appeal_filing", "request_external_review": "external_filing"}
RETURNED = {"internal_appeal": "appeal_filing", "external_review": "external_filing"}


class Model:
    """Which deadlines are open, by the rules alone; no dates."""

    def __init__(self) -> None:
        self.state = "intake"
        self.expedited = False
        self.in_part = False
        self.armed: dict[str, int] = {}
        self.open: dict[str, int] = {}
        self.unproven: set[str] = set()

    def possible(self) -> list[str]:
        ahead = [name for name, moves in TABLE.items() if self.state in moves and name != "close"]
        return [name for name in ahead if name != "refuse_expedite" or self.expedited]

    def alive(self, name: str, state: str) -> bool:
        extra = AFTER_A_PART if name == "approval_validity" and self.in_part else set()
        return state in CLOCKS[name][1] | extra

    def step(self, trigger: str, proven: bool) -> None:
        start, to = self.state, TABLE[trigger][self.state]
        if trigger in FILINGS and not proven and FILINGS[trigger] in self.open:
            self.unproven.add(FILINGS[trigger])
        if trigger in {"overturn", "uphold"}:
            for name in self.unproven:
                del self.open[name]
            self.unproven.clear()
        for name in set(self.open) - self.unproven:
            if trigger in CLOCKS[name][2] or not self.alive(name, to):
                del self.open[name]
        if trigger in {"reject_request", "withdraw_appeal"}:
            self.unproven.discard(RETURNED[start])
            self.open[RETURNED[start]] = self.armed[RETURNED[start]]
        for name, (armed_by, alive_in, _) in CLOCKS.items():
            if trigger in armed_by and to in alive_in:
                self.open[name] = self.armed[name] = self.armed.get(name, 0) + 1
                if name == "approval_validity":
                    self.in_part = to == "approved_in_part"
        same_stage = any({start, to} <= stage for stage in STAGES)
        asked = {"expedite": True, "refuse_expedite": False}
        self.expedited = asked.get(trigger, self.expedited and same_stage)
        self.state = to


def walk_on(world: World, trigger: str, day: date, proven: bool) -> Written:
    values = dict(VALUES.get(trigger, {}))
    if not proven:
        values.pop("confirmation", None)
    values |= {name: str(day) for name in ("notice_on",) if name in values}
    values |= {name: str(day + timedelta(days=90)) for name in ("valid_through",) if name in values}
    when = f"{day}T12:00" if trigger == "expedite" else str(day)
    return world.fire(trigger, when, values, override="whatever is missing")


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 20), st.booleans()), max_size=20))
def test_any_walk_leaves_the_deadlines_open_that_the_rules_say(
    moves: list[tuple[int, int, bool]],
) -> None:
    world, model = World(evidence=False, now=datetime(2030, 1, 2, tzinfo=UTC)), Model()
    day = date(2026, 10, 1)
    for choice, days, proven in moves:
        ahead = model.possible()
        if not ahead:
            break
        trigger, day = ahead[choice % len(ahead)], day + timedelta(days=days)
        walk_on(world, trigger, day, proven)
        model.step(trigger, proven)
        case = world.case
        assert (case.state, case.expedited) == (model.state, model.expedited)
        assert world.open_now() == {f"{name}#{n}" for name, n in model.open.items()}
        unproven = {t.deadline.clock for t in case.open_deadlines() if t.unproven}
        assert unproven == model.unproven
        for tracked in case.open_deadlines():
            reading = tracked.deadline.reading
            assert reading.act_by <= reading.due_on
            assert (tracked.deadline.standard is None) or model.expedited


# Terms of a write


def test_the_same_key_acts_once() -> None:
    world = in_state("pa_submitted")
    terms = Terms(key="cron-1")
    first = world.fire("request_info", TODAY, terms=terms)
    before = world.kept()
    again = world.fire("request_info", TODAY, terms=terms)
    assert (again.repeated, first.repeated) == (True, False)
    assert (again.version, again.digest, again.data) == (first.version, first.digest, first.data)
    assert world.kept() == before


def test_a_repeated_command_is_told_the_first_result_after_others_followed() -> None:
    world = in_state("pa_submitted")
    first = world.fire("request_info", TODAY, terms=Terms(key="k"))
    world.note(TODAY)
    again = world.fire("request_info", TODAY, terms=Terms(key="k", if_version=first.version))
    assert (again.repeated, again.version) == (True, first.version)


def test_a_key_serves_one_command() -> None:
    world = in_state("pa_submitted")
    world.fire("request_info", TODAY, terms=Terms(key="k"))
    terms = Terms(key="k")
    refusal(world, lambda: world.fire("provide_info", TODAY, terms=terms), Refused)
    refusal(world, lambda: world.do(Noting(text="x"), terms), Refused)


@pytest.mark.parametrize(
    ("when", "values"),
    [
        (TODAY, {"notice_on": "2027-01-17", "denial_reference": "D-1"}),
        (TODAY, {"notice_on": "2027-01-18", "denial_reference": "D-1", "reason_code": "other"}),
        (TODAY, {"notice_on": "2027-01-18", "denial_reference": "D-2"}),
        (TODAY, {"notice_on": "2027-01-18"}),
        ("2027-01-19", {"notice_on": "2027-01-18", "denial_reference": "D-1"}),
        (f"{TODAY}T11:00", {"notice_on": "2027-01-18", "denial_reference": "D-1"}),
    ],
)
def test_a_key_is_not_taken_for_a_correction(when: str, values: Values) -> None:
    """The same trigger with another date or value is another command."""
    world = in_state("pa_submitted")
    first = {"notice_on": "2027-01-18", "denial_reference": "D-1"}
    world.fire("deny", TODAY, first, terms=Terms(key="k"))
    refusal(world, lambda: world.fire("deny", when, values, terms=Terms(key="k")), Refused)
    assert world.fire("deny", TODAY, first, terms=Terms(key="k")).repeated


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 65, "k\n", "ключ", "a/b"])
def test_a_strange_key_is_refused(key: str) -> None:
    world = still("pa_submitted")
    refusal(world, lambda: world.fire("request_info", TODAY, terms=Terms(key=key)), Refused)


@pytest.mark.parametrize("off", [-1, 1])
def test_a_case_at_another_version_is_refused(off: int) -> None:
    world = still("pa_submitted")
    terms = Terms(if_version=world.case.version + off)
    refusal(world, lambda: world.fire("request_info", TODAY, terms=terms), StaleVersion)


def test_a_case_still_at_that_version_is_written() -> None:
    world = in_state("pa_submitted")
    version = world.case.version
    written = world.fire("request_info", TODAY, terms=Terms(if_version=version))
    assert written.version == version + 1


def test_a_dry_run_is_refused_where_the_real_one_is() -> None:
    world = still("pa_submitted")
    dry = Terms(dry_run=True)
    error = refusal(world, lambda: world.fire("submit", TODAY, terms=dry))
    assert error.reasons == refusal(world, lambda: world.fire("submit", TODAY)).reasons
    stale = Terms(dry_run=True, if_version=1)
    refusal(world, lambda: world.fire("request_info", TODAY, terms=stale), StaleVersion)


Rival = Callable[[World], object]


class RacedLedger(MemoryLedger):
    """Before each of its next appends a rival appends first."""

    world: World
    rivals: tuple[Rival, ...] = ()
    running = False

    def append(
        self, case: Case, drafts: Sequence[Draft], definitions: Mapping[str, str] | None = None
    ) -> tuple[Case, tuple[e.Entry, ...]]:
        if self.running or not self.rivals:
            return super().append(case, drafts, definitions)
        self.running = True
        try:
            rival, *rest = self.rivals
            self.rivals = tuple(rest)
            rival(self.world)
            return super().append(case, drafts, definitions)
        finally:
            self.running = False


def raced(*rivals: Rival) -> World:
    """A submitted case whose next writes meet rivals."""
    world = World()
    world.ledger = ledger = RacedLedger(fixed_sources(FakeClock(NOW)))
    world.tracker = Tracker(ledger, NOW, "eva")
    opening = Opening(workflow=GUIDE.id, reference="C-1", when=When(on="2026-10-01"))
    world.id = world.tracker.open(opening).case.id
    world.fire("submit", "2026-11-24", override="x")
    ledger.world, ledger.rivals = world, rivals
    return world


def test_a_lost_race_decides_again_on_what_the_other_wrote() -> None:
    world = raced(lambda w: w.note(TODAY), lambda w: w.note(TODAY))
    world.fire("request_info", TODAY)
    types = [entry.type for entry in world.ledger.entries(world.id)]
    assert types[-3:] == ["NoteAdded", "NoteAdded", "TransitionFired"]


def test_a_lost_race_is_refused_if_the_other_left_no_way() -> None:
    world = raced(lambda w: fire_today(w, "deny"))
    with pytest.raises(TransitionRefused):
        world.fire("request_info", TODAY)
    assert world.case.state == "denied"


def test_a_race_lost_five_times_asks_to_try_again() -> None:
    world = raced(*[lambda w: w.note(TODAY)] * 5)
    with pytest.raises(Busy) as caught:
        world.fire("request_info", TODAY)
    assert caught.value.exit_code == 75
    assert world.case.state == "pa_submitted"


def test_a_race_is_not_run_again_on_a_version_that_was_named() -> None:
    world = raced(lambda w: w.note(TODAY))
    terms = Terms(if_version=world.case.version)
    with pytest.raises(StaleVersion):
        world.fire("request_info", TODAY, terms=terms)
    assert world.case.state == "pa_submitted"


@pytest.mark.parametrize("trigger", ["request_info", "expedite"])
def test_the_same_command_twice_at_once_acts_once(trigger: str) -> None:
    """Two timers with one key: the loser of the race is told the winner's result."""
    terms = Terms(key="cron-1")
    when = f"{TODAY}T11:00" if trigger == "expedite" else TODAY

    def act(world: World) -> Written:
        return world.fire(trigger, when, VALUES.get(trigger), override="x", terms=terms)

    world = raced(act)
    written = act(world)
    assert written.repeated
    assert [entry.key for entry in world.ledger.entries(world.id)].count("cron-1") == 1
