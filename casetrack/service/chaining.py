"""The chain of every case, and what is wrong where it does not hold."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import islice

from casetrack.audit.chain import Own, Tally, own, suspects
from casetrack.audit.diagnosis import Broken, Home, Seen, diagnosed
from casetrack.audit.problems import Findings
from casetrack.audit.verdict import Verdict
from casetrack.ledger.scan import Scan

Tick = Callable[[int], None]
Link = tuple[bytes, int, bytes, bytes]
SAMPLE = 1000  # entries that are asked which ledger they are of


def unwatched(done: int) -> None:
    """Where nobody watches."""


def quick(scan: Scan, tick: Tick) -> Verdict:
    """Digests and their chain alone."""
    findings, tally = Findings(), Tally()
    ledger = ledger_id(scan)
    rows = scan.links() if tick is unwatched else _watched(scan.links(), tick)
    for case in suspects(rows, ledger, tally):
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


def _watched(rows: Iterable[Link], tick: Tick) -> Iterator[Link]:
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
        Seen(at, kept, sha256(body).digest(), own(body)) for _, at, kept, body in scan.links(case)
    ]
    if not rows:
        findings.add("column differs", "case_id: its entries are not where they belong", case)
        return
    broken = Broken(case.decode(errors="replace"), ledger, rows, home)
    for version, kind, detail in diagnosed(broken):
        findings.add(kind, detail, case, version)
