"""The rows of an import that were rejected, as they were and why: to be mended and imported."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from casetrack.errors import Refused
from casetrack.reports.sinks import csv_cell, csv_line, csv_uncell
from casetrack.service.files import new_private
from casetrack.service.rows import REJECTED_BECAUSE, Row


def beside(source: str) -> Path:
    """``FILE.rejected.csv`` for ``FILE.csv``."""
    if source == "-":
        raise Refused("say where rejected rows go with --rejected PATH; the input has no name")
    path = Path(source)
    if not path.name:
        raise Refused("that is no file to import")
    name = path.stem if path.suffix.lower() == ".csv" else path.name
    return path.with_name(f"{name}.rejected.csv")


class Rejects:
    """A file of rejected rows, open while an import runs; without any it is not left behind."""

    def __init__(self, path: Path | None, header: Sequence[str]) -> None:
        self._path = path
        self._header = header
        self._kept = [n for n, name in enumerate(header) if name != REJECTED_BECAUSE]
        self._stream: IO[str] | None = None
        self._any = False

    def __enter__(self) -> Self:
        if self._path is not None:
            self._stream = new_private(self._path)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._stream is not None and self._path is not None:
            self._stream.close()
            if not self._any:
                self._path.unlink(missing_ok=True)

    def take(self, rows: Iterable[Row], culprit: int, reason: str) -> None:
        """Write a case's rows; the reason stands on the row that is to blame."""
        if self._stream is None:
            return
        if not self._any:
            self._write([*(self._header[n] for n in self._kept), REJECTED_BECAUSE])
            self._any = True
        for row in rows:
            told = reason if row.number == culprit else f"row {culprit} of the case is rejected"
            cells = self._cells(row.cells)
            self._write([*cells, *[""] * (len(self._kept) - len(cells)), told])

    def _cells(self, cells: Sequence[str]) -> list[str]:
        beyond = range(len(self._header), len(cells))
        return [cells[n] for n in (*self._kept, *beyond) if n < len(cells)]

    def _write(self, cells: Iterable[str]) -> None:
        if self._stream is not None:
            self._stream.write(csv_line([csv_cell(csv_uncell(cell)) for cell in cells]))
