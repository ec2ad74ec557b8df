"""A ledger's signing keys: those on its record, and the text that holds the newest one's secret.

The text is one line as Go's signed notes have it, ``PRIVATE+KEY+name+id+key``, then a line
``rotated old new signed_by_old signed_by_new`` for each rotation that led to the key.
Whoever holds it can put on record what a ledger does not know yet.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from casetrack.audit import notes
from casetrack.domain import events as e
from casetrack.errors import Corrupt

_KIND = b"\x01"
_BYTES = 32
_SECRET = re.compile(r"PRIVATE\+KEY\+(casetrack/[0-9a-f-]{36})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})")


class Known(Struct, frozen=True, kw_only=True):
    """A key on record, and the version of the ledger's own stream that put it there."""

    public: bytes
    version: int


class Held(Struct, frozen=True, kw_only=True):
    """A secret with its public key, under the ledger's origin, and the rotations before it."""

    origin: str
    secret: bytes
    public: bytes
    rotations: tuple[e.KeyRotated, ...] = ()

    @property
    def line(self) -> tuple[bytes, ...]:
        """Every public key up to this one, the oldest first."""
        return (*(b64decode(data.old) for data in self.rotations), self.public)


def made(origin: str, secret: bytes) -> Held:
    return Held(origin=origin, secret=secret, public=notes.public_of(secret))


def rotated(held: Held, secret: bytes) -> Held:
    """The key that takes over from the one held, by the word of both."""
    after = made(held.origin, secret)
    text = notes.rotation_text(_ledger(held), held.public, after.public)
    data = e.KeyRotated(
        old=b64encode(held.public).decode(),
        new=b64encode(after.public).decode(),
        signed_by_old=b64encode(notes.sign(held.secret, text)).decode(),
        signed_by_new=b64encode(notes.sign(secret, text)).decode(),
    )
    return Held(
        origin=held.origin,
        secret=secret,
        public=after.public,
        rotations=(*held.rotations, data),
    )


def text(held: Held) -> str:
    """What the key file holds."""
    id = notes.key_id(held.origin, held.public).hex()
    code = b64encode(_KIND + held.secret).decode()
    lines = [f"PRIVATE+KEY+{held.origin}+{id}+{code}"]
    lines += [
        f"rotated {data.old} {data.new} {data.signed_by_old} {data.signed_by_new}"
        for data in held.rotations
    ]
    return "".join(f"{line}\n" for line in lines)


def parse(text: str) -> Held | None:
    """The key that a file's text holds; None if it holds none, or is not all of one."""
    first, *rest = text.removesuffix("\n").split("\n")
    found = _SECRET.fullmatch(first)
    if found is None or (code := b64decode(found[3]))[:1] != _KIND:
        return None
    held = made(found[1], code[1:])
    rotations = tuple(_rotation(line) for line in rest)
    held = Held(
        origin=held.origin, secret=held.secret, public=held.public,
        rotations=tuple(data for data in rotations if data is not None),
    )  # fmt: skip
    whole = None not in rotations and _joined(held)
    return held if whole and notes.key_id(held.origin, held.public).hex() == found[2] else None


def _rotation(line: str) -> e.KeyRotated | None:
    parts = line.split(" ")
    if len(parts) != 5 or parts[0] != "rotated":
        return None
    old, new, signed_by_old, signed_by_new = parts[1:]
    return e.KeyRotated(old=old, new=new, signed_by_old=signed_by_old, signed_by_new=signed_by_new)


def _joined(held: Held) -> bool:
    """Whether each rotation goes on from the one before, and the last leads to the key."""
    ends = [*(data.old for data in held.rotations[1:]), b64encode(held.public).decode()]
    return all(
        data.new == end and vouched(_ledger(held), data)
        for data, end in zip(held.rotations, ends, strict=False)
    )


def _ledger(held: Held) -> str:
    return held.origin.removeprefix(notes.origin(""))


def on_record(entries: Iterable[e.Entry]) -> tuple[Known, ...]:
    """The keys of a ledger by the entries of its own stream, the oldest first.

    Raises ``Corrupt`` where a key did not follow by the word of the one before.
    """
    found: list[Known] = []
    for entry in entries:
        if isinstance(entry.data, e.KeyMade | e.KeyRotated):
            public = _next(entry, found)
            if public is None:
                raise Corrupt(
                    f"version {entry.version} of the ledger's own stream: the signing key there"
                    " does not follow by the word of the one before"
                )
            found.append(Known(public=public, version=entry.version))
    return tuple(found)


def _next(entry: e.Entry, known: Sequence[Known]) -> bytes | None:
    match entry.data:
        case e.KeyMade(public=public) if not known:
            return _key(public)
        case e.KeyRotated(old=old, new=new) as data if known:
            follows = _key(old) == known[-1].public and vouched(entry.ledger, data)
            return _key(new) if follows else None
    return None


def vouched(ledger_id: str, data: e.KeyRotated) -> bool:
    """Whether both keys of a rotation signed it."""
    old, new = _key(data.old), _key(data.new)
    if old is None or new is None:
        return False
    text = notes.rotation_text(ledger_id, old, new)
    signed = ((old, data.signed_by_old), (new, data.signed_by_new))
    return all(_signed(public, code, text) for public, code in signed)


def _signed(public: bytes, code: str, text: bytes) -> bool:
    try:
        return notes.verifies(public, notes.exactly(code, 64), text)
    except ValueError:
        return False


def _key(code: str) -> bytes | None:
    try:
        return notes.exactly(code, _BYTES)
    except ValueError:
        return None


def unrecorded(known: Sequence[Known], held: Held) -> Iterator[e.Data]:
    """What a ledger has yet to record to arrive at the key held, which is on its line."""
    line = held.line
    if not known:
        yield e.KeyMade(public=b64encode(line[0]).decode())
    at = line.index(known[-1].public) if known else 0
    yield from held.rotations[at:]
