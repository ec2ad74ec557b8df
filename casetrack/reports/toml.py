"""A definition as one TOML file, whole: what a file that extends another comes to."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import msgspec

from casetrack.domain.calendar import Calendar
from casetrack.domain.workflow import Workflow

Table = Mapping[str, Any]


def workflow(found: Workflow) -> list[str]:
    """Without the keys that have no value; it loads as the same workflow."""
    return list(_lines(msgspec.to_builtins(found), ""))


def calendar(found: Calendar) -> list[str]:
    names = ("id", "title", "edition", "source", "weekend", "first", "last")
    said = {name: getattr(found, name) for name in names}
    keys = ("date", "name", "observed_for", "status", "source")
    days = ({key: getattr(day, key) for key in keys} for day in found.days)
    listed = (line for day in days for line in ("", "[[days]]", *_lines(day, "")))
    return [*_lines(said, ""), *listed]


def _lines(table: Table, path: str) -> Iterator[str]:
    """Plain values first, then the tables below, each under its own heading."""
    inner = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    for key, value in table.items():
        if key not in inner and value is not None:
            yield from _value(key, value)
    for key, value in inner.items():
        name = f"{path}.{key}" if path else key
        yield from ("", f"[{name}]")
        yield from _lines(value, name)


def _value(key: str, value: Any) -> Iterator[str]:  # noqa: ANN401  # JSON-like
    """A list that may be long has a line for each of its values."""
    if not isinstance(value, list | tuple) or len(_plain(value)) + len(key) < 90:
        yield f"{key} = {_plain(value)}"
        return
    yield f"{key} = ["
    yield from (f"  {_plain(item)}," for item in value)
    yield "]"


def _plain(value: Any) -> str:  # noqa: ANN401  # JSON-like
    match value:
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
        case bool():
            return str(value).lower()
        case date():
            return value.isoformat()
        case Mapping():
            pairs = (f"{key} = {_plain(x)}" for key, x in value.items() if x is not None)
            return f"{{ {', '.join(pairs)} }}"
        case list() | tuple():
            return f"[{', '.join(map(_plain, value))}]"
        case _:
            return str(value)
