"""The due-soon report as CSV: one line for each of the docket, safe in a spreadsheet."""

from collections.abc import Iterator
from functools import lru_cache
from operator import attrgetter

from casetrack.domain.docket import Docket
from casetrack.reports.data import FIELDS
from casetrack.reports.sections import ordered
from casetrack.reports.sinks import csv_cell, csv_line, csv_quoted, terminal


def due(docket: Docket) -> Iterator[str]:
    """The header, then a line each; the ``patient`` column is there if any line names one."""
    shown = any(line.patient is not None for line in docket.items)
    fields = [name for name in FIELDS if shown or name != "patient"]
    yield csv_line(fields)
    own = fields.index("title")  # what comes before it is seldom alike in two lines
    first, rest = attrgetter(*fields[:own]), attrgetter(*fields[own:])
    for line in ordered(docket):
        yield f"{','.join(map(_cell, first(line)))},{_cells(rest(line))}\n"


@lru_cache(maxsize=4096)
def _cells(values: tuple[object, ...]) -> str:
    return ",".join(map(_cell, values))


@lru_cache(maxsize=4096, typed=True)
def _cell(value: object) -> str:
    """Ready to stand in the line; most cells of a report are those of the line above."""
    return csv_quoted(_text(value))


def _text(value: object) -> str:
    """Text, a list joined by ``;``, a number as it is; null is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return csv_cell(terminal(";".join(value) if isinstance(value, tuple) else str(value)))
