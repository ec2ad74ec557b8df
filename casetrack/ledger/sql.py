"""A ledger in an SQLite file. One ledger object serves one thread at a time."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, Engine

from casetrack.domain.case import Case
from casetrack.domain.events import Entry, LedgerOpened
from casetrack.domain.fold import replay
from casetrack.errors import Corrupt
from casetrack.ledger import canonical, listing, reading
from casetrack.ledger.codec import opening, parse
from casetrack.ledger.connect import engine_for, existing, opened_body, writing
from casetrack.ledger.failures import reworded
from casetrack.ledger.limits import redaction_targets
from casetrack.ledger.place import database_path, make_private_file
from casetrack.ledger.redaction import erase, scrub
from casetrack.ledger.schema import create_schema, set_up
from casetrack.ledger.sql_runs import SqlRuns
from casetrack.ledger.sql_tree import SqlTree
from casetrack.ledger.store import (
    LEDGER_CASE,
    CaseRow,
    DeadlineRow,
    DocketRow,
    Draft,
    Query,
    Sources,
    Stats,
    ValueRow,
)
from casetrack.ledger.view_writing import erase_views, write_views
from casetrack.ledger.views import folded
from casetrack.ledger.writing import Batch


def open_ledger(url: str, sources: Sources) -> "SqlLedger":
    """The ledger that is there; raises ``BadDatabase`` if there is none of this version."""
    path = existing(database_path(url))
    engine = engine_for(path)
    try:
        opened = parse(opened_body(engine, path), {}, (LEDGER_CASE, 1))
        return SqlLedger(path, engine, sources, opened)
    except BaseException:
        engine.dispose()
        raise


def create_ledger(url: str, sources: Sources, *, practice: bool = False) -> "SqlLedger":
    """A new ledger in a new file; an existing file is refused and left as it is."""
    path = database_path(url)
    make_private_file(path)
    engine = engine_for(path)
    try:
        opened = opening(sources, practice=practice)
        with reworded(path):
            set_up(engine)
            with writing(engine).begin() as connection:
                create_schema(connection)
                Batch(connection, sources, opened.ledger).keep(opened)
        return SqlLedger(path, engine, sources, opened)
    except BaseException:
        engine.dispose()
        for left in ("", "-wal", "-shm"):
            Path(f"{path}{left}").unlink(missing_ok=True)
        raise


class SqlLedger:
    """The ``Ledger`` protocol on SQLite; see there for what each method promises."""

    def __init__(self, path: Path, engine: Engine, sources: Sources, opened: Entry) -> None:
        if not isinstance(opened.data, LedgerOpened):
            raise Corrupt(f"{path}: the ledger's own stream does not start with its opening")
        self._path = path
        self._engine = engine
        self._sources = sources
        self._id = opened.ledger
        self._practice = opened.data.practice
        self._batch: Batch | None = None

    @property
    def id(self) -> str:
        return self._id

    @property
    def practice(self) -> bool:
        return self._practice

    @property
    def sources(self) -> Sources:
        return self._sources

    @property
    def path(self) -> Path:
        return self._path

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._batch is not None:
            raise RuntimeError("a ledger's transactions may not be nested")
        with reworded(self._path), writing(self._engine).begin() as connection:
            self._batch = Batch(connection, self._sources, self._id)
            try:
                yield
                self._batch.flush()
            finally:
                self._batch = None

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with reworded(self._path):
            if self._batch is not None:
                self._batch.flush()
                yield self._batch.connection
            else:
                with self._engine.connect() as connection:
                    yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """Inside a transaction it is part of that, else one of its own."""
        if self._batch is not None:
            with self._reading() as connection:
                yield connection
        else:
            with reworded(self._path), writing(self._engine).begin() as connection:
                yield connection

    @property
    def runs(self) -> SqlRuns:
        return SqlRuns(self._reading, self._writing)

    @property
    def tree(self) -> SqlTree:
        return SqlTree(self._reading, self._writing)

    def append(
        self, case: Case, drafts: Sequence[Draft], definitions: Mapping[str, str] | None = None
    ) -> tuple[Case, tuple[Entry, ...]]:
        if self._batch is not None:
            return self._batch.append(case, drafts, definitions or {})
        with self.transaction():
            return self.append(case, drafts, definitions)

    def redact(self, case: Case, draft: Draft) -> tuple[Case, tuple[Entry, ...]]:
        """Not inside a transaction.

        Raises ``Busy`` when the entry stands but another process keeps old pages alive.
        """
        targets = redaction_targets(draft)
        with self.transaction():
            _, entries = self.append(case, [draft])
            with self._reading() as connection:
                after = erase(connection, case.id, targets)
        self.scrub()
        return after, entries

    def scrub(self) -> None:
        """Leave no byte of an erased value in the file or beside it; takes a while."""
        with reworded(self._path):
            scrub(self._engine)

    def entries(self, case_id: str) -> tuple[Entry, ...]:
        with self._reading() as connection:
            return next((found for _, found in reading.entries(connection, case_id, case_id)), ())

    def streams(self) -> Iterator[tuple[str, tuple[Entry, ...]]]:
        """Every case in order of id with its entries, some hundred cases at a time."""
        for ids in self._pages():
            with self._reading() as connection:
                found = list(reading.entries(connection, ids[0], ids[-1]))
            yield from found

    def stored(self, case_id: str) -> Sequence[tuple[str, str]]:
        """A case's bodies and the digests beside them as they stand, unproven, by version."""
        with self._reading() as connection:
            return reading.stored(connection, case_id)

    def disclosures(self, case_id: str) -> Mapping[tuple[int, str], str]:
        """The exact disclosure texts still on file, by version and sealed name."""
        with self._reading() as connection:
            return reading.disclosures(connection, case_id)

    def by_key(self, case_id: str, key: str) -> Entry | None:
        with self._reading() as connection:
            version = reading.version_of_key(connection, case_id, key)
        return None if version is None else self.entries(case_id)[version - 1]

    def definition(self, digest: str) -> str:
        with self._reading() as connection:
            text = reading.definition(connection, digest)
        if text is None or canonical.digest(text) != digest:
            raise Corrupt("a pinned definition is not, or not as it was, in the database")
        return text

    def case_ids(self) -> Iterator[str]:
        for ids in self._pages():
            yield from ids

    def _pages(self) -> Iterator[list[str]]:
        last = ""
        while True:
            with self._reading() as connection:
                ids = reading.case_ids(connection, last)
            if not ids:
                return
            yield ids
            last = ids[-1]

    def references(self, prefix: str, limit: int = 0) -> Sequence[tuple[str, str]]:
        if not prefix.isascii():
            return []
        with self._reading() as connection:
            return reading.references(connection, prefix, limit)

    def case_row(self, case_id: str) -> CaseRow | None:
        with self._reading() as connection:
            return reading.case_row(connection, case_id)

    def list_cases(self, query: Query) -> Sequence[tuple[CaseRow, DeadlineRow | None]]:
        with self._reading() as connection:
            return listing.list_cases(connection, query)

    def docket(
        self, until: date | None, *, patients: bool = False, ended_from: date | None = None
    ) -> Iterator[DocketRow]:
        statement = listing.docket_statement(until, patients=patients, ended_from=ended_from)
        with self._reading() as connection:
            yield from listing.docket(connection, statement)

    def doubtful(self, presumed: Sequence[str], *, patients: bool = False) -> Iterator[DocketRow]:
        statement = listing.doubtful_statement(presumed, patients=patients)
        with self._reading() as connection:
            yield from listing.docket(connection, statement)

    def pinned(self) -> Sequence[str]:
        with self._reading() as connection:
            return listing.pinned(connection)

    def find(self, text: str, names: Sequence[str]) -> Sequence[ValueRow]:
        wanted = folded(text)
        with self._reading() as connection:
            rows = reading.findable(connection, names)
            return [row for row in rows if wanted in folded(row.value)]

    def counts(self) -> Sequence[tuple[str, str | None, int]]:
        with self._reading() as connection:
            return reading.counts(connection)

    def unassigned(self) -> Sequence[CaseRow]:
        with self._reading() as connection:
            return listing.unassigned(connection)

    def silent(self) -> Sequence[CaseRow]:
        with self._reading() as connection:
            return listing.silent(connection)

    def stats(self) -> Stats:
        with self._reading() as connection:
            return reading.stats(connection)

    def rebuild(self) -> int:
        """Not inside a transaction; it also scrubs what a redaction could not."""
        number = 0
        with self.transaction():
            with self._reading() as connection:
                erase_views(connection)
            for ids in self._pages():
                with self._reading() as connection:
                    found = reading.entries(connection, ids[0], ids[-1])
                    changes = [(Case(id=id), replay(id, entries)) for id, entries in found]
                    write_views(connection, changes)
                number += len(ids)
        self.scrub()
        return number

    def views(self, case_id: str) -> tuple[CaseRow, Sequence[DeadlineRow], Sequence[ValueRow]]:
        """Raises ``Corrupt`` if the case has none."""
        with self._reading() as connection:
            row = reading.case_row(connection, case_id)
            if row is None:
                raise Corrupt(f"case {case_id} is in no view; run 'casetrack db rebuild'")
            return row, reading.deadlines(connection, case_id), reading.values(connection, case_id)

    def close(self) -> None:
        self._engine.dispose()
