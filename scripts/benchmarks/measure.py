"""CPU, wall and peak memory of work done here or by another program.

CPU is that of this process and of the children it has waited for.
"""

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

CASETRACK = str(Path(sys.executable).with_name("casetrack"))
_PEAK = (
    "import resource, subprocess, sys;"
    "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


@dataclass(frozen=True)
class Cost:
    """Seconds."""

    cpu: float
    wall: float


@dataclass(frozen=True)
class Ratio:
    cpu: float
    wall: float


Measure = Callable[[], Cost]


def cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def spent(work: Callable[[], object]) -> Cost:
    wall, start = time.perf_counter(), cpu()
    work()
    return Cost(cpu() - start, time.perf_counter() - wall)


def of(work: Callable[[], object]) -> Measure:
    """For work that needs nothing made ready before each round."""
    return partial(spent, work)


def compared(ours: Measure, reference: Measure, rounds: int) -> Ratio:
    """The medians of ours over the reference, after one round that is not counted."""
    pairs = [(ours(), reference()) for _ in range(rounds + 1)][1:]
    return Ratio(
        statistics.median(a.cpu / b.cpu for a, b in pairs),
        statistics.median(a.wall / b.wall for a, b in pairs),
    )


def run(command: Sequence[str | Path], variables: Mapping[str, str] | None = None) -> None:
    """Another program to its end, what it says thrown away; CalledProcessError if it fails."""
    nowhere, all_variables = subprocess.DEVNULL, {**os.environ, **(variables or {})}
    subprocess.run(command, check=True, stdout=nowhere, stderr=nowhere, env=all_variables)


def peak(command: Sequence[str | Path], variables: Mapping[str, str] | None = None) -> float:
    """MB (of 1,000,000 bytes) that the program held at most.

    A small process stands between, since a child's peak begins with that of its parent.
    """
    between = [sys.executable, "-I", "-S", "-c", _PEAK, *command]
    all_variables = {**os.environ, **(variables or {})}
    found = subprocess.run(between, check=True, capture_output=True, text=True, env=all_variables)
    return int(found.stdout) * 1024 / 1_000_000
