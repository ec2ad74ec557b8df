"""The measuring program runs, at sizes that prove nothing of speed."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ELSEWHERE = {"start-help", "start-reading", "fire-server"}  # they need more than is here
TINY = ["--rounds", "1", "--entries", "40", "--cases", "20", "--rows", "20"]


def bench(*arguments: str) -> str:
    command = [sys.executable, "scripts/bench.py", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_every_bench_that_needs_no_other_environment_gives_rows() -> None:
    names = [name for name in bench("--list").split() if name not in ELSEWHERE]
    rows = json.loads(bench("--json", *TINY, "--only", *names))
    assert len(rows) >= len(names)
    assert all(row["reach"] is None or row["reached"] is not None for row in rows)
    assert all(row["cpu"] or row["wall"] or row["figure"] for row in rows)


def test_a_row_says_whether_its_limit_was_reached() -> None:
    table = bench(*TINY, "--only", "days-numpy").splitlines()
    rows = [line for line in table if line.startswith("| `")]
    assert rows
    assert all(row.endswith(("| reached |", "| **not reached** |")) for row in rows)
