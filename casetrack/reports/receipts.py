"""What a write did: the promised JSON, and the lines that say it."""

from collections.abc import Iterable, Sequence
from datetime import date

from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.domain.gaps import in_words
from casetrack.domain.workflow import Workflow
from casetrack.reports.casefile import Data, armed_data, closed_data, dates_data, moved_data
from casetrack.reports.lines import column, labelled, row
from casetrack.reports.sinks import terminal
from casetrack.reports.words import day, lateness

_WHY = {"expedite_refused": "expedite refused", "taken_back": "taken back"}


def receipt_data(data: e.Data, workflow: Workflow, case: Case, before: Case | None) -> Data:
    """The part of a write's JSON that is particular to its kind, and all it did to deadlines.

    ``case`` is as it became; ``before`` gives the dates that a deadline moved from.
    """
    return {**_particular(data, case, workflow), **_effects(data, workflow, before)}


def _particular(data: e.Data, case: Case, workflow: Workflow) -> Data:
    said: Data = {}
    match data:
        case e.TransitionFired():
            open_now = [_gap(gap, data.trigger, workflow) for gap in data.overridden]
            said = {"from": data.origin, "to": data.to, "trigger": data.trigger,
                    "overridden": open_now}  # fmt: skip
        case e.EvidenceRecorded():
            said = {"item": data.item}
        case e.DeadlineTolled(deadline=name):
            on = case.deadlines[name].tolled_on
            said = {"deadline": name, "tolled_on": on and on.isoformat()}
        case e.EntryCorrected(corrects=version):
            said = {"corrects": version, "amended": sorted(_amended(case, version))}
        case e.EntryVoided(voids=version):
            said = {"voids": version}
        case e.WorkflowAdopted():
            said = _adopted(data)
        case e.DeadlinePlanned() | e.DeadlineDone() | e.DeadlineExtended() | e.DeadlineResumed():
            said = {"deadline": _touched(data)[0]}
        case _:
            pass
    return said


def _adopted(data: e.WorkflowAdopted) -> Data:
    return {
        "workflow": data.workflow, "edition": data.edition, "definition": data.definition,
        "from": data.origin, "to": data.to, "unused": list(data.unused),
        "dropped": [{"deadline": one.deadline, "why": one.why} for one in data.dropped],
    }  # fmt: skip


def _gap(gap: e.Gap, trigger: str, workflow: Workflow) -> Data:
    told = in_words(gap, trigger, workflow)
    return {"guard": gap.guard, "code": gap.code, "item": gap.item, "detail": told}


def _touched(data: e.Effects) -> list[str]:
    return [
        *(d.deadline for d in data.armed),
        *(d.deadline for d in data.closed),
        *(d.deadline for d in data.moved),
    ]


def _amended(case: Case, version: int) -> Iterable[str]:
    """What the newest entry corrected."""
    return (n for n, by in case.corrected.get(version, {}).items() if by == case.version)


def _effects(data: e.Data, workflow: Workflow, before: Case | None) -> Data:
    done = data if isinstance(data, e.Effects) else e.Effects()
    zone = workflow.zone
    return {
        "armed": [armed_data(d, zone) for d in done.armed],
        "closed": [closed_data(c) for c in done.closed],
        "moved": [{**moved_data(m, zone), "was": _was(m, zone, before)} for m in done.moved],
        "reopened": list(done.reopened),
        "unproven": list(done.unproven),
    }


def _was(moved: e.Moved, zone: str, before: Case | None) -> Data | None:
    return dates_data(before.deadlines[moved.deadline].deadline.reading, zone) if before else None


def receipt_lines(data: Data) -> list[str]:
    """A write for a person: what happened, then every deadline it touched."""
    told = [
        *(("armed", f"{d['deadline']}: {_dated(d)}") for d in _rows(data, "armed")),
        *(("counted" if stays(d) else "moved", f"{d['deadline']}: {_moved(d)}")
          for d in _rows(data, "moved")),
        *(("returns", _returns(name, data)) for name in _names(data, "reopened")),
        *(("open", f"{name}, until it is shown that the filing arrived")
          for name in _names(data, "unproven")),
        *(("closed", f"{d['deadline']}: {d['outcome']}{lateness(d['late'])}")
          for d in _rows(data, "closed")),
    ]  # fmt: skip
    lines = [text for label, said in told for text in row([(label, 7)], terminal(said))]
    gaps = [text for d in _rows(data, "overridden")
            for text in labelled("open item:", terminal(str(d["detail"])), 2, 10)]  # fmt: skip
    return [terminal(_headline(data)), *lines, *gaps]


def _returns(name: object, data: Data) -> str:
    moved = [row["why"] for row in _rows(data, "moved") if row["deadline"] == name]
    if not moved:
        return f"{name}, with the dates it had"
    return f"{name}, counted again" if moved == ["adopted"] else f"{name}, amended since"


def _headline(data: Data) -> str:
    case, version = data["case"], f"(version {data['version']})"
    dry = "(dry run, nothing written)" if data.get("dry_run") else ""
    if "trigger" in data:
        again = " (already recorded)" if data.get("repeated") else ""
        moved = f"{data['trigger']}, {data['from']} -> {data['to']}"
        return f"{case}: {moved}{dry and ' '}{dry}{again}"
    if data.get("recorded", 1) != 1:
        return f"{case}: recorded {data['recorded']} items (now version {data['version']})"
    return f"{case}: {_deed(data)} {dry or version}"


def _deed(data: Data) -> str:
    """What was done, by what only that kind of write says."""
    match data:
        case {"item": item}:
            deed = f"recorded {item}"
        case {"voids": version, "state": state}:
            deed = f"version {version} is taken back, now {state}"
        case {"corrects": version, "amended": [*names]}:
            deed = f"version {version} is amended: {', '.join(map(str, names))}"
        case {"workflow": workflow, "edition": edition, "from": was, "to": state}:
            told = f"now {state}" if was != state else f"still {state}"
            deed = f"follows {workflow}, edition {edition}, {told}"
        case {"deadline": name, "tolled_on": str(on)}:
            deed = f"{name} stands still from {_day(on)}"
        case {"deadline": name, "armed": [_, *_]}:
            deed = f"planned {name}"
        case {"deadline": name, "closed": [_, *_]}:
            deed = f"{name} is done"
        case {"deadline": name, "moved": [{"why": why}, *_]}:
            deed = f"{name} is {why}"
        case _:
            deed = "noted"
    return deed


def _dated(row: Data) -> str:
    named = (("act by", row["act_by"]), ("due", row["due_on"]), ("law", row["law_by"]))
    return ", ".join(f"{name} {_day(on)}" for name, on in named if on)


def stays(row: Data) -> bool:
    """Whether it was counted again, by another calendar's edition, and is where it was."""
    was = row["was"]
    return isinstance(was, dict) and all(row[name] == was[name] for name in was)


def _moved(row: Data) -> str:
    """Each date, with the one before it where that was another; and why."""
    was = row["was"] if isinstance(row["was"], dict) else {}
    named = (("act by", "act_by"), ("due", "due_on"), ("law", "law_by"))
    parts = [
        f"{label} {_from(was.get(name), row[name])}{_day(row[name])}"
        for label, name in named
        if row[name]
    ]
    return f"{', '.join(parts)} ({_WHY.get(str(row['why']), row['why'])})"


def _from(was: object, now: object) -> str:
    return f"{_day(was)} -> " if was and was != now else ""


def _day(on: object) -> str:
    return day(date.fromisoformat(str(on)))


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
    typed = [_typed(name, workflow) for name in allowed]
    for name, text in zip(allowed, typed, strict=True):
        lines += row([(text, column(typed, 50))], terminal(workflow.triggers[name].title))
    for trigger, reasons in refused:
        lines.append(f"held up: {trigger}, {terminal(workflow.triggers[trigger].title)}")
        lines += [text for r in reasons for text in row([("-", 1)], terminal(r))]
    if elsewhere:
        label = f"not from {state}:"
        lines += labelled(label, ", ".join(elsewhere), indent=0, room=len(label))
    return lines


def _typed(name: str, workflow: Workflow) -> str:
    """What to type for a trigger."""
    trigger = workflow.triggers[name]
    needed = [f"{field}=..." for field in trigger.required]
    needed += ["--at INSTANT"] if trigger.expedites else []
    return " ".join([name, *needed])
