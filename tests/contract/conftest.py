"""The stores that the contract is run on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from casetrack.domain import events as e
from casetrack.ledger.memory import MemoryLedger
from casetrack.ledger.sql import SqlLedger, create_ledger
from casetrack.ledger.store import Ledger
from tests.facts import DEC_1, NOV_10, NOV_20, append, assigned, deadline, fired, new_case, opened
from tests.fakes import FakeClock, fixed_sources


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[Ledger]:
    sources = fixed_sources(clock)
    if request.param == "memory":
        store: Ledger = MemoryLedger(sources)
    elif request.param == "sqlite":
        store = create_ledger(str(tmp_path / "ledger.db"), sources)
    else:
        store = create_ledger(request.getfixturevalue("database"), sources)
    yield store
    store.close()


@pytest.fixture
def office(ledger: Ledger) -> Ledger:
    """Three cases: one waiting for the payer, one for us, one closed without a deadline."""
    armed = (deadline("reply", NOV_20), deadline("appeal", NOV_10, owner="provider"))
    case = new_case(ledger, opened("A", "P-1", armed, {"codes": ("F32.9", "F33.1")}, number="N-1"))
    append(ledger, case, fired(), assigned("eva"))
    planned = deadline("plan", NOV_10, owner="provider", kind="planned")
    case = new_case(ledger, opened("B", "P-2", (planned, deadline("reply", DEC_1)), number="N-2"))
    append(ledger, case, assigned("ota"), assigned(None))
    case = new_case(ledger, opened("C", "P-1", (deadline("reply", NOV_10),)))
    ended = (e.Ended(deadline="reply#1", outcome="satisfied"),)
    append(ledger, case, fired("closed", final=True, closed=ended))
    return ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "ledger.db"


@pytest.fixture
def stored(path: Path) -> Iterator[SqlLedger]:
    store = create_ledger(str(path), fixed_sources())
    yield store
    store.close()
