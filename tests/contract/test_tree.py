"""What sealing relies on in every store, and what SQLite lets nobody do to a sealed tree."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.dialects import sqlite

from casetrack.audit import merkle
from casetrack.ledger import connect, sql_tree
from casetrack.ledger.sql import SqlLedger, open_ledger
from casetrack.ledger.store import LEDGER_CASE, Ledger
from casetrack.ledger.tables import REVISION
from casetrack.ledger.trees import Leaf
from casetrack.ledger.upgrade import upgrade
from tests.contract.asking import asked, run
from tests.facts import append, new_case, noted, opened
from tests.fakes import FakeClock, fixed_sources

MIGRATIONS = Path(sql_tree.__file__).with_name("migrations")
THIRD = MIGRATIONS / "versions" / "0003_sealed_tree.py"
FOURTH = MIGRATIONS / "versions" / "0004_what_reports_ask.py"


def waiting(ledger: Ledger) -> list[tuple[str, int]]:
    return [(case_id, version) for case_id, version, _ in ledger.tree.pending()]


def seal(ledger: Ledger) -> list[Leaf]:
    """Make a leaf of everything that waits."""
    size = ledger.tree.size()
    made = [
        Leaf(index=size + n, case_id=case_id, version=version, hash=merkle.leaf(body.encode()))
        for n, (case_id, version, body) in enumerate(ledger.tree.pending())
    ]
    ledger.tree.keep(made)
    return made


# Every store


def test_what_waits_stands_by_time_then_case_then_version(ledger: Ledger, clock: FakeClock) -> None:
    first, _ = append(ledger, new_case(ledger, opened("A")), noted(), noted())
    other = new_case(ledger, opened("B"))
    clock.move(seconds=-1)
    early = new_case(ledger, opened("C"))
    clock.move(seconds=2)
    append(ledger, first, noted())
    late = new_case(ledger, opened("D"))

    assert early.id < other.id
    assert waiting(ledger) == [
        (early.id, 1), (LEDGER_CASE, 1),
        *((first.id, n) for n in (1, 2, 3)), (other.id, 1),
        *sorted([(first.id, 4), (late.id, 1)]),
    ]  # fmt: skip


def test_what_waits_comes_with_the_body_as_stored(ledger: Ledger) -> None:
    case = new_case(ledger, opened(patient="Žofie"))
    bodies = {(id, version): body for id, version, body in ledger.tree.pending()}
    (entry,) = ledger.entries(case.id)
    assert bodies[case.id, 1] == entry.body
    assert len(bodies) == ledger.tree.unsealed() == 2


def test_an_entry_waits_until_it_is_a_leaf_and_only_once(ledger: Ledger) -> None:
    case = new_case(ledger)
    assert [ledger.tree.size(), ledger.tree.unsealed()] == [0, 2]
    sealed = seal(ledger)
    assert [ledger.tree.size(), ledger.tree.unsealed(), waiting(ledger)] == [2, 0, []]
    append(ledger, case, noted())
    assert waiting(ledger) == [(case.id, 2)]
    sealed += seal(ledger)
    assert list(ledger.tree.leaves()) == sealed
    assert [leaf.index for leaf in sealed] == [0, 1, 2]
    assert list(ledger.tree.leaves(1, 1)) == sealed[1:2]
    assert list(ledger.tree.leaves(2)) == sealed[2:]
    assert list(ledger.tree.leaves(0, 0)) == []


def test_a_leaf_is_found_by_its_entry(ledger: Ledger) -> None:
    case = new_case(ledger)
    assert ledger.tree.leaf(case.id, 1) is None
    sealed = seal(ledger)
    assert ledger.tree.leaf(case.id, 1) == next(x for x in sealed if x.case_id == case.id)
    assert ledger.tree.leaf(case.id, 2) is None
    assert ledger.tree.leaf("another", 1) is None


def test_leaves_may_be_kept_while_what_waits_is_read(ledger: Ledger) -> None:
    case = new_case(ledger)
    append(ledger, case, *[noted(str(n)) for n in range(50)])
    expected = waiting(ledger)
    seen = []
    with ledger.transaction():
        for index, (case_id, version, body) in enumerate(ledger.tree.pending()):
            seen.append((case_id, version))
            hash_ = merkle.leaf(body.encode())
            ledger.tree.keep([Leaf(index=index, case_id=case_id, version=version, hash=hash_)])
    assert seen == expected
    assert ledger.tree.unsealed() == 0


def test_the_newest_frontier_and_any_other_are_found(ledger: Ledger) -> None:
    assert ledger.tree.frontier() == (0, b"")
    ledger.tree.keep_frontier(2, bytes(32))
    ledger.tree.keep_frontier(3, bytes(64))
    assert ledger.tree.frontier() == (3, bytes(64))
    assert ledger.tree.frontier_at(2) == bytes(32)
    assert ledger.tree.frontier_at(1) is None


def test_the_newest_checkpoint_and_all_in_order_are_found(ledger: Ledger) -> None:
    assert ledger.tree.checkpoint() is None
    ledger.tree.keep_checkpoint(2, "two")
    ledger.tree.keep_checkpoint(10, "ten")
    assert ledger.tree.checkpoint() == (10, "ten")
    assert list(ledger.tree.checkpoints()) == [(2, "two"), (10, "ten")]


def test_a_transaction_that_fails_leaves_no_leaf_frontier_or_checkpoint(ledger: Ledger) -> None:
    new_case(ledger)
    before = waiting(ledger)

    def failing() -> None:
        with ledger.transaction():
            seal(ledger)
            ledger.tree.keep_frontier(2, bytes(32))
            ledger.tree.keep_checkpoint(2, "two")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert waiting(ledger) == before
    assert (ledger.tree.size(), ledger.tree.frontier()) == (0, (0, b""))
    assert (ledger.tree.frontier_at(2), ledger.tree.checkpoint()) == (None, None)


# SQLite


@pytest.fixture
def sealed(stored: SqlLedger) -> SqlLedger:
    """Three leaves, a frontier and a checkpoint, and one entry that waits."""
    case = new_case(stored)
    case, _ = append(stored, case, noted())
    seal(stored)
    stored.tree.keep_frontier(3, bytes(64))
    stored.tree.keep_checkpoint(3, "three")
    append(stored, case, noted())
    return stored


NEW_LEAF = (
    "INSERT {} INTO leaf (leaf_index, case_id, version, hash)"
    " SELECT {}, {}, {}, zeroblob({}) FROM ledger WHERE type = 'CaseOpened'"
)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE leaf SET hash = zeroblob(32)",
        "UPDATE leaf SET leaf_index = leaf_index + 10",
        "UPDATE OR REPLACE leaf SET leaf_index = 1 WHERE leaf_index = 2",
        "DELETE FROM leaf",
        "DELETE FROM leaf WHERE leaf_index = 2",
        "INSERT OR REPLACE INTO leaf SELECT leaf_index, case_id, version, zeroblob(32) FROM leaf",
        (
            "INSERT INTO leaf SELECT * FROM leaf WHERE true"
            " ON CONFLICT DO UPDATE SET hash = zeroblob(32)"
        ),
        NEW_LEAF.format("", 4, "case_id", 3, 32),
        NEW_LEAF.format("", -1, "case_id", 3, 32),
        NEW_LEAF.format("", "NULL", "case_id", 3, 32),
        NEW_LEAF.format("", 2, "case_id", 3, 32),
        NEW_LEAF.format("OR REPLACE", 2, "case_id", 3, 32),
        NEW_LEAF.format("OR REPLACE", 3, "case_id", 2, 32),
        NEW_LEAF.format("OR REPLACE", 3, "case_id", "'2'", 32),
        NEW_LEAF.format("", 3, "case_id", 3, 31),
        NEW_LEAF.format("", 3, "case_id", 9, 32),
        NEW_LEAF.format("", 3, "'another'", 1, 32),
        "UPDATE frontier SET hashes = zeroblob(64)",
        "DELETE FROM frontier",
        "INSERT OR REPLACE INTO frontier VALUES (3, zeroblob(64))",
        "INSERT INTO frontier VALUES (2, zeroblob(32))",
        "UPDATE checkpoint SET note = 'none'",
        "UPDATE checkpoint SET size = 4",
        "DELETE FROM checkpoint",
        "INSERT OR REPLACE INTO checkpoint VALUES (3, 'other')",
        "INSERT INTO checkpoint VALUES (1, 'one')",
        "DELETE FROM unsealed",
        "UPDATE unsealed SET version = 1",
        "UPDATE OR IGNORE unsealed SET version = 1",
        "INSERT OR REPLACE INTO unsealed SELECT sequence, case_id, 1 FROM unsealed",
        "INSERT OR REPLACE INTO unsealed SELECT sequence + 1, case_id, version FROM unsealed",
        "INSERT INTO unsealed (case_id, version) SELECT case_id, version FROM leaf",
    ],
)
def test_what_was_sealed_and_what_waits_is_not_changed_by_sql(
    sealed: SqlLedger, path: Path, statement: str
) -> None:
    tables = ("leaf", "frontier", "checkpoint", "unsealed")
    before = [asked(path, f"SELECT * FROM {table}") for table in tables]
    with closing(connect.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    assert [asked(path, f"SELECT * FROM {table}") for table in tables] == before


def test_the_next_leaf_is_taken_and_its_entry_waits_no_longer(
    sealed: SqlLedger, path: Path
) -> None:
    run(path, NEW_LEAF.format("", 3, "case_id", 3, 32))
    run(path, "DELETE FROM unsealed")
    assert (sealed.tree.size(), sealed.tree.unsealed()) == (4, 0)


def test_what_waits_is_read_by_time_without_sorting_or_reading_what_is_sealed(
    sealed: SqlLedger, path: Path
) -> None:
    pending = sql_tree.PENDING.compile(dialect=sqlite.dialect())
    plan = " / ".join(
        str(row[-1]) for row in asked(path, f"EXPLAIN QUERY PLAN {pending}".replace("?", "'2026'"))
    )
    assert "SEARCH ledger USING INDEX entry_by_time (recorded_at>?)" in plan
    assert "TEMP B-TREE" not in plan
    oldest = sql_tree.OLDEST.compile(dialect=sqlite.dialect())
    plan = " / ".join(str(row[-1]) for row in asked(path, f"EXPLAIN QUERY PLAN {oldest}"))
    assert "SEARCH ledger USING PRIMARY KEY (case_id=? AND version=?)" in plan
    assert "SCAN ledger" not in plan


# A ledger made before there were leaves


def unsealed_ledger(stored: SqlLedger, path: Path) -> None:
    """Take back what the third migration made, and what came after."""
    names = asked(path, "SELECT type, name FROM sqlite_master WHERE sql IS NOT NULL")
    since = "".join(made.read_text("utf-8") for made in (THIRD, FOURTH)).replace("(", " ")
    new = [(kind, name) for kind, name in names if f"CREATE {str(kind).upper()} {name} " in since]
    assert {name for kind, name in new if kind == "table"} == {"leaf", "frontier", "checkpoint"}
    gone = [f"DROP {kind} {name}" for kind, name in new if kind != "table"]
    gone += ["ALTER TABLE case_view DROP COLUMN silent"]
    gone += [f"DROP TABLE {name}" for name in ("leaf", "frontier", "checkpoint")]
    run(path, *gone, "UPDATE alembic_version SET version_num = '0002'")
    stored.close()


def test_a_ledger_made_before_there_were_leaves_upgrades_and_all_that_it_holds_waits(
    stored: SqlLedger, path: Path
) -> None:
    case = new_case(stored, opened(patient="P 7"))
    append(stored, case, noted())
    entries = stored.entries(case.id)
    unsealed_ledger(stored, path)

    assert upgrade(str(path)) == ("0002", REVISION)

    again = open_ledger(str(path), fixed_sources(FakeClock(stored.sources.now() + timedelta(1))))
    assert again.entries(case.id) == entries
    assert waiting(again) == [(LEDGER_CASE, 1), (case.id, 1), (case.id, 2)]
    assert [leaf.index for leaf in seal(again)] == [0, 1, 2]
    assert again.tree.unsealed() == 0
    again.close()
