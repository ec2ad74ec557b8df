"""Conformance finds each violation that is planted in a ledger, by its rule, and nothing else.

What is planted goes through the ledger like any entry: only its command was never decided.
"""

import dataclasses
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from casetrack.audit.conformance import Record, conformance
from casetrack.audit.findings import COUNTED, Editions, Finding
from casetrack.catalog import calendars, workflows
from casetrack.domain import events as e
from casetrack.domain.dates import end_of_day
from casetrack.ledger.codec import parse
from casetrack.ledger.memory import MemoryLedger
from casetrack.ledger.store import Draft
from casetrack.service import demo
from casetrack.service.conformance import chosen, examined
from casetrack.service.reprojecting import reproject
from casetrack.service.sharing import Tally
from casetrack.service.sweep import sweep
from casetrack.service.tracker import Tracker
from tests.cli.driver import PACKET
from tests.fakes import FakeClock, fixed_sources
from tests.offices import Box
from tests.regimes import Matter
from tests.world import GUIDE, KNOWN, World, day, instant

GOLDEN = Path(__file__).parents[1] / "golden" / "format1"
Plant = Callable[[World], e.Event]
Rules = list[tuple[int | None, str]]


def found(world: World) -> list[Finding]:
    return list(examined(world.tracker, [world.id], Tally()))


def against(world: World) -> Rules:
    """(version, rule) of what counts, in the order found."""
    return [(x.version, x.rule) for x in found(world) if x.severity in COUNTED]


def said(world: World, rule: str) -> list[str]:
    return [x.detail for x in found(world) if x.rule == rule]


# Histories to plant in


def opened() -> World:
    """Version 1, on 3 August; it is Tuesday 24 November 2026."""
    return World("2026-11-24T10:00")


def packed() -> World:
    """Versions 1 to 9: the whole packet of 20 November."""
    world = opened()
    for item, values in PACKET.items():
        world.record(item, "2026-11-20", **values)
    return world


def submitted() -> World:
    """Version 10: submitted with nothing missing."""
    world = packed()
    world.fire("submit", "2026-11-24T09:00", method="portal", confirmation="K-1")
    return world


def denied() -> World:
    """Version 11, on 2 December."""
    world = submitted().at("2026-12-02T10:00")
    world.fire("deny", "2026-12-02", notice_on="2026-12-01", reason_code="other")
    return world


def event_of(world: World, act: Callable[[World], object]) -> e.Event:
    """The event that a command would come to, taken back before it is recorded."""
    made: list[e.Event] = []
    append = world.ledger.append

    def caught(case: object, drafts: Sequence[Draft], *rest: object) -> object:
        made.extend(draft.event for draft in drafts)
        raise InterruptedError

    world.ledger.append = caught  # type: ignore[method-assign, assignment]
    try:
        act(world)
    except InterruptedError:
        pass
    finally:
        world.ledger.append = append  # type: ignore[method-assign]
    return made[0]


def with_data(event: e.Event, **changes: object) -> e.Event:
    return replace(event, data=replace(event.data, **changes))


def submission(world: World) -> e.Event:
    return event_of(
        world,
        lambda w: w.fire("submit", "2026-11-24T09:00", method="portal", confirmation="K-1"),
    )


def denial(world: World) -> e.Event:
    return event_of(
        world,
        lambda w: w.fire("deny", "2026-11-24", notice_on="2026-11-24", reason_code="other"),
    )


def fired(event: e.Event) -> e.TransitionFired:
    assert isinstance(event.data, e.TransitionFired)
    return event.data


def later(deadline: e.Deadline, days: int) -> e.Deadline:
    """The same deadline, some days later throughout."""
    on = deadline.reading.due_on + timedelta(days)
    reading = replace(
        deadline.reading, due_on=on, unrolled_on=on, due_at=end_of_day(on, GUIDE.zone)
    )
    return replace(deadline, reading=reading)


# Nothing to find


def test_what_was_planted_by_command_is_clean() -> None:
    """A real command's event, appended by hand, breaks no rule: what follows means something."""
    world = packed()
    world.append(submission(world))
    assert against(world) == []
    assert world.case.state == "pa_submitted"


@pytest.mark.parametrize("make", [opened, packed, submitted, denied])
def test_a_history_of_real_commands_is_clean(make: Callable[[], World]) -> None:
    assert against(make()) == []


def test_a_long_history_with_every_kind_of_entry_is_clean() -> None:
    world = submitted()
    world.plan("call the center", "2026-12-01")
    world.done("call the center")
    world.toll("pa_decision", "2026-11-24")
    world.at("2026-11-30").resume("pa_decision", "2026-11-30")
    world.extend("pa_follow_up", "2026-12-09")
    world.note("2026-11-30", kind="call")
    world.fire("request_info", "2026-11-30", respond_on="2026-12-04")
    world.record("inhibitor_test", "2026-11-30", result="negative")
    world.fire("provide_info", "2026-11-30")
    world.fire("expedite", "2026-11-30T11:00", expedite_reason="deterioration")
    world.fire("refuse_expedite", "2026-11-30")
    world.at("2026-12-30").fire("deny", "2026-12-30", notice_on="2026-12-29")
    world.fire("file_appeal", "2026-12-30", method="fax")
    world.record("proof_of_receipt", "2026-12-30")
    world.fire("withdraw_appeal", "2026-12-30")
    world.void(world.case.version)
    assert against(world) == []


@pytest.mark.parametrize("workflow", ["il-like", "ma-like"])
def test_other_regimes_are_judged_by_their_own_workflow(workflow: str) -> None:
    matter = Matter(workflow)
    assert [
        x for x in examined(matter.tracker, [matter.id], Tally()) if x.severity in COUNTED
    ] == []


@pytest.mark.parametrize("now", ["2026-07-15T16:00", "2026-11-24T10:00", "2028-02-29T12:00"])
def test_every_case_of_the_demo_is_clean_before_and_after_its_reminders(now: str) -> None:
    clock = FakeClock(instant(now))
    tracker = Tracker(MemoryLedger(fixed_sources(clock), practice=True), clock.now, "trainer")
    demo.fill(tracker)
    sweep(tracker, [Box()])
    tally = Tally()
    assert [x for x in examined(tracker, chosen(tracker, ()), tally) if x.severity in COUNTED] == []
    assert (tally.cases, tally.entries) == (29, tracker.ledger.stats().entries - 1)
    assert any(isinstance(x.data, e.ReminderSent) for c in tracker.ledger.case_ids()
               for x in tracker.ledger.entries(c))  # fmt: skip


def test_findings_come_while_cases_are_read_and_no_case_is_kept() -> None:
    clock = FakeClock(instant("2026-11-24"))
    tracker = Tracker(MemoryLedger(fixed_sources(clock), practice=True), clock.now, "trainer")
    demo.fill(tracker)
    tally = Tally()
    stream = examined(tracker, tracker.ledger.case_ids(), tally)
    assert (next(stream).rule, tally.cases) == ("practice", 0)
    assert (next(stream).rule, tally.cases) == ("actor", 1)
    assert sum(1 for _ in stream) > 28
    assert tally.cases == 29


def golden() -> list[tuple[e.Entry, ...]]:
    """The frozen cases of the guide, as they were recorded by an earlier release."""
    folder = GOLDEN / "guide"
    bodies = (folder / "bodies.jsonl").read_text("utf-8").removesuffix("\n").split("\n")
    texts: dict[tuple[str, int], dict[str, str]] = {}
    for line in (folder / "disclosures.jsonl").read_text("utf-8").removesuffix("\n").split("\n"):
        case_id, version, name, text = json.loads(line)
        texts.setdefault((case_id, version), {})[name] = text
    cases: dict[str, list[e.Entry]] = {}
    for body in bodies:
        made = json.loads(body)
        at = made["case"], made["version"]
        cases.setdefault(made["case"], []).append(parse(body, texts.get(at, {}), at))
    return [tuple(found) for found in cases.values() if found[0].type == "CaseOpened"]


def kept(digest: str) -> str | None:
    path = GOLDEN / "definitions" / f"{digest}.json"
    return path.read_text("utf-8").removesuffix("\n") if path.exists() else None


def test_what_commands_left_in_the_golden_ledger_is_clean_by_its_own_definitions() -> None:
    """Its changes of deadlines were written by hand, as examples of the form alone."""
    decided = {"CaseOpened", "TransitionFired", "EvidenceRecorded", "NoteAdded", "CaseAssigned"}
    for entries in golden():
        assert isinstance(entries[0].data, e.CaseOpened)
        text = kept(entries[0].data.definition)
        assert text is not None
        record = Record(name="C", entries=entries, workflow=workflows.from_text(text))
        made = conformance(record, Editions(KNOWN, kept), datetime(2026, 12, 1, tzinfo=UTC))
        wrong = [x for x in made if x.severity == "error"]
        types = {entry.version: entry.type for entry in entries}
        assert {types[x.version or 0] for x in wrong} & decided == set()
        assert len(decided & set(types.values())) == len(decided)


# Transitions


def illegal(world: World) -> e.Event:
    """An approval of a case that was never submitted."""
    approved = event_of(submitted(), lambda w: w.fire("approve", valid_through="2027-06-30"))
    return with_data(approved, closed=())


def test_an_illegal_transition_is_found() -> None:
    world = packed()
    world.append(illegal(world))
    assert against(world) == [(10, "transition")]
    assert said(world, "transition") == ["approve is not possible from intake"]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"to": "approved"}, "transition"),
        ({"origin": "denied"}, "transition"),
        ({"final": True}, "transition"),
        ({"expedited": True}, "transition"),
        ({"trigger": "no_such"}, "transition"),
        ({"to": "no_such_state"}, "transition"),
    ],
)
def test_a_transition_that_misstates_itself_is_found(change: dict[str, object], rule: str) -> None:
    world = submitted()
    world.append(with_data(denial(world), **change))
    assert {found for _, found in against(world)} == {rule}


def test_a_required_value_that_is_missing_is_found() -> None:
    world = submitted()
    world.append(with_data(denial(world), fields={"reason_code": ("other",)}))
    assert (11, "required") in against(world)


def test_a_transition_before_the_last_one_is_found() -> None:
    world = denied()
    event = event_of(world, lambda w: w.fire("peer_to_peer", "2026-12-02"))
    world.append(replace(event, occurred_on=day("2026-11-23")))
    assert against(world) == [(12, "order")]


def test_an_entry_told_ahead_of_its_time_is_found() -> None:
    world = submitted()
    event = event_of(world, lambda w: w.note("2026-11-24"))
    world.append(replace(event, occurred_on=day("2026-11-25")))
    assert against(world) == [(11, "order")]


def test_an_instant_of_another_day_is_found() -> None:
    world = submitted()
    event = event_of(world, lambda w: w.note("2026-11-24T09:30"))
    world.append(replace(event, occurred_on=day("2026-11-23")))
    assert against(world) == [(11, "order")]


# Guards


def test_a_guard_that_was_passed_over_in_silence_is_found() -> None:
    world = opened()
    event = submission(world)
    world.append(replace(with_data(event, overridden=()), typed={"confirmation": "K"}))
    details = said(world, "guard")
    assert {rule for _, rule in against(world)} == {"guard"}
    assert any("not overridden" in detail and "Age" in detail for detail in details)


def test_an_override_without_a_reason_is_found() -> None:
    world = opened()
    event = submission(world)
    world.append(replace(event, typed={"confirmation": "K"}))
    assert {rule for _, rule in against(world)} == {"guard"}
    assert len(said(world, "guard")) == 8


def test_one_gap_left_out_of_an_override_is_found() -> None:
    world = opened()
    event = submission(world)
    world.append(with_data(event, overridden=fired(event).overridden[1:]))
    assert against(world) == [(2, "guard")]


def test_an_override_of_what_was_there_is_found() -> None:
    world = packed()
    gap = e.Gap(guard="ready", code="missing", item="age")
    world.append(with_data(submission(world), overridden=(gap,)))
    assert against(world) == [(10, "guard")]


def test_a_reason_to_override_nothing_is_found() -> None:
    world = packed()
    event = submission(world)
    world.append(replace(event, typed={**event.typed, "override": "just so"}))
    assert against(world) == [(10, "guard")]


def test_a_guard_that_nothing_overrides_is_found() -> None:
    world = submitted()
    world.fire("expedite", "2026-11-24T09:30", expedite_reason="deterioration")
    refusal = event_of(world, lambda w: w.fire("refuse_expedite", "2026-11-24"))
    other = submitted()
    gap = e.Gap(guard="expedited", code="not_expedited")
    other.append(
        replace(
            with_data(refusal, overridden=(gap,), moved=()),
            typed={"override": "all the same"},
        )
    )
    assert (11, "guard") in against(other)
    assert any("nothing overrides it" in detail for detail in said(other, "guard"))


def test_a_late_filing_without_an_override_is_found() -> None:
    world = denied().at("2027-03-01")
    event = event_of(world, lambda w: w.fire("file_appeal", "2027-03-01", confirmation="K-2"))
    gaps = tuple(gap for gap in fired(event).overridden if gap.guard != "in_time")
    world.append(with_data(event, overridden=gaps))
    assert against(world) == [(12, "guard")]
    assert "appeal_filing#1 was due 2027-02-04" in said(world, "guard")[0]


# Deadlines


def test_a_clock_that_was_not_armed_is_found() -> None:
    world = packed()
    event = submission(world)
    world.append(with_data(event, armed=fired(event).armed[1:]))
    assert against(world) == [(10, "clock")]
    assert "should have been armed" in said(world, "clock")[0]


def test_a_clock_that_nothing_arms_is_found() -> None:
    world = submitted()
    armed = fired(event_of(denied(), lambda w: w.fire("file_appeal", "2026-12-02"))).armed
    world.append(with_data(event_of(world, lambda w: w.note("2026-11-24")), armed=armed))
    assert against(world) == [(11, "clock")]


def test_a_clock_that_no_workflow_has_is_found_once() -> None:
    world = packed()
    event = submission(world)
    odd = replace(fired(event).armed[0], clock="no_such", deadline="no_such#1")
    note = event_of(world, lambda w: w.note("2026-11-24"))
    world.append(with_data(event, armed=(*fired(event).armed, odd)), note)
    assert against(world) == [(10, "clock")]


@pytest.mark.parametrize(
    "change",
    [
        {"owner": "provider"},
        {"kind": "planned"},
        {"alive_in": ("denied",)},
        {"definition": "0" * 64},
    ],
    ids=str,
)
def test_a_deadline_that_is_another_than_its_clock_says_is_found(change: dict[str, object]) -> None:
    world = packed()
    event = submission(world)
    first, *rest = fired(event).armed
    world.append(with_data(event, armed=(replace(first, **change), *rest)))
    assert against(world) == [(10, "clock")]


def test_a_date_that_its_own_working_does_not_give_is_found() -> None:
    world = packed()
    event = submission(world)
    first, *rest = fired(event).armed
    world.append(with_data(event, armed=(later(first, 7), *rest)))
    assert against(world) == [(10, "dates")]
    told = said(world, "dates")
    assert told == ["pa_decision#1: due_on is 2026-12-23, and its own working gives 2026-12-16"]


@pytest.mark.parametrize(
    "change",
    [{"act_by": date(2026, 12, 1)}, {"law_by": None}, {"rungs": ()}, {"length": "15bd"},
     {"from_on": date(2026, 11, 23)}, {"calendars": ()}],
    ids=str,
)  # fmt: skip
def test_each_part_of_a_working_is_made_again(change: dict[str, object]) -> None:
    world = packed()
    event = submission(world)
    first, *rest = fired(event).armed
    wrong = replace(first, reading=replace(first.reading, **change))
    world.append(with_data(event, armed=(wrong, *rest)))
    assert against(world) == [(10, "dates")]


def test_a_deadline_left_open_is_found() -> None:
    world = submitted()
    event = denial(world)
    closed = tuple(end for end in fired(event).closed if end.deadline != "pa_decision#1")
    world.append(with_data(event, closed=closed))
    assert against(world) == [(11, "deadline")]


def test_a_deadline_closed_by_what_does_not_end_it_is_found() -> None:
    world = submitted()
    event = event_of(world, lambda w: w.note("2026-11-24"))
    ended = e.Ended(deadline="pa_decision#1", outcome="satisfied")
    world.append(with_data(event, closed=(ended,)))
    assert against(world) == [(11, "deadline")]


@pytest.mark.parametrize("change", [{"late": False}, {"outcome": "cancelled"}, {"late": None}])
def test_a_deadline_closed_wrongly_is_found(change: dict[str, object]) -> None:
    world = submitted().at("2027-01-15")
    event = event_of(world, lambda w: w.fire("deny", "2027-01-15", notice_on="2027-01-15"))
    closed = [
        replace(end, **change) if end.deadline == "pa_decision#1" else end
        for end in fired(event).closed
    ]
    assert closed != list(fired(event).closed)
    world.append(with_data(event, closed=tuple(closed)))
    assert against(world) == [(11, "deadline")]


def test_a_deadline_that_is_not_there_is_found_and_breaks_nothing() -> None:
    world = submitted()
    event = event_of(world, lambda w: w.note("2026-11-24"))
    entry = with_data(event, reopened=("appeal_filing#1",))
    broken = planted(world, entry)
    assert [(x.version, x.rule) for x in broken if x.severity in COUNTED] == [(11, "deadline")]


def planted(world: World, event: e.Event) -> list[Finding]:
    """As found by an audit of entries that the ledger's own fold would not take."""
    spare = submitted()
    spare.append(replace(event, data=e.NoteAdded(fields={})))
    entries = spare.entries()
    made = (*entries[:-1], replace(entries[-1], data=event.data))
    record = Record(name="C-1", entries=made, workflow=GUIDE)
    return list(conformance(record, Editions(KNOWN, lambda _: None), world.clock.now))


def test_a_filing_that_nothing_proves_must_stay_open() -> None:
    world = denied()
    event = event_of(world, lambda w: w.fire("file_appeal", "2026-12-02", method="fax"))
    ended = e.Ended(deadline="appeal_filing#1", outcome="satisfied")
    world.append(with_data(event, unproven=(), closed=(*fired(event).closed, ended)))
    assert [rule for _, rule in against(world)] == ["deadline", "deadline"]


def test_a_filing_window_that_does_not_return_is_found() -> None:
    world = denied()
    world.fire("file_appeal", "2026-12-02", confirmation="K-2")
    event = event_of(world, lambda w: w.fire("reject_request", "2026-12-02"))
    assert fired(event).reopened == ("appeal_filing#1",)
    world.append(with_data(event, reopened=()))
    assert against(world) == [(13, "deadline")]


# Changes of deadlines


def moved(event: e.Event, days: int) -> e.Event:
    assert isinstance(event.data, e.Effects)
    (move,) = event.data.moved
    on = move.reading.due_on + timedelta(days)
    reading = replace(move.reading, due_on=on, due_at=end_of_day(on, GUIDE.zone))
    return with_data(event, moved=(replace(move, reading=reading),))


def test_an_extension_of_what_had_lapsed_is_found() -> None:
    world = submitted()
    event = event_of(world, lambda w: w.extend("pa_decision", "2027-02-15"))
    world.at("2027-02-01").append(replace(event, occurred_on=day("2027-02-01"), occurred_at=None))
    assert against(world) == [(11, "change")]
    assert "lapsed" in said(world, "change")[0]


def test_a_wrong_date_after_a_toll_is_found() -> None:
    world = submitted()
    world.at("2026-12-01").toll("pa_decision")
    world.at("2026-12-10")
    event = event_of(world, lambda w: w.resume("pa_decision", "2026-12-10"))
    world.append(moved(event, 3))
    assert against(world) == [(12, "dates")]


def test_a_toll_of_what_is_closed_is_found() -> None:
    world = submitted()
    event = event_of(world, lambda w: w.toll("pa_decision"))
    world.fire("deny", "2026-11-24", notice_on="2026-11-24")
    world.append(event)
    assert against(world) == [(12, "change")]


def test_a_plan_made_in_a_final_state_is_found() -> None:
    world = submitted()
    event = event_of(world, lambda w: w.plan("call", "2026-12-01"))
    world.fire("close", "2026-11-24", close_reason="withdrawn")
    world.append(event)
    assert (12, "change") in against(world)


def test_a_calendar_s_move_that_no_calendar_gives_is_found() -> None:
    world = submitted()
    tracked = world.deadline("pa_decision#1")
    move = e.Moved(
        deadline="pa_decision#1",
        why="calendar",
        reading=later(tracked.deadline, 5).reading,
        standard=None,
    )
    world.append(e.Event(data=e.DeadlineReprojected(moved=(move,)), occurred_on=day("2026-11-24")))
    assert against(world) == [(11, "dates")]


def with_closed_day(on: str) -> str:
    """The text of the Illinois calendar with one more closed day."""
    shipped = calendars.shipped_text("illinois-state")
    assert shipped is not None
    made = json.loads(shipped[1])
    extra = {"date": on, "name": "Snow", "observed_for": on, "status": "official", "source": "us"}
    made["days"] = sorted([*made["days"], extra], key=lambda closed: str(closed["date"]))
    return json.dumps(made, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_a_move_by_a_changed_calendar_is_clean_if_that_calendar_is_on_file() -> None:
    world = submitted()
    home = world.calendars["illinois-state"]
    text = with_closed_day("2026-12-04")
    world.calendars["illinois-state"] = calendars.from_text(text)
    (shift,) = reproject(world.tracker, "sweep")
    assert (shift.deadline, world.dates("pa_decision#1")[0]) == ("pa_decision#1", "2026-12-17")
    assert against(world) == []
    world.calendars["illinois-state"] = home
    assert against(world) == []  # the ledger kept that edition


def test_a_move_by_an_edition_that_nobody_has_is_found() -> None:
    world = submitted()
    home = world.calendars["illinois-state"]
    text = with_closed_day("2026-12-04")
    world.calendars["illinois-state"] = dataclasses.replace(
        calendars.from_text(text), digest="0" * 64
    )
    reproject(world.tracker, "sweep")
    world.calendars["illinois-state"] = home
    assert {rule for _, rule in against(world)} == {"edition", "dates"}
    assert {x.severity for x in found(world)} == {"warning", "info"}


# Corrections, redactions, reminders


def test_a_correction_that_moves_nothing_though_it_should_is_found() -> None:
    world = denied()
    event = event_of(world, lambda w: w.amend(11, notice_on="2026-11-25"))
    world.append(with_data(event, moved=()))
    assert against(world) == [(12, "dates")]


def test_a_correction_out_of_order_is_found() -> None:
    world = denied()
    event = event_of(world, lambda w: w.amend(11, on="2026-12-01"))
    world.append(with_data(event, on=day("2026-11-01")))
    assert "correction" in {rule for _, rule in against(world)}


def test_a_correction_of_what_was_never_said_is_found() -> None:
    world = denied()
    event = event_of(world, lambda w: w.amend(11, notice_on="2026-11-30"))
    world.append(with_data(event, fields={"respond_on": "2026-12-24"}, moved=()))
    assert (12, "field") in against(world)


def test_taking_back_an_older_transition_is_found() -> None:
    world = denied()
    event = event_of(world, lambda w: w.void(11))
    world.append(with_data(event, voids=10))
    assert against(world) == [(12, "correction")]


def test_a_taking_back_that_keeps_what_was_armed_is_found() -> None:
    world = denied()
    event = event_of(world, lambda w: w.void(11))
    world.append(with_data(event, closed=()))
    assert against(world) == [(12, "deadline")]


def test_an_opening_in_the_middle_and_an_entry_of_the_ledger_s_own_are_found() -> None:
    world = submitted()
    entries = world.entries()
    world.append(e.Event(data=entries[0].data, occurred_on=day("2026-11-24")))
    world.append(e.Event(data=e.LedgerOpened(practice=True), occurred_on=day("2026-11-24")))
    assert against(world) == [(11, "type"), (12, "type")]


def test_a_redaction_of_nothing_is_found() -> None:
    world = submitted()
    removed = (e.Target(version=2, name="notes"), e.Target(version=10, name="confirmation"))
    event = e.Event(data=e.ValueRedacted(removed=removed), occurred_on=day("2026-11-24"))
    world.append(event)
    assert against(world) == [(11, "redaction"), (11, "redaction")]
    assert "no notes" in said(world, "redaction")[0]
    assert "still there" in said(world, "redaction")[1]


def reminder(world: World, **changes: object) -> e.Event:
    members = {
        "reminder": "R-1", "deadline": "pa_follow_up#1", "rung": "1bd", "folded": (),
        "act_by": date(2026, 12, 3), "scheduled_for": instant("2026-12-02T00:00"),
        "sent_at": instant("2026-12-02T07:00"), "channels": ("stdout",), "may_repeat": False,
    }  # fmt: skip
    data = e.ReminderSent(**{**members, **changes})  # type: ignore[arg-type]
    return e.Event(data=data, occurred_on=day("2026-12-02"))


def reminding() -> World:
    return submitted().at("2026-12-02T10:00")


def test_a_reminder_as_it_should_be_is_clean() -> None:
    world = reminding()
    world.append(reminder(world))
    assert against(world) == []


@pytest.mark.parametrize(
    "change",
    [
        {"act_by": date(2026, 12, 4)},
        {"rung": "0bd"},
        {"rung": "7bd"},
        {"scheduled_for": instant("2026-12-01T00:00")},
        {"sent_at": instant("2026-12-02T11:00")},
        {"deadline": "inhibitor_fresh#1", "act_by": date(2026, 12, 18)},
    ],
    ids=str,
)
def test_a_reminder_that_is_not_true_is_found(change: dict[str, object]) -> None:
    world = reminding()
    world.append(reminder(world, **change))
    assert {rule for _, rule in against(world)} == {"reminder"}


def test_a_reminder_dated_by_a_later_edition_of_the_calendar_is_clean() -> None:
    """Wednesday 2 December is closed since; the filing's own dates do not hang on it."""
    world = denied()
    act_by = world.reading("appeal_filing#1").act_by
    assert act_by == date(2027, 1, 29)
    world.calendars["illinois-state"] = calendars.from_text(with_closed_day("2027-01-13"))
    world.at("2026-12-31T10:00")
    sent = reminder(
        world, deadline="appeal_filing#1", rung="20bd", act_by=act_by,
        scheduled_for=instant("2026-12-29T00:00"), sent_at=instant("2026-12-31T09:00"),
    )  # fmt: skip
    world.append(replace(sent, occurred_on=day("2026-12-31")))
    assert against(world) == []
    world.calendars["illinois-state"] = KNOWN["illinois-state"]
    assert against(world) == [(12, "reminder")]


def test_a_reminder_sent_twice_is_found() -> None:
    world = reminding()
    world.append(reminder(world))
    world.append(reminder(world, reminder="R-2"))
    assert against(world) == [(12, "reminder")]


def lied_about(event: e.Event, *sent: str) -> e.Event:
    assert isinstance(event.data, e.Effects)
    (move,) = event.data.moved
    return with_data(event, moved=(replace(move, sent=sent),))


def warned() -> World:
    """The call of 3 December, warned of on the 2nd (1bd)."""
    world = reminding()
    world.append(reminder(world))
    return world


def test_a_warning_that_comes_again_under_later_dates_is_clean() -> None:
    world = warned()
    world.extend("pa_follow_up", "2026-12-09")
    assert world.deadline("pa_follow_up#1").sent == ()
    again = reminder(
        world, reminder="R-2", act_by=date(2026, 12, 9),
        scheduled_for=instant("2026-12-08T00:00"), sent_at=instant("2026-12-08T07:00"),
    )  # fmt: skip
    world.at("2026-12-08T10:00").append(replace(again, occurred_on=day("2026-12-08")))
    assert against(world) == []


def test_a_move_that_counts_what_was_never_sent_is_found_once() -> None:
    world = warned()
    event = event_of(world, lambda w: w.extend("pa_follow_up", "2026-12-09"))
    world.append(lied_about(event, "0bd"))
    world.extend("pa_follow_up", "2026-12-10")
    assert against(world) == [(12, "reminder")]
    assert said(world, "reminder") == ["0bd of pa_follow_up#1 counts as sent, and never was"]


def test_a_move_that_silences_a_warning_still_to_come_is_found() -> None:
    """Granted until the 9th, its 1bd comes again on the 8th."""
    world = warned()
    event = event_of(world, lambda w: w.extend("pa_follow_up", "2026-12-09"))
    world.append(lied_about(event, "1bd"))
    assert against(world) == [(12, "reminder")]
    told = "pa_follow_up#1 counts 1bd as sent, and should count nothing"
    assert said(world, "reminder") == [told]
    assert {x.severity for x in found(world) if x.rule == "reminder"} == {"warning"}


def test_a_move_that_warns_again_of_a_day_gone_by_is_found() -> None:
    """Granted until the 4th on the 4th, its 1bd of the 3rd has passed and is not sent again."""
    world = warned().at("2026-12-04T10:00")
    event = event_of(world, lambda w: w.extend("pa_follow_up", "2026-12-04"))
    world.append(lied_about(event))
    assert against(world) == [(12, "reminder")]
    told = "pa_follow_up#1 counts nothing as sent, and should count 1bd"
    assert said(world, "reminder") == [told]


# A clock that ran behind


def test_a_record_that_waited_for_the_one_before_it_is_told_and_held_against_nobody() -> None:
    world = reminding()
    world.note("2026-12-02")
    world.at("2026-11-24T10:00")
    world.plan("call the center", "2026-11-26")
    entry = world.entries()[-1]
    assert entry.data.clock_behind == instant("2026-11-24T10:00")
    assert entry.recorded_at == instant("2026-12-02T10:00")
    assert against(world) == []
    assert said(world, "clock_behind") == ["the clock ran behind, at 2026-11-24T16:00:00.000000Z"]


def test_what_counts_as_sent_is_judged_by_the_clock_that_ran_behind() -> None:
    """On 2 December, as it showed, the 1bd of the 3rd lay ahead; as of the 4th it had passed."""
    world = warned()
    world.at("2026-12-04T10:00").note("2026-12-04")
    world.at("2026-12-02T11:00").extend("pa_follow_up", "2026-12-04")
    assert world.deadline("pa_follow_up#1").sent == ()
    assert against(world) == []


# Values


@pytest.mark.parametrize(
    "fields",
    [
        {"notice_on": "2026-11-24", "reason_code": ("other",), "dob": "1990-01-01"},
        {"notice_on": "2026-11-24", "reason_code": ("because",)},
        {"notice_on": "2026-11-24", "reason_code": ("other",), "denial_reference": "R 7"},
    ],
    ids=["no place", "no code", "not sealed"],
)
def test_a_value_that_does_not_belong_is_found(fields: dict[str, e.Typed]) -> None:
    world = submitted()
    world.append(with_data(denial(world), fields=fields))
    assert against(world) == [(11, "field")]


def test_a_value_that_nobody_could_have_typed_is_found_and_breaks_nothing() -> None:
    world = submitted()
    note = event_of(world, lambda w: w.note("2026-11-24"))
    world.append(with_data(denial(world), fields={"notice_on": "soon"}), note)
    assert (11, "data") in against(world)
    assert {version for version, _ in against(world)} == {11}


# What cannot be known any more


def test_a_guard_on_an_erased_value_is_not_checkable_and_holds_against_nobody() -> None:
    world = submitted()
    world.tracker.redact(world.id, [e.Target(version=2, name="dob")], "asked")
    assert against(world) == []
    told = [x for x in found(world) if x.rule == "guard"]
    assert [(x.severity, x.version) for x in told] == [("info", 10)]
    assert "not checkable" in told[0].detail


def test_an_erased_reason_is_not_checkable() -> None:
    world = opened()
    world.fire("submit", "2026-11-24T09:00")
    world.tracker.redact(world.id, [e.Target(version=2, name="override")], "asked")
    assert against(world) == []
    assert said(world, "guard") == ["not checkable: the reason for the override was erased"]


def test_erased_values_hide_no_other_gap() -> None:
    world = opened()
    for item, values in PACKET.items():
        if item != "approved_center":
            world.record(item, "2026-11-20", **values)
    event = submission(world)
    world.append(replace(with_data(event, overridden=()), typed={"confirmation": "K"}))
    world.tracker.redact(world.id, [e.Target(version=2, name="dob")], "asked")
    assert (9, "guard") in against(world)


# Hindsight


def test_a_correction_that_makes_a_filing_late_is_found_in_hindsight() -> None:
    """65 days from Friday 4 September end on Sunday 8 November; filed on the 10th."""
    world = World("2026-09-10")
    world.fire("submit", "2026-09-01")
    world.fire("deny", "2026-09-10", notice_on="2026-09-09")
    world.at("2026-11-10").fire("file_appeal", "2026-11-10", confirmation="K")
    assert against(world) == []
    world.amend(3, notice_on="2026-09-04")
    assert against(world) == [(4, "hindsight"), (4, "hindsight")]
    guard, late = said(world, "hindsight")
    assert "appeal_filing#1 was due 2026-11-08" in guard
    assert late == "appeal_filing#1 was met late, it was due 2026-11-08, as version 5 has it"
    assert {x.severity for x in found(world) if x.rule == "hindsight"} == {"warning"}


def test_evidence_taken_back_makes_the_step_it_was_needed_for_illegal_in_hindsight() -> None:
    world = submitted()
    world.void(2)
    assert against(world) == [(10, "hindsight")]
    assert "Age verification" in said(world, "hindsight")[0]


def test_a_test_date_corrected_until_it_was_stale_is_found_in_hindsight() -> None:
    world = submitted()
    version = next(
        x.version for x in world.entries()
        if isinstance(x.data, e.EvidenceRecorded) and x.data.item == "inhibitor_test"
    )  # fmt: skip
    world.amend(version, on="2026-10-24")
    stale, late = said(world, "hindsight")
    assert "31 days before 2026-11-24" in stale
    assert late == "inhibitor_fresh#1 was met late, it was due 2026-11-23, as version 11 has it"
    assert against(world) == [(10, "hindsight")] * 2


def test_a_correction_that_changes_nothing_of_the_kind_is_clean() -> None:
    world = denied()
    world.amend(11, notice_on="2026-11-30")
    world.amend(10, method="fax")
    assert against(world) == []


# The record itself


def audited(entries: Sequence[e.Entry]) -> Rules:
    record = Record(name="C-1", entries=entries, workflow=GUIDE)
    made = conformance(record, Editions(KNOWN, lambda _: None), instant("2026-12-24"))
    return [(x.version, x.rule) for x in made if x.severity in COUNTED]


def test_a_gap_in_the_versions_is_found() -> None:
    entries = submitted().entries()
    assert (8, "versions") in audited([*entries[:6], *entries[7:]])
    assert (2, "type") in audited(entries[1:])


def test_a_record_that_runs_backwards_is_found() -> None:
    entries = submitted().entries()
    early = replace(entries[4], recorded_at=entries[4].recorded_at - timedelta(hours=1))
    assert audited([*entries[:4], early, *entries[5:]]) == [(5, "recorded_at")]


# For information


def test_who_acted_and_who_wrote_are_told_once_for_each_pair() -> None:
    world = submitted()
    told = [x for x in found(world) if x.rule == "actor"]
    assert [(x.severity, x.version) for x in told] == [("info", 1)]
    assert told[0].detail == "10 entries by eva, written by os:tester@host"


def test_the_account_s_own_name_is_no_difference() -> None:
    world = submitted()
    own = [replace(entry, actor="tester") for entry in world.entries()]
    record = Record(name="C-1", entries=own, workflow=GUIDE)
    made = conformance(record, Editions(KNOWN, lambda _: None), world.clock.now)
    assert [x for x in made if x.rule == "actor"] == []


def test_a_practice_ledger_is_named_for_what_it_is() -> None:
    told = [x for x in found(opened()) if x.rule == "practice"]
    assert [(x.severity, x.case, x.version) for x in told] == [("info", None, None)]


def test_late_and_lapsed_deadlines_are_told_for_information() -> None:
    world = submitted().at("2027-01-15")
    world.fire("deny", "2027-01-15", notice_on="2027-01-15")
    world.at("2027-06-01")
    told = {(x.severity, x.rule): x.detail for x in found(world)}
    assert told["info", "late"] == "pa_decision#1 was met late"
    assert told["info", "lapsed"] == "appeal_filing#1 was due 2027-03-21 and is still open"
    world.fire("close", "2027-06-01", close_reason="window_lapsed")
    assert "appeal_filing#1 lapsed" in said(world, "lapsed")
    assert against(world) == []
