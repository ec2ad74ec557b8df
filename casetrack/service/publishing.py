"""The reports of a daily run, each put in its place whole or not at all."""

from collections.abc import Callable, Mapping
from pathlib import Path

from casetrack.domain.docket import Docket
from casetrack.errors import CasetrackError
from casetrack.reports.foot import Foot
from casetrack.service.due import Filter
from casetrack.service.files import write_private
from casetrack.service.tracker import Tracker


def publish(
    tracker: Tracker, docket: Docket, folder: Path, foot: Foot | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(the files written, what went wrong with the others); one failure keeps none from its place.

    The same docket and foot give the same bytes.
    """
    written, problems = [], []
    for name, render in _forms(tracker, docket, foot).items():
        try:
            write_private(folder / name, render())
        except CasetrackError as error:
            problems.append(f"report {name}: {error.message}")
        except Exception as error:  # noqa: BLE001  # a template may fail in any way
            problems.append(f"report {name} can't be made: unexpected {type(error).__name__}")
        else:
            written.append(str(folder / name))
    return tuple(written), tuple(problems)


def _forms(tracker: Tracker, docket: Docket, foot: Foot | None) -> Mapping[str, Callable[[], str]]:
    from casetrack.reports import data, html, ics, table, text
    from casetrack.reports.foot import lines
    from casetrack.service.agenda import agenda

    def calendar() -> str:
        return ics.render(agenda(tracker, Filter(within=docket.within)))

    def plain() -> str:
        below = lines(foot) if foot else ()
        return "".join(f"{line.text}\n" for line in (*text.render(docket), *below))

    return {
        "due.txt": plain,
        "due.html": lambda: html.render(docket, foot),
        "due.csv": lambda: "".join(table.due(docket)),
        "due.json": lambda: data.due(docket),
        "due.ics": calendar,
    }
