r"""An import file as rows, read strictly and in little memory: one case's rows at a time.

UTF-8, with or without a byte order mark; commas; LF or CRLF. Row numbers are record numbers, the
header being 1; an empty line counts and says nothing. A cell's value has its leading apostrophe
taken off where ``reports.sinks.csv_cell`` put one. In a cell with several values ``;`` separates
them, ``\;`` is a semicolon and ``\\`` a backslash.
"""

import codecs
import csv
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import IO, BinaryIO

from msgspec import Struct

from casetrack.errors import Refused, Unparsable
from casetrack.reports.sinks import csv_uncell

RESERVED = (
    "case", "action", "on", "at", "patient", "workflow", "actor", "reason", "override", "text",
    "deadline", "to", "basis", "file_name", "file_size", "file_sha256", "follows",
)  # fmt: skip
REJECTED_BECAUSE = "rejected_because"
MAX_CELL = 64 * 1024
MAX_RECORD = 8 * 1024 * 1024

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_PART = re.compile(r"\\[\\;]|;|[^\\;]+|\\")
_ESCAPED = re.compile(r"\\([\\;])")


class Row(Struct, frozen=True, kw_only=True):
    """A record: its original cells, and what they say by column, empty cells left out.

    ``fault``, if not empty, is why it can't be read, as ``column: reason``.
    """

    number: int
    cells: tuple[str, ...]
    values: Mapping[str, str]
    fault: str = ""

    @property
    def case(self) -> str:
        return self.values.get("case", "")


class Sheet:
    """An import file that was read once, from its start to its end, and may be read again.

    ``apart``: the cases whose rows do not stand together; ``followed``: those that another follows.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        """Raises ``Unparsable`` or ``Refused`` where it is not such a file at all."""
        self._stream = stream
        self.rows = 0
        self.apart: set[str] = set()
        self.followed: set[str] = set()
        self.header: tuple[str, ...] = ()
        self.sha256 = ""
        self._scan()

    def _scan(self) -> None:
        seen: set[str] = set()
        for case, rows in self._grouped():
            for row in rows:
                self.rows += 1
                if before := row.values.get("follows"):
                    self.followed.add(before)
            if case in seen:
                self.apart.add(case)
            seen.add(case)
        if not self.rows:
            raise Refused("the file holds a header and no rows")

    def groups(self) -> Iterator[tuple[str, tuple[Row, ...]]]:
        """What stands in the case column, with the rows that stand together under it."""
        known = self.sha256
        for case, rows in self._grouped():
            yield case, tuple(rows)
        if self.sha256 != known:
            raise Refused("the file was changed while it was read; nothing is sure of it")

    def _grouped(self) -> Iterator[tuple[str, Iterator[Row]]]:
        return groupby(self._read(), key=lambda row: row.case)

    def _read(self) -> Iterator[Row]:
        self._stream.seek(0)
        lines = _Lines(self._stream)
        records = _records(lines)
        number, header = next(records, (0, []))
        if not number:
            raise Refused("the file is empty")
        _check_header(header)
        self.header = tuple(header)
        for number, cells in records:
            yield _row(number, self.header, cells)
        self.sha256 = lines.digest.hexdigest()


class _Lines:
    """Lines as text, hashed; what one record may take up is bounded."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._held = 0
        self._number = 0
        self.digest = sha256()

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        raw = self._stream.readline(MAX_RECORD + 1)
        if not raw:
            raise StopIteration
        self._number += 1
        self._held += len(raw)
        if self._held > MAX_RECORD:
            raise Unparsable(
                f"line {self._number}: one row is over {MAX_RECORD:,} bytes; "
                f"is a quotation mark not closed?"
            )
        self.digest.update(raw)
        return self._text(raw)

    def _text(self, raw: bytes) -> str:
        if self._number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        try:
            return raw.decode()
        except UnicodeDecodeError:
            raise Unparsable(
                f"line {self._number} is not UTF-8 text; save the file as CSV UTF-8"
            ) from None

    def start_record(self) -> None:
        self._held = 0


def _records(lines: _Lines) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            lines.start_record()
            if cells:
                yield number, cells
    except csv.Error:
        raise Unparsable(
            f"row {number + 1} is not well-formed CSV: a quotation mark is not closed, stands "
            f"inside a cell or is not doubled there, or a line ends otherwise than the others"
        ) from None


def _check_header(names: Sequence[str]) -> None:
    for mark, kind in ((";", "semicolons"), ("\t", "tabs")):
        if any(mark in name for name in names):
            raise Refused(f"saved with {kind}; save as comma-separated CSV UTF-8")
    problems = [p for n, name in enumerate(names, 1) if (p := _name_problem(n, name, names))]
    problems += [f"there is no column {name}" for name in ("case", "action") if name not in names]
    if problems:
        raise Refused("the first row does not name the columns of an import", problems)


def _name_problem(n: int, name: str, names: Sequence[str]) -> str:
    if not name.strip():
        return f"column {n} has no name"
    if not _NAME.fullmatch(name):
        return f"column {n}: a name has small letters, digits and _, a letter first"
    return f"column {n}: {name} stands twice" if name in names[: n - 1] else ""


def _row(number: int, header: tuple[str, ...], cells: list[str]) -> Row:
    values = {name: _value(cell) for name, cell in zip(header, cells, strict=False) if cell}
    if len(cells) != len(header):
        fault = f"row: it has {len(cells)} cells, and the header {len(header)}"
    else:
        fault = next((f for name, value in values.items() if (f := _fault(name, value))), "")
    return Row(number=number, cells=tuple(cells), values=values, fault=fault)


def _value(cell: str) -> str:
    value = csv_uncell(cell)
    return value.replace("\r\n", "\n") if "\r" in value else value


def _fault(name: str, value: str) -> str:
    if len(value) > MAX_CELL // 4 and (size := len(value.encode())) > MAX_CELL:
        return f"{name}: the cell has {size:,} bytes; at most {MAX_CELL:,} can be kept"
    if not value.isprintable() and _CONTROL.search(value):
        return f"{name}: holds a control character; only newline and tab are kept"
    return ""


def split_many(cell: str) -> list[str]:
    """The values of a cell of a field that may repeat."""
    values = [""]
    for part in _PART.findall(cell):
        if part == ";":
            values.append("")
        else:
            values[-1] += _ESCAPED.sub(r"\1", part)
    return values


def join_many(values: Sequence[str]) -> str:
    """The inverse of ``split_many``."""
    return ";".join(v.replace("\\", "\\\\").replace(";", "\\;") for v in values)


@contextmanager
def opened(source: str) -> Iterator[Sheet]:
    """The file of that path, or standard input for ``-``; what can't be read twice is copied.

    The copy has no name and is readable by its owner alone.
    """
    with _stream(source) as stream, sheet_of(stream) as sheet:
        yield sheet


@contextmanager
def sheet_of(stream: IO[bytes]) -> Iterator[Sheet]:
    before = csv.field_size_limit(MAX_RECORD)
    try:
        yield Sheet(stream)
    finally:
        csv.field_size_limit(before)


@contextmanager
def _stream(source: str) -> Iterator[IO[bytes]]:
    if source == "-":
        with _spooled(sys.stdin.buffer) as copy:
            yield copy
        return
    try:
        file = Path(source).open("rb")  # noqa: SIM115  # closed below; only the opening is reworded
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        raise Refused(f"the file to import can't be read: {why}") from None
    with file, nullcontext(file) if file.seekable() else _spooled(file) as stream:
        yield stream


@contextmanager
def _spooled(source: BinaryIO) -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(source, copy)
        yield copy
