"""What audits of rules and dates find, as lines for a terminal; each finding as its JSON."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from casetrack.reports import words
from casetrack.reports.lines import Line, Tone, row, toned
from casetrack.reports.sinks import terminal

Found = Mapping[str, Any]
_TONES: Mapping[str, Tone] = {"error": "bad", "warning": "warn", "info": "dim"}
_NAMES: Mapping[str, str] = {"due_on": "due", "act_by": "act by", "law_by": "law"}


def finding_lines(finding: Found) -> list[Line]:
    """Severity, case and version, then the rule and what it says."""
    place = finding["case"] or "the ledger"
    if finding["version"] is not None:
        place = f"{place} version {finding['version']}"
    cells = [(finding["severity"], 7), (terminal(place), 24)]
    text = row(cells, terminal(f"{finding['rule']}: {finding['detail']}"), indent=0)
    return toned(text, _TONES[finding["severity"]])


def conformance_total(cases: int, entries: int, found: Mapping[str, int]) -> str:
    errors, warnings, told = (found.get(kind, 0) for kind in ("error", "warning", "info"))
    looked = f"{words.count(cases, 'case')}, {_entries(entries)}"
    counted = f"{words.count(errors, 'error')}, {words.count(warnings, 'warning')}"
    return f"{looked}: {counted}, {told} for information"


def _entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"


def drift_lines(found: Found) -> Iterator[Line]:
    """The dates that differ, as recorded and as today's definitions give them, then each reason."""
    outcome = f" ({found['outcome']})" if found["outcome"] else ""
    cells = [(terminal(found["case"]), 16), (terminal(found["deadline"]), 22)]
    yield from toned(row(cells, _dates(found) + outcome, indent=0), "warn")
    for why in found["why"]:
        yield from toned(row([(why["kind"], 8)], terminal(why["detail"])))


def _dates(found: Found) -> str:
    was, now = found["recorded"], found["today"]
    if was is None:
        return f"not on record; due {_day(now and now['due_on'])} today"
    if now is None:
        return f"due {_day(was['due_on'])}; can't be counted today"
    parts = [
        f"{label} {_day(was[name])} -> {_day(now[name])}"
        for name, label in _NAMES.items()
        if was[name] != now[name]
    ]
    return ", ".join(parts) or f"due {was['due_at']} -> {now['due_at']}"


def _day(text: str | None) -> str:
    return "-" if text is None else words.day(date.fromisoformat(text))


def drift_total(cases: int, deadlines: int, found: Mapping[str, int]) -> str:
    looked = f"{words.count(cases, 'case')}, {words.count(deadlines, 'deadline')}"
    return f"{looked}: {found.get('differing', 0)} would be dated otherwise today"
