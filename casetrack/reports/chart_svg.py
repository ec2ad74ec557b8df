"""The diagram as SVG: one file that fetches nothing, the same bytes for the same chart."""

from collections.abc import Iterator, Sequence
from math import sqrt
from typing import NamedTuple

from casetrack.reports.chart import Arrow, Chart, Line, Place
from casetrack.reports.layout import Layout, Route, lay_out
from casetrack.reports.lettering import Type, broken, wide
from casetrack.reports.rows import Link
from casetrack.reports.sinks import terminal, xml

_HEAD = Type(26.0, 32.0, 1.15)
_BOLD = Type(15.0, 18.0, 1.15)
_PLAIN = Type(12.5, 15.0)
_CODE = Type(11.0, 14.0)
_BOXES = (250.0, 320.0, 420.0, 540.0)
_LABEL = 0.5  # of a box
_PAD, _ICON = 9.0, 17.0
_EDGE = 28.0
_LEAST = 760.0
_KEY = (
    ("clock ours", "a clock of ours: what we must do"),
    ("clock theirs", "a clock of the other side, to be watched"),
    ("stay", "a step that leaves the state as it is"),
    ("leap", "a step that leads elsewhere, without an arrow"),
    ("back", "an arrow that leads back up"),
    ("path", "the path of the case, by the numbers of its steps"),
)
_STYLE = """
svg{font-family:Helvetica,Arial,"Liberation Sans",sans-serif;font-size:12.5px;background:#fff}
text{fill:#1b1b1b;white-space:pre}
.head{font-size:26px;font-weight:bold}
.bold{font-size:15px;font-weight:bold}
.code{font-size:11px;fill:#444}
.box{fill:#fff;stroke:#333;stroke-width:1.2}
.ring{fill:none;stroke:#333;stroke-width:1.2}
.seen{fill:#e3edf7;stroke:#174a7c;stroke-width:2}
.here{fill:#fdebc2;stroke:#7a4a00;stroke-width:3.5}
.ahead{stroke:#777}
.line{fill:none;stroke:#555;stroke-width:1.2}
.tip{fill:#555}
.back{stroke-dasharray:6 3}
.taken{stroke:#174a7c;stroke-width:3.5}
.tip.taken{fill:#174a7c;stroke-width:1}
.icon{fill:none;stroke:#333;stroke-width:1.1}
.ours{fill:#333}
.hands{fill:none;stroke:#333;stroke-width:1.1}
.ours+.hands{stroke:#fff}
.count{fill:#174a7c}
.number{fill:#fff;font-size:10px;font-weight:bold;text-anchor:middle}
@media print{svg{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
"""


class Written(NamedTuple):
    """A line of text: its class, itself, how far in, and what stands before it."""

    kind: str
    text: str
    type: Type
    indent: float = 0.0
    icon: str = ""


class Laid(NamedTuple):
    """What stands in each box and beside each arrow, and where."""

    room: float
    cards: dict[str, list[Written]]
    labels: list[list[Written]]
    layout: Layout


def render(chart: Chart) -> str:
    """The whole picture, with boxes of the width that makes it largest on a sheet of paper."""
    laid = min((_laid(chart, room) for room in _BOXES), key=_sheet)
    layout = laid.layout
    width = max(layout.width, _LEAST)
    head, foot = _head(chart, width), _foot(chart, width)
    top = 2 * _EDGE + _tall(head)
    left = _EDGE + (width - layout.width) / 2
    height = top + layout.height + _EDGE + _tall(foot) + _EDGE
    body = [
        *_texts(head, _EDGE, _EDGE),
        f'<g transform="translate({left:.1f} {top:.1f})">',
        *_arrows(chart.arrows, laid.labels, layout),
        *(line for place in chart.places for line in _box(place, laid)),
        "</g>",
        *_texts(foot, _EDGE, top + layout.height + _EDGE),
    ]
    return "\n".join([*_opening(chart, width + 2 * _EDGE, height), *body, "</svg>", ""])


def _laid(chart: Chart, room: float) -> Laid:
    cards = {place.name: _card(place, room) for place in chart.places}
    labels = [_label(arrow, room * _LABEL) for arrow in chart.arrows]
    links = [
        Link(origin=a.origin, to=a.to, label=_label_size(lines))
        for a, lines in zip(chart.arrows, labels, strict=True)
    ]
    boxes = {name: (room, _tall(lines) + 2 * _PAD) for name, lines in cards.items()}
    return Laid(room, cards, labels, lay_out(boxes, links, chart.initial))


def _sheet(laid: Laid) -> float:
    """How wide an upright sheet of paper has to be for it: the less, the larger the letters."""
    return max(laid.layout.width, laid.layout.height / sqrt(2))


def _label_size(lines: Sequence[Written]) -> tuple[float, float]:
    return max(wide(line.text, line.type) for line in lines), _tall(lines) + _PAD


def _opening(chart: Chart, width: float, height: float) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-labelledby="title desc">'
    )
    yield f'<title id="title">{xml(chart.title)}</title>'
    yield f'<desc id="desc">{xml(told(chart))}</desc>'
    yield f"<style>{_STYLE}@page{{size:{width:.0f}px {height:.0f}px;margin:0}}</style>"


def told(chart: Chart) -> str:
    """The picture in words, for who does not see it."""
    titles = {place.name: place.title for place in chart.places}
    kinds = {"initial": "begins here", "final": "ends here"}
    parts = [*chart.said]
    for place in chart.places:
        marks = [word for mark, word in kinds.items() if getattr(place, mark)]
        said = [line.text for line in place.lines]
        on = [
            f"{step.title}: {titles[arrow.to]}"
            for arrow in chart.arrows
            if arrow.origin == place.name
            for step in arrow.steps
        ]
        parts.append(f"{'; '.join([place.title, *marks, *said, *on])}.")
    return " ".join(parts)


def _card(place: Place, room: float) -> list[Written]:
    """What stands in a state's box."""
    room -= 2 * _PAD
    lines = [*_broken("bold", place.title, _BOLD, room), Written("code", place.name, _CODE)]
    return lines + [written for line in place.lines for written in _entry(line, room - _ICON)]


def _entry(line: Line, room: float) -> Iterator[Written]:
    icon = f"clock {'ours' if line.ours else 'theirs'}" if line.kind == "clock" else line.kind
    for number, text in enumerate(broken(terminal(line.text), _PLAIN, room)):
        yield Written("plain", text, _PLAIN, _ICON, "" if number else icon)


def _broken(kind: str, text: str, of: Type, room: float, indent: float = 0.0) -> list[Written]:
    return [Written(kind, part, of, indent) for part in broken(terminal(text), of, room)]


def _label(arrow: Arrow, room: float) -> list[Written]:
    """What stands beside an arrow."""
    lines: list[Written] = []
    for step in arrow.steps:
        lines += _broken("plain", step.numbers + step.title, _PLAIN, room)
        lines += _broken("code", step.name + step.checked, _CODE, room)
    return lines


def _tall(lines: Sequence[Written]) -> float:
    return sum(line.type.leading for line in lines)


def _head(chart: Chart, room: float) -> list[Written]:
    about = f"{chart.id}, edition {chart.edition}: {chart.standing}"
    return [
        *_broken("head", chart.title, _HEAD, room),
        *_broken("plain", about, _PLAIN, room),
        *_broken("plain", chart.caveat, _PLAIN, room),
        *(line for said in chart.said for line in _broken("bold", said, _BOLD, room)),
    ]


def _foot(chart: Chart, room: float) -> list[Written]:
    """What the signs mean."""
    shown = [(icon, text) for icon, text in _KEY if icon != "path" or chart.said]
    return [
        *(Written("plain", text, _PLAIN, _ICON + 16, icon) for icon, text in shown),
        *_broken(
            "plain",
            "In brackets: what is checked first. R: recalled, not seen in the text of the law. "
            "A state with a second line around it is final; the case begins below the dot.",
            _PLAIN,
            room,
        ),
    ]


def _texts(lines: Sequence[Written], x: float, y: float) -> Iterator[str]:
    for line in lines:
        middle = y + line.type.leading / 2
        if line.icon:
            yield _icon(line.icon, x + 5, middle)
        base = y + line.type.leading / 2 + line.type.size * 0.36
        yield (
            f'<text class="{line.kind}" x="{x + line.indent:.1f}" y="{base:.1f}">'
            f"{xml(line.text)}</text>"
        )
        y += line.type.leading


def _icon(kind: str, x: float, y: float) -> str:
    """A small sign with its middle there."""
    at = f"{x:.1f} {y:.1f}"
    match kind:
        case "stay":
            line = f"M{x + 3.5:.1f} {y - 2.5:.1f}a4.5 4.5 0 1 0 .8 3.4"
            return f'<path class="icon" d="{line}"/><path class="tip" d="M{at}m6.4 -5.2v5h-5z"/>'
        case "leap" | "every":
            return (
                f'<path class="icon" d="M{at}m-5 0h7"/><path class="tip" d="M{at}m6 0l-5 -3v6z"/>'
            )
        case "back":
            return f'<path class="line back" d="M{at}m-5 0h26"/>'
        case "path":
            return f'<path class="line taken" d="M{at}m-5 0h26"/>'
        case _:
            ours = kind.removeprefix("clock ")
            return (
                f'<circle class="icon {ours}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
                f'<path class="hands" d="M{at}m0 -3.2v3.2h2.6"/>'
            )


def _arrows(
    arrows: Sequence[Arrow], labels: Sequence[list[Written]], layout: Layout
) -> Iterator[str]:
    """Those taken last, so that they lie above the others."""
    drawn = sorted(zip(arrows, labels, layout.routes, strict=True), key=lambda one: one[0].taken)
    for arrow, lines, route in drawn:
        yield from _arrow(arrow, lines, route)


def _arrow(arrow: Arrow, lines: list[Written], route: Route) -> Iterator[str]:
    taken = " taken" if arrow.taken else ""
    back = " back" if route.back else ""
    yield f'<g class="arrow" id="{arrow.origin}-{arrow.to}">'
    yield f'<path class="line{back}{taken}" d="{route.path}"/>'
    yield f'<path class="tip{taken}" d="{route.head}"/>'
    yield from _texts(lines, *route.label)
    yield "</g>"


def _box(place: Place, laid: Laid) -> Iterator[str]:
    (x, y), room, lines = laid.layout.boxes[place.name], laid.room, laid.cards[place.name]
    tall = _tall(lines) + 2 * _PAD
    kind = "" if place.kind == "plain" else f" {place.kind}"
    yield f'<g class="state" id="{place.name}">'
    if place.initial:
        yield f'<circle class="tip" cx="{x + room / 2:.1f}" cy="{y - 12:.1f}" r="6"/>'
    if place.final:
        yield (
            f'<rect class="ring" x="{x - 4:.1f}" y="{y - 4:.1f}" width="{room + 8:.1f}" '
            f'height="{tall + 8:.1f}" rx="9"/>'
        )
    yield (
        f'<rect class="box{kind}" x="{x:.1f}" y="{y:.1f}" width="{room:.1f}" '
        f'height="{tall:.1f}" rx="6"/>'
    )
    yield from _texts(lines, x + _PAD, y + _PAD)
    yield "</g>"
