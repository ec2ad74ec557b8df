"""What a proof of the whole ledger says of whole, of grown, of copied and of broken ledgers."""

import os
import runpy
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest

from casetrack.audit import notes, problems, verdict
from casetrack.audit.heads import Outside
from casetrack.audit.verdict import Verdict
from casetrack.errors import BadDatabase, CasetrackError, Corrupt
from casetrack.ledger import connect
from casetrack.ledger.schema import set_up
from casetrack.ledger.sql import SqlLedger, create_ledger, open_ledger
from casetrack.ledger.upgrade import upgrade
from casetrack.service.operating import Seal
from casetrack.service.verifying import kept, verify
from tests import sealing
from tests.contract.asking import run
from tests.facts import DEC_1, append, assigned, deadline, fired, new_case, noted, opened
from tests.fakes import fixed_sources

FIRST_SCHEMA = (
    Path(__file__).parents[2] / "casetrack/ledger/migrations/versions/0001_first_schema.py"
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    """One case, and the key; nothing is sealed."""
    made = create_ledger(str(tmp_path / "ledger.db"), fixed_sources())
    sealing.make_key(made)
    case = new_case(made, opened("C-1", "Žofie 7", (deadline("reply", DEC_1),), number="N-1"))
    append(made, case, fired(), noted("called"), assigned("eva"))
    yield made
    made.close()


def given(note: str, secret: bytes | None = sealing.FIRST) -> Outside:
    fingerprint = None if secret is None else sealing.print_of(secret)
    return Outside(name="the checkpoint given", note=notes.parse(note), fingerprint=fingerprint)


def proof(ledger: SqlLedger, *outside: Outside, quick: bool = False) -> Verdict:
    return verify(str(ledger.path), outside, quick=quick)


def kinds(found: Verdict) -> list[str]:
    return sorted({problem.kind for problem in found.problems})


def more(ledger: SqlLedger, reference: str = "C-2") -> None:
    append(ledger, new_case(ledger, opened(reference)), noted("more"))


def copied(ledger: SqlLedger, name: str = "copy.db") -> SqlLedger:
    """What the ledger is at this moment, under another name."""
    ledger.close()
    target = ledger.path.with_name(name)
    shutil.copy(ledger.path, target)
    return open_ledger(str(target), fixed_sources())


# Whole ledgers


def test_a_new_ledger_is_self_consistent(tmp_path: Path) -> None:
    made = create_ledger(str(tmp_path / "ledger.db"), fixed_sources())
    found = proof(made)
    made.close()
    assert (found.ok, found.entries, found.cases, found.sealed, found.unsealed) == (
        True, 1, 0, 0, 1,
    )  # fmt: skip
    assert found.root == sha256(b"").digest()


def test_what_is_sealed_and_what_waits_is_counted(ledger: SqlLedger) -> None:
    assert (proof(ledger).sealed, proof(ledger).unsealed) == (0, 6)
    note = sealing.seal(ledger)
    more(ledger)
    found = proof(ledger)
    assert (found.ok, found.entries, found.cases, found.sealed, found.unsealed) == (
        True, 8, 2, 6, 2,
    )  # fmt: skip
    assert found.root == notes.parse(note).checkpoint.root
    quick = proof(ledger, quick=True)
    assert (quick.ok, quick.entries, quick.cases, quick.sealed, quick.unsealed) == (
        True, 8, 2, 6, 2,
    )  # fmt: skip
    assert quick.root is None


def test_leaves_that_a_crash_left_unsigned_are_no_problem(ledger: SqlLedger) -> None:
    sealing.seal(ledger)
    more(ledger)
    sealing.seal(ledger)
    run(ledger.path, "DROP TRIGGER checkpoint_delete", "DELETE FROM checkpoint WHERE size = 8",
        trigger(ledger, "checkpoint_delete"))  # fmt: skip
    assert proof(ledger).problems == []


def trigger(ledger: SqlLedger, name: str) -> str:
    from casetrack.ledger.tables import TRIGGERS

    return next(sql for sql in TRIGGERS if sql.startswith(f"CREATE TRIGGER {name} "))


def test_a_ledger_made_by_the_first_schema_and_upgraded_passes(tmp_path: Path) -> None:
    first = runpy.run_path(str(FIRST_SCHEMA))["SCHEMA"]
    path = tmp_path / "ledger.db"
    made = create_ledger(str(tmp_path / "new.db"), fixed_sources())
    new_case(made)
    made.close()
    path.touch()
    engine = connect.engine_for(path)
    set_up(engine)
    engine.dispose()
    shared = ("ledger", "definition", "disclosure", "unsealed")
    run(
        path, *first, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
        " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))",
        "INSERT INTO alembic_version VALUES ('0001')", f"ATTACH '{tmp_path / 'new.db'}' AS new",
        *(f"INSERT INTO {table} SELECT * FROM new.{table}" for table in shared),
    )  # fmt: skip
    with pytest.raises(BadDatabase, match="db upgrade"):
        verify(str(path))
    upgrade(str(path))
    assert verify(str(path)).problems == []


def test_statistics_for_the_planner_are_no_change_of_the_schema(ledger: SqlLedger) -> None:
    run(ledger.path, "ANALYZE")
    assert proof(ledger).problems == []


@pytest.mark.parametrize(
    ("kind", "sql"),
    [
        ("trigger", "CREATE TRIGGER {} AFTER INSERT ON ledger BEGIN DELETE FROM disclosure; END"),
        ("view", "CREATE VIEW {} AS SELECT body FROM ledger"),
        ("table", "CREATE TABLE {}(tbl,idx,stat,more)"),
    ],
)
def test_nothing_hides_by_the_name_of_the_planners_statistics(
    ledger: SqlLedger, kind: str, sql: str
) -> None:
    name = "sqlite_stat1"
    run(ledger.path, "PRAGMA writable_schema = ON",
        f"INSERT INTO sqlite_schema VALUES ('{kind}', '{name}', '{name}', 0, '{sql}')"
        .replace("{}", name))  # fmt: skip
    assert [p.detail for p in proof(ledger).problems] == [f"{kind} {name} is new"]


# Checkpoints from outside


def test_a_ledger_that_grew_extends_its_older_checkpoint(ledger: SqlLedger) -> None:
    note = sealing.seal(ledger)
    more(ledger)
    assert proof(ledger, given(note)).proved == given(note)
    sealing.seal(ledger)
    found = proof(ledger, given(note))
    assert (found.problems, found.proved) == ([], given(note))
    assert verdict.data(found)["witness"] == {
        "size": 6, "root": sealing.b64(notes.parse(note).checkpoint.root),
        "fingerprint": sealing.print_of(sealing.FIRST),
    }  # fmt: skip


def test_without_a_fingerprint_a_ledger_is_called_no_more_than_self_consistent(
    ledger: SqlLedger,
) -> None:
    note = sealing.seal(ledger)
    found = proof(ledger, given(note, None))
    assert (found.ok, found.proved, verdict.claim(found)) == (True, None, "self-consistent")
    assert verdict.claim(proof(ledger)) == "self-consistent"
    assert verdict.data(found)["witness"] is None


def test_an_older_copy_is_truncated(ledger: SqlLedger) -> None:
    sealing.seal(ledger)
    older = copied(ledger)
    more(ledger)
    newer = sealing.seal(ledger)
    found = proof(older, given(newer))
    older.close()
    assert kinds(found) == ["truncated"]
    assert found.problems[0].detail == (
        "the checkpoint given vouches for 8 sealed entries, and 6 are there"
    )


def test_two_copies_that_went_on_apart_are_forked(ledger: SqlLedger) -> None:
    first = sealing.seal(ledger)
    other = copied(ledger)
    more(ledger, "C-2")
    more(other, "C-3")
    mine, theirs = sealing.seal(ledger), sealing.seal(other)
    assert proof(ledger, given(first), given(mine)).ok
    assert proof(other, given(first), given(theirs)).ok
    assert kinds(proof(other, given(mine))) == ["checkpoint rewritten", "forked"]
    more(other, "C-4")
    sealing.seal(other)
    found = proof(other, given(mine))
    other.close()
    assert kinds(found) == ["checkpoint rewritten", "forked"]


def test_a_fork_of_which_no_checkpoint_is_kept_inside_is_only_forked(ledger: SqlLedger) -> None:
    sealing.seal(ledger)
    other = copied(ledger)
    more(ledger, "C-2")
    mine = sealing.seal(ledger)
    more(other, "C-3")
    more(other, "C-4")
    sealing.seal(other)
    found = proof(other, given(mine))
    other.close()
    assert kinds(found) == ["forked"]


def test_a_checkpoint_of_another_ledger_is_a_fork(ledger: SqlLedger) -> None:
    sealing.seal(ledger)
    note = sealing.note_of("0" * 36, 3, b"\0" * 32, [sealing.FIRST])
    assert kinds(proof(ledger, given(note))) == ["forked"]


def test_a_key_that_is_not_the_ledgers_is_a_fork(ledger: SqlLedger) -> None:
    note = sealing.seal(ledger)
    assert kinds(proof(ledger, given(note, sealing.FOREIGN))) == ["forked"]


def test_a_checkpoint_that_the_key_did_not_sign_is_refused(ledger: SqlLedger) -> None:
    root = notes.parse(sealing.seal(ledger)).checkpoint.root
    note = sealing.note_of(ledger.id, 6, root, [sealing.FOREIGN])
    assert kinds(proof(ledger, given(note))) == ["checkpoint rewritten"]


def test_who_trusts_a_key_trusts_those_that_it_handed_over_to_and_none_before(
    ledger: SqlLedger,
) -> None:
    older = sealing.seal(ledger)
    sealing.rotate(ledger)
    newer = sealing.seal(ledger, sealing.SECOND)
    for note in (older, newer):
        assert proof(ledger, given(note, sealing.FIRST)).ok
    assert proof(ledger, given(newer, sealing.SECOND)).ok
    assert kinds(proof(ledger, given(older, sealing.SECOND))) == ["checkpoint rewritten"]


@pytest.mark.parametrize("how", ["second key", "stranger", "self"])
def test_a_key_that_nobody_handed_over_to_is_found(ledger: SqlLedger, how: str) -> None:
    if how == "second key":
        sealing.make_key(ledger, sealing.SECOND)
    elif how == "stranger":
        sealing.rotate(ledger, sealing.FOREIGN, sealing.SECOND)
    else:
        sealing.append_own(ledger, sealing.rotation("0" * 36, sealing.FIRST, sealing.SECOND))
    sealing.seal(ledger)
    found = proof(ledger)
    assert [(p.kind, p.version) for p in found.problems] == [("checkpoint rewritten", 3)]


def test_the_note_in_the_state_folder_is_looked_at(ledger: SqlLedger, tmp_path: Path) -> None:
    table = Seal(state_dir=str(tmp_path / "state"))
    assert kept(str(ledger.path), table) is None
    older = sealing.seal(ledger)
    copy = copied(ledger)
    more(ledger)
    newer = sealing.seal(ledger)
    note = tmp_path / "state" / ledger.id / "checkpoint"
    note.parent.mkdir(parents=True)
    note.write_text(older, encoding="utf-8")
    found = kept(str(ledger.path), table)
    assert found is not None
    assert proof(ledger, found).ok
    assert proof(ledger, found).proved is None
    note.write_text(newer, encoding="utf-8")
    found = kept(str(copy.path), table)
    assert found is not None
    assert kinds(proof(copy, found)) == ["truncated"]
    copy.close()
    note.write_text("no note\n", encoding="utf-8")
    found = kept(str(ledger.path), table)
    assert found is not None
    assert kinds(proof(ledger, found)) == ["checkpoint rewritten"]


# Files that are broken


def refused(call: Callable[[], object]) -> CasetrackError:
    with pytest.raises(CasetrackError) as caught:
        call()
    return caught.value


def test_a_file_whose_pages_are_damaged_is_corrupt(ledger: SqlLedger) -> None:
    sealing.seal(ledger)
    ledger.close()
    size = ledger.path.stat().st_size
    for page in range(1, size // connect.PAGE_SIZE):
        copy = ledger.path.with_name(f"{page}.db")
        shutil.copy(ledger.path, copy)
        with copy.open("r+b") as file:
            file.seek(page * connect.PAGE_SIZE)
            file.write(Random(page).randbytes(connect.PAGE_SIZE))
        assert not passes(copy), page


def passes(path: Path) -> bool:
    try:
        return verify(str(path)).ok
    except Corrupt as error:
        return "damaged" not in error.message


@pytest.mark.parametrize("part", [100, 5_000, 30_000])
def test_a_file_that_was_cut_off_is_corrupt(ledger: SqlLedger, part: int) -> None:
    ledger.close()
    os.truncate(ledger.path, part)
    for quick in (False, True):
        assert refused(partial(verify, str(ledger.path), quick=quick)).exit_code == 5


def test_what_is_no_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    assert refused(lambda: verify(str(path))).exit_code == 4
    path.write_text("patient,number\n" * 100)
    assert refused(lambda: verify(str(path))).exit_code == 4
    path.unlink()
    sqlite3.connect(path).execute("CREATE TABLE t (a)").connection.close()
    assert "no casetrack ledger" in refused(lambda: verify(str(path))).message


def test_nothing_is_read_out_of_a_table_that_was_changed(ledger: SqlLedger) -> None:
    run(ledger.path, "ALTER TABLE ledger RENAME TO entries",
        "CREATE VIEW ledger AS SELECT * FROM entries")  # fmt: skip
    found = proof(ledger)
    assert (kinds(found), found.entries) == (["schema changed"], 0)


@pytest.mark.parametrize("table", ["leaf", "checkpoint", "disclosure", "case_view", "unsealed"])
def test_a_table_that_is_gone_is_named(ledger: SqlLedger, table: str) -> None:
    run(ledger.path, f"DROP TABLE {table}")
    assert f"table {table} is not there" in {p.detail for p in proof(ledger).problems}


def test_nothing_typed_is_told(ledger: SqlLedger) -> None:
    run(ledger.path, "DROP TRIGGER disclosure_update", "DROP TRIGGER definition_update",
        "UPDATE disclosure SET text = text || 'x', name = name || ' Jana'",
        "UPDATE definition SET text = 'Jana'", "DROP TRIGGER ledger_update",
        "UPDATE ledger SET body = 'Jana', key = 'Jana' WHERE version = 2")  # fmt: skip
    said = "\n".join(verdict.lines(proof(ledger)))
    for typed in ("Žofie", "N-1", "called"):
        assert typed not in said


def test_a_file_is_only_read(ledger: SqlLedger) -> None:
    sealing.seal(ledger)
    ledger.close()
    before = ledger.path.read_bytes()
    proof(ledger)
    proof(ledger, quick=True)
    assert ledger.path.read_bytes() == before


def test_of_very_many_problems_the_first_are_told_and_the_others_counted(
    ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problems, "MOST", 3)
    run(ledger.path, "DROP TRIGGER ledger_update", "UPDATE ledger SET digest = zeroblob(32)")
    found = proof(ledger)
    assert (len(found.problems), found.total, found.ok) == (3, 7, False)
    assert "... and 4 more" in list(verdict.lines(found))
    assert (len(proof(ledger, quick=True).problems), proof(ledger, quick=True).total) == (3, 6)
