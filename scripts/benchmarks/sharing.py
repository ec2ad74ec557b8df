"""Eight writers on one file against one: how much they get done together, and how long they wait.

A ``fire`` that fails, or that the ledger does not hold afterwards, ends the bench.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from scripts.benchmarks import clients, ledgers
from scripts.benchmarks.clients import Client
from scripts.benchmarks.measure import Cost, compared, spent
from scripts.benchmarks.rows import Family, Row, Sizes, timed

WRITERS = 8
LEAST = 0.75  # of one writer's throughput
WAIT = 1  # second


def on_a_file(sizes: Sizes) -> Iterator[Row]:
    """As many in a round by one writer as by all of them."""
    each = WRITERS * max(2, min(20, sizes.cases // 100))
    waits: list[float] = []
    what = f"a `fire` by {WRITERS} writers on one file at once"
    with (
        ledgers.holding(each * 2 * (sizes.rounds + 1)) as db,
        Client(str(db)) as cases,
        clients.pool(str(db), 1) as one,
        clients.pool(str(db), WRITERS) as many,
    ):
        before = entries(db)

        def round_of(pool: clients.Pool, seen: list[float]) -> Cost:
            asked = cases.next(each)
            return spent(lambda: seen.extend(clients.fire_all(pool, asked)))

        found = compared(lambda: round_of(many, waits), lambda: round_of(one, []), sizes.rounds)
        if entries(db) - before != each * 2 * (sizes.rounds + 1):
            raise ValueError(db)
    yield timed(f"{what}, each", "by one writer", 1 / LEAST, found, decides="wall")
    yield Row(
        f"{what}, the longest of all", "s", WAIT, figure=max(waits), decides="figure", note="s"
    )


def entries(db: Path) -> int:
    with closing(sqlite3.connect(db)) as connection:
        (found,) = connection.execute("SELECT count(*) FROM ledger").fetchone()
        return int(found)


BENCHES: Family = {"sharing": on_a_file}
