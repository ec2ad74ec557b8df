"""The proof that an entry is in the sealed tree, for whoever holds the entry and trusts the key."""

from msgspec import Struct

from casetrack.audit import merkle, notes
from casetrack.errors import Corrupt, Refused, UnknownName
from casetrack.ledger.store import LEDGER_CASE
from casetrack.service.tracker import Tracker

OWN = "ledger"  # how the ledger's own stream is asked for


class Proof(Struct, frozen=True, kw_only=True):
    """An inclusion proof, and ``text``, the file that holds it with its checkpoint."""

    case_id: str
    version: int
    index: int
    size: int
    root: bytes
    hashes: tuple[bytes, ...]
    text: str


def case_asked(tracker: Tracker, text: str) -> str:
    """The case's id; ``ledger`` is the ledger's own stream, unless a case has that reference."""
    if text == OWN and OWN not in (name for name, _ in tracker.ledger.references(OWN, limit=1)):
        return LEDGER_CASE
    return tracker.resolve(text)


def prove(tracker: Tracker, case_id: str, version: int) -> Proof:
    """The proof that leads from the entry to the last checkpoint."""
    tree = tracker.ledger.tree
    leaf, found = tree.leaf(case_id, version), tree.checkpoint()
    if leaf is None and not 0 < version <= len(tracker.ledger.entries(case_id)):
        raise UnknownName(f"there is no version {version}; see 'casetrack history'")
    if leaf is None or found is None or leaf.index >= found[0]:
        raise Refused(f"version {version} is not sealed yet; run 'casetrack audit seal' first")
    checkpoint = notes.parse(found[1]).checkpoint
    leaves = [other.hash for other in tree.leaves(0, checkpoint.size)]
    hashes = merkle.inclusion(leaves, leaf.index)
    if not merkle.included(leaf.hash, leaf.index, checkpoint.size, hashes, checkpoint.root):
        raise Corrupt(
            "the leaves do not give the root that was signed; run 'casetrack audit verify'"
        )
    return Proof(
        case_id=case_id, version=version, index=leaf.index, size=checkpoint.size,
        root=checkpoint.root, hashes=tuple(hashes),
        text=notes.proof_text(leaf.index, hashes, found[1]),
    )  # fmt: skip
