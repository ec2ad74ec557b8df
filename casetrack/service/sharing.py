"""Audits that judge case by case, each case as it stands when it is read, shared among workers."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct

from casetrack.catalog.shelf import Shelf
from casetrack.errors import CasetrackError
from casetrack.service.ranges import Place, in_turn
from casetrack.service.setup import opened
from casetrack.service.tracker import Tracker

CASES = 200  # to a worker at a time

T = TypeVar("T")


class Tally:
    """What has been looked at so far, and what was found, by kind."""

    def __init__(self) -> None:
        self.cases = 0
        self.entries = 0
        self.deadlines = 0
        self.found: dict[str, int] = {}

    def count(self, kind: str) -> None:
        self.found[kind] = self.found.get(kind, 0) + 1


class Shared(Struct, frozen=True):
    """Who does the work, and where they find the ledger and the definitions of one's own."""

    executor: Executor
    place: Place
    folders: tuple[Path | None, ...]


class Judged(Struct, frozen=True):
    """What a worker found, and the error that ended its work."""

    found: list[Any]
    cases: int
    entries: int
    deadlines: int
    error: CasetrackError | None


Work = Callable[[Tracker, Iterable[str], Tally], Iterator[T]]


def done(
    tracker: Tracker, work: Work[T], case_ids: Iterable[str], tally: Tally, shared: Shared | None
) -> Iterator[T]:
    """What the work finds in these cases, in their order, whoever does it."""
    if shared is None:
        yield from work(tracker, case_ids, tally)
        return
    given = (
        (shared.place, work, tuple(batch), tracker.now, shared.folders)
        for batch in _batches(iter(case_ids))
    )
    for judged in in_turn(shared.executor, judge, given):
        tally.cases += judged.cases
        tally.entries += judged.entries
        tally.deadlines += judged.deadlines
        yield from judged.found
        if judged.error is not None:
            raise judged.error


def _batches(case_ids: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(case_ids, CASES)):
        yield batch


def judge(
    place: Place,
    work: Work[object],
    case_ids: Iterable[str],
    now: datetime,
    folders: tuple[Path | None, ...],
) -> Judged:
    """Carried out by a worker."""
    tally, failed = Tally(), None
    found: list[object] = []
    ledger = opened(place.url)
    try:
        tracker = Tracker(ledger, now, "", shelf=Shelf(*folders))
        found.extend(work(tracker, case_ids, tally))
    except CasetrackError as error:
        failed = error
    finally:
        ledger.close()
    return Judged(found, tally.cases, tally.entries, tally.deadlines, failed)
