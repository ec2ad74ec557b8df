"""The cover sheet as plain lines of at most 100 columns."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from casetrack.reports import cover_words as said
from casetrack.reports import words
from casetrack.reports.cover import FORMER, Cover
from casetrack.reports.cover_parts import Requirement
from casetrack.reports.lines import Line, column, row, toned
from casetrack.reports.sinks import terminal

_DATE = len("Thu 2026-12-03")
_MOST = 26  # columns for a name before the rest of the line moves below


def render(cover: Cover) -> list[Line]:
    """What is missing stands first."""
    return [
        *_head(cover),
        *_missing(cover),
        *_section("Goes out by", _deadlines(cover)),
        *_section("To", _table(said.to(cover))),
        *_section("Reasons to answer", _refusals(cover)),
        *_section("Requirements", _requirements(cover)),
        *_section(FORMER, _table(said.former(cover))),
        *_section("Rules", (x for rule in cover.rules for x in _row([], said.ruled(rule)))),
        *_section("Open items", (text for item in cover.open_items for text in _row([], item))),
    ]


def _head(cover: Cover) -> Iterator[Line]:
    yield from toned(_row([], f"{cover.case}: {said.title(cover)}", 0), "head")
    yield from toned(_row([], said.health(cover)), "good" if cover.ready else "bad")
    yield from toned(_row([], said.under(cover)))
    if cover.patient is not None:
        yield from toned(_row([], f"patient {cover.patient}"))


def _missing(cover: Cover) -> Iterator[Line]:
    lacks = said.lacks(cover)
    yield from (Line(""), Line(f"Missing ({len(lacks)})" if lacks else "Missing: nothing", "head"))
    wide = column([terminal(lack.name) for lack in lacks], _MOST)
    for lack in lacks:
        cells = [(lack.status, len("unanswered")), (terminal(lack.name), wide)]
        yield from toned(row(cells, terminal(lack.said)), "bad" if lack.blocking else "warn")


def _section(title: str, texts: Iterable[str]) -> Iterator[Line]:
    lines = toned(list(texts))
    if lines:
        yield from (Line(""), Line(title, "head"), *lines)


def _row(cells: list[tuple[str, int]], rest: str, indent: int = 2) -> list[str]:
    return row([(terminal(text), wide) for text, wide in cells], terminal(rest), indent)


def _table(rows: list[tuple[str, str]]) -> Iterator[str]:
    wide = column([terminal(name) for name, _ in rows], _MOST)
    for name, rest in rows:
        yield from _row([(name, wide)], rest)


def _deadlines(cover: Cover) -> Iterator[str]:
    for line in cover.deadlines:
        yield from _row([(words.day(line.act_by), _DATE)], said.due(line))


def _refusals(cover: Cover) -> Iterator[str]:
    zone = cover.workflow.zone
    for one in cover.refusals:
        on = words.day(one.on) if one.on else ""
        yield from _row([(on, _DATE)], said.refused(one))
        yield from _row([], ", ".join(said.values(one.values, zone)), 4 + _DATE)
        for point in one.points:
            yield from _row([(point.code, _MOST)], said.answers(point), 4)


def _requirements(cover: Cover) -> Iterator[str]:
    for group, some in groupby(cover.requirements, lambda one: one.group):
        yield from _row([], group)
        for one in some:
            yield from _requirement(one, cover.workflow.zone)


def _requirement(one: Requirement, zone: str) -> Iterator[str]:
    yield from _row([(one.item, _MOST)], f"{one.title}: {said.standing(one)}", 4)
    for paper in one.papers:
        told = said.paper(paper, zone, several=len(one.papers) > 1)
        yield from _row([(words.day(paper.on), _DATE)], told, 6)
