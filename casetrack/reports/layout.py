"""Where each box, arrow and label of a picture stands; all numbers are units of the picture."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from casetrack.reports.rows import Link, Rows, Size, in_rows, spread

_GAP = 20.0  # between rows, at least
_BEND = 0.04  # of the longest way aside, more
_MOST = 46.0
_PORTS = 18.0
_HEAD = 7.0
_BESIDE = 6.0  # from an arrow to its label

Spot = tuple[float, float]


class Route(Struct, frozen=True, kw_only=True):
    """An arrow: its line as an SVG path, its head, and the upper left corner of its label."""

    path: str
    head: str
    label: Spot
    back: bool


class Layout(Struct, frozen=True, kw_only=True):
    """``boxes``: the upper left corner of each. ``routes``: in the order of the links."""

    boxes: Mapping[str, Spot]
    routes: tuple[Route, ...]
    width: float
    height: float


def lay_out(boxes: Mapping[str, Size], links: Sequence[Link], first: str) -> Layout:
    """The same places for the same boxes and links in the same order."""
    made = in_rows(boxes, links, first)
    xs = spread(made)
    tops, talls = _down(made, xs)
    spots = {
        name: (
            xs[n] - made.slots[n].left,
            tops[made.slots[n].row] + (talls[made.slots[n].row] - made.slots[n].tall) / 2,
        )
        for name, n in made.boxes.items()
    }
    ends = _ports(made, xs)
    return Layout(
        boxes=spots,
        routes=tuple(_routes(made, xs, ends, tops, talls)),
        width=max(x + slot.right for x, slot in zip(xs, made.slots, strict=True)),
        height=tops[-1] + talls[-1],
    )


def _down(made: Rows, xs: Sequence[float]) -> tuple[list[float], list[float]]:
    """The top of each row, and how tall it is."""
    talls = [max((made.slots[n].tall for n in row), default=0.0) for row in made.rows]
    aside = [0.0] * len(made.rows)
    for above, below in made.edges():
        row = made.slots[above].row
        aside[row] = max(aside[row], abs(xs[above] - xs[below]))
    tops = [0.0]
    for row, tall in enumerate(talls[:-1]):
        tops.append(tops[-1] + tall + min(_GAP + _BEND * aside[row], _MOST))
    return tops, talls


def _ports(made: Rows, xs: Sequence[float]) -> dict[tuple[int, int], float]:
    """By link and end, 0 the upper, where on its box's edge the arrow stands."""
    found: dict[tuple[int, int], float] = {}
    for box in made.boxes.values():
        for end in (0, 1):
            at = [(xs[chain[1 - 3 * end]], n) for n, chain in enumerate(made.chains)
                  if chain[-end] == box]  # fmt: skip
            step = min(_PORTS, 2 * made.slots[box].left / (len(at) + 1))
            for place, (_, link) in enumerate(sorted(at)):
                found[link, end] = xs[box] + step * (place - (len(at) - 1) / 2)
    return found


def _routes(
    made: Rows,
    xs: Sequence[float],
    ends: Mapping[tuple[int, int], float],
    tops: Sequence[float],
    talls: Sequence[float],
) -> Iterator[Route]:
    for link, chain in enumerate(made.chains):
        inner = [(xs[n], tops[made.slots[n].row], talls[made.slots[n].row]) for n in chain[1:-1]]
        upper, lower = (_span(made, chain[end], tops, talls) for end in (0, -1))
        first, last = ends[link, 0], ends[link, 1]
        stops = [
            (first, upper[1], upper[2]),
            *((x, top, top + tall) for x, top, tall in inner),
            (last, lower[0], lower[1] - made.slots[chain[-1]].tall),
        ]
        named = made.slots[made.labels[link]]
        back = made.back[link]
        yield Route(
            path=_path(stops),
            head=_head(stops[0][0], stops[0][1], -1) if back else _head(last, stops[-1][2], 1),
            label=(xs[made.labels[link]] + _BESIDE, tops[named.row]),
            back=back,
        )


def _span(
    made: Rows, box: int, tops: Sequence[float], talls: Sequence[float]
) -> tuple[float, float, float]:
    """The row's top, the box's foot, the row's foot."""
    slot = made.slots[box]
    top, tall = tops[slot.row], talls[slot.row]
    return top, top + (tall + slot.tall) / 2, top + tall


def _path(stops: Sequence[tuple[float, float, float]]) -> str:
    """Straight down through each row, and bent between them."""
    x, top, foot = stops[0]
    parts = [f"M{_at(x, top)}V{foot:.1f}"]
    for (x1, _, y1), (x2, y2, foot) in pairwise(stops):
        half = (y1 + y2) / 2
        parts.append(f"C{_at(x1, half)} {_at(x2, half)} {_at(x2, y2)}V{foot:.1f}")
    return "".join(parts)


def _head(x: float, y: float, down: int) -> str:
    """A triangle whose tip is there."""
    base = y - down * _HEAD
    return f"M{_at(x, y)}L{_at(x - _HEAD / 2, base)}L{_at(x + _HEAD / 2, base)}z"


def _at(x: float, y: float) -> str:
    return f"{x:.1f} {y:.1f}"
