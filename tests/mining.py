"""A small reader of event logs, by IEEE 1849 and nothing of ours, and a token replay on a net."""

import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

Event = dict[str, Any]
Arc = tuple[str, str, str]  # (label, from, to)

_NS = "{http://www.xes-standard.org/}"
_READ: Mapping[str, Callable[[str], object]] = {
    "string": str,
    "int": int,
    "date": datetime.fromisoformat,
    "boolean": {"true": True, "false": False}.__getitem__,
}


def traces(text: bytes) -> dict[str, list[Event]]:
    """Each trace's events by its name, all in the order of the file."""
    log = ET.fromstring(text)
    assert log.tag == f"{_NS}log"
    found = [
        (_attributes(trace), trace.findall(f"{_NS}event")) for trace in log.iter(f"{_NS}trace")
    ]
    made = {about["concept:name"]: [_attributes(x) for x in events] for about, events in found}
    assert len(made) == len(found), "a name stands once"
    return made


def _attributes(element: ET.Element) -> Event:
    """A kind that is not known here is no attribute of these logs, and an error."""
    own = [x for x in element if x.tag != f"{_NS}event"]
    return {x.attrib["key"]: _READ[x.tag.removeprefix(_NS)](x.attrib["value"]) for x in own}


def fitness(labels: Iterable[str], arcs: Iterable[Arc], start: str) -> float:
    """Of a trace, from ``start`` on to any place; 1.0 if no token is missing or left over."""
    steps: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for label, origin, to in arcs:
        steps[label].append((origin, to))
    marking, missing, number = Counter([start]), 0, 0
    for label in labels:
        origin, to = _enabled(steps[label], marking)
        missing += not marking[origin]
        marking[origin] -= bool(marking[origin])
        marking[to] += 1
        number += 1
    passed = number + 1
    left = marking.total() - 1
    return (1 - missing / passed) / 2 + (1 - left / passed) / 2


def _enabled(steps: Sequence[tuple[str, str]], marking: Counter[str]) -> tuple[str, str]:
    possible = [step for step in steps if marking[step[0]]]
    return (possible or [*steps, ("nowhere", "nowhere")])[0]
