"""Leases, heartbeats and touched views in an SQLite file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection, Update, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from casetrack.domain.case import Case
from casetrack.domain.fold import replay
from casetrack.errors import Corrupt
from casetrack.ledger import reading
from casetrack.ledger import tables as t
from casetrack.ledger.canonical import instant
from casetrack.ledger.comparing import VIEWS, Rows, differing
from casetrack.ledger.runs import LONG_AGO, Checked, Claim, Taken
from casetrack.ledger.view_writing import erase_views, write_views

BATCH = 100


class SqlRuns:
    """``Runs`` on SQLite, with the ledger's own ways to read and to write."""

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[Connection]],
        writing: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._reading = reading
        self._writing = writing

    def claim(self, wanted: Claim, gone: Callable[[Claim], bool]) -> Taken | None:
        with self._writing() as connection:
            if connection.execute(_CLAIM, _claim_row(wanted)).rowcount == 1:
                return "first"
            held = _held(connection, wanted)
            if not gone(held):
                return None
            connection.execute(_chosen(wanted.case_id, wanted.reminder, _claim_row(wanted)))
            return "again"

    def release(self, case_id: str, reminder: str) -> None:
        c = t.claim.c
        with self._writing() as connection:
            chosen = delete(t.claim).where(c.case_id == case_id, c.reminder == reminder)
            connection.execute(chosen)

    def lapse(self, case_id: str, reminder: str) -> None:
        with self._writing() as connection:
            connection.execute(_chosen(case_id, reminder, {"until": instant(LONG_AGO)}))

    def beat(self, name: str, at: datetime) -> None:
        statement = upsert(t.heartbeat).values(name=name, at=instant(at))
        with self._writing() as connection:
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["name"], set_={"at": statement.excluded["at"]}
                )
            )

    def beats(self) -> Mapping[str, datetime]:
        with self._reading() as connection:
            rows = connection.execute(select(t.heartbeat.c.name, t.heartbeat.c.at)).all()
        return {name: at for name, text in rows if (at := _read(text)) != LONG_AGO}

    def newest(self) -> datetime | None:
        with self._reading() as connection:
            text = connection.execute(select(func.max(t.ledger.c.recorded_at))).scalar_one()
        return None if text is None else _read(text)

    def ladders(self) -> set[str]:
        c = t.deadline_view.c
        with self._reading() as connection:
            found = connection.execute(select(c.rungs).distinct().where(c.outcome.is_(None)))
            return {name for (text,) in found for name in text.split()}

    def touched(self) -> Sequence[str]:
        with self._reading() as connection:
            return list(connection.execute(select(t.touched.c.case_id)).scalars())

    def compare(self, case_ids: Sequence[str]) -> Checked:
        differing: list[str] = []
        corrupt: list[str] = []
        for start in range(0, len(case_ids), BATCH):
            with self._writing() as connection:
                for case_id in case_ids[start : start + BATCH]:
                    try:
                        differing += _compared(connection, case_id)
                    except Corrupt:
                        corrupt.append(case_id)
        return Checked(differing=tuple(differing), corrupt=tuple(corrupt))


_CLAIM = upsert(t.claim).on_conflict_do_nothing()


def _chosen(case_id: str, reminder: str, values: Mapping[str, str]) -> Update:
    c = t.claim.c
    return update(t.claim).where(c.case_id == case_id, c.reminder == reminder).values(**values)


def _claim_row(claim: Claim) -> dict[str, str]:
    return {
        "case_id": claim.case_id,
        "reminder": claim.reminder,
        "holder": claim.holder,
        "until": instant(claim.until),
    }


def _held(connection: Connection, wanted: Claim) -> Claim:
    c = t.claim.c
    found = select(c.holder, c.until).where(
        c.case_id == wanted.case_id, c.reminder == wanted.reminder
    )
    holder, until = connection.execute(found).one()
    return Claim(
        case_id=wanted.case_id, reminder=wanted.reminder, holder=holder, until=_read(until)
    )


def _read(text: str) -> datetime:
    """An instant as stored; what no run of ours wrote counts as long ago."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return LONG_AGO
    return found if found.tzinfo else LONG_AGO


def _compared(connection: Connection, case_id: str) -> Iterator[str]:
    """The id, if the case's views were not what its entries replay to; now they are."""
    entries = next((e for _, e in reading.entries(connection, case_id, case_id)), ())
    case = replay(case_id, entries)
    if differing(_stored(connection, case_id), case):
        erase_views(connection, case_id)
        if entries:
            write_views(connection, [(Case(id=case_id), case)])
        yield case_id
    connection.execute(delete(t.touched).where(t.touched.c.case_id == case_id))


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
