#!/usr/bin/env python3
"""Check an evidence bundle of casetrack with nothing but Python's standard library (3.11 on).

    python3 -I -S verify.py BUNDLE.zip [--key FINGERPRINT] [--checkpoint FILE]

It reads the bundle, writes nothing, and prints the history from the entries that it proved.
FINGERPRINT and FILE are what you kept from outside, such as the foot of an old daily report.
Without both of them a bundle can be shown to agree with itself and no more.
Use a copy of this file that you trust, not the one inside the bundle that you check.

Exit code: 0 nothing is wrong, 5 something is wrong, 2 it cannot be run as asked.
"""

import argparse
import base64
import hashlib
import json
import re
import stat
import struct
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

FORMAT = 1
MOST_BYTES = 256 * 2**20  # of a bundle, and of all that it holds
MOST_RATIO = 200
OWN = "00000000-0000-0000-0000-000000000000"  # the ledger's own stream
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_HASH = re.compile("[0-9a-f]{64}")
NAMES = re.compile(
    r"manifest\.json|manifest\.sha256|README\.txt|verify\.py|entries\.jsonl|disclosures\.jsonl"
    r"|checkpoint\.txt|proof\.txt|public-key\.txt"
    rf"|definitions/[0-9a-f]{{64}}\.json|history/{_UUID}\.html"
)
NEEDED = {"manifest.json", "manifest.sha256", "entries.jsonl", "disclosures.jsonl"}
SEALS = {"checkpoint.txt", "proof.txt", "public-key.txt"}


class Bad(Exception):  # noqa: N818 - named for what happened
    """Something that cannot be read or does not hold; the message says what and where."""


# The archive. Only plain members, back to back from the first byte to the last, are read.

_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")


def members(raw: bytes) -> dict[str, bytes]:
    """The members of a bundle by name; anything out of the ordinary is refused."""
    if not _END.size <= len(raw) <= MOST_BYTES:
        raise Bad("the file is no bundle: it is too small, or over 256 MiB")
    sign, disk, start, here, count, size, at, comment = _END.unpack_from(raw, len(raw) - _END.size)
    if (sign, disk, start, comment) != (b"PK\5\6", 0, 0, 0) or here != count:
        raise Bad("the file is no bundle, or something follows its end")
    if at + size + _END.size != len(raw):
        raise Bad("the archive's directory is not where it has to be")
    found: dict[str, bytes] = {}
    room, local, directory = MOST_BYTES, 0, at
    for _ in range(count):
        name, content, at, local = _member(raw, at, local, room)
        if name in found:
            raise Bad(f"{name} stands in the archive twice")
        found[name], room = content, room - len(content)
    if (local, at) != (directory, len(raw) - _END.size):
        raise Bad("the archive holds bytes that belong to no member")
    return found


def _member(raw: bytes, at: int, local: int, room: int) -> tuple[str, bytes, int, int]:
    """(name, content, where the next directory entry and the next member begin)."""
    try:
        sign, made, *same, name_size, extra, comment, disk, _, mode, offset = _CENTRAL.unpack_from(
            raw, at
        )
        head = _LOCAL.unpack_from(raw, local)
    except struct.error:
        raise Bad("the archive's directory is cut off") from None
    name = raw[at + _CENTRAL.size :][:name_size]
    if sign != b"PK\1\2" or not NAMES.fullmatch(name.decode("latin-1")):
        raise Bad("the archive holds a member of a name that no bundle has")
    shown = name.decode()
    _, flags, method, *_, packed, size = same
    data = local + _LOCAL.size + name_size
    if head != (b"PK\3\4", *same, name_size, 0) or raw[data - name_size : data] != name:
        raise Bad(f"{shown}: what stands before it is not what the directory says")
    if offset != local or extra or comment or disk or flags & ~0x800 or method not in {0, 8}:
        raise Bad(f"{shown} is encrypted, split, or packed in a way that no bundle is")
    if _special(made, mode):
        raise Bad(f"{shown} is a link, a folder or a device")
    if size > room or size > MOST_RATIO * packed or data + packed > len(raw):
        raise Bad(f"{shown} is too large: over 256 MiB in all, or packed over {MOST_RATIO}-fold")
    content = _unpacked(shown, raw[data : data + packed], same)
    return shown, content, at + _CENTRAL.size + name_size, data + packed


def _special(made: int, mode: int) -> bool:
    """By the mode bits of Unix, which any system may have set, or those of DOS."""
    return stat.S_IFMT(mode >> 16) not in {0, stat.S_IFREG} or bool(mode & 0x10)


def _unpacked(name: str, data: bytes, fields: Sequence[int]) -> bytes:
    _, _, method, _, _, check, _, size = fields
    content = data
    if method == 8:
        stream = zlib.decompressobj(-15)
        try:
            content = stream.decompress(data, size + 1)
        except zlib.error:
            raise Bad(f"{name} cannot be unpacked") from None
        if not stream.eof or stream.unused_data:
            raise Bad(f"{name} is longer or shorter than the directory says")
    if len(content) != size or zlib.crc32(content) != check:
        raise Bad(f"{name} is damaged")
    return content


# Text in canonical form: the only text that its value can have.

_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_KEY = re.compile("[a-z][a-z0-9_]*")


def canonical(text: str) -> Any:
    """The value of a canonical JSON text: sorted names, no spaces, no floats, no duplicates."""
    try:
        value = json.loads(
            text, object_pairs_hook=_members, parse_float=_refused, parse_constant=_refused
        )
        again = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):
        raise Bad("is not in canonical form") from None
    if again != text or _unfit(value):
        raise Bad("is not in canonical form")
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError
    if not all(_KEY.fullmatch(name) for name, _ in pairs):
        raise ValueError
    return dict(pairs)


def _refused(_: str) -> None:
    raise ValueError


def _unfit(value: Any) -> bool:
    match value:
        case str():
            return bool(_FORBIDDEN.search(value))
        case dict():
            return any(map(_unfit, value.values()))
        case list():
            return any(map(_unfit, value))
    return isinstance(value, int) and abs(value) >= 2**53


def lines(name: str, raw: bytes) -> list[str]:
    """The lines of a member, each ended by a line feed and nothing else."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise Bad(f"{name} is not UTF-8 text") from None
    if text and not text.endswith("\n"):
        raise Bad(f"{name} is cut off within a line")
    return text.split("\n")[:-1]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# Ed25519 (RFC 8032, 5.1). Verifying handles nothing secret, so it need not take constant time.

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_Point = tuple[int, int, int, int]
_ZERO: _Point = (0, 1, 1, 0)


def _add(a: _Point, b: _Point) -> _Point:
    minus, plus = (a[1] - a[0]) * (b[1] - b[0]) % _P, (a[1] + a[0]) * (b[1] + b[0]) % _P
    c, d = 2 * a[3] * b[3] * _D % _P, 2 * a[2] * b[2] % _P
    e, f, g, h = plus - minus, d - c, d + c, plus + minus
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(scalar: int, point: _Point) -> _Point:
    total = _ZERO
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point, scalar = _add(point, point), scalar >> 1
    return total


def _decoded(data: bytes) -> _Point | None:
    """The point of a canonical encoding; None for any other."""
    number = int.from_bytes(data, "little")
    y, sign = number & (2**255 - 1), number >> 255
    if len(data) != 32 or y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if x * x % _P != square:
        x = x * _ROOT % _P
    if x * x % _P != square or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _encoded(point: _Point) -> bytes:
    inverse = pow(point[2], -1, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


_BASE = _decoded((4 * pow(5, -1, _P) % _P).to_bytes(32, "little")) or _ZERO


def signed(key: bytes, signature: bytes, text: bytes) -> bool:
    """Whether the key signed the text; a key of small order, as any text would do, never did."""
    point = _decoded(key)
    scalar = int.from_bytes(signature[32:], "little")
    if point is None or len(signature) != 64 or scalar >= _L:
        return False
    if _encoded(_times(8, point)) == _encoded(_ZERO):
        return False
    digest = hashlib.sha512(signature[:32] + key + text).digest()
    minus = (_P - point[0], point[1], 1, _P - point[3])
    against = _times(int.from_bytes(digest, "little") % _L, minus)
    return _encoded(_add(_times(scalar, _BASE), against)) == signature[:32]


# Checkpoints (C2SP signed-note, tlog-checkpoint) and the tree (RFC 6962).

_BASE64 = "[A-Za-z0-9+/]"
_NOTE = re.compile(
    rf"(?P<text>(?P<origin>[!-*,-~]+)\n(?P<size>0|[1-9][0-9]{{0,15}})\n(?P<root>{_BASE64}{{43}}=)\n)"
    r"\n(?P<signatures>(?:— [!-*,-~]+ [A-Za-z0-9+/]+={0,2}\n)+)"
)
_LEAF = re.compile(rf"leaf (0|[1-9][0-9]{{0,15}}) ({_UUID}) ([1-9][0-9]{{0,15}})")
_NODE = re.compile(r"node (0|[1-9][0-9]{0,15}) ([1-9][0-9]{0,15}) ([0-9a-f]{64})")


class Note(NamedTuple):
    """A checkpoint: whose tree, of how many entries, with which root."""

    text: bytes
    origin: str
    size: int
    root: bytes
    signatures: tuple[bytes, ...]

    def by(self, key: bytes) -> bool:
        mark = hashlib.sha256(self.origin.encode() + b"\n\x01" + key).digest()[:4]
        return any(s[:4] == mark and signed(key, s[4:], self.text) for s in self.signatures)


def note(raw: bytes, name: str) -> Note:
    found = _NOTE.fullmatch(raw.decode(errors="replace"))
    if found is None:
        raise Bad(f"{name} is no signed checkpoint")
    own = [line.split(" ") for line in found["signatures"].splitlines()]
    codes = [unbase64(code, name) for _, signer, code in own if signer == found["origin"]]
    root = unbase64(found["root"], name)
    return Note(found["text"].encode(), found["origin"], int(found["size"]), root, tuple(codes))


def unbase64(text: str, name: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Bad(f"{name} holds malformed base64") from None
    if base64.b64encode(data).decode() != text:
        raise Bad(f"{name} holds base64 that is not the only one for its bytes")
    return data


class Tree:
    """A tree of which the bundle gives its own leaves, and one hash for each stretch of others."""

    def __init__(self, leaves: Mapping[int, bytes], nodes: Mapping[tuple[int, int], bytes]) -> None:
        self._leaves, self._nodes = leaves, nodes
        self._used: set[tuple[int, int]] = set()

    def root(self, size: int) -> bytes:
        """The root over the first ``size`` leaves (RFC 6962, 2.1)."""
        return self._over(0, size) if size else hashlib.sha256(b"").digest()

    @property
    def spare(self) -> bool:
        """Whether a leaf or another hash that was given took no part in the roots so far."""
        given = {*self._nodes, *((index, index + 1) for index in self._leaves)}
        return self._used != given

    def _over(self, first: int, end: int) -> bytes:
        known = self._nodes.get((first, end)) or (
            self._leaves.get(first) if end - first == 1 else None
        )
        if known:
            self._used.add((first, end))
            return known
        if end - first == 1:
            raise Bad("the proofs do not reach that tree")
        middle = first + (1 << (end - first - 1).bit_length() - 1)
        below = self._over(first, middle) + self._over(middle, end)
        return hashlib.sha256(b"\x01" + below).digest()
