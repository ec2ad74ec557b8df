"""A case's life as a picture: its states in a band, a lane for each deadline, one line of time.

All numbers are units of the picture, ``picture.WIDTH`` of them from edge to edge.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from casetrack.domain.case import Tracked
from casetrack.domain.plans import clock_of
from casetrack.reports import picture
from casetrack.reports.past import Told, reminders
from casetrack.reports.picture import LANE, TOP, Scale, Tick
from casetrack.reports.sinks import terminal

BAND = 22
_TRACK = 30  # of a lane, from its top


class Span(Struct, frozen=True, kw_only=True):
    """A time in one state, by the number of the move that began it; 0 is the opening."""

    number: int
    start: float
    end: float
    state: str

    @property
    def numbered(self) -> bool:
        """Whether its number fits."""
        return self.end - self.start >= 7.0 * len(str(self.number))


class Lane(Struct, frozen=True, kw_only=True):
    """One deadline from its arming to its end, or to the instant that is told of.

    ``late``: the line goes on past its last day.
    """

    title: str
    outcome: str
    y: float
    track: float
    start: float
    end: float
    safe: float
    due: float
    law: float | None
    sent: tuple[float, ...]
    late: bool
    ended: bool


class Life(Struct, frozen=True, kw_only=True):
    spans: tuple[Span, ...]
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    now: float
    floor: float
    height: float


def draw(told: Told) -> Life:
    tracked = sorted(told.case.deadlines.values(), key=lambda t: t.armed_version)
    scale = picture.scale_of([*_days(told), *(_due(t, told) for t in tracked)])
    floor = TOP + BAND + LANE * len(tracked)
    return Life(
        spans=tuple(_spans(told, scale)),
        lanes=tuple(_lane(i, t, told, scale) for i, t in enumerate(tracked)),
        ticks=tuple(picture.ticks(scale)),
        now=scale.x(_now(told)),
        floor=floor,
        height=floor + picture.AXIS,
    )


def _days(told: Told) -> list[float]:
    return [_now(told), *(day for day, _ in _steps(told))]


def _now(told: Told) -> float:
    return picture.local(told.at, told.workflow.zone)


def _steps(told: Told) -> Sequence[tuple[float, str]]:
    """The opening and each move: when, and the state that it led to."""
    case, zone = told.case, told.workflow.zone
    first = [float(case.opened_on.toordinal())] if case.opened_on else []
    moves = [
        (float(m.on.toordinal()) if m.at is None else picture.local(m.at, zone), m.to)
        for m in case.moves
    ]
    opened = min([*first, *(day for day, _ in moves[:1])])
    return [(opened, told.workflow.initial), *moves]


def _spans(told: Told, scale: Scale) -> Iterator[Span]:
    steps = _steps(told)
    ends = [*(day for day, _ in steps[1:]), max(_now(told), steps[-1][0])]
    for number, ((day, state), end) in enumerate(zip(steps, ends, strict=True)):
        yield Span(number=number, start=scale.x(day), end=scale.x(end), state=state)


def _armed(tracked: Tracked, told: Told) -> float:
    """When what armed it was, which is not always when it is counted from."""
    moves = {m.version: m.on for m in told.case.moves}
    return float(moves.get(tracked.armed_version, tracked.deadline.reading.from_on).toordinal())


def _due(tracked: Tracked, told: Told) -> float:
    return picture.local(tracked.deadline.reading.due_at, told.workflow.zone)


def _lane(number: int, tracked: Tracked, told: Told, scale: Scale) -> Lane:
    y, reading = TOP + BAND + LANE * number, tracked.deadline.reading
    closed = tracked.closed_on and picture.noon(tracked.closed_on)
    due, now = _due(tracked, told), _now(told)
    late = bool(tracked.late) or tracked.outcome == "lapsed" or (closed is None and now > due)
    return Lane(
        title=picture.cut(terminal(clock_of(told.workflow, tracked.deadline.clock).title)),
        outcome=outcome_words(tracked),
        y=y,
        track=y + _TRACK,
        start=scale.x(_armed(tracked, told)),
        end=scale.x(closed or now),
        safe=scale.x(min(picture.noon(reading.act_by), due)),
        due=scale.x(due),
        law=None if reading.law_by is None else scale.x(picture.noon(reading.law_by)),
        sent=tuple(_sent(tracked, told, scale)),
        late=late and tracked.deadline.kind != "planned",
        ended=closed is not None,
    )


def _sent(tracked: Tracked, told: Told, scale: Scale) -> Iterator[float]:
    for _, sent in reminders(told):
        if sent.deadline == tracked.deadline.deadline:
            yield scale.x(picture.local(sent.sent_at, told.workflow.zone))


def outcome_words(tracked: Tracked) -> str:
    if tracked.outcome is None:
        return "stands still" if tracked.tolled_on else "unproven" if tracked.unproven else "open"
    return f"{tracked.outcome}, late" if tracked.late else tracked.outcome
