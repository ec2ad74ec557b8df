"""A bound on what others take their time for: a server that answers a byte a minute."""

from collections.abc import Callable
from contextlib import suppress
from threading import Thread


def within(seconds: float, job: Callable[[], bool]) -> bool:
    """Whether the job said yes in time; one that fails said no.

    A late one is left behind: it goes on beside the others, and ends with the process at the
    latest.
    """
    said: list[bool] = []

    def work() -> None:
        with suppress(Exception):
            said.append(job())

    # No pool: the interpreter waits for a pool's threads before it ends.
    thread = Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    return said == [True]
