"""What a write did: the promised JSON, and the lines that say it."""

from collections.abc import Iterable, Sequence
from datetime import date

from casetrack.domain import events as e
from casetrack.domain.workflow import Workflow
from casetrack.reports.casefile import Data, armed_data, closed_data, moved_data
from casetrack.reports.lines import labelled, row
from casetrack.reports.sinks import terminal
from casetrack.reports.words import day


def receipt_data(data: e.Data, workflow: Workflow) -> Data:
    """The part of a write's JSON that is particular to its kind."""
    match data:
        case e.TransitionFired():
            return {"from": data.origin, "to": data.to, "trigger": data.trigger,
                    **_fired(data, workflow)}  # fmt: skip
        case e.EvidenceRecorded():
            return {"item": data.item, **_armed_closed(data.armed, data.closed, workflow)}
        case e.NoteAdded():
            return _armed_closed((), data.closed, workflow)
        case _:
            return {}


def _fired(data: e.TransitionFired, workflow: Workflow) -> Data:
    return {
        **_armed_closed(data.armed, data.closed, workflow),
        "moved": [moved_data(m, workflow.zone) for m in data.moved],
        "reopened": list(data.reopened),
        "overridden": [{"guard": g.guard, "code": g.code, "item": g.item} for g in data.overridden],
    }


def _armed_closed(
    armed: Sequence[e.Deadline], closed: Sequence[e.Ended], workflow: Workflow
) -> Data:
    return {
        "armed": [armed_data(d, workflow.zone) for d in armed],
        "closed": [closed_data(c) for c in closed],
    }


def receipt_lines(data: Data) -> list[str]:
    """A write for a person: what happened, then every deadline it touched."""
    lines = [_headline(data)]
    lines += [f"  armed    {d['deadline']}: {_dated(d)}" for d in _rows(data, "armed")]
    lines += [f"  moved    {d['deadline']}: {_dated(d)} ({d['why']})" for d in _rows(data, "moved")]
    lines += [f"  returns  {name}, with the dates it had" for name in _names(data, "reopened")]
    lines += [
        f"  closed   {d['deadline']}: {d['outcome']}{', late' if d['late'] else ''}"
        for d in _rows(data, "closed")
    ]
    lines += [
        f"  open item: {d['guard']}, {d['item'] or d['code']}" for d in _rows(data, "overridden")
    ]
    return [terminal(line) for line in lines]


def _headline(data: Data) -> str:
    if "trigger" in data:
        dry = " (dry run, nothing written)" if data.get("dry_run") else ""
        again = " (already recorded)" if data.get("repeated") else ""
        return f"{data['case']}: {data['trigger']}, {data['from']} -> {data['to']}{dry}{again}"
    if data.get("recorded", 1) != 1:
        return f"{data['case']}: recorded {data['recorded']} items (now version {data['version']})"
    if "item" in data:
        return f"{data['case']}: recorded {data['item']} (version {data['version']})"
    return f"{data['case']}: noted (version {data['version']})"


def _dated(row: Data) -> str:
    named = (("act by", row["act_by"]), ("due", row["due_on"]), ("law", row["law_by"]))
    return ", ".join(f"{name} {day(date.fromisoformat(str(on)))}" for name, on in named if on)


def _rows(data: Data, name: str) -> list[Data]:
    rows = data.get(name)
    return rows if isinstance(rows, list) else []


def _names(data: Data, name: str) -> list[object]:
    rows = data.get(name)
    return rows if isinstance(rows, list) else []


def next_lines(
    workflow: Workflow,
    state: str,
    allowed: Sequence[str],
    refused: Iterable[tuple[str, tuple[str, ...]]],
    elsewhere: Sequence[str],
) -> list[str]:
    """What can be fired now, with which values; what is held up, and why; what comes elsewhere."""
    lines = ["allowed now:" if allowed else "nothing is allowed now"]
    lines += [_allowed_line(name, workflow) for name in allowed]
    for trigger, reasons in refused:
        lines.append(f"held up: {trigger}, {terminal(workflow.triggers[trigger].title)}")
        lines += [text for r in reasons for text in row([("-", 1)], terminal(r))]
    if elsewhere:
        lines += labelled(f"not from {state}:", ", ".join(elsewhere), indent=0, room=18)
    return lines


def _allowed_line(name: str, workflow: Workflow) -> str:
    trigger = workflow.triggers[name]
    needed = [f"{field}=..." for field in trigger.required]
    needed += ["--at INSTANT"] if trigger.expedites else []
    return f"  {' '.join([name, *needed]):<40} {terminal(trigger.title)}"
