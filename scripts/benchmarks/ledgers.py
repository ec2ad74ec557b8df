"""Practice ledgers of a bench, filled by an import."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from casetrack.ledger.database import Database, existing
from scripts.benchmarks import sheets
from scripts.benchmarks.measure import CASETRACK, run


@contextmanager
def holding(cases: int) -> Iterator[Path]:
    """A file with cases of ten entries each, in a folder that goes with it."""
    with TemporaryDirectory(prefix="casetrack-bench-") as folder:
        db = Path(folder) / "cases.db"
        fill(str(db), Path(folder), cases)
        yield db


@contextmanager
def on_a_server(cases: int) -> Iterator[tuple[str, str]]:
    """The same in a server's database, and in a copy of that."""
    from tests import servers

    with (
        TemporaryDirectory(prefix="casetrack-bench-") as folder,
        servers.running() as server,
        servers.database(server) as url,
    ):
        fill(url, Path(folder), cases)
        name = url.rpartition("/")[2].partition("?")[0]
        servers.execute(server, f"CREATE DATABASE {name}_copy TEMPLATE {name}")
        try:
            yield url, url.replace(name, f"{name}_copy", 1)
        finally:
            servers.execute(server, f"DROP DATABASE {name}_copy WITH (FORCE)")


def fill(url: str, folder: Path, cases: int) -> None:
    run([CASETRACK, "db", "init", "--practice"], {"CASETRACK_DB": url})
    if cases:
        rows = sheets.write(folder / "cases.csv", cases * len(sheets.CASE))
        run([CASETRACK, "--now", sheets.NOW, "import", rows], {"CASETRACK_DB": url})


@contextmanager
def database_of(url: str) -> Iterator[Database]:
    found = existing(url)
    try:
        yield found
    finally:
        found.engine.dispose()
