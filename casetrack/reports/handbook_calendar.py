"""A calendar's closed days, as JSON-ready data and for a person."""

from collections.abc import Iterator
from typing import Any

from casetrack.domain.calendar import Calendar, ClosedDay
from casetrack.errors import BeyondHorizon
from casetrack.reports.lines import labelled, row
from casetrack.reports.sinks import terminal
from casetrack.reports.words import day

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def calendar_data(c: Calendar, year: int | None) -> dict[str, Any]:
    """The days of a year, or all; ``BeyondHorizon`` for a year that the calendar is not sure of."""
    return {
        "id": c.id,
        "title": c.title,
        "edition": c.edition,
        "digest": c.digest,
        "source": c.source,
        "first": c.first.isoformat(),
        "last": c.last.isoformat(),
        "weekend": list(c.weekend),
        "year": year,
        "days": [_day_data(listed) for listed in _days(c, year)],
    }


def _day_data(listed: ClosedDay) -> dict[str, str]:
    return {
        "date": listed.date.isoformat(),
        "name": listed.name,
        "status": listed.status,
        "observed_for": listed.observed_for.isoformat(),
        "source": listed.source,
    }


def _days(c: Calendar, year: int | None) -> tuple[ClosedDay, ...]:
    if year is None:
        return c.days
    if not c.first.year <= year <= c.last.year:
        raise BeyondHorizon(
            f"{year} is beyond the horizon of calendar {c.id} (edition {c.edition}),"
            f" {c.first.isoformat()} to {c.last.isoformat()}"
        )
    return tuple(listed for listed in c.days if listed.date.year == year)


def calendar_lines(c: Calendar, year: int | None) -> list[str]:
    """The same for a person; a day that was moved names the day it is kept for."""
    days = [line for listed in _days(c, year) for line in _day_lines(listed)]
    return [*_head(c), "", *(days or ["  no listed day"])]


def _head(c: Calendar) -> Iterator[str]:
    yield from row((), terminal(c.title), 0)
    pairs = (
        ("id", c.id),
        ("edition", f"{c.edition}, digest {c.digest}"),
        ("source", c.source),
        ("sure of", f"{c.first.isoformat()} to {c.last.isoformat()}, both included"),
        ("weekend", ", ".join(_WEEKDAYS[n - 1] for n in c.weekend) or "none"),
    )
    for label, value in pairs:
        yield from labelled(label, terminal(value), 2)


def _day_lines(listed: ClosedDay) -> list[str]:
    kept = "" if listed.date == listed.observed_for else f", for {day(listed.observed_for)}"
    told = f"{listed.name}{kept} ({listed.status}) [{listed.source}]"
    return row([(day(listed.date), 14)], terminal(told))
