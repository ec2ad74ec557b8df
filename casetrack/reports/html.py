"""The due-soon report as one HTML file: nothing is fetched, nothing runs, every value is escaped.

It has the parts and the words of the text report, and a picture of each case.
"""

import base64
import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from casetrack.domain.docket import Docket, Doubt, Item
from casetrack.errors import Refused
from casetrack.reports import picture, words
from casetrack.reports.foot import Foot
from casetrack.reports.picture import Picture
from casetrack.reports.sections import Section, by_state, doubts, doubts_title, ordered, sections
from casetrack.reports.sinks import terminal
from casetrack.reports.text import details

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_DATE = re.compile(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b")
_TEMPLATES = Path(__file__).with_name("templates")


class Detail(Struct, frozen=True):
    """A label and what it says; ``code`` is for a command to type."""

    label: str
    values: tuple[str, ...]
    code: bool


class Line(Struct, frozen=True, kw_only=True):
    """A docket line in words; ``anchor`` names its case's picture."""

    item: Item
    anchor: str
    wrong: str
    details: tuple[Detail, ...]
    act_by: str
    left: str
    assignee: str
    notes: tuple[str, ...]


class Part(Struct, frozen=True, kw_only=True):
    key: str
    title: str
    urgent: bool
    lines: tuple[Line, ...]


class Question(Struct, frozen=True, kw_only=True):
    """A doubt in words; no ``anchor`` where its case has no picture."""

    doubt: Doubt
    anchor: str | None
    kind: str
    assignee: str
    remedy: str


def render(docket: Docket, foot: Foot | None = None) -> str:
    """One self-contained page, the same bytes for the same docket and foot."""
    anchors = _anchors(docket)
    return filled(
        "due.html.j2",
        day=words.minute(docket.as_of, docket.zone),
        practice=docket.practice,
        health=words.health(docket),
        parts=[_part(part, anchors) for part in sections(docket)],
        questions=list(_questions(docket, anchors)),
        questions_title=doubts_title(docket),
        pictures=list(_pictures(docket, anchors)),
        counts=by_state(docket),
        width=picture.WIDTH,
        foot=foot,
    )


def _anchors(docket: Docket) -> dict[str, str]:
    """A name for each case's picture, in the order of the pictures."""
    cases = dict.fromkeys(item.case for item in ordered(docket))
    return {case: f"case-{n}" for n, case in enumerate(cases, 1)}


def _pictures(docket: Docket, anchors: dict[str, str]) -> Iterator[tuple[str, Picture]]:
    of_case: dict[str, list[Item]] = {case: [] for case in anchors}
    for item in ordered(docket):
        of_case[item.case].append(item)
    for case, items in of_case.items():
        yield anchors[case], picture.draw(case, items, docket)


def _questions(docket: Docket, anchors: dict[str, str]) -> Iterator[Question]:
    for doubt in (doubt for some in doubts(docket).values() for doubt in some):
        yield Question(
            doubt=doubt,
            anchor=anchors.get(doubt.case),
            kind=words.DOUBTS[doubt.kind],
            assignee=doubt.assignee or words.NOBODY,
            remedy=words.remedy(doubt),
        )


def _part(part: Section, anchors: dict[str, str]) -> Part:
    lines = tuple(_line(item, anchors[item.case], urgent=part.urgent) for item in part.items)
    return Part(key=part.key, title=part.title, urgent=part.urgent, lines=lines)


def _line(item: Item, anchor: str, *, urgent: bool) -> Line:
    return Line(
        item=item,
        anchor=anchor,
        wrong=words.wrong(item) if urgent else "",
        details=tuple(_details(item)) if urgent else (),
        act_by=words.day(item.act_by),
        left=words.left(item),
        assignee=item.assignee or words.NOBODY,
        notes=tuple(_notes(item)),
    )


def _details(item: Item) -> Iterator[Detail]:
    """Values without a label of their own stand under the one before."""
    label, values = "", list[str]()
    for name, value in (*details(item), ("end", "")):
        if name and values:
            yield Detail(label, tuple(values), label == "type")
            values = []
        label = name or label
        values.append(value)


def _notes(item: Item) -> Iterator[str]:
    last = f"{words.last_label(item)} {words.last_moment(item)}"
    if not last.endswith(words.day(item.act_by)):
        yield last
    if item.unproven:
        yield "no proof of receipt"
    if item.finding:
        yield item.finding.upper()


def filled(template: str, *, sheets: tuple[str, ...] = ("style.css",), **values: object) -> str:
    """A template with its values, every one escaped, and with these style sheets alone."""
    from jinja2 import TemplateError
    from markupsafe import Markup

    style = "".join((_TEMPLATES / sheet).read_text("utf-8") for sheet in sheets)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    # The one text that is not escaped is ours; the policy lets no other style in.
    trusted = Markup(style)  # noqa: S704
    try:
        return (
            environment()
            .get_template(template)
            .render(style=trusted, style_digest=digest, **values)
        )
    except TemplateError as error:
        why = f"{type(error).__name__}: {error.message}"
        raise Refused(f"the report's template {template} cannot be used: {why}") from error


@lru_cache(maxsize=1)
def environment() -> "Environment":
    """Made once: a template is compiled when it is first used."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["days"] = _unbroken
    return made


def _shown(value: object) -> object:
    """Control and bidirectional characters as what they are; the rest is autoescape's."""
    return terminal(value) if type(value) is str else value


def _unbroken(text: str) -> "Markup":
    """Escaped, and no line breaks within a date."""
    from markupsafe import Markup, escape

    # Only digits and hyphens of an escaped text are put into the mark.
    return Markup(_DATE.sub(r'<span class="date">\g<0></span>', str(escape(terminal(text)))))  # noqa: S704
