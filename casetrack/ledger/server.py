"""A ledger's database on a PostgreSQL server."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import finalize

from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError

from casetrack.errors import BadDatabase, Refused, Undelivered
from casetrack.ledger import server_schema
from casetrack.ledger.refusals import unfinished
from casetrack.ledger.server_failures import reworded
from casetrack.ledger.tables import COPYING, REVISION

CONNECT_SECONDS = 10
LOCK_MS = 5_000
STATEMENT_MS = 300_000
_SETTINGS = {
    "search_path": server_schema.SCHEMA,
    "lock_timeout": LOCK_MS,
    "statement_timeout": STATEMENT_MS,
    "idle_in_transaction_session_timeout": STATEMENT_MS,
    "timezone": "UTC",
    "client_encoding": "utf8",
}
_LOOPBACK = {"", "localhost", "127.0.0.1", "::1"}
_IDENTITY = """
SELECT (SELECT version_num FROM alembic_version),
  (SELECT body FROM ledger WHERE case_id = '00000000-0000-0000-0000-000000000000' AND version = 1),
  NOT has_table_privilege('disclosure', 'SELECT')
"""
_PLACE = """
SELECT to_regnamespace(:name), has_schema_privilege(to_regnamespace(:name), 'USAGE')
"""
_OWNED = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'ledger'::regclass"
_ALONE = (
    "LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE",
    "SET LOCAL statement_timeout = 0",
)
# An owner may always; others only from version 17 on, where that can be granted.
_MAY_VACUUM = """
SELECT bool_and(pg_has_role(relowner, 'USAGE') OR
  CASE WHEN current_setting('server_version_num')::integer >= 170000
  THEN has_table_privilege(oid, 'MAINTAIN') ELSE FALSE END)
FROM pg_class WHERE oid = ANY (ARRAY['disclosure', 'value_view', 'case_view']::regclass[])
"""
_NO_ROLE = (
    "{} is closed to the session's user: its administrator grants a role (casetrack db grants)"
)
_NOT_OWNER = "{} does not allow this to the session's user: it takes the role owner"
_OLDER = "{} was made by an older casetrack; let its owner run 'casetrack db upgrade'"
_NEWER = "{} was made by a newer casetrack; install that version or later"
_NOT_VACUUMED = (
    "what was redacted is out of every table of {}, but this server lets only the owner vacuum:"
    " let the owner run 'casetrack db rebuild' to erase old rows too"
)


class ServerDatabase:
    """See ``Database`` for each promise. Writers of different cases do not wait for each other."""

    def __init__(self, url: str) -> None:
        logging.getLogger("psycopg").setLevel(logging.CRITICAL + 1)  # errors are told by ours
        parsed = _parsed(url)
        self._name = _named(parsed)
        self._withholds = False
        self._engine = create_engine(
            parsed,
            isolation_level="REPEATABLE READ",
            connect_args={
                "connect_timeout": CONNECT_SECONDS,
                "options": " ".join(f"-c {key}={value}" for key, value in _SETTINGS.items()),
            },
            pool_pre_ping=True,
            hide_parameters=True,
        )
        finalize(self, self._engine.dispose)

    @property
    def name(self) -> str:
        return self._name

    @property
    def path(self) -> Path:
        raise Refused(f"{self._name} is on a server, and this needs a ledger in a file")

    @property
    def engine(self) -> Engine:
        return self._engine

    def writing(self, *, settled: bool = True) -> Engine:
        if settled:
            return self._engine
        return self._engine.execution_options(isolation_level="READ COMMITTED")

    @contextmanager
    def reworded(self) -> Iterator[None]:
        with reworded(self._name):
            yield

    def account(self) -> str | None:
        with self.reworded(), self._engine.connect() as connection:
            return f"pg:{connection.execute(text('SELECT session_user')).scalar_one()}"

    def make(self, connection: Connection) -> None:
        server_schema.create(connection)

    def revision(self) -> str:
        found = self.identity()
        if found is None:
            raise self._missing()
        return found[0]

    def alone(self, connection: Connection) -> None:
        for statement in _ALONE:
            connection.exec_driver_sql(statement)

    def identity(self) -> tuple[str, str] | None:
        with self.reworded(), self._engine.connect() as connection:
            if not self._there(connection):
                return None
            revision, body = self._said(connection)
        if body is None:
            raise self._none_of_ours()
        return revision, body

    def opened_body(self) -> str:
        with self.reworded(), self._engine.connect() as connection:
            body = self.admitted(connection)
        if body is None:
            raise self._none_of_ours()
        return body

    def admitted(self, connection: Connection) -> str | None:
        """As ``opened_body``, but for a ledger whose opening is gone: that is for audits to say."""
        if not self._there(connection):
            raise self._missing()
        revision, body = self._said(connection)
        if revision != REVISION:
            raise self.other(revision)
        return body

    def _there(self, connection: Connection) -> bool:
        there, usable = _place(connection)
        if there is not None and not usable:
            raise BadDatabase(_NO_ROLE.format(self._name))
        return there is not None

    def _said(self, connection: Connection) -> tuple[str, str | None]:
        revision, body, self._withholds = connection.exec_driver_sql(_IDENTITY).one()
        if revision is None:
            raise self._none_of_ours()
        return revision, body

    def _missing(self) -> BadDatabase:
        return BadDatabase(f"no ledger at {self._name}; run 'casetrack db init'")

    def _none_of_ours(self) -> BadDatabase:
        return BadDatabase(f"{self._name} has a schema of our name but no ledger of ours")

    def other(self, revision: str) -> BadDatabase:
        if revision == COPYING:
            return unfinished(self._name)
        if revision < REVISION:
            return BadDatabase(_OLDER.format(self._name))
        return BadDatabase(_NEWER.format(self._name))

    def unmade(self) -> None:
        """All that was made was in one transaction."""

    def withholds(self) -> bool:
        return self._withholds

    def owned(self) -> None:
        with self._engine.connect() as connection:
            if not connection.exec_driver_sql(_OWNED).scalar_one():
                raise BadDatabase(_NOT_OWNER.format(self._name))

    def scrub(self) -> None:
        """Dead rows go; the server's write-ahead log and its backups are the operator's."""
        with self._engine.connect() as connection:
            if not connection.exec_driver_sql(_MAY_VACUUM).scalar_one():
                raise Undelivered(_NOT_VACUUMED.format(self._name))
        with self._engine.connect() as connection:
            free = connection.execution_options(isolation_level="AUTOCOMMIT")
            for table in ("disclosure", "value_view", "case_view"):
                free.execute(text(f"VACUUM {table}"))


def created(url: str) -> ServerDatabase:
    """A database that holds no ledger yet; ``BadDatabase`` if it does, or is not in UTF-8."""
    return _ready(url, empty=True)


def begun(url: str) -> ServerDatabase:
    """A database in UTF-8, whatever it holds."""
    return _ready(url, empty=False)


def _ready(url: str, *, empty: bool) -> ServerDatabase:
    made = ServerDatabase(url)
    try:
        with made.reworded(), made.engine.connect() as connection:
            encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
            if encoding != "UTF8":
                raise BadDatabase(f"{made.name} is in {encoding}; make the database with UTF8")
            if empty and _place(connection)[0] is not None:
                raise BadDatabase(f"{made.name} holds a ledger already and is left as it is")
    except BaseException:
        made.engine.dispose()
        raise
    return made


def _place(connection: Connection) -> tuple[object, bool]:
    """Our schema if it is there, and whether this session may use it."""
    there, usable = connection.execute(text(_PLACE), {"name": server_schema.SCHEMA}).one()
    return there, bool(usable)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        raise Refused("that database URL can't be read; see 'casetrack --help'") from None
    if parsed.query.get("sslmode") or os.environ.get("PGSSLMODE") or _is_here(parsed):
        return parsed
    return parsed.update_query_dict({"sslmode": "verify-full", "sslrootcert": "system"})


def _is_here(url: URL) -> bool:
    """Whether each host it may mean is this machine; a service may mean any."""
    asked, env = url.query, os.environ
    if asked.get("service") or env.get("PGSERVICE"):
        return False
    address = asked.get("hostaddr") or env.get("PGHOSTADDR") or ""
    named = asked.get("host") or url.host or env.get("PGHOST") or ""
    texts = (x for some in (address, named) for x in ([some] if isinstance(some, str) else some))
    hosts = (host for text in texts for host in text.split(","))
    return all(host in _LOOPBACK or host.startswith("/") for host in hosts)


def _named(url: URL) -> str:
    """Host and database, without user and password, also one that has an @ in it as typed."""
    host = (url.host or "").rpartition("@")[2]
    return f"postgresql://{host}{f':{url.port}' if url.port else ''}/{url.database or ''}"


@contextmanager
def locking(url: str, name: str) -> Iterator[Callable[[], bool]]:
    """What takes the ledger's lock of that name, if nobody has it; held until the block ends."""
    database = ServerDatabase(url)
    asked = text("SELECT pg_try_advisory_lock(hashtext('casetrack'), hashtext(:name))")
    try:
        with database.reworded(), database.engine.connect() as connection:
            free = connection.execution_options(isolation_level="AUTOCOMMIT")
            yield lambda: bool(free.execute(asked, {"name": name}).scalar_one())
    finally:
        database.engine.dispose()
