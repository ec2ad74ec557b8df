"""A row of the table, the sizes it is measured at, and what a family offers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from scripts.benchmarks.measure import Ratio


@dataclass(frozen=True)
class Sizes:
    """How much is measured; a bench takes what it needs."""

    rounds: int = 5
    entries: int = 1_000_000
    cases: int = 1_000_000
    rows: int = 100_000


@dataclass(frozen=True)
class Row:
    """One claim: ours against the reference, and the most that the deciding figure may be.

    ``reach`` None: a figure that stands beside another and has no limit of its own.
    ``figure`` is for what is no time, such as memory; ``note`` says its unit or a remark.
    """

    what: str
    reference: str
    reach: float | None
    cpu: float | None = None
    wall: float | None = None
    figure: float | None = None
    decides: Literal["cpu", "wall", "figure"] = "cpu"
    note: str = ""

    @property
    def reached(self) -> bool | None:
        found = {"cpu": self.cpu, "wall": self.wall, "figure": self.figure}[self.decides]
        return None if self.reach is None or found is None else found <= self.reach


Bench = Callable[[Sizes], Iterator[Row]]
Family = Mapping[str, Bench]


def timed(
    what: str, reference: str, reach: float | None, found: Ratio, *,
    decides: Literal["cpu", "wall"] = "cpu", note: str = "",
) -> Row:  # fmt: skip
    return Row(what, reference, reach, found.cpu, found.wall, decides=decides, note=note)


def held(what: str, large: float, small: float, sizes: Sizes) -> Iterator[Row]:
    """The rows of peak memory, in MB, at ``sizes.entries`` and at a tenth of them."""
    many, few = f"{sizes.entries:,} entries", f"{sizes.entries // 10:,}"
    what = f"peak memory of {what}, {many}"
    yield Row(what, few, 1.2, figure=large / small, decides="figure")
    yield Row(what, "MB", 200, figure=large, decides="figure", note="MB")
