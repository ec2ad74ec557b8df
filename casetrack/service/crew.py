"""Who shares the work of an audit: this process alone, more of them here, or a cluster."""

import multiprocessing
import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from threading import Thread

from casetrack.errors import Unexpected, Unparsable

MOST_JOBS = 256
_ADDRESS = re.compile(r"(tcp|tls)://[^\s/@?#]+:[0-9]{1,5}/?", re.ASCII)


@contextmanager
def at_work(jobs: int | None, cluster: str | None) -> Iterator[Executor | None]:
    """An executor, or None where this process does it all.

    ``jobs``: how many processes of this machine, 1 to 256. ``cluster``: a Dask scheduler's address.
    Raises ``Unexpected`` for a worker that was lost while the block ran.
    """
    if jobs is not None and cluster is not None:
        raise Unparsable("--jobs is for this machine and --cluster for others; give one of them")
    if jobs is not None and not 1 <= jobs <= MOST_JOBS:
        raise Unparsable(f"--jobs is a number of processes, 1 to {MOST_JOBS}")
    if cluster is not None:
        with _connected(cluster) as elsewhere:
            yield elsewhere
    elif jobs in (None, 1):
        yield None
    else:
        with _pool(jobs or 1) as here:
            yield here


def _connected(address: str) -> AbstractContextManager[Executor]:
    if not _ADDRESS.fullmatch(address):
        raise Unparsable("--cluster is a Dask scheduler's address: tcp://HOST:PORT, or tls://")
    from casetrack.service.cluster import connected

    return connected(address)


@contextmanager
def _pool(jobs: int) -> Iterator[Executor]:
    fresh = multiprocessing.get_context("spawn")  # a fork would share open databases
    pool = ProcessPoolExecutor(jobs, mp_context=fresh, initializer=_set_apart)
    try:
        yield pool
    except BrokenProcessPool:
        raise Unexpected(
            "a worker process ended in mid-run, killed or out of memory; nothing was found out; "
            "run it again, with fewer --jobs"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _set_apart() -> None:
    """A worker leaves an interrupt to who started it, and does not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
