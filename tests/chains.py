"""A case's chain as its ledger holds it, looked at by itself."""

import json
from collections.abc import Callable, Iterable

from casetrack.audit.chain import Own
from casetrack.audit.diagnosis import Home, alone


def problems(
    case_id: str,
    stored: Iterable[tuple[str | bytes, str | bytes]],
    home: Callable[[Own], Home | None] = lambda _: None,
    ledger: str | None = None,
) -> list[tuple[int, str]]:
    """(version, kind) of bodies and the digests beside them, in version order."""
    known = [
        (_bytes(body), kept if isinstance(kept, bytes) else bytes.fromhex(kept))
        for body, kept in stored
    ]
    of = ledger or (json.loads(known[0][0])["ledger"] if known else "")
    return [found[:2] for found in alone(case_id, of, known, home)]


def _bytes(body: str | bytes) -> bytes:
    return body if isinstance(body, bytes) else body.encode()
