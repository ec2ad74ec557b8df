"""Leases, heartbeats and touched views in a database."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.exc import IntegrityError

from casetrack.domain.case import Case
from casetrack.domain.fold import replay
from casetrack.errors import Conflict, Corrupt
from casetrack.ledger import claims as leases
from casetrack.ledger import reading
from casetrack.ledger import tables as t
from casetrack.ledger.canonical import instant
from casetrack.ledger.comparing import VIEWS, Rows, differing
from casetrack.ledger.database import upsert
from casetrack.ledger.runs import LONG_AGO, At, Checked, Claim, Taken
from casetrack.ledger.view_writing import erase_views, write_views
from casetrack.ledger.views import case_row

BATCH = 100
TRIES = 3


class SqlRuns:
    """``Runs`` with the ledger's own ways to read and to write.

    ``settled``: writing, in a transaction that sees one state.
    """

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[Connection]],
        writing: Callable[[], AbstractContextManager[Connection]],
        settled: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._reading = reading
        self._writing = writing
        self._settled = settled

    def claim(self, wanted: Sequence[Claim], gone: Callable[[Claim], bool]) -> Mapping[At, Taken]:
        taken: dict[At, Taken] = {}
        waiting = list(wanted)
        while waiting:
            with self._writing() as connection:
                taken.update(dict.fromkeys(leases.insert(connection, waiting), "first"))
            waiting = [claim for claim in waiting if claim.at not in taken]
            if waiting:
                kept, over = self._taken_over(waiting, gone)
                taken.update(dict.fromkeys(over, "again"))
                # Others were let go, or taken over, by another in this very moment.
                waiting = [c for c in waiting if c.at not in taken and c.at not in kept]
        return taken

    def _taken_over(
        self, wanted: Sequence[Claim], gone: Callable[[Claim], bool]
    ) -> tuple[set[At], list[At]]:
        """Those that another keeps, and those that he has lost."""
        with self._reading() as connection:
            held = leases.held(connection, wanted)
        dead = {at: seen for at, seen in held.items() if gone(leases.claim_of(seen))}
        if not dead:
            return set(held), []
        with self._writing() as connection:
            heirs = [claim for claim in wanted if claim.at in dead]
            over = leases.take_over(connection, heirs, list(dead.values()))
        return held.keys() - dead.keys(), over

    def release(self, claims: Sequence[Claim]) -> None:
        if claims:
            with self._writing() as connection:
                leases.release(connection, claims)

    def lapse(self, claims: Sequence[Claim]) -> None:
        if claims:
            with self._writing() as connection:
                leases.lapse(connection, claims)

    def beat(self, name: str, at: datetime) -> None:
        with self._writing() as connection:
            statement = upsert(connection, t.heartbeat).values(name=name, at=instant(at))
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["name"], set_={"at": statement.excluded["at"]}
                )
            )

    def beats(self) -> Mapping[str, datetime]:
        with self._reading() as connection:
            rows = connection.execute(select(t.heartbeat.c.name, t.heartbeat.c.at)).all()
        return {name: at for name, text in rows if (at := leases.read(text)) != LONG_AGO}

    def newest(self) -> datetime | None:
        with self._reading() as connection:
            text = connection.execute(select(func.max(t.ledger.c.recorded_at))).scalar_one()
        return None if text is None else leases.read(text)

    def ladders(self) -> set[str]:
        with self._reading() as connection:
            found = reading.grounds(connection)
        return {name for *_, rungs in found for name in rungs.split()}

    def touched(self) -> Sequence[str]:
        with self._reading() as connection:
            return list(connection.execute(select(t.touched.c.case_id)).scalars())

    def compare(self, case_ids: Sequence[str]) -> Checked:
        waiting = list(dict.fromkeys(case_ids))
        known = set(waiting)
        differing: list[str] = []
        corrupt: list[str] = []
        while waiting:
            batch, waiting = waiting[:BATCH], waiting[BATCH:]
            found = self._compared(batch)
            differing += found.differing
            corrupt += found.corrupt
            waiting += sorted(found.displaced - known)
            known |= found.displaced
        return Checked(differing=tuple(differing), corrupt=tuple(corrupt))

    def _compared(self, batch: Sequence[str], tries: int = TRIES) -> "_Batch":
        """Again from the start where another compared, or wrote, at the same time."""
        found = _Batch()
        try:
            with self._settled() as connection:
                for case_id in batch:
                    try:
                        found.differing += _compared(connection, case_id, found.displaced)
                    except (Corrupt, IntegrityError):
                        found.corrupt.append(case_id)
        except Conflict:
            return self._compared(batch, tries - 1) if tries > 1 else self._each(batch)
        return found

    def _each(self, batch: Sequence[str]) -> "_Batch":
        """Alone, so that others hinder only what they write; that stays touched, for the next run.

        No sweep may fail for it.
        """
        found = _Batch()
        for case_id in batch if len(batch) > 1 else ():
            found.add(self._compared([case_id]))
        return found


class _Batch:
    """What came of comparing some cases in one transaction."""

    def __init__(self) -> None:
        self.differing: list[str] = []
        self.corrupt: list[str] = []
        self.displaced: set[str] = set()

    def add(self, other: "_Batch") -> None:
        self.differing += other.differing
        self.corrupt += other.corrupt
        self.displaced |= other.displaced


def _compared(connection: Connection, case_id: str, displaced: set[str]) -> Iterator[str]:
    """The id, if the case's views were not what its entries replay to; now they are.

    ``displaced`` gets the cases whose place had to be cleared for that.
    """
    entries = next((e for _, e in reading.entries(connection, case_id, case_id)), ())
    case = replay(case_id, entries)
    if differing(_stored(connection, case_id), case):
        erase_views(connection, case_id)
        if entries:
            displaced |= _cleared(connection, case)
            write_views(connection, [(Case(id=case_id), case)])
        yield case_id
    connection.execute(delete(t.touched).where(t.touched.c.case_id == case_id))


def _cleared(connection: Connection, case: Case) -> set[str]:
    """The cases that stood in the views under this one's reference."""
    c = t.case_view.c
    found = select(c.case_id).where(c.reference == case_row(case).reference)
    others = set(connection.execute(found).scalars())
    for case_id in others:
        erase_views(connection, case_id)
    return others


def _stored(connection: Connection, case_id: str) -> Rows:
    return {
        name: [
            tuple(row)
            for row in connection.execute(
                select(table).where(table.c.case_id == case_id).order_by(*table.primary_key)
            )
        ]
        for name, table in VIEWS.items()
    }
