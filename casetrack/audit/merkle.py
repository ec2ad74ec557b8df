"""The Merkle tree of RFC 6962 over the leaf hashes of entries, and its proofs."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from msgspec import Struct

from casetrack.errors import Corrupt

EMPTY = sha256(b"").digest()
HASH = 32  # bytes


class Frontier(Struct, frozen=True):
    """What a tree of ``size`` leaves needs to grow: its complete subtrees' roots, largest first."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    @property
    def root(self) -> bytes:
        """The root of the whole tree; of no leaves, the hash of nothing."""
        if not self.hashes:
            return EMPTY
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node(left, root)
        return root

    @property
    def packed(self) -> bytes:
        """The hashes as a store keeps them."""
        return b"".join(self.hashes)


def unpacked(size: int, hashes: bytes) -> Frontier:
    """The frontier of that size from its packed hashes, one for each bit of the size."""
    if len(hashes) != HASH * size.bit_count():
        raise Corrupt(f"the frontier of size {size} is not what was kept")
    found = (hashes[at : at + HASH] for at in range(0, len(hashes), HASH))
    return Frontier(size, tuple(found))


def leaf(body: bytes) -> bytes:
    return sha256(b"\x00" + body).digest()


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def grown(frontier: Frontier, leaves: Iterable[bytes]) -> Frontier:
    """The frontier after more leaves; its cost is theirs alone."""
    size, hashes = frontier.size, list(frontier.hashes)
    for found in leaves:
        size += 1
        made, level = found, size
        while level % 2 == 0:
            made = node(hashes.pop(), made)
            level //= 2
        hashes.append(made)
    return Frontier(size, tuple(hashes))


def root(leaves: Iterable[bytes]) -> bytes:
    return grown(Frontier(), leaves).root


def inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The proof, lowest first, that the leaf of that index is in the tree of these leaves."""
    if not 0 <= index < len(leaves):
        raise IndexError("the tree has no such leaf")
    if len(leaves) == 1:
        return []
    half = _half(len(leaves))
    if index < half:
        return [*inclusion(leaves[:half], index), root(leaves[half:])]
    return [*inclusion(leaves[half:], index - half), root(leaves[:half])]


def consistency(leaves: Sequence[bytes], size: int) -> list[bytes]:
    """The proof that the tree of these leaves extends that of the first ``size`` of them."""
    if not 0 <= size <= len(leaves):
        raise IndexError("the tree never had that size")
    return _between(leaves, size, whole=True) if 0 < size < len(leaves) else []


def _between(leaves: Sequence[bytes], size: int, *, whole: bool) -> list[bytes]:
    """``whole``: the old tree stands complete on the left so far, so its root is known."""
    if size == len(leaves):
        return [] if whole else [root(leaves)]
    half = _half(len(leaves))
    if size <= half:
        return [*_between(leaves[:half], size, whole=whole), root(leaves[half:])]
    return [*_between(leaves[half:], size - half, whole=False), root(leaves[:half])]


def _half(size: int) -> int:
    """The largest power of two below the size."""
    return 1 << ((size - 1).bit_length() - 1)


def included(found: bytes, index: int, size: int, proof: Sequence[bytes], top: bytes) -> bool:
    """Whether the proof takes the leaf hash at that index to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last = index, size - 1
    for step in proof:
        if last == 0:
            return False
        if at % 2 or at == last:
            found = node(step, found)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == top


def extends(old: tuple[int, bytes], new: tuple[int, bytes], proof: Sequence[bytes]) -> bool:
    """Whether the newer (size, root) extends the older one, by its proof (RFC 9162, 2.1.4.2)."""
    (size, top), (new_size, new_top) = old, new
    if size in (0, new_size):
        return not proof and top == (EMPTY if size == 0 else new_top)
    if not 0 < size < new_size:
        return False
    at, last = size - 1, new_size - 1
    while at % 2:
        at, last = at >> 1, last >> 1
    steps = [top, *proof] if at == 0 else list(proof)
    return _climbs(steps, at, last, (top, new_top))


def _climbs(steps: Sequence[bytes], at: int, last: int, tops: tuple[bytes, bytes]) -> bool:
    if not steps:
        return False
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at % 2 or at == last:
            old, new = node(step, old), node(step, new)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node(new, step)
        at, last = at >> 1, last >> 1
    return last == 0 and (old, new) == tops
