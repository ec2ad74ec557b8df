"""One durable `fire` through the service, against its own statements by SQLAlchemy Core alone."""

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from scripts.benchmarks import clients, ledgers
from scripts.benchmarks.clients import Client
from scripts.benchmarks.measure import Cost, Ratio, compared, spent
from scripts.benchmarks.rows import Family, Row, Sizes, timed
from scripts.benchmarks.transcript import Transaction, recorded, repeated

CLIENTS = 8
WHAT = "one durable `fire` through the service"
REFERENCE = "its statements by SQLAlchemy Core, one commit"


def on_a_file(sizes: Sizes) -> Iterator[Row]:
    with ledgers.holding(2 * fires(sizes) * (sizes.rounds + 1)) as db:
        copy = Path(shutil.copy(db, db.with_name("copy.db")))
        found = against_its_statements(str(db), str(copy), sizes)
        yield timed(f"{WHAT}, SQLite", REFERENCE, 1.5, found, decides="wall")


def on_a_server(sizes: Sizes) -> Iterator[Row]:
    each = fires(sizes) * (sizes.rounds + 1)
    with ledgers.on_a_server(each * (CLIENTS + 3)) as (url, copy):
        found = against_its_statements(url, copy, sizes)
        yield timed(f"{WHAT}, PostgreSQL", REFERENCE, 1.5, found, decides="wall")
        many = f"the same, by {CLIENTS} clients at once, each"
        found = by_many(url, each, sizes)
        yield timed(many, "by one client", 1 / 3, found, decides="wall")


def fires(sizes: Sizes) -> int:
    """In a round, each on a case of its own."""
    return max(1, min(20, sizes.cases // 20))


def against_its_statements(url: str, copy: str, sizes: Sizes) -> Ratio:
    """Ours writes in one ledger; statements that it sends there are repeated in a copy of that.

    Those are of as many cases more, for to listen to statements takes time too.
    """
    said: list[Transaction] = []

    def ours() -> Cost:
        cost = spent(partial(client.fire, *client.next(fires(sizes))))
        with recorded() as transactions:
            client.fire(*client.next(fires(sizes)))
        said[:] = transactions
        return cost

    with Client(url) as client, ledgers.database_of(copy) as database:
        return compared(ours, lambda: spent(lambda: repeated(database, said)), sizes.rounds)


def by_many(url: str, first: int, sizes: Sizes) -> Ratio:
    """Per fire, in processes that are there and have each opened the ledger."""
    with Client(url) as client, clients.pool(url, 1) as one, clients.pool(url, CLIENTS) as many:
        client.next(2 * first)

        def round_of(pool: clients.Pool, times: int) -> Cost:
            cases = client.next(fires(sizes) * times)
            cost = spent(lambda: clients.fire_all(pool, cases))
            return Cost(cost.cpu / times, cost.wall / times)

        return compared(lambda: round_of(many, CLIENTS), lambda: round_of(one, 1), sizes.rounds)


BENCHES: Family = {"fire-sqlite": on_a_file, "fire-server": on_a_server}
