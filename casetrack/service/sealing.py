"""Sealing: what waits becomes leaves, then the head of the tree is signed and kept outside.

Leaves first, then the signature, then the note outside, then the note in the database: whatever is
cut off, the next seal goes on from there, and none signs two heads that do not follow each other.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import islice

from casetrack.audit import merkle, notes
from casetrack.audit.keys import Held, Known
from casetrack.audit.merkle import Frontier
from casetrack.audit.notes import Checkpoint, Note
from casetrack.errors import CasetrackError, Corrupt, Refused, Unexpected
from casetrack.ledger.store import Ledger
from casetrack.ledger.trees import Leaf
from casetrack.reports.foot import Foot
from casetrack.service import keeping, keys
from casetrack.service.keeping import Keep, keep
from casetrack.service.operating import Seal
from casetrack.service.outcomes import Sealed, Sealing
from casetrack.service.tracker import Tracker

BATCH = 1000
ACCEPT = "'casetrack audit seal --accept-restore'"


def attempt(tracker: Tracker, table: Seal) -> Sealing:
    """Seal if that can be done; whatever is in its way is said and raises nothing."""
    sealed, refused = None, None
    try:
        sealed = seal(tracker, keep(table, tracker.ledger.id))
    except CasetrackError as error:
        refused = error
    except Exception as error:  # noqa: BLE001  # the reports are due all the same
        refused = Unexpected(f"unexpected {type(error).__name__}")
    tree = tracker.ledger.tree
    return Sealing(unsealed=tree.unsealed(), size=tree.size(), sealed=sealed, refused=refused)


def seal(tracker: Tracker, place: Keep, *, accept_restore: bool = False) -> Sealed:
    """Make leaves of what waits and sign the head, unless the last one stands already.

    Raises ``NoKey``, ``Corrupt`` if the tree does not extend the checkpoint kept outside,
    ``Undelivered`` if nothing can be kept there, ``Refused`` for a key that will not do.
    """
    keys.current(tracker.ledger)
    with keeping.alone(place):
        known = keys.current(tracker.ledger)
        aside = _given_up(tracker.ledger, place, known) if accept_restore else None
        compare(tracker.ledger, place, known, lost=accept_restore)
        held = keys.signing(tracker, place, known)
        _finish(tracker.ledger, place, held)
        added, checkpoint = _grow(tracker.ledger)
        note = _sign(tracker.ledger, place, checkpoint, held)
    foot = Foot(size=checkpoint.size, note=note, fingerprint=notes.fingerprint(held.public))
    return Sealed(added=added, checkpoint=checkpoint, foot=foot, aside=aside)


def compare(ledger: Ledger, place: Keep, known: Sequence[Known], *, lost: bool = False) -> None:
    """Refuse a ledger that does not extend the checkpoint kept outside; nothing is written.

    ``lost``: none need be there.
    """
    text = keeping.read(place.note)
    inside = ledger.tree.checkpoint()
    if text is None:
        if inside is not None and not lost:
            raise Refused(_missing(place))
        return
    note = _parsed(text, place)
    if note.checkpoint.size > ledger.tree.size():
        raise Corrupt(_behind(note, ledger, place))
    if _root_at(ledger, note.checkpoint.size) != note.checkpoint.root:
        raise Corrupt(_forked(note, place))
    if inside is not None and inside[0] == note.checkpoint.size and inside[1] != text:
        raise Corrupt(f"the last checkpoint in the database is not the one kept at {place.note}")
    signed = any(note.signed_by(one.public) for one in known)
    if note.checkpoint.origin != notes.origin(ledger.id) or not signed:
        raise Corrupt(f"the checkpoint kept at {place.note} is signed by no key of this ledger")


def _parsed(text: str, place: Keep) -> Note:
    try:
        return notes.parse(text)
    except Refused as error:
        raise Corrupt(f"{place.note}: {error.message}") from None


def _root_at(ledger: Ledger, size: int) -> bytes | None:
    hashes = ledger.tree.frontier_at(size)
    return None if hashes is None else merkle.unpacked(size, hashes).root


def _missing(place: Keep) -> str:
    return (
        f"the ledger has been sealed, and its last checkpoint is not kept at {place.note} any"
        " more: put the folder back, or name it in the config file (state_dir in the table seal)."
        f" If it is lost, compare the ledger with the newest report that you have, then {ACCEPT}"
    )


def _behind(note: Note, ledger: Ledger, place: Keep) -> str:
    return (
        f"{note.checkpoint.size} entries had been sealed, says the checkpoint kept at"
        f" {place.note}, and this ledger holds {ledger.tree.size()} of them: it is an older copy."
        f" Find the newer one; if that is lost for good, {ACCEPT} goes on from here, and whoever"
        " keeps a later report will see it"
    )


def _forked(note: Note, place: Keep) -> str:
    return (
        f"the first {note.checkpoint.size} sealed entries are not those of the checkpoint kept at"
        f" {place.note}: the ledger was changed, or two copies of it went on apart. Keep both as"
        " they are and find out which; nothing was signed"
    )


def _given_up(ledger: Ledger, place: Keep, known: Sequence[Known]) -> str | None:
    """Set the note outside aside if the ledger does not extend it; it is kept by its digest."""
    try:
        compare(ledger, place, known, lost=True)
    except Corrupt:
        digest = sha256((keeping.read(place.note) or "").encode()).hexdigest()
        return str(keeping.set_aside(place.note, f"checkpoint-{digest[:16]}"))
    return None


def _finish(ledger: Ledger, place: Keep, held: Held) -> None:
    """Sign the head that a seal which was cut off left, so that none but the last lacks its note.

    A note that is not there can then only have been taken away.
    """
    frontier, inside = _frontier(ledger), ledger.tree.checkpoint()
    if frontier.size > (0 if inside is None else inside[0]):
        _sign(ledger, place, _head(ledger, frontier), held)


def _frontier(ledger: Ledger) -> Frontier:
    frontier, leaves = merkle.unpacked(*ledger.tree.frontier()), ledger.tree.size()
    if frontier.size != leaves:
        raise Corrupt(
            f"the ledger's tree has {leaves} leaves, and {frontier.size} were sealed;"
            " 'casetrack audit verify' tells more"
        )
    return frontier


def _head(ledger: Ledger, frontier: Frontier) -> Checkpoint:
    return Checkpoint(origin=notes.origin(ledger.id), size=frontier.size, root=frontier.root)


def _grow(ledger: Ledger) -> tuple[int, Checkpoint]:
    """(how many leaves were added, the tree's head), in one transaction that reads no old leaf."""
    tree = ledger.tree
    with ledger.transaction():
        frontier = _frontier(ledger)
        size = frontier.size
        for leaves in _batches(tree.pending(), size):
            tree.keep(leaves)
            frontier = merkle.grown(frontier, (leaf.hash for leaf in leaves))
        if frontier.size > size:
            tree.keep_frontier(frontier.size, frontier.packed)
    return frontier.size - size, _head(ledger, frontier)


def _batches(pending: Iterator[tuple[str, int, str]], first: int) -> Iterator[Sequence[Leaf]]:
    leaves = (
        Leaf(index=index, case_id=case_id, version=version, hash=merkle.leaf(body.encode()))
        for index, (case_id, version, body) in enumerate(pending, first)
    )
    while batch := list(islice(leaves, BATCH)):
        yield batch


def _sign(ledger: Ledger, place: Keep, head: Checkpoint, held: Held) -> str:
    """The note of the head, kept outside first, then in the database; the same head, the same."""
    note = notes.signed(head, [held.secret])
    if keeping.read(place.note) != note:
        keeping.put(place.note, note)
    inside = ledger.tree.checkpoint()
    if inside is None or inside[0] < head.size:
        ledger.tree.keep_checkpoint(head.size, note)
    return note
