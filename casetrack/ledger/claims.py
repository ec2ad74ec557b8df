"""Leases on deliveries, as statements on their table: in one order, so that no two deadlock."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, tuple_, update

from casetrack.ledger import tables as t
from casetrack.ledger.canonical import instant
from casetrack.ledger.database import upsert
from casetrack.ledger.runs import LONG_AGO, At, Claim, Taken

_c = t.claim.c
_HELD = select(_c.case_id, _c.reminder, _c.holder, _c.until).where(
    tuple_(_c.case_id, _c.reminder).in_(bindparam("wanted", expanding=True))
)
_THIS = (
    _c.case_id == bindparam("of"),
    _c.reminder == bindparam("named"),
    _c.holder == bindparam("by"),
)
_RELEASE = delete(t.claim).where(*_THIS)
_LAPSE = update(t.claim).where(*_THIS).values(until=instant(LONG_AGO))


def take(
    connection: Connection, wanted: Sequence[Claim], gone: Callable[[Claim], bool]
) -> tuple[dict[At, Taken], list[Claim]]:
    """What is ours now, and what to ask for again: another let it go, or took it, just now."""
    made = upsert(connection, t.claim).on_conflict_do_nothing()
    returned = connection.execute(made.returning(_c.case_id, _c.reminder), _rows(wanted))
    taken: dict[At, Taken] = {(row[0], row[1]): "first" for row in returned}
    rest = {claim.at: claim for claim in wanted if claim.at not in taken}
    if not rest:
        return taken, []
    held = {
        (row[0], row[1]): tuple(row) for row in connection.execute(_HELD, {"wanted": list(rest)})
    }
    dead = {at: row for at, row in held.items() if gone(_claim(*row))}
    over = _take_over(connection, [rest[at] for at in dead], list(dead.values()))
    taken.update(dict.fromkeys(over, "again"))
    return taken, [rest[at] for at in rest if at not in held or (at in dead and at not in over)]


def release(connection: Connection, claims: Sequence[Claim]) -> None:
    connection.execute(_RELEASE, _named(claims))


def lapse(connection: Connection, claims: Sequence[Claim]) -> None:
    connection.execute(_LAPSE, _named(claims))


def read(text: str) -> datetime:
    """An instant as stored; what no run of ours wrote counts as long ago."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return LONG_AGO
    return found if found.tzinfo else LONG_AGO


def _take_over(
    connection: Connection, wanted: Sequence[Claim], seen: Sequence[tuple[Any, ...]]
) -> set[At]:
    """Those that were still as they were seen, and so are ours now."""
    if not wanted:
        return set()
    made = upsert(connection, t.claim).values(_rows(wanted))
    over = made.on_conflict_do_update(
        index_elements=t.claim.primary_key,
        set_={name: made.excluded[name] for name in ("holder", "until")},
        where=tuple_(_c.case_id, _c.reminder, _c.holder, _c.until).in_(seen),
    )
    return {(a, b) for a, b in connection.execute(over.returning(_c.case_id, _c.reminder))}


def _sorted(claims: Sequence[Claim]) -> list[Claim]:
    return sorted(claims, key=lambda claim: claim.at)


def _rows(claims: Sequence[Claim]) -> list[dict[str, str]]:
    return [
        {
            "case_id": claim.case_id,
            "reminder": claim.reminder,
            "holder": claim.holder,
            "until": instant(claim.until),
        }
        for claim in _sorted(claims)
    ]


def _named(claims: Sequence[Claim]) -> list[dict[str, str]]:
    return [{"of": c.case_id, "named": c.reminder, "by": c.holder} for c in _sorted(claims)]


def _claim(case_id: str, reminder: str, holder: str, until: str) -> Claim:
    return Claim(case_id=case_id, reminder=reminder, holder=holder, until=read(until))
