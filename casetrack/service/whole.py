"""Everything that a ledger keeps, against the bodies of its entries."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor

from casetrack.audit import heads, notes
from casetrack.audit.heads import Outside
from casetrack.audit.problems import Findings, Kind
from casetrack.audit.tree import Walked, ordered, walked
from casetrack.audit.verdict import Verdict
from casetrack.errors import Corrupt
from casetrack.ledger.comparing import VIEWS
from casetrack.ledger.scan import Scan
from casetrack.service import casewise, ranges
from casetrack.service.casewise import OWN_STREAM, Cases
from casetrack.service.chaining import ledger_id
from casetrack.service.ranges import Part, Place, Tick

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

    def __init__(self, url: str, scan: Scan, tick: Tick, executor: Executor | None) -> None:
        self._url = url
        self._scan = scan
        self._tick = tick
        self._executor = executor
        self._findings = Findings()
        self._cases = Cases(scan, self._findings)
        self._ledger = ""

    def whole(self, outside: Sequence[Outside]) -> Verdict:
        if not self._schema():
            return self._verdict(None, 0, ())
        self._ledger = ledger_id(self._scan)
        self._cases.begin(self._ledger)
        damaged = self._read()
        if not self._cases.opened:
            self._findings.add("case deleted", "the ledger's own stream is not there", OWN_STREAM)
        tree, covered, witnesses = self._tree(outside)
        self._damage(self._scan.damaged() if damaged is None else damaged)
        return self._verdict(tree, covered, witnesses)

    def _read(self) -> Sequence[str] | None:
        """Every case; and the damaged tables, where that was asked first.

        What was damaged may stand in another order than the one that ranges are cut by.
        """
        damaged = None
        parts = self._parts(self._executor)
        if self._executor is not None:
            damaged = list(self._scan.damaged())
            parts = self._parts(None) if damaged else parts
        for part in parts:
            self._cases.entries += part.entries
            self._cases.cases += part.cases
            for span in part.spans:
                self._cases.read(span, self._tick)
        return damaged

    def _parts(self, executor: Executor | None) -> Iterator[Part]:
        place = Place(self._url, ledger=self._ledger)
        return ranges.parts(self._scan, place, casewise.look, executor, self._tick)

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

    def _tree(self, outside: Sequence[Outside]) -> tuple[Walked, int, Sequence[Outside]]:
        """(the tree, how many of its leaves a signature covers, who vouches from outside)."""
        origin = notes.origin(self._ledger)
        frontiers = dict(self._scan.frontiers())
        stored = list(self._scan.checkpoints())
        signed = heads.signed(stored, origin, self._cases.authority.keys, self._findings)
        sizes = {*frontiers, *signed, *(x.note.checkpoint.size for x in outside if x.note)}
        leaves = self._scan.sealed(bodies=self._cases.places.differing)
        leaves = ordered(leaves, frontiers, self._findings)
        tree = walked(leaves, sizes, self._cases.places.wanted)
        heads.judge(tree, frontiers, signed, dict(stored), self._findings)
        held = [
            one
            for one in outside
            if heads.witness(one, tree, signed, self._cases.authority, origin, self._findings)
        ]
        vouching = [*signed.values(), *(one.note.checkpoint for one in held if one.note)]
        short = tree.gap is not None or tree.size < max(sizes, default=0)
        self._cases.places.judge(
            tree, lambda leaf: heads.vouched(tree, leaf, frontiers, vouching), short=short
        )
        return tree, heads.covered(tree, vouching), held

    def _damage(self, damaged: Iterable[str]) -> None:
        known = {problem.kind for problem in self._findings.problems}
        for table in damaged:
            kind = _OF_TABLE.get(table)
            if kind is None and not known:
                raise Corrupt(_DAMAGED)
            if kind is not None and kind not in known:
                known.add(kind)
                self._findings.add(kind, f"{table}: an index or a value is not as it was written")

    def _verdict(self, tree: Walked | None, sealed: int, witnesses: Sequence[Outside]) -> Verdict:
        return Verdict(
            entries=self._cases.entries,
            cases=self._cases.cases,
            sealed=sealed,
            unsealed=max(0, self._cases.entries - sealed),
            unsigned=tree.size - sealed if tree else 0,
            root=tree.trees[sealed][0].root if tree else None,
            problems=self._findings.problems,
            total=self._findings.total,
            witnesses=witnesses,
        )
