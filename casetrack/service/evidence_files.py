"""Recorded evidence found again in a folder, by size and SHA-256 whatever its name is now."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from stat import S_ISREG
from typing import Literal

from msgspec import Struct

from casetrack.domain.events import Entry, EvidenceRecorded
from casetrack.errors import Refused
from casetrack.service.evidence import evidence_file
from casetrack.service.tracker import Tracker

Status = Literal["found", "renamed", "changed", "missing", "redacted"]
AMISS: tuple[Status, ...] = ("changed", "missing")


class Recorded(Struct, frozen=True, kw_only=True):
    """A file as it was recorded; None for what is redacted since."""

    case_id: str
    version: int
    item: str
    name: str | None
    size: int | None
    sha256: str | None


class Looked(Struct, frozen=True, kw_only=True):
    """A recorded file and what became of it.

    ``paths``: below the folder, where its content is; where that is nowhere, where its name is.
    """

    file: Recorded
    status: Status
    paths: tuple[str, ...]


class Folder(Struct, frozen=True, kw_only=True):
    """The regular files below a folder by size, their paths from there; no link is followed."""

    top: Path
    by_size: Mapping[int, Sequence[str]]
    unreadable: Sequence[str]


def look(tracker: Tracker, top: Path) -> tuple[list[Looked], list[str]]:
    """Every recorded file with what became of it, and the paths that could not be read."""
    folder = _walked(top)
    unreadable = list(folder.unreadable)
    digests: dict[int, dict[str, list[str]]] = {}
    names: dict[str, list[str]] = {}
    for path in sorted(path for paths in folder.by_size.values() for path in paths):
        names.setdefault(Path(path).name, []).append(path)
    found = []
    for file in recorded(tracker):
        if file.size is not None and file.size not in digests:
            digests[file.size] = _hashed(folder, file.size, unreadable)
        same = digests.get(file.size or 0, {}).get(file.sha256 or "", [])
        found.append(_looked(file, same, names.get(file.name or "", [])))
    return found, unreadable


def _looked(file: Recorded, same: Sequence[str], namesakes: Sequence[str]) -> Looked:
    if file.sha256 is None or file.size is None:
        return Looked(file=file, status="redacted", paths=())
    if same:
        kept = file.name is None or any(Path(path).name == file.name for path in same)
        return Looked(file=file, status="found" if kept else "renamed", paths=tuple(same))
    status: Status = "changed" if namesakes else "missing"
    return Looked(file=file, status=status, paths=tuple(namesakes))


def recorded(tracker: Tracker) -> Iterator[Recorded]:
    """Every file that was ever recorded as evidence, by case and version."""
    for case_id in tracker.ledger.case_ids():
        for entry in tracker.ledger.entries(case_id):
            if isinstance(entry.data, EvidenceRecorded) and "file_sha256" in entry.sealed:
                yield _file(entry, entry.data.item)


def _file(entry: Entry, item: str) -> Recorded:
    name, size, digest = (_text(entry, n) for n in ("file_name", "file_size", "file_sha256"))
    return Recorded(
        case_id=entry.case, version=entry.version, item=item, name=name,
        size=None if size is None else int(size), sha256=digest,
    )  # fmt: skip


def _text(entry: Entry, name: str) -> str | None:
    value = entry.disclosed.get(name)
    return value if isinstance(value, str) else None


def _walked(top: Path) -> Folder:
    if not top.is_dir():
        raise Refused("DIR is no folder that can be read; give one that is there")
    by_size: dict[int, list[str]] = {}
    unreadable: list[str] = []

    def skipped(error: OSError) -> None:
        unreadable.append(os.path.relpath(error.filename, top))

    for place, _, names in os.walk(top, onerror=skipped):
        for path in (Path(place, name) for name in names):
            try:
                status = path.lstat()
            except OSError as error:
                skipped(error)
                continue
            if S_ISREG(status.st_mode):
                by_size.setdefault(status.st_size, []).append(os.path.relpath(path, top))
    return Folder(top=top, by_size=by_size, unreadable=unreadable)


def _hashed(folder: Folder, size: int, unreadable: list[str]) -> dict[str, list[str]]:
    """The files of that size by digest."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.by_size.get(size, ())):
        try:
            read = evidence_file(folder.top / path)
        except Refused:
            unreadable.append(path)
            continue
        if read is not None:
            found.setdefault(read[2], []).append(path)
    return found


def counts(found: Iterable[Looked]) -> dict[Status, int]:
    """How many of each status, those of which there is none left out."""
    number: dict[Status, int] = {}
    for looked in found:
        number[looked.status] = number.get(looked.status, 0) + 1
    return number
