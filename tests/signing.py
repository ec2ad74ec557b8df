"""Seals ledgers by hand, with keys that tests know."""

from base64 import b64encode
from hashlib import sha256

from casetrack.audit import merkle, notes
from casetrack.domain import events as e
from casetrack.domain.fold import replay
from casetrack.ledger.store import LEDGER_CASE, Ledger
from casetrack.ledger.trees import Leaf
from tests.facts import append

KEYS = [sha256(bytes([n])).digest() for n in range(4)]


def public(secret: bytes = KEYS[0]) -> bytes:
    return notes.public_of(secret)


def fingerprint(secret: bytes = KEYS[0]) -> str:
    return sha256(public(secret)).hexdigest()


def text(data: bytes) -> str:
    return b64encode(data).decode()


def own(ledger: Ledger, data: e.Data) -> None:
    case = replay(LEDGER_CASE, ledger.entries(LEDGER_CASE))
    append(ledger, case, e.Event(data=data, occurred_on=ledger.sources.now().date()))


def make_key(ledger: Ledger, secret: bytes = KEYS[0]) -> None:
    own(ledger, e.KeyMade(public=text(public(secret))))


def rotate(ledger: Ledger, old: bytes, new: bytes) -> None:
    said = notes.rotation_text(ledger.id, public(old), public(new))
    signatures = [text(notes.sign(secret, said)) for secret in (old, new)]
    own(ledger, e.KeyRotated(
        old=text(public(old)), new=text(public(new)),
        signed_by_old=signatures[0], signed_by_new=signatures[1],
    ))  # fmt: skip


def seal(ledger: Ledger, *secrets: bytes) -> str:
    """Everything that waits becomes leaves, and the new head is signed; the note."""
    size, hashes = ledger.tree.frontier()
    roots = tuple(hashes[n : n + 32] for n in range(0, len(hashes), 32))
    waiting = list(ledger.tree.pending())
    made = [merkle.leaf(body.encode()) for _, _, body in waiting]
    frontier = merkle.grown(merkle.Frontier(size, roots), made)
    ledger.tree.keep([
        Leaf(index=size + n, case_id=case, version=version, hash=found)
        for n, ((case, version, _), found) in enumerate(zip(waiting, made, strict=True))
    ])  # fmt: skip
    head = notes.Checkpoint(origin=notes.origin(ledger.id), size=frontier.size, root=frontier.root)
    note = notes.signed(head, secrets or KEYS[:1])
    ledger.tree.keep_frontier(frontier.size, b"".join(frontier.hashes))
    ledger.tree.keep_checkpoint(frontier.size, note)
    return note
