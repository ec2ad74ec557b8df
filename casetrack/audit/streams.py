"""A ledger read case by case: each table is a stream by case id, and they are walked together."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, Generic, TypeVar

from msgspec import Struct

from casetrack.ledger.comparing import VIEWS, Rows
from casetrack.ledger.scan import Placed, Row, Scan
from casetrack.ledger.spans import EVERY, Span

T = TypeVar("T", bound=tuple[Any, ...])
Link = tuple[bytes, int, bytes, bytes]  # case, version, digest, body
Texts = Mapping[int, Mapping[bytes, bytes]]


class Stream(Generic[T]):
    """Rows whose first member is their case, and the case that stands next: its head."""

    def __init__(self, rows: Iterable[T]) -> None:
        self._cases = groupby(rows, key=itemgetter(0))
        self.step()

    def step(self) -> None:
        """To the next case; what was not read of this one is passed over."""
        self.head: bytes | None
        self._rows: Iterator[T]
        self.head, self._rows = next(self._cases, (None, iter(())))

    def of(self, case: bytes) -> Iterator[T]:
        """The rows of the case, if it is the one that stands next."""
        return self._rows if self.head == case else iter(())


class Beside(Struct, frozen=True, kw_only=True):
    """What is kept of a case beside its entries, by version."""

    texts: Texts
    views: Rows
    leaves: Mapping[int, Placed] = {}
    waiting: frozenset[int] = frozenset()


def cases(scan: Scan, span: Span = EVERY) -> Iterator[tuple[bytes, Beside, Iterator[Link]]]:
    """Each case that has entries, texts or views; its rows last as long as it does."""
    rows = Stream(scan.links(span))
    texts = Stream(scan.disclosures(span))
    views = {name: Stream(scan.view(name, span)) for name in VIEWS}
    for at in _in_turn(rows, texts, *views.values()):
        yield at, _beside(at, texts, views), rows.of(at)


def sealed_cases(scan: Scan, span: Span = EVERY) -> Iterator[tuple[bytes, Beside, Iterator[Row]]]:
    """Each case that any table names, with its leaves and what waits to be one."""
    rows = Stream(scan.entries(span))
    texts = Stream(scan.disclosures(span))
    views = {name: Stream(scan.view(name, span)) for name in VIEWS}
    leaves, waiting = Stream(scan.leaves(span)), Stream(scan.waiting(span))
    for at in _in_turn(rows, texts, leaves, waiting, *views.values()):
        beside = _beside(at, texts, views)
        yield (
            at,
            Beside(
                texts=beside.texts,
                views=beside.views,
                leaves={leaf.version: leaf for leaf in leaves.of(at)},
                waiting=frozenset(version for _, version in waiting.of(at)),
            ),
            rows.of(at),
        )


def _in_turn(*streams: Stream[Any]) -> Iterator[bytes]:
    """The next case of any of them; whoever asks for another has taken all of it."""
    while heads := [head for stream in streams if (head := stream.head) is not None]:
        at = min(heads)
        yield at
        for stream in streams:
            if stream.head == at:
                stream.step()


def _beside(
    case: bytes,
    texts: Stream[tuple[bytes, int, bytes, bytes]],
    views: Mapping[str, Stream[tuple[bytes, tuple[object, ...]]]],
) -> Beside:
    found: dict[int, dict[bytes, bytes]] = {}
    for _, version, name, text in texts.of(case):
        found.setdefault(version, {})[name] = text
    return Beside(
        texts=found, views={name: [row for _, row in rows.of(case)] for name, rows in views.items()}
    )
