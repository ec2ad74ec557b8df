"""The reports of a daily run, each put in its place whole or not at all."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from casetrack.domain.docket import Docket
from casetrack.errors import CasetrackError
from casetrack.service.due import Filter
from casetrack.service.files import write_private
from casetrack.service.tracker import Tracker


def publish(
    tracker: Tracker, docket: Docket, folder: Path
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(the files written, what went wrong with the others); one failure keeps none from its place.

    The same docket gives the same bytes.
    """
    written, problems = [], []
    for name, render in _forms(tracker, docket).items():
        try:
            write_private(folder / name, render())
        except CasetrackError as error:
            problems.append(f"report {name}: {error.message}")
        except Exception as error:  # noqa: BLE001  # a template may fail in any way
            problems.append(f"report {name} can't be made: unexpected {type(error).__name__}")
        else:
            written.append(str(folder / name))
    return tuple(written), tuple(problems)


def _forms(tracker: Tracker, docket: Docket) -> Mapping[str, Callable[[], str]]:
    from casetrack.reports import data, html, ics, table, text
    from casetrack.service.agenda import agenda

    def calendar() -> str:
        return ics.render(agenda(tracker, Filter(within=docket.within)))

    return {
        "due.txt": lambda: "".join(f"{line.text}\n" for line in text.render(docket)),
        "due.html": lambda: html.render(docket),
        "due.csv": lambda: "".join(table.due(docket)),
        "due.json": lambda: json.dumps(data.due(docket), ensure_ascii=False) + "\n",
        "due.ics": calendar,
    }
