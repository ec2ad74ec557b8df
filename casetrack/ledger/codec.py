"""Format 1: an event becomes the body that is hashed and kept, and a body becomes an entry again.

The stored text is what was hashed; nothing here dumps a body a second time.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.domain.dates import local_date
from casetrack.errors import Corrupt
from casetrack.ledger import limits
from casetrack.ledger.canonical import builtins, digest, members, text
from casetrack.ledger.store import LEDGER_CASE, Draft, Sources

FORMAT = 1

_Instant = Annotated[datetime, Meta(tz=True)]
_Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
_Salt = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]


class _Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    v: Literal[1]
    ledger: str
    case: str
    version: Annotated[int, Meta(ge=1)]
    prev: _Hash | None
    type: str
    key: str
    occurred_on: date
    occurred_at: _Instant | None
    recorded_at: _Instant
    actor: str
    by: str
    data: msgspec.Raw
    sealed: dict[str, _Hash]


_decode_body = msgspec.json.Decoder(_Body).decode
_decode_data = {name: msgspec.json.Decoder(kind).decode for name, kind in e.CASE_TYPES.items()}
_decode_disclosure = msgspec.json.Decoder(tuple[_Salt, str, e.Typed]).decode


def record(
    case: Case, draft: Draft, sources: Sources, ledger_id: str
) -> tuple[e.Entry, dict[str, str]]:
    """The case's next entry and its disclosures, the texts behind ``sealed`` by name.

    A clock behind the case's last entry is clamped to it, and what it said is kept in the data.
    Raises ``Refused`` over a limit and ``Unparsable`` for a control character, by name.
    """
    limits.check(draft)
    key = sources.randomness(16).hex() if draft.key is None else draft.key
    disclosures = _disclosures(draft.event, sources)
    recorded_at, data = _timed(case, draft.event.data, sources.now().astimezone(UTC))
    body = _body(case, draft, {
        "ledger": ledger_id, "key": key, "recorded_at": recorded_at, "by": sources.account,
        "data": builtins(data), "sealed": {n: digest(t) for n, t in disclosures.items()},
    })  # fmt: skip
    kept = {n: _as_read(draft.event.typed[n]) for n in disclosures}
    return _entry(_decode_body(body), body, kept), disclosures


def _as_read(value: e.Typed) -> e.Typed:
    return value if isinstance(value, str) else tuple(value)


def _disclosures(event: e.Event, sources: Sources) -> dict[str, str]:
    return {
        name: text([sources.randomness(16).hex(), name, event.typed[name]])
        for name in sorted(event.typed)
    }


def _timed(case: Case, data: e.Data, now: datetime) -> tuple[datetime, e.Data]:
    if case.recorded_at is None or now >= case.recorded_at:
        return now, data
    return case.recorded_at, replace(data, clock_behind=now)


def _body(case: Case, draft: Draft, made: Mapping[str, object]) -> str:
    event = draft.event
    at = event.occurred_at
    body = text(members({
        "v": FORMAT, "case": case.id, "version": case.version + 1, "prev": case.digest,
        "type": type(event.data).__name__, "occurred_on": event.occurred_on.isoformat(),
        "occurred_at": at, "actor": draft.actor, **made,
    }))  # fmt: skip
    limits.check_size("the entry", len(body.encode()), limits.BODY)
    return body


def parse(body: str, disclosures: Mapping[str, str], at: tuple[str, int] | None = None) -> e.Entry:
    """The entry that a stored body and the disclosures still on file make.

    ``at`` is the case and version that the body is filed under, if known.
    Raises ``Corrupt`` when it is not of format 1, not of that place, or when a disclosure is not
    what was sealed.
    """
    try:
        found = _decode_body(body)
        kept = {n: _disclosed(found, n, text) for n, text in disclosures.items()}
        entry = _entry(found, body, kept)
    except (msgspec.MsgspecError, UnicodeError, KeyError, RecursionError):
        raise Corrupt(f"{_place(body, at)}: the entry is not of format 1") from None
    if at not in (None, (entry.case, entry.version)):
        raise Corrupt(f"{_place(body, at)}: the entry is one of another case or version")
    return entry


def _place(body: str, at: tuple[str, int] | None) -> str:
    if at is None:
        try:
            found = msgspec.json.decode(body)
            at = str(UUID(found["case"])), int(found["version"])
        except (msgspec.MsgspecError, ValueError, TypeError, KeyError, AttributeError):
            return "an entry of unknown case and version"
    return f"case {at[0]} version {at[1]}"


def _entry(found: _Body, body: str, disclosed: Mapping[str, e.Typed]) -> e.Entry:
    return e.Entry(
        ledger=found.ledger,
        case=found.case,
        version=found.version,
        prev=found.prev,
        type=found.type,
        key=found.key,
        occurred_on=found.occurred_on,
        occurred_at=found.occurred_at,
        recorded_at=found.recorded_at,
        actor=found.actor,
        by=found.by,
        data=_decode_data[found.type](found.data),
        sealed=found.sealed,
        body=body,
        digest=digest(body),
        disclosed=disclosed,
    )


def _disclosed(body: _Body, name: str, disclosure: str) -> e.Typed:
    if body.sealed.get(name) != digest(disclosure):
        raise Corrupt(f"case {body.case} version {body.version}: {name} is not what was sealed")
    _, sealed_name, value = _decode_disclosure(disclosure)
    if sealed_name != name:
        raise Corrupt(f"case {body.case} version {body.version}: {name} was sealed otherwise")
    return value


def opening(sources: Sources, *, practice: bool) -> e.Entry:
    """The first entry of a new ledger's own stream; its ledger id is new."""
    now = sources.now().astimezone(UTC)
    event = e.Event(
        data=e.LedgerOpened(practice=practice),
        occurred_on=local_date(now, sources.zone),
        occurred_at=now,
    )
    draft = Draft(event=event, actor=sources.account)
    entry, _ = record(Case(id=LEDGER_CASE), draft, sources, new_ledger_id(sources))
    return entry


def new_case_id(sources: Sources) -> str:
    """A new case's id, in the layout of a UUIDv7: milliseconds, then 74 random bits."""
    since_1970 = sources.now() - datetime(1970, 1, 1, tzinfo=UTC)
    milliseconds = max(0, since_1970 // timedelta(milliseconds=1))
    return _uuid(milliseconds.to_bytes(6, "big") + sources.randomness(10), 7)


def new_ledger_id(sources: Sources) -> str:
    """A new ledger's id, in the layout of a random UUID."""
    return _uuid(sources.randomness(16), 4)


def _uuid(octets: bytes, version: int) -> str:
    number = int.from_bytes(octets, "big")
    number = number & ~(0xF << 76) | version << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return str(UUID(int=number))
