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
import os
import re
import stat
import struct
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
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


class Bad(Exception):
    """Something that cannot be read or does not hold; the message says what and where."""


# What Python says of values that are not of the kind that format 1 has there.
MALFORMED = (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError)


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
        sign, _, *same, name_size, extra, comment, disk, _, mode, offset = _CENTRAL.unpack_from(
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
    if _special(mode):
        raise Bad(f"{shown} is a link, a folder or a device")
    if size > room or size > MOST_RATIO * packed or data + packed > len(raw):
        raise Bad(f"{shown} is too large: over 256 MiB in all, or packed over {MOST_RATIO}-fold")
    content = _unpacked(shown, raw[data : data + packed], same)
    return shown, content, at + _CENTRAL.size + name_size, data + packed


def _special(mode: int) -> bool:
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


def canonical(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """The value of a canonical JSON text: sorted names, no spaces, no floats, no duplicates."""
    try:
        value = json.loads(
            text, object_pairs_hook=_members, parse_float=_refused, parse_constant=_refused
        )
        again = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        if again == text and not _unfit(value):
            return value
    except (ValueError, RecursionError):
        pass
    raise Bad("is not in canonical form")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError
    if not all(_KEY.fullmatch(name) for name, _ in pairs):
        raise ValueError
    return dict(pairs)


def _refused(_: str) -> None:
    raise ValueError


def _unfit(value: object) -> bool:
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
    rf"(?m)^(?P<text>(?P<origin>[!-*,-~]+)\n(?P<size>0|[1-9][0-9]{{0,15}})\n(?P<root>{_BASE64}{{43}}=)\n)"
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
        own = [code[4:] for code in self.signatures if code[:4] == mark]
        return bool(own) and all(signed(key, code, self.text) for code in own)


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
    """A tree of which a hash is known for each stretch of leaves, own leaves or others."""

    def __init__(self, known: Mapping[tuple[int, int], bytes]) -> None:
        self._known = known
        self._used: set[tuple[int, int]] = set()

    def root(self, size: int) -> bytes:
        """The root over the first ``size`` leaves (RFC 6962, 2.1)."""
        return self._over(0, size) if size else hashlib.sha256(b"").digest()

    @property
    def spare(self) -> bool:
        """Whether a hash that was given took no part in the roots so far, and so proved nothing."""
        return len(self._used) != len(self._known)

    def _over(self, first: int, end: int) -> bytes:
        if (first, end) in self._known:
            self._used.add((first, end))
            return self._known[first, end]
        if end - first == 1:
            raise Bad("the proofs do not reach that tree")
        middle = first + (1 << (end - first - 1).bit_length() - 1)
        below = self._over(first, middle) + self._over(middle, end)
        return hashlib.sha256(b"\x01" + below).digest()


# The evidence.

_MEMBERS: Mapping[str, tuple[type, ...]] = {
    "v": (int,), "ledger": (str,), "case": (str,), "version": (int,), "prev": (str, type(None)),
    "type": (str,), "key": (str,), "occurred_on": (str,), "occurred_at": (str, type(None)),
    "recorded_at": (str,), "actor": (str,), "by": (str,), "data": (dict,), "sealed": (dict,),
}  # fmt: skip
_TYPE = re.compile("[A-Za-z]{1,64}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
Place = tuple[str, int]
Values = dict[Place, dict[str, Any]]


class Entry(NamedTuple):
    """One entry: its exact text, and what that says."""

    text: str
    body: dict[str, Any]

    @property
    def place(self) -> Place:
        return self.body["case"], self.body["version"]

    @property
    def named(self) -> str:
        return f"case {self.body['case']} version {self.body['version']}"

    @property
    def digest(self) -> str:
        return sha256(self.text.encode())

    @property
    def leaf(self) -> bytes:
        return hashlib.sha256(b"\0" + self.text.encode()).digest()


def entry(text: str, line: int) -> Entry:
    where = f"line {line} of entries.jsonl"
    try:
        body = canonical(text)
    except Bad as bad:
        raise Bad(f"{where} {bad}") from None
    if not isinstance(body, dict) or body.keys() != _MEMBERS.keys():
        raise Bad(f"{where} is no entry of format 1")
    if not all(type(body[name]) in kinds for name, kinds in _MEMBERS.items()) or body["v"] != 1:
        raise Bad(f"{where} is no entry of format 1")
    if not (re.fullmatch(_UUID, body["case"]) and _INSTANT.fullmatch(body["recorded_at"])):
        raise Bad(f"{where} is no entry of format 1")
    if not _TYPE.fullmatch(body["type"]):
        raise Bad(f"{where} is no entry of format 1")
    if not all(isinstance(seal, str) and _HASH.fullmatch(seal) for seal in body["sealed"].values()):
        raise Bad(f"{where} is no entry of format 1")
    return Entry(text, body)


class Bundle:
    """What a bundle holds. Made of an archive and a manifest that hold, or ``Bad`` is raised."""

    def __init__(self, raw: bytes) -> None:
        self.files = members(raw)
        if not self.files.keys() >= NEEDED or 0 < len(self.files.keys() & SEALS) < len(SEALS):
            raise Bad("the bundle lacks a member that every bundle has")
        self.manifest = _manifest(self.files)
        found = lines("entries.jsonl", self.files["entries.jsonl"])
        self.entries = [entry(text, line) for line, text in enumerate(found, 1)]
        self.by_place = {found.place: found for found in self.entries}
        self.streams: dict[str, list[Entry]] = {}
        for each in self.entries:
            self.streams.setdefault(each.body["case"], []).append(each)
        self.left_out: set[str] = {c["case"] for c in self.manifest["cases"] if c["left_out"]}
        self.values: Values = {}
        self.sealed: dict[Place, int] = {}
        self.note: Note | None = None
        self.tree = Tree({})
        self.path: list[bytes] = []  # the keys from the first to the one that signs now

    def of(self, case: str) -> list[Entry]:
        return self.streams.get(case, [])

    def problems(self) -> Iterator[str]:
        """All that is wrong with the evidence by itself."""
        for check in (_chains, _keys, _disclosures, _definitions, _proofs, _counts):
            try:
                yield from check(self)
            except Bad as bad:
                yield str(bad)
            except MALFORMED:
                yield "a part of the bundle is not of format 1"


_MANIFEST = {
    "as_of", "cases", "definitions_missing", "exports", "files", "format", "known_at", "ledger",
    "phi", "scope", "sealed", "unsealed",
}  # fmt: skip


def _manifest(files: Mapping[str, bytes]) -> dict[str, Any]:
    raw = files["manifest.json"]
    if files["manifest.sha256"] != f"{sha256(raw)}  manifest.json\n".encode():
        raise Bad("the manifest is not the one that manifest.sha256 names")
    (text,) = lines("manifest.json", raw)
    manifest: dict[str, Any] = canonical(text)
    if manifest["format"] != FORMAT or manifest.keys() != _MANIFEST:
        raise Bad("the bundle is of a format that this verifier does not know")
    named = {file["name"]: (file["sha256"], file["size"]) for file in manifest["files"]}
    here = {n: (sha256(c), len(c)) for n, c in files.items() if not n.startswith("manifest.")}
    if named != here or len(manifest["files"]) != len(named):
        wrong = sorted(n for n in {*named, *here} if named.get(n) != here.get(n))
        raise Bad(f"not as the manifest has it: {', '.join(wrong) or 'the list of files'}")
    return manifest


def _ascending(what: str, items: Sequence[Any]) -> None:
    if any(a >= b for a, b in pairwise(items)):
        raise Bad(f"{what} are out of order, or twice there")


def _chains(bundle: Bundle) -> Iterator[str]:
    """Each case whole but for what the manifest leaves out, each entry hashed in the next."""
    _ascending("the entries", [found.place for found in bundle.entries])
    listed = bundle.manifest["cases"]
    if [case["case"] for case in listed if case["entries"]] != list(bundle.streams):
        yield "the entries are not of the cases that the manifest names"
    if OWN in bundle.left_out or (OWN, 1) not in bundle.by_place:
        yield "the ledger's own stream is not there from its first entry"
    for case in listed:
        found = bundle.of(case["case"])
        versions = sorted([*(each.body["version"] for each in found), *case["left_out"]])
        if versions != list(range(1, len(versions) + 1)) or case["last"] != len(versions):
            yield f"case {case['case']}: an entry is missing"
        if case["entries"] != len(found):
            yield f"case {case['case']}: not as many entries as the manifest says"
        if case["left_out"] and _unasked(bundle, case):
            yield f"case {case['case']}: entries are left out for no reason that the manifest has"
        yield from _chain(found, bundle.manifest["ledger"])


def _unasked(bundle: Bundle, case: Mapping[str, Any]) -> bool:
    """What was true by a day may lack any entry; what was known by one lacks the last ones."""
    if bundle.manifest["as_of"] is not None:
        return False
    whole_front = case["left_out"] == list(range(case["entries"] + 1, case["last"] + 1))
    return bundle.manifest["known_at"] is None or not whole_front


def _chain(found: Sequence[Entry], ledger: str) -> Iterator[str]:
    before: Entry | None = None
    for each in found:
        prev, version = each.body["prev"], each.body["version"]
        if each.body["ledger"] != ledger:
            yield f"{each.named} is of another ledger"
        if (prev is None) != (version == 1) or not _HASH.fullmatch(prev or "0" * 64):
            yield f"{each.named} does not say what it follows"
        if before is not None:
            follows = before.body["version"] == version - 1
            if follows and prev != before.digest:
                yield f"{each.named} does not follow the entry before it"
            if each.body["recorded_at"] < before.body["recorded_at"]:
                yield f"{each.named} was recorded before the entry before it"
        before = each


def _keys(bundle: Bundle) -> Iterator[str]:
    """Follow the ledger's own stream from key to key; each rotation is signed by both."""
    for found in bundle.of(OWN):
        data = found.body["data"]
        if found.body["type"] == "KeyMade":
            if bundle.path:
                yield f"{found.named}: a first key was made when there was one"
            bundle.path = [unbase64(str(data.get("public")), found.named)]
        elif found.body["type"] == "KeyRotated":
            names = ("old", "new", "signed_by_old", "signed_by_new")
            old, new, by_old, by_new = (unbase64(str(data.get(n)), found.named) for n in names)
            text = f"casetrack key rotation\n{found.body['ledger']}\n{data['old']}\n{data['new']}\n"
            if bundle.path[-1:] != [old] or not (
                signed(old, by_old, text.encode()) and signed(new, by_new, text.encode())
            ):
                yield f"{found.named}: the new key is not one that the old key named"
            else:
                bundle.path.append(new)


def _disclosures(bundle: Bundle) -> Iterator[str]:
    order = []
    for line in lines("disclosures.jsonl", bundle.files["disclosures.jsonl"]):
        case, version, name, text = canonical(line)
        _, sealed, value = canonical(text)
        found = bundle.by_place[case, version]
        order.append((case, version, name))
        if found.body["sealed"].get(name) != sha256(text.encode()) or sealed != name:
            yield f"{found.named}: a value is not the one that was sealed"
        else:
            bundle.values.setdefault(found.place, {})[name] = value
    _ascending("the disclosures", order)
    if order and not bundle.manifest["phi"]:
        yield "typed values are in a bundle that was to have none"
    yield from _missing(bundle)


def _missing(bundle: Bundle) -> Iterator[str]:
    """A sealed value is here, or an entry says that it was redacted; never both."""
    gone = redacted(bundle)
    for found in bundle.entries:
        case, here = found.body["case"], bundle.values.get(found.place, {}).keys()
        away = gone.get(found.place, set())
        if here & away:
            yield f"{found.named}: a value is here that was redacted"
        whole = bundle.manifest["phi"] and case != OWN and case not in bundle.left_out
        if whole and found.body["sealed"].keys() - here - away:
            yield f"{found.named}: a value is missing that was not redacted"


def redacted(bundle: Bundle) -> dict[Place, set[str]]:
    gone: dict[Place, set[str]] = {}
    for found in bundle.entries:
        if found.body["type"] == "ValueRedacted":
            for target in found.body["data"].get("removed", []):
                gone.setdefault((found.body["case"], target["version"]), set()).add(target["name"])
    return gone


def _definitions(bundle: Bundle) -> Iterator[str]:
    here = {name[12:-5]: raw for name, raw in bundle.files.items() if name[:12] == "definitions/"}
    for digest, raw in here.items():
        if sha256(raw) != digest:
            yield f"definition {digest} has another text"
    named = {digest for found in bundle.entries for digest in digests(found.body["data"])}
    absent = bundle.manifest["definitions_missing"]
    if {*here, *absent} != named or here.keys() & set(absent):
        yield "the definitions are not those that the entries name"


def digests(data: object) -> Iterator[str]:
    """The digests of workflows and calendars in an entry's data; what people typed aside."""
    for name, value in data.items() if isinstance(data, dict) else ():
        if name in {"definition", "digest"} and isinstance(value, str):
            yield value
        elif name != "fields":
            for inner in value if isinstance(value, list) else [value]:
                yield from digests(inner)


def _proofs(bundle: Bundle) -> Iterator[str]:
    """The sealed entries are in the tree of the checkpoint, which one of our keys signed."""
    if "checkpoint.txt" not in bundle.files:
        return
    bundle.note = note(bundle.files["checkpoint.txt"], "checkpoint.txt")
    known: dict[tuple[int, int], bytes] = {}
    for line in lines("proof.txt", bundle.files["proof.txt"]):
        span, found = _proof(bundle, line)
        if span in known:
            raise Bad("proof.txt says one thing twice")
        known[span] = found
    bundle.tree = Tree(known)
    if bundle.tree.root(bundle.note.size) != bundle.note.root or bundle.tree.spare:
        yield "an entry is not in the tree of the checkpoint, or is not as it was sealed"
    if bundle.note.origin != f"casetrack/{bundle.manifest['ledger']}":
        yield "the checkpoint is of another ledger"
    if not any(map(bundle.note.by, bundle.path)):
        yield "the checkpoint is signed by no key of the ledger"
    if bundle.files["public-key.txt"] != base64.b64encode(bundle.path[-1]) + b"\n":
        yield "public-key.txt is not the key that the ledger names"


def _proof(bundle: Bundle, line: str) -> tuple[tuple[int, int], bytes]:
    if leaf := _LEAF.fullmatch(line):
        index, place = int(leaf[1]), (leaf[2], int(leaf[3]))
        if place not in bundle.by_place or place in bundle.sealed:
            raise Bad("proof.txt names an entry that is not here, or names one twice")
        bundle.sealed[place] = index
        return (index, index + 1), bundle.by_place[place].leaf
    if node := _NODE.fullmatch(line):
        return (int(node[1]), int(node[2])), bytes.fromhex(node[3])
    raise Bad("proof.txt holds a line that is neither a leaf nor a node")


def _counts(bundle: Bundle) -> Iterator[str]:
    counted = len(bundle.sealed), len(bundle.entries) - len(bundle.sealed)
    if counted != (bundle.manifest["sealed"], bundle.manifest["unsealed"]):
        yield "not as many entries are sealed as the manifest says"
    if not _exported(bundle):
        yield "the ledger has no entry that says that this bundle was made"
    for case in bundle.manifest["cases"]:
        indices = [bundle.sealed.get(found.place) for found in bundle.of(case["case"])]
        sealed = [index for index in indices if index is not None]
        if indices[: len(sealed)] != sorted(sealed):
            yield f"case {case['case']}: its entries were sealed out of order"


def _exported(bundle: Bundle) -> bool:
    """Whether the entries that the manifest names say that these cases left the ledger."""
    told = [bundle.by_place[OWN, version].body for version in bundle.manifest["exports"]]
    named = [case for body in told for case in body["data"]["cases"]]
    cases = [case["case"] for case in bundle.manifest["cases"] if case["case"] != OWN]
    return {(body["type"], body["data"]["command"], body["data"]["scope"]) for body in told} == {
        ("DisclosureMade", "bundle", bundle.manifest["scope"])
    } and named == ([] if bundle.manifest["scope"] == "all" else cases)


# What was brought from outside.


class Outside(NamedTuple):
    fingerprint: str | None
    note: Note | None


def outside_problems(bundle: Bundle, outside: Outside) -> Iterator[str]:
    if outside.fingerprint is not None and not trusted(bundle, outside.fingerprint):
        yield "the checkpoint is signed by no key that the fingerprint you gave leads to"
    if outside.note is not None:
        yield from _extended(bundle, outside.note)


def trusted(bundle: Bundle, fingerprint: str) -> list[bytes]:
    """The keys that the fingerprint leads to, if one of them signed the checkpoint."""
    marks = list(map(sha256, bundle.path))
    led_to = bundle.path[marks.index(fingerprint) :] if fingerprint in marks else []
    return led_to if bundle.note and any(map(bundle.note.by, led_to)) else []


def _extended(bundle: Bundle, old: Note) -> Iterator[str]:
    if old.origin != f"casetrack/{bundle.manifest['ledger']}":
        yield "the checkpoint you gave is of another ledger"
    elif not any(map(old.by, bundle.path)):
        yield "the checkpoint you gave is signed by no key of the ledger"
    elif bundle.note is None or bundle.note.size < old.size:
        yield (
            "the checkpoint you gave covers more entries than the bundle's: the bundle is older,"
            " or entries were cut off"
        )
    else:
        try:
            same = bundle.tree.root(old.size) == old.root
        except Bad:
            same = False
        if not same:
            yield "the bundle's tree does not extend the checkpoint you gave: history was rewritten"


# In words. Nothing here decides anything.

_SAYS = {
    "LedgerOpened": "the ledger was opened",
    "KeyMade": "a signing key was made",
    "KeyRotated": "a newer signing key took over",
    "DisclosureMade": "shown or handed out: {command}, {scope} cases",
    "CaseOpened": "opened under {workflow}, edition {edition}: {state}",
    "TransitionFired": "{trigger}: {from} -> {to}",
    "EvidenceRecorded": "evidence recorded: {item}",
    "NoteAdded": "a note",
    "CaseAssigned": "assigned to {assignee}",
    "DeadlinePlanned": "a deadline of our own",
    "DeadlineDone": "a deadline of our own was met",
    "DeadlineExtended": "a deadline was extended",
    "DeadlineTolled": "{deadline} stands still",
    "DeadlineResumed": "a deadline runs again",
    "DeadlineReprojected": "deadlines were counted again, the calendar having changed",
    "EntryCorrected": "version {corrects} was corrected",
    "EntryVoided": "version {voids} was taken back",
    "WorkflowAdopted": "went over to {workflow}, edition {edition}: {from} -> {to}",
    "ReminderSent": "reminder of {deadline} ({rung}), act by {act_by}",
    "ValueRedacted": "typed values were redacted",
}
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ud800-\udfff]"
)


def safe(text: object) -> str:
    """Text that moves no cursor and turns no line around."""
    return _UNSAFE.sub(
        lambda found: found[0].encode("unicode_escape", "surrogatepass").decode(), str(text)
    )


def history(bundle: Bundle) -> Iterator[str]:
    """What happened, from the entries alone."""
    gone = redacted(bundle)
    for case, found in bundle.streams.items():
        reference = bundle.values.get((case, 1), {}).get("reference")
        named = f"case {case}" + (f", {reference}" if reference else "")
        yield "the ledger's own stream" if case == OWN else named
        for each in found:
            yield from _told(each, bundle, gone.get(each.place, set()))


def _told(each: Entry, bundle: Bundle, gone: Iterable[str]) -> Iterator[str]:
    body, data = each.body, each.body["data"]
    says = _SAYS.get(body["type"], body["type"]).format_map(data)
    yield f"{body['version']:>5}  {body['occurred_at'] or body['occurred_on']}  {says}"
    proof = "sealed" if each.place in bundle.sealed else "NOT SEALED"
    yield f"         recorded {body['recorded_at']} by {body['actor']} ({body['by']}), {proof}"
    for name, value in (*data.get("fields", {}).items(), *_others(body["type"], data)):
        yield f"         {name}: {_plain(value)}"
    yield from (f"         {text}" for text in _deadlines(data))
    values = bundle.values.get(each.place, {})
    for name in sorted(body["sealed"]):
        absent = "redacted" if name in gone else "sealed, not disclosed"
        yield f"         {name}: {_plain(values[name]) if name in values else absent}"


def _others(kind: str, data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What the sentence and the lines on deadlines leave out."""
    told = {"fields", "armed", "closed", "moved", "reopened", "unproven", "definition"}
    for name, value in data.items():
        if (
            name not in told
            and f"{{{name}}}" not in _SAYS.get(kind, "")
            and value not in (None, False, [])
        ):
            yield name, value


def _plain(value: object) -> str:
    match value:
        case dict():
            return " ".join(_plain(inner) for inner in value.values() if inner is not None)
        case list():
            return "; ".join(map(_plain, value))
    return value if isinstance(value, str) else json.dumps(value)


def _deadlines(data: Mapping[str, Any]) -> Iterator[str]:
    for item in data.get("armed", []):
        yield f"armed {item['deadline']}: {_dates(item['reading'])}"
    for item in data.get("moved", []):
        yield f"moved {item['deadline']} ({item['why']}): {_dates(item['reading'])}"
    for item in data.get("closed", []):
        yield f"closed {item['deadline']}: {item['outcome']}{', late' if item['late'] else ''}"
    for word in ("reopened", "unproven"):
        for name in data.get(word, []):
            yield f"{word} {name}"


def _dates(reading: Mapping[str, Any]) -> str:
    law = f", law {reading['law_by']}" if reading["law_by"] else ""
    return f"act by {reading['act_by']}, due {reading['due_on']}{law}"


def proved(bundle: Bundle, outside: Outside) -> Iterator[str]:
    yield f"entries in canonical form, chained by their digests: {len(bundle.entries)}"
    yield f"typed values as they were sealed: {sum(map(len, bundle.values.values()))}"
    if bundle.note:
        yield f"entries in the tree of the checkpoint: {len(bundle.sealed)} of {bundle.note.size}"
        yield f"a key of the ledger signed it; the newest is {sha256(bundle.path[-1])}"
    if outside.fingerprint:
        yield "the fingerprint that you gave is that key's, or leads to it by rotations"
    if outside.note:
        before = sum(index < outside.note.size for index in bundle.sealed.values())
        yield f"the tree extends the checkpoint that you gave; entries in it already: {before}"


def unproved(bundle: Bundle, outside: Outside) -> Iterator[str]:
    if not outside.fingerprint:
        yield "whose key signed: give --key, from a daily report that you kept"
    if not outside.note:
        yield "that history was not rewritten: give --checkpoint, from a report that you kept"
    yield from _open_ends(bundle)
    for case in bundle.manifest["cases"]:
        if case["left_out"]:
            count = len(case["left_out"])
            yield f"case {case['case']}: the chain where entries are left out: {count}"
    absent = len(bundle.manifest["definitions_missing"])
    if absent:
        yield f"the texts of definitions that the ledger does not keep: {absent}"
    yield "that what people typed is true, and that clocks were right when it was recorded"


def _open_ends(bundle: Bundle) -> Iterator[str]:
    loose = [found for found in bundle.entries if found.place not in bundle.sealed]
    if loose:
        yield f"entries that no checkpoint covers, marked NOT SEALED above: {len(loose)}"
    newest = max((bundle.by_place[at].body["recorded_at"] for at in bundle.sealed), default="")
    early = [found.named for found in loose if found.body["recorded_at"] < newest]
    if early:
        yield f"why these are not sealed, though later ones are: {', '.join(early[:10])}"
    if bundle.note is None or bundle.note.size > len(bundle.sealed):
        yield "that no entry of these cases was left out: only a whole sealed ledger can show that"


def report(bundle: Bundle, outside: Outside) -> Iterator[str]:
    """Everything to say of a bundle in which nothing is wrong."""
    asked = bundle.manifest
    yield f"ledger {asked['ledger']}, {asked['scope']} cases"
    if bundle.of(OWN)[0].body["data"].get("practice"):
        yield "PRACTICE LEDGER: its cases are invented and its clock was set by hand"
    for name in ("as_of", "known_at"):
        if asked[name] is not None:
            yield f"only what was {'true' if name == 'as_of' else 'known'} by {asked[name]}"
    yield from ("", *history(bundle), "", "proved:")
    yield from (f"  - {text}" for text in proved(bundle, outside))
    yield "not proved:"
    yield from (f"  - {text}" for text in unproved(bundle, outside))
    both = outside.fingerprint and outside.note
    yield "verdict: proved against what you gave" if both else "verdict: self-consistent only"


def run(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="verify.py", description="Check an evidence bundle.")
    parser.add_argument("bundle", type=Path, metavar="BUNDLE.zip")
    parser.add_argument("--key", metavar="FINGERPRINT", help="64 digits, from outside")
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help="a checkpoint you kept")
    asked = parser.parse_args(arguments)
    try:
        outside = _outside(asked.key, asked.checkpoint)
        with asked.bundle.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
    except (OSError, Bad) as error:
        parser.error(safe(error))
    try:
        bundle = Bundle(raw)
        problems = [*bundle.problems(), *outside_problems(bundle, outside)]
        told = [] if problems else list(report(bundle, outside))
    except Bad as bad:
        problems, told = [str(bad)], []
    except MALFORMED:
        problems, told = ["a part of the bundle is not of format 1"], []
    if problems:
        told = [*(f"WRONG: {text}" for text in problems), "verdict: do not rely on this bundle"]
    _print(told)
    return 5 if problems else 0


def _print(told: Iterable[str]) -> None:
    try:
        sys.stdout.write("".join(f"{safe(line)}\n" for line in told))
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough, as ``head`` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _outside(key: str | None, checkpoint: Path | None) -> Outside:
    if key is not None and not _HASH.fullmatch(key):
        raise Bad("a fingerprint is 64 digits of 0-9 and a-f")
    if checkpoint is None:
        return Outside(key, None)
    with checkpoint.open("rb") as stream:
        text = stream.read(64 << 20).decode("utf-8-sig", errors="replace")
    # Of several the one that covers most, so that a mailbox may be given whole.
    notes = _NOTE.finditer(text.replace("\r\n", "\n") + "\n")
    found = max(notes, key=lambda one: int(one["size"]), default=None)
    return Outside(key, note((found[0] if found else "").encode(), "the file of --checkpoint"))


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(run(sys.argv[1:]))
