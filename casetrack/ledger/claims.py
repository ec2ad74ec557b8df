"""Leases on deliveries, as statements on their table.

Each locks its rows in the order of their ids. A transaction may hold no more than one of them, or
two that want what the other has may deadlock.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, tuple_, update

from casetrack.ledger import tables as t
from casetrack.ledger.canonical import instant
from casetrack.ledger.database import upsert
from casetrack.ledger.runs import LONG_AGO, At, Claim

Seen = tuple[str, str, str, str]

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


def insert(connection: Connection, wanted: Sequence[Claim]) -> list[At]:
    """Those that nobody held."""
    made = upsert(connection, t.claim).on_conflict_do_nothing()
    returned = connection.execute(made.returning(_c.case_id, _c.reminder), _rows(wanted))
    return [(row[0], row[1]) for row in returned]


def held(connection: Connection, wanted: Sequence[Claim]) -> dict[At, Seen]:
    """Who holds these, as it stands."""
    rows = connection.execute(_HELD, {"wanted": [claim.at for claim in wanted]})
    return {(row[0], row[1]): (row[0], row[1], row[2], row[3]) for row in rows}


def claim_of(seen: Seen) -> Claim:
    case_id, reminder, holder, until = seen
    return Claim(case_id=case_id, reminder=reminder, holder=holder, until=read(until))


def take_over(connection: Connection, wanted: Sequence[Claim], seen: Sequence[Seen]) -> list[At]:
    """Those that were still as they were seen, and so are the new holder's now."""
    made = upsert(connection, t.claim).values(_rows(wanted))
    over = made.on_conflict_do_update(
        index_elements=t.claim.primary_key,
        set_={name: made.excluded[name] for name in ("holder", "until")},
        where=tuple_(_c.case_id, _c.reminder, _c.holder, _c.until).in_(seen),
    )
    returned = connection.execute(over.returning(_c.case_id, _c.reminder))
    return [(row[0], row[1]) for row in returned]


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
