"""Merkle trees and proofs straight from the definitions of RFC 6962, 2.1, over the entries.

Slow and recursive, with nothing of the product: a second opinion, also on what proves what.
"""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256

Entries = tuple[bytes, ...]


def split(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


@cache
def mth(entries: Entries) -> bytes:
    """Merkle tree hash (2.1)."""
    if not entries:
        return sha256().digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def path(m: int, entries: Entries) -> list[bytes]:
    """Merkle audit path of the m-th entry (2.1.1)."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def proof(m: int, entries: Entries) -> list[bytes]:
    """Merkle consistency proof of the first m entries (2.1.2)."""
    return subproof(m, entries, known=True)


def subproof(m: int, entries: Entries, *, known: bool) -> list[bytes]:
    if m == len(entries):
        return [] if known else [mth(entries)]
    k = split(len(entries))
    if m <= k:
        return [*subproof(m, entries[:k], known=known), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], known=False), mth(entries[:k])]


def root_by_path(leaf: bytes, m: int, n: int, steps: Sequence[bytes]) -> bytes | None:
    """The root that an audit path gives, by the shape of the tree from the top down."""
    if n == 1:
        return None if steps else leaf
    if not steps:
        return None
    k = split(n)
    if m < k:
        below = root_by_path(leaf, m, k, steps[:-1])
        return None if below is None else sha256(b"\x01" + below + steps[-1]).digest()
    below = root_by_path(leaf, m - k, n - k, steps[:-1])
    return None if below is None else sha256(b"\x01" + steps[-1] + below).digest()


def roots_by_proof(
    m: int, n: int, steps: Sequence[bytes], old: bytes, *, known: bool = True
) -> tuple[bytes, bytes] | None:
    """The (old, new) roots that a consistency proof gives, by the shape of the tree."""
    if m == n:
        if known:
            return None if steps else (old, old)
        return (steps[0], steps[0]) if len(steps) == 1 else None
    if not steps:
        return None
    k = split(n)
    if m <= k:
        below = roots_by_proof(m, k, steps[:-1], old, known=known)
        return below and (below[0], sha256(b"\x01" + below[1] + steps[-1]).digest())
    below = roots_by_proof(m - k, n - k, steps[:-1], old, known=False)
    return below and (
        sha256(b"\x01" + steps[-1] + below[0]).digest(),
        sha256(b"\x01" + steps[-1] + below[1]).digest(),
    )
