"""The schema, copies of a ledger, and the glance that completion takes."""

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from importlib import import_module
from pathlib import Path

import pytest

from casetrack.errors import CasetrackError, Refused
from casetrack.ledger import connect, peek
from casetrack.ledger.backup import backup
from casetrack.ledger.migrations import versions
from casetrack.ledger.schema import _STAMP, set_up
from casetrack.ledger.sql import SqlLedger, create_ledger, open_ledger
from casetrack.ledger.tables import REVISION
from casetrack.ledger.upgrade import migrate, upgrade
from tests.contract.asking import asked, refusal, run
from tests.facts import DEFINITION, NOV_20, append, deadline, fired, new_case, opened
from tests.fakes import fixed_sources

ROOT = Path(__file__).parents[2]


def schema(path: Path) -> dict[object, str]:
    rows = asked(path, "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    closer = str.maketrans({"(": " ( ", ")": " ) ", ",": " , "})
    return {name: " ".join(str(sql).translate(closer).split()) for name, sql in rows}


def test_the_migrations_make_the_schema_of_a_new_ledger(
    stored: SqlLedger, path: Path, tmp_path: Path
) -> None:
    migrated = tmp_path / "migrated.db"
    migrated.touch()
    engine = connect.engine_for(migrated)
    set_up(engine)
    with connect.writing(engine).begin() as connection:
        migrate(connection)
    engine.dispose()
    assert schema(migrated) == schema(path)
    for what in ("SELECT * FROM alembic_version", "PRAGMA application_id"):
        assert asked(migrated, what) == asked(path, what)


def test_a_ledger_of_the_first_schema_is_upgraded_with_its_views(
    stored: SqlLedger, path: Path, tmp_path: Path
) -> None:
    case = new_case(stored, opened("C-1", armed=(deadline("reply", NOV_20),)))
    append(stored, case, fired())
    old = of_an_earlier_schema(path, tmp_path / "old.db", "0001")
    assert "run 'casetrack db upgrade'" in refusal(lambda: open_ledger(str(old), fixed_sources()))
    assert upgrade(str(old)) == ("0001", REVISION)
    assert schema(old) == schema(path)
    ledger = open_ledger(str(old), fixed_sources())
    assert ledger.entries(case.id) == stored.entries(case.id)
    assert ledger.views(case.id) == stored.views(case.id)
    ledger.close()


def test_a_ledger_of_the_third_schema_is_upgraded_and_its_views_are_kept(
    stored: SqlLedger, path: Path, tmp_path: Path
) -> None:
    waiting = new_case(stored, opened("C-1", armed=(deadline("reply", NOV_20),)))
    append(stored, waiting, fired())
    quiet = new_case(stored, opened("C-2"))
    append(stored, new_case(stored, opened("C-3")), fired("over", final=True))
    old = of_an_earlier_schema(path, tmp_path / "old.db", "0003", VIEWS)
    assert "run 'casetrack db upgrade'" in refusal(lambda: open_ledger(str(old), fixed_sources()))
    run(old, "DELETE FROM touched")
    assert upgrade(str(old)) == ("0003", REVISION)
    assert schema(old) == schema(path)
    ledger = open_ledger(str(old), fixed_sources())
    assert {id: ledger.views(id) for id in ledger.case_ids()} == {
        id: stored.views(id) for id in stored.case_ids()
    }
    assert [row.reference for row in ledger.silent()] == ["C-2"]
    assert ledger.runs.touched() == [quiet.id]  # written by the upgrade, so compared in a sweep
    ledger.close()


def test_an_upgrade_that_fails_leaves_the_ledger_as_it_was(
    stored: SqlLedger, path: Path, tmp_path: Path
) -> None:
    new_case(stored)
    old = of_an_earlier_schema(path, tmp_path / "old.db", "0003", VIEWS)
    run(old, "CREATE TABLE open_calendars (in_the_way TEXT)")
    before = whole(old)
    refusal(lambda: upgrade(str(old)), CasetrackError)
    assert whole(old) == before
    run(old, "DROP TABLE open_calendars")
    assert upgrade(str(old)) == ("0003", REVISION)


def whole(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


KEPT = ("ledger", "disclosure", "definition", "unsealed")
VIEWS = ("case_view", "deadline_view", "value_view")


def of_an_earlier_schema(path: Path, old: Path, revision: str, views: Sequence[str] = ()) -> Path:
    """The ledger as the schema of that revision held it, with these views; others are empty."""
    old.touch()
    set_up(engine := connect.engine_for(old))
    engine.dispose()
    made_by = [
        statement
        for file in sorted(Path(versions.__path__[0]).glob("[0-9]*.py"))
        if file.name[:4] <= revision
        for statement in import_module(f"{versions.__name__}.{file.stem}").SCHEMA
    ]
    with closing(sqlite3.connect(old, isolation_level=None)) as made:
        for statement in (*made_by, _STAMP[0], f"ATTACH '{path}' AS today"):
            made.execute(statement)
        made.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
        for table in (*KEPT, *views):
            chosen = f"SELECT name FROM pragma_table_info('{table}', 'main')"
            names = ", ".join(f'"{name}"' for (name,) in made.execute(chosen))
            made.execute(f"INSERT INTO {table} SELECT {names} FROM today.{table}")
    return old


def test_an_upgrade_of_todays_ledger_changes_nothing(stored: SqlLedger) -> None:
    assert upgrade(str(stored.path)) == (REVISION, REVISION)


def test_an_upgrade_of_a_newer_ledger_is_refused(stored: SqlLedger, path: Path) -> None:
    run(path, "UPDATE alembic_version SET version_num = '9999'")
    assert "newer casetrack" in refusal(lambda: upgrade(str(path)))


def test_a_backup_is_a_whole_private_ledger(stored: SqlLedger, path: Path, tmp_path: Path) -> None:
    case = new_case(stored, opened(patient="P 7", armed=(deadline("reply", NOV_20),)))
    target = tmp_path / "new" / "copy.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        backup(str(path), target)
    assert [p.name for p in target.parent.iterdir()] == ["copy.db"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    copy = open_ledger(str(target), fixed_sources())
    assert copy.entries(case.id) == stored.entries(case.id)
    assert copy.views(case.id) == stored.views(case.id)
    copy.close()


def test_a_backup_overwrites_nothing(stored: SqlLedger, path: Path, tmp_path: Path) -> None:
    target = tmp_path / "kept"
    target.write_text("mine")
    assert "exists already" in refusal(lambda: backup(str(path), target))
    assert target.read_text() == "mine"


# Completion


def test_peek_shows_references_and_the_pinned_definition(stored: SqlLedger, path: Path) -> None:
    append(stored, new_case(stored, opened("C-1")), fired())
    new_case(stored, opened("D-1"))
    for _ in range(2):
        assert peek.references(path, "C") == ["C-1"]
        assert peek.references(str(path), "") == ["C-1", "D-1"]
        assert peek.state_and_definition(path, "C-1") == ("submitted", DEFINITION)
        assert peek.state_and_definition(path, "C") is None
        stored.close()
    assert [p.name for p in path.parent.iterdir()] == ["ledger.db"]


@pytest.mark.parametrize("content", [None, b"", b"no database", b"SQLite format 3\0 cut"])
def test_peek_never_fails_and_makes_no_file(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a?b#c%41.db"
    if content is not None:
        path.write_bytes(content)
    before = list(tmp_path.iterdir())
    for odd in (path, tmp_path, tmp_path / "none" / "x", "\0", ""):
        assert peek.references(odd, "\ud800") == []
        assert peek.references(odd, "C") == []
        assert peek.state_and_definition(odd, "C-1") is None
    assert list(tmp_path.iterdir()) == before


def test_a_path_with_odd_characters_is_a_path(tmp_path: Path) -> None:
    path = tmp_path / "a?b#c%41 é.db"
    create_ledger(str(path), fixed_sources()).close()
    open_ledger(str(path), fixed_sources()).close()
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "url", ["mysql://u:secret@h/db", "sqlite://", "sqlite:///x?mode=memory", "file://x"]
)
def test_another_url_is_refused_and_not_echoed(url: str) -> None:
    says = "that is no ledger: give a path, sqlite:///PATH or postgresql+psycopg://..."
    assert refusal(lambda: open_ledger(url, fixed_sources()), Refused) == says
    assert refusal(lambda: create_ledger(url, fixed_sources()), Refused) == says


def test_completion_loads_no_database_library() -> None:
    program = (
        "import sys, casetrack.ledger.peek, casetrack.ledger.store, casetrack.ledger.place\n"
        "sys.exit('sqlalchemy' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
