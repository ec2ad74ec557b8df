"""The shipped JSON Schemas are those of the types, take every good file and no plainly bad one."""

import copy
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casetrack.catalog import resources, schemas
from tests.own import CLINIC, GUIDE, SMALL

DATA = Path(__file__).parents[1] / "data"
WORKFLOWS = [
    *map(resources.workflow_text, resources.workflow_ids()),
    *(path.read_text("utf-8") for path in sorted(DATA.glob("*.toml"))),
    GUIDE,
    SMALL,
]
CALENDARS = [*map(resources.calendar_text, resources.calendar_ids()), CLINIC]
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,), "integer": (int,),
}  # fmt: skip

WORDS = {
    "$ref", "$defs", "$schema", "title", "description", "default", "format", "type", "if", "then",
    "else", "properties", "required", "additionalProperties", "items", "enum",
}  # fmt: skip


def shipped(kind: schemas.Kind) -> dict[str, Any]:
    found = json.loads(schemas.path(kind).read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def document(text: str) -> dict[str, Any]:
    """As an editor hands it to a validator: dates are text."""
    made = json.loads(json.dumps(tomllib.loads(text), default=str))
    assert isinstance(made, dict)
    return made


def faults(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> Iterator[str]:  # noqa: ANN401  # JSON
    """What a validator finds, by the few words of JSON Schema that these schemas use."""
    assert set(schema) <= WORDS, set(schema) - WORDS
    if "$ref" in schema:
        yield from faults(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if "if" in schema:
        way = "then" if set(schema["if"]["required"]) <= set(value) else "else"
        yield from faults(value, schema[way], root)
    kinds = TYPES[schema["type"]] if "type" in schema else (object,)
    if not isinstance(value, kinds) or (isinstance(value, bool) and kinds == (int,)):
        yield f"{value!r} is no {schema['type']}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{value!r} is none of {schema['enum']}"
    if isinstance(value, list) and "items" in schema:
        for item in value:
            yield from faults(item, schema["items"], root)
    if isinstance(value, dict):
        yield from _of_table(value, schema, root)


def _of_table(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any]) -> Iterator[str]:
    yield from (f"{name} is missing" for name in schema.get("required", ()) if name not in value)
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name, item in value.items():
        if name in known:
            yield from faults(item, known[name], root)
        elif others is False:
            yield f"{name} is unknown"
        elif isinstance(others, dict):
            yield from faults(item, others, root)


@pytest.mark.parametrize("kind", ["workflow", "calendar"])
def test_what_is_shipped_is_made_from_the_types(kind: schemas.Kind) -> None:
    assert shipped(kind) == json.loads(json.dumps(schemas.made(kind)))


@pytest.mark.parametrize(
    ("kind", "text"),
    [*(("workflow", text) for text in WORKFLOWS), *(("calendar", text) for text in CALENDARS)],
)
def test_every_good_file_is_taken(kind: schemas.Kind, text: str) -> None:
    schema = shipped(kind)
    assert list(faults(document(text), schema, schema)) == []


@pytest.mark.parametrize("text", [SMALL, GUIDE])
@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (("colour",), 1, "colour is unknown"),
        (("title",), None, "title is missing"),
        (("title",), 3, "3 is no string"),
        (("clocks",), [], "[] is no object"),
        (("clocks", "x"), {"lenght": "1d"}, "lenght is unknown"),
        (("clocks", "x"), {"owner": "patient"}, "'patient' is none of"),
        (("clocks", "x"), {"rungs": "1bd"}, "'1bd' is no array"),
        (("states", "x"), {"title": "x", "final": "yes"}, "'yes' is no boolean"),
        (("items", "x"), {"fresh": {"days": "30"}}, "'30' is no integer"),
        (("triggers", "x"), {"moves": [{"to": "x"}]}, "origins is missing"),
    ],
)  # fmt: skip
def test_a_plain_mistake_is_marked(
    text: str, path: tuple[str, ...], value: object, fault: str
) -> None:
    schema, made = shipped("workflow"), document(text)
    table = made
    for key in path[:-1]:
        table = table.setdefault(key, {})
    table.pop(path[-1], None)
    if value is not None:
        table[path[-1]] = copy.deepcopy(value)
    assert any(found.startswith(fault) for found in faults(made, schema, schema))


def test_only_what_extends_another_may_leave_things_out() -> None:
    schema, made = shipped("workflow"), document(GUIDE)
    del made["extends"], made["remove"]
    assert {"zone is missing", "states is missing"} <= set(faults(made, schema, schema))
    made = document(CLINIC)
    schema = shipped("calendar")
    made["last"] = "2030-12-31"
    assert list(faults(made, schema, schema)) == ["last is unknown"]
