"""A case is a fold over its entries: one step at a time, deciding nothing, hiding nothing."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from casetrack.domain import events as e
from casetrack.domain.case import ENVELOPE, Case, Evidence
from casetrack.domain.fold import evolve, field_values, replay
from casetrack.ledger.codec import parse
from casetrack.ledger.memory import MemoryLedger
from tests.facts import (
    DIGEST,
    append,
    assigned,
    deadline,
    draft,
    fired,
    new_case,
    noted,
    opened,
    reading,
    redacted,
)
from tests.fakes import FakeClock, fixed_sources

DEC_1, DEC_16, JAN_5 = date(2026, 12, 1), date(2026, 12, 16), date(2027, 1, 5)
DECISION = deadline("pa_decision", DEC_16)
FOLLOW_UP = deadline("pa_follow_up", DEC_1, owner="provider", kind="planned")
CASE = "00000000-0000-7000-8000-000000000001"


def entry(event: e.Event, version: int = 1, **changes: object) -> e.Entry:
    """An entry as the ledger would read it back, with nothing redacted."""
    members: dict[str, Any] = {
        "ledger": "", "case": CASE, "version": version, "prev": None,
        "type": type(event.data).__name__, "key": "k", "occurred_on": event.occurred_on,
        "occurred_at": event.occurred_at, "recorded_at": datetime(2026, 11, 2, 15, tzinfo=UTC),
        "actor": "eva", "by": "os:tester@host", "data": event.data,
        "sealed": dict.fromkeys(event.typed, "0" * 64), "body": "", "digest": f"{version:064}",
        "disclosed": dict(event.typed),
    }  # fmt: skip
    members.update(changes)
    return e.Entry(**members)


def recorded(item: str, on: date, armed: tuple[e.Deadline, ...] = (), **typed: e.Typed) -> e.Event:
    data = e.EvidenceRecorded(item=item, fields={}, armed=armed)
    return e.Event(data=data, occurred_on=on, typed=typed)


def folded(*events: e.Event) -> Case:
    return replay(CASE, [entry(event, n) for n, event in enumerate(events, 1)])


def ended(name: str, outcome: e.Closing = "satisfied", *, late: bool = False) -> e.Ended:
    return e.Ended(deadline=name, outcome=outcome, late=late)


# A case at its beginning


def test_no_entries_make_a_case_that_is_not_yet_opened() -> None:
    assert replay(CASE, []) == Case(id=CASE)
    assert Case(id=CASE).version == 0


def test_an_opened_case_knows_its_pinned_workflow_and_who_it_is_for() -> None:
    case = folded(opened("C-9", patient="P 7", armed=(FOLLOW_UP,), fields={"benefit": "medical"}))
    assert (case.reference, case.patient) == ("C-9", "P 7")
    assert (case.workflow, case.definition, case.state) == ("sample", DIGEST, "draft")
    assert (case.version, case.final, case.expedited, case.assignee) == (1, False, False, None)
    assert case.fields == {"benefit": "medical"}
    assert list(case.deadlines) == ["pa_follow_up#1"]


def test_version_digest_and_time_are_those_of_the_last_entry() -> None:
    later = datetime(2026, 11, 9, 8, tzinfo=UTC)
    last = entry(noted(), 2, digest="f" * 64, recorded_at=later)
    case = replay(CASE, [entry(opened()), last])
    assert (case.version, case.digest, case.recorded_at) == (2, "f" * 64, later)


# Transitions


def test_a_transition_moves_the_state_to_what_was_recorded() -> None:
    at = datetime(2026, 11, 24, 16, tzinfo=UTC)
    event = replace(
        fired("submitted", expedited=True, final=True), occurred_on=DEC_1, occurred_at=at
    )
    case = folded(opened(), event)
    assert (case.state, case.final, case.expedited) == ("submitted", True, True)
    assert (case.moved_on, case.moved_at) == (DEC_1, at)


def test_only_transitions_move_the_day_of_the_last_one() -> None:
    later = [
        recorded("age", DEC_16),
        replace(noted(), occurred_on=DEC_16),
        replace(assigned("eva"), occurred_on=DEC_16),
    ]
    case = folded(opened(), fired(), *later)
    assert case.moved_on == folded(opened(), fired()).moved_on
    assert case.state == "submitted"


def test_a_transition_without_an_instant_keeps_the_latest_one_known() -> None:
    at = datetime(2026, 11, 24, 16, tzinfo=UTC)
    case = folded(opened(), replace(fired(), occurred_at=at), fired("decided"))
    assert case.moved_at == at


def test_replay_believes_what_was_recorded_and_decides_nothing() -> None:
    """States and triggers that no workflow knows, and dates that no calendar gives."""
    odd = deadline("no_such_clock", date(1999, 1, 1))
    case = folded(opened(), fired("no_such_state", trigger="no_such", armed=(odd,)))
    assert case.state == "no_such_state"
    assert case.deadlines["no_such_clock#1"].deadline == odd


def test_each_overridden_guard_is_remembered_with_its_day_and_version() -> None:
    gap = e.Gap(guard="ready", code="missing", item="age")
    late = e.Gap(guard="in_time", code="late")
    first = replace(fired(overridden=(gap,)), occurred_on=DEC_1)
    case = folded(opened(), first, fired("decided", trigger="decide", overridden=(late,)))
    assert [(g.trigger, g.version, g.on, g.gap) for g in case.gaps] == [
        ("submit", 2, DEC_1, gap),
        ("decide", 3, fired().occurred_on, late),
    ]


def test_the_latest_assignee_stands_and_nobody_is_one() -> None:
    assert folded(opened(), assigned("eva")).assignee == "eva"
    assert folded(opened(), assigned("eva"), assigned("max")).assignee == "max"
    assert folded(opened(), assigned("eva"), assigned(None)).assignee is None


def test_entries_that_say_nothing_of_the_case_change_only_its_version() -> None:
    before = folded(opened(patient="P 7", armed=(DECISION,)), fired())
    after = folded(opened(patient="P 7", armed=(DECISION,)), fired(), redacted((1, "patient")))
    assert replace(after, version=before.version, digest=before.digest) == before


# Deadlines


def test_an_armed_deadline_is_open_until_an_entry_ends_it() -> None:
    case = folded(opened(), fired(armed=(DECISION, FOLLOW_UP)))
    assert [t.deadline.deadline for t in case.open_deadlines()] == [
        "pa_decision#1",
        "pa_follow_up#1",
    ]
    assert {t.armed_version for t in case.open_deadlines()} == {2}


@pytest.mark.parametrize("outcome", ["satisfied", "superseded", "cancelled", "lapsed"])
@pytest.mark.parametrize("late", [False, True])
def test_an_ended_deadline_keeps_how_and_when(outcome: e.Closing, late: bool) -> None:
    end = ended("pa_decision#1", outcome, late=late)
    closing = replace(fired("decided", closed=(end,)), occurred_on=JAN_5)
    case = folded(opened(), fired(armed=(DECISION, FOLLOW_UP)), closing)
    tracked = case.deadlines["pa_decision#1"]
    assert (tracked.outcome, tracked.late) == (outcome, late)
    assert (tracked.closed_version, tracked.closed_on) == (3, JAN_5)
    assert [t.deadline.deadline for t in case.open_deadlines()] == ["pa_follow_up#1"]


def test_notes_and_evidence_end_and_arm_deadlines_too() -> None:
    call = e.Event(
        data=e.NoteAdded(fields={"kind": "call"}, closed=(ended("pa_follow_up#1"),)),
        occurred_on=DEC_1,
    )
    fresh = deadline("fresh", DEC_16)
    case = folded(opened(), fired(armed=(FOLLOW_UP,)), call, recorded("lab", DEC_1, armed=(fresh,)))
    assert case.deadlines["pa_follow_up#1"].outcome == "satisfied"
    assert [t.deadline for t in case.open_deadlines()] == [fresh]


def test_a_reopened_deadline_is_as_it_was() -> None:
    before = folded(opened(), fired(armed=(DECISION,)))
    closing = fired("appeal", closed=(ended("pa_decision#1", late=True),))
    after = folded(
        opened(), fired(armed=(DECISION,)), closing, fired("back", reopened=("pa_decision#1",))
    )
    assert after.deadlines == before.deadlines


def test_a_moved_deadline_keeps_its_identity_and_its_standard() -> None:
    short = reading(DEC_1, length="72h")
    move = e.Moved(
        deadline="pa_decision#1", why="expedited", reading=short, standard=DECISION.reading
    )
    case = folded(opened(), fired(armed=(DECISION,)), fired(moved=(move,)))
    tracked = case.deadlines["pa_decision#1"]
    assert tracked.deadline == replace(DECISION, reading=short, standard=DECISION.reading)
    assert (tracked.armed_version, tracked.outcome) == (2, None)
    back = e.Moved(
        deadline="pa_decision#1", why="expedite_refused", reading=DECISION.reading, standard=None
    )
    case = folded(opened(), fired(armed=(DECISION,)), fired(moved=(move,)), fired(moved=(back,)))
    assert case.deadlines["pa_decision#1"].deadline == DECISION


def test_one_entry_may_end_one_arming_and_start_the_next() -> None:
    second = deadline("pa_decision", JAN_5, n=2)
    renewal = fired(closed=(ended("pa_decision#1", "superseded"),), armed=(second,))
    case = folded(opened(), fired(armed=(DECISION,)), renewal)
    assert [t.deadline for t in case.open_deadlines()] == [second]
    assert case.deadlines["pa_decision#1"].outcome == "superseded"


def test_the_latest_of_a_clock_is_its_highest_number_and_not_its_place() -> None:
    armed = [deadline("pa_decision", DEC_16, n=n) for n in (2, 11, 9)]
    case = folded(opened(), *(fired(armed=(one,)) for one in armed))
    latest = case.latest("pa_decision")
    assert latest is not None
    assert latest.deadline.n == 11
    assert case.latest("pa_follow_up") is None


# Values and evidence


def test_the_newest_value_of_a_field_stands_clear_or_sealed() -> None:
    case = folded(
        opened(fields={"benefit": "pharmacy"}, physician="Dr. A"),
        fired(fields={"benefit": "medical"}, typed={"physician": "Dr. B", "reason": "asked"}),
    )
    assert case.fields == {"benefit": "medical", "physician": "Dr. B"}


@pytest.mark.parametrize(
    "name",
    ["reference", "patient", "reason", "override", "note", "basis", "purpose", "file_name",
     "file_size", "file_sha256", "import_sha256"],
)  # fmt: skip
def test_what_an_entry_is_wrapped_in_is_no_field(name: str) -> None:
    assert name in ENVELOPE
    sealed = entry(fired(typed={name: "x", "percent": "2"}))
    assert field_values(sealed, {}) == {"percent": "2"}


def test_evidence_keeps_its_own_day_values_and_whether_a_file_was_given() -> None:
    with_file = recorded("lab", DEC_1, percent="2", file_name="a.pdf", file_size="3",
                         file_sha256="0" * 64)  # fmt: skip
    case = folded(opened(), recorded("lab", DEC_16, percent="1"), with_file)
    assert case.evidence["lab"] == (
        Evidence(item="lab", version=2, on=DEC_16, values={"percent": "1"}, has_file=False),
        Evidence(item="lab", version=3, on=DEC_1, values={"percent": "2"}, has_file=True),
    )
    assert case.fields == {}


@pytest.mark.parametrize(
    ("on", "version"), [(None, 4), (JAN_5, 4), (DEC_16, 3), (DEC_1, 5), (date(2026, 1, 1), 4)]
)
def test_the_evidence_that_counts_is_the_latest_up_to_the_day(
    on: date | None, version: int
) -> None:
    days = (DEC_1, DEC_16, JAN_5, DEC_1)
    case = folded(opened(), *(recorded("lab", day) for day in days))
    counted = case.evidence_for("lab", on)
    assert counted is not None
    assert counted.version == version
    assert case.evidence_for("other", on) is None


# Redaction


def test_a_sealed_value_without_its_disclosure_is_redacted() -> None:
    event = opened("C-9", patient="P 7", physician="Dr. A")
    case = replay(CASE, [entry(event, disclosed={"reference": "C-9"})])
    assert case.reference == "C-9"
    assert case.patient is e.REDACTED
    assert case.fields == {"physician": e.REDACTED}


def test_a_redacted_value_hides_no_other_and_keeps_every_deadline() -> None:
    before = [opened(patient="P 7"), fired(armed=(DECISION,), typed={"confirmation": "A-1"})]
    case = folded(*before)
    entries = [entry(event, n) for n, event in enumerate(before, 1)]
    bare = [replace(one, disclosed={}) for one in entries]
    without = replay(CASE, bare)
    assert without.deadlines == case.deadlines
    assert without.state == case.state
    assert without.fields == {"confirmation": e.REDACTED}


def test_a_newer_value_is_not_hidden_by_an_older_ones_redaction() -> None:
    old = entry(fired(typed={"confirmation": "A-1"}), 2, disclosed={})
    new = entry(fired(typed={"confirmation": "A-2"}), 3)
    assert replay(CASE, [entry(opened()), old, new]).fields == {"confirmation": "A-2"}


def test_evidence_that_was_redacted_is_still_on_file() -> None:
    event = recorded("lab", DEC_1, percent="2", file_sha256="0" * 64)
    case = replay(CASE, [entry(opened()), entry(event, 2, disclosed={})])
    assert case.evidence["lab"] == (
        Evidence(item="lab", version=2, on=DEC_1, values={"percent": e.REDACTED}, has_file=True),
    )


def test_a_redaction_in_the_ledger_is_seen_by_the_next_replay() -> None:
    ledger = MemoryLedger(fixed_sources())
    case = new_case(ledger, opened(patient="P 7", physician="Dr. A"))
    after, _ = ledger.redact(case, draft(redacted((1, "patient"))))
    assert after.patient is e.REDACTED
    assert after.fields == {"physician": "Dr. A"}
    assert replay(case.id, ledger.entries(case.id)) == after


# One step at a time


STEPS: Sequence[e.Event] = (
    noted("called", number="A-17"),
    assigned("eva"),
    assigned(None),
    recorded("lab", DEC_1, percent="2"),
    recorded("lab", DEC_16, percent="1"),
    fired("submitted", armed=(DECISION,), typed={"confirmation": "x"}),
    fired("submitted", overridden=(e.Gap(guard="ready", code="missing", item="lab"),)),
    fired("draft", armed=(deadline("pa_decision", JAN_5, n=2),)),
    redacted((1, "reference")),
)


def in_ledger(events: Sequence[e.Event]) -> tuple[MemoryLedger, Case]:
    clock = FakeClock()
    ledger = MemoryLedger(fixed_sources(clock))
    case = new_case(ledger, opened(patient="P 7"))
    for event in events:
        clock.move(minutes=1)
        case, _ = append(ledger, case, event)
    return ledger, case


@given(st.lists(st.sampled_from(STEPS), max_size=8))
def test_a_replay_is_every_step_after_the_other(events: list[e.Event]) -> None:
    ledger, case = in_ledger(events)
    entries = ledger.entries(case.id)
    stepwise = Case(id=case.id)
    for n, one in enumerate(entries, 1):
        stepwise = evolve(stepwise, one)
        assert stepwise == replay(case.id, entries[:n])
        assert (stepwise.version, stepwise.digest) == (n, one.digest)
    assert stepwise == case


@given(st.lists(st.sampled_from(STEPS), max_size=8))
def test_what_was_stored_as_text_replays_alike(events: list[e.Event]) -> None:
    ledger, case = in_ledger(events)
    told = [one.disclosed for one in ledger.entries(case.id)]
    read = [parse(body, {}) for body, _ in ledger.stored(case.id)]
    known = [replace(one, disclosed=values) for one, values in zip(read, told, strict=True)]
    assert replay(case.id, known) == case
    assert replay(case.id, read).deadlines == case.deadlines


def test_a_step_leaves_the_case_before_it_as_it_was() -> None:
    before = folded(opened(), fired(armed=(DECISION,)), recorded("lab", DEC_1, percent="2"))
    kept = folded(opened(), fired(armed=(DECISION,)), recorded("lab", DEC_1, percent="2"))
    evolve(before, entry(fired("gone", closed=(ended("pa_decision#1"),)), 4))
    evolve(before, entry(recorded("lab", DEC_16, percent="1"), 4))
    evolve(before, entry(fired(fields={"benefit": "medical"}), 4))
    assert before == kept
