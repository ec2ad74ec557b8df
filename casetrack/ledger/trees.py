"""What sealing asks of a store: what waits, the leaves, the heads that were signed.

A store keeps hashes and knows no tree; ``audit.merkle`` does. Seal inside ``transaction``.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from casetrack.domain.events import Entry


class Leaf(Struct, frozen=True, kw_only=True):
    """A sealed entry: its place in the order of all, and the hash that the tree holds of it."""

    index: int
    case_id: str
    version: int
    hash: bytes


class Tree(Protocol):
    """The part of a ledger that sealing uses."""

    def unsealed(self) -> int:
        """How many entries wait to be sealed."""

    def pending(self) -> Iterator[tuple[str, int, str]]:
        """(case, version, body) of what waits, in the order it is to be sealed.

        That is by ``recorded_at``, case and version. Leaves may be kept while it is read.
        """

    def size(self) -> int:
        """How many leaves there are."""

    def keep(self, leaves: Sequence[Leaf]) -> None:
        """Add the next leaves; what they stand for waits no longer."""

    def frontier(self) -> tuple[int, bytes]:
        """(size, hashes) of the latest frontier; (0, nothing) before the first."""

    def frontier_at(self, size: int) -> bytes | None:
        """The hashes of the frontier kept at that size; None if none was."""

    def keep_frontier(self, size: int, hashes: bytes) -> None: ...

    def leaf(self, case_id: str, version: int) -> Leaf | None:
        """The leaf of an entry, None while it is not sealed."""

    def leaves(self, first: int = 0, count: int | None = None) -> Iterator[Leaf]:
        """Leaves in their order, so many from that index on."""

    def checkpoint(self) -> tuple[int, str] | None:
        """(size, note) of the latest checkpoint."""

    def checkpoints(self) -> Iterator[tuple[int, str]]:
        """Every checkpoint by size."""

    def keep_checkpoint(self, size: int, note: str) -> None: ...


class MemoryTree:
    """``Tree`` for a ledger in memory; ``parts`` is what a failed transaction takes back."""

    def __init__(self, entries: Mapping[str, Sequence[Entry]]) -> None:
        self._entries = entries
        self._leaves: dict[tuple[str, int], Leaf] = {}
        self._frontiers: dict[int, bytes] = {}
        self._notes: dict[int, str] = {}
        self.parts = self._leaves, self._frontiers, self._notes

    def unsealed(self) -> int:
        return sum(map(len, self._entries.values())) - self.size()

    def pending(self) -> Iterator[tuple[str, int, str]]:
        every = (entry for found in self._entries.values() for entry in found)
        waiting = [entry for entry in every if self.leaf(entry.case, entry.version) is None]
        for entry in sorted(waiting, key=lambda x: (x.recorded_at, x.case, x.version)):
            yield entry.case, entry.version, entry.body

    def size(self) -> int:
        return len(self._leaves)

    def keep(self, leaves: Sequence[Leaf]) -> None:
        self._leaves.update({(found.case_id, found.version): found for found in leaves})

    def frontier(self) -> tuple[int, bytes]:
        return max(self._frontiers.items(), default=(0, b""))

    def frontier_at(self, size: int) -> bytes | None:
        return self._frontiers.get(size)

    def keep_frontier(self, size: int, hashes: bytes) -> None:
        self._frontiers[size] = hashes

    def leaf(self, case_id: str, version: int) -> Leaf | None:
        return self._leaves.get((case_id, version))

    def leaves(self, first: int = 0, count: int | None = None) -> Iterator[Leaf]:
        every = sorted(self._leaves.values(), key=lambda found: found.index)
        yield from every[first:][:count]

    def checkpoint(self) -> tuple[int, str] | None:
        return max(self._notes.items(), default=None)

    def checkpoints(self) -> Iterator[tuple[int, str]]:
        yield from sorted(self._notes.items())

    def keep_checkpoint(self, size: int, note: str) -> None:
        self._notes[size] = note
