"""Every database that cannot be used says what is wrong, where, and what to do; none is touched."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from casetrack.domain.fold import replay
from casetrack.errors import BadDatabase, CasetrackError, Corrupt, Refused
from casetrack.ledger import connect
from casetrack.ledger.backup import backup
from casetrack.ledger.sql import create_ledger, open_ledger
from casetrack.ledger.upgrade import upgrade
from tests.facts import append, new_case, noted, opened
from tests.fakes import fixed_sources

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with a case, closed."""
    path = tmp_path / "ledger.db"
    ledger = create_ledger(str(path), fixed_sources())
    for number in range(20):
        case = new_case(ledger, opened(f"C-{number}", patient="Žofie 7" * 20))
        append(ledger, case, *[noted("x" * 3_000) for _ in range(3)])
    ledger.close()
    return path


def refusal(call: Callable[[], object], kind: type[CasetrackError] = BadDatabase) -> str:
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind
    return caught.value.message


def opening(path: Path) -> Callable[[], object]:
    return lambda: open_ledger(str(path), fixed_sources())


def read_all(path: Path) -> None:
    ledger = open_ledger(str(path), fixed_sources())
    try:
        assert sum(len(entries) for _, entries in ledger.streams()) == 80
    finally:
        ledger.close()


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    for call in (opening(path), lambda: upgrade(str(path)), lambda: backup(str(path), tmp_path)):
        assert refusal(call) == f"no ledger at {path}; run 'casetrack db init'"
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_named_from_somewhere_is_named_with_that_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = refusal(opening(Path("none.db")))
    assert said == f"no ledger at none.db in {tmp_path}; run 'casetrack db init'"


def test_a_folder(tmp_path: Path) -> None:
    assert refusal(opening(tmp_path)) == (f"{tmp_path} is a folder; give the path of a ledger file")


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is no plain file" in refusal(opening(tmp_path / "pipe"))


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 300)
    assert refusal(opening(path)) == f"{path} cannot be opened: file name too long"


def test_a_file_that_is_not_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("patient,number\n" * 100)
    assert refusal(opening(path)) == f"{path} is not an SQLite file; give another path"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "statement",
    [
        None,
        "CREATE TABLE t (a)",
        "CREATE TABLE alembic_version AS SELECT '0001' AS version_num",
        "CREATE TABLE ledger (a)",
    ],
)
def test_an_sqlite_file_of_another_program(tmp_path: Path, statement: str | None) -> None:
    path = tmp_path / "other.db"
    path.touch()
    if statement:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(statement)
            connection.commit()
    before = path.read_bytes()
    for call in (opening(path), lambda: upgrade(str(path))):
        assert refusal(call) == (
            f"{path} is an SQLite file but no casetrack ledger; give another path"
        )
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("revision", "says"),
    [
        ("0000", "{} was made by an older casetrack; run 'casetrack db upgrade'"),
        ("9999", "{} was made by a newer casetrack; install that version or later"),
    ],
)
def test_another_version(path: Path, revision: str, says: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        connection.commit()
    assert refusal(opening(path)) == says.format(path)


def test_creating_over_anything_is_refused_and_leaves_it(path: Path) -> None:
    before = path.read_bytes()
    says = f"{path} exists already and is left as it is"
    assert refusal(lambda: create_ledger(str(path), fixed_sources())) == says
    assert path.read_bytes() == before


def test_creating_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "ledger.db"
    assert refusal(lambda: create_ledger(str(path), fixed_sources())) == (
        f"{path} cannot be made: not a directory"
    )


@pytest.mark.parametrize("kept", [50, 5_000, 60_000])
def test_a_truncated_file_is_corrupt(path: Path, kept: int) -> None:
    os.truncate(path, kept)
    says = f"{path} is damaged; keep it, and restore the newest backup under another name"
    assert refusal(lambda: read_all(path), Corrupt) == says


def test_a_file_with_a_damaged_page_is_corrupt(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(connect.PAGE_SIZE)
        file.write(os.urandom(64) * ((size - connect.PAGE_SIZE) // 64))
    refusal(lambda: read_all(path), Corrupt)


def test_text_that_is_no_utf8_is_corrupt_and_unechoed(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content.replace("Žofie".encode(), b"\xffZofie"))
    assert "ofie" not in refusal(lambda: read_all(path), Corrupt)


def test_a_full_disk_refuses_the_write_and_keeps_what_was_there(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = path.stat().st_size // connect.PAGE_SIZE
    full = f"max_page_count={pages + 2}"
    monkeypatch.setattr(connect, "PRAGMAS", (*connect.PRAGMAS, full))
    ledger = open_ledger(str(path), fixed_sources())
    case_id = next(ledger.case_ids())
    case = replay(case_id, ledger.entries(case_id))
    says = f"no space is left for {path}; free some and try again"
    assert refusal(lambda: append(ledger, case, *[noted("x" * 60_000)] * 3)) == says
    assert replay(case_id, ledger.entries(case_id)) == case
    ledger.close()


def test_after_a_failed_write_nothing_of_its_transaction_is_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = path.stat().st_size // connect.PAGE_SIZE
    monkeypatch.setattr(connect, "PRAGMAS", (*connect.PRAGMAS, f"max_page_count={pages + 2}"))
    ledger = open_ledger(str(path), fixed_sources())
    case_id = next(ledger.case_ids())
    case = replay(case_id, ledger.entries(case_id))

    def swallow() -> None:
        with ledger.transaction():
            append(ledger, case, *[noted("x" * 60_000)] * 3)
            with suppress(Refused):
                ledger.entries(case_id)
            with suppress(Refused):
                new_case(ledger, opened("LATER"))

    refusal(swallow)
    assert replay(case_id, ledger.entries(case_id)) == case
    assert ledger.references("LATER") == []
    ledger.close()


def test_a_failed_creation_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "PRAGMAS", (*connect.PRAGMAS, "max_page_count=3"))
    path = tmp_path / "ledger.db"
    says = f"no space is left for {path}; free some and try again"
    assert refusal(lambda: create_ledger(str(path), fixed_sources())) == says
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def plain_user(path: Path) -> Iterator[Path]:
    """The ledger in a folder of an account without root's powers, which the test runs as."""
    read_all(path)
    folder = Path(tempfile.mkdtemp())
    copy = Path(shutil.copy(path, folder / "ledger.db"))
    if os.geteuid() == 0:
        for owned in (folder, copy):
            os.chown(owned, NOBODY, NOBODY)
        os.seteuid(NOBODY)
        yield copy
        os.seteuid(0)
    else:
        yield copy
    folder.chmod(0o700)
    shutil.rmtree(folder)


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o400, 0o700), (0o400, 0o500)])
def test_a_read_only_ledger_refuses_the_write(
    plain_user: Path, file_mode: int, folder_mode: int
) -> None:
    def write() -> None:
        ledger = open_ledger(str(plain_user), fixed_sources())
        try:
            case_id = next(ledger.case_ids())
            append(ledger, replay(case_id, ledger.entries(case_id)), noted())
        finally:
            ledger.close()

    plain_user.chmod(file_mode)
    plain_user.parent.chmod(folder_mode)
    assert str(plain_user) in refusal(write)


def test_a_file_of_another_account_is_refused(plain_user: Path) -> None:
    plain_user.chmod(0)
    assert refusal(opening(plain_user)).startswith(f"{plain_user} cannot be opened")


def test_a_folder_that_may_not_be_written_takes_no_ledger(plain_user: Path) -> None:
    plain_user.parent.chmod(0o500)
    path = plain_user.parent / "new.db"
    says = f"{path} cannot be made: permission denied"
    assert refusal(lambda: create_ledger(str(path), fixed_sources())) == says
