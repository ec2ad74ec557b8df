"""No command on one case reads a whole ledger or a whole view: each statement is explained."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from casetrack.catalog.shelf import Shelf
from casetrack.ledger.sql import open_ledger
from casetrack.ledger.store import Query
from casetrack.service.reminding import find
from casetrack.service.sealing import seal
from casetrack.service.sweep import sweep
from casetrack.service.tracker import Tracker
from casetrack.service.typed import Noting, Planning
from scripts.benchmarks import models, stamped
from scripts.benchmarks.stamped import Shape
from scripts.benchmarks.sweeping import Nowhere

Said = list[tuple[str, Any]]
LARGE = ("ledger", "case_view", "deadline_view", "value_view", "disclosure", "leaf")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stamped.stamped(Shape(60, rows=6, sealed=True), tmp_path_factory.mktemp("ledger"))


@pytest.fixture
def tracker(path: Path) -> Iterator[Tracker]:
    ledger = open_ledger(str(path), models.sources(models.NOW))
    yield Tracker(ledger, models.NOW, "eva", shelf=Shelf(models.STATES))
    ledger.close()


@contextmanager
def listening() -> Iterator[Said]:
    said: Said = []

    def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:  # noqa: ANN401
        said.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def scans(path: Path, said: Said) -> set[str]:
    """The steps of all plans that go through a whole large table, or a whole index of it."""
    steps: set[str] = set()
    with closing(sqlite3.connect(path)) as connection:
        for statement, parameters in said:
            if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
                first = parameters[0] if isinstance(parameters, list) else parameters
                plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", first)
                steps |= {str(row[-1]) for row in plan}
    return {step for step in steps if step.startswith(tuple(f"SCAN {name}" for name in LARGE))}


def first_case(tracker: Tracker) -> str:
    return next(iter(tracker.ledger.case_ids()))


@pytest.mark.parametrize(
    "command",
    [
        lambda t, _: t.case(t.resolve("B-0000007")),
        lambda t, _: t.ledger.references("B-000000", 11),
        lambda t, id: t.do(id, Noting(text="called")),
        lambda t, id: t.do(id, Planning(title="Call", due="2026-12-01")),
        lambda t, id: t.ledger.views(id),
        lambda t, id: t.ledger.by_key(id, "a-key"),
        lambda t, id: find(t, id, "review#1"),
        lambda t, _: list(t.ledger.docket(models.UNTIL, patients=True)),
        lambda t, _: t.ledger.list_cases(Query(patient="Patient 7")),
        lambda t, _: t.ledger.runs.newest(),
        lambda t, id: t.ledger.tree.leaf(id, 1),
        lambda t, id: t.ledger.several([id, "another"]),
        lambda t, id: t.ledger.versions([id, "another"]),
        lambda t, _: t.ledger.candidates(models.UNTIL, lambda *_: True),
    ],
    ids=[
        "show", "a part of a reference", "note", "plan", "views", "a repeated key", "a reminder",
        "due", "list of a patient", "the newest entry", "a leaf",
        "entries of several", "versions of several", "what may be due",
    ],
)  # fmt: skip
def test_no_command_reads_all_of_a_large_table(
    tracker: Tracker, path: Path, command: Callable[[Tracker, str], object]
) -> None:
    case_id = first_case(tracker)
    with listening() as said:
        command(tracker, case_id)
    assert said
    assert scans(path, said) == set()


def test_what_counts_everything_is_seen_to_read_everything(tracker: Tracker, path: Path) -> None:
    with listening() as said:
        tracker.ledger.stats()
    assert scans(path, said)


def test_sealing_reads_what_waits_and_no_more(tracker: Tracker, path: Path) -> None:
    stamped.more(path, 5, first=60)
    waiting = tracker.ledger.tree.unsealed()
    with listening() as said:
        assert seal(tracker, models.place(path, tracker.ledger.id)).added == waiting >= 10
    assert scans(path, said) == set()


def test_reminders_are_claimed_and_recorded_by_few_statements_for_many(tmp_path: Path) -> None:
    def said(rows: int) -> tuple[int, int]:
        path = stamped.stamped(Shape(80, rows=rows), tmp_path)
        ledger = open_ledger(str(path), models.sources(models.NOW))
        with listening() as statements:
            sent = len(sweep(Tracker(ledger, models.NOW, "eva"), [Nowhere()]).sent)
        ledger.close()
        return sent, len(statements)

    few, many = said(20), said(40)
    assert few[0] < many[0]
    assert (many[1] - few[1]) / (many[0] - few[0]) <= 2
