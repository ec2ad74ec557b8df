"""A workflow's states and moves as a picture, with the path that a case has taken through them.

States stand in rows by how many moves lead to them at least; a state that any other leads to, and
from which none leads on, stands last. All numbers are units of the picture.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import hypot

from msgspec import Struct

from casetrack.domain.case import Transition
from casetrack.domain.workflow import Workflow

WIDTH = 360
_BOX, _TALL = 80.0, 34.0
_GAP, _DOWN = 12.0, 46.0
_A_ROW = 4
_TOP = 10.0
_HEAD = 6.0  # an arrow's
_BOW = 0.16  # how far an arrow leaves the straight line, by its length

Spot = tuple[float, float]


class Node(Struct, frozen=True, kw_only=True):
    """A state. ``steps``: the numbers of the case's moves that stayed in it."""

    name: str
    words: tuple[str, ...]
    x: float
    y: float
    kind: str
    final: bool
    steps: str


class Arrow(Struct, frozen=True, kw_only=True):
    """A move from one state to another; ``steps`` are the numbers it was taken as."""

    path: str
    head: str
    taken: bool
    steps: str
    x: float
    y: float


class Diagram(Struct, frozen=True, kw_only=True):
    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
    width: float
    height: float
    box: Spot


def draw(workflow: Workflow, moves: Sequence[Transition], state: str) -> Diagram:
    """The picture, with a case's moves numbered from 1 and the state that it is in."""
    spots = dict(_placed(_rows(workflow)))
    taken: dict[tuple[str, str], list[str]] = {}
    for number, move in enumerate(moves, 1):
        taken.setdefault((move.origin, move.to), []).append(str(number))
    arrows = sorted(_arrows(workflow, spots, taken), key=lambda arrow: arrow.taken)
    seen = {workflow.initial, *(move.to for move in moves)}
    return Diagram(
        nodes=tuple(_node(workflow, n, spots, taken, seen, state) for n in workflow.states),
        arrows=tuple(arrows),
        width=WIDTH,
        height=max(y for _, y in spots.values()) + _TALL / 2 + _TOP,
        box=(_BOX, _TALL),
    )


def _rows(workflow: Workflow) -> list[list[str]]:
    """The states by row, each in the workflow's order."""
    away = {workflow.initial: 0}
    arcs = [(origin, to) for _, origin, to in workflow.arcs() if to not in _anywhere(workflow)]
    waiting = [workflow.initial]
    for state in waiting:
        for origin, to in arcs:
            if origin == state and to not in away:
                away[to] = away[state] + 1
                waiting.append(to)
    last = max(away.values()) + 1
    rows: dict[int, list[str]] = {}
    for state in workflow.states:
        rows.setdefault(away.get(state, last), []).append(state)
    return [row for number in sorted(rows) for row in _split(rows[number])]


def _anywhere(workflow: Workflow) -> set[str]:
    """The states that some trigger leads to from every other."""
    moves = (move for trigger in workflow.triggers.values() for move in trigger.moves)
    return {move.to for move in moves if move.origins == ("*",) and move.to}


def _split(row: list[str]) -> list[list[str]]:
    return [row[at : at + _A_ROW] for at in range(0, len(row), _A_ROW)]


def _placed(rows: list[list[str]]) -> Iterator[tuple[str, Spot]]:
    """The middle of each state's box, each row in the middle of the picture."""
    for number, row in enumerate(rows):
        first = WIDTH / 2 - (len(row) - 1) * (_BOX + _GAP / 2) / 2
        y = _TOP + _TALL / 2 + number * (_TALL + _DOWN)
        for place, state in enumerate(row):
            yield state, (first + place * (_BOX + _GAP / 2), y)


def _node(
    workflow: Workflow,
    name: str,
    spots: Mapping[str, Spot],
    taken: Mapping[tuple[str, str], list[str]],
    seen: set[str],
    state: str,
) -> Node:
    x, y = spots[name]
    return Node(
        name=name,
        words=_broken(name),
        x=round(x, 1),
        y=round(y, 1),
        kind="here" if name == state else "seen" if name in seen else "ahead",
        final=workflow.states[name].final,
        steps=", ".join(taken.get((name, name), ())),
    )


def _broken(name: str) -> tuple[str, ...]:
    """A state's name on one line or two, broken where the halves are most alike."""
    words = name.split("_")
    cuts = [(" ".join(words[:n]), " ".join(words[n:])) for n in range(len(words))]
    best = min(cuts, key=lambda halves: max(map(len, halves)))
    return tuple(filter(None, best))


def _arrows(
    workflow: Workflow, spots: Mapping[str, Spot], taken: Mapping[tuple[str, str], list[str]]
) -> Iterator[Arrow]:
    """Each move between states once; one to a state that all lead to only where it was taken."""
    everywhere = _anywhere(workflow)
    pairs = dict.fromkeys((origin, to) for _, origin, to in workflow.arcs() if origin != to)
    for origin, to in pairs:
        steps = taken.get((origin, to), [])
        if steps or to not in everywhere:
            yield _arrow(spots[origin], spots[to], steps)


def _arrow(start: Spot, end: Spot, steps: Sequence[str]) -> Arrow:
    bend = _bend(start, end)
    first, last = _edge(start, bend), _edge(end, bend)
    (x, y), head = _middle(first, bend, last), _head(bend, last)
    return Arrow(
        path=f"M{_at(first)}Q{_at(bend)} {_at(last)}",
        head=head,
        taken=bool(steps),
        steps=", ".join(steps),
        x=round(x, 1),
        y=round(y, 1),
    )


def _bend(start: Spot, end: Spot) -> Spot:
    """Beside the middle of the straight line, so that the way back lies on the other side."""
    (x1, y1), (x2, y2) = start, end
    return (x1 + x2) / 2 + (y2 - y1) * _BOW, (y1 + y2) / 2 - (x2 - x1) * _BOW


def _edge(box: Spot, toward: Spot) -> Spot:
    """Where the line from a box's middle leaves it."""
    dx, dy = toward[0] - box[0], toward[1] - box[1]
    share = min(
        _BOX / 2 / abs(dx) if dx else float("inf"), _TALL / 2 / abs(dy) if dy else float("inf")
    )
    return box[0] + dx * share, box[1] + dy * share


def _middle(first: Spot, bend: Spot, last: Spot) -> Spot:
    """The middle of the curve."""
    return tuple((a + 2 * b + c) / 4 for a, b, c in zip(first, bend, last, strict=True))  # type: ignore[return-value]


def _head(bend: Spot, tip: Spot) -> str:
    """A triangle at the tip, along the curve's last direction."""
    dx, dy = tip[0] - bend[0], tip[1] - bend[1]
    long = hypot(dx, dy) or 1.0
    ux, uy = dx / long * _HEAD, dy / long * _HEAD
    left = tip[0] - ux - uy / 2, tip[1] - uy + ux / 2
    right = tip[0] - ux + uy / 2, tip[1] - uy - ux / 2
    return f"M{_at(tip)}L{_at(left)}L{_at(right)}z"


def _at(spot: Spot) -> str:
    return f"{spot[0]:.1f} {spot[1]:.1f}"
