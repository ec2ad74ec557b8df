"""A ledger's rows as they stand, unproven, for those who prove them: streamed, in one state.

Text comes as its bytes, for what was tampered with may be no text. Nothing here is decoded.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import create_engine

from casetrack.ledger.comparing import VIEWS
from casetrack.ledger.connect import connect, existing, newer, not_ours, older, other
from casetrack.ledger.failures import reworded
from casetrack.ledger.place import database_path, is_server
from casetrack.ledger.schema import create_schema
from casetrack.ledger.spans import EVERY, Span
from casetrack.ledger.tables import APPLICATION_ID, COPYING, REVISION

Schema = Mapping[str, str]
Values = tuple[object, ...]
# A table whose text was changed is not believed, but one that will not parse must not hide the
# others; and what has to be sorted may be larger than memory.
_PRAGMAS = ("writable_schema=ON", "query_only=ON", "trusted_schema=OFF", "temp_store=FILE")
# What ANALYZE makes: nothing but these exact tables, for any other object may hide by such a name.
_STATISTICS = {
    ("table", name, name, f"CREATE TABLE {name}({columns})")
    for name, columns in (("sqlite_stat1", "tbl,idx,stat"),
                          ("sqlite_stat4", "tbl,idx,neq,nlt,ndlt,sample"))
}  # fmt: skip
_SPACED = str.maketrans({"(": " ( ", ")": " ) ", ",": " , "})

_CASE = "ifnull(CAST(case_id AS BLOB), x''), ifnull(CAST(version AS INTEGER), 0)"
_TEXT = "ifnull(CAST(digest AS BLOB), x''), ifnull(CAST(body AS BLOB), x'')"
_COLUMNS = 'CAST(type AS BLOB), CAST("key" AS BLOB), CAST(occurred_on AS BLOB)'
_RECORDED = "CAST(recorded_at AS BLOB)"
_HASH = "leaf_index, ifnull(CAST(hash AS BLOB), x'')"
_LINK = f"SELECT {_CASE}, {_TEXT} FROM ledger"
_ENTRY = f"SELECT {_CASE}, {_TEXT}, {_COLUMNS}, {_RECORDED} FROM ledger"
_BY_PLACE = "ORDER BY case_id, version"
_LEAVES = f"SELECT {_CASE}, {_HASH}, NULL, NULL FROM leaf"
_WAITING = f"SELECT {_CASE} FROM unsealed"
_DISCLOSED = f"""SELECT {_CASE}, ifnull(CAST(name AS BLOB), x''), ifnull(CAST(text AS BLOB), x'')
  FROM disclosure"""
_DEFINITIONS = """SELECT ifnull(CAST(digest AS BLOB), x''), ifnull(CAST(text AS BLOB), x'')
  FROM definition ORDER BY digest"""
_QUEUE = f"SELECT sequence, {_CASE} FROM unsealed ORDER BY sequence"
_FRONTIERS = "SELECT size, ifnull(CAST(hashes AS BLOB), x'') FROM frontier ORDER BY size"
_NOTES = "SELECT size, ifnull(CAST(note AS BLOB), x'') FROM checkpoint ORDER BY size"
_MARK = """SELECT CAST(case_id AS BLOB) FROM ledger WHERE case_id > CAST(? AS TEXT)
  ORDER BY case_id LIMIT 1 OFFSET ?"""
_BODY = """SELECT CAST(digest AS BLOB), CAST(body AS BLOB) FROM ledger
  WHERE case_id = CAST(? AS TEXT) AND version = ?"""
_SEALED = """SELECT ifnull(CAST(leaf.case_id AS BLOB), x''),
  ifnull(CAST(leaf.version AS INTEGER), 0), leaf_index, ifnull(CAST(hash AS BLOB), x''),
  CAST(ledger.recorded_at AS BLOB), {} FROM leaf LEFT JOIN ledger
  ON ledger.case_id = leaf.case_id AND ledger.version = leaf.version ORDER BY leaf_index"""
_IN_ORDER = {
    True: _SEALED.format("CAST(ledger.body AS BLOB)"),
    False: _SEALED.format("NULL"),
}


class Row(NamedTuple):
    """An entry with every column."""

    case: bytes
    version: int
    digest: bytes
    body: bytes
    type: bytes
    key: bytes
    occurred_on: bytes
    recorded_at: bytes


class Placed(NamedTuple):
    """A leaf; ``recorded_at`` and ``body`` are its entry's, None where there is none."""

    case: bytes
    version: int
    leaf: int
    hash: bytes
    recorded_at: bytes | None = None
    body: bytes | None = None


@contextmanager
def scanning(url: str, state: str = "", *, unfinished: bool = False) -> "Iterator[Scan]":
    """One state of the ledger; ``BadDatabase`` if it is none, or one of another version.

    ``state``: that of another scan, which lasts; a file has none to share, and gives its newest.
    ``unfinished``: a copy that is not whole yet, and nothing else.
    """
    if is_server(url):
        from casetrack.ledger import server_scan

        with server_scan.scanning(url, state, unfinished=unfinished) as on_server:
            yield on_server
        return
    with _file(url, unfinished=unfinished) as scan:
        yield scan


@contextmanager
def _file(url: str, *, unfinished: bool) -> "Iterator[Scan]":
    path = existing(database_path(url))
    with reworded(path), closing(connect(path, _PRAGMAS)) as connection:
        connection.text_factory = bytes
        connection.execute("BEGIN")
        scan = Scan(connection, COPYING if unfinished else REVISION)
        _admit(scan, path, unfinished=unfinished)
        yield scan


def _admit(scan: "Scan", path: Path, *, unfinished: bool) -> None:
    found = scan.schema()
    if found["revision"] == COPYING and not unfinished:
        raise other(path, COPYING)
    if "table ledger" not in found and found["application"] != str(APPLICATION_ID):
        raise not_ours(path)
    rest = {name: text for name, text in todays().items() if name != "revision"}
    if rest.items() <= found.items():
        return
    if found["revision"] > REVISION:
        raise newer(path)
    if found["revision"] < REVISION and "index silent_case" not in found:
        raise older(path)


class Scan:
    """Reads of one transaction; text is given as its bytes."""

    def __init__(self, connection: sqlite3.Connection, revision: str = REVISION) -> None:
        self._connection = connection
        self._revision = revision

    def state(self) -> str:
        """What ``scanning`` takes, where another process can read this very state."""
        return ""

    def count(self, span: Span = EVERY) -> int:
        """How many entries there are."""
        (found,) = self._rows("SELECT count(*) FROM ledger", span, "").fetchone()
        return int(found)

    def pieces(self, entries: int) -> list[tuple[Span, int]]:
        """Ranges that hold every case id, with their entries, about so many in each.

        None where the index that tells cannot be read; then the whole may still be.
        """
        try:
            marks = sorted(set(self._marks(entries)))
            spans = [Span(*ends) for ends in zip([b"", *marks], [*marks, None], strict=True)]
            return [(span, self.count(span)) for span in spans]
        except sqlite3.DatabaseError:
            return []

    def _marks(self, step: int) -> Iterator[bytes]:
        """Some case ids, rising, each so many entries behind the one before or a few more."""
        row = self._connection.execute(_MARK, (b"", step - 1)).fetchone()
        while row is not None:
            yield row[0]
            row = self._connection.execute(_MARK, (row[0], step - 1)).fetchone()

    def queued(self) -> tuple[int, int]:
        """How many leaves there are, and how many entries wait to be."""
        asked = "SELECT (SELECT count(*) FROM leaf), (SELECT count(*) FROM unsealed)"
        leaves, waiting = self._connection.execute(asked).fetchone()
        return leaves, waiting

    def links(self, span: Span = EVERY) -> Iterator[tuple[bytes, int, bytes, bytes]]:
        """(case, version, digest, body) by case and version."""
        return self._rows(_LINK, span)

    def entries(self, span: Span = EVERY) -> Iterator[Row]:
        return map(Row._make, self._rows(_ENTRY, span))

    def text(self, case: bytes, version: int) -> tuple[bytes, bytes] | None:
        """(digest, body) at a place, None where there is none."""
        row = self._connection.execute(_BODY, (case, version)).fetchone()
        return None if row is None or None in row else tuple(row)

    def leaves(self, span: Span = EVERY) -> Iterator[Placed]:
        """By case and version."""
        return map(Placed._make, self._rows(_LEAVES, span))

    def sealed(self, *, bodies: bool) -> Iterator[Placed]:
        """The leaves in their own order, with their entries' bodies where asked for."""
        return map(Placed._make, self._connection.execute(_IN_ORDER[bodies]))

    def waiting(self, span: Span = EVERY) -> Iterator[tuple[bytes, int]]:
        """What waits to be sealed, by case and version."""
        return self._rows(_WAITING, span)

    def queue(self) -> Iterator[tuple[int, bytes, int]]:
        """(sequence, case, version) of what waits, as it was queued."""
        return self._connection.execute(_QUEUE)

    def disclosures(self, span: Span = EVERY) -> Iterator[tuple[bytes, int, bytes, bytes]]:
        """(case, version, name, text), in that order."""
        return self._rows(_DISCLOSED, span, f"{_BY_PLACE}, name")

    def definitions(self) -> Iterator[tuple[bytes, bytes]]:
        return self._connection.execute(_DEFINITIONS)

    def frontiers(self) -> Iterator[tuple[int, bytes]]:
        return self._connection.execute(_FRONTIERS)

    def checkpoints(self) -> Iterator[tuple[int, bytes]]:
        return self._connection.execute(_NOTES)

    def view(self, name: str, span: Span = EVERY) -> Iterator[tuple[bytes, Values]]:
        """(case, row) of one of ``comparing.VIEWS``, by its key."""
        key = ", ".join(column.name for column in VIEWS[name].primary_key)
        asked = f"SELECT ifnull(CAST(case_id AS BLOB), x''), * FROM {name}"
        return map(_viewed, self._rows(asked, span, f"ORDER BY {key}"))

    def _rows(self, asked: str, span: Span, order: str = _BY_PLACE) -> sqlite3.Cursor:
        bounds = [(">=", span.first)] if span.first else []
        bounds += [("<", span.before)] if span.before is not None else []
        within = " AND ".join(f"case_id {sign} CAST(? AS TEXT)" for sign, _ in bounds)
        chosen = f"WHERE {within}" if bounds else ""
        return self._connection.execute(f"{asked} {chosen} {order}", [value for _, value in bounds])

    def schema(self) -> Schema:
        """The text of each table, index, trigger and view, and what else marks a ledger."""
        return _schema(self._connection)

    def todays(self) -> Schema:
        """The schema of a ledger that is made today."""
        return {**todays(), "revision": self._revision}

    def damaged(self) -> Iterator[str]:
        """The tables that SQLite's own check complains of, "" where it names none."""
        tables = {name.partition(" ")[2]: sql.split()[0] for name, sql in todays().items()}
        try:
            found = self._connection.execute("PRAGMA integrity_check(20)").fetchall()
        except sqlite3.DatabaseError:
            found = [(b"",)]
        for (message,) in found:
            text = _word(message)
            if text != "ok":
                named = sorted((name for name in tables if name and name in text), key=len)
                yield tables[named[-1]] if named else ""


@cache
def todays() -> Schema:
    """The schema of a ledger that is made today."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        create_schema(connection)
        found = connection.connection.driver_connection
        if not isinstance(found, sqlite3.Connection):
            raise TypeError("SQLite's own driver is needed")
        found.text_factory = bytes
        made = _schema(found)
    engine.dispose()
    return made


def _schema(connection: sqlite3.Connection) -> Schema:
    """By kind and name, the text with one blank between its words."""
    found = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
    rows = (tuple(map(_word, row)) for row in found)
    made = {
        f"{kind} {name}": _text(f"{table} {sql}")
        for kind, name, table, sql in rows
        if (kind, name, table, sql) not in _STATISTICS
    }
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    return {**made, "application": str(application), "revision": _revision(connection, made)}


def _revision(connection: sqlite3.Connection, made: Schema) -> str:
    if "table alembic_version" not in made:
        return ""
    rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    return " ".join(sorted(_word(number) for (number,) in rows))


def _viewed(row: tuple[bytes, *tuple[object, ...]]) -> tuple[bytes, Values]:
    """The row as ``comparing`` makes one; bytes that are no text become what no such row holds."""
    case, *values = row
    texts = [x.decode(errors="surrogateescape") if isinstance(x, bytes) else x for x in values]
    return case, tuple(texts)


def _word(found: object) -> str:
    return found.decode(errors="backslashreplace") if isinstance(found, bytes) else str(found)


def _text(sql: str) -> str:
    return " ".join(sql.translate(_SPACED).split())
