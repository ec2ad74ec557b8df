"""The large ledgers that speed is measured on are ledgers like any other."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from casetrack.catalog.shelf import Shelf
from casetrack.ledger.sql import create_ledger, open_ledger
from casetrack.service.due import Filter, docket
from casetrack.service.replaying import replay
from casetrack.service.sealing import seal
from casetrack.service.tracker import Tracker
from casetrack.service.verifying import verify
from scripts.benchmarks import models, stamped
from scripts.benchmarks.stamped import Shape


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 cases; nobody writes to it."""
    return stamped.stamped(Shape(40, rows=11, notes=2, sealed=True), tmp_path_factory.mktemp("it"))


def tracker(path: Path) -> Tracker:
    ledger = open_ledger(str(path), models.sources(models.NOW))
    return Tracker(ledger, models.NOW, "eva", shelf=Shelf(models.STATES))


def test_an_audit_finds_nothing_wrong_with_it(made: Path) -> None:
    found = verify(str(made))
    assert (found.ok, found.cases) == (True, 40)


def test_every_case_is_as_its_views_show_it(made: Path) -> None:
    found = replay(str(made))
    assert (found.cases, found.differing) == (40, ())


def test_it_holds_the_cases_and_deadlines_that_were_asked_for(made: Path) -> None:
    found = tracker(made)
    stats = found.ledger.stats()
    assert (stats.cases, stats.open_deadlines) == (40, 120)
    assert len(docket(found, Filter()).items) == 11


def test_its_triggers_and_indexes_are_those_of_any_ledger(made: Path, tmp_path: Path) -> None:
    create_ledger(str(tmp_path / "new.db"), models.sources(models.NOW)).close()

    def schema(path: Path) -> set[tuple[str, ...]]:
        with closing(sqlite3.connect(path)) as connection:
            return set(connection.execute("SELECT type, name, sql FROM sqlite_schema"))

    assert schema(made) == schema(tmp_path / "new.db")


def test_more_cases_follow_the_sealed_ones_and_can_be_sealed(tmp_path: Path) -> None:
    path = stamped.stamped(Shape(20, rows=3, sealed=True), tmp_path)
    stamped.more(path, 5, first=20)
    found = tracker(path)
    sealed = found.ledger.tree.size()
    assert found.ledger.tree.unsealed() == 10
    assert seal(found, models.place(path, found.ledger.id)).added == 10
    assert found.ledger.tree.size() == sealed + 10
    assert verify(str(path)).ok
    assert replay(str(path)).differing == ()
