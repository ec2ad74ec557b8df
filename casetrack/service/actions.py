"""A row of an import as the command it stands for."""

import re
from collections.abc import Mapping

from casetrack.domain.workflow import Workflow
from casetrack.errors import Refused
from casetrack.service.rows import REJECTED_BECAUSE, split_many
from casetrack.service.typed import (
    Adopting,
    Assigning,
    Changing,
    Extending,
    Finishing,
    Firing,
    Noting,
    Opening,
    Planning,
    Recording,
    Resuming,
    Tolling,
    Typed,
    When,
)

Values = Mapping[str, str]

OPEN = "open"
NOBODY = "none"
_FILE = ("file_name", "file_size", "file_sha256")
_PLACE = {
    "patient": "open rows",
    "follows": "open rows",
    "workflow": "open and adopt rows",
    "reason": "rows of triggers, and extend, toll, resume and adopt rows",
    "text": "note, assign, plan and adopt rows",
    "deadline": "done, extend, toll and resume rows",
    "to": "plan and extend rows",
    "basis": "extend rows",
    **dict.fromkeys(_FILE, "record rows"),
}
_CHANGES: Mapping[str, tuple[str, ...]] = {
    "plan": ("text", "to"),
    "done": ("deadline",),
    "extend": ("deadline", "to", "basis", "reason"),
    "toll": ("deadline", "reason"),
    "resume": ("deadline", "reason"),
}
_RESERVED = frozenset({
    "case", "action", "on", "at", "actor", "override", REJECTED_BECAUSE, *_PLACE,
})  # fmt: skip
_SIZE = re.compile(r"0|[1-9][0-9]{0,14}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


def opening(values: Values, workflow: Workflow) -> Opening:
    """The case that an ``open`` row opens."""
    _check_place(values, ("patient", "workflow", "follows"))
    return Opening(
        workflow=workflow.id,
        reference=values["case"],
        when=_when(values),
        patient=values.get("patient"),
        pairs=_pairs(values, workflow),
    )


def typed_command(values: Values, workflow: Workflow) -> Typed:
    """What any other row does to its case."""
    action = values.get("action", "")
    match action.partition(":"):
        case ("", _, _):
            raise Refused(
                "action: is empty; it is open, a trigger, record:ITEM, note, assign, plan, done, "
                "extend, toll, resume or adopt"
            )
        case ("open", _, _):
            raise Refused("action: the case is open already")
        case ("note", "", ""):
            return _note(values, workflow)
        case ("assign", "", ""):
            return _assign(values)
        case ("adopt", "", ""):
            return _adopt(values)
        case ("plan" | "done" | "extend" | "toll" | "resume", "", ""):
            return _change(values, action)
        case ("record", ":", item):
            return _record(values, workflow, item)
        case _:
            return _fire(values, workflow, action)


def _note(values: Values, workflow: Workflow) -> Noting:
    _check_place(values, ("text",))
    text = values.get("text", "")
    if not text.strip():
        raise Refused("text: is empty; it is what the note says")
    return Noting(text=text, when=_when(values), pairs=_pairs(values, workflow))


def _assign(values: Values) -> Assigning:
    _check_place(values, ("text",))
    _no_fields(values, "an assign row has")
    name = values.get("text", NOBODY)
    return Assigning(name=None if name == NOBODY else name, when=_when(values))


def _adopt(values: Values) -> Adopting:
    """``text`` holds the states that are renamed, OLD=NEW."""
    _check_place(values, ("workflow", "text", "reason"))
    _no_fields(values, "adopt rows have")
    renamed = [part.partition("=") for part in split_many(values.get("text", "")) if part]
    return Adopting(
        workflow=_given(values, "workflow", "adopt"),
        states=[(old, new) for old, _, new in renamed],
        when=_when(values),
        reason=values.get("reason"),
    )


def _no_fields(values: Values, which: str) -> None:
    field = next((name for name, _ in _plain(values)), None)
    if field is not None:
        raise Refused(f"{field}: {which} no fields")


def _change(values: Values, action: str) -> Changing:
    """What happens to one deadline; such rows have no fields."""
    needed = _CHANGES[action]
    _check_place(values, needed)
    _no_fields(values, f"{action} rows have")
    given = {name: _given(values, name, action) for name in needed}
    when = _when(values)
    match action:
        case "plan":
            return Planning(title=given["text"], due=given["to"], when=when)
        case "done":
            return Finishing(name=given["deadline"], when=when)
        case "extend":
            return Extending(
                deadline=given["deadline"], to=given["to"], basis=given["basis"],
                reason=given["reason"], when=when,
            )  # fmt: skip
        case "toll":
            return Tolling(deadline=given["deadline"], reason=given["reason"], when=when)
        case _:
            return Resuming(deadline=given["deadline"], reason=given["reason"], when=when)


def _given(values: Values, name: str, action: str) -> str:
    if name not in values:
        raise Refused(f"{name}: is empty; {action} rows need it")
    return values[name]


def _record(values: Values, workflow: Workflow, item: str) -> Recording:
    _check_place(values, _FILE)
    return Recording(
        item=item, when=_when(values), pairs=_pairs(values, workflow), file=_file(values)
    )


def _fire(values: Values, workflow: Workflow, trigger: str) -> Firing:
    _check_place(values, ("reason",))
    return Firing(
        trigger=trigger,
        when=_when(values),
        pairs=_pairs(values, workflow),
        reason=values.get("reason"),
        override=values.get("override"),
    )


def _check_place(values: Values, allowed: tuple[str, ...]) -> None:
    for name, where in _PLACE.items():
        if name in values and name not in allowed:
            raise Refused(f"{name}: it stands on {where} only")


def _when(values: Values) -> When:
    on, at = values.get("on"), values.get("at")
    if on is None and at is None:
        raise Refused("on: the row says neither on nor at; give the day it happened")
    return When(on=on, at=at)


def _plain(values: Values) -> list[tuple[str, str]]:
    return [(name, value) for name, value in values.items() if name not in _RESERVED]


def _pairs(values: Values, workflow: Workflow) -> tuple[tuple[str, str], ...]:
    """Field values; those of a field that may repeat apart."""
    pairs: list[tuple[str, str]] = []
    for name, value in _plain(values):
        field = workflow.fields.get(name)
        many = field is not None and field.many
        pairs += [(name, part) for part in (split_many(value) if many else (value,))]
    return tuple(pairs)


def _file(values: Values) -> tuple[str, int, str] | None:
    given = [name for name in _FILE if name in values]
    if not given:
        return None
    if len(given) < len(_FILE):
        raise Refused(f"{given[0]}: file_name, file_size and file_sha256 stand together or not")
    name, size, digest = (values[column] for column in _FILE)
    if not _SIZE.fullmatch(size):
        raise Refused("file_size: not a number of bytes")
    if not _SHA256.fullmatch(digest):
        raise Refused("file_sha256: not a SHA-256 in 64 small hexadecimal digits")
    return name, int(size), digest
