"""A practice ledger in a file, filled by an import."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.benchmarks import sheets
from scripts.benchmarks.measure import CASETRACK, run


@contextmanager
def holding(cases: int) -> Iterator[Path]:
    """Cases of ten entries each, in a folder that goes with it."""
    with TemporaryDirectory(prefix="casetrack-bench-") as folder:
        db = Path(folder) / "cases.db"
        run([CASETRACK, "--db", db, "db", "init", "--practice"])
        if cases:
            rows = sheets.write(Path(folder) / "cases.csv", cases * len(sheets.CASE))
            run([CASETRACK, "--db", db, "--now", sheets.NOW, "import", rows])
        yield db
