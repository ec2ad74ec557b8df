"""The workers of a Dask cluster, as one more executor. Dask is imported here alone."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeVar

from casetrack.errors import Refused, Unexpected
from casetrack.service.ranges import Place, abroad

if TYPE_CHECKING:
    from distributed import Client

ANSWER_SECONDS = 10
T = TypeVar("T")


@contextmanager
def connected(address: str) -> Iterator[Executor]:
    """The cluster whose scheduler is there; what a killed worker had is done by another."""
    if find_spec("distributed") is None:
        raise Refused("a cluster needs Dask: pip install 'casetrack[cluster]'")
    from distributed import Client, KilledWorker
    from distributed.comm.core import CommClosedError

    logging.getLogger("distributed").setLevel(logging.CRITICAL + 1)  # errors are told by ours
    try:
        client = Client(address, timeout=ANSWER_SECONDS, set_as_default=False)
    except (OSError, ValueError):
        raise Refused(f"no Dask scheduler answers at {address}; see that it runs there") from None
    try:
        _alike(client)
        yield Abroad(client)
    except (KilledWorker, CommClosedError, CancelledError):
        raise Unexpected(
            "the cluster lost its workers or its scheduler in mid-run; nothing was found out; "
            "run it again"
        ) from None
    finally:
        client.close(timeout=ANSWER_SECONDS)


def _alike(client: "Client") -> None:
    """Workers of another version may judge otherwise."""
    ours = version("casetrack")
    theirs = client.run(version, "casetrack", on_error="return")
    if not theirs:
        raise Refused("the cluster has no workers; start some, beside a casetrack of this version")
    for found in theirs.values():
        if found != ours:
            other = found if isinstance(found, str) else "none"
            raise Refused(f"this is casetrack {ours}, and a worker has {other}; install the same")


class Abroad(Executor):
    """Sends no password, and no path that depends on a folder."""

    def __init__(self, client: "Client") -> None:
        self._there: Executor = client.get_executor(pure=False)

    def submit(self, fn: Callable[..., T], /, *args: object, **kwargs: object) -> Future[T]:
        sent = [abroad(one) if isinstance(one, Place) else one for one in args]
        return self._there.submit(fn, *sent, **kwargs)
