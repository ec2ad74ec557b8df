"""Folding cases again and comparing them with the views; nothing is repaired."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from time import perf_counter

from msgspec import Struct
from msgspec.structs import asdict

from casetrack.audit.streams import Link, Texts, cases
from casetrack.domain.case import Case
from casetrack.domain.fold import evolve
from casetrack.errors import Corrupt
from casetrack.ledger.codec import parse
from casetrack.ledger.comparing import differing
from casetrack.ledger.scan import Scan, scanning
from casetrack.ledger.spans import Span
from casetrack.ledger.store import LEDGER_CASE
from casetrack.reports.words import count
from casetrack.service.ranges import MOST_LEFT, Looked, Part, Place, Tick, parts, unwatched

UNREADABLE = ("entries",)
Clock = Callable[[], float]


class Differing(Struct, frozen=True, kw_only=True):
    """A case whose views are not what its entries come to; by reference where that is known.

    ``parts`` as ``comparing.differing`` names them, or ``entries``: they can't be folded.
    """

    id: str
    case: str
    parts: tuple[str, ...]


class Replayed(Struct, frozen=True, kw_only=True):
    cases: int
    entries: int
    seconds: float
    differing: tuple[Differing, ...] = ()

    @property
    def matching(self) -> int:
        return self.cases - len(self.differing)


def replay(
    url: str,
    case_ids: Sequence[str] | None = None,
    *,
    tick: Tick = unwatched,
    clock: Clock = perf_counter,
    executor: Executor | None = None,
) -> Replayed:
    """These cases, or all; ``tick`` is told how many more entries are done.

    ``executor``: who shares the work on all of them; what comes out is the same.
    """
    found: list[Differing] = []
    folded = entries = 0
    begun = clock()
    with scanning(url) as scan:
        for part in _chosen(url, scan, case_ids, executor, tick):
            folded, entries = folded + part.cases, entries + part.entries
            for span in part.spans:
                for _, number, folds, unlike in _compared(scan, span):
                    tick(number)
                    folded, entries = folded + folds, entries + number * folds
                    found += unlike
    return Replayed(cases=folded, entries=entries, seconds=clock() - begun, differing=tuple(found))


def _chosen(
    url: str,
    scan: Scan,
    case_ids: Sequence[str] | None,
    executor: Executor | None,
    tick: Tick,
) -> Iterator[Part]:
    if case_ids is None:
        return parts(scan, Place(url), look, executor, tick)
    named = dict.fromkeys(case_ids)
    return iter([Part(spans=[Span.of(case_id.encode()) for case_id in named])])


def look(scan: Scan, _: Place, span: Span) -> Looked:
    """A worker's part in it."""
    left: list[bytes] = []
    read = folded = entries = 0
    for at, number, folds, unlike in _compared(scan, span):
        read += number
        if unlike:
            left.append(at)
        else:
            folded, entries = folded + folds, entries + number * folds
    return Looked(read, entries, folded, left if len(left) <= MOST_LEFT else None)


def _compared(scan: Scan, span: Span) -> Iterator[tuple[bytes, int, bool, Sequence[Differing]]]:
    """(id, entries, whether it is a case, in what it is not alike)."""
    for at, beside, rows in cases(scan, span):
        if at == LEDGER_CASE.encode():
            yield at, sum(1 for _ in rows), False, ()
            continue
        case, number = _folded(at, beside.texts, rows)
        unlike = UNREADABLE if case is None else differing(beside.views, case)
        yield at, number, True, [_differing(at, case, unlike)] if unlike else ()


def _folded(at: bytes, texts: Texts, rows: Iterator[Link]) -> tuple[Case | None, int]:
    """The case, None where its entries do not hold, and how many there are."""
    name = at.decode(errors="replace")
    case: Case | None = Case(id=name)
    number = 0
    for _, version, digest, body in rows:
        number += 1
        if case is not None:
            case = _after(case, digest, body, texts.get(version, {}))
    return case, number


def _after(case: Case, digest: bytes, body: bytes, kept: Mapping[bytes, bytes]) -> Case | None:
    try:
        texts = {name.decode(): text.decode() for name, text in kept.items()}
        entry = parse(body.decode(), texts, (case.id, case.version + 1))
        return evolve(case, entry) if entry.digest == digest.hex() else None
    except (Corrupt, LookupError, ValueError):
        return None


def _differing(at: bytes, case: Case | None, parts: tuple[str, ...]) -> Differing:
    id = at.decode(errors="replace")
    known = case is not None and isinstance(case.reference, str)
    return Differing(id=id, case=str(case.reference) if case and known else id, parts=parts)


def data(found: Replayed) -> Mapping[str, object]:
    return {
        "cases": found.cases,
        "entries": found.entries,
        "matching": found.matching,
        "differing": [asdict(one) for one in found.differing],
    }


def lines(found: Replayed) -> Iterator[str]:
    for one in found.differing:
        yield f"differs: {one.case}: {', '.join(one.parts)}"
    seconds = max(found.seconds, 1e-6)
    yield (
        f"{count(found.cases, 'case')} of {count(found.entries, 'entry', 'entries')} replayed,"
        f" {found.matching} as their views show them"
    )
    yield f"{found.cases / seconds:,.0f} cases and {found.entries / seconds:,.0f} entries a second"
    if found.differing:
        yield "'casetrack db rebuild' makes the views again from the entries"
