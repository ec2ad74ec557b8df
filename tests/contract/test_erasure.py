"""After a redaction no byte of the value is anywhere in the database's folder."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from casetrack.domain.case import Case
from casetrack.domain.fold import replay
from casetrack.errors import Busy
from casetrack.ledger import connect
from casetrack.ledger.sql import SqlLedger, create_ledger, open_ledger
from tests.facts import append, draft, new_case, noted, opened, redacted
from tests.fakes import fixed_sources


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    store = create_ledger(str(tmp_path / "ledger.db"), fixed_sources())
    yield store
    store.close()


def marked(mark: str, size: int) -> str:
    """A text of about that size which shows its mark in every piece."""
    return "|".join([mark] * max(1, size // (len(mark) + 1)))


def on_disk(ledger: SqlLedger) -> bytes:
    return b"".join(p.read_bytes() for p in sorted(ledger.path.parent.iterdir()))


def latest(ledger: SqlLedger, case: Case) -> Case:
    return replay(case.id, ledger.entries(case.id))


@pytest.mark.parametrize("size", [1, 180, 5_000, 14_000])
def test_no_byte_of_a_redacted_value_is_left(ledger: SqlLedger, size: int) -> None:
    case = new_case(ledger, opened(patient=marked("SéCRET-P", min(size, 180))))
    case, _ = append(
        ledger, case, noted(marked("SéCRET-N", size * 3), number=marked("SéCRET-F", size))
    )
    case, _ = append(ledger, case, noted(number="newer"))
    assert all(f"SéCRET-{mark}".encode() in on_disk(ledger) for mark in "PNF")
    ledger.redact(case, draft(redacted((1, "patient"), (2, "note"), (2, "number"))))
    assert "SéCRET".encode() not in on_disk(ledger)


def test_no_copy_is_left_where_pages_were_split(tmp_path: Path) -> None:
    """Ids in random order split pages in their middle, which leaves copies of the rows moved."""
    ledger = create_ledger(str(tmp_path / "ledger.db"), fixed_sources())
    cases = []
    for number in range(300):
        scattered = (number * 7919 % 300).to_bytes(2, "big").hex()
        case = Case(id=f"{scattered}0000-0000-7000-8000-000000000000")
        size = (10, 300, 900, 5_000)[number % 4]
        event = opened(
            f"C-{number}", f"SECRET-{number:03}.", number=marked(f"SECRET-{number:03}.", size)
        )
        cases.append(append(ledger, case, event)[0])
    for case in cases[:60]:
        ledger.redact(case, draft(redacted((1, "patient"), (1, "number"))))
    left = on_disk(ledger)
    assert [n for n in range(60) if f"SECRET-{n:03}.".encode() in left] == []
    assert all(f"SECRET-{n:03}.".encode() in left for n in range(60, 300))
    ledger.close()


def test_a_reader_of_older_pages_is_told_of_and_a_rebuild_erases_them(
    ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "BUSY_SECONDS", 0.05)
    case = new_case(ledger, opened(patient="SECRET"))
    hasty = open_ledger(str(ledger.path), ledger.sources)
    with closing(sqlite3.connect(ledger.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM ledger").fetchone()
        with pytest.raises(Busy, match="run 'casetrack db rebuild'"):
            hasty.redact(case, draft(redacted((1, "patient"))))
    assert latest(hasty, case).version == 2
    assert b"SECRET" in on_disk(hasty)
    assert hasty.rebuild() == 1
    assert b"SECRET" not in on_disk(hasty)
    hasty.close()
