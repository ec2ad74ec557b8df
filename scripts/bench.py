"""Measures what docs/performance.md claims, as ratios taken side by side in one run.

Each row does our work and its reference's in interleaved rounds and gives the median of the
ratios, round by round.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields

from scripts.benchmarks import (
    audits,
    counting,
    firing,
    importing,
    reading,
    sharing,
    starting,
    sweeping,
)
from scripts.benchmarks.rows import Family, Row, Sizes

BENCHES: Family = {
    **audits.BENCHES,
    **counting.BENCHES,
    **firing.BENCHES,
    **sharing.BENCHES,
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
    rows: list[Row] = []
    try:
        rows.extend(measured(options.only or BENCHES, sizes))
    finally:  # what was measured before an interrupt is told too
        tell(rows, sizes, as_json=options.json)


def tell(rows: Sequence[Row], sizes: Sizes, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(row) | {"reached": row.reached} for row in rows], indent=2))
    else:
        print(*table(rows), "", machine(sizes), sep="\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="the rows as data")
    parser.add_argument("--list", action="store_true", help="the names that --only takes")
    parser.add_argument("--only", nargs="+", choices=BENCHES, metavar="NAME")
    for field in fields(Sizes):
        parser.add_argument(f"--{field.name}", type=int, default=field.default)
    return parser.parse_args()


def measured(names: Sequence[str] | Family, sizes: Sizes) -> Iterator[Row]:
    """Each row is shown as it is found, with the minutes since the start."""
    begun = time.monotonic()
    for name in names:
        print(f"{(time.monotonic() - begun) / 60:.1f} min: {name} ...", file=sys.stderr)
        for row in BENCHES[name](sizes):
            print(line(row), file=sys.stderr, flush=True)
            yield row


def table(rows: Sequence[Row]) -> Iterator[str]:
    yield "| what | reference | reach | CPU | wall | |"
    yield "|---|---|---|---|---|---|"
    yield from map(line, rows)


def line(row: Row) -> str:
    cells = [row.what, row.reference, reach(row), number(row.cpu), number(row.wall), said(row)]
    return f"| {' | '.join(cells)} |"


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
