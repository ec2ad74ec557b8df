"""Measures what docs/performance.md claims, as ratios taken side by side in one run.

Each row does our work and its reference's in interleaved rounds and gives the median of the
ratios, round by round.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields

from scripts.benchmarks import audits, counting, firing, importing, reading, starting, sweeping
from scripts.benchmarks.rows import Family, Row, Sizes

BENCHES: Family = {
    **audits.BENCHES,
    **counting.BENCHES,
    **firing.BENCHES,
    **importing.BENCHES,
    **starting.BENCHES,
    **reading.BENCHES,
    **sweeping.BENCHES,
}
WORDS = {True: "reached", False: "**not reached**", None: ""}


def main() -> None:
    options = arguments()
    if options.list:
        print(*BENCHES, sep="\n")
        return
    sizes = Sizes(**{field.name: getattr(options, field.name) for field in fields(Sizes)})
    rows = measured(options.only or BENCHES, sizes)
    if options.json:
        print(json.dumps([asdict(row) | {"reached": row.reached} for row in rows], indent=2))
        return
    print(*table(rows), "", machine(sizes), sep="\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="the rows as data")
    parser.add_argument("--list", action="store_true", help="the names that --only takes")
    parser.add_argument("--only", nargs="+", choices=BENCHES, metavar="NAME")
    for field in fields(Sizes):
        parser.add_argument(f"--{field.name}", type=int, default=field.default)
    return parser.parse_args()


def measured(names: Sequence[str] | Family, sizes: Sizes) -> list[Row]:
    rows: list[Row] = []
    for name in names:
        print(f"{name} ...", file=sys.stderr)
        rows += BENCHES[name](sizes)
    return rows


def table(rows: Sequence[Row]) -> Iterator[str]:
    yield "| what | reference | reach | CPU | wall | |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        cells = [row.what, row.reference, reach(row), number(row.cpu), number(row.wall), said(row)]
        yield f"| {' | '.join(cells)} |"


def reach(row: Row) -> str:
    """The limit, and of which figure where it is not CPU."""
    of = {"cpu": "", "wall": " wall", "figure": ""}[row.decides]
    return "" if row.reach is None else f"<= {row.reach:.3g}{of}"


def number(found: float | None) -> str:
    return "" if found is None else f"{found:.3g}"


def said(row: Row) -> str:
    parts = [number(row.figure), row.note, WORDS[row.reached]]
    return " ".join(part for part in parts if part)


def machine(sizes: Sizes) -> str:
    said = ", ".join(f"{f.name} {getattr(sizes, f.name):,}" for f in fields(Sizes))
    return f"Python {platform.python_version()}, {os.cpu_count()} cores; {said}."


if __name__ == "__main__":
    main()
