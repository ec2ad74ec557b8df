"""The cover sheet as a Markdown document: the parts, order and words of the text."""

from collections.abc import Iterable, Iterator

from casetrack.reports import cover_words as said
from casetrack.reports import words
from casetrack.reports.cover import FORMER, Cover
from casetrack.reports.cover_parts import Requirement
from casetrack.reports.markdown import grid
from casetrack.reports.sinks import markdown

_LACKS = ["Status", "Name", "What is said of it"]
_DATED = ["Dated", "On file"]


def render(cover: Cover) -> str:
    """What is missing stands first."""
    return _joined(_blocks(cover)) + "\n"


def _blocks(cover: Cover) -> Iterator[str]:
    yield f"# {markdown(f'{cover.case}: {said.title(cover)}')}"
    yield markdown(said.health(cover))
    yield markdown(said.under(cover))
    if cover.patient is not None:
        yield markdown(f"patient {cover.patient}")
    lacks = [(x.status, x.name, x.said) for x in said.lacks(cover)]
    yield f"## Missing ({len(lacks)})" if lacks else "## Missing: nothing"
    yield _table(_LACKS, lacks)
    dated = [(words.day(line.act_by), said.due(line)) for line in cover.deadlines]
    yield from _section("Goes out by", _table(["Act by", "Deadline"], dated))
    yield from _section("To", _table(["Whom", "How"], said.to(cover)))
    yield from _section("Reasons to answer", _joined(_refusals(cover)))
    yield from _section("Requirements", _joined(_requirements(cover)))
    yield from _section(FORMER, _table(["Item", "On file"], said.former(cover)))
    yield from _section("Rules", _list(map(said.ruled, cover.rules)))
    yield from _section("Open items", _list(cover.open_items))


def _joined(blocks: Iterable[str]) -> str:
    return "\n\n".join(filter(None, blocks))


def _section(title: str, body: str) -> Iterator[str]:
    if body:
        yield from (f"## {title}", body)


def _table(heads: list[str], rows: Iterable[tuple[str, ...]]) -> str:
    cells = [[markdown(cell) for cell in one] for one in rows]
    return grid(heads, cells) if cells else ""


def _list(texts: Iterable[str]) -> str:
    return "\n".join(f"- {markdown(text)}" for text in texts)


def _refusals(cover: Cover) -> Iterator[str]:
    for one in cover.refusals:
        on = f"{words.day(one.on)}: " if one.on else ""
        yield f"### {markdown(on + said.refused(one))}"
        yield _list(said.values(one.values, cover.workflow.zone))
        yield _table(["Reason", "Answer"], [(p.code, said.answers(p)) for p in one.points])


def _requirements(cover: Cover) -> Iterator[str]:
    for one in cover.requirements:
        yield from _requirement(one, cover.workflow.zone)


def _requirement(one: Requirement, zone: str) -> Iterator[str]:
    yield f"### {markdown(f'{one.title} ({one.group}, {one.item}): {said.standing(one)}')}"
    several = len(one.papers) > 1
    yield _table(
        _DATED, [(words.day(p.on), said.paper(p, zone, several=several)) for p in one.papers]
    )
