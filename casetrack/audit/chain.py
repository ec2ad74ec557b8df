"""Each case as a hash chain: proved from the stored texts alone, trusting no index."""

from collections.abc import Iterable, Iterator
from hashlib import sha256

import msgspec
from msgspec import Struct


class Own(Struct, frozen=True):
    """What a body says of its own place; the rest of it is passed over, whatever it is."""

    ledger: str
    case: str
    version: int
    prev: str | None


class Tally:
    """What scans of the chain counted: entries and cases."""

    entries = 0
    cases = 0


_decode = msgspec.json.Decoder(Own).decode
_NO_ENTRY = (msgspec.MsgspecError, UnicodeError, RecursionError)


def own(body: bytes) -> Own | None:
    """The body's own word; None where it is no entry at all."""
    try:
        return _decode(body)
    except _NO_ENTRY:
        return None


def suspects(
    rows: Iterable[tuple[bytes, int, bytes, bytes]], ledger: str, tally: Tally
) -> Iterator[bytes]:
    """The cases whose chain does not hold, of rows by case and version.

    A row is (case, version, digest, body). This loop sees every entry there is: it is kept lean.
    """
    entries = cases = version = 0
    case, name, prev, broken = b"", "", None, False
    for of, at, digest, body in rows:
        if of != case:
            if broken:
                yield case
            entries, cases = entries + version, cases + 1
            case, name = of, of.decode(errors="replace")
            version, prev, broken = 0, None, False
        version += 1
        found = sha256(body).digest()
        try:
            said = _decode(body)
        except _NO_ENTRY:
            broken = True
        else:
            if (
                found != digest
                or said.prev != prev
                or not version == at == said.version
                or said.case != name
                or said.ledger != ledger
            ):
                broken = True
        prev = found.hex()
    if broken:
        yield case
    tally.entries += entries + version
    tally.cases += cases
