"""What a ledger needs of the database that it lies in, an SQLite file or a PostgreSQL server."""

from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.dialects import sqlite

from casetrack.errors import BadDatabase, Refused
from casetrack.ledger.place import is_server

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql


class Database(Protocol):
    """One place of a ledger; ``name`` is what messages call it, and holds no password."""

    @property
    def name(self) -> str: ...

    @property
    def path(self) -> Path:
        """The file; ``Refused`` where there is none."""

    @property
    def engine(self) -> Engine:
        """Whose transactions each see one state."""

    def writing(self, *, settled: bool = True) -> Engine:
        """For transactions that write; not ``settled``: each statement sees what is committed."""

    def reworded(self) -> AbstractContextManager[None]:
        """Turns every database error inside into one of ours."""

    def account(self) -> str | None:
        """Who the database knows to be writing; None where it knows nobody."""

    def make(self, connection: Connection) -> None:
        """The tables and triggers, in the transaction of the first entry."""

    def revision(self) -> str:
        """The schema's revision, whichever it is; ``BadDatabase`` where there is no ledger."""

    def alone(self, connection: Connection) -> None:
        """Let whoever opens or upgrades the ledger wait for the open transaction, however long."""

    def identity(self) -> tuple[str, str] | None:
        """The schema's revision and the body of the first entry; None where nothing was made."""

    def other(self, revision: str) -> BadDatabase:
        """Why a ledger of that revision, which is not today's, is not opened."""

    def opened_body(self) -> str:
        """The body of the ledger's first entry, once the schema is known to be today's."""

    def unmade(self) -> None:
        """Take away what ``create`` began."""

    def withholds(self) -> bool:
        """Whether this session may not read what was typed; known once ``opened_body`` was."""

    def owned(self) -> None:
        """``BadDatabase`` unless this session may do all that can be done here."""

    def scrub(self) -> None:
        """Leave no byte of an erased value in reach of the database."""


def existing(url: str) -> Database:
    """The database that the URL names; ``BadDatabase`` if it is not there."""
    if is_server(url):
        _driver()
        from casetrack.ledger import server

        return server.ServerDatabase(url)
    from casetrack.ledger import file

    return file.existing(url)


def created(url: str) -> Database:
    """An empty place for a new ledger; one that is there already is refused and left as it is."""
    if is_server(url):
        _driver()
        from casetrack.ledger import server

        return server.created(url)
    from casetrack.ledger import file

    return file.created(url)


def begun(url: str) -> Database:
    """A place for a copy: empty, or with what an earlier run, or anybody, made there."""
    if is_server(url):
        _driver()
        from casetrack.ledger import server

        return server.begun(url)
    from casetrack.ledger import file

    return file.begun(url)


def _driver() -> None:
    if find_spec("psycopg") is None:
        raise Refused("a ledger on a server needs the driver: pip install 'casetrack[postgres]'")


def upsert(connection: Connection, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """An INSERT that can say ON CONFLICT."""
    return upsert_for(connection.dialect.name, table)


def upsert_for(dialect: str, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """The same by the dialect's name; a command on a file loads nothing of the server's."""
    if dialect == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)
