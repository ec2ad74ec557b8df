"""Where everything stands in the picture of a case: a lane for each clock, on one line of time.

All numbers are units of the picture, ``WIDTH`` of them from edge to edge.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from casetrack.domain import dates
from casetrack.domain.docket import Docket, Item
from casetrack.reports import words
from casetrack.reports.lines import width
from casetrack.reports.sinks import terminal

WIDTH = 360
TOP, LANE, AXIS = 20, 48, 20
_EDGE = 10
_TRACK = 30  # of a lane, from its top
_LETTERS = 46
_LABELS = 5
_SHORTEST = 6.0  # days
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Rung(Struct, frozen=True, kw_only=True):
    x: float
    sent: bool


class Lane(Struct, frozen=True, kw_only=True):
    """One deadline. ``safe`` is where ``act_by`` stands, ``law`` the law's date where it has one.

    ``gap``: days lie between ``act_by`` and the last day.
    ``late``: the deadline is overdue, and the line goes on to today.
    """

    title: str
    left: str
    y: float
    track: float
    start: float
    safe: float
    due: float
    law: float | None
    rungs: tuple[Rung, ...]
    gap: bool
    late: bool
    paused: bool
    says: str


class Tick(Struct, frozen=True, kw_only=True):
    x: float
    label: str


class Picture(Struct, frozen=True, kw_only=True):
    """A case, its lanes, and the day on which the report was made."""

    case: str
    height: int
    floor: float
    today: float
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]


class Scale(Struct, frozen=True):
    """Days since the year 1 from edge to edge."""

    first: float
    last: float

    def x(self, day: float) -> float:
        """The place of a day, given as days since the year 1; one outside stands at the edge."""
        share = (min(max(day, self.first), self.last) - self.first) / (self.last - self.first)
        return round(_EDGE + share * (WIDTH - 2 * _EDGE), 1)


def draw(case: str, items: Sequence[Item], docket: Docket) -> Picture:
    """The picture of one case's docket lines, in the order given."""
    now = local(docket.as_of, docket.zone)
    scale = scale_of([now, *(day for item in items for day in _days(item, docket.zone))])
    floor = TOP + LANE * len(items)
    return Picture(
        case=case,
        height=floor + AXIS,
        floor=floor,
        today=scale.x(now),
        lanes=tuple(_lane(i, item, scale, docket) for i, item in enumerate(items)),
        ticks=tuple(ticks(scale)),
    )


def scale_of(days: list[float]) -> Scale:
    """From the first day to the last, and at least some days wide."""
    first, last = min(days), max(days)
    missing = max(_SHORTEST - (last - first), 0) / 2
    return Scale(first - missing, last + missing)


def _days(item: Item, zone: str) -> Iterator[float]:
    yield from (_safe(item), _due(item))
    yield from (local(rung.at, zone) for rung in item.rungs)
    if item.law_by is not None:
        yield noon(item.law_by)


def _lane(number: int, item: Item, scale: Scale, docket: Docket) -> Lane:
    y = TOP + LANE * number
    return Lane(
        title=cut(terminal(item.title)),
        left="OVERDUE" if item.status == "overdue" else words.left(item),
        y=y,
        track=y + _TRACK,
        start=scale.x(min(_days(item, docket.zone))),
        safe=scale.x(_safe(item)),
        due=scale.x(_due(item)),
        law=None if item.law_by is None else scale.x(noon(item.law_by)),
        rungs=tuple(_rungs(item, scale, docket.zone)),
        gap=item.act_by < item.due_on,
        late=item.status == "overdue",
        paused=item.status == "tolled",
        says=says(item, docket),
    )


def _rungs(item: Item, scale: Scale, zone: str) -> Iterator[Rung]:
    for rung in item.rungs:
        yield Rung(x=scale.x(local(rung.at, zone)), sent=rung.name in item.sent)


def says(item: Item, docket: Docket) -> str:
    """What the lane shows, in words."""
    first = "act by" if item.owner == "provider" else "chase from"
    dated = [f"{item.title}: {first} {words.day(item.act_by)}"]
    dated.append(f"{words.last_label(item)} {words.last_moment(item)}")
    if item.law_by is not None:
        dated.append(f"law {words.day(item.law_by)}")
    ahead = [rung for rung in item.rungs if rung.at > docket.as_of]
    if ahead and item.status != "tolled":
        day = dates.local_date(ahead[0].at, docket.zone)
        dated.append(f"next warning {words.day(day)} ({ahead[0].name})")
    return "; ".join(dated)


def cut(title: str) -> str:
    """As much of a title as fits; the words beside the picture have it whole."""
    if width(title) <= _LETTERS:
        return title
    while width(title) > _LETTERS - 1:
        title = title[:-1]
    return f"{title.rstrip()}\u2026"


def noon(on: date) -> float:
    """The middle of a day, in days since the year 1."""
    return on.toordinal() + 0.5


def _safe(item: Item) -> float:
    """At noon, or earlier where the deadline itself ends in the morning."""
    return min(noon(item.act_by), _due(item))


def _due(item: Item) -> float:
    """Local time already."""
    return _fraction(datetime.fromisoformat(item.due_at))


def local(at: datetime, zone: str) -> float:
    """An instant's wall time, in days since the year 1."""
    return _fraction(at.astimezone(dates.zone_info(zone)))


def _fraction(local: datetime) -> float:
    seconds = local.replace(tzinfo=UTC) - datetime.combine(local.date(), datetime.min.time(), UTC)
    return local.toordinal() + seconds / timedelta(days=1)


def ticks(scale: Scale) -> Iterator[Tick]:
    """At most five labels: days, Mondays, or the first days of months."""
    first, last = int(scale.first) + 1, int(scale.last)
    days = [date.fromordinal(n) for n in range(first, last + 1)]
    for step in (1, 2, 7, 14):
        found = [day for day in days if day.toordinal() % step == 1 % step]
        if len(found) <= _LABELS:
            yield from (_tick(scale, day, f"{_MONTHS[day.month - 1]} {day.day}") for day in found)
            return
    firsts = [day for day in days if day.day == 1]
    step = -(-len(firsts) // _LABELS)
    for day in firsts[::step]:
        yield _tick(scale, day, f"{_MONTHS[day.month - 1]} {day.year}")


def _tick(scale: Scale, day: date, label: str) -> Tick:
    return Tick(x=scale.x(float(day.toordinal())), label=label)
