"""What happened in a case, entry by entry, from the bodies as recorded."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from casetrack.domain import dates
from casetrack.domain.events import Entry
from casetrack.reports import words
from casetrack.reports.data import plain
from casetrack.reports.lines import Line, labelled, row, toned
from casetrack.reports.sinks import terminal

_MOVE = ("trigger", "from", "to")
_DIGITS = 12
_WHEN = len("Tue 2026-11-24 10:00 CST")


def history_data(entries: Sequence[Entry], names: Mapping[str, str]) -> dict[str, Any]:
    """``casetrack.history/1``; ``values`` holds what the caller left disclosed.

    ``names`` gives a case's reference by its id.
    """
    return {
        "schema": "casetrack.history/1",
        "entries": [{"case": names.get(x.case, x.case), **_entry(x)} for x in entries],
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "version": entry.version,
        "type": entry.type,
        "occurred_on": entry.occurred_on.isoformat(),
        "occurred_at": entry.occurred_at and dates.instant_text(entry.occurred_at),
        "recorded_at": dates.instant_text(entry.recorded_at),
        "actor": entry.actor,
        "by": entry.by,
        "data": _recorded(entry),
        "values": plain(dict(entry.disclosed)),
        "sealed": sorted(entry.sealed),
        "digest": entry.digest,
    }


def _recorded(entry: Entry) -> dict[str, Any]:
    """The data as hashed, not as any later release would write it."""
    found: dict[str, Any] = msgspec.json.decode(entry.body)["data"]
    return found


def history_lines(entries: Sequence[Entry], zone: str, *, phi: bool = False) -> list[Line]:
    """In the order given; with ``phi`` a sealed value that is not disclosed was redacted."""
    missing = "redacted" if phi else "sealed"
    return [line for entry in entries for line in _lines(entry, zone, missing)]


def _lines(entry: Entry, zone: str, missing: str) -> Iterator[Line]:
    data = _recorded(entry)
    happened = words.day(entry.occurred_on)
    if entry.occurred_at is not None:
        happened = words.minute(entry.occurred_at, zone)
    cells = [(f"{entry.version:>4}", 4), (happened, _WHEN)]
    yield from toned(row(cells, terminal(f"{entry.type}{_move(data)}"), indent=0), "head")
    yield from _detail("by", f"{entry.actor} ({entry.by})")
    yield from _detail("recorded", words.minute(entry.recorded_at, zone))
    for name, value in data.items():
        if name not in _MOVE and value not in (None, False, [], {}):
            yield from _detail(name, words.local(_told(value), zone))
    for name in sorted(entry.sealed):
        yield from _detail(name, _typed(entry, name) or missing)
    yield from toned(labelled("digest", entry.digest[:_DIGITS], indent=6), "dim")


def _detail(label: str, value: str) -> list[Line]:
    return toned(labelled(terminal(label), terminal(value), indent=6))


def _move(data: Mapping[str, Any]) -> str:
    if not all(name in data for name in _MOVE):
        return ""
    return f", {data['trigger']}: {data['from']} -> {data['to']}"


def _typed(entry: Entry, name: str) -> str | None:
    value = entry.disclosed.get(name)
    return value if value is None or isinstance(value, str) else ", ".join(value)


def _told(value: object) -> str:
    """A recorded value in a few words; deadlines by their name and dates."""
    if isinstance(value, dict):
        return _deadline(value) or ", ".join(f"{k}={_told(inner)}" for k, inner in value.items())
    if isinstance(value, list):
        return "; ".join(map(_told, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)


def _deadline(value: Mapping[str, Any]) -> str:
    match value:
        case {"deadline": str(name), "reading": {"due_on": str(due), "act_by": str(act)}}:
            why = f": {value['why']}" if "why" in value else ""
            return f"{name} due {due}, act by {act}{why}"
        case {"deadline": str(name), "outcome": str(outcome)}:
            return f"{name} {outcome}{words.lateness(value.get('late', False))}"
    return ""
