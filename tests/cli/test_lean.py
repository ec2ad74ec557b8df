"""What a command loads, what the shell offers, and how much a write asks of the database."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from casetrack.catalog import workflows
from casetrack.domain import machine
from casetrack.ledger import connect
from tests.cli.driver import NOW, Office, denied, practice, submitted

ROOT = Path(__file__).parents[2]
FLOW = workflows.load("humana-il-guide")
NEVER = {"rich", "apscheduler", "jinja2", "alembic", "cryptography"}
HEAVY = NEVER | {"sqlalchemy", "pendulum", "transitions"}
SCRIPT = """
import atexit, os, sys
def tell():
    with open(os.environ["LOADED"], "w") as file:
        file.write("\\n".join(sorted({name.partition(".")[0] for name in sys.modules})))
atexit.register(tell)
sys.argv[0] = "casetrack"
from casetrack.cli.app import main
main()
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    made = practice(tmp_path_factory.mktemp("office"))
    submitted(made, "C-1")
    denied(made, "C-2")
    made.do("open", "--ref", "W-3")
    return made


def started(folder: Path, *arguments: str, **env: str) -> tuple[str, set[str]]:
    """(stdout, the top names of the modules loaded) of a process of its own."""
    loaded = folder / "loaded"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments], cwd=ROOT, check=False, capture_output=True,
        text=True, stdin=subprocess.DEVNULL, env={**os.environ, "LOADED": str(loaded), **env},
    )  # fmt: skip
    assert done.stderr == "", done
    assert done.returncode == 0, done
    return done.stdout, set(loaded.read_text().split())


def completed(
    office: Office, folder: Path, words: str, *, shell: str = "bash", **env: str
) -> tuple[list[str], set[str]]:
    """What the shell offers for the last word, as Typer's scripts ask for it."""
    count = len(words.split(" ")) - 1
    asked = {
        "bash": {"COMP_WORDS": words, "COMP_CWORD": str(count)},
        "zsh": {"_TYPER_COMPLETE_ARGS": words},
        "fish": {"_TYPER_COMPLETE_ARGS": words, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }[shell]
    out, loaded = started(
        folder,
        **{
            "_CASETRACK_COMPLETE": f"complete_{shell}",
            "CASETRACK_DB": str(office.db),
            **asked,
            **env,
        },
    )
    return out.split(), loaded


# What is loaded


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["fire", "--help"],
        ["db", "--help"],
        ["due", "--help"],
        ["audit", "--help"],
        ["audit", "seal", "--help"],
        ["audit", "key", "--help"],
    ],
    ids=" ".join,
)
def test_help_and_version_load_nothing_heavy(tmp_path: Path, arguments: list[str]) -> None:
    out, loaded = started(tmp_path, *arguments)
    assert out.strip()
    assert loaded & HEAVY == set()


@pytest.mark.parametrize(
    "words",
    ["casetrack f", "casetrack show C", "casetrack fire C-1 a", "casetrack record C-1 in",
     "casetrack open --workflow h", "casetrack calendar show i", "casetrack audit prove C",
     "casetrack history C", "casetrack audit conformance C-1 W",
     "casetrack workflow diagram h", "casetrack workflow diagram x --case C"],
)  # fmt: skip
def test_completion_loads_nothing_heavy(office: Office, tmp_path: Path, words: str) -> None:
    offered, loaded = completed(office, tmp_path, words)
    assert offered
    assert loaded & HEAVY == set()


@pytest.mark.parametrize(
    "arguments", [["due"], ["show", "C-1"], ["list"], ["due", "--json"]], ids=" ".join
)
def test_the_daily_commands_load_no_reporting_scheduling_or_migrating(
    office: Office, tmp_path: Path, arguments: list[str]
) -> None:
    _, loaded = started(tmp_path, "--db", str(office.db), "--now", NOW, *arguments)
    assert loaded & (NEVER | {"pendulum"}) == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["fire", "C-1", "close", "close_reason=declined", "--dry-run"],
        ["next", "C-1"],
        ["explain", "C-1"],
        ["history", "C-1"],
        ["history", "C-1", "--as-of", "2026-11-24", "--json"],
        ["audit", "conformance"],
        ["audit", "drift"],
        ["workflow", "list"],
    ],
    ids=" ".join,
)
def test_no_command_loads_what_only_others_need(
    office: Office, tmp_path: Path, arguments: list[str]
) -> None:
    _, loaded = started(tmp_path, "--db", str(office.db), "--now", NOW, *arguments)
    assert loaded & NEVER == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["calc", "14bd", "--from", "2026-11-24"],
        ["workflow", "show", FLOW.id],
        ["workflow", "diagram", FLOW.id],
    ],
)
def test_what_needs_no_ledger_loads_no_database(tmp_path: Path, arguments: list[str]) -> None:
    _, loaded = started(tmp_path, "--now", NOW, *arguments)
    assert loaded & {"sqlalchemy", "alembic"} == set()


def test_a_ledger_in_a_file_loads_nothing_of_the_servers_dialect() -> None:
    script = "import sys, casetrack.ledger.sql, casetrack.ledger.file; print(*sys.modules)"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    loaded = done.stdout.split()
    assert "sqlalchemy.dialects.sqlite" in loaded
    assert not [name for name in loaded if name.startswith("sqlalchemy.dialects.postgresql")]


# What the shell offers


def test_cases_are_offered_by_reference(office: Office, tmp_path: Path) -> None:
    assert completed(office, tmp_path, "casetrack show ")[0] == ["C-1", "C-2", "W-3"]
    assert completed(office, tmp_path, "casetrack fire C-")[0] == ["C-1", "C-2"]
    assert completed(office, tmp_path, "casetrack show X")[0] == []


@pytest.mark.parametrize(("case", "state"), [("C-1", "pa_submitted"), ("C-2", "denied"),
                                             ("W-3", "intake")])  # fmt: skip
def test_only_triggers_that_are_legal_for_the_case_are_offered(
    office: Office, tmp_path: Path, case: str, state: str
) -> None:
    offered, _ = completed(office, tmp_path, f"casetrack fire {case} ")
    assert sorted(offered) == sorted(machine.possible(FLOW, state))


def test_offers_start_with_what_is_typed(office: Office, tmp_path: Path) -> None:
    assert set(completed(office, tmp_path, "casetrack fire C-1 app")[0]) == {
        "approve",
        "approve_in_part",
    }
    assert completed(office, tmp_path, "casetrack fire C-2 app")[0] == []
    assert completed(office, tmp_path, "casetrack record C-1 inh")[0] == ["inhibitor_test"]
    assert completed(office, tmp_path, "casetrack open --workflow hum")[0] == [FLOW.id]


def test_definitions_of_ones_own_are_offered_by_their_files(office: Office, tmp_path: Path) -> None:
    for name in ("my-guide", "your-guide", "my-days"):
        (tmp_path / f"{name}.toml").write_text("no definition at all")
    asked = f"casetrack --states {tmp_path} open --workflow my"
    assert completed(office, tmp_path, asked)[0] == ["my-days", "my-guide"]
    asked = f"casetrack --calendars {tmp_path} calendar show y"
    assert completed(office, tmp_path, asked)[0] == ["your-guide"]
    asked = "casetrack --states /nowhere open --workflow hum"
    assert completed(office, tmp_path, asked)[0] == [FLOW.id]


def test_the_ledger_named_on_the_line_is_the_one_asked(office: Office, tmp_path: Path) -> None:
    words = f"casetrack --db {office.db} show C"
    none = str(tmp_path / "none.db")
    assert completed(office, tmp_path, words, CASETRACK_DB=none)[0] == ["C-1", "C-2"]
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_are_offered_the_same(office: Office, tmp_path: Path, shell: str) -> None:
    offered, _ = completed(office, tmp_path, "casetrack fire C-1 app", shell=shell)
    assert {"approve", "approve_in_part"} <= set(" ".join(offered).replace('"', " ").split())


@pytest.mark.parametrize("kind", ["missing", "text", "folder", "empty"])
def test_a_ledger_that_cannot_be_read_offers_nothing_and_says_nothing(
    office: Office, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "cases.db"
    if kind == "folder":
        path.mkdir()
    elif kind != "missing":
        path.write_text("no database\n" * 200 if kind == "text" else "")
    for words in ("casetrack show ", "casetrack fire C-1 "):
        assert completed(office, tmp_path, words, CASETRACK_DB=str(path))[0] == []
    assert path.exists() == (kind != "missing")


def test_completion_leaves_no_file_beside_the_ledger(office: Office, tmp_path: Path) -> None:
    copy = tmp_path / "copy" / "cases.db"
    office.do("db", "backup", str(copy))
    before = {path.name for path in copy.parent.iterdir()}
    assert completed(office, tmp_path, "casetrack show C", CASETRACK_DB=str(copy))[0]
    assert {path.name for path in copy.parent.iterdir()} == before


# How much one write asks of the database


def test_one_fire_is_one_transaction_of_few_statements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = practice(tmp_path)
    submitted(office)
    said: list[str] = []
    plain = connect.connect

    def traced(path: Path) -> sqlite3.Connection:
        connection = plain(path)
        connection.set_trace_callback(said.append)
        return connection

    monkeypatch.setattr(connect, "connect", traced)
    office.do("fire", "C-1", "deny", "notice_on=2026-11-24", "reason_code=other")
    kinds = [statement.split()[0].upper() for statement in said]
    assert kinds.count("BEGIN") == kinds.count("COMMIT") + kinds.count("ROLLBACK")
    assert [s for s in said if s.startswith("BEGIN IMMEDIATE")] == ["BEGIN IMMEDIATE"]
    assert kinds.count("COMMIT") == 1
    # SQLite tells of a statement again after each trigger that it set off.
    once = [statement.split()[0].upper() for statement in dict.fromkeys(said)]
    assert once.count("SELECT") + once.count("INSERT") <= 24, said


@pytest.mark.parametrize("arguments", [["list"], ["due", "--within", "300d"]], ids=" ".join)
def test_reading_many_cases_asks_no_more_than_reading_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    office = practice(tmp_path)
    said: list[str] = []
    plain = connect.connect

    def traced(path: Path) -> sqlite3.Connection:
        connection = plain(path)
        connection.set_trace_callback(said.append)
        return connection

    counts = []
    monkeypatch.setattr(connect, "connect", traced)
    for ref in ("C-1", "C-2", "C-3"):
        submitted(office, ref)
        said.clear()
        office.do(*arguments)
        counts.append(len(said))
    assert counts[0] == counts[1] == counts[2]
