"""One daily run, or copy, at a time: a lock on a file beside the database, or the server's own.

Either is let go when the process ends.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from casetrack.errors import Busy, Refused
from casetrack.ledger.place import is_server

_PAUSE = 0.1


@contextmanager
def alone(database: str, wait_seconds: float, kind: str = "daily") -> Iterator[None]:
    """Raises ``Busy`` if another run of that kind has not ended after so many seconds."""
    until = time.monotonic() + wait_seconds
    held = _on_server if is_server(database) else _beside
    with held(database, until, kind):
        yield


@contextmanager
def _on_server(database: str, until: float, kind: str) -> Iterator[None]:
    from casetrack.ledger.server import locking

    with locking(database, kind) as taken:
        _take(taken, until, kind)
        yield


@contextmanager
def _beside(database: str, until: float, kind: str) -> Iterator[None]:
    path = Path(f"{database}.{kind}-lock")
    try:
        handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        reason = (error.strerror or "no reason given").lower()
        raise Refused(f"{path} can't be made: {reason}") from None
    try:
        _take(partial(_flocked, handle), until, kind)
        yield
    finally:
        os.close(handle)


def _flocked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _take(taken: Callable[[], bool], until: float, kind: str) -> None:
    while not taken():
        if time.monotonic() >= until:
            raise Busy(f"another {kind} run is at work and has not ended; try again")
        time.sleep(_PAUSE)
