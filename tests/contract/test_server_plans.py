"""No command on one case reads a whole table of a server's either, nor does a trigger of it.

The planner shuns a scan, so that one which is left means that no index could serve.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from casetrack.catalog.shelf import Shelf
from casetrack.ledger.sql import open_ledger
from casetrack.ledger.store import Query
from casetrack.service.copying import copy
from casetrack.service.reminding import find
from casetrack.service.setup import create
from casetrack.service.tracker import Tracker
from casetrack.service.typed import Assigning, Noting, Opening, Planning, When
from scripts.benchmarks import models, stamped
from scripts.benchmarks.stamped import Shape
from scripts.benchmarks.transcript import recorded
from tests import servers
from tests.contract.test_one_write import NOW, SUBMIT
from tests.contract.test_plans import LARGE, Said, first_case, listening
from tests.world import GUIDE

SHUNNING = "-c search_path=casetrack -c enable_seqscan=off"
SCANS = "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE schemaname = 'casetrack'"
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
Plan = Mapping[str, Any]


@contextmanager
def tracking(url: str) -> Iterator[Tracker]:
    ledger = open_ledger(url, models.sources(models.NOW))
    try:
        yield Tracker(ledger, models.NOW, "eva", shelf=Shelf(models.STATES))
    finally:
        ledger.close()


@pytest.fixture(scope="module")
def url(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A ledger of sixty cases, sealed, whose sizes the planner knows."""
    path = stamped.stamped(Shape(60, rows=6, sealed=True), tmp_path_factory.mktemp("ledger"))
    with servers.database(server) as made:
        with tracking(str(path)) as tracker:
            copy(tracker, str(path), made, (), lambda _: None)
        name = made.rpartition("/")[2].partition("?")[0]
        servers.execute(made, "ANALYZE", f"ALTER DATABASE {name} SET enable_seqscan = off")
        yield made


def scans(url: str, said: Said) -> set[str]:
    """The steps of all plans that go through a whole large table, or a whole index of it."""
    plain = url.replace("postgresql+psycopg", "postgresql", 1)
    with psycopg.connect(plain, options=SHUNNING) as connection:
        return {
            f"{step['Node Type']} on {step['Relation Name']}"
            for statement, parameters in said
            if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))
            for step, above in _steps(_plan(connection, statement, parameters))
            if step.get("Relation Name") in LARGE and _whole(step, above)
        }


def _plan(connection: psycopg.Connection[Any], statement: str, parameters: Any) -> Plan:  # noqa: ANN401
    first = parameters[0] if isinstance(parameters, list) else parameters
    explained = f"EXPLAIN (FORMAT JSON) {statement}".encode()
    ((((found,),),),) = [connection.execute(explained, first).fetchall()]
    plan: Plan = (json.loads(found) if isinstance(found, str) else found)["Plan"]
    return plan


def _steps(plan: Plan, above: str = "") -> Iterator[tuple[Plan, str]]:
    yield plan, above
    for part in plan.get("Plans", ()):
        yield from _steps(part, plan["Node Type"])


def _whole(step: Plan, above: str) -> bool:
    """An index that is gone through for its first row alone is not read as a whole."""
    if step["Node Type"] == "Seq Scan":
        return True
    if step["Node Type"] == "Bitmap Heap Scan":
        parts = (part for part, _ in _steps(step) if part["Node Type"] == "Bitmap Index Scan")
        return any("Index Cond" not in part for part in parts)
    first = above == "Limit" and "Filter" not in step
    by_index = step["Node Type"] in {"Index Scan", "Index Only Scan"}
    return by_index and "Index Cond" not in step and not first


COMMANDS: Mapping[str, Callable[[Tracker, str], object]] = {
    "show": lambda t, _: t.case(t.resolve("B-0000007")),
    "a part of a reference": lambda t, _: t.ledger.references("B-000000", 11),
    "note": lambda t, id: t.do(id, Noting(text="called")),
    "plan": lambda t, id: t.do(id, Planning(title="Call", due="2026-12-01")),
    "assign": lambda t, id: t.do(id, Assigning(name="ota")),
    "views": lambda t, id: t.ledger.views(id),
    "bodies": lambda t, id: t.ledger.stored(id),
    "a repeated key": lambda t, id: t.ledger.by_key(id, "a-key"),
    "a reminder": lambda t, id: find(t, id, "review#1"),
    "list of a patient": lambda t, _: t.ledger.list_cases(Query(patient="Patient 7")),
    "a leaf": lambda t, id: t.ledger.tree.leaf(id, 1),
    "a disclosure of one case": lambda t, id: t.disclose("show", [id]),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_on_one_case_reads_all_of_a_large_table(url: str, command: str) -> None:
    with tracking(url) as tracker:
        case_id = first_case(tracker)
        with listening() as said:
            COMMANDS[command](tracker, case_id)
    assert said
    assert scans(url, said) == set()


def test_what_counts_everything_is_seen_to_read_everything(url: str) -> None:
    with tracking(url) as tracker, listening() as said:
        tracker.ledger.stats()
    assert scans(url, said)


def counted(url: str) -> dict[object, object]:
    """How often each large table was scanned; a session tells that before it is gone."""
    while servers.answered(url, SESSIONS) != [(1,)]:
        time.sleep(0.05)
    return {name: times for name, times in servers.answered(url, SCANS) if name in LARGE}


def test_no_trigger_of_a_write_reads_all_of_a_large_table(url: str) -> None:
    """The server counts the scans itself, of whatever asked for them."""
    with tracking(url) as tracker:
        case_id = first_case(tracker)
    before = counted(url)
    with tracking(url) as tracker:
        tracker.do(case_id, Noting(text="called"))
        tracker.do(case_id, Planning(title="Ask", due="2026-12-01"))
    assert counted(url) == before
    assert set(before) == set(LARGE)
    servers.execute(url, "SET enable_seqscan = on", "SELECT max(body) FROM ledger")
    assert counted(url) != before


# Statements


@pytest.fixture
def tracker(database: str) -> Iterator[Tracker]:
    ledger = create(database, practice=True, clock=lambda: NOW)
    yield Tracker(ledger, NOW, "eva")
    ledger.close()


def submitted(tracker: Tracker, notes: int) -> list[int]:
    """How many statements a submission asks, by transaction, of a case with so many notes."""
    opening = Opening(workflow=GUIDE.id, reference=f"C-{notes}", when=When(on="2026-11-20"))
    case = tracker.open(opening).case.id
    for _ in range(notes):
        tracker.do(case, Noting(text="again", pairs=(("kind", "call"),)))
    with recorded() as transactions:
        tracker.do(case, SUBMIT)
    return [len(transaction.asked) for transaction in transactions]


def test_a_write_asks_as_little_as_on_a_file_and_no_more_of_a_long_case(tracker: Tracker) -> None:
    submitted(tracker, 0)
    warm = submitted(tracker, 1)
    reading, writing = warm
    assert reading <= 2
    assert writing <= 9
    assert submitted(tracker, 20) == warm
