"""What changed in a case from one point to another: state, values, deadlines, evidence, entries."""

from collections.abc import Iterator, Mapping
from typing import Any

from casetrack.domain import dates
from casetrack.domain.events import Value
from casetrack.reports import words
from casetrack.reports.casefile import Data, shown
from casetrack.reports.lines import row
from casetrack.reports.past import Told, deadlines_data
from casetrack.reports.sinks import terminal

Change = tuple[Any, Any]
_CASE = ("state", "assignee", "expedited")
_DATES = ("due_on", "due_at", "act_by", "law_by", "outcome", "unproven", "tolled_on")


def difference(first: Told, second: Told) -> Data:
    """One case of ``casetrack.history-diff/1``; ``was`` or ``is`` null where there was none."""
    return {
        "case": second.name,
        "from": _point(first),
        "to": _point(second),
        **{name: _plain(_state(first, name), _state(second, name)) for name in _CASE},
        "fields": list(_fields(first, second)),
        "deadlines": list(_deadlines(first, second)),
        "evidence": list(_evidence(first, second)),
        "entries": {
            "gained": sorted(_versions(second) - _versions(first)),
            "lost": sorted(_versions(first) - _versions(second)),
        },
    }


def _point(told: Told) -> Data:
    point = told.picture.point
    asked = {"as_of": point.true_by, "known_at": point.known_by}
    return {name: at and dates.instant_text(at) for name, at in asked.items()}


def _state(told: Told, name: str) -> object:
    """Of a case that was not open yet, nothing."""
    return getattr(told.case, name) if told.case.version else None


def _plain(was: object, now: object) -> Data | None:
    return None if was == now else {"was": was, "is": now}


def _versions(told: Told) -> set[int]:
    return {entry.version for entry in told.picture.entries}


def _changes(was: Mapping[Any, Any], now: Mapping[Any, Any]) -> Iterator[tuple[Any, Change]]:
    for key in sorted({*was, *now}):
        if was.get(key) != now.get(key):
            yield key, (was.get(key), now.get(key))


def _fields(first: Told, second: Told) -> Iterator[Data]:
    for name, (was, now) in _changes(first.case.fields, second.case.fields):
        yield {"name": name, "was": _shown(second, name, was), "is": _shown(second, name, now),
               "sealed": not _clear(second, name)}  # fmt: skip


def _clear(told: Told, name: str) -> bool:
    return name in told.workflow.fields and told.workflow.fields[name].clear


def _shown(told: Told, name: str, value: Value | None) -> object:
    return None if value is None else shown(value, phi=told.phi, clear=_clear(told, name))


def _deadlines(first: Told, second: Told) -> Iterator[Data]:
    for name, (was, now) in _changes(_dated(first), _dated(second)):
        yield {"deadline": name, "was": was, "is": now}


def _dated(told: Told) -> dict[str, Data]:
    """An open deadline that has only come nearer has not changed."""
    return {
        str(line["deadline"]): {name: line[name] for name in _DATES}
        for line in deadlines_data(told)
    }


def _evidence(first: Told, second: Told) -> Iterator[Data]:
    for (item, version), (was, now) in _changes(_records(first), _records(second)):
        told = {"was": was and was[0], "is": now and now[0]}
        values = {"values": sorted(_revalued(was, now))}
        yield {"item": item, "version": version, **told, **values}


def _records(told: Told) -> dict[tuple[str, int], tuple[str, Mapping[str, Value]]]:
    return {
        (item, record.version): (record.on.isoformat(), record.values)
        for item, records in told.case.evidence.items()
        for record in records
    }


def _revalued(was: Change | None, now: Change | None) -> list[str]:
    """The names of values that changed while the record stood."""
    return [] if was is None or now is None else [name for name, _ in _changes(was[1], now[1])]


def lines(first: Told, second: Told) -> list[str]:
    """The difference for a person."""
    made: Any = difference(first, second)
    told = [
        *((name, _arrow(made[name])) for name in _CASE if made[name]),
        *((f["name"], _value(f)) for f in made["fields"]),
        *((d["deadline"], _deadline(d["was"], d["is"])) for d in made["deadlines"]),
        *((x["item"], _record(x)) for x in made["evidence"]),
        *(("entries", text) for text in _entries(made["entries"])),
    ]
    head = f"{second.name}, from {_named(first)} to {_named(second)}:"
    found = [text for name, said in told for text in row([(name, 22)], terminal(said))]
    return [terminal(head), *(found or ["  nothing changed"])]


def _named(told: Told) -> str:
    point, zone = told.picture.point, told.workflow.zone
    asked = {"true by": point.true_by, "known by": point.known_by}
    if point.true_by == point.known_by:
        asked = {"": point.true_by}
    parts = [f"{what} {words.minute(at, zone)}".strip() for what, at in asked.items() if at]
    return ", ".join(parts) or "now"


def _arrow(change: Mapping[str, Any]) -> str:
    return f"{_word(change['was'])} -> {_word(change['is'])}"


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return "-" if value is None else str(value)


def _value(field: Mapping[str, Any]) -> str:
    hidden = field["sealed"] and field["was"] is None and field["is"] is None
    return "changed (sealed)" if hidden else _arrow(field)


def _deadline(was: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> str:
    if was is None or now is None:
        told = "armed" if was is None else "not armed"
        return f"{told}: {_dates_of(was or now or {})}"
    changed = [name for name in _DATES if was[name] != now[name] and name != "due_at"]
    return ", ".join(
        f"{name.replace('_', ' ')} {_arrow({'was': was[name], 'is': now[name]})}"
        for name in changed or ["due_at"]
    )


def _dates_of(line: Mapping[str, Any]) -> str:
    law = f", law {line['law_by']}" if line["law_by"] else ""
    return f"act by {line['act_by']}, due {line['due_on']}{law}; {line['outcome']}"


def _record(change: Mapping[str, Any]) -> str:
    if change["was"] is None:
        return f"recorded, dated {change['is']} (version {change['version']})"
    if change["is"] is None:
        return f"not on file (version {change['version']})"
    dated = _arrow(change) if change["was"] != change["is"] else ""
    said = ", ".join(filter(None, [dated, *change["values"]]))
    return f"corrected: {said} (version {change['version']})"


def _entries(made: Mapping[str, list[int]]) -> Iterator[str]:
    for what, versions in made.items():
        if versions:
            yield f"{what}: {', '.join(map(str, versions))}"
