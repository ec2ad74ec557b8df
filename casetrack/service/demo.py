"""A practice ledger's cases: invented, dated relative to today, in every state and every trouble.

They come from ``demo.csv``, an import file but for instants such as ``-2d 15:00``, which are set
to that day's wall time in the workflow's zone.
"""

import csv
import io
import re
from importlib.resources import files

from casetrack.domain import dates
from casetrack.errors import Refused
from casetrack.reports.sinks import csv_line
from casetrack.service.importing import Outcome, import_sheet
from casetrack.service.rows import sheet_of
from casetrack.service.tracker import DEFAULT_WORKFLOW, Tracker

_MOMENT = re.compile(r"(-[0-9]{1,4}d) ([0-9]{2}:[0-9]{2})", re.ASCII)


def fill(tracker: Tracker) -> Outcome:
    """Import the shipped cases; a real ledger and one with cases are refused."""
    if not tracker.ledger.practice:
        raise Refused(
            "this is a real ledger, and the demo's cases are invented; "
            "give another --db, where a practice ledger will be made"
        )
    if tracker.ledger.stats().cases:
        raise Refused("this practice ledger holds cases already; give another --db")
    with sheet_of(io.BytesIO(_dated(tracker).encode())) as sheet:
        return import_sheet(tracker, sheet)


def _dated(tracker: Tracker) -> str:
    text = files("casetrack.service").joinpath("demo.csv").read_text("utf-8")
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    return "".join(csv_line([_cell(cell, tracker) for cell in row]) for row in rows)


def _cell(cell: str, tracker: Tracker) -> str:
    found = _MOMENT.fullmatch(cell)
    if found is None:
        return cell
    workflow, _, _ = tracker.desk.definitions.current(DEFAULT_WORKFLOW)
    reader = tracker.desk.reader(workflow)
    day = dates.parse_date(found[1], reader.today, reader.business)
    return dates.instant_text(dates.parse_instant(f"{day}T{found[2]}", workflow.zone))
