"""One case as a page."""

from casetrack.reports.past import Told


def render(told: Told) -> str:
    return told.name
