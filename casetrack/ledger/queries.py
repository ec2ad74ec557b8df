"""What an SQL ledger answers from its views; see the ``Ledger`` protocol for each promise."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date

from sqlalchemy import Connection

from casetrack.domain.reminders import Subject
from casetrack.errors import Corrupt
from casetrack.ledger import listing, reading
from casetrack.ledger.store import (
    CaseRow,
    DeadlineRow,
    DocketRow,
    Query,
    Sort,
    Stats,
    ValueRow,
)
from casetrack.ledger.views import folded


class SqlQueries:
    """The questions; whoever inherits says how to read."""

    def _reading(self) -> AbstractContextManager[Connection]:
        raise NotImplementedError

    def references(self, prefix: str, limit: int = 0) -> Sequence[tuple[str, str]]:
        if not (prefix.isascii() and prefix.isprintable()):
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

    def subjects(self, until: date) -> Mapping[tuple[str, Subject], Sequence[tuple[str, str]]]:
        with self._reading() as connection:
            return listing.subjects(connection, until)

    def grounds(self) -> Sequence[tuple[str, str]]:
        with self._reading() as connection:
            return sorted({(clock, fact) for clock, fact, _ in reading.grounds(connection)})

    def doubtful(
        self, presumed: Sequence[tuple[str, str]], *, patients: bool = False
    ) -> Sequence[DocketRow]:
        with self._reading() as connection:
            return listing.doubtful(connection, presumed, patients=patients)

    def calendars(self) -> Sequence[tuple[str, ...]]:
        with self._reading() as connection:
            return reading.calendars(connection)

    def crossing(
        self, calendars: tuple[str, ...], first: date, last: date
    ) -> Sequence[DeadlineRow]:
        with self._reading() as connection:
            return reading.crossing(connection, calendars, first, last)

    def sorts(self) -> Mapping[Sort, date]:
        with self._reading() as connection:
            return listing.sorts(connection)

    def of_sort(self, sort: Sort) -> Iterator[DocketRow]:
        with self._reading() as connection:
            yield from listing.docket(connection, listing.sort_statement(sort))

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

    def next_act_by(self) -> date | None:
        with self._reading() as connection:
            return reading.next_act_by(connection)

    def stats(self) -> Stats:
        with self._reading() as connection:
            return reading.stats(connection)

    def views(self, case_id: str) -> tuple[CaseRow, Sequence[DeadlineRow], Sequence[ValueRow]]:
        """Raises ``Corrupt`` if the case has none."""
        with self._reading() as connection:
            row = reading.case_row(connection, case_id)
            if row is None:
                raise Corrupt(f"case {case_id} is in no view; run 'casetrack db rebuild'")
            return row, reading.deadlines(connection, case_id), reading.values(connection, case_id)
