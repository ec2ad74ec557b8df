"""Imports: a case goes in whole or not at all, and every bad file is refused by name."""

import csv
import hashlib
import io
import os
import stat
from collections.abc import Iterator, Sized
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from casetrack.domain import events as e
from casetrack.errors import CasetrackError, Refused, Unparsable
from casetrack.ledger import writing
from casetrack.ledger.memory import MemoryLedger
from casetrack.ledger.sql import create_ledger, open_ledger
from casetrack.ledger.store import Ledger
from casetrack.service.desk import Opening, When
from casetrack.service.importing import SHOWN, Mode, Outcome, import_sheet
from casetrack.service.rejects import beside
from casetrack.service.rows import MAX_CELL, MAX_RECORD, Sheet, join_many, opened, split_many
from casetrack.service.tracker import Tracker
from tests.fakes import FakeClock, fixed_sources

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
HEAD = "case,action,on,patient,method,override,text,result"
GOOD = """\
case,action,on,patient,method,override,text,result
C-1,open,2026-11-02,patient-1,,,,
C-1,record:inhibitor_test,2026-11-03,,,,,negative
C-1,submit,2026-11-04,,portal,the rest follows,,
C-2,open,2026-11-02,patient-2,,,,
C-2,note,2026-11-02,,,,called,
"""


@pytest.fixture(params=["memory", "sql"])
def tracker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tracker]:
    sources = fixed_sources(FakeClock(NOW))
    ledger: Ledger
    if request.param == "memory":
        ledger = MemoryLedger(sources)
    else:
        ledger = create_ledger(str(tmp_path / "ledger.db"), sources)
    yield Tracker(ledger, NOW, "importer")
    ledger.close()


@pytest.fixture
def sql(tmp_path: Path) -> Iterator[Tracker]:
    ledger = create_ledger(str(tmp_path / "ledger.db"), fixed_sources(FakeClock(NOW)))
    yield Tracker(ledger, NOW, "importer")
    ledger.close()


@pytest.fixture
def memory() -> Tracker:
    return Tracker(MemoryLedger(fixed_sources(FakeClock(NOW))), NOW, "importer")


def run(tracker: Tracker, path: Path, text: str | bytes, mode: Mode | None = None) -> Outcome:
    """Import a real file of that content."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with opened(str(path)) as sheet:
        return import_sheet(tracker, sheet, mode or Mode())


def written(tracker: Tracker) -> int:
    return tracker.ledger.stats().cases


def entries(tracker: Tracker, reference: str) -> tuple[e.Entry, ...]:
    return tracker.ledger.entries(tracker.resolve(reference, exact=True))


def refusal(tracker: Tracker, path: Path, text: str | bytes) -> CasetrackError:
    """The error that a bad file gives; nothing is written and nothing typed is repeated."""
    with pytest.raises(CasetrackError) as caught:
        run(tracker, path, text)
    assert written(tracker) == 0
    said = " ".join((caught.value.message, *caught.value.reasons))
    assert "patient-1" not in said
    assert "secret" not in said
    return caught.value


def reasons(tracker: Tracker, path: Path, *lines: str) -> tuple[str, ...]:
    return refusal(tracker, path, "\n".join(lines) + "\n").reasons


# -- good files ----------------------------------------------------------------------------------


def test_cases_are_opened_and_moved(tracker: Tracker, tmp_path: Path) -> None:
    outcome = run(tracker, tmp_path / "good.csv", GOOD)
    assert (outcome.rows, outcome.cases, outcome.rejected) == (5, 2, 0)
    case = tracker.case(tracker.resolve("C-1"))
    assert (case.state, case.patient, case.fields["method"]) == (
        "pa_submitted",
        "patient-1",
        "portal",
    )


def test_an_entry_holds_its_row_and_the_files_digest_sealed(
    tracker: Tracker, tmp_path: Path
) -> None:
    run(tracker, tmp_path / "good.csv", GOOD)
    found = [*entries(tracker, "C-1"), *entries(tracker, "C-2")]
    digest = hashlib.sha256(GOOD.encode()).hexdigest()
    assert [entry.data.row for entry in found] == [2, 3, 4, 5, 6]
    assert {entry.value("import_sha256") for entry in found} == {digest}
    assert not any(digest in entry.body for entry in found)
    assert {entry.recorded_at for entry in found} == {NOW}


def test_the_views_are_those_of_a_replay(tracker: Tracker, tmp_path: Path) -> None:
    run(tracker, tmp_path / "good.csv", GOOD)
    case_id = tracker.resolve("C-1")
    before = tracker.ledger.views(case_id)
    tracker.ledger.rebuild()
    assert tracker.ledger.views(case_id) == before


def test_a_row_may_name_its_actor(memory: Tracker, tmp_path: Path) -> None:
    text = "case,action,on,actor\nC-1,open,2026-11-02,nurse-a\nC-1,submit,2026-11-03,\n"
    text = text.replace("on,actor", "on,actor,override").replace("nurse-a", "nurse-a,")
    run(memory, tmp_path / "x.csv", text.replace("03,\n", "03,,agreed\n"))
    assert [entry.actor for entry in entries(memory, "C-1")] == ["nurse-a", "importer"]


def test_a_case_in_the_ledger_is_continued(tracker: Tracker, tmp_path: Path) -> None:
    tracker.open(Opening(workflow="humana-il-guide", reference="C-1"))
    text = "case,action,on,override\nC-1,submit,2026-11-24,agreed\n"
    run(tracker, tmp_path / "more.csv", text)
    assert tracker.case(tracker.resolve("C-1")).state == "pa_submitted"


def test_an_unneeded_override_is_ignored(memory: Tracker, tmp_path: Path) -> None:
    run(memory, tmp_path / "x.csv", "case,action,on,override\nC-1,open,2026-11-02,no need\n")
    assert entries(memory, "C-1")[0].value("override") is None


def test_an_instant_stands_for_its_day(memory: Tracker, tmp_path: Path) -> None:
    run(memory, tmp_path / "x.csv", "case,action,at\nC-1,open,2026-11-03T01:30:00.000000Z\n")
    entry = entries(memory, "C-1")[0]
    assert entry.occurred_on.isoformat() == "2026-11-02"
    assert entry.occurred_at == datetime(2026, 11, 3, 1, 30, tzinfo=UTC)


def test_an_assignee_stands_in_text_and_none_is_nobody(memory: Tracker, tmp_path: Path) -> None:
    lines = [f"C-1,assign,2026-11-03,{who}" for who in ("nurse-a", "none", "nurse-b", "")]
    text = "\n".join(["case,action,on,text", "C-1,open,2026-11-02,", *lines]) + "\n"
    run(memory, tmp_path / "x.csv", text)
    found = [entry.data for entry in entries(memory, "C-1")[1:]]
    assert [d.assignee for d in found if isinstance(d, e.CaseAssigned)] == [
        "nurse-a",
        None,
        "nurse-b",
        None,
    ]


def test_a_file_of_evidence_is_kept_sealed(memory: Tracker, tmp_path: Path) -> None:
    digest = "ab" * 32
    text = (
        "case,action,on,file_name,file_size,file_sha256\nC-1,open,2026-11-02,,,\n"
        f"C-1,record:denial_letter,2026-11-03,letter.pdf,1234,{digest}\n"
    )
    run(memory, tmp_path / "x.csv", text)
    entry = entries(memory, "C-1")[1]
    assert [entry.value(n) for n in ("file_name", "file_size", "file_sha256")] == [
        "letter.pdf",
        "1234",
        digest,
    ]


@pytest.mark.parametrize(
    ("cell", "values"),
    [("D66;D68", ["D66", "D68"]), (r"a\;b;c", ["a;b", "c"]), (r"a\\;b", ["a\\", "b"]), ("x", ["x"]),
     (r"a\b", [r"a\b"])],
)  # fmt: skip
def test_a_semicolon_separates_repeated_values(cell: str, values: list[str]) -> None:
    assert split_many(cell) == values
    assert split_many(join_many(values)) == values


def test_a_semicolon_splits_no_other_field(memory: Tracker, tmp_path: Path) -> None:
    text = (
        "case,action,on,notes,other_codes\nC-1,open,2026-11-02,,\n"
        "C-1,record:diagnosis,2026-11-03,one; two,M36.2;Z79\n"
    )
    run(memory, tmp_path / "x.csv", text)
    entry = entries(memory, "C-1")[1]
    assert (entry.value("notes"), entry.value("other_codes")) == ("one; two", ("M36.2", "Z79"))


@pytest.mark.parametrize(
    "text",
    [
        GOOD.encode("utf-8-sig"),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.encode() + b"\n\n",
        GOOD.encode().rstrip(b"\n"),
        GOOD.replace("called", '"called\r\nagain"').encode(),
    ],
    ids=["byte order mark", "CRLF", "empty lines at the end", "no last line end", "CRLF in a cell"],
)
def test_spreadsheets_ways_of_saving_are_read(memory: Tracker, tmp_path: Path, text: bytes) -> None:
    assert run(memory, tmp_path / "x.csv", text).rows == 5


def test_line_ends_inside_a_cell_become_newlines(memory: Tracker, tmp_path: Path) -> None:
    run(memory, tmp_path / "x.csv", GOOD.replace("called", '"called\r\nagain"'))
    assert entries(memory, "C-2")[1].value("note") == "called\nagain"


def test_an_apostrophe_before_a_formula_is_taken_off(memory: Tracker, tmp_path: Path) -> None:
    run(memory, tmp_path / "x.csv", GOOD.replace("called", "'=1+1"))
    assert entries(memory, "C-2")[1].value("note") == "=1+1"


def test_a_dry_run_writes_nothing(tracker: Tracker, tmp_path: Path) -> None:
    outcome = run(tracker, tmp_path / "x.csv", GOOD, Mode(dry_run=True))
    assert (outcome.rows, outcome.cases, outcome.dry_run) == (5, 2, True)
    assert written(tracker) == 0


def test_progress_counts_every_row(memory: Tracker, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(GOOD)
    told: list[int] = []
    with opened(str(tmp_path / "x.csv")) as sheet:
        import_sheet(memory, sheet, advance=told.append)
    assert told == [3, 2]


def test_what_can_be_read_only_once_is_copied(memory: Tracker) -> None:
    reader, writer = os.pipe()
    os.write(writer, GOOD.encode())
    os.close(writer)
    with opened(f"/dev/fd/{reader}") as sheet:
        assert import_sheet(memory, sheet).rows == 5
    os.close(reader)


# -- files that are none -------------------------------------------------------------------------

ENDLESS = '"' + f"{'x' * 999}\n" * (MAX_RECORD // 999)


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        (b"", Refused, "the file is empty"),
        (b"\n\n", Refused, "the file is empty"),
        (f"{HEAD}\n".encode(), Refused, "a header and no rows"),
        (GOOD.replace(",", ";").encode(), Refused,
         "saved with semicolons; save as comma-separated CSV UTF-8"),
        (b"sep=;\n" + GOOD.replace(",", ";").encode(), Refused, "saved with semicolons"),
        (GOOD.replace(",", "\t").encode(), Refused, "saved with tabs"),
        (GOOD.replace("called", "Müller").encode("latin-1"), Unparsable,
         "line 6 is not UTF-8 text"),
        (GOOD.encode("utf-16"), Unparsable, "line 1 is not UTF-8 text"),
        (GOOD.replace("called", '"called').encode(), Unparsable, "row 6 is not well-formed CSV"),
        (GOOD.replace("called", '"called" twice').encode(), Unparsable,
         "row 6 is not well-formed CSV"),
        (GOOD.replace("\n", "\r").encode(), Unparsable, "not well-formed CSV"),
        (GOOD.replace("called", "x" * (MAX_RECORD + 1)).encode(), Unparsable, "line 6: one row is"),
        (GOOD.replace("called", ENDLESS).encode(), Unparsable, "one row is over"),
    ],
    ids=["empty", "empty lines", "only a header", "semicolons", "sep=;", "tabs", "Latin-1",
         "UTF-16", "open quote", "text after a quote", "CR only", "endless line", "endless cell"],
)  # fmt: skip
def test_a_file_that_is_none_is_refused(
    memory: Tracker, tmp_path: Path, text: bytes, error: type[CasetrackError], says: str
) -> None:
    found = refusal(memory, tmp_path / "bad.csv", text)
    assert type(found) is error
    assert says in found.message


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("case,on", "there is no column action"),
        ("action,on", "there is no column case"),
        ("case,action,on,", "column 4 has no name"),
        ("case,action,on,on", "column 4: on stands twice"),
        ("case,action,on,Notice Date", "column 4: a name has small letters"),
        ("Case,action,on", "there is no column case"),
        ("patient-1,open,2026-11-24,secret", "there is no column case"),
        ("case,action,on,res\x00ult", "column 4: a name has small letters"),
    ],
)
def test_a_header_that_names_no_columns_is_refused(
    memory: Tracker, tmp_path: Path, header: str, says: str
) -> None:
    found = refusal(memory, tmp_path / "bad.csv", f"{header}\nC-1,open,2026-11-24\n")
    assert any(says in reason for reason in found.reasons)


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused, match="can't be read"), opened(str(tmp_path / name)):
        pass


def test_a_file_that_changes_while_it_is_read_is_refused(memory: Tracker) -> None:
    stream = io.BytesIO(GOOD.encode())
    sheet = Sheet(stream)
    stream.seek(0)
    stream.write(GOOD.replace("called", "mailed").encode())
    with pytest.raises(Refused, match="changed while it was read"):
        import_sheet(memory, sheet)
    assert written(memory) == 0


# -- rows that are bad ---------------------------------------------------------------------------

OPEN = "C-1,open,2026-11-02,patient-1,,,,"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (
            "C-1,submitt,2026-11-03,,,,,",
            "action: humana-il-guide has no such trigger; did you mean",
        ),
        ("C-1,,2026-11-03,,,,,", "action: is empty"),
        ("C-1,open,2026-11-03,,,,,", "action: the case is open already"),
        ("C-1,record:,2026-11-03,,,,,", "action: humana-il-guide has no such item"),
        ("C-1,record:agee,2026-11-03,,,,,", "action: humana-il-guide has no such item; did you"),
        ("C-1,note,2026-11-03,,,,,", "text: is empty"),
        ("C-1,note,2026-11-03,,,,  ,", "text: is empty"),
        ("C-1,note,,,,,secret,", "on: the row says neither on nor at"),
        ("C-1,note,03/11/2026,,,,secret,", "on: not a date"),
        ("C-1,note,2026-02-30,,,,secret,", "on: there is no day 2026-02-30"),
        ("C-1,note,2026-11-25,,,,secret,", "on: 2026-11-25 is in the future"),
        ("C-1,note,2026-11-03,secret,,,x,", "patient: it stands on open rows only"),
        ("C-1,submit,2026-11-03,,portal,yes,secret,", "text: it stands on note, assign, plan"),
        ("C-1,assign,2026-11-03,,portal,,nurse-a,", "method: an assign row has no fields"),
        ("C-1,submit,2026-11-03,,pigeon,yes,,", "method: not one of portal, fax"),
        ("C-1,submit,2026-11-03,,,yes,,negative", "result: no field result here"),
        ("C-1,record:inhibitor_test,2026-11-03,,,,,secret", "result: not one of negative"),
        ("C-1,deny,2026-11-03,,,,,", "action: not possible from intake"),
        ("C-1,submit,2026-11-03,,,,,", "action: Age verification: nothing on file"),
        ("C-1,note,2026-11-03,,,,secret", "row: it has 7 cells, and the header 8"),
        ("C-1,note,2026-11-03,,,,secret,,", "row: it has 9 cells, and the header 8"),
        ("C-1,note,2026-11-03,,,,sec\x00ret,", "text: holds a control character"),
        ("C-1,note,2026-11-03,,,,sec\x1bret,", "text: holds a control character"),
        (f"C-1,note,2026-11-03,,,,{'x' * (1 << 20)},", "text: the cell has 1,048,576 bytes"),
        (f"C-1,assign,2026-11-03,,,,{'x' * 201},", "text: assignee has 201 bytes"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_written(
    memory: Tracker, tmp_path: Path, row: str, says: str
) -> None:
    (reason,) = reasons(memory, tmp_path / "bad.csv", HEAD, "C-9,open,2026-11-02,,,,,", OPEN, row)
    assert reason.startswith(f"row 4: case C-1: {says}")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (f"C-1,open,2026-11-02,{'x' * 201},,,,", "row 2: case C-1: patient: patient has 201 bytes"),
        (f"{'C' * 33},open,2026-11-02,,,,,", "row 2: case: is no reference"),
        ("secret name,open,2026-11-02,,,,,", "row 2: case: is no reference"),
        (",open,2026-11-02,,,,,", "row 2: case: is empty"),
        ("C-1,note,2026-11-02,,,,hello,", "row 2: case C-1: case: no case of that reference"),
    ],
)
def test_a_bad_first_row_is_named(memory: Tracker, tmp_path: Path, row: str, says: str) -> None:
    (reason,) = reasons(memory, tmp_path / "bad.csv", HEAD, row)
    assert reason.startswith(says)


@pytest.mark.parametrize(
    ("columns", "cells", "says"),
    [
        ("workflow", "nowhere", "workflow: no workflow has that id"),
        ("reason", "secret", "reason: it stands on rows of triggers, and extend"),
        ("at", "2026-11-02T10", "at: not an instant"),
        ("at", "2026-11-01T01:30", "at: 2026-11-01T01:30 happens twice"),
        ("actor", "x" * 201, "actor: actor has 201 bytes"),
        ("file_size", "12", "file_size: it stands on record rows only"),
    ],
)
def test_a_bad_cell_of_an_open_row_is_named(
    memory: Tracker, tmp_path: Path, columns: str, cells: str, says: str
) -> None:
    on = "" if columns == "at" else "2026-11-02"
    lines = (f"case,action,on,{columns}", f"C-1,open,{on},{cells}")
    (reason,) = reasons(memory, tmp_path / "bad.csv", *lines)
    assert reason.startswith(f"row 2: case C-1: {says}")


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ("letter.pdf,12,", "file_name: file_name, file_size and file_sha256 stand together"),
        (f"letter.pdf,12 KB,{'a' * 64}", "file_size: not a number of bytes"),
        (f"letter.pdf,12,{'A' * 64}", "file_sha256: not a SHA-256"),
    ],
)
def test_a_bad_evidence_file_is_named(
    memory: Tracker, tmp_path: Path, cells: str, says: str
) -> None:
    head = "case,action,on,file_name,file_size,file_sha256"
    row = f"C-1,record:denial_letter,2026-11-03,{cells}"
    (reason,) = reasons(memory, tmp_path / "bad.csv", head, "C-1,open,2026-11-02,,,", row)
    assert reason.startswith(f"row 3: case C-1: {says}")


def test_an_expedited_trigger_needs_an_instant(memory: Tracker, tmp_path: Path) -> None:
    head = "case,action,on,override,expedite_reason"
    lines = ("C-1,open,2026-11-02,,", "C-1,submit,2026-11-03,yes,",
             "C-1,expedite,2026-11-04,yes,active_bleeding")  # fmt: skip
    (reason,) = reasons(memory, tmp_path / "bad.csv", head, *lines)
    assert reason.startswith("row 4: case C-1: action: an expedited clock runs in hours")


def test_a_reference_that_is_taken_is_refused(tracker: Tracker, tmp_path: Path) -> None:
    tracker.open(Opening(workflow="humana-il-guide", reference="C-2"))
    for mode in (Mode(), Mode(dry_run=True)):
        with pytest.raises(Refused) as caught:
            run(tracker, tmp_path / "x.csv", GOOD, mode)
        (reason,) = caught.value.reasons
        assert reason.startswith("row 5: case C-2: case: a case with that reference exists already")
    assert written(tracker) == 1


def test_a_reference_that_another_host_takes_meanwhile_is_blamed_on_no_other_case(
    database: str, tmp_path: Path
) -> None:
    def opening(reference: str) -> Opening:
        return Opening(workflow="humana-il-guide", reference=reference, when=When(on="2026-11-02"))

    sources = fixed_sources(FakeClock(NOW))
    with (
        closing(create_ledger(database, sources)) as ledger,
        closing(open_ledger(database, sources)) as elsewhere,
    ):
        other = Tracker(elsewhere, NOW, "another host")
        other.open(opening("C-0"))
        file = tmp_path / "x.csv"
        file.write_text("case,action,on,follows\nC-1,open,2026-11-02,\nC-2,open,2026-11-02,C-1\n")
        taken: list[int] = []

        def advance(rows: int) -> None:
            if not taken:
                other.open(opening("C-1"))
            taken.append(rows)

        with (
            opened(str(file)) as sheet,
            pytest.raises(Refused, match=r"^a case with that reference exists already") as caught,
        ):
            import_sheet(Tracker(ledger, NOW, "importer"), sheet, advance=advance)
        assert (caught.value.reasons, taken) == ((), [1])
        assert [name for name, _ in ledger.references("")] == ["C-0", "C-1"]


def test_rows_of_a_case_that_stand_apart_are_refused_by_name(
    memory: Tracker, tmp_path: Path
) -> None:
    apart = GOOD + "C-1,note,2026-11-20,,,,called,\n"
    found = refusal(memory, tmp_path / "bad.csv", apart).reasons
    assert [reason.partition(": case: ")[0] for reason in found] == [
        "row 2: case C-1",
        "row 7: case C-1",
    ]
    assert all("do not stand together" in reason for reason in found)


def test_only_the_first_reasons_are_listed(memory: Tracker, tmp_path: Path) -> None:
    lines = [f"C-{n},open,2027-01-01" for n in range(SHOWN + 5)]
    found = refusal(memory, tmp_path / "bad.csv", "\n".join(["case,action,on", *lines]))
    assert len(found.reasons) == SHOWN
    assert f"{SHOWN + 5} of {SHOWN + 5} cases" in found.message


def test_the_longest_note_fits_in_a_cell(memory: Tracker, tmp_path: Path) -> None:
    run(memory, tmp_path / "x.csv", GOOD.replace("called", "x" * MAX_CELL))
    assert entries(memory, "C-2")[1].value("note") == "x" * MAX_CELL


# -- keep going ----------------------------------------------------------------------------------


def keep_going(path: Path) -> Mode:
    return Mode(keep_going=True, rejected=path)


def test_the_good_cases_go_in_and_the_others_rows_are_kept(
    tracker: Tracker, tmp_path: Path
) -> None:
    rejected = tmp_path / "x.rejected.csv"
    text = GOOD.replace("C-1,submit,2026-11-04,,portal", "C-1,submit,2026-11-04,,pigeon")
    outcome = run(tracker, tmp_path / "x.csv", text, keep_going(rejected))
    assert (outcome.rows, outcome.cases, outcome.rejected) == (5, 2, 1)
    assert tracker.ledger.references("") == [("C-2", tracker.resolve("C-2"))]
    rows = list(csv.reader(io.StringIO(rejected.read_text())))
    assert [row[:-1] for row in rows] == [line.split(",") for line in text.splitlines()[:4]]
    assert [row[-1] for row in rows] == [
        "rejected_because",
        "row 4 of the case is rejected",
        "row 4 of the case is rejected",
        rows[3][-1],
    ]
    assert rows[3][-1].startswith("method: not one of portal")
    assert stat.S_IMODE(rejected.stat().st_mode) == 0o600


def test_a_mended_file_of_rejected_rows_is_imported(tracker: Tracker, tmp_path: Path) -> None:
    rejected = tmp_path / "x.rejected.csv"
    run(tracker, tmp_path / "x.csv", GOOD.replace("portal", "pigeon"), keep_going(rejected))
    run(tracker, tmp_path / "y.csv", rejected.read_text().replace("pigeon", "portal"))
    assert tracker.case(tracker.resolve("C-1")).state == "pa_submitted"


def test_a_file_of_rejected_rows_is_rejected_again_with_one_reason(
    memory: Tracker, tmp_path: Path
) -> None:
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    run(memory, tmp_path / "x.csv", GOOD.replace("portal", "pigeon"), keep_going(first))
    run(memory, tmp_path / "y.csv", first.read_bytes(), keep_going(second))
    assert second.read_text() == first.read_text()


def test_a_rejected_formula_is_kept_harmless(memory: Tracker, tmp_path: Path) -> None:
    rejected = tmp_path / "r.csv"
    text = "case,action,on,text\nC-1,note,2026-11-02,=HYPERLINK(1)\n"
    run(memory, tmp_path / "x.csv", text, keep_going(rejected))
    assert ",'=HYPERLINK(1)," in rejected.read_text()


def test_no_file_is_left_where_nothing_is_rejected(memory: Tracker, tmp_path: Path) -> None:
    run(memory, tmp_path / "x.csv", GOOD, keep_going(tmp_path / "r.csv"))
    assert not (tmp_path / "r.csv").exists()


def test_a_file_of_rejected_rows_is_never_overwritten(memory: Tracker, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("mine")
    with pytest.raises(Refused, match="exists already"):
        run(memory, tmp_path / "x.csv", GOOD, keep_going(tmp_path / "r.csv"))
    assert written(memory) == 0
    assert (tmp_path / "r.csv").read_text() == "mine"


def test_a_dry_run_that_keeps_going_leaves_nothing_behind(memory: Tracker, tmp_path: Path) -> None:
    mode = Mode(keep_going=True, dry_run=True, rejected=tmp_path / "r.csv")
    outcome = run(memory, tmp_path / "x.csv", GOOD.replace("portal", "pigeon"), mode)
    assert (outcome.cases, outcome.rejected) == (2, 1)
    assert written(memory) == 0
    assert not (tmp_path / "r.csv").exists()


def test_a_case_whose_rows_stand_apart_is_rejected_whole(memory: Tracker, tmp_path: Path) -> None:
    text = GOOD + "C-1,note,2026-11-20,,,,called,\n"
    outcome = run(memory, tmp_path / "x.csv", text, keep_going(tmp_path / "r.csv"))
    assert outcome.rejected == 2
    assert [name for name, _ in memory.ledger.references("")] == ["C-2"]


def test_a_row_without_a_case_is_rejected_alone(memory: Tracker, tmp_path: Path) -> None:
    text = GOOD + "\n,note\nC-3,open,2026-11-02,,,,,\n"
    outcome = run(memory, tmp_path / "x.csv", text, keep_going(tmp_path / "r.csv"))
    assert (outcome.cases, outcome.rejected) == (4, 1)
    assert "it has 2 cells" in outcome.reasons[0]


@pytest.mark.parametrize(
    ("source", "target"),
    [("a/b.csv", "a/b.rejected.csv"), ("a/b.CSV", "a/b.rejected.csv"), ("b", "b.rejected.csv")],
)
def test_rejected_rows_lie_beside_their_file(source: str, target: str) -> None:
    assert str(beside(source)) == target


def test_rejected_rows_of_standard_input_need_a_place() -> None:
    with pytest.raises(Refused, match="--rejected PATH"):
        beside("-")


# -- many rows -----------------------------------------------------------------------------------


def many(bad: int | None) -> str:
    """10,000 rows of 500 cases; the bad one is fired from the wrong state."""
    lines = ["case,action,on,text,override"]
    for n in range(500):
        trigger = "deny" if n == bad else "submit"
        lines += [f"C-{n},open,2026-11-02,,", f"C-{n},{trigger},2026-11-03,,agreed"]
        lines += [f"C-{n},assign,2026-11-04,nurse-{k}," for k in range(18)]
    return "\n".join(lines) + "\n"


def test_one_bad_row_in_10_000_leaves_nothing_written(sql: Tracker, tmp_path: Path) -> None:
    (reason,) = refusal(sql, tmp_path / "x.csv", many(bad=400)).reasons
    assert reason.startswith("row 8003: case C-400: action: not possible from intake")
    assert written(sql) == 0


def test_one_bad_row_in_10_000_rejects_one_case(memory: Tracker, tmp_path: Path) -> None:
    rejected = tmp_path / "r.csv"
    outcome = run(memory, tmp_path / "x.csv", many(bad=400), keep_going(rejected))
    assert (outcome.rows, outcome.cases, outcome.rejected) == (10_000, 500, 1)
    assert written(memory) == 499
    assert len(rejected.read_text().splitlines()) == 21


def test_what_a_transaction_holds_does_not_grow_with_the_file(
    sql: Tracker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "BATCH_ENTRIES", 40)
    held: list[int] = []

    def note(_: int) -> None:
        unsent = vars(vars(sql.ledger)["_batch"]).values()
        held.append(sum(len(some) for some in unsent if isinstance(some, Sized)))

    (tmp_path / "x.csv").write_text(many(bad=None))
    with opened(str(tmp_path / "x.csv")) as sheet:
        assert import_sheet(sql, sheet, advance=note).cases == 500
    assert len(held) == 500
    assert max(held[100:]) <= max(held[:100]) < 400
