"""``db upgrade`` on a server: a ledger of the third revision becomes one of today's, or stays."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from casetrack.ledger import grants, server_scan
from casetrack.ledger.tables import REVISION
from tests import servers
from tests.cli.driver import Office, submitted
from tests.servers import answered, execute

THIRD = Path(__file__).parents[1] / "golden" / "server_0003.sql"
# In an order in which each row finds what it hangs on.
TABLES = (
    "definition", "ledger", "disclosure", "leaf", "frontier", "checkpoint", "unsealed",
    "case_view", "deadline_view", "value_view", "heartbeat",
)  # fmt: skip
OLDER = "was made by an older casetrack; let its owner run 'casetrack db upgrade'"
NEWER = "was made by a newer casetrack; install that version or later"
NOT_OWNER = "does not allow this to the session's user: it takes the role owner"


@pytest.fixture(scope="module")
def fresh(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A ledger of today's: cases that wait, one that nobody watches, one that is over."""
    with servers.database(server) as url:
        office = Office(tmp_path_factory.mktemp("fresh"), server=url)
        office.do("db", "init", "--practice")
        submitted(office)
        submitted(office, "C-2", "P 2")
        office.do("open", "--ref", "C-3", "--patient", "P 3")
        office.do("open", "--ref", "C-4", "--patient", "P 4")
        office.do("fire", "C-4", "close", "close_reason=declined")
        office.do("sweep")
        yield office


@pytest.fixture
def third(fresh: Office, database: str, tmp_path: Path) -> Office:
    """The same ledger as the third revision held it."""
    execute(database, THIRD.read_text("utf-8"))
    with connected(database) as connection:
        for table in TABLES:
            ((columns,),) = answered(database, COLUMNS.format(table))
            rows = answered(str(fresh.server), f"SELECT {columns} FROM {table} ORDER BY 1, 2")
            marks = ", ".join(["%s"] * len(str(columns).split()))
            adding = f"INSERT INTO {table} ({columns}) VALUES ({marks})".encode()
            for row in rows:
                connection.execute(adding, row)
    execute(database, NEXT_NUMBER)
    return Office(tmp_path, server=database)


COLUMNS = """
SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
WHERE attrelid = '{}'::regclass AND attnum > 0
"""
NEXT_NUMBER = "SELECT setval('unsealed_sequence_seq', max(sequence)) FROM unsealed"


def says(office: Office, *command: str) -> str:
    """Why a command is refused."""
    refused = office(*command, "--json")
    assert refused.code == 4
    return str(refused.error["message"])


@contextmanager
def connected(url: str) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    plain = url.replace("postgresql+psycopg", "postgresql", 1)
    with psycopg.connect(plain, options="-c search_path=casetrack") as connection:
        yield connection


def whole(url: str) -> list[object]:
    """The columns and indexes by the catalogs, and every row."""
    every = (*TABLES, "touched", "claim", "alembic_version")
    columns = [answered(url, COLUMNS.format(table)) for table in every]
    rows = [answered(url, f"SELECT * FROM {table} ORDER BY 1") for table in every]
    indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'casetrack' ORDER BY 1"
    return [columns, rows, answered(url, indexes)]


def assert_todays(office: Office, fresh: Office) -> None:
    url = str(office.server)
    with server_scan.scanning(url) as scan:
        assert dict(scan.schema()) == dict(server_scan.todays())
    assert office.do("audit", "verify", "--json").data["ok"]
    replayed = office.do("replay", "--all", "--json").data
    assert (replayed["cases"], replayed["differing"]) == (4, [])
    assert office.do("due", "--json").data == fresh.do("due", "--json").data
    views = ("case_view", "deadline_view", "value_view")
    for statement in (f"SELECT * FROM {table} ORDER BY 1, 2" for table in views):
        assert answered(url, statement) == answered(str(fresh.server), statement)


def test_a_ledger_of_the_third_revision_becomes_todays(third: Office, fresh: Office) -> None:
    assert says(third, "due").endswith(OLDER)

    done = third.do("db", "upgrade", "--json").data

    assert (done["from"], done["to"]) == ("0003", REVISION)
    assert_todays(third, fresh)
    assert answered(str(third.server), "SELECT reference FROM case_view WHERE silent = 1") == [
        ("C-3",)
    ]
    again = third.do("db", "upgrade", "--json").data
    assert (again["from"], again["to"]) == (REVISION, REVISION)


def test_it_is_worked_on_as_any_other(third: Office) -> None:
    third.do("db", "upgrade")
    third.do("open", "--ref", "C-9", "--patient", "P 9")
    third.do("sweep")
    assert answered(str(third.server), "SELECT count(*) FROM touched") == [(0,)]
    assert third.do("replay", "--all", "--json").data["differing"] == []


def test_a_ledger_of_a_newer_revision_is_left_as_it_is(third: Office) -> None:
    execute(str(third.server), "UPDATE alembic_version SET version_num = '9999'")
    before = whole(str(third.server))
    for command in (("db", "upgrade"), ("due",)):
        assert says(third, *command).endswith(NEWER)
    assert whole(str(third.server)) == before


@pytest.fixture
def accounts(third: Office) -> Iterator[str]:
    """What the names of an owner's and a writer's account begin with."""
    url, prefix = str(third.server), f"branch{os.getpid()}"
    execute(url, grants.script(prefix))
    named = [f"{prefix}_{role.name}" for role in grants.ROLES]
    for name in ("owner", "writer"):
        account = f"{prefix}_{name}_account"
        execute(url, f"CREATE ROLE {account} LOGIN", f"GRANT {prefix}_{name} TO {account}")
    yield prefix
    logins = [f"{prefix}_{name}_account" for name in ("owner", "writer")]
    execute(url, f"DROP OWNED BY {', '.join(named)} CASCADE")
    execute(url, f"DROP ROLE {', '.join([*logins, *named])}")


RIGHTS = """
SELECT grantee::text, table_name::text, privilege_type::text
FROM information_schema.role_table_grants WHERE table_schema = 'casetrack' ORDER BY 1, 2, 3
"""


def test_the_owner_alone_upgrades_and_every_role_keeps_its_rights(
    third: Office, accounts: str
) -> None:
    def by(name: str) -> Office:
        login = make_url(str(third.server)).set(username=f"{accounts}_{name}_account")
        return Office(third.folder, server=login.render_as_string(hide_password=False))

    before, rights = whole(str(third.server)), answered(str(third.server), RIGHTS)
    assert says(by("writer"), "db", "upgrade").endswith(NOT_OWNER)
    assert whole(str(third.server)) == before

    by("owner").do("db", "upgrade")

    assert answered(str(third.server), RIGHTS) == rights
    by("writer").do("note", "C-1", "called")
    by("writer").do("due")


UPGRADE = (sys.executable, "-m", "casetrack", "db", "upgrade")
WAITING = """
SELECT count(*) FROM pg_locks JOIN pg_class ON pg_class.oid = relation
WHERE relname = '{}' AND NOT granted AND relnamespace = 'casetrack'::regnamespace
"""


# As somebody who runs it again as long as it says that others are at work.
PATIENT = (
    "bash",
    "-c",
    'while "$@" 2>/dev/null; code=$?; [ $code = 75 ]; do :; done; exit $code',
    "-",
    *UPGRADE,
)


def begun(url: str, words: tuple[str, ...] = UPGRADE) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(words, env={**os.environ, "CASETRACK_DB": url})


def await_a_wait(url: str, table: str) -> None:
    until = time.monotonic() + 60
    while answered(url, WAITING.format(table)) == [(0,)]:
        assert time.monotonic() < until
        time.sleep(0.02)


@contextmanager
def held_up(url: str) -> Iterator[None]:
    """While somebody writes deadlines, an upgrade comes to its middle and no further."""
    with connected(url) as connection:
        connection.execute("LOCK TABLE deadline_view IN ROW EXCLUSIVE MODE")
        yield


def test_two_upgrades_at_once_do_it_once(third: Office, fresh: Office) -> None:
    url = str(third.server)
    with held_up(url):
        first = begun(url, PATIENT)
        await_a_wait(url, "deadline_view")
        second = begun(url, PATIENT)
        await_a_wait(url, "alembic_version")
    assert [first.wait(60), second.wait(60)] == [0, 0]
    assert_todays(third, fresh)


def test_one_killed_half_way_leaves_the_third_revision_whole(third: Office, fresh: Office) -> None:
    url = str(third.server)
    before = whole(url)
    with held_up(url):
        killed = begun(url)
        await_a_wait(url, "deadline_view")
        killed.send_signal(signal.SIGKILL)
        killed.wait(60)
    assert whole(url) == before
    third.do("db", "upgrade")
    assert_todays(third, fresh)


def test_one_that_fails_leaves_the_third_revision_whole(third: Office) -> None:
    execute(str(third.server), "CREATE TABLE open_calendars (in_the_way text)")
    before = whole(str(third.server))
    assert says(third, "db", "upgrade").endswith("changed by hand")
    assert whole(str(third.server)) == before
