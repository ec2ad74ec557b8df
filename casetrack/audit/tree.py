"""The leaves in their order, and the tree that they make."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from casetrack.audit import merkle
from casetrack.audit.merkle import Frontier
from casetrack.audit.problems import Findings
from casetrack.ledger.scan import Placed

CHUNK = 4096


class Walked(Struct, frozen=True, kw_only=True):
    """What the leaves came to.

    ``gap``: the first index that is not there, None where all are. ``trees``: by size, the tree
    of the leaves as kept, and that of the texts. ``known``: those of the wanted hashes that some
    leaf has.
    """

    size: int
    gap: int | None
    trees: Mapping[int, tuple[Frontier, Frontier]]
    known: frozenset[bytes]

    def holds(self, size: int) -> bool:
        """Whether the tree of that size can be judged."""
        return size in self.trees and (self.gap is None or size <= self.gap)


def walked(leaves: Iterable[Placed], stops: Collection[int], wanted: frozenset[bytes]) -> Walked:
    """One pass, which keeps the trees of the sizes in ``stops`` among others."""
    size, gap = 0, None
    known: set[bytes] = set()
    kept = made = Frontier()
    trees = {0: (kept, made)}
    for chunk in _chunks(leaves, stops):
        if gap is None:
            gap = next((n for n, leaf in enumerate(chunk, size) if leaf.leaf != n), None)
        size += len(chunk)
        hashes = [leaf.hash for leaf in chunk]
        known |= wanted.intersection(hashes)
        grown = merkle.grown(kept, hashes)
        bodied = chunk[0].body is not None
        kept, made = grown, merkle.grown(made, map(_made, chunk)) if bodied else grown
        trees[size] = kept, made
    return Walked(size=size, gap=gap, trees=trees, known=frozenset(known))


def _made(leaf: Placed) -> bytes:
    return leaf.hash if leaf.body is None else merkle.leaf(leaf.body)


def _chunks(leaves: Iterable[Placed], stops: Collection[int]) -> Iterator[Sequence[Placed]]:
    chunk: list[Placed] = []
    for size, leaf in enumerate(leaves, 1):
        chunk.append(leaf)
        if size in stops or len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def ordered(
    leaves: Iterable[Placed], batches: Collection[int], findings: Findings
) -> Iterator[Placed]:
    """The leaves as they are, each told of that stands behind one of its batch by mistake."""
    last: tuple[bytes, bytes, int] | None = None
    for number, leaf in enumerate(leaves):
        at = None
        if leaf.recorded_at is not None and not findings.has(leaf.case, leaf.version):
            at = leaf.recorded_at, leaf.case, leaf.version
        if at and last and at < last and number not in batches:
            why = f"leaf {leaf.leaf} stands behind one that was to follow it"
            findings.add("leaf altered", why, leaf.case, leaf.version)
        last = at
        yield leaf
