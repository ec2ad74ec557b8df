"""What a proof can find wrong, by kind; docs/reference/verify.md defines each."""

from typing import Literal

from msgspec import Struct

Kind = Literal[
    "altered", "missing", "inserted", "reordered", "truncated", "forked", "case deleted",
    "value altered", "value missing", "value without entry", "definition altered",
    "column differs", "not canonical", "leaf altered", "view differs", "schema changed",
    "checkpoint rewritten",
]  # fmt: skip

MOST = 10_000


class Problem(Struct, frozen=True, kw_only=True):
    """What is wrong and where: a case by its id, and a version; never what was typed."""

    kind: Kind
    detail: str
    case: str | None = None
    version: int | None = None


class Findings:
    """The problems found, the first 10,000 of them; the others are counted."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.total = 0
        self._places: set[tuple[str | None, int | None]] = set()

    def add(
        self, kind: Kind, detail: str, case: bytes | None = None, version: int | None = None
    ) -> None:
        name = None if case is None else named(case)
        self.total += 1
        if len(self.problems) < MOST:
            problem = Problem(kind=kind, detail=detail, case=name, version=version)
            self.problems.append(problem)
            self._places.add((name, version))

    def has(self, case: bytes, version: int | None) -> bool:
        """Whether that entry, or the case as a whole, is a problem already."""
        return (named(case), version) in self._places


def named(case: bytes) -> str:
    """A case's id; of what is none, as much as shows where it stands."""
    return case[:36].decode("ascii", "backslashreplace")
