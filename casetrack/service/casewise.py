"""Case by case: what is kept of each, against the bodies of its entries."""

from collections.abc import Iterator
from hashlib import sha256

from casetrack.audit.authority import Authority
from casetrack.audit.chain import Own, own
from casetrack.audit.entries import CaseProof, Definitions
from casetrack.audit.places import Places
from casetrack.audit.problems import Findings
from casetrack.audit.streams import Beside, sealed_cases
from casetrack.ledger.scan import Row, Scan
from casetrack.ledger.spans import Span
from casetrack.ledger.store import LEDGER_CASE, CaseRow
from casetrack.service.chaining import diagnose
from casetrack.service.ranges import MOST_LEFT, Looked, Place, Tick

OWN_STREAM = LEDGER_CASE.encode()
_VERSION = CaseRow.__struct_fields__.index("version")


class Cases:
    """What the cases read so far came to.

    ``authority``, ``places``: what is judged once all are read. ``opened``: there is the ledger's
    own stream.
    """

    def __init__(self, scan: Scan, findings: Findings) -> None:
        self._scan = scan
        self._findings = findings
        self._ledger = ""
        self._definitions = Definitions(findings)
        self.authority = Authority(findings)
        self.places = Places(findings)
        self.entries = self.cases = 0
        self.opened = False

    def begin(self, ledger: str) -> None:
        """With the definitions that are kept, and the id that the ledger should have."""
        self._ledger = ledger
        for digest, text in self._scan.definitions():
            self._definitions.read(digest, text)

    @property
    def amiss(self) -> int:
        """Rises with all that is not as it should be, or can be judged only later."""
        return self._findings.total + self.places.noted

    def read(self, span: Span, tick: Tick) -> None:
        for case, beside, rows in sealed_cases(self._scan, span):
            before = self.entries
            self.case(case, beside, rows)
            tick(self.entries - before)

    def case(self, case: bytes, beside: Beside, rows: Iterator[Row]) -> None:
        proof = CaseProof(case, self._findings, self._definitions)
        last, prev, whole = 0, None, True
        there = set()
        for row in rows:
            self.entries += 1
            there.add(row.version)
            found = sha256(row.body).digest()
            said = own(row.body)
            if said is not None and self._placed(row, said, found):
                self._entry(proof, row, beside)
                whole = whole and row.version == last + 1 and said.prev == prev
            else:
                whole = False
            last, prev = row.version, found.hex()
        self.opened = self.opened or (case == OWN_STREAM and bool(there))
        self.cases += case != OWN_STREAM and bool(there)
        self._unvouched(case, beside, there)
        gone = self.places.beyond(case, last, beside.leaves, beside.waiting)
        if not whole:
            diagnose(self._scan, case, self._ledger, self._findings)
        elif there and not gone:
            proof.end()
        if whole and not gone:
            self._viewed(proof, case, last, beside)

    def _placed(self, row: Row, said: Own, found: bytes) -> bool:
        return (
            found == row.digest
            and row.version == said.version
            and said.ledger == self._ledger
            and said.case.encode(errors="replace") == row.case
        )

    def _entry(self, proof: CaseProof, row: Row, beside: Beside) -> None:
        entry = proof.read(row, beside.texts.get(row.version, {}))
        if entry is not None:
            self.authority.read(entry)
        leaf, waits = beside.leaves.get(row.version), row.version in beside.waiting
        self.places.entry(row.case, row.version, row.body, leaf, waits=waits)

    def _unvouched(self, case: bytes, beside: Beside, there: set[int]) -> None:
        for version in beside.texts.keys() - there:
            for name in beside.texts[version]:
                why = f"{name[:64].decode(errors='backslashreplace')}: there is no such entry"
                self._findings.add("value without entry", why, case, version)

    def _viewed(self, proof: CaseProof, case: bytes, last: int, beside: Beside) -> None:
        if not last:
            if case != OWN_STREAM and (beside.texts or any(beside.views.values())):
                self._findings.add("case deleted", "it has no entry, and had some", case)
            return
        proof.compare(beside.views)
        for row in beside.views["case_view"]:
            version = row[_VERSION]
            if isinstance(version, int) and version > last:
                why = f"the view knows version {version}, and the last one is {last}"
                self._findings.add("truncated", why, case, last + 1)


def look(scan: Scan, place: Place, span: Span) -> Looked:
    """A worker's part in it; of the ledger's own stream it says nothing."""
    found = Cases(scan, Findings())
    found.begin(place.ledger)
    left: list[bytes] = []
    entries = cases = 0
    for case, beside, rows in sealed_cases(scan, span):
        before = found.amiss, found.entries, found.cases
        found.case(case, beside, rows)
        if case != OWN_STREAM and found.amiss == before[0]:
            entries += found.entries - before[1]
            cases += found.cases - before[2]
        else:
            left.append(case)
        if len(left) > MOST_LEFT:
            return Looked()
    return Looked(found.entries, entries, cases, left)
