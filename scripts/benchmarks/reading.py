"""The due-soon report of a large ledger: against the sqlite3 program, and as the ledger grows."""

import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Select
from sqlalchemy.dialects import sqlite

from casetrack.ledger import file, listing
from scripts.benchmarks.measure import CASETRACK, Cost, Measure, compared, of, run
from scripts.benchmarks.models import UNTIL
from scripts.benchmarks.rows import Family, Row, Sizes, timed
from scripts.benchmarks.stamped import Shape, stamped

NOW = "2026-11-24T10:00"
DUE = 10_000
FEW = 10_000  # cases
MODES = {"csv": "-csv", "json": "-json", "text": "-table"}
TIMES = 5


def large(sizes: Sizes) -> Shape:
    return Shape(cases=sizes.cases, rows=min(DUE, sizes.cases))


def small(sizes: Sizes) -> Shape:
    return Shape(cases=min(FEW, sizes.cases), rows=large(sizes).rows)


def due(sizes: Sizes) -> Iterator[Row]:
    """End to end, less what the same command takes on a ledger that holds no case."""
    shape = large(sizes)
    path = stamped(shape)
    what = f"`due`, {shape.rows:,} rows of {3 * shape.cases:,} deadlines"
    with empty() as nothing:
        for form, mode in MODES.items():
            ours = beyond(of(report(path, form)), of(report(nothing, form)))
            found = compared(ours, of(program(path, mode)), sizes.rounds)
            yield timed(f"{what}, {form}, less start-up", "`sqlite3`, the same query", 3, found)
    found = compared(of(asked(path)), of(asked_raw(path)), sizes.rounds)
    yield timed(f"{what}, the query alone", "the same statement, `sqlite3` module", 1.2, found)


def growing(sizes: Sizes) -> Iterator[Row]:
    many, few = stamped(large(sizes)), stamped(small(sizes))
    for form in MODES:
        found = compared(of(report(many, form)), of(report(few, form)), sizes.rounds)
        what = f"the same `due`, {large(sizes).cases:,} cases, {form}"
        yield timed(what, f"{small(sizes).cases:,} cases", 1.3, found)


@contextmanager
def empty() -> Iterator[Path]:
    """A practice ledger without a case."""
    with TemporaryDirectory(prefix="casetrack-bench-") as folder:
        path = Path(folder) / "empty.db"
        run([CASETRACK, "--db", path, "--now", NOW, "db", "init", "--practice"])
        yield path


def report(path: Path, form: str) -> Callable[[], None]:
    return lambda: run([CASETRACK, "--db", path, "--now", NOW, "due", "--format", form])


def beyond(ours: Measure, start: Measure) -> Measure:
    """What ours takes beyond its start, which is measured beside it."""

    def both() -> Cost:
        whole, begun = ours(), start()
        return Cost(whole.cpu - begun.cpu, whole.wall - begun.wall)

    return both


def statement() -> Select[tuple[object, ...]]:
    return listing.docket_statement(UNTIL, patients=False)


def text() -> str:
    literal = {"literal_binds": True}
    return str(statement().compile(dialect=sqlite.dialect(), compile_kwargs=literal))


def program(path: Path, mode: str) -> Callable[[], object]:
    asking: list[str | Path] = ["sqlite3", "-readonly", mode, path, text()]
    return lambda: subprocess.run(asking, check=True, stdout=subprocess.DEVNULL)


def asked(path: Path) -> Callable[[], None]:
    """By the ledger's own engine, the rows as they come."""
    database = file.existing(str(path))

    def work() -> None:
        for _ in range(TIMES):
            with database.engine.connect() as connection:
                connection.execute(statement()).fetchall()

    return work


def asked_raw(path: Path) -> Callable[[], None]:
    found = text()

    def work() -> None:
        for _ in range(TIMES):
            with closing(sqlite3.connect(path)) as connection:
                connection.execute(found).fetchall()

    return work


BENCHES: Family = {"due": due, "due-growing": growing}
