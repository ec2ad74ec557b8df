"""A copy of a ledger in one consistent state, made while others read and write."""

import sqlite3
from contextlib import closing
from pathlib import Path

from casetrack.errors import Refused
from casetrack.ledger.connect import connect, engine_for, existing, opened_body
from casetrack.ledger.failures import reworded
from casetrack.ledger.place import database_path, is_server, make_private_file


def backup(url: str, target: Path) -> None:
    """Copy the ledger to a new file of mode 0600; an existing one is refused, a failed one gone."""
    if is_server(url):
        raise Refused("a ledger on a server is backed up there, with pg_dump or the server's own")
    path = existing(database_path(url))
    _check(path)
    make_private_file(target)
    try:
        _copy(path, target)
    except BaseException:
        for left in ("", "-wal", "-shm", "-journal"):
            Path(f"{target}{left}").unlink(missing_ok=True)
        raise


def _check(path: Path) -> None:
    engine = engine_for(path)
    try:
        opened_body(engine, path)
    finally:
        engine.dispose()


def _copy(path: Path, target: Path) -> None:
    with (
        reworded(path),
        closing(connect(path)) as source,
        reworded(target),
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)
