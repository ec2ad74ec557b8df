"""A case's chain as its ledger holds it, looked at by itself."""

import json
from collections.abc import Callable, Iterable
from hashlib import sha256

from casetrack.audit.chain import Own, Tally, own, suspects
from casetrack.audit.diagnosis import Broken, Home, Seen, diagnosed


def problems(
    case_id: str,
    stored: Iterable[tuple[str | bytes, str | bytes]],
    home: Callable[[Own], Home | None] = lambda _: None,
    ledger: str | None = None,
) -> list[tuple[int, str]]:
    """(version, kind) of bodies and the digests beside them, in version order."""
    rows = [
        (at, _bytes(body), kept if isinstance(kept, bytes) else bytes.fromhex(kept))
        for at, (body, kept) in enumerate(stored, 1)
    ]
    of = ledger or (json.loads(rows[0][1])["ledger"] if rows else "")
    links = [(case_id.encode(), at, kept, body) for at, body, kept in rows]
    if not list(suspects(links, of, Tally())):
        return []
    seen = [Seen(at, kept, sha256(body).digest(), own(body)) for at, body, kept in rows]
    return [found[:2] for found in diagnosed(Broken(case_id, of, seen, home))]


def _bytes(body: str | bytes) -> bytes:
    return body if isinstance(body, bytes) else body.encode()
