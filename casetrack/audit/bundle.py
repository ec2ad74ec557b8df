"""An evidence bundle: a zip that proves itself, the same bytes for the same content.

Its members and what each of them proves stand in docs/reference/bundle.md; ``audit.verify`` reads
it back, and goes into it byte for byte.
"""

import zipfile
from base64 import b64encode
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from stat import S_IFREG
from typing import IO

import msgspec
from msgspec import Struct

from casetrack.audit import merkle, verify
from casetrack.domain.events import Entry
from casetrack.errors import Corrupt, Refused
from casetrack.ledger import canonical

FORMAT = 1
_EPOCH = (1980, 1, 1, 0, 0, 0)

README = """\
An evidence bundle of casetrack.

    python3 -I -S verify.py THIS.zip --key FINGERPRINT --checkpoint FILE

says what it proves. Take verify.py from a copy that you trust, and the fingerprint and the
checkpoint from outside, such as the foot of a daily report that you kept.

entries.jsonl      each entry as it was hashed, one a line
disclosures.jsonl  what people typed, where it was asked for
definitions/       the rules and calendars that the entries name, each named for its SHA-256
checkpoint.txt     the signed head of the ledger's tree (C2SP signed note)
proof.txt          where each entry stands in that tree, and the hashes of all that is not here
public-key.txt     the key that signs
manifest.json      what is here and what was left out
history/           pages for people: a convenience, not evidence
"""


class Stream(Struct, frozen=True, kw_only=True):
    """The entries of one case that leave, of ``last`` there are; their disclosure texts by place.

    ``disclosures`` is empty unless typed values may leave.
    """

    case: str
    last: int
    entries: tuple[Entry, ...]
    disclosures: Mapping[tuple[int, str], str] = {}


class Sealed(Struct, frozen=True, kw_only=True):
    """The tree up to its latest checkpoint, and how to find an entry in it.

    ``sizes`` are those of the checkpoints that were ever signed; ``public`` is the newest key.
    """

    note: str
    public: bytes
    leaves: Sequence[bytes]
    indices: Mapping[tuple[str, int], int]
    sizes: Sequence[int]


class Asked(Struct, frozen=True, kw_only=True):
    """What the bundle is of; ``exports`` are the versions of the entries that say it was made."""

    ledger: str
    scope: str
    exports: tuple[int, ...]
    phi: bool = False
    as_of: str | None = None
    known_at: str | None = None


class Definitions(Struct, frozen=True, kw_only=True):
    """By digest the texts that the entries name, and the digests of those not kept."""

    texts: Mapping[str, str]
    missing: Sequence[str]


def named_definitions(streams: Iterable[Stream]) -> list[str]:
    """The digests of the workflows and calendars that the entries name, sorted."""
    found: set[str] = set()
    for stream in streams:
        for entry in stream.entries:
            found.update(verify.digests(msgspec.json.decode(entry.body)["data"]))
    return sorted(found)


def members(
    asked: Asked,
    streams: Sequence[Stream],
    definitions: Definitions,
    sealed: Sealed | None,
    pages: Mapping[str, str],
) -> dict[str, bytes]:
    """The content of every member by name; streams and pages go by case id, sorted."""
    entries = [entry for stream in streams for entry in stream.entries]
    files = {
        "README.txt": README.encode(),
        "verify.py": Path(verify.__file__).read_bytes(),
        "entries.jsonl": lines(entry.body for entry in entries),
        "disclosures.jsonl": lines(_disclosures(streams)),
        **{f"definitions/{d}.json": text.encode() for d, text in definitions.texts.items()},
        **({} if sealed is None else _seals(sealed, entries)),
        **{f"history/{case}.html": page.encode() for case, page in pages.items()},
    }
    proven = sum((x.case, x.version) in sealed.indices for x in entries) if sealed else 0
    manifest = _manifest(asked, streams, definitions, files) | {
        "sealed": proven, "unsealed": len(entries) - proven,
    }  # fmt: skip
    text = lines([canonical.text(manifest)])
    seal = f"{sha256(text).hexdigest()}  manifest.json\n"
    return {"manifest.json": text, "manifest.sha256": seal.encode(), **files}


def lines(texts: Iterable[str]) -> bytes:
    """JSON Lines: each text as it is, ended by a line feed."""
    return "".join(f"{text}\n" for text in texts).encode()


def _disclosures(streams: Iterable[Stream]) -> Iterator[str]:
    for stream in streams:
        kept = {entry.version for entry in stream.entries}
        for (version, name), text in sorted(stream.disclosures.items()):
            if version in kept:
                yield canonical.text([stream.case, version, name, text])


def _manifest(
    asked: Asked, streams: Iterable[Stream], definitions: Definitions, files: Mapping[str, bytes]
) -> dict[str, object]:
    return {
        **msgspec.to_builtins(asked),
        "format": FORMAT,
        "cases": [_listed(stream) for stream in streams],
        "definitions_missing": sorted(definitions.missing),
        "files": [
            {"name": name, "sha256": sha256(content).hexdigest(), "size": len(content)}
            for name, content in sorted(files.items())
        ],
    }


def _listed(stream: Stream) -> dict[str, object]:
    kept = {entry.version for entry in stream.entries}
    return {
        "case": stream.case,
        "entries": len(kept),
        "last": stream.last,
        "left_out": [v for v in range(1, stream.last + 1) if v not in kept],
    }


def _seals(sealed: Sealed, entries: Iterable[Entry]) -> dict[str, bytes]:
    places = {(entry.case, entry.version) for entry in entries}
    ours = sorted((index, *at) for at, index in sealed.indices.items() if at in places)
    proof = [f"leaf {index} {case} {version}" for index, case, version in ours]
    others = pruned(sealed.leaves, [index for index, *_ in ours], sealed.sizes)
    proof += [f"node {first} {end} {found.hex()}" for first, end, found in others]
    return {
        "checkpoint.txt": sealed.note.encode(),
        "public-key.txt": b64encode(sealed.public) + b"\n",
        "proof.txt": lines(proof),
    }


def pruned(
    leaves: Sequence[bytes], ours: Sequence[int], sizes: Sequence[int]
) -> Iterator[tuple[int, int, bytes]]:
    """(first, end, hash) of the fewest subtrees that with our leaves give the tree's root.

    They also give the root of each earlier size asked for. Both lists are sorted.
    """
    yield from _pruned(leaves, ours, sizes, 0) if leaves else ()


def _pruned(
    leaves: Sequence[bytes], ours: Sequence[int], sizes: Sequence[int], first: int
) -> Iterator[tuple[int, int, bytes]]:
    """``leaves`` are those from the index ``first`` on; ``sizes`` end a tree within them."""
    end = first + len(leaves)
    ours = ours[bisect_left(ours, first) : bisect_left(ours, end)]
    sizes = sizes[bisect_left(sizes, first + 1) : bisect_left(sizes, end)]
    if not ours and not sizes:
        yield first, end, merkle.root(leaves)
    elif len(leaves) > 1:
        half = 1 << (len(leaves) - 1).bit_length() - 1
        yield from _pruned(leaves[:half], ours, sizes, first)
        yield from _pruned(leaves[half:], ours, sizes, first + half)


def write(stream: IO[bytes], content: Mapping[str, bytes]) -> None:
    """Zip the members, stored as they are, so that no packer's release changes a byte."""
    if sum(map(len, content.values())) > verify.MOST_BYTES * 15 // 16:
        raise Refused("the bundle would be over 240 MiB; export fewer cases at a time")
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED, allowZip64=False) as archive:
        for name, data in content.items():
            item = zipfile.ZipInfo(name, _EPOCH)
            item.create_system = 3
            item.external_attr = (S_IFREG | 0o600) << 16
            archive.writestr(item, data)


def check(raw: bytes) -> None:
    """Raise ``Corrupt`` unless the bundle proves itself to its own verifier."""
    try:
        problems = list(verify.Bundle(raw).problems())
    except verify.Bad as bad:
        problems = [str(bad)]
    if problems:
        raise Corrupt("the ledger does not hold together; see 'casetrack audit verify'", problems)
