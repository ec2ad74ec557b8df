"""A ledger taken over row by row into another database, some thousand rows in a transaction.

What is there already is compared and kept, so a copy that was cut off goes on where it stood.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice, zip_longest
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    delete,
    exists,
    insert,
    literal,
    select,
    text,
    tuple_,
)

from casetrack.errors import BadDatabase, Corrupt
from casetrack.ledger import database as databases
from casetrack.ledger import tables as t
from casetrack.ledger.canonical import instant
from casetrack.ledger.comparing import VIEWS
from casetrack.ledger.database import Database
from casetrack.ledger.scan import Row, Scan

BATCH = 2_000
Values = tuple[Any, ...]
Rows = Iterator[Values]
Tick = Callable[[int], None]

_STATE = "UPDATE alembic_version SET version_num = '{}'"
_NEXT_NUMBER = """
SELECT setval('unsealed_sequence_seq', coalesce(max(sequence), 0) + 1, false) FROM unsealed
"""


class Target:
    """The database that a ledger is copied to; nothing else opens it until ``finish``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.name = database.name
        self.begun = database.identity() is not None

    def admit(self, body: str) -> None:
        """Refuse what is no unfinished copy of the ledger that begins with this body."""
        found = self._database.identity()
        if found is None:
            return
        revision, first = found
        if first != body:
            raise BadDatabase(f"{self.name} holds another ledger and is left as it is")
        if revision == t.REVISION:
            raise BadDatabase(f"{self.name} holds this ledger already, whole; it is left as it is")
        if revision != t.COPYING:
            raise self._database.other(revision)

    def begin(self, source: Scan) -> None:
        """Make the tables with the first entry, by which the copy is known from then on."""
        if self._database.identity() is not None:
            return
        first = next(entries(source))
        with self.writing() as connection:
            self._database.make(connection)
            connection.execute(text(_STATE.format(t.COPYING)))
            connection.execute(insert(t.ledger), _named(t.ledger, [first]))

    def take(self, source: Scan, tick: Tick) -> None:
        """Everything that the source holds; what waits is queued once the leaves are there."""
        self._grow(t.definition, definitions(source), 1)
        self._grow(t.ledger, entries(source), 2, tick)
        self._grow(t.disclosure, disclosures(source), 3)
        self._grow(t.leaf, leaves(source), 1)
        self._grow(t.frontier, source.frontiers(), 1)
        self._grow(t.checkpoint, checkpoints(source), 1)
        self._dequeue()
        self._grow(t.unsealed, queue(source), 1)
        for name, table in VIEWS.items():
            self._replace(table, (values for _, values in source.view(name)))

    def finish(self, beats: Mapping[str, datetime]) -> None:
        """Let others open it, with when what last ran; its views were compared just now."""
        with self.writing() as connection:
            connection.execute(delete(t.touched))
            connection.execute(delete(t.heartbeat))
            rows = [{"name": name, "at": instant(at)} for name, at in beats.items()]
            if rows:
                connection.execute(insert(t.heartbeat), rows)
            if connection.dialect.name == "postgresql":
                connection.execute(text(_NEXT_NUMBER))
            connection.execute(text(_STATE.format(t.REVISION)))

    def close(self) -> None:
        """Leave nothing where nothing was begun."""
        nothing = not self.begun and self._database.identity() is None
        self._database.engine.dispose()
        if nothing:
            self._database.unmade()

    def _grow(self, table: Table, rows: Rows, key: int, tick: Tick | None = None) -> None:
        """Add the rows not there yet; they come in the order of their key, its first columns."""
        columns = tuple_(*list(table.c)[:key])
        after: ColumnElement[bool] = literal(value=True)
        for batch in _batches(rows):
            last = tuple_(*(literal(x) for x in batch[-1][:key]))
            self._add(table, batch, (after, columns <= last))
            after = columns > last
            if tick:
                tick(len(batch))
        self._add(table, [], (after,))

    def _add(
        self, table: Table, rows: Sequence[Values], there: Iterable[ColumnElement[bool]]
    ) -> None:
        with self.writing() as connection:
            held = {tuple(row) for row in connection.execute(select(table).where(*there))}
            fresh = [row for row in rows if row not in held]
            if len(held) + len(fresh) > len(rows):
                raise self._apart()
            if fresh:
                connection.execute(insert(table), _named(table, fresh))

    def _apart(self) -> BadDatabase:
        return BadDatabase(
            f"{self.name} holds what the ledger copied holds no longer, as after a redaction:"
            " take that unfinished copy away and begin anew"
        )

    def _dequeue(self) -> None:
        leaf, waits = t.leaf.c, t.unsealed.c
        sealed = exists().where(leaf.case_id == waits.case_id, leaf.version == waits.version)
        with self.writing() as connection:
            connection.execute(delete(t.unsealed).where(sealed))

    def _replace(self, table: Table, rows: Rows) -> None:
        with self.writing() as connection:
            connection.execute(delete(table))
        for batch in _batches(rows):
            with self.writing() as connection:
                connection.execute(insert(table), _named(table, batch))

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction; what fails in it fails in our own words."""
        with self._database.reworded(), self._database.writing().begin() as connection:
            yield connection


def target(url: str) -> Target:
    """A place for a copy; a folder or file that is missing is made, for this account alone."""
    return Target(databases.begun(url))


def entries(scan: Scan) -> Rows:
    return map(_entry, scan.entries())


def disclosures(scan: Scan) -> Rows:
    return (
        (_text(case), version, _text(name), _text(found))
        for case, version, name, found in scan.disclosures()
    )


def definitions(scan: Scan) -> Rows:
    return ((_text(digest), _text(found)) for digest, found in scan.definitions())


def leaves(scan: Scan) -> Rows:
    return ((x.leaf, _text(x.case), x.version, x.hash) for x in scan.sealed(bodies=False))


def checkpoints(scan: Scan) -> Rows:
    return ((size, _text(note)) for size, note in scan.checkpoints())


def queue(scan: Scan) -> Rows:
    return ((number, _text(case), version) for number, case, version in scan.queue())


def _view(name: str) -> Callable[[Scan], Iterator[Any]]:
    return lambda scan: scan.view(name)


PARTS: Mapping[str, Callable[[Scan], Iterator[Any]]] = {
    "ledger": entries,
    "disclosure": disclosures,
    "definition": definitions,
    "leaf": leaves,
    "frontier": lambda scan: scan.frontiers(),
    "checkpoint": checkpoints,
    "unsealed": queue,
    **{name: _view(name) for name in VIEWS},
}


def differing(one: Scan, other: Scan) -> tuple[str, ...]:
    """The tables that are not the same in both, row by row and byte by byte."""
    return tuple(
        name
        for name, rows in PARTS.items()
        if any(a != b for a, b in zip_longest(rows(one), rows(other)))
    )


def _entry(row: Row) -> Values:
    words = map(_text, (row.type, row.key, row.occurred_on, row.recorded_at))
    return (_text(row.case), row.version, *words, row.digest, _text(row.body))


def _text(found: bytes) -> str:
    try:
        return found.decode()
    except UnicodeDecodeError:
        raise Corrupt(
            "the ledger to copy holds what is no text; run 'casetrack audit verify'"
        ) from None


def _named(table: Table, rows: Sequence[Values]) -> list[dict[str, Any]]:
    names = table.c.keys()
    return [dict(zip(names, row, strict=True)) for row in rows]


def _batches(rows: Rows) -> Iterator[list[Values]]:
    while batch := list(islice(rows, BATCH)):
        yield batch
