"""What a proof of the whole ledger came to, as data and in words."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import asdict

from casetrack.audit.heads import Outside
from casetrack.audit.problems import Problem


class Verdict(Struct, frozen=True, kw_only=True):
    """``problems`` are the first of ``total``; ``root`` of ``sealed`` leaves, if it was made.

    Sealed is what a signed checkpoint covers; ``unsigned`` are leaves that none does.
    """

    entries: int
    cases: int
    sealed: int
    unsealed: int
    unsigned: int = 0
    root: bytes | None = None
    quick: bool = False
    problems: Sequence[Problem] = ()
    total: int = 0
    witnesses: Sequence[Outside] = ()

    @property
    def ok(self) -> bool:
        return self.total == 0

    @property
    def proved(self) -> Outside | None:
        """The checkpoint from outside, with its key, that the ledger was proved to extend."""
        return next((one for one in self.witnesses if self.ok and one.fingerprint), None)


def data(verdict: Verdict) -> Mapping[str, object]:
    return {
        "ok": verdict.ok,
        "entries": verdict.entries,
        "cases": verdict.cases,
        "sealed": verdict.sealed,
        "unsealed": verdict.unsealed,
        "unsigned": verdict.unsigned,
        "root": None if verdict.root is None else b64encode(verdict.root).decode(),
        "witness": _witness(verdict.proved),
        "proved": claim(verdict),
        "quick": verdict.quick,
        "problems": [asdict(problem) for problem in verdict.problems],
        "total": verdict.total,
    }


def _witness(found: Outside | None) -> Mapping[str, object] | None:
    if found is None or found.note is None:
        return None
    head = found.note.checkpoint
    return {
        "size": head.size,
        "root": b64encode(head.root).decode(),
        "fingerprint": found.fingerprint,
    }


def claim(verdict: Verdict) -> str:
    """What may be said of the ledger, and no more than that."""
    if not verdict.ok:
        return "problems found"
    if verdict.quick:
        return "each chain holds"
    if verdict.proved is None:
        return "self-consistent"
    return "extends the checkpoint given"


def lines(verdict: Verdict) -> Iterator[str]:
    yield from map(_line, verdict.problems)
    if verdict.total > len(verdict.problems):
        yield f"... and {verdict.total - len(verdict.problems)} more"
    entries = _count(verdict.entries, "entry", "entries")
    cases = _count(verdict.cases, "case", "cases")
    counts = f"{verdict.sealed} sealed, {verdict.unsealed} unsealed"
    yield f"{claim(verdict)}: {entries} of {cases}, {counts}"
    yield from _meaning(verdict)
    if verdict.ok and verdict.unsigned:
        yield f"no checkpoint covers {_count(verdict.unsigned, 'leaf', 'leaves')} of the tree:"
        yield "a seal was cut off, or its checkpoint was taken away; compare with an old report"
    for one in verdict.witnesses:
        if verdict.ok and one.note is not None and one is not verdict.proved:
            yield f"it extends {one.name}, of size {one.note.checkpoint.size}"


def _line(problem: Problem) -> str:
    version = None if problem.version is None else f"version {problem.version}"
    place = " ".join(part for part in (problem.case, version) if part)
    return f"{problem.kind}: {place}{': ' if place else ''}{problem.detail}"


def _meaning(verdict: Verdict) -> Iterator[str]:
    found = verdict.proved
    if not verdict.ok:
        yield f"{_count(verdict.total, 'problem', 'problems')}; keep the file as it is"
    elif verdict.quick:
        yield "only digests and their chain were looked at"
    elif found is None or found.note is None:
        yield "whoever could write to the database and to its key could have made it anew;"
        yield "a checkpoint and a fingerprint kept elsewhere can tell: --checkpoint and --key"
    else:
        size = found.note.checkpoint.size
        yield f"its first {size} sealed entries are those that the checkpoint vouches for:"
        yield "none was changed, moved, added or left out"
        if after := verdict.entries - size:
            yield f"self-consistent only: {_count(after, 'entry', 'entries')} that came after it"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
