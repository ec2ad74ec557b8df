"""Large ledgers, made fast: a few cases of the real service, stamped out by plain SQL.

Each case gets an id, a reference, a patient and salts of its own, and with them its own digests
and chain, so that the file is a ledger in which an audit finds nothing wrong.

    python -m scripts.benchmarks.stamped FILE --cases 10000 --rows 1000 --notes 8 --sealed
"""

import argparse
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import chain, cycle, islice
from pathlib import Path
from random import Random
from tempfile import gettempdir

from casetrack.catalog.shelf import Shelf
from casetrack.ledger.canonical import instant, text
from casetrack.ledger.sql import open_ledger
from casetrack.ledger.tables import REVISION
from casetrack.service import sealing
from casetrack.service.tracker import Tracker
from scripts.benchmarks import models
from scripts.benchmarks.models import BEGUN, NOW, STATES

STEP = timedelta(milliseconds=400)
CHUNK = 2_000  # cases
OWN = "00000000-0000-0000-0000-000000000000"
_OF_CASES = (
    "unsealed", "touched", "disclosure", "value_view", "deadline_view", "case_view", "ledger",
)  # fmt: skip
_BEFORE = ("foreign_keys=OFF", "synchronous=OFF", "cache_size=-200000")
Row = tuple[object, ...]


@dataclass(frozen=True)
class Shape:
    """What a ledger holds.

    Every case has three open deadlines. ``rows`` of all deadlines fall due within ten business
    days of NOW, the others months later. A case has two entries or a few more, and ``notes``.
    """

    cases: int
    rows: int = 0
    notes: int = 0
    sealed: bool = False

    @property
    def name(self) -> str:
        seal = "-sealed" if self.sealed else ""
        return f"{self.cases}-cases-{self.rows}-rows-{self.notes}-notes{seal}-{REVISION}.db"


def of_entries(entries: int, *, sealed: bool = False) -> Shape:
    """About so many entries in cases of ten, a hundredth of which have something due."""
    return Shape(cases=entries // 10, rows=entries // 1000, notes=8, sealed=sealed)


def stamped(shape: Shape, folder: Path | None = None) -> Path:
    """The ledger of that shape, made if the folder does not hold it yet. Nobody may write to it."""
    folder = folder or Path(gettempdir()) / "casetrack-bench"
    path = folder / shape.name
    if not path.exists():
        draft = path.with_suffix(".part")
        for left in ("", "-wal", "-shm"):
            Path(f"{draft}{left}").unlink(missing_ok=True)
        shutil.rmtree(models.seals(draft), ignore_errors=True)
        make(draft, shape)
        draft.rename(path)
    return path


def make(path: Path, shape: Shape) -> None:
    found = models.made(path, shape.notes)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        stamps = {id: _Stamp(connection, id) for id in (*(id for id, _ in found.near), *found.far)}
        cases = islice((stamps[id] for id in _chosen(found, shape.rows)), shape.cases)
        _without_triggers(connection, lambda: _filled(connection, cases, 0, clear=True))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if shape.sealed:
        seal(path)


def more(path: Path, cases: int, first: int) -> None:
    """Add cases in which nothing is due soon, numbered from ``first`` on; they are not sealed."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        far = "SELECT max(case_id) FROM case_view WHERE workflow = 'watched-dates'"
        stamp = _Stamp(connection, connection.execute(far).fetchone()[0])
        rows = (stamp for _ in range(cases))
        _without_triggers(connection, lambda: _filled(connection, rows, first), indexes=False)


def seal(path: Path) -> None:
    """By the service; NOW is the clock."""
    ledger = open_ledger(str(path), models.sources(NOW))
    try:
        tracker = Tracker(ledger, NOW, "eva", shelf=Shelf(STATES))
        sealing.seal(tracker, models.place(path, ledger.id))
    finally:
        ledger.close()


def _chosen(found: models.Models, rows: int) -> Iterator[str]:
    """Near ones until they have that many rows, then others for ever."""
    made = 0
    for id, due in cycle(found.near):
        if made >= rows:
            break
        if due <= rows - made:
            made += due
            yield id
    yield from cycle(found.far)


class _Stamp:
    """A model case, its text open where cases differ."""

    def __init__(self, connection: sqlite3.Connection, id: str) -> None:
        def rows(table: str) -> list[Row]:
            chosen = f"SELECT * FROM {table} WHERE case_id = ?"  # noqa: S608 - our own names
            return connection.execute(chosen, (id,)).fetchall()

        self.view, *_ = rows("case_view")
        self.deadlines = rows("deadline_view")
        self.values = rows("value_view")
        patients = [row[3] for row in self.values if row[1] == "patient"]
        typed = {self.view[1]: "%(reference)s", **dict.fromkeys(patients, "%(patient)s")}
        self._texts: dict[object, list[tuple[object, str]]] = {}
        for _, version, name, found in rows("disclosure"):
            self._texts.setdefault(version, []).append((name, _open_text(str(found), typed)))
        self._entries = [(row[1:6], self._opened(row)) for row in rows("ledger")]

    def _opened(self, row: Row) -> str:
        """The body, open at the case, the digest before, the instant and what is sealed."""
        body = str(row[7]).replace("%", "%%")
        head, _, rest = body.partition(f'"case":"{row[0]}"')
        rest, sealed = rest.rsplit('"sealed":{', 1)
        for name in ("prev", "recorded_at"):
            before, _, after = rest.partition(f'"{name}":')
            rest = f'{before}"{name}":%s{after[after.index(",") :]}'
        names = sorted(str(name) for name, _ in self._texts.get(row[1], ()))
        members = ",".join(f'"{name}":"%s"' for name in names)
        return f'{head}"case":"%s"{rest}"sealed":{{{members}}}{sealed[sealed.index("}") + 1 :]}'

    def entries(
        self, case: Mapping[str, str], salt: Callable[[], str]
    ) -> Iterator[tuple[Row, list[Row]]]:
        """Each entry's row with those of its disclosures."""
        id, at = case["id"], case["at"]
        prev = "null"
        for (version, kind, key, on, _), body in self._entries:
            texts: list[Row] = [
                (id, version, name, found % {**case, "salt": salt()})
                for name, found in self._texts.get(version, ())
            ]
            sealed = [sha256(str(found).encode()).hexdigest() for *_, found in texts]
            made = body % (id, prev, f'"{at}"', *sealed)
            digest = sha256(made.encode()).digest()
            prev = f'"{digest.hex()}"'
            yield (id, version, kind, key, on, at, digest, made), texts


def _open_text(found: str, own: Mapping[object, str]) -> str:
    """A disclosure, open at its salt and at what is a case's own."""
    _, name, value = json.loads(found)
    if isinstance(value, str):
        value = own.get(value, value.replace("%", "%%"))
    return text(["%(salt)s", name, value])


def _filled(
    connection: sqlite3.Connection, cases: Iterable[_Stamp], first: int, *, clear: bool = False
) -> None:
    chance = Random(first)  # noqa: S311  # these salts keep nothing secret
    if clear:
        for table in _OF_CASES:
            connection.execute(f"DELETE FROM {table} WHERE case_id <> '{OWN}'")  # noqa: S608 - ours
    numbered = enumerate(cases, first)
    while part := list(islice(numbered, CHUNK)):
        _fill(connection, part, chance)


def _fill(
    connection: sqlite3.Connection, part: Sequence[tuple[int, _Stamp]], chance: Random
) -> None:
    known = [(_case(number, chance), stamp) for number, stamp in part]

    def salt() -> str:
        return chance.randbytes(16).hex()

    made = [pair for case, stamp in known for pair in stamp.entries(case, salt)]
    entries = [entry for entry, _ in made]
    rows: dict[str, Iterable[Row]] = {
        "ledger": entries,
        "unsealed (case_id, version)": (entry[:2] for entry in entries),
        "disclosure": chain.from_iterable(texts for _, texts in made),
        "case_view": ((c["id"], c["reference"], *s.view[2:]) for c, s in known),
        "deadline_view": ((c["id"], *row[1:]) for c, s in known for row in s.deadlines),
        "value_view": (_value(c, row) for c, s in known for row in s.values),
    }
    for table, found in rows.items():
        _insert(connection, table, list(found))


def _insert(connection: sqlite3.Connection, table: str, rows: Sequence[Row]) -> None:
    if rows:
        marks = ",".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - ours


def _value(case: Mapping[str, str], row: Row) -> Row:
    return (case["id"], *row[1:3], case["patient"] if row[1] == "patient" else row[3])


def _case(number: int, chance: Random) -> dict[str, str]:
    at = BEGUN + number * STEP
    since_1970 = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    bits = since_1970 << 80 | 7 << 76 | chance.getrandbits(12) << 64
    text = f"{bits | 2 << 62 | chance.getrandbits(62):032x}"
    id = "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
    return {"id": id, "reference": f"B-{number:07}", "patient": f"Patient {number}",
            "at": instant(at)}  # fmt: skip


def _without_triggers(
    connection: sqlite3.Connection, work: Callable[[], None], *, indexes: bool = True
) -> None:
    """Do the work in one transaction; triggers, and indexes too, are made again after it."""
    for pragma in _BEFORE:
        connection.execute(f"PRAGMA {pragma}")
    kinds = ("trigger", "index") if indexes else ("trigger",)
    chosen = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
    found = [row for row in connection.execute(chosen) if row[0] in kinds]
    connection.execute("BEGIN IMMEDIATE")
    for kind, name, _ in found:
        connection.execute(f"DROP {kind} {name}")
    work()
    for _, _, statement in sorted(found):
        connection.execute(statement)
    connection.execute("COMMIT")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--cases", type=int, required=True)
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--notes", type=int, default=0)
    parser.add_argument("--sealed", action="store_true")
    given = parser.parse_args()
    make(given.file, Shape(given.cases, given.rows, given.notes, given.sealed))


if __name__ == "__main__":
    main()
