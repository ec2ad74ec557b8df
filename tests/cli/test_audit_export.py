"""audit export and audit files: what leaves, what is recorded of it, what is found again."""

import json
import os
import shutil
import sqlite3
import zipfile
from contextlib import closing
from hashlib import sha256
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from casetrack.audit import verify
from casetrack.ledger.sql import open_ledger
from casetrack.service import handing
from tests import signing
from tests.bundles import problems
from tests.cli.driver import LEDGER, NOW, Office, denied, practice, submitted
from tests.fakes import FakeClock, fixed_sources

TYPED = ("P 1", "C-1", "1990-02-28", "K-77", "Center 1")
FORMATS = ("jsonl", "xes", "bundle")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Office:
    made = practice(tmp_path_factory.mktemp("first"))
    submitted(made, "C-1")
    denied(made, "C-2")
    return made


@pytest.fixture
def office(first: Office, tmp_path: Path) -> Office:
    """A copy that a test may write to."""
    shutil.copytree(first.folder, tmp_path / "db")
    return Office(tmp_path / "db")


def sealed(office: Office) -> str:
    """The office's ledger with a key and a seal; the note."""
    ledger = open_ledger(f"sqlite:///{office.db}", fixed_sources(FakeClock()))
    if not any(entry.type == "KeyMade" for entry in ledger.entries(LEDGER)):
        signing.make_key(ledger)
    note = signing.seal(ledger)
    ledger.close()
    return note


def exported(office: Office, form: str, *more: str) -> bytes:
    path = office.folder / f"out.{form}"
    asked = ["audit", "export", *more, "--format", form, "--output", str(path), "--force"]
    office.do(*asked, "--purpose", "a look by the board")
    return path.read_bytes()


def disclosures(office: Office) -> list[dict[str, Any]]:
    return [body for body in office.bodies(LEDGER) if body["type"] == "DisclosureMade"]


def case_id(office: Office, ref: str) -> str:
    found = office.do("show", ref, "--json").data["id"]
    assert isinstance(found, str)
    return found


# What is recorded


@pytest.mark.parametrize("form", FORMATS)
def test_each_export_is_an_entry_with_its_purpose_sealed(office: Office, form: str) -> None:
    exported(office, form)
    exported(office, form, "C-2")
    whole, one = disclosures(office)
    assert (whole["data"]["command"], whole["data"]["scope"]) == (form, "all")
    assert one["data"] | {"cases": one["data"]["cases"]} == {
        "command": form, "scope": "listed", "cases": [case_id(office, "C-2")], "row": None,
        "clock_behind": None,
    }  # fmt: skip
    assert set(one["sealed"]) == {"purpose"}
    assert "the board" not in json.dumps(office.bodies())


@pytest.mark.parametrize("form", FORMATS)
def test_the_file_is_private_and_another_is_never_replaced_unasked(
    office: Office, form: str
) -> None:
    exported(office, form)
    path = office.folder / f"out.{form}"
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    asked = ["audit", "export", "--format", form, "--output", str(path), "--purpose", "x"]
    assert office(*asked).code == 4
    assert path.read_bytes() == before
    assert list(office.folder.glob(".*")) == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--format", "bundle", "--output", "x.zip"], 2),
        (["--purpose", "x", "--output", "x.zip"], 2),
        (["--purpose", "x", "--format", "bundle"], 2),
        (["--purpose", "x", "--format", "csv", "--output", "x.zip"], 2),
        (["NONE", "--purpose", "x", "--format", "bundle", "--output", "x.zip"], 4),
        (["C-", "--purpose", "x", "--format", "bundle", "--output", "x.zip"], 4),
        (["--patient", "N N", "--purpose", "x", "--format", "xes", "--output", "x.zip"], 4),
        (["C-1", "--patient", "P 1", "--purpose", "x", "--format", "xes", "--output", "x"], 2),
        (["--phi", "--purpose", "x", "--format", "jsonl", "--output", "x.zip"], 4),
        (["--as-of", "24.11.2026", "--purpose", "x", "--format", "xes", "--output", "x"], 2),
        (["--known-at", "soon", "--purpose", "x", "--format", "bundle", "--output", "x"], 2),
        (["--purpose", "x\x1b", "--format", "bundle", "--output", "x"], 2),
        (["--purpose", "", "--format", "bundle", "--output", "x"], 2),
    ],
    ids=str,
)
def test_what_is_refused_leaves_neither_a_file_nor_an_entry(
    office: Office, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int
) -> None:
    monkeypatch.chdir(office.folder)
    before = office.written(), sorted(office.bytes())
    assert office("audit", "export", *arguments).code == code
    assert (office.written(), sorted(office.bytes())) == before


def test_a_real_ledger_takes_no_export_at_a_set_time(tmp_path: Path) -> None:
    office = Office(tmp_path, now=None)
    office.do("db", "init")
    done = office(
        "audit", "export", "--purpose", "x", "--format", "jsonl", "--output",
        str(tmp_path / "x"), now=NOW,
    )  # fmt: skip
    assert done.code == 4
    assert not (tmp_path / "x").exists()


def test_in_json_it_says_what_was_written(office: Office) -> None:
    path = office.folder / "b.zip"
    asked = ["audit", "export", "C-1", "--format", "bundle", "--output", str(path)]
    done = office.do(*asked, "--purpose", "x", "--json").data
    assert done == {
        "schema": "casetrack.audit-export/1", "format": "bundle", "file": str(path), "cases": 1,
        "entries": 12, "sealed": 0, "unsealed": 12,
    }  # fmt: skip


# What leaves


def test_bodies_leave_as_they_were_hashed(office: Office) -> None:
    """``sha256sum`` of a line without its end is the next one's ``prev``."""
    lines = exported(office, "jsonl").split(b"\n")
    assert lines.pop() == b""
    assert [line.decode() for line in lines] == [row[-1] for row in office.rows("ledger")]
    for one, following in pairwise(lines):
        body = json.loads(following)
        assert body["prev"] in {None, sha256(one).hexdigest()}


def test_bodies_of_one_case_are_of_that_alone(office: Office) -> None:
    lines = exported(office, "jsonl", "C-2").splitlines()
    assert {json.loads(line)["case"] for line in lines} == {case_id(office, "C-2")}


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_typed_leaves_unless_asked_for(office: Office, form: str) -> None:
    sealed(office)
    content = exported(office, form)
    assert [typed for typed in TYPED if typed.encode() in content] == []


@pytest.mark.parametrize("form", ["xes", "bundle"])
def test_what_was_typed_leaves_with_phi(office: Office, form: str) -> None:
    content = exported(office, form, "--phi")
    assert [typed for typed in TYPED if typed.encode() not in content] == []
    assert b"the board" not in content, "what an export was for concerns others, too"


def test_a_patients_cases_leave_together(office: Office) -> None:
    office.do("open", "--ref", "D-1", "--patient", "Q 2")
    lines = exported(office, "jsonl", "--patient", "P 1").splitlines()
    ids = {case_id(office, ref) for ref in ("C-1", "C-2")}
    assert {json.loads(line)["case"] for line in lines} == ids


@pytest.mark.parametrize("form", FORMATS)
def test_what_was_recorded_later_is_left_out(office: Office, form: str) -> None:
    """The whole of C-1 was recorded on the 24th, in one batch."""
    office.do("note", "C-1", "LATER", now="2026-11-26T16:00Z")
    whole = exported(office, form, "C-1")
    known = exported(office, form, "C-1", "--known-at", "2026-11-24")
    assert len(known) < len(whole)
    if form == "bundle":
        with zipfile.ZipFile(BytesIO(known)) as archive:
            (own, case) = json.loads(archive.read("manifest.json"))["cases"]
        assert case["left_out"] == [case["last"]]
        assert own["left_out"] == []
        assert problems(known) == []


# A bundle of a database


def test_a_bundle_of_a_sealed_database_is_proved_against_an_old_note(
    office: Office, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    old = sealed(office)
    office.do("note", "C-1", "called")
    sealed(office)
    exported(office, "bundle", "C-1", "--phi")
    (tmp_path / "old.txt").write_text(old, encoding="utf-8")
    code = verify.run([
        str(office.folder / "out.bundle"), "--key", signing.fingerprint(),
        "--checkpoint", str(tmp_path / "old.txt"),
    ])  # fmt: skip
    text = capsys.readouterr().out
    assert (code, text.splitlines()[-1]) == (0, "verdict: proved against what you gave")
    assert "patient: P 1" in text
    assert "submit: intake -> pa_submitted" in text


def test_a_bundle_holds_the_definitions_and_calendars_that_its_entries_name(
    office: Office,
) -> None:
    with zipfile.ZipFile(BytesIO(exported(office, "bundle"))) as archive:
        names = {name for name in archive.namelist() if name.startswith("definitions/")}
        texts = {name: archive.read(name) for name in names}
    stored = {f"definitions/{row[0]}.json": row[1].encode() for row in office.rows("definition")}
    assert texts == stored
    assert len(texts) == 2


def test_redacted_values_do_not_leave_and_are_told(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.do("redact", "C-1", "patient", "--reason", "asked to", "--yes")
    content = exported(office, "bundle", "C-1", "--phi")
    assert b"P 1" not in content
    assert verify.run([str(office.folder / "out.bundle")]) == 0
    assert "patient: redacted" in capsys.readouterr().out


def test_a_ledger_that_was_changed_by_hand_hands_out_no_bundle(office: Office) -> None:
    sealed(office)
    with closing(sqlite3.connect(office.db)) as connection:
        connection.execute("DROP TRIGGER leaf_update")
        connection.execute(
            "UPDATE leaf SET hash = zeroblob(32) WHERE case_id = ?", [case_id(office, "C-2")]
        )
        connection.commit()
    path = office.folder / "b.zip"
    asked = ["audit", "export", "--format", "bundle", "--output", str(path), "--purpose", "x"]
    assert office(*asked, "C-1").code == 5
    assert not path.exists()


# Files found again


@pytest.fixture
def evidence(office: Office) -> Path:
    folder = office.folder.parent / "evidence"
    (folder / "2026" / "november").mkdir(parents=True)
    for name, content in (("a.pdf", b"the letter"), ("b.pdf", b"the results")):
        (folder / name).write_bytes(content)
        item = {"a.pdf": "denial_letter", "b.pdf": "clinical_evidence"}[name]
        office.do("record", "C-2", item, "--file", str(folder / name))
    return folder


def looked(office: Office, folder: Path, *more: str, code: int = 0) -> list[dict[str, Any]]:
    done = office("audit", "files", str(folder), "--json", *more)
    assert done.code == code, done
    files = done.data["files"]
    assert isinstance(files, list)
    return files


def test_files_are_found_wherever_they_lie_now(office: Office, evidence: Path) -> None:
    (evidence / "a.pdf").rename(evidence / "2026" / "november" / "a.pdf")
    (evidence / "b.pdf").rename(evidence / "2026" / "scan-17.pdf")
    assert looked(office, evidence) == [
        {"case": "C-2", "version": 12, "item": "denial_letter", "status": "found",
         "paths": ["2026/november/a.pdf"]},
        {"case": "C-2", "version": 13, "item": "clinical_evidence", "status": "renamed",
         "paths": ["2026/scan-17.pdf"]},
    ]  # fmt: skip


def test_a_file_that_is_gone_or_changed_is_a_finding(office: Office, evidence: Path) -> None:
    (evidence / "a.pdf").unlink()
    (evidence / "b.pdf").write_bytes(b"the result!")
    found = looked(office, evidence, code=3)
    assert [(x["status"], x["paths"]) for x in found] == [("missing", []), ("changed", ["b.pdf"])]
    text = office("audit", "files", str(evidence))
    assert text.code == 3
    assert "a.pdf" not in text.out, "what it was called is shown on demand alone"
    assert text.out.splitlines()[-1] == "2 recorded files, 2 not found"


def test_every_copy_is_named(office: Office, evidence: Path) -> None:
    (evidence / "copy").write_bytes(b"the letter")
    assert looked(office, evidence)[0]["paths"] == ["a.pdf", "copy"]


def test_recorded_names_are_shown_with_phi_and_that_is_recorded(
    office: Office, evidence: Path
) -> None:
    assert "name" not in looked(office, evidence)[0]
    assert disclosures(office) == []
    assert [x["name"] for x in looked(office, evidence, "--phi")] == ["a.pdf", "b.pdf"]
    (made,) = disclosures(office)
    assert made["data"]["cases"] == [case_id(office, "C-2")]


def test_a_redacted_file_is_not_looked_for_and_not_missed(office: Office, evidence: Path) -> None:
    office.do("redact", "C-2", "--entry", "12", "--reason", "asked to", "--yes")
    (evidence / "a.pdf").unlink()
    assert [x["status"] for x in looked(office, evidence)] == ["redacted", "found"]


def test_links_are_not_followed(office: Office, evidence: Path) -> None:
    elsewhere = evidence.parent / "elsewhere"
    elsewhere.mkdir()
    (evidence / "a.pdf").rename(elsewhere / "a.pdf")
    (evidence / "link.pdf").symlink_to(elsewhere / "a.pdf")
    (evidence / "folder").symlink_to(elsewhere)
    (evidence / "loop").symlink_to(evidence)
    assert [x["status"] for x in looked(office, evidence, code=3)] == ["missing", "found"]


def test_what_is_no_regular_file_is_passed_over(office: Office, evidence: Path) -> None:
    os.mkfifo(evidence / "pipe")
    assert len(looked(office, evidence)) == 2


def test_a_folder_that_is_none_is_refused(office: Office, evidence: Path) -> None:
    for folder in (evidence / "none", evidence / "a.pdf"):
        assert office("audit", "files", str(folder)).code == 4


def test_a_name_on_the_disk_moves_no_cursor(office: Office, evidence: Path) -> None:
    (evidence / "a.pdf").rename(evidence / "a\x1b[2J\u202e.pdf")
    out = office("audit", "files", str(evidence)).out
    assert "a\\x1b[2J\\u202e.pdf" in out


def test_an_empty_file_is_found_too(office: Office, evidence: Path) -> None:
    (evidence / "empty").write_bytes(b"")
    office.do("record", "C-1", "denial_letter", "--file", str(evidence / "empty"))
    assert [x["status"] for x in looked(office, evidence)] == ["found", "found", "found"]
    (evidence / "empty").unlink()
    statuses = [x["status"] for x in looked(office, evidence, code=3) if x["case"] == "C-1"]
    assert statuses == ["missing"]


def test_a_bundle_of_many_cases_has_no_pages(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pages() -> int:
        with zipfile.ZipFile(BytesIO(exported(office, "bundle"))) as archive:
            return sum(name.startswith("history/") for name in archive.namelist())

    assert (handing.MOST_PAGES, pages()) == (500, 2)
    monkeypatch.setattr(handing, "MOST_PAGES", 1)
    assert pages() == 0
    assert problems((office.folder / "out.bundle").read_bytes()) == []
