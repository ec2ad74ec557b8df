"""The workers of a Dask cluster, as one more executor. Dask is imported here alone."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakSet

from casetrack.errors import Refused, Unexpected
from casetrack.service.ranges import Place, abroad

if TYPE_CHECKING:
    from distributed import Client

ANSWER_SECONDS = 10
DESERTED_SECONDS = 60.0  # a nanny starts a killed worker again sooner than that
T = TypeVar("T")


@contextmanager
def connected(address: str) -> Iterator[Executor]:
    """The cluster whose scheduler is there; what a killed worker had is done by another."""
    if find_spec("distributed") is None:
        raise Refused("a cluster needs Dask: pip install 'casetrack[cluster]'")
    from distributed import KilledWorker, Security
    from distributed.comm.core import CommClosedError

    encrypted = Security().get_connection_args("client").get("ssl_context")
    if address.startswith("tls:") and encrypted is None:
        raise Refused("tls:// needs Dask's certificates; name them in distributed.comm.tls")

    logging.getLogger("distributed").setLevel(logging.CRITICAL + 1)  # errors are told by ours
    client = _client(address)
    if client is None:
        raise Refused(f"no Dask scheduler answers at {address}; see that it runs there")
    over = Event()
    try:
        _alike(client)
        there = Abroad(client)
        Thread(target=_watch, args=(client, there, over), daemon=True).start()
        yield there
    except (KilledWorker, CommClosedError, CancelledError):
        raise Unexpected(
            "the cluster lost its workers or its scheduler in mid-run; nothing was found out; "
            "run it again"
        ) from None
    finally:
        over.set()
        client.close(timeout=ANSWER_SECONDS)


def _client(address: str) -> "Client | None":
    """Dask waits for ever for what listens and says nothing; None after a while."""
    from distributed import Client

    made: SimpleQueue[Client | None] = SimpleQueue()

    def connect() -> None:
        try:
            made.put(Client(address, timeout=ANSWER_SECONDS, set_as_default=False))
        except (OSError, ValueError):
            made.put(None)

    Thread(target=connect, daemon=True).start()
    try:
        return made.get(timeout=ANSWER_SECONDS + 2)
    except Empty:
        return None


def _watch(client: "Client", there: "Abroad", over: Event) -> None:
    """Give the work up once there have been no workers for a while; a scheduler waits for ever."""
    deserted = 0
    while not over.wait(DESERTED_SECONDS / 10):
        deserted = 0 if _manned(client) else deserted + 1
        if deserted == 10:
            there.give_up()
            return


def _manned(client: "Client") -> bool:
    try:
        return client.status == "running" and bool(client.nthreads())
    except (OSError, RuntimeError, CancelledError):  # the scheduler is gone, or the client closed
        return False


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
        self._given: WeakSet[Future[Any]] = WeakSet()

    def submit(self, fn: Callable[..., T], /, *args: object, **kwargs: object) -> Future[T]:
        sent = [abroad(one) if isinstance(one, Place) else one for one in args]
        future = self._there.submit(fn, *sent, **kwargs)
        self._given.add(future)
        return future

    def give_up(self) -> None:
        """What is not done is cancelled."""
        for future in list(self._given):
            future.cancel()
