"""What one command that writes asks of a database whose ledger is open and warm."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from casetrack.ledger import connect
from casetrack.service.setup import create
from casetrack.service.tracker import Tracker
from casetrack.service.typed import Firing, Noting, Opening, When
from scripts.benchmarks.transcript import recorded
from tests import syncs
from tests.world import GUIDE, instant

NOW = instant("2026-11-24")
SUBMIT = Firing(trigger="submit", override="so it was", pairs=(("method", "fax"),))


class Warm:
    """A ledger in a file, its one connection, and cases of which the first was submitted."""

    def __init__(self, path: Path, connections: Sequence[sqlite3.Connection]) -> None:
        ledger = create(str(path), practice=True, clock=lambda: NOW)
        self.tracker = Tracker(ledger, NOW, "eva")
        self.cases = [self.open(f"C-{n}") for n in range(3)]
        self.tracker.do(self.cases[0], SUBMIT)
        self.connection = connections[-1]

    def open(self, reference: str) -> str:
        opening = Opening(workflow=GUIDE.id, reference=reference, when=When(on="2026-11-20"))
        return self.tracker.open(opening).case.id

    def statements(self, case: str) -> list[int]:
        """How many a submission asks, by transaction."""
        with recorded() as transactions:
            self.tracker.do(case, SUBMIT)
        return [len(transaction.asked) for transaction in transactions]


@pytest.fixture
def warm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warm]:
    made: list[sqlite3.Connection] = []
    plain = connect.connect

    def noted(path: Path) -> sqlite3.Connection:
        made.append(plain(path))
        return made[-1]

    monkeypatch.setattr(connect, "connect", noted)
    ledger = Warm(tmp_path / "cases.db", made)
    yield ledger
    ledger.tracker.ledger.close()


def test_a_write_forces_the_disk_once(warm: Warm) -> None:
    with syncs.counted(warm.connection) as found:
        warm.tracker.do(warm.cases[1], SUBMIT)
    assert found == ["log"]


def test_a_read_forces_nothing(warm: Warm) -> None:
    with syncs.counted(warm.connection) as found:
        warm.tracker.case(warm.cases[1])
    assert found == []


def test_what_is_counted_is_what_sqlite_does(warm: Warm) -> None:
    """A checkpoint forces the log and the database; without the pragma nothing is forced."""
    with syncs.counted(warm.connection) as found:
        warm.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert found[-1] == "database"
        found.clear()
        warm.connection.execute("PRAGMA synchronous=OFF")
        warm.tracker.do(warm.cases[1], SUBMIT)
        assert found == []


def test_a_write_reads_in_one_transaction_and_writes_in_another(warm: Warm) -> None:
    reading, writing = warm.statements(warm.cases[1])
    assert reading <= 2
    assert writing <= 9


def test_a_write_asks_no_more_of_a_long_case_than_of_a_short_one(warm: Warm) -> None:
    for _ in range(20):
        warm.tracker.do(warm.cases[2], Noting(text="again", pairs=(("kind", "call"),)))
    assert warm.statements(warm.cases[2]) == warm.statements(warm.cases[1])
