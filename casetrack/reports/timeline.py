"""What happened in a case, entry by entry, from the bodies as recorded."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from casetrack.domain import dates
from casetrack.domain.events import Data, Entry, EntryCorrected, EntryVoided, TransitionFired
from casetrack.domain.gaps import in_words
from casetrack.domain.workflow import Workflow
from casetrack.reports import words
from casetrack.reports.data import plain
from casetrack.reports.lines import Line, labelled, row, toned
from casetrack.reports.sinks import terminal

_MOVE = ("trigger", "from", "to")
_DIGITS = 12
_WHEN = len("Tue 2026-11-24 10:00 CST")


def history_data(entries: Sequence[Entry], names: Mapping[str, str]) -> dict[str, Any]:
    """``casetrack.history/1``; ``values`` holds what the caller left disclosed.

    ``names`` gives a case's reference by its id. ``corrected_by`` and ``taken_back_by`` are the
    versions, among these entries, of what corrects an entry or takes it back.
    """
    return {
        "schema": "casetrack.history/1",
        "entries": [
            {"case": names.get(x.case, x.case), **_entry(x), **_since(x, entries)} for x in entries
        ],
    }


def _since(entry: Entry, entries: Sequence[Entry]) -> dict[str, Any]:
    later = [x for x in entries if x.case == entry.case and x.version > entry.version]
    by = [x.version for x in later if _of(x.data, EntryCorrected, "corrects") == entry.version]
    gone = [x.version for x in later if _of(x.data, EntryVoided, "voids") == entry.version]
    return {"corrected_by": by, "taken_back_by": gone[0] if gone else None}


def _of(data: Data, kind: type[Data], name: str) -> int | None:
    return getattr(data, name) if isinstance(data, kind) else None


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


def history_lines(entries: Sequence[Entry], workflow: Workflow, *, phi: bool = False) -> list[Line]:
    """In the order given; with ``phi`` a sealed value that is not disclosed was redacted."""
    missing = "redacted" if phi else "sealed"
    return [line for entry in entries for line in _lines(entry, workflow, missing)]


def _lines(entry: Entry, workflow: Workflow, missing: str) -> Iterator[Line]:
    cells = [(f"{entry.version:>4}", 4), (happened(entry, workflow.zone), _WHEN)]
    yield from toned(row(cells, terminal(title(entry)), indent=0), "head")
    for label, value in details(entry, workflow, missing):
        yield from _detail(label, value)
    yield from toned(labelled("digest", entry.digest[:_DIGITS], indent=6), "dim")


def title(entry: Entry) -> str:
    """The kind of entry; of a transition, what it moved."""
    return f"{entry.type}{_move(_recorded(entry))}"


def happened(entry: Entry, zone: str) -> str:
    """The day that it happened on, to the minute where that is known."""
    if entry.occurred_at is not None:
        return words.minute(entry.occurred_at, zone)
    return words.day(entry.occurred_on)


def details(entry: Entry, workflow: Workflow, missing: str) -> Iterator[tuple[str, str]]:
    """Who recorded it and when, and all that it says; ``missing`` for what is not disclosed."""
    yield "by", f"{entry.actor} ({entry.by})"
    yield "recorded", words.minute(entry.recorded_at, workflow.zone)
    for name, value in _recorded(entry).items():
        if name not in (*_MOVE, "overridden") and value not in (None, False, [], {}):
            yield name, words.local(_told(value), workflow.zone)
    if isinstance(entry.data, TransitionFired):
        for gap in entry.data.overridden:
            yield "overridden", in_words(gap, entry.data.trigger, workflow)
    for name in sorted(entry.sealed):
        yield name, _typed(entry, name) or missing


def _detail(label: str, value: str) -> list[Line]:
    return toned(labelled(terminal(label), terminal(value), indent=6))


def _move(data: Mapping[str, Any]) -> str:
    if "from" not in data:
        return ""
    return f", {data.get('trigger') or data['workflow']}: {data['from']} -> {data['to']}"


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
