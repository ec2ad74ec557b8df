"""The cover sheet as one HTML file, to print: nothing is fetched or run, every value is escaped."""

from itertools import groupby

from casetrack.reports import cover_words as said
from casetrack.reports import html, words
from casetrack.reports.cover import FORMER, Cover
from casetrack.reports.cover_parts import Requirement


def render(cover: Cover) -> str:
    """One self-contained page, the same bytes for the same sheet."""
    return html.filled(
        "cover.html.j2",
        sheets=("style.css", "cover.css"),
        cover=cover,
        said=said,
        words=words,
        former=FORMER,
        zone=cover.workflow.zone,
        ruled=[said.ruled(rule) for rule in cover.rules],
        lacks=said.lacks(cover),
        groups=[(name, list(some)) for name, some in groupby(cover.requirements, _group)],
    )


def _group(one: Requirement) -> str:
    return one.group
