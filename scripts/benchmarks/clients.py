"""Clients of a ledger that fire, in this process and in processes of their own."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from typing import Self

from casetrack.catalog.defaults import ZONE
from casetrack.domain.dates import parse_instant
from casetrack.service.bootstrap import fixed
from casetrack.service.setup import opened
from casetrack.service.tracker import Tracker
from casetrack.service.typed import Firing
from scripts.benchmarks import sheets

Pool = ProcessPoolExecutor
DENIAL = Firing(
    trigger="deny", pairs=(("notice_on", "2026-11-24"), ("reason_code", "experimental"))
)
_own: list["Client"] = []


class Client:
    """One tracker, and the cases in order of reference that were not handed out yet."""

    def __init__(self, url: str) -> None:
        now = parse_instant(sheets.NOW, ZONE)
        self._tracker = Tracker(opened(url, fixed(now)), now, "bench")
        self._cases = iter(self._tracker.ledger.references("", 0))

    def next(self, count: int) -> list[str]:
        return [case for _, case in islice(self._cases, count)]

    def fire(self, *cases: str) -> None:
        for case in cases:
            self._tracker.do(case, DENIAL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tracker.ledger.close()


@contextmanager
def pool(url: str, processes: int) -> Iterator[Pool]:
    """Processes that have each opened the ledger before their first case."""
    context = get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_open, initargs=(url,)) as made:
        yield made


def fire_all(pool: Pool, cases: Sequence[str]) -> list[float]:
    """How long each of them took, in seconds."""
    return list(pool.map(_fire, cases, chunksize=2))


def _open(url: str) -> None:
    _own.append(Client(url))


def _fire(case: str) -> float:
    begun = time.perf_counter()
    _own[0].fire(case)
    return time.perf_counter() - begun
