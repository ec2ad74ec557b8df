"""A ledger in a database. One ledger object serves one thread at a time."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from msgspec.structs import replace
from sqlalchemy import Connection

from casetrack.domain.case import Case
from casetrack.domain.events import Entry, LedgerOpened
from casetrack.errors import Corrupt
from casetrack.ledger import canonical, reading
from casetrack.ledger import database as databases
from casetrack.ledger.codec import opening, parse
from casetrack.ledger.database import Database
from casetrack.ledger.limits import redaction_targets
from casetrack.ledger.queries import SqlQueries
from casetrack.ledger.redaction import erase
from casetrack.ledger.sql_runs import SqlRuns
from casetrack.ledger.sql_tree import SqlTree
from casetrack.ledger.store import (
    LEDGER_CASE,
    Draft,
    Sources,
)
from casetrack.ledger.view_writing import rebuild_views
from casetrack.ledger.writing import Batch


def open_ledger(url: str, sources: Sources, *, as_session: bool = False) -> "SqlLedger":
    """The ledger that is there; raises ``BadDatabase`` if there is none of this version.

    ``as_session``: entries are by whom the database knows, where it knows somebody.
    """
    database = databases.existing(url)
    try:
        opened = parse(database.opened_body(), {}, (LEDGER_CASE, 1))
        return SqlLedger(database, _written_by(database, sources, as_session), opened)
    except BaseException:
        database.engine.dispose()
        raise


def create_ledger(
    url: str, sources: Sources, *, practice: bool = False, as_session: bool = False
) -> "SqlLedger":
    """A new ledger in a new place; one that is there is refused and left as it is."""
    database = databases.created(url)
    try:
        sources = _written_by(database, sources, as_session)
        opened = opening(sources, practice=practice)
        with database.reworded(), database.writing().begin() as connection:
            database.make(connection)
            Batch(connection, sources, opened.ledger).keep(opened)
        return SqlLedger(database, sources, opened)
    except BaseException:
        database.engine.dispose()
        database.unmade()
        raise


def _written_by(database: Database, sources: Sources, as_session: bool) -> Sources:  # noqa: FBT001 - handed on
    known = database.account() if as_session else None
    return sources if known is None else replace(sources, account=known)


class SqlLedger(SqlQueries):
    """The ``Ledger`` protocol on a database; see there for what each method promises."""

    def __init__(self, database: Database, sources: Sources, opened: Entry) -> None:
        if not isinstance(opened.data, LedgerOpened):
            name = database.name
            raise Corrupt(f"{name}: the ledger's own stream does not start with its opening")
        self._database = database
        self._sources = sources
        self._id = opened.ledger
        self._practice = opened.data.practice
        self._withheld = database.withholds()
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
    def withheld(self) -> bool:
        return self._withheld

    @property
    def path(self) -> Path:
        """The file; ``Refused`` where the ledger lies on a server."""
        return self._database.path

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._batch is not None:
            raise RuntimeError("a ledger's transactions may not be nested")
        with self._database.reworded(), self._database.writing().begin() as connection:
            self._batch = Batch(connection, self._sources, self._id)
            try:
                yield
                self._batch.flush()
            finally:
                self._batch = None

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """Inside a transaction an error is worded where that ends: it may be of what was sent."""
        if self._batch is not None:
            self._batch.flush()
            yield self._batch.connection
        else:
            with self._database.reworded(), self._database.engine.connect() as connection:
                yield connection

    @contextmanager
    def _writing(self, *, settled: bool = False) -> Iterator[Connection]:
        """Inside a transaction it is part of that, else one of its own."""
        if self._batch is not None:
            with self._reading() as connection:
                yield connection
        else:
            engine = self._database.writing(settled=settled)
            with self._database.reworded(), engine.begin() as connection:
                yield connection

    @property
    def runs(self) -> SqlRuns:
        return SqlRuns(self._reading, self._writing, partial(self._writing, settled=True))

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

    def append_all(self, changes: Sequence[tuple[Case, Sequence[Draft]]]) -> None:
        if self._batch is not None:
            return self._batch.append_all(changes)
        with self.transaction():
            return self.append_all(changes)

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
        with self._database.reworded():
            self._database.scrub()

    def entries(self, case_id: str) -> tuple[Entry, ...]:
        with self._reading() as connection:
            streams = reading.entries(connection, case_id, case_id, withheld=self._withheld)
            return next((found for _, found in streams), ())

    def several(self, case_ids: Sequence[str]) -> Mapping[str, tuple[Entry, ...]]:
        with self._reading() as connection:
            return reading.several(connection, case_ids, withheld=self._withheld)

    def versions(self, case_ids: Sequence[str]) -> Mapping[str, int]:
        with self._reading() as connection:
            return reading.versions(connection, case_ids)

    def streams(self) -> Iterator[tuple[str, tuple[Entry, ...]]]:
        """Every case in order of id with its entries, some hundred cases at a time."""
        for ids in self._pages():
            with self._reading() as connection:
                streams = reading.entries(connection, ids[0], ids[-1], withheld=self._withheld)
                found = list(streams)
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

    def rebuild(self) -> int:
        """Not inside a transaction; it also scrubs what a redaction could not."""
        with self._database.reworded():
            self._database.owned()
        with self.transaction(), self._reading() as connection:
            number = rebuild_views(connection)
        self.scrub()
        return number

    def close(self) -> None:
        self._database.engine.dispose()
