"""The diagram in two languages that other programs draw: Mermaid and DOT."""

from collections.abc import Iterator

from casetrack.reports.chart import Arrow, Chart, Place, Step
from casetrack.reports.sinks import dot as quoted
from casetrack.reports.sinks import mermaid as safe

_STYLES = {
    "seen": ("fill:#e3edf7,stroke:#174a7c", 'style="rounded,filled" fillcolor="#e3edf7"'),
    "here": (
        "fill:#fdebc2,stroke:#7a4a00,stroke-width:3px",
        'style="rounded,filled" fillcolor="#fdebc2" penwidth=3',
    ),
}


def mermaid(chart: Chart) -> str:
    """A ``stateDiagram-v2``; each name gets ``s_`` before it, since Mermaid has its own words."""
    return "\n".join([*_mermaid(chart), ""])


def _mermaid(chart: Chart) -> Iterator[str]:
    yield "stateDiagram-v2"
    yield f"    accTitle: {safe(chart.title)}"
    yield f"    accDescr: {safe(_about(chart))}"
    for place in chart.places:
        yield f'    state "{safe(place.title)}" as s_{place.name}'
        if place.initial:
            yield f"    [*] --> s_{place.name}"
    for arrow in chart.arrows:
        steps = safe("; ".join(map(_step, arrow.steps)))
        yield f"    s_{arrow.origin} --> s_{arrow.to} : {steps}"
    for place in chart.places:
        if place.final:
            yield f"    s_{place.name} --> [*]"
        yield from _note(place)
    for kind, (style, _) in _STYLES.items():
        named = [f"s_{place.name}" for place in chart.places if place.kind == kind]
        if named:
            yield f"    classDef {kind} {style}"
            yield f"    class {','.join(named)} {kind}"


def _note(place: Place) -> Iterator[str]:
    if place.lines:
        yield f"    note right of s_{place.name}"
        yield from (f"        {safe(line.text)}" for line in place.lines)
        yield "    end note"


def _about(chart: Chart) -> str:
    head = f"{chart.id}, edition {chart.edition}: {chart.standing}"
    return " ".join([f"{head}.", *chart.said] if chart.said else [head])


def _step(step: Step) -> str:
    return f"{step.numbers}{step.title} ({step.name}){step.checked}"


def dot(chart: Chart) -> str:
    """A directed graph for Graphviz and its like."""
    return "\n".join(["digraph workflow {", *(f"    {line};" for line in _dot(chart)), "}", ""])


def _dot(chart: Chart) -> Iterator[str]:
    title = "\n".join([chart.title, _about(chart)])
    yield f"graph [label={quoted(title)} labelloc=t fontname=Helvetica]"
    yield 'node [shape=box style="rounded" fontname=Helvetica fontsize=11]'
    yield "edge [fontname=Helvetica fontsize=10]"
    yield '"" [shape=point width=0.15]'
    yield f'"" -> {quoted(chart.initial)}'
    for place in chart.places:
        yield f"{quoted(place.name)} [{_box(place)}]"
    for arrow in chart.arrows:
        ends = f"{quoted(arrow.origin)} -> {quoted(arrow.to)}"
        yield f"{ends} [{_edge(arrow)}]"


def _box(place: Place) -> str:
    label = quoted("\n".join([place.title, *(line.text for line in place.lines)]))
    marks = ["peripheries=2"] if place.final else []
    marks += [_STYLES[place.kind][1]] if place.kind in _STYLES else []
    return " ".join([f"label={label}", *marks])


def _edge(arrow: Arrow) -> str:
    label = quoted("\n".join(map(_step, arrow.steps)))
    return f"label={label}{' penwidth=3' if arrow.taken else ''}"
