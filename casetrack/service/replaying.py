"""Folding cases again and comparing them with the views; nothing is repaired."""

from collections.abc import Callable, Iterator, Sequence
from time import perf_counter

from msgspec import Struct

from casetrack.audit.streams import Beside, cases
from casetrack.domain.case import Case
from casetrack.domain.fold import evolve
from casetrack.errors import Corrupt
from casetrack.ledger.codec import parse
from casetrack.ledger.comparing import differing
from casetrack.ledger.scan import Row, Scan, scanning
from casetrack.ledger.store import LEDGER_CASE
from casetrack.service.verifying import Tick, unwatched

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
) -> Replayed:
    """These cases, or all; ``tick`` is told how many more entries are done."""
    found: list[Differing] = []
    number = entries = 0
    begun = clock()
    with scanning(url) as scan:
        for at, beside, rows in _chosen(scan, case_ids):
            if at == LEDGER_CASE.encode():
                continue
            case, count = _folded(at, beside, rows)
            number, entries = number + 1, entries + count
            parts = UNREADABLE if case is None else differing(beside.views, case)
            if parts:
                found.append(_differing(at, case, parts))
            tick(count)
    return Replayed(
        cases=number, entries=entries, seconds=clock() - begun, differing=tuple(found)
    )


def _chosen(
    scan: Scan, case_ids: Sequence[str] | None
) -> Iterator[tuple[bytes, Beside, Iterator[Row]]]:
    if case_ids is None:
        yield from cases(scan)
        return
    for case_id in dict.fromkeys(case_ids):
        yield from cases(scan, case_id.encode())


def _folded(at: bytes, beside: Beside, rows: Iterator[Row]) -> tuple[Case | None, int]:
    """The case, None where its entries do not hold, and how many there are."""
    name = at.decode(errors="replace")
    case: Case | None = Case(id=name)
    count = 0
    for row in rows:
        count += 1
        if case is not None:
            case = _after(case, row, beside)
    return case, count


def _after(case: Case, row: Row, beside: Beside) -> Case | None:
    try:
        known = beside.texts.get(row.version, {})
        texts = {name.decode(): text.decode() for name, text in known.items()}
        entry = parse(row.body.decode(), texts, (case.id, case.version + 1))
        return evolve(case, entry) if bytes.fromhex(entry.digest) == row.digest else None
    except (Corrupt, LookupError, ValueError):
        return None


def _differing(at: bytes, case: Case | None, parts: tuple[str, ...]) -> Differing:
    id = at.decode(errors="replace")
    known = case is not None and isinstance(case.reference, str)
    return Differing(id=id, case=str(case.reference) if case and known else id, parts=parts)
