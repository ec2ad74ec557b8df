"""What holds for a ledger in an SQLite file only: settings, triggers, plans, processes, copies."""

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from casetrack.domain.fold import replay
from casetrack.errors import Busy, Corrupt
from casetrack.ledger import connect
from casetrack.ledger.listing import docket_statement
from casetrack.ledger.sql import SqlLedger, create_ledger, open_ledger
from casetrack.ledger.tables import APPLICATION_ID
from tests.contract.asking import asked, refusal, run
from tests.facts import NOV_20, append, draft, new_case, noted, opened, redacted
from tests.fakes import fixed_sources

ROOT = Path(__file__).parents[2]
RACER = """
import sys
from casetrack.domain.fold import replay
from casetrack.errors import Conflict
from casetrack.ledger.sql import open_ledger
from tests.facts import draft, noted
from tests.fakes import fixed_sources

path, case_id, name = sys.argv[1:]
ledger = open_ledger(path, fixed_sources())
written = 0
while written < 25:
    case = replay(case_id, ledger.entries(case_id))
    try:
        ledger.append(case, [draft(noted(), f"{name}-{written}")])
    except Conflict:
        continue
    written += 1
"""
REPLACED = """
INSERT OR REPLACE INTO ledger
SELECT case_id, {}, type, {}, occurred_on, recorded_at, digest, body FROM ledger WHERE version = 2
"""


# Settings


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("secure_delete", 1),
        ("trusted_schema", 0),
        ("foreign_keys", 1),
        ("application_id", APPLICATION_ID),
    ],
)
def test_pragmas(stored: SqlLedger, pragma: str, value: object) -> None:
    with closing(connect.connect(stored.path)) as connection:
        assert connection.execute(f"PRAGMA {pragma}").fetchone() == (value,)


def test_every_table_is_strict_and_the_ledger_clustered(stored: SqlLedger, path: Path) -> None:
    listed = asked(path, "SELECT name, wr, strict FROM pragma_table_list WHERE schema = 'main'")
    tables = {name: (wr, strict) for name, wr, strict in listed}
    assert tables["ledger"] == (1, 1)
    loose = {name for name, (_, strict) in tables.items() if not strict}
    assert loose == {"sqlite_schema", "alembic_version"}


def test_files_and_folders_are_the_owners_alone(stored: SqlLedger, path: Path) -> None:
    new_case(stored)
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
    assert modes == {"ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_ledger_is_opened_again_as_it_was_made(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    made = create_ledger(url, fixed_sources(), practice=True)
    case = new_case(made)
    made.close()
    again = open_ledger(url, fixed_sources())
    assert (again.id, again.practice) == (made.id, True)
    assert replay(case.id, again.entries(case.id)) == case
    again.close()


# Append-only


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET body = '{}'",
        "UPDATE ledger SET version = 9 WHERE version = 2",
        "DELETE FROM ledger",
        "DELETE FROM ledger WHERE version = 2",
        "INSERT OR REPLACE INTO ledger SELECT * FROM ledger WHERE version = 2",
        REPLACED.format("2", "'k'"),
        REPLACED.format("'2'", "'k'"),
        REPLACED.format("3", "key"),
        REPLACED.format("4", "'k'"),
        "INSERT INTO ledger SELECT * FROM ledger WHERE true ON CONFLICT DO UPDATE SET body = ''",
        "UPDATE disclosure SET text = ''",
        "DELETE FROM disclosure",
        "INSERT OR REPLACE INTO disclosure SELECT * FROM disclosure",
        "UPDATE definition SET text = ''",
        "DELETE FROM definition",
        "INSERT OR REPLACE INTO definition SELECT digest, '' FROM definition",
    ],
)
def test_what_was_recorded_is_not_changed_by_sql(
    stored: SqlLedger, path: Path, statement: str
) -> None:
    append(stored, new_case(stored, opened(patient="P 7")), noted())
    everything = "SELECT * FROM ledger, disclosure, definition"
    before = asked(path, everything)
    with pytest.raises(sqlite3.IntegrityError):
        run(path, statement)
    assert asked(path, everything) == before


def test_a_redaction_deletes_in_its_own_case_only(stored: SqlLedger, path: Path) -> None:
    case = new_case(stored, opened("C-1", "P 7"))
    other = new_case(stored, opened("C-2", "P 8"))
    stored.redact(case, draft(redacted((1, "patient"))))
    with pytest.raises(sqlite3.IntegrityError):
        run(path, f"DELETE FROM disclosure WHERE case_id = '{other.id}'")


@pytest.mark.parametrize(
    "change",
    [
        "body = replace(body, 'eva', 'ota')",
        "digest = zeroblob(32)",
        "type = 'NoteTaken'",
        "key = 'other'",
        "body = '{}'",
    ],
)
def test_an_entry_changed_behind_the_triggers_is_corrupt(
    stored: SqlLedger, path: Path, change: str
) -> None:
    case = new_case(stored)
    run(path, "DROP TRIGGER ledger_update", f"UPDATE ledger SET {change} WHERE type = 'CaseOpened'")
    assert f"case {case.id} version 1" in refusal(lambda: stored.entries(case.id), Corrupt)


def test_a_changed_definition_is_corrupt(stored: SqlLedger, path: Path) -> None:
    case = new_case(stored)
    run(path, "DROP TRIGGER definition_update", "UPDATE definition SET text = '{}'")
    refusal(lambda: stored.definition(case.definition), Corrupt)


def test_every_entry_waits_to_be_sealed(stored: SqlLedger, path: Path) -> None:
    append(stored, new_case(stored), noted())
    recorded = asked(path, "SELECT case_id, version FROM ledger ORDER BY 1, 2")
    assert asked(path, "SELECT case_id, version FROM unsealed ORDER BY sequence") == recorded


# Plans and processes


def test_the_docket_reads_the_covering_index_of_open_deadlines(
    stored: SqlLedger, path: Path
) -> None:
    statement = docket_statement(NOV_20, patients=True)
    text = str(statement.compile(compile_kwargs={"literal_binds": True}))
    plan = " / ".join(str(row[-1]) for row in asked(path, f"EXPLAIN QUERY PLAN {text}"))
    assert "SEARCH deadline_view USING COVERING INDEX open_deadline (act_by<?)" in plan
    assert "SCAN" not in plan


def test_two_processes_race_and_every_entry_has_its_place(stored: SqlLedger, path: Path) -> None:
    case = new_case(stored)
    command = [sys.executable, "-c", RACER, str(path), case.id]
    racers = [subprocess.Popen([*command, name], cwd=ROOT) for name in ("a", "b")]
    assert [racer.wait(timeout=60) for racer in racers] == [0, 0]
    entries = stored.entries(case.id)
    assert [entry.version for entry in entries] == list(range(1, 52))
    assert {entry.key for entry in entries[1:]} == {f"{n}-{i}" for n in "ab" for i in range(25)}


def test_a_locked_database_is_busy_to_write_and_open_to_read(
    stored: SqlLedger, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = new_case(stored)
    monkeypatch.setattr(connect, "BUSY_SECONDS", 0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        hasty = open_ledger(str(path), fixed_sources())
        says = f"{path} is in use by another process; try again"
        assert refusal(lambda: append(hasty, case, noted()), Busy) == says
        assert len(hasty.entries(case.id)) == 1
        hasty.close()
    append(stored, case, noted())
