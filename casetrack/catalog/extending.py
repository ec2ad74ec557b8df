"""What a definition of one's own says on top of another: plain tables, merged key by key.

A table is merged into the table of that name; any other value, a list above all, takes the place
of the one that was there. What is to go is named, and nothing else goes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from casetrack.catalog.lines import NOWHERE, Lines
from casetrack.catalog.problems import Problem, quoted
from casetrack.domain.naming import suggest

EXTENDS = "extends"
REMOVE = "remove"
_OWN_WORDS = ("id", "title", "edition", "standing", "source")  # what is said of the whole file
MANY = 200  # problems that are told of one file
_HORIZON = ("weekend", "first", "last")

Table = Mapping[str, object]
Merged = tuple[dict[str, object], list[Problem]]


class Document(Struct, frozen=True, kw_only=True):
    """A parsed file that is not checked yet."""

    where: str
    data: Table
    lines: Lines = NOWHERE


class Known(Struct, frozen=True, kw_only=True):
    """What can be extended: a document by its id, and all the ids."""

    noun: str
    find: Callable[[str], Document | None]
    ids: Callable[[], Iterable[str]]
    merge: Callable[[Table, Table], Merged]


def resolved(document: Document, known: Known) -> Merged | Problem:
    """The document with all that it extends, or why that can't be had."""
    chain = _chain(document, known)
    if isinstance(chain, Problem):
        return chain
    *own, root = chain
    data, problems = dict(root.data), list[Problem]()
    for upper in reversed(own):
        data, problems = known.merge(data, upper.data)
    return data, problems


def _chain(document: Document, known: Known) -> Sequence[Document] | Problem:
    """The document, what it extends, and so on."""
    chain, names = [document], [document.data.get("id")]
    while EXTENDS in document.data:
        name = document.data[EXTENDS]
        base = known.find(name) if isinstance(name, str) else None
        if name in names:
            says = f"goes round in a circle: {' -> '.join(map(quoted, [*names, name]))}"
            return Problem(EXTENDS, says)
        if base is None:
            hint = suggest(name, known.ids()) if isinstance(name, str) else ""
            return Problem(EXTENDS, f"unknown {known.noun} {quoted(name)}{hint}")
        chain.append(base)
        names.append(name)
        document = base
    return chain


def workflow(base: Table, own: Table) -> Merged:
    """What is said of the whole file, its id and standing above all, is never taken over."""
    kept, problems = _without(base, own.get(REMOVE, []))
    said = {key: value for key, value in own.items() if key not in {EXTENDS, REMOVE}}
    under = {key: value for key, value in kept.items() if key not in _OWN_WORDS}
    return _merged(under, said), problems


def _merged(base: Table, own: Table) -> dict[str, object]:
    made = dict(base)
    for key, value in own.items():
        before = made.get(key)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        made[key] = _merged(before, value) if both else value  # type: ignore[arg-type]  # both are
    return made


def _without(base: Table, names: object) -> Merged:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return dict(base), [Problem(REMOVE, "must be a list of dotted keys, as clocks.pa_decision")]
    kept, problems = dict(base), list[Problem]()
    for n, name in enumerate(names):
        if not _drop(kept, name.split(".")) and len(problems) < MANY:
            hint = suggest(name, _keys(base))
            says = f"there is no {quoted(name)} in what is extended{hint}"
            problems.append(Problem(f"{REMOVE}[{n}]", says))
    return kept, problems


def _drop(table: dict[str, Any], path: Sequence[str]) -> bool:
    """Take a key out of copies of the tables that it stands in; whether it was there."""
    for part in path[:-1]:
        if not isinstance(table.get(part), Mapping):
            return False
        table[part] = dict(table[part])
        table = table[part]
    return table.pop(path[-1], None) is not None


def _keys(table: Table) -> Iterator[str]:
    for key, value in table.items():
        yield key
        if isinstance(value, Mapping):
            yield from (f"{key}.{inner}" for inner in value)


def calendar(base: Table, own: Table) -> Merged:
    """Closing days of one's own beside those of the calendar that is extended."""
    if not _usable(base):
        return dict(own), [Problem(EXTENDS, "what it extends is itself not usable")]
    problems = [
        Problem(key, f"is that of {quoted(own.get(EXTENDS))}; leave it out")
        for key in _HORIZON
        if key in own
    ]
    said = {key: value for key, value in own.items() if key not in {EXTENDS, *_HORIZON, "days"}}
    listed = own.get("days", [])
    if not isinstance(listed, list) or not all(isinstance(day, dict) for day in listed):
        return {**_bare(base), **said, "days": []}, [
            *problems,
            Problem("days", "must be a list of tables"),
        ]
    added = [_own_day(day, own) for day in listed]
    problems += [_not_own(day) for day in added if day["status"] != "own"]
    return {**_bare(base), **said, "days": _in_order(base["days"], added)}, problems


def _usable(base: Table) -> bool:
    days = base.get("days")
    listed = isinstance(days, list) and all(isinstance(day, dict) for day in days)
    dated = isinstance(days, list) and listed and all(type(d.get("date")) is date for d in days)
    return dated and all(key in base for key in _HORIZON)


def _bare(base: Table) -> dict[str, object]:
    return {key: base[key] for key in _HORIZON}


def _own_day(day: Mapping[str, object], own: Table) -> dict[str, object]:
    filled = {"observed_for": day.get("date"), "status": "own", "source": own.get("source")}
    return {**filled, **day}


def _not_own(day: Mapping[str, object]) -> Problem:
    says = 'must be "own", or left out: a day that counts belongs in a calendar that extends none'
    return Problem(f"days[{day.get('date')}].status", says)


def _in_order(base: Any, added: Iterable[dict[str, object]]) -> list[object]:  # noqa: ANN401  # checked TOML
    """All days by date; one that is closed there too is left as it is there."""
    known = {day["date"] for day in base}
    dated = [day for day in added if type(day.get("date")) is date]
    odd = [day for day in added if type(day.get("date")) is not date]
    fresh = [day for day in dated if day["date"] not in known]
    return [*sorted([*base, *fresh], key=lambda day: day["date"]), *odd]
