"""Every entry is sealed or waits to be, and nothing else is: what does not meet is judged here."""

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from casetrack.audit import merkle
from casetrack.audit.problems import MOST, Findings
from casetrack.audit.tree import Walked
from casetrack.ledger.scan import Placed

Vouched = Callable[[int], str | None]


class Lone(NamedTuple):
    """An entry with the hash of the leaf that it should have; ``leaf``: the one it has instead."""

    case: bytes
    version: int
    hash: bytes
    leaf: int | None


class Ghost(NamedTuple):
    """What is kept of an entry that is not there; ``last``: the case's last version."""

    case: bytes
    version: int
    last: int
    hash: bytes | None


class Places:
    """Collects, while the cases are read, what can be judged only once the leaves are known.

    ``noted``: how much that was.
    """

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self.noted = 0
        self._lone: list[Lone] = []
        self._ghosts: list[Ghost] = []

    @property
    def wanted(self) -> frozenset[bytes]:
        return frozenset(one.hash for one in self._lone)

    @property
    def differing(self) -> bool:
        """Whether some leaf is not that of its text."""
        return any(one.leaf is not None for one in self._lone)

    def entry(
        self, case: bytes, version: int, body: bytes, leaf: Placed | None, *, waits: bool
    ) -> None:
        if leaf and waits:
            why = "the entry is sealed, and waits to be sealed"
            self._findings.add("leaf altered", why, case, version)
        made = merkle.leaf(body)
        if leaf.hash != made if leaf else not waits:
            self.noted += 1
            if len(self._lone) < MOST:
                self._lone.append(Lone(case, version, made, leaf.leaf if leaf else None))

    def beyond(
        self, case: bytes, last: int, leaves: Mapping[int, Placed], waiting: Collection[int]
    ) -> bool:
        """Note what names versions after the last of a case; whether anything does."""
        found = [Ghost(case, at, last, leaves[at].hash) for at in leaves if at > last]
        found += [Ghost(case, at, last, None) for at in waiting if at > last]
        self.noted += len(found)
        self._ghosts += found[: max(0, MOST - len(self._ghosts))]
        return bool(found)

    def judge(self, walked: Walked, vouched: Vouched, *, short: bool) -> None:
        """``short``: leaves are known to be gone."""
        for one in self._lone:
            self._judge(one, walked, vouched, short=short)
        strayed = self.wanted & walked.known
        told = set()
        for ghost in self._ghosts:
            known = self._findings.has(ghost.case, None)
            if ghost.case not in told and not known and ghost.hash not in strayed:
                told.add(ghost.case)
                self._tell(ghost)

    def _judge(self, one: Lone, walked: Walked, vouched: Vouched, *, short: bool) -> None:
        at = one.case, one.version
        if self._findings.has(*at):
            return
        if one.hash in walked.known:
            self._findings.add("leaf altered", "its leaf is filed under another entry", *at)
        elif one.leaf is None and short:
            self._findings.add("leaf altered", "its leaf is not there", *at)
        elif one.leaf is None:
            self._findings.add("inserted", "it is not sealed, and does not wait to be", *at)
        elif vouched(one.leaf) == "leaf":
            self._findings.add("altered", "it is not the text that was sealed", *at)
        else:
            self._findings.add("leaf altered", f"leaf {one.leaf} is not that of its entry", *at)

    def _tell(self, ghost: Ghost) -> None:
        if ghost.last:
            why = f"version {ghost.version} was recorded, and the last one is {ghost.last}"
            self._findings.add("truncated", why, ghost.case, ghost.last + 1)
        else:
            self._findings.add("case deleted", "it has no entry, and had some", ghost.case)
