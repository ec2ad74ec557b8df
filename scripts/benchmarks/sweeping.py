"""What unattended runs do: reminders recorded, nothing to remind of, new entries sealed."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from casetrack.catalog.shelf import Shelf
from casetrack.ledger.connect import connect
from casetrack.ledger.sql import open_ledger
from casetrack.reports.notices import Notice
from casetrack.service.sweep import sweep
from casetrack.service.tracker import Tracker
from scripts.benchmarks import models, stamped
from scripts.benchmarks.measure import CASETRACK, Cost, Measure, compared, of, run, spent
from scripts.benchmarks.reading import NOW, empty, small
from scripts.benchmarks.rows import Family, Row, Sizes, timed

NEW = 500  # cases of two entries
FEW = 10_000  # entries
Rows = Sequence[tuple[object, ...]]

_WRITTEN = {
    "INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?)":
        "SELECT * FROM ledger WHERE type = 'ReminderSent'",
    "INSERT INTO unsealed (case_id, version) VALUES (?, ?)":
        "SELECT case_id, version FROM ledger WHERE type = 'ReminderSent'",
    "UPDATE case_view SET version = ? WHERE case_id = ?":
        "SELECT version, case_id FROM case_view",
    "UPDATE deadline_view SET sent = ? WHERE case_id = ? AND deadline = ?":
        "SELECT sent, case_id, deadline FROM deadline_view WHERE sent <> ''",
}  # fmt: skip


class Nowhere:
    """A channel that takes whatever it is given."""

    name = "nowhere"

    def deliver(self, notice: Notice) -> None: ...

    def tell(self, subject: str, body: str) -> None: ...


def recording(sizes: Sizes) -> Iterator[Row]:
    with copies(stamped.stamped(small(sizes))) as fresh:
        swept = fresh()
        sent = swept_once(swept)
        rows = written(swept)
        ours = on_copy(fresh, swept_once)
        found = compared(ours, on_copy(fresh, lambda path: inserted(path, rows)), sizes.rounds)
        what = f"`sweep` recording {sent:,} reminders"
        yield timed(what, "raw bulk insert of the same rows", 4, found)


def nothing_new(sizes: Sizes) -> Iterator[Row]:
    """After a sweep of everything that is due, beside a ledger that holds no case."""
    with copies(stamped.stamped(small(sizes))) as fresh, empty() as nothing:
        swept = fresh()
        sent = swept_once(swept)
        found = compared(of(sweeping(swept)), of(sweeping(nothing)), sizes.rounds)
        what = f"a `sweep` with nothing new, {sent:,} reminders sent before"
        yield timed(what, "start-up: the same on a ledger without a case", 1.2, found)


def sealing(sizes: Sizes) -> Iterator[Row]:
    shapes = [stamped.of_entries(n, sealed=True) for n in (sizes.entries, min(FEW, sizes.entries))]
    with copies(stamped.stamped(shapes[0])) as many, copies(stamped.stamped(shapes[1])) as few:
        found = compared(
            sealed_more(many(), shapes[0].cases), sealed_more(few(), shapes[1].cases), sizes.rounds
        )
        what = f"`seal` of {2 * NEW:,} new entries on {10 * shapes[0].cases:,} sealed"
        yield timed(what, f"on {10 * shapes[1].cases:,} sealed", 1.3, found)


@contextmanager
def copies(path: Path) -> Iterator[Callable[[], Path]]:
    """Gives a new copy of a ledger, and of its key and checkpoint, at each call."""
    with TemporaryDirectory(prefix="casetrack-bench-", dir=path.parent) as folder:
        copy = Path(folder) / path.name
        shutil.copytree(models.seals(path), models.seals(copy))

        def fresh() -> Path:
            for left in ("-wal", "-shm"):
                Path(f"{copy}{left}").unlink(missing_ok=True)
            return Path(shutil.copyfile(path, copy))

        yield fresh


def on_copy(fresh: Callable[[], Path], work: Callable[[Path], object]) -> Measure:
    """The copying is not counted."""

    def measured() -> Cost:
        path = fresh()
        return spent(partial(work, path))

    return measured


def swept_once(path: Path) -> int:
    ledger = open_ledger(str(path), models.sources(models.NOW))
    try:
        tracker = Tracker(ledger, models.NOW, "eva", shelf=Shelf(models.STATES))
        return len(sweep(tracker, [Nowhere()]).sent)
    finally:
        ledger.close()


def written(path: Path) -> Mapping[str, Rows]:
    """What a sweep wrote, by the statement that writes it."""
    with closing(connect(path)) as connection:
        return {
            writing: connection.execute(chosen).fetchall() for writing, chosen in _WRITTEN.items()
        }


def inserted(path: Path, rows: Mapping[str, Rows]) -> None:
    with closing(connect(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for writing, some in rows.items():
            connection.executemany(writing, some)
        connection.execute("COMMIT")


def sweeping(path: Path) -> Callable[[], None]:
    return lambda: run([CASETRACK, "--db", path, "--now", NOW, "sweep"])


def sealed_more(path: Path, first: int) -> Measure:
    """Each time as many new cases; writing them is not counted."""
    numbers = iter(range(first, first + 1_000 * NEW, NEW))

    def measured() -> Cost:
        stamped.more(path, NEW, next(numbers))
        return spent(partial(stamped.seal, path))

    return measured


BENCHES: Family = {"sweep": recording, "sweep-nothing": nothing_new, "seal": sealing}
