"""A graph in rows, top down, where no arrow lies on a box and no label on anything.

Each box stands in a row, each label in a row between, and a slot wherever an arrow crosses one.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise

from msgspec import Struct

_ROUNDS = 10
_APART = 14.0
_STIFF, _LOOSE = 4.0, 0.1
_LINE = 5.0  # the room on either side of an arrow

Size = tuple[float, float]
Arc = tuple[str, str]


class Link(Struct, frozen=True, kw_only=True):
    """An arrow and the size of its label."""

    origin: str
    to: str
    label: Size


class Slot(Struct, frozen=True, kw_only=True):
    """A place in a row: the room it takes to the left and right of its middle or its line."""

    row: int
    left: float
    right: float
    tall: float


class Rows(Struct, frozen=True, kw_only=True):
    """Who stands where.

    ``rows``: slots by number, from left to right. ``chains``: of each link, its slots from the
    upper box to the lower. ``labels``: of each link, its label's slot. ``back``: it leads up.
    """

    slots: tuple[Slot, ...]
    rows: tuple[tuple[int, ...], ...]
    boxes: Mapping[str, int]
    chains: tuple[tuple[int, ...], ...]
    labels: tuple[int, ...]
    back: tuple[bool, ...]

    def edges(self) -> Iterator[tuple[int, int]]:
        """Each piece of an arrow from one row to the next."""
        return (pair for chain in self.chains for pair in pairwise(chain))


def in_rows(boxes: Mapping[str, Size], links: Sequence[Link], first: str) -> Rows:
    """Boxes by name and size, in as many rows as the longest way from the first one has steps."""
    ranks = _ranks(boxes, [(link.origin, link.to) for link in links], first)
    slots = [
        Slot(row=2 * ranks[name], left=wide / 2, right=wide / 2, tall=tall)
        for name, (wide, tall) in boxes.items()
    ]
    numbers = {name: number for number, name in enumerate(boxes)}
    chains, labels, back = [], [], []
    for link in links:
        up = ranks[link.origin] > ranks[link.to]
        top, end = (link.to, link.origin) if up else (link.origin, link.to)
        between = range(2 * ranks[top] + 1, 2 * ranks[end])
        chains.append((numbers[top], *range(len(slots), len(slots) + len(between)), numbers[end]))
        labels.append(chains[-1][-2 if up else 1])
        back.append(up)
        named = between[-1] if up else between[0]
        slots += [_slot(row, link.label if row == named else (0, 0)) for row in between]
    rows: list[list[int]] = [[] for _ in range(max(slot.row for slot in slots) + 1)]
    for number, slot in enumerate(slots):
        rows[slot.row].append(number)
    made = Rows(
        slots=tuple(slots), rows=tuple(map(tuple, rows)), boxes=numbers, chains=tuple(chains),
        labels=tuple(labels), back=tuple(back),
    )  # fmt: skip
    return _untangled(made)


def _slot(row: int, label: Size) -> Slot:
    wide, tall = label
    return Slot(row=row, left=_LINE, right=_LINE + wide, tall=tall)


def _ranks(names: Mapping[str, Size], arcs: Sequence[Arc], first: str) -> dict[str, int]:
    """How many steps each box stands below the first, by the longest way that leads down."""
    order = sequence(list(names), arcs, first)
    place = {name: number for number, name in enumerate(order)}
    ranks = dict.fromkeys(order, 0)
    for name in order:
        above = [ranks[a] for o, t in arcs for a, b in ((o, t), (t, o)) if b == name
                 and place[a] < place[b]]  # fmt: skip
        ranks[name] = max(above, default=-1) + 1
    linked = {name for arc in arcs for name in arc} | {first}
    last = max(ranks.values()) + 1
    return {name: rank if name in linked else last for name, rank in ranks.items()}


def sequence(names: list[str], arcs: Sequence[Arc], first: str) -> list[str]:
    """The names in an order in which only an arc of a circle can lead back.

    Of a circle, those nearer to the first stand before the others.
    """
    far = {name: steps for steps, name in enumerate(_from(first, names, arcs))}
    reach = {name: set(_from(name, [], arcs)) for name in names}
    left = sorted(names, key=far.__getitem__)
    order: list[str] = []
    while left:
        ready = [
            name
            for name in left
            if all(name not in reach[other] or other in reach[name] for other in left)
        ]
        order.append(ready[0])
        left.remove(ready[0])
    return order


def _from(first: str, names: list[str], arcs: Sequence[Arc]) -> list[str]:
    """By how far they are from the first; what it does not lead to stands last."""
    found = [first]
    for name in found:
        found += dict.fromkeys(b for a, b in arcs if a == name and b not in found)
    return list(dict.fromkeys([*found, *names]))


def _untangled(made: Rows) -> Rows:
    """Each row in an order in which few arrows cross."""
    down: dict[int, list[int]] = {n: [] for n in range(len(made.slots))}
    up: dict[int, list[int]] = {n: [] for n in range(len(made.slots))}
    for above, below in made.edges():
        down[above].append(below)
        up[below].append(above)
    rows = [list(row) for row in made.rows]
    best, fewest = rows, _crossings(rows, down)
    for turn in range(_ROUNDS):
        rows = _swept(rows, up) if turn % 2 == 0 else _swept(rows[::-1], down)[::-1]
        rows = _swapped(rows, up, down)
        if (found := _crossings(rows, down)) < fewest:
            best, fewest = rows, found
    return Rows(
        slots=made.slots, rows=tuple(map(tuple, best)), boxes=made.boxes, chains=made.chains,
        labels=made.labels, back=made.back,
    )  # fmt: skip


def _swept(rows: list[list[int]], toward: Mapping[int, list[int]]) -> list[list[int]]:
    """Each row by the mean place of its neighbours in the row before."""
    made = [rows[0]]
    for row in rows[1:]:
        place = {slot: number for number, slot in enumerate(made[-1])}
        own = {slot: float(number) for number, slot in enumerate(row)}
        means = {s: _mean([place[n] for n in toward[s]], own[s]) for s in row}
        made.append(sorted(row, key=means.__getitem__))
    return made


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _swapped(
    rows: list[list[int]], up: Mapping[int, list[int]], down: Mapping[int, list[int]]
) -> list[list[int]]:
    """Neighbours changed over wherever fewer arrows cross then."""
    made = [list(row) for row in rows]
    place = {slot: number for row in made for number, slot in enumerate(row)}
    for row in made:
        for at in range(len(row) - 1):
            one, other = row[at], row[at + 1]
            sides = [([place[n] for n in of[one]], [place[n] for n in of[other]])
                     for of in (up, down)]  # fmt: skip
            now = sum(a > b for ones, others in sides for a in ones for b in others)
            then = sum(b > a for ones, others in sides for a in ones for b in others)
            if then < now:
                row[at], row[at + 1] = other, one
                place[one], place[other] = at + 1, at
    return made


def _crossings(rows: list[list[int]], down: Mapping[int, list[int]]) -> int:
    total = 0
    for above, below in pairwise(rows):
        place = {slot: number for number, slot in enumerate(below)}
        ends = [place[n] for slot in above for n in sorted(down[slot], key=place.__getitem__)]
        total += sum(a > b for i, a in enumerate(ends) for b in ends[i + 1 :])
    return total


def spread(made: Rows) -> list[float]:
    """The middle of each slot from left to right: near what it is joined to, and none too near."""
    joined: dict[int, list[tuple[int, float]]] = {n: [] for n in range(len(made.slots))}
    boxes = set(made.boxes.values())
    for above, below in made.edges():
        pull = {0: 8.0, 1: 2.0, 2: 1.0}[len({above, below} & boxes)]
        joined[above].append((below, pull))
        joined[below].append((above, pull))
    xs = [0.0] * len(made.slots)
    for row in made.rows:
        for slot, x in zip(row, _offsets(made, row), strict=True):
            xs[slot] = x
    for turn in range(2 * _ROUNDS):
        for row in made.rows if turn % 2 == 0 else made.rows[::-1]:
            _moved(made, row, xs, joined)
    upper = {below: [(slot, _STIFF)] for slot, below in made.edges() if below not in boxes}
    for row in made.rows:
        _moved(made, row, xs, {slot: upper.get(slot, [(slot, 1.0)]) for slot in row})
    start = min(x - slot.left for x, slot in zip(xs, made.slots, strict=True))
    return [x - start for x in xs]


def _offsets(made: Rows, row: Sequence[int]) -> list[float]:
    """The places of a row's slots, as near to each other as may be, around the middle."""
    gaps = (made.slots[a].right + _APART + made.slots[b].left for a, b in pairwise(row))
    places = list(accumulate(gaps, initial=0.0))
    return [place - places[-1] / 2 for place in places][: len(row)]


def _moved(
    made: Rows,
    row: Sequence[int],
    xs: list[float],
    pulls: Mapping[int, list[tuple[int, float]]],
) -> None:
    """Each slot of a row to the mean of what pulls at it."""
    offsets = _offsets(made, row)
    weights = [sum(pull for _, pull in pulls[slot]) or _LOOSE for slot in row]
    wanted = [
        sum(xs[n] * pull for n, pull in pulls[slot]) / weight if pulls[slot] else xs[slot]
        for slot, weight in zip(row, weights, strict=True)
    ]
    shifts = _rising([w - o for w, o in zip(wanted, offsets, strict=True)], weights)
    for slot, offset, shift in zip(row, offsets, shifts, strict=True):
        xs[slot] = offset + shift


def _rising(wanted: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The numbers that never fall and lie nearest to those wanted, by least squares."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(wanted, weights, strict=True):
        mean, heavy, many = value, weight, 1
        while blocks and blocks[-1][0] > mean:
            before, weighed, number = blocks.pop()
            mean = (before * weighed + mean * heavy) / (weighed + heavy)
            heavy, many = heavy + weighed, many + number
        blocks.append((mean, heavy, many))
    return [mean for mean, _, many in blocks for _ in range(many)]
