"""Exports: what ``import`` reads gives the same cases again, whatever was typed."""

import csv
import io
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.errors import Refused
from casetrack.ledger.memory import MemoryLedger
from casetrack.ledger.sql import create_ledger
from casetrack.ledger.store import LEDGER_CASE, Ledger
from casetrack.service import demo
from casetrack.service.desk import Assigning, Firing, Noting, Opening, Recording, Typed, When
from casetrack.service.exporting import GONE, Exported, export
from casetrack.service.files import private_stream
from casetrack.service.following import follow
from casetrack.service.importing import import_sheet
from casetrack.service.rows import join_many, sheet_of, split_many
from casetrack.service.tracker import DEFAULT_WORKFLOW, Tracker
from tests.fakes import FakeClock, fixed_sources

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
LATER = datetime(2027, 1, 15, 18, 0, tzinfo=UTC)
HOSTILE = [
    "=1+1", "+49 170 1", "-5", "@SUM(A1)", "'=quoted", "''", "'", "\t=tab", "\n=line", " leading",
    "trailing ", "two\nlines", 'a "quoted" word', "comma, semicolon; tab\t", "a\\b\\",
    "عربي\u202eevil", "👩\u200d🔬 e\u0301 é", "\ufeffmark", "=", "＝1", "; ;",
    "(redacted)", "none", "NULL", "\u2028x\u2028",
]  # fmt: skip


@pytest.fixture(params=["memory", "sql"])
def tracker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tracker]:
    sources = fixed_sources(FakeClock(NOW))
    ledger: Ledger
    if request.param == "memory":
        ledger = MemoryLedger(sources, practice=True)
    else:
        ledger = create_ledger(str(tmp_path / "ledger.db"), sources, practice=True)
    yield Tracker(ledger, NOW, "exporter")
    ledger.close()


def fresh(now: datetime = NOW) -> Tracker:
    return Tracker(MemoryLedger(fixed_sources(FakeClock(now)), practice=True), now, "importer")


def exported(tracker: Tracker, case_ids: tuple[str, ...] = ()) -> str:
    stream = io.StringIO(newline="")
    export(tracker, stream, case_ids)
    return stream.getvalue()


def again(text: str) -> Tracker:
    """What an export gives when it is imported, some weeks later."""
    other = fresh(LATER)
    with sheet_of(io.BytesIO(text.encode())) as sheet:
        import_sheet(other, sheet)
    return other


def substance(case: Case) -> dict[str, object]:
    """All that is to survive: not the case's own ids, versions and times of recording."""
    return {
        "named": (case.reference, case.patient, case.assignee, case.workflow, case.definition),
        "state": (case.state, case.final, case.expedited, case.opened_on, case.moved_on),
        "at": case.moved_at,
        "fields": case.fields,
        "evidence": {
            name: [(x.on, x.values, x.has_file) for x in found]
            for name, found in case.evidence.items()
        },
        "deadlines": {
            name: (t.deadline, t.outcome, t.closed_on, t.late) for name, t in case.deadlines.items()
        },
        "gaps": [(g.trigger, g.on, g.gap) for g in case.gaps],
    }


def cases(tracker: Tracker) -> dict[str, dict[str, object]]:
    return {
        name: substance(tracker.case(case_id)) for name, case_id in tracker.ledger.references("")
    }


def sealed(tracker: Tracker, reference: str) -> list[dict[str, object]]:
    """Each entry's typed values, the import's own left out."""
    entries = tracker.ledger.entries(tracker.resolve(reference, exact=True))
    return [
        {"actor": entry.actor, **{n: v for n, v in entry.disclosed.items() if n != "import_sha256"}}
        for entry in entries
    ]


def opened(tracker: Tracker, reference: str = "C-1", **more: str) -> str:
    opening = Opening(workflow=DEFAULT_WORKFLOW, reference=reference, patient=more.get("patient"))
    return tracker.open(opening).case.id


def redacted(tracker: Tracker, case_id: str, version: int, *names: str) -> None:
    targets = [e.Target(version=version, name=name) for name in names]
    tracker.redact(case_id, targets, "asked for")


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_demo_comes_back_as_it_was(tracker: Tracker) -> None:
    demo.fill(tracker)
    back = again(exported(tracker))
    assert cases(back) == cases(tracker)
    for reference, _ in tracker.ledger.references(""):
        assert sealed(back, reference) == sealed(tracker, reference)


def test_an_export_of_an_import_is_the_same_file() -> None:
    tracker = fresh()
    demo.fill(tracker)
    text = exported(tracker)
    assert sorted(exported(again(text)).splitlines()) == sorted(text.splitlines())


@pytest.mark.parametrize("value", HOSTILE)
def test_whatever_was_typed_comes_back(value: str) -> None:
    tracker = fresh()
    case_id = opened(tracker, patient=value)
    commands: list[Typed] = [
        Noting(text=value + "."),
        Noting(text=value) if value.strip() else Noting(text="x"),
        Recording(item="diagnosis", pairs=(("icd10", value), ("other_codes", value),
                                           ("other_codes", "D66"), ("notes", value))),
        Recording(item="denial_letter", file=(value, 12, "ab" * 32)),
        Firing(trigger="submit", pairs=(("confirmation", value),), reason=value, override=value),
    ]  # fmt: skip
    for command in commands:
        tracker.do(case_id, command)
    back = again(exported(tracker))
    assert sealed(back, "C-1") == sealed(tracker, "C-1")
    assert cases(back) == cases(tracker)


@pytest.mark.parametrize("value", HOSTILE)
def test_no_cell_starts_a_formula(value: str) -> None:
    tracker = fresh()
    tracker.do(opened(tracker, patient=value), Noting(text=value + "."))
    for row in rows(exported(tracker)):
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row.values())


@given(st.lists(st.text(), min_size=1))
def test_lists_are_joined_without_loss(values: list[str]) -> None:
    assert split_many(join_many(values)) == values


def test_an_instant_and_a_day_come_back_as_such() -> None:
    tracker = fresh()
    case_id = opened(tracker)
    tracker.do(case_id, Firing(trigger="submit", when=When(at="2026-11-24T09:30"), override="x"))
    statement = Recording(item="urgency_statement", when=When(on="2026-11-20"))
    tracker.do(case_id, statement)
    pairs = (("expedite_reason", "active_bleeding"),)
    tracker.do(case_id, Firing(trigger="expedite", when=When(at="2026-11-24T10:00"), pairs=pairs))
    found = rows(exported(tracker))
    assert [(row["on"], row["at"]) for row in found] == [
        ("2026-11-24", ""),
        ("", "2026-11-24T15:30:00.000000Z"),
        ("2026-11-20", ""),
        ("", "2026-11-24T16:00:00.000000Z"),
    ]
    assert cases(again(exported(tracker))) == cases(tracker)


def test_nobodys_case_stays_nobodys() -> None:
    tracker = fresh()
    case_id = opened(tracker)
    for name in ("nurse-a", None):
        tracker.do(case_id, Assigning(name=name))
    back = again(exported(tracker))
    assert back.case(back.resolve("C-1")).assignee is None


def test_the_columns_do_not_depend_on_the_cases() -> None:
    empty, full = fresh(), fresh()
    demo.fill(full)
    header = exported(empty).splitlines()
    assert len(header) == 1
    assert exported(full).splitlines()[0] == header[0]
    assert header[0].startswith("case,action,on,at,patient,workflow,actor,reason,override,text,")


def test_only_the_cases_asked_for_leave() -> None:
    tracker = fresh()
    opened(tracker, "C-1")
    second = opened(tracker, "C-2")
    assert [row["case"] for row in rows(exported(tracker, (second,)))] == ["C-2"]


def test_that_values_left_is_recorded_before_they_do(tracker: Tracker) -> None:
    class Broken(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError("the disk is gone")

    case_id = opened(tracker)
    with pytest.raises(OSError, match="gone"):
        export(tracker, Broken(), (case_id,), "for the auditor")
    export(tracker, io.StringIO(), (), None)
    first, second = tracker.ledger.entries(LEDGER_CASE)[1:]
    assert first.data == e.DisclosureMade(command="export", scope="listed", cases=(case_id,))
    assert first.value("purpose") == "for the auditor"
    assert second.data == e.DisclosureMade(command="export", scope="all", cases=())


def test_redacted_values_are_left_empty_and_the_case_still_imports(tracker: Tracker) -> None:
    case_id = opened(tracker, patient="patient-1")
    tracker.do(case_id, Noting(text="called the patient"))
    tracker.do(case_id, Firing(trigger="submit", override="agreed", reason="late"))
    redacted(tracker, case_id, 1, "patient")
    redacted(tracker, case_id, 2, "note")
    redacted(tracker, case_id, 3, "override", "reason")
    text = exported(tracker)
    assert "patient-1" not in text
    assert "agreed" not in text
    found = rows(text)
    assert [row["action"] for row in found] == ["open", "note", "submit"]
    assert (found[0]["patient"], found[1]["text"], found[2]["reason"], found[2]["override"]) == (
        "",
        GONE,
        "",
        GONE,
    )
    back = again(text)
    case = back.case(back.resolve("C-1"))
    assert (case.state, len(case.gaps)) == ("pa_submitted", 8)


def test_evidence_that_is_redacted_does_not_hold_up_its_case() -> None:
    tracker = fresh()
    demo.fill(tracker)
    case_id = tracker.resolve("DEMO-COMPLETED")
    before = tracker.case(case_id)
    for entry in tracker.ledger.entries(case_id):
        names = sorted(set(entry.disclosed) - {"reference"})
        redacted(tracker, case_id, entry.version, *names)
    back = again(exported(tracker, (case_id,)))
    after = back.case(back.resolve("DEMO-COMPLETED"))
    assert (after.state, after.moved_on) == (before.state, before.moved_on)
    assert after.deadlines.keys() == before.deadlines.keys()
    assert {g.gap.code for g in after.gaps} >= {"incomplete"}


def test_a_case_without_its_reference_goes_by_its_id() -> None:
    tracker = fresh()
    case_id = opened(tracker)
    redacted(tracker, case_id, 1, "reference")
    back = again(exported(tracker))
    assert [name for name, _ in back.ledger.references("")] == [case_id.replace("-", "")]


def test_what_a_case_follows_is_imported_in_whatever_order_they_were_asked_for() -> None:
    made, ids = fresh(), list[str]()
    for ref in ("C-1", "C-2", "C-3"):
        opening = Opening(workflow=DEFAULT_WORKFLOW, reference=ref)
        found = follow(made, opening, ids[-1]).written if ids else made.open(opening)
        ids.append(found.case.id)
    text = exported(made, tuple(reversed(ids)))
    told = [(row["case"], row["follows"]) for row in csv.DictReader(io.StringIO(text))]
    assert told == [("C-3", "C-2"), ("C-2", "C-1"), ("C-1", "")]
    other = again(text)
    assert other.case(other.resolve("C-3")).follows == other.resolve("C-2")


def test_it_counts_what_it_wrote() -> None:
    tracker = fresh()
    tracker.do(opened(tracker), Noting(text="called"))
    assert export(tracker, io.StringIO()) == Exported(cases=1, rows=2)


# -- the file ------------------------------------------------------------------------------------


def write_while(path: Path, meanwhile: Callable[[], object], *, force: bool = False) -> None:
    with private_stream(path, force=force) as stream:
        stream.write("theirs")
        meanwhile()


def test_a_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with private_stream(path, force=False) as stream:
        stream.write("ä\n")
    assert path.read_bytes() == "ä\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_there_is_replaced_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("mine")
    with (
        pytest.raises(Refused, match="--force replaces it"),
        private_stream(path, force=False) as stream,
    ):
        stream.write("theirs")
    assert path.read_text() == "mine"
    with private_stream(path, force=True) as stream:
        stream.write("theirs")
    assert path.read_text() == "theirs"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_appears_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with pytest.raises(Refused, match="exists already"):
        write_while(path, lambda: path.write_text("mine"))
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("force", [False, True])
def test_a_failed_export_leaves_no_file_and_no_part_of_one(tmp_path: Path, force: bool) -> None:
    path = tmp_path / "out.csv"
    with pytest.raises(ZeroDivisionError):
        write_while(path, lambda: 1 // 0, force=force)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is a folder"), private_stream(tmp_path, force=True):
        pass
