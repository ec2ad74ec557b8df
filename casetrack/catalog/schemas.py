"""The JSON Schema of both formats, made from the very types that the files are read into.

The made text ships beside the definitions, for editors; ``scripts/build_schemas.py`` writes it.
"""

from collections.abc import Mapping
from json import dumps
from pathlib import Path
from typing import Any, Literal

import msgspec

from casetrack.catalog.extending import EXTENDS, REMOVE
from casetrack.domain.workflow import Workflow

Kind = Literal["workflow", "calendar"]
_FOLDER = Path(__file__).with_name("schemas")
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_BASE = {"type": "string", "description": "the id of the definition that this one changes"}
_GONE = {"type": "array", "items": {"type": "string"}, "description": "dotted keys to leave out"}
_SAID = ["id", "title", "edition", "standing", "source"]


def path(kind: Kind) -> Path:
    """Where the shipped schema is."""
    return _FOLDER / f"{kind}.schema.json"


def made(kind: Kind) -> dict[str, Any]:
    """A file that extends another may leave out what that says, in any of its tables."""
    whole = _whole() if kind == "workflow" else _calendar()
    return {"$schema": _DIALECT, "title": f"A casetrack {kind}", **whole}


def _whole() -> dict[str, Any]:
    schema = msgspec.json.schema(Workflow)
    strict = _plain(schema["$defs"])
    loose = {f"Some{name}": _loose(one) for name, one in strict.items()}
    top = loose.pop("SomeWorkflow")
    top["properties"] |= {EXTENDS: _BASE, REMOVE: _GONE}
    top["required"] = [EXTENDS, *_SAID]
    used = {name: one for name, one in loose.items() if f'/{name}"' in dumps([top, loose])}
    defs = {**strict, **used, "Extending": top}
    return {
        "$defs": defs,
        "if": {"required": [EXTENDS]},
        "then": {"$ref": "#/$defs/Extending"},
        "else": {"$ref": "#/$defs/Workflow"},
    }


def _plain(value: Any) -> Any:  # noqa: ANN401  # JSON
    """Without the words for programmers, and without null, which TOML has not."""
    if isinstance(value, list):
        return [_plain(item) for item in value if item != {"type": "null"}]
    if not isinstance(value, Mapping):
        return value
    kept = {key: _plain(item) for key, item in value.items() if not _technical(key, item)}
    choices = kept.get("anyOf")
    if isinstance(choices, list) and len(choices) == 1:
        return {**{key: item for key, item in kept.items() if key != "anyOf"}, **choices[0]}
    return kept


def _technical(key: str, item: object) -> bool:
    return (key == "description" and isinstance(item, str)) or (key == "default" and item is None)


def _loose(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The same with nothing required, in the tables below too; what lists hold stays whole."""
    inner = {name: _loosened(one) for name, one in definition.get("properties", {}).items()}
    kept = {key: item for key, item in definition.items() if key != "required"}
    return {**kept, "properties": inner}


def _loosened(part: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" in part:
        return {**part, "$ref": part["$ref"].replace("#/$defs/", "#/$defs/Some")}
    if isinstance(part.get("additionalProperties"), Mapping):
        return {**part, "additionalProperties": _loosened(part["additionalProperties"])}
    return dict(part)


def _calendar() -> dict[str, Any]:
    from casetrack.catalog.calendars import Definition

    whole = _plain(msgspec.json.schema(Definition))["$defs"]
    day, calendar = whole["ClosedDay"], whole["Definition"]
    for closed in (day, calendar):
        closed["additionalProperties"] = False
    own_day = {**day, "required": ["date", "name"]}
    listed = {"type": "array", "items": {"$ref": "#/$defs/OwnDay"}}
    names = ("id", "title", "edition", "source")
    kept = {name: calendar["properties"][name] for name in names}
    extending = {
        **calendar,
        "properties": {**kept, EXTENDS: _BASE, "days": listed},
        "required": [EXTENDS, *names],
    }
    return {
        "$defs": {**whole, "OwnDay": own_day, "Extending": extending},
        "if": {"required": [EXTENDS]},
        "then": {"$ref": "#/$defs/Extending"},
        "else": {"$ref": "#/$defs/Definition"},
    }
