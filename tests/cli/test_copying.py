"""``db copy``: the same ledger in another database, or nothing that anybody may open."""

import json
import os
import signal
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from shutil import copyfile, copytree
from typing import Any

import pytest

from casetrack.ledger import copying
from casetrack.ledger.copying import Target
from casetrack.ledger.scan import Scan
from casetrack.ledger.sql import create_ledger
from tests import servers
from tests.cli.driver import LEDGER, Office, Run, practice, run, submitted
from tests.facts import append, new_case, noted, opened
from tests.fakes import fixed_sources
from tests.servers import answered

LATER = "2026-11-24T17:00Z"
UNFINISHED = "is a copy that is not finished; run 'casetrack db copy' again"
# By table, what a copy has to hold in its own order; the views' rows have none but their key's.
ORDER = {
    "ledger": "case_id, version",
    "disclosure": "case_id, version, name",
    "definition": "digest",
    "leaf": "leaf_index",
    "frontier": "size",
    "checkpoint": "size",
    "unsealed": "sequence",
    "case_view": "case_id",
    "deadline_view": "case_id, deadline",
    "value_view": "case_id, name, position",
    "heartbeat": "name",
    "alembic_version": "version_num",
}
Held = dict[str, list[tuple[Any, ...]]]


def held(place: str) -> Held:
    """Every row of a ledger as another program reads it."""
    found = {table: f"SELECT * FROM {table} ORDER BY {order}" for table, order in ORDER.items()}
    if "://" in place:
        return {table: answered(place, asked) for table, asked in found.items()}
    with closing(sqlite3.connect(f"file:{place}?mode=ro", uri=True)) as connection:
        return {table: connection.execute(asked).fetchall() for table, asked in found.items()}


def copied(source: str, target: str, *more: str, now: str | None = LATER) -> Run:
    clock = [] if now is None else ["--now", now]
    return run("--actor", "ada", *clock, "db", "copy", source, target, *more)


def on(place: str, *command: str) -> Run:
    return run("--db", place, "--actor", "ada", "--now", LATER, *command)


def words(done: Run) -> str:
    """What was said on stderr, however long the lines are."""
    return " ".join(done.err.split())


def last_said(place: str) -> dict[str, Any]:
    """The last entry of the ledger's own stream."""
    found = [json.loads(row[-1]) for row in held(place)["ledger"] if row[0] == LEDGER]
    said = found[-1]
    assert isinstance(said, dict)
    return said


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A ledger with its key, in which some is sealed, some redacted, and some waits."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        office = practice(folder)
        submitted(office, "C-1", "p C-1")
        for name in ("C-2", "C-3"):
            office.do("open", "--ref", name, "--patient", f"p {name}", "--on", "2026-11-02")
        office.do("redact", "C-3", "patient", "--reason", "asked", "--yes")
        office.do("audit", "key", "new")
        office.do("sweep", now="2026-11-24T16:05Z")
        office.do("audit", "seal", now="2026-11-24T16:10Z")
        office.do("note", "C-2", "after the seal, ümlauts", now="2026-11-24T16:20Z")
        office.do("note", "C-1", "after that", now="2026-11-24T16:20Z")
        office.do("db", "backup", str(folder / "whole.db"))
        yield folder


@pytest.fixture
def office(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    copytree(made / "state", tmp_path / "state")
    copyfile(made / "whole.db", tmp_path / "cases.db")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Office(tmp_path)


@pytest.fixture
def other(server: str) -> Iterator[str]:
    with servers.database(server) as url:
        yield url


def test_a_ledger_goes_from_file_to_server_to_server_to_file_to_file_unchanged(
    office: Office, database: str, other: str
) -> None:
    places = [str(office.db), database, other, str(office.folder / "x" / "y.db"),
              f"sqlite:///{office.folder}/z.db"]  # fmt: skip
    for source, target in pairwise(places):
        before = len(held(source.removeprefix("sqlite:///"))["ledger"])
        done = copied(source, target)
        assert done.code == 0, done
        assert "it extends the checkpoint kept at" in done.out
        assert "work on in one of them alone" in done.err
        one, copy = (held(place.removeprefix("sqlite:///")) for place in (source, target))
        assert one == copy
        assert len(copy["ledger"]) == before + 1
        assert all(copy[table] for table in ORDER)
    for place in places:
        said = last_said(place.removeprefix("sqlite:///"))
        assert said["type"] == "DisclosureMade"
        assert (said["data"]["command"], said["data"]["scope"]) == ("db copy", "all")
        assert said["actor"] == "ada"
        assert on(place, "audit", "verify").code == 0
        assert json.loads(on(place, "replay", "--all", "--json").out)["differing"] == []


def test_a_ledger_in_earnest_of_another_year_and_writer_goes_to_a_server_as_it_is(
    tmp_path: Path, database: str
) -> None:
    """A writer there would be held to its own name and to the time; the copying owner is not."""
    old = create_ledger(str(tmp_path / "cases.db"), fixed_sources())
    append(old, new_case(old, opened(patient="Žofie")), noted())
    old.close()
    done = copied(str(tmp_path / "cases.db"), database, now=None)
    assert done.code == 0, done
    kept = held(database)
    assert kept == held(str(tmp_path / "cases.db"))
    said = [json.loads(row[-1]) for row in kept["ledger"]]
    assert {body["by"].partition(":")[0] for body in said[:-1]} == {"os"}
    assert not said[0]["data"]["practice"]


def test_a_copy_is_worked_on_and_sealed_on_as_the_ledger_was(office: Office, database: str) -> None:
    assert copied(str(office.db), database).code == 0
    for command in (("note", "C-1", "more"), ("audit", "seal"), ("open", "--ref", "C-9")):
        done = on(database, *command)
        assert done.code == 0, done
    said = json.loads(on(database, "audit", "verify", "--json").out)
    assert (said["ok"], said["unsealed"]) == (True, 1)
    assert on(database, "db", "stats").out.count("True") == 1  # it is still for practice
    # The machine remembers the head it signed last, so the other one is seen to lack it.
    old = on(str(office.db), "audit", "verify")
    assert old.code == 5


def test_a_copy_in_a_file_is_for_its_owner_alone(office: Office) -> None:
    target = office.folder / "new" / "folder" / "copy.db"
    assert copied(str(office.db), str(target)).code == 0
    assert [path.name for path in target.parent.iterdir()] == ["copy.db"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [stat.S_IMODE(p.stat().st_mode) for p in (target.parent, target.parents[1])] == [
        0o700
    ] * 2


def test_nothing_is_left_to_compare_by_the_first_sweep(office: Office) -> None:
    target = office.folder / "copy.db"
    assert copied(str(office.db), str(target)).code == 0
    with closing(sqlite3.connect(target)) as connection:
        assert connection.execute("SELECT * FROM touched").fetchall() == []


def test_json_says_what_was_copied_and_proven(office: Office) -> None:
    target = str(office.folder / "copy.db")
    said = copied(str(office.db), target, "--json").data
    assert said["schema"] == "casetrack.db-copy/1"
    assert (said["from"], said["to"]) == (str(office.db), target)
    assert said["ledger"] == json.loads(held(target)["ledger"][0][-1])["ledger"]
    assert said["practice"] is True
    checks = ("ok", "entries", "cases", "sealed", "unsealed", "total")
    proven = json.loads(on(target, "audit", "verify", "--json").out)
    assert [said[name] for name in checks] == [proven[name] for name in checks]
    assert said["root"] == proven["root"]


# Cut off


def cut_off(source: str, target: str, at: int) -> None:
    """A run in a process of its own that is killed in its n-th transaction, before it commits."""
    child = os.fork()
    if child == 0:
        counted = iter(range(1, at + 1))
        whole = Target.writing

        @contextmanager
        def dying(self: Target) -> Iterator[Any]:
            with whole(self) as connection:
                yield connection
                if next(counted) == at:
                    os.kill(os.getpid(), signal.SIGKILL)

        Target.writing = dying  # type: ignore[method-assign]
        code = copied(source, target).code
        os._exit(code or 77)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), (at, os.waitstatus_to_exitcode(status))


@pytest.mark.parametrize("where", ["file", "server"])
def test_a_copy_that_is_killed_is_nobodys_ledger_until_it_was_run_to_its_end(
    office: Office, where: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "BATCH", 4)
    target = (
        str(office.folder / "copy.db") if where == "file" else request.getfixturevalue("database")
    )
    cut_off(str(office.db), target, 1)
    assert on(target, "list").code in {4, 5}  # the tables were not committed
    for at in (3, 12) if where == "server" else (2, 5, 9, 16, 25):
        cut_off(str(office.db), target, at)
        done = on(target, "list")
        assert (done.code, UNFINISHED in words(done)) == (4, True), (at, done)
        office.do("note", "C-2", "meanwhile", now=LATER)
    assert copied(str(office.db), target).code == 0
    assert held(target) == held(str(office.db))


COMMANDS = (
    "open --ref C-9", "show C-1", "list", "note C-1 x", "fire C-1 submit", "due", "sweep", "daily",
    "doctor", "history C-1", "replay --all", "audit verify", "audit verify --quick", "audit seal",
    "audit conformance", "audit drift", "export --purpose x --output out.csv", "db stats",
    "db rebuild", "db upgrade", "db backup copy", "demo", "redact C-1 patient --reason x --yes",
)  # fmt: skip


def test_no_command_takes_an_unfinished_copy_for_a_ledger(office: Office) -> None:
    target = str(office.folder / "copy.db")
    cut_off(str(office.db), target, 12)
    before = held(target)
    for command in COMMANDS:
        done = on(target, *command.split())
        assert (done.code, UNFINISHED in words(done)) == (4, True), (command, done)
    assert UNFINISHED in words(copied(target, str(office.folder / "third.db")))
    assert not (office.folder / "third.db").exists()
    assert held(target) == before


def test_what_was_sealed_since_the_copy_was_begun_waits_there_no_longer(office: Office) -> None:
    target = str(office.folder / "copy.db")
    cut_off(str(office.db), target, 20)
    assert len(held(target)["unsealed"]) > 2
    office.do("audit", "seal", now=LATER)
    office.do("note", "C-1", "and again", now=LATER)
    assert copied(str(office.db), target).code == 0
    assert held(target) == held(str(office.db))


def test_a_value_erased_since_the_copy_was_begun_is_not_copied_on(office: Office) -> None:
    target = str(office.folder / "copy.db")
    cut_off(str(office.db), target, 12)
    office.do("redact", "C-1", "patient", "--reason", "asked", "--yes", now=LATER)
    done = copied(str(office.db), target)
    assert done.code == 4
    assert "take that unfinished copy away" in words(done)
    Path(target).unlink()
    assert copied(str(office.db), target).code == 0
    assert b"p C-1" not in Path(target).read_bytes()


def test_entries_made_while_it_is_copied_stay_where_they_were_made(
    office: Office, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Target.take

    def meanwhile(self: Target, source: Scan, tick: copying.Tick) -> None:
        office.do("note", "C-1", "too late", now=LATER)
        whole(self, source, tick)

    monkeypatch.setattr(Target, "take", meanwhile)
    assert copied(str(office.db), database).code == 0
    one, copy = held(str(office.db)), held(database)
    (late,) = [row for row in one["ledger"] if row not in copy["ledger"]]
    assert json.loads(late[-1])["type"] == "NoteAdded"
    assert len(copy["ledger"]) == len(one["ledger"]) - 1


# Refused


def test_another_ledger_is_left_as_it_is(office: Office, database: str) -> None:
    (office.folder / "b").mkdir()
    other = practice(office.folder / "b")
    assert on(database, "db", "init", "--practice").code == 0
    for place in (str(other.db), database):
        before, mine = held(place), held(str(office.db))
        done = copied(str(office.db), place)
        assert (done.code, "holds another ledger" in words(done)) == (4, True), done
        assert held(place) == before
        assert held(str(office.db)) == mine


def test_a_whole_copy_is_not_copied_over(office: Office) -> None:
    target = str(office.folder / "copy.db")
    assert copied(str(office.db), target).code == 0
    before, mine = held(target), held(str(office.db))
    done = copied(str(office.db), target)
    assert (done.code, "holds this ledger already" in words(done)) == (4, True)
    assert copied(str(office.db), str(office.db)).code == 4
    assert (held(target), held(str(office.db))) == (before, mine)


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to be looked at"])
def test_an_empty_file_is_filled_and_any_other_is_not(office: Office, content: bytes) -> None:
    target = office.folder / "copy.db"
    target.write_bytes(content)
    done = copied(str(office.db), str(target))
    if content:
        assert done.code in {4, 5}
        assert target.read_bytes() == content
    else:
        assert done.code == 0
        assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_where_nothing_can_be_copied_from_nothing_is_made(office: Office) -> None:
    target = office.folder / "copy.db"
    for source in ("none.db", str(office.folder), "postgresql://127.0.0.1:1/none"):
        assert copied(source, str(target)).code == 4
    assert copied(str(office.db), str(office.folder / "copy.db"), now="yesterday").code == 2
    assert not target.exists()


def test_a_real_ledger_is_copied_at_the_real_time_alone(tmp_path: Path) -> None:
    office = Office(tmp_path, now=None)
    office.do("db", "init")
    target = tmp_path / "copy.db"
    done = copied(str(office.db), str(target))
    assert (done.code, "--now" in done.err) == (4, True)
    assert not target.exists()
    assert copied(str(office.db), str(target), now=None).code == 0
    assert held(str(target)) == held(str(office.db))


def test_what_does_not_prove_is_not_handed_over(office: Office) -> None:
    with closing(sqlite3.connect(office.db, isolation_level=None)) as forger:
        forger.execute("UPDATE deadline_view SET act_by = '2031-01-01'")
    target = str(office.folder / "copy.db")
    done = copied(str(office.db), target, "--json")
    assert done.code == 5
    assert any(reason.startswith("view differs") for reason in done.error["reasons"])
    assert UNFINISHED in words(on(target, "list"))
    office.do("db", "rebuild")
    assert copied(str(office.db), target).code == 0


def test_one_run_at_a_time_fills_a_target(office: Office, database: str) -> None:
    from casetrack.service.locks import alone

    target = str(office.folder / "copy.db")
    for place in (target, database):
        with alone(place, 0, "copy"):
            assert copied(str(office.db), place).code == 75
    assert not Path(target).exists()


@pytest.mark.parametrize("side", ["FROM", "TO"])
def test_a_password_is_never_taken_from_the_command_line(office: Office, side: str) -> None:
    secret, mine = "postgresql://u:s3cret@127.0.0.1/x", str(office.db)
    done = copied(*((secret, mine) if side == "FROM" else (mine, secret)))
    assert done.code == 2
    assert "PGPASSFILE" in done.err
    assert "s3cret" not in done.err
