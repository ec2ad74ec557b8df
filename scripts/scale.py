#!/usr/bin/env python
"""What an entry costs in a file and on a server: scripts/scale.py URL [TIMES].

URL is an empty PostgreSQL database. The demo's cases are imported TIMES over (20 unless said) into
a file, sealed, and copied to the server; sizes are what each database says of itself.
"""

import csv
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import psycopg

NOW = "2026-11-24T16:00Z"
FILE_SIZES = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC"
SERVER_SIZES = """
SELECT relname, pg_relation_size(oid) FROM pg_class
WHERE relnamespace = 'casetrack'::regnamespace AND relkind IN ('r', 'i') ORDER BY 2 DESC
"""


def main() -> None:
    url, times = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20
    with TemporaryDirectory() as made:
        db, rows = Path(made) / "cases.db", Path(made) / "rows.csv"
        os.environ["XDG_STATE_HOME"] = made
        number = _write(rows, times)
        for words in ("db init --practice", "audit key new"):
            _timed(db, *words.split())
        print(f"import: {_timed(db, 'import', str(rows)) / number * 1e6:.0f} us an entry")
        print(f"seal:   {_timed(db, 'audit', 'seal') / number * 1e6:.0f} us an entry")
        print(f"verify: {_timed(db, 'audit', 'verify') / number * 1e6:.0f} us an entry")
        copied = _timed(db, "db", "copy", str(db), url)
        print(f"copy:   {copied / number * 1e6:.0f} us an entry, proof included")
        with closing(sqlite3.connect(db)) as connection:
            _told("file", connection.execute(FILE_SIZES), number)
        with psycopg.connect(url.replace("+psycopg", "")) as server:
            _told("server", iter(server.execute(SERVER_SIZES).fetchall()), number)


def _write(path: Path, times: int) -> int:
    """The demo's rows, each time under other references; how many there are."""
    demo, rows = path.with_name("demo.db"), path.with_name("demo.csv")
    _timed(demo, "demo")
    _timed(demo, "export", "--output", str(rows))
    found = list(csv.DictReader(rows.open(encoding="utf-8", newline="")))
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.DictWriter(stream, found[0].keys())
        out.writeheader()
        for n in range(times):
            out.writerows({**row, "case": f"{row['case']}-{n}"} for row in found)
    return times * len(found)


def _timed(db: Path, *words: str) -> float:
    """Seconds from start to end, starting Python included."""
    began = perf_counter()
    command = [sys.executable, "-m", "casetrack", "--db", str(db), "--now", NOW, *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return perf_counter() - began


def _told(where: str, sizes: Iterator[tuple[str, int]], number: int) -> None:
    found = dict(sizes)
    print(f"{where}: {sum(found.values()) / number:.0f} bytes an entry")
    for name, size in found.items():
        if size * 100 > sum(found.values()):
            print(f"  {name:<28} {size / number:7.0f}")


if __name__ == "__main__":
    main()
