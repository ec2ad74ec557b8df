"""Changed deadlines and corrected entries in import and export files."""

import csv
import io
from datetime import UTC, datetime

import pytest

from casetrack.domain.case import Case
from casetrack.errors import Refused
from casetrack.ledger.memory import MemoryLedger
from casetrack.service.exporting import export
from casetrack.service.importing import import_sheet
from casetrack.service.rows import sheet_of
from casetrack.service.tracker import Tracker
from tests.fakes import FakeClock, fixed_sources
from tests.world import World

LATER = datetime(2027, 6, 15, 18, 0, tzinfo=UTC)
HEADER = "case,action,on,at,text,deadline,to,basis,reason,override,notice_on\n"
OPEN = "C-9,open,2026-11-02,,,,,,,,\nC-9,submit,2026-11-24,,,,,,,so,\n"


def exported(world: World) -> str:
    stream = io.StringIO(newline="")
    export(world.tracker, stream)
    return stream.getvalue()


def imported(text: str) -> Tracker:
    """Half a year later."""
    tracker = Tracker(MemoryLedger(fixed_sources(FakeClock(LATER)), practice=True), LATER, "kim")
    with sheet_of(io.BytesIO(text.encode())) as sheet:
        import_sheet(tracker, sheet)
    return tracker


def back(world: World) -> Case:
    tracker = imported(exported(world))
    return tracker.case(tracker.resolve("C-1", exact=True))


def rows(world: World) -> list[dict[str, str]]:
    found = csv.DictReader(io.StringIO(exported(world), newline=""))
    return [{name: cell for name, cell in row.items() if cell} for row in found]


def lives(case: Case) -> dict[str, object]:
    return {
        name: (t.deadline, t.outcome, t.late, t.tolled_on, t.unproven)
        for name, t in case.deadlines.items()
    }


def changed() -> World:
    """Planned, done, extended, stopped and resumed."""
    world = World("2026-11-24T10:00")
    world.fire("submit", "2026-11-24T10:00", method="portal")
    world.plan("call the center", "2026-12-04")
    world.plan("=sum(A1)", "2026-12-08")
    world.at("2026-12-02").done("call the center")
    world.extend("plan#2", "2026-12-11")
    world.toll("pa_decision", "2026-12-01")
    world.at("2026-12-10").resume("pa_decision")
    world.toll("pa_follow_up", "2026-12-02")
    return world


def test_changed_deadlines_come_back_as_they_were() -> None:
    world = changed()
    case = back(world)
    assert lives(case) == lives(world.case)
    assert case.titles == {"plan#1": "call the center", "plan#2": "=sum(A1)"}


def test_an_export_of_that_import_is_the_same_file() -> None:
    text = exported(changed())
    again = imported(text)
    stream = io.StringIO(newline="")
    export(again, stream)
    assert stream.getvalue() == text


def test_the_rows_of_changes_name_the_deadline() -> None:
    found = [{n: r[n] for n in r if n in ("action", "text", "deadline", "to", "basis", "reason")}
             for r in rows(changed())[2:]]  # fmt: skip
    assert found == [
        {"action": "plan", "text": "call the center", "to": "2026-12-04"},
        {"action": "plan", "text": "'=sum(A1)", "to": "2026-12-08"},
        {"action": "done", "deadline": "plan#1"},
        {"action": "extend", "deadline": "plan#2", "to": "2026-12-11", "basis": "42 CFR",
         "reason": "asked"},
        {"action": "toll", "deadline": "pa_decision#1", "reason": "they wait"},
        {"action": "resume", "deadline": "pa_decision#1", "reason": "they go on"},
        {"action": "toll", "deadline": "pa_follow_up#1", "reason": "they wait"},
    ]  # fmt: skip


def test_an_extension_is_judged_by_the_instant_at_which_it_was_granted() -> None:
    """Long past now, and not lapsed then."""
    world = World("2026-09-10")
    world.fire("submit", "2026-09-01")
    world.fire("deny", "2026-09-10", notice_on="2026-09-04")
    world.at("2026-11-08T20:00").extend("appeal_filing", "2026-12-20")
    assert lives(back(world)) == lives(world.case)
    text = exported(world).replace("2026-11-09T02:00:00.000000Z", "2026-11-09T06:00:00.000000Z")
    with pytest.raises(Refused) as found:
        imported(text)
    assert "lapsed" in found.value.reasons[0]


def test_an_amended_entry_leaves_as_amended() -> None:
    world = World("2026-09-24")
    world.record("inhibitor_test", "2026-08-20", result="positive")
    world.fire("submit", "2026-09-01T10:00", confirmation="K-1")
    world.fire("deny", "2026-09-10", notice_on="2026-09-09")
    world.amend(2, result="negative", on="2026-08-21")
    world.amend(3, confirmation="K-2", on="2026-09-02")
    world.amend(4, notice_on="2026-09-05")
    world.amend(7, notice_on="2026-09-04")

    found = rows(world)
    assert [r["action"] for r in found] == ["open", "record:inhibitor_test", "submit", "deny"]
    assert (found[1]["result"], found[1]["on"]) == ("negative", "2026-08-21")
    assert (found[2]["confirmation"], found[2]["on"]) == ("K-2", "2026-09-02")
    assert "at" not in found[2]
    assert found[3]["notice_on"] == "2026-09-04"
    case = back(world)
    assert case.fields == world.case.fields
    assert {x.on for known in case.evidence.values() for x in known} == {
        x.on for known in world.case.evidence.values() for x in known
    }
    assert {n: (t.deadline, t.outcome) for n, t in case.deadlines.items() if t.outcome is None} == {
        n: (t.deadline, t.outcome) for n, t in world.case.deadlines.items() if t.outcome is None
    }


def test_a_row_that_returns_a_deadline_returns_it_as_it_was_amended() -> None:
    world = World("2026-09-10")
    world.fire("submit", "2026-09-01")
    world.fire("deny", "2026-09-10", notice_on="2026-09-09")
    world.fire("file_appeal", "2026-09-10", confirmation="F-1")
    world.amend(3, notice_on="2026-09-04")
    text = "case,action,on\nC-1,reject_request,2026-10-01\n"
    with sheet_of(io.BytesIO(text.encode())) as sheet:
        import_sheet(world.at("2026-10-02").tracker, sheet)
    assert world.dates("appeal_filing#1") == ("2026-11-08", "2026-11-02", "2026-11-03")
    assert lives(back(world)) == lives(world.case)


def test_an_amended_patient_leaves_as_amended() -> None:
    world = World()
    from casetrack.service.typed import Opening

    opening = Opening(workflow="humana-il-guide", reference="C-2", patient="P 1")
    world.id = world.tracker.open(opening).case.id
    world.amend(1, patient="P 2")
    assert [r["patient"] for r in rows(world) if r["case"] == "C-2"] == ["P 2"]


def test_what_was_taken_back_stays_behind_and_deadlines_are_numbered_anew() -> None:
    world = World("2026-12-02")
    world.record("inhibitor_test", "2026-11-20", result="positive")
    world.fire("submit", "2026-11-24")
    world.void(2)
    world.void(3)
    world.fire("submit", "2026-11-25")
    world.toll("pa_decision#2", "2026-12-01")
    world.resume("pa_decision")
    assert [r["action"] for r in rows(world)] == ["open", "submit", "toll", "resume"]
    assert [r.get("deadline") for r in rows(world)[2:]] == ["pa_decision#1"] * 2
    case = back(world)
    assert case.state == "pa_submitted"
    assert case.deadlines["pa_decision#1"].deadline.reading == world.reading("pa_decision#2")


def test_a_change_of_a_deadline_that_was_taken_back_stays_behind() -> None:
    world = World("2026-12-02")
    world.fire("submit", "2026-11-24")
    world.extend("pa_decision", "2027-01-04")
    world.void(2)
    assert [r["action"] for r in rows(world)] == ["open"]
    assert back(world).state == "intake"


def test_redacted_titles_and_reasons_still_import() -> None:
    world = changed()
    from casetrack.service.redaction import all_targets

    gone = [t for t in all_targets(world.entries()) if t.name != "reference"]
    world.tracker.redact(world.id, gone, "asked for")
    case = back(world)
    assert set(case.titles.values()) == {"(redacted) plan#1", "(redacted) plan#2"}
    # Guards are overridden where values are gone; the deadlines are the same.
    assert lives(case) == lives(world.case)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("C-9,plan,2026-11-24,,,,2026-12-04,,,,", "text: is empty; plan rows need it"),
        ("C-9,plan,2026-11-24,,secret,,,,,,", "to: is empty; plan rows need it"),
        ("C-9,plan,2026-11-24,,secret,,2026-11-23,,,,", "action: 2026-11-23 is before"),
        ("C-9,plan,2026-11-24,,secret,,soon,,,,", "not a date"),
        ("C-9,plan,2026-11-24,,secret,plan#1,2026-12-04,,,,", "deadline: it stands on done,"),
        ("C-9,plan,2026-11-24,,secret,,2026-12-04,,,,2026-11-23", "notice_on: plan rows have no"),
        ("C-9,done,2026-11-24,,,secret,,,,,", "deadline: no deadline of our own"),
        ("C-9,done,2026-11-24,,,,,,,,", "deadline: is empty; done rows need it"),
        ("C-9,extend,2026-11-24,,,pa_decision,2026-12-20,,secret,,", "basis: is empty"),
        ("C-9,extend,2026-11-24,,,pa_decision,2026-12-10,secret,secret,,", "is not later than"),
        ("C-9,extend,2026-12-17,,,pa_decision,2026-12-20,secret,secret,,", "lapsed"),
        ("C-9,toll,2026-11-24,,,pa_decision,,,,,", "reason: is empty; toll rows need it"),
        ("C-9,toll,2026-11-24,,,secret,,,secret,,", "no such deadline"),
        ("C-9,resume,2026-11-24,,,pa_decision,,,secret,,", "does not stand still"),
        ("C-9,amend,2026-11-24,,,,,,secret,,", "no such trigger"),
        ("C-9,plan:x,2026-11-24,,secret,,2026-12-04,,,,", "text: it stands on"),
        ("C-9,submit,2026-11-24,,,pa_decision,,,,,", "deadline: it stands on"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_written(row: str, words: str) -> None:
    tracker = Tracker(MemoryLedger(fixed_sources(FakeClock(LATER)), practice=True), LATER, "kim")
    text = HEADER + OPEN + row + "\n"
    with sheet_of(io.BytesIO(text.encode())) as sheet, pytest.raises(Refused) as found:
        import_sheet(tracker, sheet)
    assert words in found.value.reasons[0]
    assert found.value.reasons[0].startswith("row 4: case C-9: ")
    assert "secret" not in str(found.value.reasons)
    assert tracker.ledger.stats().cases == 0
