"""The measuring program runs, at sizes that prove nothing of speed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TINY = ["--rounds", "1", "--entries", "40", "--cases", "20", "--rows", "20"]
QUICK = {"fire-sqlite"}


def bench(*arguments: str) -> str:
    command = [sys.executable, "scripts/bench.py", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def sound(names: set[str]) -> None:
    rows = json.loads(bench("--json", *TINY, "--only", *sorted(names)))
    assert len(rows) >= len(names)
    assert all((row["reach"] is None) == (row["reached"] is None) for row in rows)
    assert all(row["cpu"] or row["wall"] or row["figure"] for row in rows)


def test_the_quick_benches_give_rows() -> None:
    sound(QUICK)


@pytest.mark.full
def test_every_bench_gives_rows() -> None:
    peer = {"start-help", "start-reading"}  # their environment is made by scripts/setup bench
    there = set() if (ROOT / ".venv/bench").exists() else peer
    sound(set(bench("--list").split()) - QUICK - there)


def test_a_row_says_whether_its_limit_was_reached() -> None:
    table = bench(*TINY, "--only", "days-numpy").splitlines()
    rows = [line for line in table if line.startswith("| `")]
    assert rows
    assert all(row.endswith(("| reached |", "| **not reached** |")) for row in rows)
