"""Everything that a ledger keeps, against the bodies of its entries."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

from casetrack.audit import heads, notes
from casetrack.audit.authority import Authority
from casetrack.audit.chain import Own, own
from casetrack.audit.entries import CaseProof, Definitions
from casetrack.audit.heads import Outside
from casetrack.audit.places import Places
from casetrack.audit.problems import Findings, Kind
from casetrack.audit.streams import Beside, sealed_cases
from casetrack.audit.tree import Walked, ordered, walked
from casetrack.audit.verdict import Verdict
from casetrack.errors import Corrupt
from casetrack.ledger.comparing import VIEWS
from casetrack.ledger.scan import Row, Scan
from casetrack.ledger.store import LEDGER_CASE
from casetrack.service.chaining import Tick, diagnose, ledger_id

OWN_STREAM = LEDGER_CASE.encode()
NEEDED = {
    "ledger", "disclosure", "definition", "unsealed", "leaf", "frontier", "checkpoint", *VIEWS,
}  # fmt: skip

_DAMAGED = "the database is damaged; keep it, and restore the newest backup under another name"
_OF_TABLE: Mapping[str, Kind] = {
    "ledger": "column differs",
    "disclosure": "value altered",
    "definition": "definition altered",
    "unsealed": "leaf altered",
    "leaf": "leaf altered",
    "frontier": "leaf altered",
    "checkpoint": "checkpoint rewritten",
    "alembic_version": "schema changed",
    **dict.fromkeys((*VIEWS, "claim", "heartbeat", "touched"), "view differs"),
}


class Proof:
    """One look at everything; what it keeps in memory is one case, and the problems."""

    def __init__(self, scan: Scan, tick: Tick) -> None:
        self._scan = scan
        self._tick = tick
        self._findings = Findings()
        self._ledger = ""
        self._authority = Authority(self._findings)
        self._definitions = Definitions(self._findings)
        self._places = Places(self._findings)
        self._entries = self._cases = 0
        self._opened = False

    def whole(self, outside: Sequence[Outside]) -> Verdict:
        if not self._schema():
            return self._verdict(None, 0, ())
        self._ledger = ledger_id(self._scan)
        for digest, text in self._scan.definitions():
            self._definitions.read(digest, text)
        for case, beside, rows in sealed_cases(self._scan):
            self._case(case, beside, rows)
        if not self._opened:
            self._findings.add("case deleted", "the ledger's own stream is not there", OWN_STREAM)
        tree, covered, witnesses = self._tree(outside)
        self._damage()
        return self._verdict(tree, covered, witnesses)

    def _schema(self) -> bool:
        """Whether the tables are those that are needed; nothing is read out of another one."""
        found, wanted = self._scan.schema(), self._scan.todays()
        differing = sorted(n for n in {**found, **wanted} if found.get(n) != wanted.get(n))
        for name in differing:
            how = (
                "is not there"
                if name not in found
                else "is changed"
                if name in wanted
                else "is new"
            )
            self._findings.add("schema changed", f"{name} {how}")
        return NEEDED.isdisjoint(name.removeprefix("table ") for name in differing)

    def _case(self, case: bytes, beside: Beside, rows: Iterator[Row]) -> None:
        proof = CaseProof(case, self._findings, self._definitions)
        before = self._entries
        last, prev, whole = 0, None, True
        there = set()
        for row in rows:
            self._entries += 1
            there.add(row.version)
            found = sha256(row.body).digest()
            said = own(row.body)
            if said is not None and self._placed(row, said, found):
                self._entry(proof, row, beside)
                whole = whole and row.version == last + 1 and said.prev == prev
            else:
                whole = False
            last, prev = row.version, found.hex()
        self._opened = self._opened or (case == OWN_STREAM and bool(there))
        self._cases += case != OWN_STREAM and bool(there)
        self._tick(self._entries - before)
        self._unvouched(case, beside, there)
        gone = self._places.beyond(case, last, beside.leaves, beside.waiting)
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
            self._authority.read(entry)
        leaf, waits = beside.leaves.get(row.version), row.version in beside.waiting
        self._places.entry(row.case, row.version, row.body, leaf, waits=waits)

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
            version = row[-1]
            if isinstance(version, int) and version > last:
                why = f"the view knows version {version}, and the last one is {last}"
                self._findings.add("truncated", why, case, last + 1)

    def _tree(self, outside: Sequence[Outside]) -> tuple[Walked, int, Sequence[Outside]]:
        """(the tree, how many of its leaves a signature covers, who vouches from outside)."""
        origin = notes.origin(self._ledger)
        frontiers = dict(self._scan.frontiers())
        stored = list(self._scan.checkpoints())
        signed = heads.signed(stored, origin, self._authority.keys, self._findings)
        sizes = {*frontiers, *signed, *(x.note.checkpoint.size for x in outside if x.note)}
        leaves = self._scan.sealed(bodies=self._places.differing)
        leaves = ordered(leaves, frontiers, self._findings)
        tree = walked(leaves, sizes, self._places.wanted)
        heads.judge(tree, frontiers, signed, dict(stored), self._findings)
        held = [
            one
            for one in outside
            if heads.witness(one, tree, signed, self._authority, origin, self._findings)
        ]
        vouching = [*signed.values(), *(one.note.checkpoint for one in held if one.note)]
        short = tree.gap is not None or tree.size < max(sizes, default=0)
        self._places.judge(
            tree, lambda leaf: heads.vouched(tree, leaf, frontiers, vouching), short=short
        )
        return tree, heads.covered(tree, vouching), held

    def _damage(self) -> None:
        known = {problem.kind for problem in self._findings.problems}
        for table in self._scan.damaged():
            kind = _OF_TABLE.get(table)
            if kind is None and not known:
                raise Corrupt(_DAMAGED)
            if kind is not None and kind not in known:
                known.add(kind)
                self._findings.add(kind, f"{table}: an index or a value is not as it was written")

    def _verdict(self, tree: Walked | None, sealed: int, witnesses: Sequence[Outside]) -> Verdict:
        return Verdict(
            entries=self._entries,
            cases=self._cases,
            sealed=sealed,
            unsealed=max(0, self._entries - sealed),
            unsigned=tree.size - sealed if tree else 0,
            root=tree.trees[sealed][0].root if tree else None,
            problems=self._findings.problems,
            total=self._findings.total,
            witnesses=witnesses,
        )
