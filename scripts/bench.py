"""Measures what docs/performance.md claims, as ratios taken side by side in one run.

Each row times our code and its reference in interleaved rounds and gives the median of the
ratios, round by round. ``--json`` prints the rows as data, ``--rounds N`` sets how many.
"""

import argparse
import json
import platform
import random
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import partial
from itertools import repeat

import numpy as np

from casetrack.catalog import calendars
from casetrack.domain.calendar import Calendar

Work = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One claim: ours against the reference, and the most that the ratio may be."""

    what: str
    reference: str
    reach: float
    ratio: float

    @property
    def reached(self) -> str:
        return "reached" if self.ratio <= self.reach else "not reached"


def cpu(work: Work) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def ratio(ours: Work, reference: Work, rounds: int) -> float:
    """The median of ours over the reference, after one round that is not counted."""
    pairs = [(cpu(ours), cpu(reference)) for _ in range(rounds + 1)]
    return statistics.median(a / b for a, b in pairs[1:])


def some_days(calendar: Calendar, count: int) -> list[date]:
    """Days of the calendar's first ten years, always the same ones."""
    chance = random.Random(20261124)  # noqa: S311  # no secret depends on it
    return [calendar.first + timedelta(days=chance.randrange(3650)) for _ in range(count)]


def prepared(calendar: Calendar) -> np.busdaycalendar:
    return np.busdaycalendar(holidays=[day.date for day in calendar.days])


def calendar_rows(rounds: int) -> Iterator[Row]:
    """``add_business_days`` against numpy on a scalar with a prepared calendar."""
    calendar = calendars.load("illinois-state")
    days = some_days(calendar, 2000) * 10
    scalars = [np.datetime64(day) for day in days]
    offset = partial(np.busday_offset, roll="backward", busdaycal=prepared(calendar))

    def ours(n: int) -> Work:
        return lambda: deque(map(calendar.add_business_days, days, repeat(n)), maxlen=0)

    def theirs(n: int) -> Work:
        return lambda: deque(map(offset, scalars, repeat(n)), maxlen=0)

    for n in (1, 250):
        found = ratio(ours(n), theirs(n), rounds)
        yield Row(f"add_business_days, n = {n}", "numpy.busday_offset, scalar", 0.1, found)
    yield Row(
        "add_business_days, n = 250", "the same, n = 1", 1.2, ratio(ours(250), ours(1), rounds)
    )


def table(rows: list[Row]) -> str:
    lines = ["| what | reference | reach | ratio | |", "|---|---|---|---|---|"]
    lines += [
        f"| {r.what} | {r.reference} | <= {r.reach:g} | {r.ratio:.3f} | {r.reached} |" for r in rows
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    rows = list(calendar_rows(options.rounds))
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
        return
    print(table(rows))
    print(f"\nPython {platform.python_version()}, numpy {np.__version__}, CPU time, "
          f"median of {options.rounds} interleaved rounds")  # fmt: skip


if __name__ == "__main__":
    main()
