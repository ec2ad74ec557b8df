"""Connections to an SQLite ledger: the pragmas, explicit transactions, the check at the start."""

import os
import sqlite3
import stat
from collections.abc import Sequence
from pathlib import Path
from random import uniform
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from casetrack.errors import BadDatabase
from casetrack.ledger.failures import reworded
from casetrack.ledger.place import unusable
from casetrack.ledger.refusals import unfinished
from casetrack.ledger.tables import APPLICATION_ID, COPYING, REVISION

BUSY_SECONDS = 5.0
PAUSE = (0.001, 0.006)  # seconds between two attempts to take the write lock, at first
IMPATIENCE = 20  # the pauses are so many times shorter, and one, after a second
PRAGMAS = (
    "synchronous=FULL",
    "secure_delete=ON",
    "trusted_schema=OFF",
    "foreign_keys=ON",
    "temp_store=MEMORY",
)
# Most bodies are longer than a row may be on a 4096-byte page without an overflow page.
PAGE_SIZE = 8192

_IMMEDIATE = "BEGIN IMMEDIATE"
_CHECK = """
SELECT application_id, (SELECT version_num FROM alembic_version),
  (SELECT body FROM ledger WHERE case_id = '00000000-0000-0000-0000-000000000000' AND version = 1)
FROM pragma_application_id
"""


def connect(path: Path, pragmas: Sequence[str] | None = None) -> sqlite3.Connection:
    """A connection in autocommit mode to a file that exists; it makes none."""
    connection = sqlite3.connect(
        f"file:{quote(os.fsencode(path.absolute()))}?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    for pragma in PRAGMAS if pragmas is None else pragmas:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def engine_for(path: Path) -> Engine:
    """Transactions begin by an explicit BEGIN, and by BEGIN IMMEDIATE where they are to write."""
    engine = create_engine(
        "sqlite://",
        creator=lambda: connect(path),
        poolclass=QueuePool,
        pool_reset_on_return="rollback",
        hide_parameters=True,
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options: dict[str, Any] = dict(connection.get_execution_options())
        statement = options.get("begin", "BEGIN")
        if statement == _IMMEDIATE:
            _await_turn(connection)
        else:
            connection.exec_driver_sql(statement)

    return engine


def _await_turn(connection: Connection) -> None:
    """Take the write lock, or raise when ``BUSY_SECONDS`` have gone by.

    SQLite's own waits grow to a tenth of a second, in which who has just written writes again and
    again: some would wait for seconds. Short ones of chance length give everybody the same odds,
    and better ones to who has waited longer.
    """
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError("an SQLite connection is needed")
    begun = monotonic()
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while not _taken(driver, last=(waited := monotonic() - begun) >= BUSY_SECONDS):
            sleep(uniform(*PAUSE) / (1 + IMPATIENCE * min(waited, 1)))  # noqa: S311 - no secret
    finally:
        driver.execute(f"PRAGMA busy_timeout={round(BUSY_SECONDS * 1000)}")


def _taken(driver: sqlite3.Connection, *, last: bool) -> bool:
    """Whether the lock is ours now; the last time it is asked for, a no is raised."""
    try:
        driver.execute(_IMMEDIATE)
    except sqlite3.OperationalError as error:
        if last or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def writing(engine: Engine) -> Engine:
    """The same engine, with transactions that hold the write lock from their start."""
    return engine.execution_options(begin=_IMMEDIATE)


def existing(path: Path) -> Path:
    """The path, if there is a file to open."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        where = "" if path.is_absolute() else f" in {Path.cwd()}"
        raise BadDatabase(f"no ledger at {path}{where}; run 'casetrack db init'") from None
    except OSError as error:
        raise unusable(path, "opened", error) from None
    if stat.S_ISDIR(mode):
        raise BadDatabase(f"{path} is a folder; give the path of a ledger file")
    if not stat.S_ISREG(mode):
        raise BadDatabase(f"{path} is no plain file; give the path of a ledger file")
    return path


def opened_body(engine: Engine, path: Path) -> str:
    """The body of the ledger's first entry, once the schema is known to be today's."""
    revision, body = identity(engine, path)
    if revision != REVISION:
        raise other(path, revision)
    return body


def revision_of(engine: Engine, path: Path) -> str:
    """The schema's revision, whichever it is."""
    return identity(engine, path)[0]


def identity(engine: Engine, path: Path) -> tuple[str, str]:
    """The revision and the body of the first entry, which tell one ledger from another."""
    with reworded(path):
        try:
            with engine.connect() as connection:
                application, revision, body = connection.exec_driver_sql(_CHECK).one()
        except DBAPIError as error:
            if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
                raise not_ours(path) from None
            raise
    if application != APPLICATION_ID or revision is None or body is None:
        raise not_ours(path)
    return revision, body


def is_blank(engine: Engine, path: Path) -> bool:
    """Whether nothing was ever made in the file."""
    with reworded(path), engine.connect() as connection:
        asked = connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema")
        return int(asked.scalar_one()) == 0


def other(path: Path, revision: str) -> BadDatabase:
    """Why a ledger of another revision is not opened."""
    if revision == COPYING:
        return unfinished(str(path))
    return older(path) if revision < REVISION else newer(path)


def older(path: Path) -> BadDatabase:
    return BadDatabase(f"{path} was made by an older casetrack; run 'casetrack db upgrade'")


def newer(path: Path) -> BadDatabase:
    return BadDatabase(f"{path} was made by a newer casetrack; install that version or later")


def not_ours(path: Path) -> BadDatabase:
    return BadDatabase(f"{path} is an SQLite file but no casetrack ledger; give another path")
