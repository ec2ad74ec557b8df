"""A ledger cut into ranges of cases, each looked at by a worker of any executor.

A worker vouches for cases in which nothing is amiss, and for nothing else: every other case is
read again by who asked, in the one state that the verdict is of. So is a range that holds more or
fewer entries than in that state.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from functools import partial
from itertools import islice
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from casetrack.errors import CasetrackError, Corrupt, Unexpected
from casetrack.ledger.place import database_path, is_server, without_password
from casetrack.ledger.scan import Scan, scanning
from casetrack.ledger.spans import EVERY, Span

ENTRIES = 10_000  # in one range, about
MOST_LEFT = 1_000  # cases; a range with more is read again as a whole
AHEAD = 1_000  # ranges that are handed out before the first one is done

T = TypeVar("T")
Tick = Callable[[int], None]


def unwatched(done: int) -> None:
    """Where nobody watches."""


class Place(Struct, frozen=True):
    """Where a worker finds the ledger, in what state of it, and the id that it should have."""

    url: str
    state: str = ""
    ledger: str = ""

    def __repr__(self) -> str:
        return "the ledger"  # an executor may print what it was given


class Looked(Struct, frozen=True):
    """What a worker saw of a range.

    ``read``: all its entries. ``entries`` and ``cases`` are those in which nothing is amiss;
    ``left`` are the other cases, None for all of them.
    """

    read: int = 0
    entries: int = 0
    cases: int = 0
    left: Sequence[bytes] | None = None


class Part(Struct, frozen=True):
    """What has still to be read, and how much has not."""

    spans: Sequence[Span]
    entries: int = 0
    cases: int = 0


Look = Callable[[Scan, Place, Span], Looked]


def parts(
    scan: Scan, place: Place, look: Look, executor: Executor | None, tick: Tick
) -> Iterator[Part]:
    """The whole ledger in order of its cases, as far as it is still to be read.

    The work is handed out when this is called; without an executor, or with little to do, none is.
    """
    pieces = [] if executor is None else scan.pieces(ENTRIES)
    if executor is None or len(pieces) < 2:
        return iter([Part(spans=(EVERY,))])
    shared = replace(place, state=scan.state())
    found = in_turn(executor, _seen, ((shared, look, span) for span, _ in pieces))
    return map(partial(_part, tick), pieces, found)


def in_turn(
    executor: Executor, work: Callable[..., T], given: Iterable[tuple[object, ...]]
) -> Iterator[T]:
    """What the work comes to for each, in their order; it begins at once."""
    rest = iter(given)
    waiting = deque(_submitted(executor, work, one) for one in islice(rest, AHEAD))
    return _results(executor, work, waiting, rest)


def _results(
    executor: Executor,
    work: Callable[..., T],
    waiting: deque[Future[T]],
    rest: Iterator[tuple[object, ...]],
) -> Iterator[T]:
    while waiting:
        yield waiting.popleft().result()
        waiting.extend(_submitted(executor, work, one) for one in islice(rest, 1))


def _submitted(executor: Executor, work: Callable[..., T], one: tuple[object, ...]) -> Future[T]:
    return executor.submit(guarded, work, *one)


def guarded(work: Callable[..., T], *given: object) -> T:
    """Carried out by a worker: no error leaves it that may hold a value."""
    try:
        return work(*given)
    except CasetrackError:
        raise
    except Exception as error:  # noqa: BLE001  # the last line before an executor's log
        raise Unexpected(f"unexpected {type(error).__name__} in a worker") from None


def _seen(place: Place, look: Look, span: Span) -> Looked:
    """Of a file that can't be read who asked will tell."""
    try:
        with scanning(place.url, place.state) as scan:
            return look(scan, place, span)
    except Corrupt:
        return Looked()


def _part(tick: Tick, piece: tuple[Span, int], found: Looked) -> Part:
    span, entries = piece
    if found.left is None or found.read != entries:
        return Part(spans=(span,))
    tick(found.entries)
    left = [Span.of(case) for case in found.left]
    return Part(spans=left, entries=found.entries, cases=found.cases)


def abroad(place: Place) -> Place:
    """As another machine is told it: without a password, and whatever folder it works in."""
    if is_server(place.url):
        return replace(place, url=without_password(place.url))
    return replace(place, url=str(database_path(place.url).absolute()))
