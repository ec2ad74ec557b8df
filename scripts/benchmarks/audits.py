"""Proving and replaying a large ledger: against plain programs, shared by two, and in memory."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from casetrack.service.replaying import replay
from casetrack.service.verifying import count, verify
from scripts.benchmarks.measure import CASETRACK, Cost, Measure, compared, of, peak, run, spent
from scripts.benchmarks.rows import Family, Row, Sizes, held, timed
from scripts.benchmarks.stamped import of_entries, stamped

AGGREGATES = 2_000
NOTES = 8


def sealed(entries: int) -> Path:
    return stamped(of_entries(entries, sealed=True))


def proving(sizes: Sizes) -> Iterator[Row]:
    """The default, which has no limit of its own, at a tenth: it grows as the loop does."""
    reference = "a plain loop: ordered scan, SHA-256, chain"
    for options, entries, reach in (
        ("--quick", sizes.entries, 1.3), ("", sizes.entries // 10, None),
    ):  # fmt: skip
        path = sealed(entries)
        ours = of(partial(proved, path, quick=bool(options)))
        found = compared(ours, of(partial(walk, path)), sizes.rounds)
        what = f"`{f'audit verify {options}'.strip()}`, {entries:,} entries"
        yield timed(what, reference, reach, found)


def walk(path: Path) -> None:
    """The least that proves the chain: nothing is parsed, and each text is looked at once."""
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        asked = "SELECT case_id, digest, body FROM ledger ORDER BY case_id, version"
        before, prev = None, b""
        for case, digest, body in connection.execute(asked):
            if case != before:
                before, prev = case, b'"prev":null'
            made = sha256(body)
            if made.digest() != digest or prev not in body:
                raise ValueError(case)
            prev = b'"prev":"%b"' % made.hexdigest().encode()


def proved(path: Path, *, quick: bool) -> None:
    if not verify(str(path), quick=quick).ok:
        raise ValueError(path)


def shared(sizes: Sizes) -> Iterator[Row]:
    """End to end, with the start of both processes; the default at a tenth."""
    for options, entries, reach in (
        (["--quick"], sizes.entries, 0.75), ([], sizes.entries // 10, None),
    ):  # fmt: skip
        command: list[str | Path] = [
            CASETRACK, "--db", sealed(entries), "audit", "verify", *options,
        ]  # fmt: skip
        found = compared(ran([*command, "--jobs", "2"]), ran(command), sizes.rounds)
        what = f"`{' '.join(['audit verify', *options, '--jobs 2'])}`, {entries:,} entries"
        yield timed(what, "one process", reach, found, decides="wall")


def ran(command: Sequence[str | Path]) -> Measure:
    return of(lambda: run(command))


def replaying(sizes: Sizes) -> Iterator[Row]:
    """Both per entry; the peer's aggregates have as many events as our cases have entries."""
    path = sealed(sizes.entries)
    with aggregates() as (load, events):
        entries = count(str(path))
        ours = per(entries, lambda: replay(str(path)))
        found = compared(ours, per(events, load), sizes.rounds)
    what = f"`replay --all`, {sizes.entries:,} entries, per entry"
    yield timed(what, "`eventsourcing` `repository.get`", 0.25, found)


def per(number: int, work: Callable[[], object]) -> Measure:
    def one() -> Cost:
        cost = spent(work)
        return Cost(cost.cpu / number, cost.wall / number)

    return one


class Peer(Aggregate):
    """A case as the peer would have it: opened, given to somebody, and noted on."""

    @event("Opened")
    def __init__(self, reference: str, patient: str) -> None:
        self.reference = reference
        self.patient = patient
        self.assignee = ""
        self.notes: list[str] = []

    @event("Assigned")
    def assign(self, assignee: str) -> None:
        self.assignee = assignee

    @event("Noted")
    def note(self, text: str) -> None:
        self.notes.append(text)


@contextmanager
def aggregates() -> Iterator[tuple[Callable[[], None], int]]:
    """What loads every aggregate from SQLite, by the package's own JSON; and their events."""
    with TemporaryDirectory(prefix="casetrack-bench-") as folder:
        kept = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": f"{folder}/peer.db"}
        app: Application[UUID] = Application(env=kept)
        made = [peer(number) for number in range(AGGREGATES)]
        for one in made:
            app.save(one)
        ids = [one.id for one in made]

        def load() -> None:
            for id in ids:
                app.repository.get(id)

        yield load, AGGREGATES * (2 + NOTES)
        app.close()


def peer(number: int) -> Peer:
    made = Peer(f"B-{number:07}", f"Patient {number}")
    made.assign("eva")
    for note in range(NOTES):
        made.note(f"a note on what was said, {note}")
    return made


def memory(sizes: Sizes) -> Iterator[Row]:
    for what in (["audit", "verify"], ["replay", "--all"]):
        many, few = (
            peak([CASETRACK, "--db", sealed(entries), *what])
            for entries in (sizes.entries, sizes.entries // 10)
        )
        yield from held(f"`{' '.join(what)}`", many, few, sizes)


BENCHES: Family = {
    "verify": proving,
    "verify-jobs": shared,
    "replay": replaying,
    "audit-memory": memory,
}
