"""One daily run at a time: a lock on a file beside the database, let go when the process ends."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from casetrack.errors import Busy, Refused

_PAUSE = 0.1


@contextmanager
def alone(database: Path, wait_seconds: float) -> Iterator[None]:
    """Raises ``Busy`` if another run has not ended after so many seconds."""
    path = Path(f"{database}.daily-lock")
    try:
        handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        reason = (error.strerror or "no reason given").lower()
        raise Refused(f"{path} can't be made: {reason}") from None
    try:
        _take(handle, time.monotonic() + wait_seconds)
        yield
    finally:
        os.close(handle)


def _take(handle: int, until: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise Busy("another daily run is at work and has not ended; try again") from None
            time.sleep(_PAUSE)
        else:
            return
