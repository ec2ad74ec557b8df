"""Sealing: what waits becomes leaves, then the head of the tree is signed and kept outside.

Leaves first, then the signature, then the note outside, then the note in the database: whatever is
cut off, the next seal goes on from there, and none signs two heads that do not follow each other.
Several hosts may seal, each with its own folder: who loses a race looks again.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from itertools import islice

from msgspec.structs import replace

from casetrack.audit import merkle, notes
from casetrack.audit.keys import Held, Known
from casetrack.audit.merkle import Frontier
from casetrack.audit.notes import Checkpoint, Note
from casetrack.errors import Busy, CasetrackError, Conflict, Corrupt, Refused, Unexpected
from casetrack.ledger.store import Ledger
from casetrack.ledger.trees import Leaf
from casetrack.reports.foot import Foot
from casetrack.service import keeping, keys
from casetrack.service.keeping import Keep, keep
from casetrack.service.operating import Seal
from casetrack.service.outcomes import Sealed, Sealing
from casetrack.service.tracker import TRIES, Tracker

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
    ledger = tracker.ledger
    keys.current(ledger)
    with keeping.alone(place):
        aside = _given_up(ledger, place, keys.current(ledger)) if accept_restore else None
        lost = accept_restore or ledger.tree.checkpoint() is None
        for _ in range(TRIES):
            with suppress(Conflict):
                return replace(_sealed(tracker, place, lost=lost), aside=aside)
    raise Busy("other machines kept sealing the ledger; try again")


def _sealed(tracker: Tracker, place: Keep, *, lost: bool) -> Sealed:
    """One attempt; ``Conflict`` where another seal came first."""
    known = keys.current(tracker.ledger)
    compare(tracker.ledger, place, known, lost=lost)
    held = keys.signing(tracker, place, known)
    _finish(tracker.ledger, place, held)
    added, checkpoint = _grow(tracker.ledger)
    note = _sign(tracker.ledger, place, checkpoint, held)
    foot = Foot(size=checkpoint.size, note=note, fingerprint=notes.fingerprint(held.public))
    return Sealed(added=added, checkpoint=checkpoint, foot=foot)


def compare(ledger: Ledger, place: Keep, known: Sequence[Known], *, lost: bool = False) -> None:
    """Refuse a ledger that does not extend the checkpoint kept outside; nothing is written.

    ``lost``: none need be there. What other hosts have sealed since is read and proved.
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
    if not _extends(ledger, note.checkpoint):
        raise Corrupt(_forked(note, place))
    if not _ours(ledger, note, known):
        raise Corrupt(f"the checkpoint kept at {place.note} is signed by no key of this ledger")
    if inside is not None and not _stands(ledger, inside, known):
        raise Corrupt(
            f"the last checkpoint in the database does not go with the one kept at {place.note}:"
            " it was rewritten; 'casetrack audit verify' tells more"
        )


def _parsed(text: str, place: Keep) -> Note:
    try:
        return notes.parse(text)
    except Refused as error:
        raise Corrupt(f"{place.note}: {error.message}") from None


def _extends(ledger: Ledger, head: Checkpoint) -> bool:
    """Whether the tree grew out of that head, by the leaves that came since."""
    tree = ledger.tree
    size, packed = tree.frontier()
    before = _frontier_at(ledger, head.size)
    if before is None or before.root != head.root:
        return False
    if size <= head.size:
        return True
    since = tree.leaves(head.size, size - head.size)
    return merkle.grown(before, (leaf.hash for leaf in since)).packed == packed


def _frontier_at(ledger: Ledger, size: int) -> Frontier | None:
    hashes = ledger.tree.frontier_at(size)
    return None if hashes is None else merkle.unpacked(size, hashes)


def _ours(ledger: Ledger, note: Note, known: Sequence[Known]) -> bool:
    signed = any(note.signed_by(one.public) for one in known)
    return note.checkpoint.origin == notes.origin(ledger.id) and signed


def _stands(ledger: Ledger, inside: tuple[int, str], known: Sequence[Known]) -> bool:
    """Whether a checkpoint in the database is of this tree, and signed by a key of the ledger."""
    size, text = inside
    with suppress(Refused):
        note, frontier = notes.parse(text), _frontier_at(ledger, size)
        if frontier is not None and _ours(ledger, note, known):
            return (note.checkpoint.size, note.checkpoint.root) == (size, frontier.root)
    return False


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
    with ledger.transaction():
        frontier, signed = _frontier(ledger), _signed(ledger)
    if frontier.size > signed:
        _sign(ledger, place, _head(ledger, frontier), held)


def _signed(ledger: Ledger) -> int:
    inside = ledger.tree.checkpoint()
    return 0 if inside is None else inside[0]


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
        if size > _signed(ledger):
            raise Conflict("another seal was first, and its head is not signed yet")
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
    # Who was first at it has kept this one: none grows a tree whose head is not signed.
    with suppress(Conflict), ledger.transaction():
        if _signed(ledger) < head.size:
            ledger.tree.keep_checkpoint(head.size, note)
    return note
