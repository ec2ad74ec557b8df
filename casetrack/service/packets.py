"""A packet as a small CSV: one row for each item, with the columns item, on, file and fields."""

import csv
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from casetrack.errors import Refused, Unparsable
from casetrack.reports.sinks import csv_uncell
from casetrack.service.desk import TODAY, Recording, When
from casetrack.service.evidence import evidence_file
from casetrack.service.tracker import Tracker

LIMIT = 1 << 20
RESERVED = ("item", "on", "file")


def read_packet(source: str) -> list[Recording]:
    """The recordings of a file, or of standard input for ``-``; files are found beside it."""
    text = _text(source)
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    names = rows.fieldnames or ()
    if "item" not in names:
        raise Unparsable("a packet needs the columns item, on, file and the fields' names")
    if len(set(names)) < len(names):
        raise Unparsable("a column of the packet stands twice")
    folder = Path() if source == "-" else Path(source).parent
    recordings = list(_recordings(rows, folder))
    if not recordings:
        raise Refused("the packet holds no rows")
    return recordings


def undated(tracker: Tracker, case_id: str, recordings: Sequence[Recording]) -> list[str]:
    """The items whose age is looked at and whose evidence would take today's date unasked."""
    items = tracker.workflow_of(tracker.case(case_id)).items
    aging = {name for name, item in items.items() if item.fresh}
    return [r.item for r in recordings if r.item in aging and r.when == TODAY]


def _text(source: str) -> str:
    try:
        raw = sys.stdin.buffer.read(LIMIT + 1) if source == "-" else _head(Path(source))
    except OSError as error:
        raise Refused(f"the packet can't be read: {(error.strerror or '').lower()}") from None
    if len(raw) > LIMIT:
        raise Refused(f"the packet is over {LIMIT} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unparsable("the packet is not UTF-8 text; save it as CSV UTF-8") from None


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(LIMIT + 1)


def _recordings(rows: "csv.DictReader[str]", folder: Path) -> Iterator[Recording]:
    try:
        for row in rows:
            yield _recording(row, rows.line_num, folder)
    except csv.Error:
        raise Unparsable(f"line {rows.line_num} of the packet is not well-formed CSV") from None


def _recording(row: Mapping[str | None, str | None], line: int, folder: Path) -> Recording:
    if None in row or None in row.values():
        raise Unparsable(f"line {line} of the packet has more or fewer cells than the header")
    cells = {str(name): csv_uncell(cell or "") for name, cell in row.items()}
    pairs = tuple((n, v) for n, v in cells.items() if n not in RESERVED and v)
    file = cells.get("file")
    return Recording(
        item=cells["item"],
        when=When(on=cells.get("on") or None),
        pairs=pairs,
        file=evidence_file(folder / file) if file else None,
    )
