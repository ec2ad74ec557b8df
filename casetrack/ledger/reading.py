"""Questions to the database: entries from the ledger, rows from the views."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from msgspec.structs import replace
from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Select,
    bindparam,
    func,
    literal,
    select,
)

from casetrack.domain.events import Entry
from casetrack.errors import Corrupt
from casetrack.ledger import tables as t
from casetrack.ledger.codec import parse
from casetrack.ledger.distinct import distinct
from casetrack.ledger.store import LEDGER_CASE, CaseRow, DeadlineRow, Stats, ValueRow
from casetrack.ledger.viewed import as_case_row, as_deadline_row, day

PAGE = 500
CASE_COLUMNS = tuple(t.case_view.c[name] for name in CaseRow.__struct_fields__)
DEADLINE_COLUMNS = tuple(t.deadline_view.c[name] for name in DeadlineRow.__struct_fields__)
_e, _d, _case = t.ledger.c, t.disclosure.c, t.case_view.c
_END = "\U0010ffff"
_Asked = tuple[Executable, Executable, Executable]


def _asked(which: Callable[[Any], ColumnElement[bool]]) -> _Asked:
    """The entries, the disclosures and the names of the cases of these ids."""
    return (
        select(_e.case_id, _e.version, _e.type, _e.key, _e.digest, _e.body)
        .where(which(_e.case_id))
        .order_by(_e.case_id, _e.version),
        select(_d.case_id, _d.version, _d.name, _d.text).where(which(_d.case_id)),
        select(_case.case_id, _case.reference)
        .where(which(_case.case_id))
        .where(_case.reference.is_not(None)),
    )


_RANGE = _asked(lambda id: id.between(bindparam("first"), bindparam("last")))
_SOME = _asked(lambda id: id.in_(bindparam("some", expanding=True)))
_VERSIONS = (
    select(_e.case_id, func.max(_e.version))
    .where(_e.case_id.in_(bindparam("some", expanding=True)))
    .group_by(_e.case_id)
)


def entries(
    connection: Connection, first: str, last: str, *, withheld: bool = False
) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    """Each case with its entries, for the ids from ``first`` to ``last`` inclusive, in order.

    ``withheld``: nothing is asked of what was typed but a case's name, as its view has it.
    """
    return _streams(connection, _RANGE, {"first": first, "last": last}, withheld=withheld)


def several(
    connection: Connection, case_ids: Sequence[str], *, withheld: bool = False
) -> dict[str, tuple[Entry, ...]]:
    """The same for these ids."""
    return dict(_streams(connection, _SOME, {"some": case_ids}, withheld=withheld))


def versions(connection: Connection, case_ids: Sequence[str]) -> dict[str, int]:
    found = connection.execute(_VERSIONS, {"some": case_ids})
    return {row[0]: row[1] for row in found}


def _streams(
    connection: Connection, asked: _Asked, of: Mapping[str, object], *, withheld: bool
) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    entries, disclosures, named = asked
    names: dict[str, str] = {}
    texts: dict[tuple[str, int], dict[str, str]] = {}
    if withheld:
        names = {row[0]: row[1] for row in connection.execute(named, of)}
    else:
        texts = _disclosures(connection, disclosures, of)
    for case_id, rows in groupby(
        connection.execute(entries, of).all(), key=lambda row: str(row[0])
    ):
        found = (_entry(row, texts.get((row[0], row[1]), {})) for row in rows)
        if withheld:
            found = (_outside(entry, names.get(case_id)) for entry in found)
        yield case_id, tuple(found)


def _outside(entry: Entry, name: str | None) -> Entry:
    known = {} if name is None or "reference" not in entry.sealed else {"reference": name}
    return replace(entry, withheld=True, disclosed=known)


def _disclosures(
    connection: Connection, asked: Executable, of: Mapping[str, object]
) -> dict[tuple[str, int], dict[str, str]]:
    texts: dict[tuple[str, int], dict[str, str]] = {}
    for case_id, version, name, text in connection.execute(asked, of).all():
        texts.setdefault((case_id, version), {})[name] = text
    return texts


def _entry(row: Sequence[Any], disclosures: dict[str, str]) -> Entry:
    case_id, version, type_, key, digest, body = row
    entry = parse(body, disclosures, (case_id, version))
    if (entry.digest, entry.type, entry.key) != (digest.hex(), type_, key):
        raise Corrupt(f"case {case_id} version {version}: the entry is not what was recorded")
    return entry


def disclosures(connection: Connection, case_id: str) -> dict[tuple[int, str], str]:
    found = _disclosures(connection, _SOME[1], {"some": [case_id]})
    return {
        (version, name): text
        for (_, version), texts in found.items()
        for name, text in texts.items()
    }


def stored(connection: Connection, case_id: str) -> list[tuple[str, str]]:
    c = t.ledger.c
    found = select(c.body, c.digest).where(c.case_id == case_id).order_by(c.version)
    return [(body, digest.hex()) for body, digest in connection.execute(found)]


def definition(connection: Connection, digest: str) -> str | None:
    found = select(t.definition.c.text).where(t.definition.c.digest == digest)
    text: str | None = connection.execute(found).scalar_one_or_none()
    return text


def version_of_key(connection: Connection, case_id: str, key: str) -> int | None:
    c = t.ledger.c
    return connection.execute(
        select(c.version).where(c.case_id == case_id, c.key == key)
    ).scalar_one_or_none()


def case_ids(connection: Connection, after: str, limit: int = PAGE) -> list[str]:
    """The next case ids after this one, in order."""
    c = t.ledger.c.case_id
    found = select(c).distinct().where(c > after, c != LEDGER_CASE).order_by(c).limit(limit)
    return list(connection.execute(found).scalars())


def references(connection: Connection, prefix: str, limit: int) -> list[tuple[str, str]]:
    c = t.case_view.c
    found = (
        select(c.reference, c.case_id)
        .where(c.reference >= prefix, c.reference < prefix + _END)
        .order_by(c.reference)
        .limit(limit or None)
    )
    return [(reference, case_id) for reference, case_id in connection.execute(found)]


def deadlines(connection: Connection, case_id: str) -> list[DeadlineRow]:
    found = select(*DEADLINE_COLUMNS).where(t.deadline_view.c.case_id == case_id)
    rows = connection.execute(found.order_by(t.deadline_view.c.deadline))
    return [as_deadline_row(row) for row in rows]


def calendars(connection: Connection) -> list[tuple[str, ...]]:
    found = distinct(connection, t.deadline_view.c.calendars, where=t.OPEN)
    return [tuple(text.split()) for (text,) in found]


def grounds(connection: Connection) -> list[tuple[str, str, str]]:
    """Each clock, fact that it counts from and ladder of an open deadline."""
    c = t.deadline_view.c
    return [
        (clock, fact, rungs)
        for clock, fact, rungs in distinct(
            connection, c.clock, c.counted_from, c.rungs, where=t.OPEN
        )
    ]


def crossing(
    connection: Connection, calendars: tuple[str, ...], first: date, last: date
) -> list[DeadlineRow]:
    c = t.deadline_view.c
    found = select(*DEADLINE_COLUMNS).where(
        t.OPEN,
        c.tolled_on.is_(None),
        c.calendars == " ".join(calendars),
        c.crosses_from <= last.isoformat(),
        c.crosses_to >= first.isoformat(),
    )
    rows = connection.execute(found.order_by(c.case_id, c.deadline))
    return [as_deadline_row(row) for row in rows]


def case_row(connection: Connection, case_id: str) -> CaseRow | None:
    found = select(*CASE_COLUMNS).where(t.case_view.c.case_id == case_id)
    row = connection.execute(found).one_or_none()
    return None if row is None else as_case_row(row)


def values(connection: Connection, case_id: str) -> list[ValueRow]:
    c = t.value_view.c
    found = select(c.case_id, c.name, c.value).where(c.case_id == case_id)
    return _value_rows(connection, found.order_by(c.name, c.position))


def findable(connection: Connection, names: Sequence[str]) -> list[ValueRow]:
    """Every reference, then every value of these names, by case."""
    c, case = t.value_view.c, t.case_view.c
    cited = (
        select(case.case_id, literal("reference"), case.reference)
        .where(case.reference.is_not(None))
        .order_by(case.reference)
    )
    named = (
        select(c.case_id, c.name, c.value)
        .where(c.name.in_(names))
        .order_by(c.case_id, c.name, c.position)
    )
    return _value_rows(connection, cited) + _value_rows(connection, named)


def _value_rows(connection: Connection, chosen: Select[Any]) -> list[ValueRow]:
    return [
        ValueRow(case_id=case_id, name=name, value=value)
        for case_id, name, value in connection.execute(chosen)
    ]


def counts(connection: Connection) -> list[tuple[str, str | None, int]]:
    """By the index of open cases, in whose order they are counted."""
    c = t.case_view.c
    found = select(c.assignee, c.state, func.count()).where(t.OPEN_CASE)
    rows = connection.execute(found.group_by(c.assignee, c.state)).all()
    ordered = sorted(rows, key=lambda row: (row[1], row[0] or ""))
    return [(state, assignee, number) for assignee, state, number in ordered]


def next_act_by(connection: Connection) -> date | None:
    """The first of the index: no other row is read."""
    c = t.deadline_view.c
    found = select(c.act_by).where(t.OPEN).order_by(c.act_by).limit(1)
    return day(connection.execute(found).scalar_one_or_none())


def stats(connection: Connection) -> Stats:
    deadline = t.deadline_view.c
    cases, open_cases, entries = connection.execute(
        select(
            select(func.count()).select_from(t.case_view).scalar_subquery(),
            select(func.count()).where(t.OPEN_CASE).scalar_subquery(),
            select(func.count()).select_from(t.ledger).scalar_subquery(),
        )
    ).one()
    open_deadlines, act_by = connection.execute(
        select(func.count(), func.min(deadline.act_by)).where(t.OPEN)
    ).one()
    return Stats(
        cases=cases,
        open_cases=open_cases,
        entries=entries,
        open_deadlines=open_deadlines,
        next_act_by=day(act_by),
    )
