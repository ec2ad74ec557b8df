"""Sealing by hand, with fixed secrets: leaves, a frontier and a signed checkpoint."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

from casetrack.audit import merkle, notes
from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.domain.fold import replay
from casetrack.ledger.store import LEDGER_CASE, Ledger
from casetrack.ledger.trees import Leaf
from tests.facts import draft, happened

FIRST, SECOND, FOREIGN = (sha256(word).digest() for word in (b"first", b"second", b"foreign"))


def b64(found: bytes) -> str:
    return b64encode(found).decode()


def print_of(secret: bytes) -> str:
    return notes.fingerprint(notes.public_of(secret))


def append_own(ledger: Ledger, data: e.Data) -> Case:
    """An entry of the ledger's own stream."""
    own = replay(LEDGER_CASE, ledger.entries(LEDGER_CASE))
    case, _ = ledger.append(own, [draft(happened(data))])
    return case


def make_key(ledger: Ledger, secret: bytes = FIRST) -> None:
    append_own(ledger, e.KeyMade(public=b64(notes.public_of(secret))))


def rotation(ledger_id: str, old: bytes, new: bytes) -> e.KeyRotated:
    olds, news = notes.public_of(old), notes.public_of(new)
    text = notes.rotation_text(ledger_id, olds, news)
    return e.KeyRotated(
        old=b64(olds), new=b64(news),
        signed_by_old=b64(notes.sign(old, text)), signed_by_new=b64(notes.sign(new, text)),
    )  # fmt: skip


def rotate(ledger: Ledger, old: bytes = FIRST, new: bytes = SECOND) -> None:
    append_own(ledger, rotation(ledger.id, old, new))


def seal(ledger: Ledger, *secrets: bytes) -> str:
    """Seal what waits; the note, signed by these secrets."""
    tree = ledger.tree
    with ledger.transaction():
        frontier = merkle.unpacked(*tree.frontier())
        leaves = [
            Leaf(index=index, case_id=case, version=version, hash=merkle.leaf(body.encode()))
            for index, (case, version, body) in enumerate(tree.pending(), frontier.size)
        ]
        tree.keep(leaves)
        frontier = merkle.grown(frontier, (leaf.hash for leaf in leaves))
        tree.keep_frontier(frontier.size, frontier.packed)
    note = note_of(ledger.id, frontier.size, frontier.root, secrets or (FIRST,))
    tree.keep_checkpoint(frontier.size, note)
    return note


def note_of(ledger_id: str, size: int, root: bytes, secrets: Sequence[bytes]) -> str:
    head = notes.Checkpoint(origin=notes.origin(ledger_id), size=size, root=root)
    return notes.signed(head, secrets)
