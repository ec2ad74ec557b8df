"""An import against a raw loop that writes the same rows, and what cases in and out may hold."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from casetrack.ledger.connect import connect
from scripts.benchmarks import ledgers, sheets
from scripts.benchmarks.measure import CASETRACK, Cost, compared, peak, run, spent
from scripts.benchmarks.rows import Family, Row, Sizes, held, timed

TABLES = (
    "definition", "ledger", "unsealed", "disclosure", "case_view", "deadline_view", "value_view",
)  # fmt: skip
COMMIT_EVERY = 1_000
Written = Sequence[tuple[str, list[tuple[Any, ...]]]]


def against_a_loop(sizes: Sizes) -> Iterator[Row]:
    """Ours is the whole command; the loop has its rows in memory, and the same tables."""
    with TemporaryDirectory(prefix="casetrack-bench-") as made:
        folder, numbers = Path(made), count()
        sheet = sheets.write(folder / "cases.csv", sizes.rows)
        written: Written = []

        def ours() -> Cost:
            nonlocal written
            db = empty(folder, next(numbers))
            cost = spent(lambda: import_(db, sheet))
            written = written or rows_of(db)
            db.unlink()
            return cost

        def loop() -> Cost:
            db = empty(folder, next(numbers))
            with closing(connect(db)) as connection:
                cost = spent(lambda: write(connection, written))
            db.unlink()
            return cost

        what = f"`import` of {sizes.rows:,} rows"
        reference = f"raw `sqlite3` loop, the same rows, {COMMIT_EVERY:,} per commit"
        yield timed(what, reference, 6, compared(ours, loop, sizes.rounds))


def empty(folder: Path, number: int) -> Path:
    db = folder / f"{number}.db"
    ledgers.fill(str(db), folder, 0)
    return db


def import_(db: Path, sheet: Path) -> None:
    run([CASETRACK, "--now", sheets.NOW, "import", sheet], {"CASETRACK_DB": str(db)})


def rows_of(db: Path) -> Written:
    """All that an import wrote, in the order in which it can be written again."""
    with closing(connect(db)) as connection:
        found = [(table, connection.execute(f"SELECT * FROM {table}").fetchall())  # noqa: S608 - our tables
                 for table in TABLES]  # fmt: skip
    own = "00000000-0000-0000-0000-000000000000"
    return [(table, [row for row in rows if own not in row]) for table, rows in found]


def write(connection: sqlite3.Connection, written: Written) -> None:
    """Row by row; an entry with what belongs to it would be no less."""
    connection.execute("BEGIN IMMEDIATE")
    since = 0
    for table, rows in written:
        for row in rows:
            marks = ",".join("?" * len(row))
            connection.execute(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608 - our tables
            since += 1
            if since % COMMIT_EVERY == 0:
                connection.execute("COMMIT")
                connection.execute("BEGIN IMMEDIATE")
    connection.execute("COMMIT")


def memory(sizes: Sizes) -> Iterator[Row]:
    """An import of as many entries, and the export of what it made."""
    large, small = peaks(sizes.entries), peaks(sizes.entries // 10)
    for what, many, few in zip(("`import`", "`export`"), large, small, strict=True):
        yield from held(what, many, few, sizes)


def peaks(entries: int) -> tuple[float, float]:
    with TemporaryDirectory(prefix="casetrack-bench-") as made:
        folder = Path(made)
        sheet = sheets.write(folder / "cases.csv", entries)
        variables = {"CASETRACK_DB": str(empty(folder, 0))}
        now = [CASETRACK, "--now", sheets.NOW]
        return (
            peak([*now, "import", sheet], variables),
            peak([*now, "export", "--output", folder / "out.csv"], variables),
        )


BENCHES: Family = {"import": against_a_loop, "import-memory": memory}
