"""The due-soon report as a Markdown document: a heading and a table for each part."""

import re
from collections.abc import Callable, Iterable, Iterator

from casetrack.domain.docket import Docket, Doubt, Item
from casetrack.reports import words
from casetrack.reports.sections import Section, by_state, doubts, doubts_title, sections
from casetrack.reports.sinks import markdown

Column = tuple[str, Callable[[Item], str]]

_PLAIN_COMMAND = re.compile(r'[A-Za-z0-9 ._="-]+')


def render(docket: Docket) -> str:
    """The same parts, order and words as the text."""
    shown = any(item.patient is not None for item in docket.items)
    blocks = ["# Due soon", markdown(words.health(docket))]
    for part in sections(docket):
        blocks += (f"## {markdown(part.title)}", _table(part, patients=shown))
    if docket.doubts:
        blocks += (f"## {markdown(doubts_title(docket))}", _doubts(docket))
    if counts := _counts(docket):
        blocks += ("## Open cases by state and assignee", counts)
    return "\n\n".join(blocks) + "\n"


def _table(part: Section, *, patients: bool) -> str:
    columns = [*(_URGENT if part.urgent else _ROW), _DO if part.key == "act" else _CALL]
    if patients:
        columns.append(_PATIENT)
    heads = [name for name, _ in columns]
    return grid(heads, ([cell(item) for _, cell in columns] for item in part.items))


def grid(heads: list[str], rows: Iterable[list[str]]) -> str:
    return "\n".join((_line(heads), _line(["---"] * len(heads)), *map(_line, rows)))


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(of: Callable[[Item], str | None]) -> Callable[[Item], str]:
    return lambda item: markdown(of(item) or "")


def _title(item: Item) -> str:
    return f"{item.title}; {item.finding.upper()}" if item.finding else item.title


def _last(item: Item) -> str:
    return f"{words.last_label(item)} {words.last_moment(item)}"


def _do(item: Item) -> str:
    typed, others = words.command(item)
    code = f"`{typed}`" if _PLAIN_COMMAND.fullmatch(typed) else markdown(typed)
    return f"{code}, also possible: {markdown(', '.join(others))}" if others else code


def _last_and_source(item: Item) -> str:
    stated = f"; letter says {words.day(item.stated_due_on)}" if item.stated_due_on else ""
    return f"{_last(item)}, {words.recalled(item.source, item.evidence)}{stated}"


def _state(item: Item) -> str:
    return f"{item.state}, no proof of receipt" if item.unproven else item.state


_SUBJECT: tuple[Column, ...] = (
    ("Case", _text(lambda item: item.case)),
    ("Deadline", _text(_title)),
    ("State", _text(_state)),
    ("Assignee", _text(lambda item: item.assignee or words.NOBODY)),
)
_ACT_BY: Column = ("Act by", _text(lambda item: words.day(item.act_by)))
_DO: Column = ("Type", _do)
_CALL: Column = ("Call", _text(lambda item: item.contact))
_PATIENT: Column = ("Patient", _text(lambda item: item.patient))
_LAW: Column = ("Law", _text(words.law))
_URGENT: tuple[Column, ...] = (
    ("What is wrong", _text(words.wrong)),
    *_SUBJECT,
    _ACT_BY,
    ("Last day", _text(_last_and_source)),
    _LAW,
)
_ROW: tuple[Column, ...] = (
    _ACT_BY,
    ("Left", _text(words.left)),
    *_SUBJECT,
    ("Last day", _text(_last)),
    _LAW,
)


def _doubts(docket: Docket) -> str:
    rows = [_doubt(doubt) for some in doubts(docket).values() for doubt in some]
    return grid(["Doubt", "Case", "Deadline", "State", "Assignee", "What is in doubt"], rows)


def _doubt(doubt: Doubt) -> list[str]:
    typed = words.remedy(doubt)
    code = f"; `{typed}`" if _PLAIN_COMMAND.fullmatch(typed) else f"; {markdown(typed)}"
    cells = (
        words.DOUBTS[doubt.kind], doubt.case, doubt.title or "", doubt.state,
        doubt.assignee or words.NOBODY, doubt.detail,
    )  # fmt: skip
    *most, last = map(markdown, cells)
    return [*most, last + (code if typed else "")]


def _counts(docket: Docket) -> str:
    rows = list(_count_rows(docket))
    return grid(["State", "Cases", "Assignees"], rows) if rows else ""


def _count_rows(docket: Docket) -> Iterator[list[str]]:
    for state, n, whose in by_state(docket):
        yield [markdown(state), str(n), markdown(whose)]
