"""The rows of a ledger on a PostgreSQL server as they stand, unproven, for those who prove them.

Streamed in one state, as ``scan`` does it for a file; text is given as its bytes.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from itertools import count
from typing import Any, LiteralString

import msgspec
import psycopg
from psycopg import sql

from casetrack.ledger.comparing import VIEWS
from casetrack.ledger.scan import EVERY, Placed, Row, Scan, Span, Values
from casetrack.ledger.server import ServerDatabase

_BATCH = 2_000

_CASE: LiteralString = "convert_to(case_id, 'UTF8'), version"
_LINK: LiteralString = f"SELECT {_CASE}, digest, convert_to(body, 'UTF8')"
_ENTRY: LiteralString = f"""{_LINK}, convert_to(type, 'UTF8'), convert_to(key, 'UTF8'),
  convert_to(occurred_on, 'UTF8'), convert_to(recorded_at, 'UTF8')"""
_BY_PLACE: LiteralString = "ORDER BY case_id, version"
_MARK: LiteralString = """SELECT case_id FROM ledger WHERE case_id > %s
  ORDER BY case_id LIMIT 1 OFFSET %s"""
_SEALED: LiteralString = """SELECT convert_to(leaf.case_id, 'UTF8'), leaf.version, leaf_index, hash,
  convert_to(ledger.recorded_at, 'UTF8'), {} FROM leaf LEFT JOIN ledger
  ON ledger.case_id = leaf.case_id AND ledger.version = leaf.version ORDER BY leaf_index"""
# What the catalogs say of our schema, by kind and name, one text each.
_SCHEMA: LiteralString = """
WITH ours AS (
  SELECT oid, relname, relkind, relowner, relrowsecurity FROM pg_class
  WHERE relnamespace = 'casetrack'::regnamespace
)
SELECT CASE relkind WHEN 'r' THEN 'table' WHEN 'i' THEN 'index' ELSE 'other' END || ' ' || relname,
  CASE relkind WHEN 'i' THEN pg_get_indexdef(oid) ELSE concat(relkind, ' ', relrowsecurity, ' ',
    (SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod),
      CASE WHEN attnotnull THEN 'NOT NULL' END,
      (SELECT collname FROM pg_collation WHERE pg_collation.oid = attcollation),
      (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef
        WHERE adrelid = attrelid AND adnum = attnum)), ', ' ORDER BY attnum)
     FROM pg_attribute WHERE attrelid = ours.oid AND attnum > 0 AND NOT attisdropped)) END
FROM ours WHERE relkind <> 't'
UNION ALL
SELECT 'constraint ' || relname || '.' || conname, pg_get_constraintdef(pg_constraint.oid)
FROM pg_constraint JOIN ours ON ours.oid = conrelid WHERE contype <> 'n'
UNION ALL
SELECT 'trigger ' || relname || '.' || tgname,
  concat(tgenabled, ' ', pg_get_triggerdef(pg_trigger.oid))
FROM pg_trigger JOIN ours ON ours.oid = tgrelid WHERE NOT tgisinternal
UNION ALL
SELECT 'function ' || proname, concat_ws(' ', pg_get_function_identity_arguments(pg_proc.oid),
  prosecdef, provolatile, proconfig::text, prosrc)
FROM pg_proc WHERE pronamespace = 'casetrack'::regnamespace
UNION ALL
SELECT 'rule ' || relname || '.' || rulename, pg_get_ruledef(pg_rewrite.oid)
FROM pg_rewrite JOIN ours ON ours.oid = ev_class
UNION ALL
SELECT 'revision', string_agg(version_num, ' ' ORDER BY version_num) FROM alembic_version
"""


class ServerScan(Scan):
    """See ``scan.Scan`` for each promise."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._server = connection
        self._names = count(1)

    def state(self) -> str:
        """Lasts as long as this scan, however long nothing is asked of it."""
        self._server.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        return str(self._one("SELECT pg_export_snapshot()")[0])

    def count(self, span: Span = EVERY) -> int:
        chosen, values = _within(span)
        return int(self._one(f"SELECT count(*) FROM ledger {chosen}", values)[0])

    def _marks(self, step: int) -> Iterator[bytes]:
        last = self._server.execute(_MARK, ("", step - 1)).fetchone()
        while last is not None:
            yield last[0].encode()
            last = self._server.execute(_MARK, (last[0], step - 1)).fetchone()

    def queued(self) -> tuple[int, int]:
        asked: LiteralString = "SELECT (SELECT count(*) FROM leaf), (SELECT count(*) FROM unsealed)"
        leaves, waiting = self._one(asked)
        return int(leaves), int(waiting)

    def links(self, span: Span = EVERY) -> Iterator[tuple[bytes, int, bytes, bytes]]:
        return self._located(f"{_LINK} FROM ledger", span)

    def entries(self, span: Span = EVERY) -> Iterator[Row]:
        return map(Row._make, self._located(f"{_ENTRY} FROM ledger", span))

    def text(self, case: bytes, version: int) -> tuple[bytes, bytes] | None:
        asked: LiteralString = f"{_LINK} FROM ledger WHERE case_id = %s AND version = %s"
        row = self._server.execute(asked, (_text(case), version)).fetchone()
        return None if row is None else (row[2], row[3])

    def leaves(self, span: Span = EVERY) -> Iterator[Placed]:
        asked: LiteralString = f"SELECT {_CASE}, leaf_index, hash, NULL, NULL FROM leaf"
        return map(Placed._make, self._located(asked, span))

    def sealed(self, *, bodies: bool) -> Iterator[Placed]:
        body: LiteralString = "convert_to(ledger.body, 'UTF8')" if bodies else "NULL"
        return map(Placed._make, self._streamed(_SEALED.format(body)))

    def waiting(self, span: Span = EVERY) -> Iterator[tuple[bytes, int]]:
        return self._located(f"SELECT {_CASE} FROM unsealed", span)

    def disclosures(self, span: Span = EVERY) -> Iterator[tuple[bytes, int, bytes, bytes]]:
        asked: LiteralString = f"""SELECT {_CASE}, convert_to(name, 'UTF8'),
          convert_to(text, 'UTF8') FROM disclosure"""
        return self._located(asked, span)

    def definitions(self) -> Iterator[tuple[bytes, bytes]]:
        asked: LiteralString = """SELECT convert_to(digest, 'UTF8'), convert_to(text, 'UTF8')
          FROM definition"""
        return self._streamed(asked)

    def frontiers(self) -> Iterator[tuple[int, bytes]]:
        return self._streamed("SELECT size, hashes FROM frontier ORDER BY size")

    def checkpoints(self) -> Iterator[tuple[int, bytes]]:
        return self._streamed("SELECT size, convert_to(note, 'UTF8') FROM checkpoint ORDER BY size")

    def view(self, name: str, span: Span = EVERY) -> Iterator[tuple[bytes, Values]]:
        table = VIEWS[name]
        columns = sql.SQL(", ").join(sql.Identifier(c.name) for c in table.c)
        key = sql.SQL(", ").join(sql.Identifier(c.name) for c in table.primary_key)
        chosen, values = _within(span)
        asked = sql.SQL("SELECT convert_to(case_id, 'UTF8'), {} FROM {} {} ORDER BY {}").format(
            columns, sql.Identifier(name), sql.SQL(chosen), key
        )
        return ((of, tuple(row)) for of, *row in self._streamed(asked, values))

    def schema(self) -> Mapping[str, str]:
        """What the server's catalogs say of our tables, indexes, functions and triggers."""
        return {name: _spaced(said) for name, said in self._streamed(_SCHEMA)}

    def todays(self) -> Mapping[str, str]:
        return todays()

    def damaged(self) -> Iterator[str]:
        """A server keeps checksums of its own; nothing is asked."""
        return iter(())

    def _located(self, asked: LiteralString, span: Span) -> Iterator[Any]:
        chosen, values = _within(span)
        return self._streamed(f"{asked} {chosen} {_BY_PLACE}", values)

    def _streamed(
        self, asked: "LiteralString | sql.Composed", values: Sequence[object] = ()
    ) -> Iterator[Any]:
        """Streamed: a cursor of the server's, read some thousand rows at a time."""
        cursor = self._server.cursor(name=f"scan_{next(self._names)}")
        cursor.itersize = _BATCH
        cursor.execute(asked, values or None)
        yield from cursor
        cursor.close()

    def _one(self, asked: LiteralString, values: Sequence[str] = ()) -> tuple[Any, ...]:
        row = self._server.execute(asked, values or None).fetchone()
        if row is None:
            raise TypeError("a count is one row")
        return tuple(row)


@contextmanager
def scanning(url: str, state: str = "") -> Iterator[ServerScan]:
    database = ServerDatabase(url)
    try:
        with database.reworded(), database.engine.connect() as connection:
            driver = connection.connection.driver_connection
            if not isinstance(driver, psycopg.Connection):
                raise TypeError("psycopg is needed")
            if state:
                driver.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(state)))
            database.admitted(connection)
            yield ServerScan(driver)
    finally:
        database.engine.dispose()


@cache
def todays() -> Mapping[str, str]:
    """What a ledger that is made today says of itself, as shipped."""
    text = files("casetrack.ledger").joinpath("server_schema.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, str])


def _text(case: bytes) -> str:
    return case.decode(errors="replace").replace("\0", "\ufffd")


def _within(span: Span) -> tuple[LiteralString, list[str]]:
    """No text of the server's holds a NUL: the least that may follow an id is the next one."""
    chosen: list[LiteralString] = ["WHERE true"]
    values = []
    if span.first:
        chosen.append("case_id >= %s")
        values.append(_text(span.first))
    if span.before is not None:
        chosen.append("case_id < %s")
        values.append(span.before.decode(errors="replace").replace("\0", "\1"))
    return " AND ".join(chosen), values


def _spaced(said: str | None) -> str:
    return " ".join((said or "").split())
