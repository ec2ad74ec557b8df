"""The heads that were kept of the tree: frontiers, and checkpoints inside and outside."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from casetrack.audit import notes
from casetrack.audit.authority import Authority
from casetrack.audit.merkle import Frontier
from casetrack.audit.notes import Checkpoint, Note
from casetrack.audit.problems import Findings
from casetrack.audit.tree import Walked
from casetrack.errors import Refused


class Outside(Struct, frozen=True, kw_only=True):
    """A checkpoint that was kept where the ledger is not, and the key it is trusted by.

    ``name`` is how it is spoken of. Without a fingerprint any key of the ledger's will do.
    """

    name: str
    note: Note | None
    fingerprint: str | None = None


def signed(
    stored: Iterable[tuple[int, bytes]], origin: str, keys: Sequence[bytes], findings: Findings
) -> dict[int, Checkpoint]:
    """By size, the ledger's own checkpoints that one of its keys has signed."""
    found = {}
    for size, text in stored:
        note = _read(text)
        if note is None or (note.checkpoint.size, note.checkpoint.origin) != (size, origin):
            why = f"of size {size}: no checkpoint of this ledger and that size"
            findings.add("checkpoint rewritten", why)
        elif not any(note.signed_by(key) for key in keys):
            findings.add("checkpoint rewritten", f"of size {size}: signed by no key of the ledger")
        else:
            found[size] = note.checkpoint
    return found


def _read(text: bytes) -> Note | None:
    try:
        return notes.parse(text.decode())
    except (Refused, UnicodeError):
        return None


def judge(
    walked: Walked,
    frontiers: Mapping[int, bytes],
    checkpoints: Mapping[int, Checkpoint],
    noted: Collection[int],
    findings: Findings,
) -> None:
    """The tree against the heads that the ledger itself keeps of it.

    ``noted``: the sizes of which it has a checkpoint, signed or not.
    """
    if walked.gap is not None:
        findings.add("leaf altered", f"leaf {walked.gap} is not there")
    for size, packed in frontiers.items():
        if size < 1:
            findings.add("leaf altered", f"no tree has a frontier of size {size}")
        elif walked.holds(size) and packed not in {tree.packed for tree in walked.trees[size]}:
            findings.add("leaf altered", f"the frontier of size {size} is not that of the leaves")
    last = max(frontiers, default=0)
    if last != walked.size and walked.gap is None:
        findings.add("leaf altered", f"there are {walked.size} leaves, and {last} were sealed")
    for size in sorted(frontiers.keys() - set(noted)):
        # A seal signs what the one before left unsigned; only the last may have been cut off.
        if 0 < size < last and walked.holds(size):
            findings.add("checkpoint rewritten", f"of size {size}: it is not there any more")
    for size, checkpoint in checkpoints.items():
        _extends(walked, checkpoint, f"the ledger's own checkpoint of size {size}", findings)
        if size and size not in frontiers:
            findings.add("leaf altered", f"the frontier of size {size} is not there")


def _extends(walked: Walked, checkpoint: Checkpoint, name: str, findings: Findings) -> bool:
    size = checkpoint.size
    if size > walked.size and walked.gap is None:
        why = f"{name} vouches for {size} sealed entries, and {walked.size} are there"
        findings.add("truncated", why)
    elif walked.holds(size) and checkpoint.root not in roots(walked, size):
        why = f"{name} vouches for other entries than the first {size} sealed ones"
        findings.add("forked", why)
    else:
        return walked.holds(size)
    return False


def roots(walked: Walked, size: int) -> set[bytes]:
    """Of the leaves as kept and, where some differ from their texts, of the texts."""
    return {tree.root for tree in walked.trees[size]}


def witness(
    outside: Outside,
    walked: Walked,
    checkpoints: Mapping[int, Checkpoint],
    authority: Authority,
    origin: str,
    findings: Findings,
) -> bool:
    """Whether the ledger extends a checkpoint that was kept elsewhere."""
    note = outside.note
    if note is None or note.checkpoint.origin != origin:
        kind = "of another ledger than this" if note else "no checkpoint"
        findings.add("forked" if note else "checkpoint rewritten", f"{outside.name} is {kind}")
        return False
    keys = authority.trusting(outside.fingerprint)
    if not keys:
        findings.add("forked", f"the key that {outside.name} is trusted by is not the ledger's")
        return False
    if not any(note.signed_by(key) for key in keys):
        why = f"{outside.name} is not signed by that key, nor by one that it handed over to"
        findings.add("checkpoint rewritten", why)
        return False
    size, inside = note.checkpoint.size, checkpoints.get(note.checkpoint.size)
    if inside is not None and inside.root != note.checkpoint.root:
        why = f"of size {size}: {outside.name} has another root, and both are signed"
        findings.add("checkpoint rewritten", why)
    return _extends(walked, note.checkpoint, outside.name, findings)


def covered(walked: Walked, signed: Iterable[Checkpoint]) -> int:
    """How many leaves the largest signed head covers that fits them."""
    fitting = (x.size for x in signed if walked.holds(x.size) and x.root in roots(walked, x.size))
    return max(fitting, default=0)


def vouched(
    walked: Walked, leaf: int, frontiers: Mapping[int, bytes], signed: Iterable[Checkpoint]
) -> str | None:
    """Which the heads vouch for where a leaf is not that of its text: ``leaf`` or ``text``.

    A signature counts more than a frontier; None: no head covers the leaf, or none fits.
    """
    heads = [(head.size, head.root) for head in signed] or [
        (size, _root(size, packed)) for size, packed in frontiers.items()
    ]
    for size, root in heads:
        if leaf < size and walked.holds(size):
            kept, made = walked.trees[size]
            if root in {kept.root, made.root}:
                return "leaf" if root == kept.root else "text"
    return None


def _root(size: int, packed: bytes) -> bytes:
    hashes = tuple(packed[at : at + 32] for at in range(0, len(packed), 32))
    return Frontier(size, hashes).root
