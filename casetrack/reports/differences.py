"""Two workflows side by side, clock by clock, for a person at 100 columns and as data."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from msgspec import to_builtins

from casetrack.domain.comparing import Pair, Safe
from casetrack.domain.workflow import Clock, Move, Workflow
from casetrack.reports import handbook_order as order
from casetrack.reports import handbook_words as words
from casetrack.reports.lines import COLUMNS, Line, Tone, column, pad, wrap
from casetrack.reports.sinks import terminal

Sides = tuple[Workflow, Workflow]
Row = tuple[str, str, str]

LABEL, WIDEST = 14, 24
NONE, ALIKE = "-", "the same"


def lines(
    a: Workflow, b: Workflow, pairs: Sequence[Pair], office: Safe | None = None
) -> list[Line]:
    """What differs; of a clock that only one side has, all of it.

    ``office``: by whose own closing days we act no later.
    """
    sections = (
        [*_head(a, b), *_office(office, (a, b))],
        *(_clock(pair, (a, b)) for pair in _ordered(pairs, (a, b))),
        _section("triggers", _different(_moves(a), _moves(b))),
        _section("states", _different(_titles(a.states), _titles(b.states))),
        _section("requirements", _different(_titles(a.items), _titles(b.items))),
    )
    return [line for section in sections if section for line in (*section, Line(""))][:-1]


def _head(a: Workflow, b: Workflow) -> list[Line]:
    rows = [
        (label, getattr(a, label), getattr(b, label))
        for label in ("title", "edition", "standing", "zone", "calendar", "caveat")
    ]
    if a.office or b.office:
        rows.insert(-1, ("office", a.office or "none", b.office or "none"))
    return [*_rows([("", a.id, b.id)], "head"), *_rows(rows)]


def _office(safe: Safe | None, sides: Sides) -> list[Line]:
    match safe:
        case None:
            return []
        case "a" | "b":
            said = f"{sides[safe == 'b'].id}: we never act later by it"
        case "same":
            said = "either: both are closed on the same days"
        case "depends":
            said = "neither always: each is closed on days of its own"
    return _rows([("safe office", said, "")], "good")


def _ordered(pairs: Sequence[Pair], sides: Sides) -> list[Pair]:
    """As a case goes by the first side, then what only the other has."""
    names = list(dict.fromkeys(name for w in sides for name, _ in order.clocks(w)))
    return sorted(pairs, key=lambda pair: names.index(pair.name))


def _section(title: str, rows: Sequence[Row]) -> list[Line]:
    room = column([label for label, _, _ in rows], WIDEST)
    return [Line(title.upper(), "head"), *_rows(rows, room=room)] if rows else []


def _clock(pair: Pair, sides: Sides) -> list[Line]:
    rows = _different(dict(_facts(pair.a)), dict(_facts(pair.b)))
    return [
        Line(terminal(pair.name), "head"),
        *_rows(rows),
        *_rows([(label, text, "") for label, text in _safe(pair, sides)], "good"),
    ]


def _safe(pair: Pair, sides: Sides) -> Iterator[tuple[str, str]]:
    """Which side to go by, for the rule itself and for its expedited hours."""
    for label, safe in (("safe", pair.safe), ("if expedited", pair.safe_expedited)):
        if safe is not None:
            shown = "" if label != "safe" or not _receipts(pair) else ", receipt not shown"
            yield label, _said(safe, sides) + shown


def _receipts(pair: Pair) -> bool:
    """Whether a receipt, shown, would move the last day of either side."""
    return any(clock and clock.presumed_from is not None for clock in (pair.a, pair.b))


def _said(safe: Safe, sides: Sides) -> str:
    match safe:
        case "a" | "b":
            return f"{sides[safe == 'b'].id}: it never ends later"
        case "same":
            return "either: both end together"
        case "depends":
            return "neither always: count both"


def _facts(clock: Clock | None) -> Iterator[tuple[str, str]]:
    if clock is None:
        return
    yield "title", clock.title
    yield "owner", f"{clock.owner}, {clock.kind}"
    for field, codes in (clock.armed_if or {}).items():
        yield "only if", f"{field} is {words.either(codes)}"
    yield from _count(clock)
    if clock.opens:
        yield "opens", "a right, once it has passed"
    yield "source", words.sourced(clock.source, clock.evidence)
    yield "caveat", clock.caveat
    for version in clock.versions:
        counted = f"counts from {version.counts_from}: " if version.counts_from else ""
        yield f"from {version.since}", f"{counted}{version.caveat} {version.source}"
    if clock.law is not None:
        length = f"{clock.law.length}, " if clock.law.length else ""
        yield "law", f"{length}{words.sourced(clock.law.source, clock.law.evidence)}"


def _count(clock: Clock) -> Iterator[tuple[str, str]]:
    if clock.length is not None or clock.expedited_only:
        yield "counts from", words.counts_from(clock)
    if clock.presumed_from is not None:
        days = max((clock.presumed_days, *(v.presumed_days or 0 for v in clock.versions)))
        yield "not shown", words.presumption(days, clock.presumed_from)
    if clock.until is not None:
        yield "until", clock.until
    if clock.length is not None:
        yield "length", words.length(clock.length)
    if clock.expedited is not None:
        yield "expedited", words.length(clock.expedited)
    if clock.roll_calendar is not None:
        yield "roll", f"{clock.roll} by {clock.roll_calendar}"


def _different(a: Mapping[str, str], b: Mapping[str, str]) -> list[Row]:
    """The rows of either side that are not alike on both."""
    return [
        (label, a.get(label, NONE), b.get(label, NONE))
        for label in dict.fromkeys((*a, *b))
        if a.get(label) != b.get(label)
    ]


def _moves(w: Workflow) -> dict[str, str]:
    return {name: "; ".join(map(_move, trigger.moves)) for name, trigger in w.triggers.items()}


def _move(move: Move) -> str:
    origins = "any" if move.origins == ("*",) else words.names(move.origins)
    return f"{origins} -> {move.to}" if move.to else f"{origins} (stays)"


def _titles(parts: Mapping[str, Any]) -> dict[str, str]:
    return {name: part.title for name, part in parts.items()}


def _rows(rows: Iterable[Row], tone: Tone = "plain", room: int = LABEL) -> list[Line]:
    return [line for row in rows for line in _row(row, tone, room)]


def _row(row: Row, tone: Tone, room: int) -> Iterator[Line]:
    """A label and two columns of one width, each wrapped."""
    label, a, b = (terminal(" ".join(text.split())) for text in row)
    half = (COLUMNS - room - 6) // 2
    cells = wrap(label, room), wrap(a, half), wrap(ALIKE if a == b and a else b, half)
    for name, left, right in zip_longest(*cells, fillvalue=""):
        yield Line(f"  {pad(name, room)}  {pad(left, half)}  {right}".rstrip(), tone)


def data(
    a: Workflow, b: Workflow, pairs: Sequence[Pair], office: Safe | None = None
) -> dict[str, Any]:
    """Both clocks whole, null where a side has none, and the labels of what differs."""
    return {
        "a": a.id,
        "b": b.id,
        "office": {"a": a.office or None, "b": b.office or None, "safe": office},
        "clocks": [_pair(pair) for pair in _ordered(pairs, (a, b))],
        "triggers": [
            {"trigger": name, "a": left, "b": right}
            for name, left, right in _different(_moves(a), _moves(b))
        ],
    }


def _pair(pair: Pair) -> dict[str, Any]:
    rows = _different(dict(_facts(pair.a)), dict(_facts(pair.b)))
    return {
        "clock": pair.name,
        "a": to_builtins(pair.a),
        "b": to_builtins(pair.b),
        "differs": [label for label, _, _ in rows],
        "safe": pair.safe,
        "safe_expedited": pair.safe_expedited,
    }
