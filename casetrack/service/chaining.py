"""The chain of every case, and what is wrong where it does not hold."""

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from hashlib import sha256
from itertools import islice

from casetrack.audit.chain import Own, Tally, own, suspects
from casetrack.audit.diagnosis import Broken, Home, Seen, diagnosed
from casetrack.audit.problems import Findings
from casetrack.audit.verdict import Verdict
from casetrack.ledger.scan import Scan
from casetrack.ledger.spans import Span
from casetrack.service import ranges
from casetrack.service.ranges import Looked, Place, Tick, unwatched

Link = tuple[bytes, int, bytes, bytes]
SAMPLE = 1000  # entries that are asked which ledger they are of


def quick(url: str, scan: Scan, tick: Tick, executor: Executor | None = None) -> Verdict:
    """Digests and their chain alone."""
    findings, tally = Findings(), Tally()
    ledger = ledger_id(scan)
    for part in ranges.parts(scan, Place(url, ledger=ledger), look, executor, tick):
        tally.entries += part.entries
        tally.cases += part.cases
        for span in part.spans:
            for case in suspects(_watched(scan.links(span), tick), ledger, tally):
                diagnose(scan, case, ledger, findings)
    sealed, unsealed = scan.queued()
    return Verdict(
        entries=tally.entries,
        cases=max(0, tally.cases - 1),
        sealed=sealed,
        unsealed=unsealed,
        quick=True,
        problems=findings.problems,
        total=findings.total,
    )


def look(scan: Scan, place: Place, span: Span) -> Looked:
    """A worker's part in it."""
    tally = Tally()
    left = list(islice(suspects(scan.links(span), place.ledger, tally), ranges.MOST_LEFT + 1))
    if len(left) > ranges.MOST_LEFT:
        return Looked()
    amiss = sum(scan.count(Span.of(case)) for case in left)
    return Looked(tally.entries, tally.entries - amiss, tally.cases - len(left), left)


def _watched(rows: Iterable[Link], tick: Tick) -> Iterable[Link]:
    return rows if tick is unwatched else _ticking(rows, tick)


def _ticking(rows: Iterable[Link], tick: Tick) -> Iterator[Link]:
    number = 0
    for number, row in enumerate(rows, 1):
        if number % SAMPLE == 0:
            tick(SAMPLE)
        yield row
    tick(number % SAMPLE)


def ledger_id(scan: Scan) -> str:
    """What most of the first entries say, for any one of them may be altered."""
    said = [own(body) for _, _, _, body in islice(scan.links(), SAMPLE)]
    ids = Counter(one.ledger for one in said if one is not None)
    return max(ids, key=lambda id: ids[id], default="")


def diagnose(scan: Scan, case: bytes, ledger: str, findings: Findings) -> None:
    """What is wrong with a case whose chain does not hold."""

    def home(place: Own) -> Home | None:
        row = scan.text(place.case.encode(errors="replace"), place.version)
        return None if row is None else Home(row[0], sha256(row[1]).digest())

    rows = [
        Seen(at, kept, sha256(body).digest(), own(body))
        for _, at, kept, body in scan.links(Span.of(case))
    ]
    if not rows:
        findings.add("column differs", "case_id: its entries are not where they belong", case)
        return
    broken = Broken(case.decode(errors="replace"), ledger, rows, home)
    for version, kind, detail in diagnosed(broken):
        findings.add(kind, detail, case, version)
