"""``audit verify`` and ``replay`` at the command line: what they print, promise and find."""

import os
import pty
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.driver import LEDGER, Office, denied, practice, submitted

ROOT = Path(__file__).parents[2]
SECRETS = ("P 1", "K-77", "Center 1", "chart")


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that the last checkpoint is kept in, for each test its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Two cases; everything but the last entry is sealed."""
    made = practice(tmp_path / "office")
    submitted(made, "C-1")
    denied(made, "C-2")
    made.do("audit", "key", "new")
    made.do("audit", "seal")
    made.do("note", "C-1", "later")
    return made


def sealed(office: Office) -> tuple[str, str]:
    """(checkpoint, fingerprint) as a seal tells them."""
    found = office.do("audit", "seal", "--json").data
    return found["checkpoint"], found["fingerprint"]


def sql(office: Office, *statements: str) -> None:
    with closing(sqlite3.connect(office.db, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def kinds(found: dict[str, Any]) -> set[str]:
    return {problem["kind"] for problem in found["problems"]}


def test_a_whole_ledger_is_self_consistent_and_no_more_is_claimed(office: Office) -> None:
    done = office("audit", "verify", "--json")
    assert (done.code, done.err) == (0, "")
    found = done.data
    assert found["schema"] == "casetrack.audit-verify/1"
    entries = len(office.rows("ledger"))
    assert (found["ok"], found["entries"], found["cases"]) == (True, entries, 2)
    assert (found["sealed"], found["unsealed"]) == (entries - 1, 1)
    assert (found["witness"], found["proved"], found["problems"]) == (None, "self-consistent", [])
    assert re.fullmatch(r"[A-Za-z0-9+/]{43}=", found["root"])
    text = office.do("audit", "verify").out
    assert text.startswith(f"self-consistent: {entries} entries of 2 cases, {entries - 1} sealed")
    assert "--checkpoint and --key" in text


def test_a_mailed_checkpoint_and_its_key_prove_more(office: Office, tmp_path: Path) -> None:
    note, fingerprint = sealed(office)
    size = len(office.rows("leaf"))
    office.do("note", "C-1", "and later")
    file = tmp_path / "mail"
    page = f"<!doctype html>\n<p>Docket</p><pre>\n{note}</pre>\n"
    report = f"Due soon\n\n3 cases\n  key {fingerprint}\n\n{note}"
    older = office.rows("checkpoint")[0][1]
    assert older != note
    for text in (note, note.replace("\n", "\r\n"), f"\n\n{note}\n\n", f"\ufeff{note}", page,
                 report.removesuffix("\n"), f"{report}\n{older}", f"{older}\n{report}",
                 ):  # fmt: skip
        file.write_bytes(text.encode())
        done = office.do(
            "audit", "verify", "--checkpoint", str(file), "--key", fingerprint, "--json"
        )
        assert done.data["witness"]["size"] == size
        assert done.data["witness"]["fingerprint"] == fingerprint
        assert done.data["proved"] == "extends the checkpoint given"
    said = office.do("audit", "verify", "--checkpoint", str(file), "--key", fingerprint).out
    assert f"its first {size} sealed entries are those that the checkpoint vouches for" in said
    assert "self-consistent only: 1 entry" in said


def test_a_changed_value_is_found_named_and_not_repeated(office: Office) -> None:
    trigger = "SELECT sql FROM sqlite_schema WHERE name = 'disclosure_update'"
    with closing(sqlite3.connect(office.db)) as connection:
        ((put_back,),) = connection.execute(trigger).fetchall()
    sql(office, "DROP TRIGGER disclosure_update",
        "UPDATE disclosure SET text = replace(text, 'P 1', 'P 2') WHERE name = 'patient'",
        put_back)  # fmt: skip
    for options in ((), ("--json",)):
        done = office("audit", "verify", *options)
        assert (done.code, done.err) == (5, "")
        assert not any(word in done.out for word in SECRETS)
    found = office("audit", "verify", "--json").data
    assert (found["ok"], kinds(found), found["total"]) == (False, {"value altered"}, 2)
    for problem in found["problems"]:
        assert set(problem) == {"kind", "case", "version", "detail"}
        assert problem["version"] == 1
    assert found["proved"] == "problems found"


def test_the_checkpoint_in_the_state_folder_finds_an_older_copy(office: Office) -> None:
    backup = office.folder / "backup.db"
    office.do("db", "backup", str(backup))
    office.do("audit", "seal")
    office.db = backup
    done = office("audit", "verify", "--json")
    assert (done.code, kinds(done.data)) == (5, {"truncated"})


def kept(tmp_path: Path) -> Path:
    (found,) = (tmp_path / "state").glob("casetrack/*/checkpoint")
    return found


def test_a_kept_checkpoint_that_is_no_text_is_none_of_ours(office: Office, tmp_path: Path) -> None:
    kept(tmp_path).write_bytes(b"\xff\xfe")
    done = office("audit", "verify", "--json")
    assert (done.code, kinds(done.data)) == (5, {"checkpoint rewritten"})


def test_a_kept_checkpoint_that_cannot_be_read_is_said_to_be_passed_over(
    office: Office, tmp_path: Path
) -> None:
    file = kept(tmp_path)
    file.unlink()
    file.mkdir()
    done = office("audit", "verify", "--json")
    assert (done.code, done.data["ok"]) == (0, True)
    assert done.err == (
        f"{file} can't be read: is a directory; the last checkpoint signed here was not looked at\n"
    )


def test_quick_looks_at_the_chain_alone(office: Office) -> None:
    done = office.do("audit", "verify", "--quick", "--json")
    assert (done.data["ok"], done.data["quick"], done.data["root"]) == (True, True, None)
    assert done.data["entries"] == len(office.rows("ledger"))
    sql(office, "DROP TRIGGER ledger_update", "UPDATE case_view SET state = 'won'")
    assert office("audit", "verify", "--quick").code == 0
    sql(office, f"UPDATE ledger SET digest = zeroblob(32) WHERE case_id <> '{LEDGER}'")
    done = office("audit", "verify", "--quick", "--json")
    assert (done.code, kinds(done.data)) == (5, {"altered"})


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--key", "a" * 64], 2),
        (["--checkpoint", "x"], 2),
        (["--checkpoint", "{note}", "--key", "A" * 64], 2),
        (["--checkpoint", "{note}", "--key", "a" * 63], 2),
        (["--checkpoint", "{note}", "--key", "a" * 64, "--quick"], 2),
        (["--checkpoint", "{folder}", "--key", "a" * 64], 4),
        (["--checkpoint", "{missing}", "--key", "a" * 64], 4),
        (["--checkpoint", "{text}", "--key", "a" * 64], 4),
        (["--checkpoint", "{bytes}", "--key", "a" * 64], 4),
        (["--checkpoint", "{note}", "--key", "a" * 64], 5),
    ],
)
def test_what_is_given_wrongly_is_refused(
    office: Office, tmp_path: Path, options: list[str], code: int
) -> None:
    places = {name: tmp_path / name for name in ("note", "folder", "missing", "text", "bytes")}
    places["note"].write_text(sealed(office)[0], encoding="utf-8")
    places["folder"].mkdir()
    places["text"].write_text("no note", encoding="utf-8")
    places["bytes"].write_bytes(b"\xff\xfe")
    done = office("audit", "verify", *(option.format(**places) for option in options))
    assert done.code == code
    assert "Traceback" not in done.err
    assert done.err or code == 5


def test_a_damaged_file_ends_with_5_and_words(office: Office) -> None:
    backup = office.folder / "backup.db"
    office.do("db", "backup", str(backup))
    with backup.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xa5" * 30_000)
    office.db = backup
    for options in ((), ("--quick",)):
        done = office("audit", "verify", *options, "--json")
        assert (done.code, done.out) == (5, "")
        assert "damaged" in done.error["message"]


# Replay


def test_every_case_is_folded_again(office: Office) -> None:
    done = office("replay", "--all", "--json")
    assert (done.code, done.err) == (0, "")
    entries = sum(row[0] != LEDGER for row in office.rows("ledger"))
    assert done.data == {
        "schema": "casetrack.replay/1", "cases": 2, "entries": entries, "matching": 2,
        "differing": [],
    }  # fmt: skip
    text = office.do("replay", "--all").out
    assert f"2 cases of {entries} entries replayed" in text
    assert "entries a second" in text


@pytest.mark.parametrize(
    ("statement", "parts"),
    [
        ("UPDATE case_view SET state = 'won' WHERE reference = 'C-2'", ["state"]),
        ("UPDATE case_view SET version = 3, final = 1 WHERE reference = 'C-2'", ["state"]),
        ("UPDATE case_view SET assignee = 'ana' WHERE reference = 'C-2'", ["assignee"]),
        ("UPDATE deadline_view SET act_by = '2031-01-01' WHERE case_id = {}", ["deadlines"]),
        ("DELETE FROM deadline_view WHERE case_id = {}", ["deadlines"]),
        ("UPDATE deadline_view SET sent = '5bd', rungs = '1bd' WHERE case_id = {}", ["reminders"]),
        ("UPDATE value_view SET value = 'x' WHERE case_id = {}", ["fields"]),
        ("INSERT INTO value_view VALUES ({}, 'a', 0, 'x')", ["fields"]),
        ("UPDATE case_view SET reference = 'C-9' WHERE reference = 'C-2'", ["reference"]),
        ("UPDATE case_view SET silent = 1 WHERE reference = 'C-2'", ["state"]),
        ("DELETE FROM case_view WHERE reference = 'C-2'", ["state"]),
    ],
)
def test_what_differs_is_named_and_left_as_it_is(
    office: Office, statement: str, parts: list[str]
) -> None:
    ((case_id,),) = [row[:1] for row in office.rows("case_view") if row[1] == "C-2"]
    sql(office, statement.format(f"'{case_id}'"))
    before = office.written()
    done = office("replay", "--all", "--json")
    assert done.code == 5
    assert done.data["differing"] == [{"id": case_id, "case": "C-2", "parts": parts}]
    assert (done.data["matching"], office.written()) == (1, before)
    assert f"differs: C-2: {parts[0]}" in office("replay", "--all").out
    office.do("db", "rebuild")
    assert office("replay", "--all").code == 0


def test_chosen_cases_alone_are_replayed(office: Office) -> None:
    sql(office, "UPDATE case_view SET state = 'won' WHERE reference = 'C-2'")
    assert office("replay", "C-1", "--json").data["cases"] == 1
    assert office("replay", "C-1").code == 0
    assert office("replay", "C-1", "C-2", "C-1", "--json").data["cases"] == 2
    assert office("replay", "C-2").code == 5


def test_a_case_whose_entries_do_not_hold_is_named_and_the_others_go_on(office: Office) -> None:
    ((case_id,),) = [row[:1] for row in office.rows("case_view") if row[1] == "C-1"]
    sql(office, "DROP TRIGGER ledger_update",
        f"UPDATE ledger SET body = '{{}}' WHERE case_id = '{case_id}' AND version = 2")  # fmt: skip
    done = office("replay", "--all", "--json")
    assert (done.code, done.data["matching"]) == (5, 1)
    assert done.data["differing"] == [{"id": case_id, "case": case_id, "parts": ["entries"]}]


@pytest.mark.parametrize("words", [[], ["C-1", "--all"], ["C-9"], ["C"]])
def test_which_cases_has_to_be_said(office: Office, words: list[str]) -> None:
    assert office("replay", *words).code == (2 if words in ([], ["C-1", "--all"]) else 4)


@pytest.mark.parametrize("command", [["audit", "verify"], ["audit", "verify", "--quick"],
                                     ["replay", "--all"]])  # fmt: skip
def test_a_bar_is_shown_on_a_terminal_alone(office: Office, command: list[str]) -> None:
    words = [sys.executable, "-m", "casetrack", "--db", str(office.db), *command]
    plain = subprocess.run(words, cwd=ROOT, capture_output=True, check=True)
    assert plain.stderr == b""
    master, slave = pty.openpty()
    shown = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=slave, check=True)
    os.close(slave)
    seen = os.read(master, 65536)
    os.close(master)
    assert b"ing" in seen
    assert b"100%" in seen
    assert re.sub(rb"[0-9,]+ cases and.*", b"", shown.stdout) == re.sub(
        rb"[0-9,]+ cases and.*", b"", plain.stdout
    )
