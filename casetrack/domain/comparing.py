"""Two workflows side by side: which clocks they share, and whose last day comes first.

Clocks are paired by name. Which of two is the safe one is counted out: both are started on each
day of four years, receipts not shown, and the one that never ends later is safe.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Literal, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from casetrack.domain import clocks, dates, versions
from casetrack.domain.clocks import Basis, Calendars, Frame
from casetrack.domain.workflow import Clock, Workflow
from casetrack.errors import BeyondHorizon

Safe = Literal["a", "b", "same", "depends"]

T = TypeVar("T", datetime, int)

FIRST, DAYS, HOUR = date(2025, 1, 1), 1461, timedelta(hours=12)


class Pair(Struct, frozen=True, kw_only=True):
    """A clock that either workflow has. ``safe``: whose last moment comes first.

    It is "depends" where that varies with the day, and None where a side has no count.
    """

    name: str
    a: Clock | None
    b: Clock | None
    safe: Safe | None
    safe_expedited: Safe | None


def pairs(a: Workflow, b: Workflow, calendars: Calendars) -> tuple[Pair, ...]:
    """Every clock of either workflow, those of the first in its order, then the others."""
    frames = clocks.frame(a, calendars), clocks.frame(b, calendars)
    names = dict.fromkeys((*a.clocks, *b.clocks))
    return tuple(_pair(name, a.clocks.get(name), b.clocks.get(name), frames) for name in names)


def offices(a: Workflow, b: Workflow, calendars: Calendars) -> Safe | None:
    """Whose closing days never let us act later; None where neither side has any of its own."""
    if not (a.office or b.office):
        return None
    acts = [_acts(clocks.frame(side, calendars)) for side in (a, b)]
    return _earlier(*acts)


def _acts(frame: Frame) -> Iterator[int]:
    """For each day, the last one up to it on which we can act."""
    for n in range(DAYS):
        try:
            yield frame.open_days.roll(FIRST + timedelta(days=n), "preceding").toordinal()
        except BeyondHorizon:
            return


def _pair(name: str, a: Clock | None, b: Clock | None, frames: tuple[Frame, Frame]) -> Pair:
    if a is None or b is None:
        return Pair(name=name, a=a, b=b, safe=None, safe_expedited=None)
    return Pair(
        name=name,
        a=a,
        b=b,
        safe=_earlier(_ends(a, frames[0]), _ends(b, frames[1])),
        safe_expedited=_earlier(_hours(a), _hours(b)),
    )


def _hours(clock: Clock) -> tuple[int, ...]:
    return (clocks.parse_length(clock.expedited).n,) if clock.expedited else ()


def _ends(clock: Clock, frame: Frame) -> Iterator[datetime]:
    """The last moment for a start on each day; nothing where no length counts it."""
    if clock.length is None:
        return
    for n in range(DAYS):
        try:
            yield _end(clock, frame, FIRST + timedelta(days=n))
        except BeyondHorizon:
            return


def _end(clock: Clock, frame: Frame, day: date) -> datetime:
    rule = replace(versions.in_force(clock, day), until=None)
    at = dates.start_of_day(day, frame.zone) + HOUR
    basis = Basis(on=day, at=at, field=clock.counts_from)
    if rule.presumed_from is not None:
        basis = versions.presumed(rule, day)
    return clocks.read(rule, frame, basis).due_at


def _earlier(a: Iterable[T], b: Iterable[T]) -> Safe | None:
    signs = {(x > y) - (x < y) for x, y in zip(a, b, strict=False)}
    match sorted(signs):
        case []:
            return None
        case [0]:
            return "same"
        case [-1] | [-1, 0]:
            return "a"
        case [1] | [0, 1]:
            return "b"
        case _:
            return "depends"
