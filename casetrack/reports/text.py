"""The due-soon report as plain lines of at most 100 columns."""

from collections.abc import Iterator, Sequence

from casetrack.domain.docket import Docket, Doubt, Item
from casetrack.reports import words
from casetrack.reports.lines import Line, Tone, column, labelled, row, toned
from casetrack.reports.sections import Section, by_state, doubts, doubts_title, sections
from casetrack.reports.sinks import terminal

__all__ = ["Line", "render"]

_DATE = len("Thu 2026-12-03")
_LEFT = len("tolled")
_MOST = 14  # columns for a case or an assignee before the rest of the line moves below


def render(docket: Docket) -> list[Line]:
    """What to do first stands first; a part that is empty is left out."""
    parts = sections(docket)
    health = row([], terminal(words.health(docket)), indent=0)
    lines = toned(health, _health_tone(docket, parts))
    for part in parts:
        lines += (Line(""), Line(terminal(part.title), "head"))
        lines += _urgent(part) if part.urgent else _rows(part.items)
    return [*lines, *_doubts(docket), *_counts(docket)]


def _health_tone(docket: Docket, parts: Sequence[Section]) -> Tone:
    if any(part.urgent for part in parts):
        return "bad"
    return "warn" if docket.practice or parts or docket.doubts else "good"


def _urgent(part: Section) -> Iterator[Line]:
    for item in part.items:
        grave = item.status == "overdue" or part.key == "late"
        yield from toned(row([], terminal(words.wrong(item))), "bad" if grave else "warn")
        case = terminal(item.case)
        yield from toned(row([(case, column([case], _MOST))], _who(item), indent=4))
        for label, value in details(item):
            yield from toned(labelled(label, terminal(value)))


def _who(item: Item) -> str:
    return terminal(f"{item.title} ({item.state}), {item.assignee or words.NOBODY}{_patient(item)}")


def _patient(item: Item) -> str:
    return "" if item.patient is None else f", patient {item.patient}"


def details(item: Item) -> Iterator[tuple[str, str]]:
    """The days, their sources, and what to do, each with its label."""
    ours = item.owner == "provider"
    yield "act by" if ours else "chase from", words.day(item.act_by)
    source = words.recalled(item.source, item.evidence)
    yield words.last_label(item), f"{words.last_moment(item)}, {source}"
    if item.stated_due_on is not None:
        yield "letter says", words.day(item.stated_due_on)
    if (law := words.law(item)) is not None:
        yield "law", law
    if item.finding:
        yield "finding", item.finding
    if item.unproven:
        yield "unproven", "filed, no proof of receipt"
    usable = item.opens and item.status == "act_now"
    yield from _ours(item) if ours or usable else _theirs(item)


def _ours(item: Item) -> Iterator[tuple[str, str]]:
    typed, others = words.command(item)
    yield "type", typed
    if others:
        yield "", f"also possible: {', '.join(others)}"
    if item.contact:
        yield "call", item.contact


def _theirs(item: Item) -> Iterator[tuple[str, str]]:
    yield "call", item.contact or "nobody is named in the workflow"


def _rows(items: Sequence[Item]) -> Iterator[Line]:
    cases = [terminal(item.case) for item in items]
    people = [terminal(item.assignee or words.NOBODY) for item in items]
    wide, wider = column(cases, _MOST), column(people, _MOST)
    for item, case, person in zip(items, cases, people, strict=True):
        cells = [
            (words.day(item.act_by), _DATE),
            (f"{words.left(item):>{_LEFT}}", _LEFT),
            (case, wide),
            (person, wider),
        ]
        yield from toned(row(cells, terminal(_what(item))))


def _what(item: Item) -> str:
    last = f"{words.last_label(item)} {words.last_moment(item)}"
    same = last.endswith(words.day(item.act_by))
    unproven = "; no proof of receipt" if item.unproven else ""
    finding = f"; {item.finding.upper()}" if item.finding else ""
    shown = "" if same else f"; {last}"
    return f"{item.title} ({item.state}){shown}{unproven}{finding}{_patient(item)}"


def _doubts(docket: Docket) -> Iterator[Line]:
    found = doubts(docket)
    if found:
        yield from (Line(""), Line(doubts_title(docket), "head"))
    for kind, some in found.items():
        label = words.DOUBTS[kind]
        if some[0].deadline is None:
            yield from toned(labelled(label, terminal(words.named(some)), indent=2), "warn")
            continue
        for doubt in some:
            yield from toned(labelled(label, terminal(_doubt(doubt)), indent=2), "warn")


def _doubt(doubt: Doubt) -> str:
    whose = doubt.assignee or words.NOBODY
    what = f"{doubt.case}, {doubt.title} ({doubt.state}), {whose}: {doubt.detail}"
    typed = words.remedy(doubt)
    return f"{what}; type: {typed}" if typed else what


def _counts(docket: Docket) -> Iterator[Line]:
    counts = by_state(docket)
    if counts:
        yield from (Line(""), Line("Open cases by state and assignee", "head"))
    wide = column([terminal(state) for state, _, _ in counts], 20)
    most = column([str(n) for _, n, _ in counts], 9)
    for state, n, whose in counts:
        cells = [(terminal(state), wide), (f"{n:>{most}}", most)]
        yield from toned(row(cells, terminal(whose)), "dim")
