"""No command on one case reads a whole ledger or a whole view: each statement is explained."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event

from casetrack.catalog.shelf import Shelf
from casetrack.ledger.sql import open_ledger
from casetrack.ledger.store import Query
from casetrack.service.due import Filter, docket
from casetrack.service.reminding import find
from casetrack.service.sealing import seal
from casetrack.service.sweep import sweep
from casetrack.service.tracker import Tracker
from casetrack.service.typed import Noting, Planning
from scripts.benchmarks import models, stamped
from scripts.benchmarks.stamped import Shape
from scripts.benchmarks.sweeping import Nowhere
from tests import servers
from tests.cli.driver import run

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
def told(hook: Callable[..., None]) -> Iterator[None]:
    """Of each statement, before it is carried out."""
    event.listen(Engine, "before_cursor_execute", hook)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", hook)


@contextmanager
def listening() -> Iterator[Said]:
    said: Said = []

    def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:  # noqa: ANN401
        said.append((statement, parameters))

    with told(note):
        yield said


def scans(path: Path, said: Said) -> set[str]:
    """The steps of all plans that go through a whole large table, or a whole index of it."""
    steps: set[str] = set()
    with closing(sqlite3.connect(path)) as connection:
        for statement, parameters in said:
            if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
                first = parameters[0] if isinstance(parameters, list) else parameters
                plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", first)
                found = {str(row[-1]) for row in plan}
                steps |= set() if is_the_first_of_an_index(found, first) else found
    return {step for step in steps if step.startswith(tuple(f"SCAN {name}" for name in LARGE))}


def is_the_first_of_an_index(plan: set[str], parameters: Any) -> bool:  # noqa: ANN401
    """One row is asked for, and nothing has to be put in order for it."""
    one = isinstance(parameters, tuple) and parameters[-2:] == (1, 0)
    return one and len(plan) == 1 and "COVERING INDEX" in "".join(plan)


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
        lambda t, _: list(t.ledger.doubtful([("review", "review_on"), ("x", "y")], patients=True)),
        lambda t, _: t.ledger.unassigned(),
        lambda t, _: t.ledger.silent(),
        lambda t, _: t.ledger.pinned(),
        lambda t, _: t.ledger.grounds(),
        lambda t, _: t.ledger.calendars(),
        lambda t, _: t.ledger.crossing(t.ledger.calendars()[-1], date(2026, 1, 1), date.max),
        lambda t, _: t.ledger.next_act_by(),
        lambda t, _: t.ledger.runs.ladders(),
        lambda t, id: t.ledger.several([id, "another"]),
        lambda t, id: t.ledger.versions([id, "another"]),
        lambda t, _: t.ledger.candidates(models.UNTIL, lambda *_: True),
    ],
    ids=[
        "show", "a part of a reference", "note", "plan", "views", "a repeated key", "a reminder",
        "due", "list of a patient", "the newest entry", "a leaf", "doubts", "nobody's", "silent",
        "pinned", "grounds", "calendars", "crossing", "the next deadline", "ladders",
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


# By state and assignee nothing is stored: the open cases are counted, in an index and nowhere else.
COUNTED = "SCAN case_view USING COVERING INDEX open_case"


def test_a_report_reads_what_it_prints_and_counts_by_one_index(
    tracker: Tracker, path: Path
) -> None:
    with listening() as said:
        assert docket(tracker, Filter(patients=True)).items
    assert scans(path, said) == {COUNTED}


def test_a_sweep_with_nothing_new_reads_what_is_due(tmp_path: Path) -> None:
    path = stamped.stamped(Shape(60, rows=6), tmp_path)
    with closing(open_ledger(str(path), models.sources(models.NOW))) as ledger:
        tracker = Tracker(ledger, models.NOW, "eva", shelf=Shelf(models.STATES))
        for nothing_new in (False, False, True):
            with listening() as said:
                swept = sweep(tracker, [Nowhere()])
            assert (swept.sent == ()) or not nothing_new
    assert scans(path, said) == set()
    assert len(said) < 40  # a look-up or two for each clock and calendar in use


def steps(work: Callable[[], object]) -> Mapping[str, int]:
    """How many steps SQLite takes for each statement and for reading what it gives."""
    taken: Counter[str] = Counter()

    def watch(_: object, cursor: sqlite3.Cursor, statement: str, *__: object) -> None:
        def step() -> None:
            taken[statement] += 1

        cursor.connection.set_progress_handler(step, 1)

    with told(watch):
        work()
    return taken


def test_each_statement_of_a_report_takes_as_many_steps_however_much_is_stored(
    tmp_path: Path,
) -> None:
    def report(cases: int) -> Mapping[str, int]:
        path = stamped.stamped(Shape(cases, rows=6), tmp_path)
        with closing(open_ledger(str(path), models.sources(models.NOW))) as ledger:
            tracker = Tracker(ledger, models.NOW, "eva", shelf=Shelf(models.STATES))
            return steps(lambda: docket(tracker, Filter(patients=True)))

    few, many = report(60), report(1200)
    grown = [statement for statement, taken in many.items() if taken > few[statement] + 100]
    assert ["count(" in statement for statement in grown] == [True]


# On a server


@pytest.fixture(scope="module")
def shared(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A ledger on a server, large enough for indexes and counted by it, with little due."""
    path = stamped.stamped(Shape(300, rows=6), tmp_path_factory.mktemp("ledger"))
    with servers.database(server) as url:
        assert run("--now", models.NOW.isoformat(), "db", "copy", str(path), url).code == 0
        servers.execute(url, "ANALYZE")
        yield url


RARE = {"open_doubt", "silent_case"}  # indexes of nothing but what is told
# What is right for a table of ten rows only is not to be chosen.
LIKE_MILLIONS = ("enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin")


def scans_on_server(url: str, said: Said) -> set[str]:
    """The steps of all plans that go through a whole large table, or a whole index of it."""
    settings = " ".join(f"-c {name}=off" for name in LIKE_MILLIONS)
    plain = url.replace("postgresql+psycopg", "postgresql", 1)
    found: set[str] = set()
    with psycopg.connect(plain, options=f"-c search_path=casetrack {settings}") as connection:
        for statement, parameters in said:
            if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
                first = parameters[0] if isinstance(parameters, list) else parameters
                explained = f"EXPLAIN (FORMAT JSON) {statement}".encode()
                (rows,) = connection.execute(explained, first).fetchall()
                found |= set(whole_scans(rows[0][0]["Plan"]))
    return found


def whole_scans(step: Mapping[str, Any]) -> Iterator[str]:
    kind, table = step["Node Type"], step.get("Relation Name", "")
    if kind == "Limit" and step["Plan Rows"] == 1 and "Plans" not in step["Plans"][0]:
        return  # the first of an index
    index = step.get("Index Name", "")
    if table in LARGE and "Scan" in kind and "Index Cond" not in step and index not in RARE:
        yield f"{kind} {table} {index}".strip()
    for inner in step.get("Plans", ()):
        yield from whole_scans(inner)


@pytest.fixture
def remote(shared: str) -> Iterator[Tracker]:
    ledger = open_ledger(shared, models.sources(models.NOW))
    yield Tracker(ledger, models.NOW, "eva", shelf=Shelf(models.STATES))
    ledger.close()


def test_on_a_server_a_report_reads_what_it_prints_too(remote: Tracker, shared: str) -> None:
    with listening() as said:
        assert docket(remote, Filter(patients=True)).items
        assert remote.ledger.doubtful([("appeal_filing", "notice_on")])
    assert scans_on_server(shared, said) == {"Index Only Scan case_view open_case"}


def test_on_a_server_a_sweep_with_nothing_new_reads_what_is_due_too(
    remote: Tracker, shared: str
) -> None:
    for nothing_new in (False, False, True):
        with listening() as said:
            swept = sweep(remote, [Nowhere()])
        assert (swept.sent == ()) or not nothing_new
    known = remote.ledger.calendars()[-1]
    with listening() as crossing:
        remote.ledger.crossing(known, date(2028, 1, 3), date(2028, 12, 29))
    assert scans_on_server(shared, [*said, *crossing]) == set()


def test_on_a_server_what_counts_everything_is_seen_to_read_everything(
    remote: Tracker, shared: str
) -> None:
    with listening() as said:
        remote.ledger.stats()
    assert scans_on_server(shared, said)


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
