"""Calendar files: every problem found at once, or a frozen calendar with its digest."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from casetrack.catalog import resources
from casetrack.catalog.lines import NOWHERE, Lines
from casetrack.catalog.problems import dotted
from casetrack.domain.calendar import Calendar, ClosedDay
from casetrack.errors import BadDefinition, UnknownName

MAX_YEARS = 100

_ISO_WEEK = range(1, 8)


class Definition(msgspec.Struct, frozen=True):
    id: str
    title: str
    edition: str
    source: str
    weekend: tuple[int, ...]
    first: date
    last: date
    days: tuple[ClosedDay, ...]


def available() -> list[str]:
    """The ids of the shipped calendars, sorted."""
    return resources.calendar_ids()


@cache
def load(id: str) -> Calendar:
    """The shipped calendar, read once; ``UnknownName`` names the ids that there are."""
    if id not in available():
        raise _unknown(id)
    return _named(id, resources.calendar_text(id), f"{id}.toml")


@lru_cache(maxsize=64)
def text_of(calendar: Calendar) -> str:
    """The canonical text that the calendar's digest is taken of."""
    days = [{name: getattr(day, name) for name in _LISTED} for day in calendar.days]
    said = {name: getattr(calendar, name) for name in _FILE if name != "days"}
    return canonical_text({**said, "days": days})


@cache
def shipped_text(id: str) -> tuple[str, str] | None:
    """(digest, canonical text) of a shipped calendar; None if there is none of that id."""
    if id not in available():
        return None
    calendar = load(id)
    return calendar.digest, text_of(calendar)


def from_text(text: str) -> Calendar:
    """The calendar of a canonical text, as a ledger keeps it."""
    definition = msgspec.structs.asdict(msgspec.json.decode(text, type=Definition))
    return Calendar(**definition, digest=sha256(text.encode()).hexdigest())


def check_file(path: Path) -> Calendar:
    """The calendar in a file of one's own, named for its id."""
    return _named(path.stem, resources.read_file(path), str(path))


def _named(name: str, text: str, where: str) -> Calendar:
    data = resources.parse_toml(text, where)
    return parse(data, where, Lines(text, data), name=name)


def parse(
    data: Mapping[str, object],
    where: str,
    lines: Lines = NOWHERE,
    found: Iterable[str] = (),
    *,
    name: str | None = None,
) -> Calendar:
    """Raises ``BadDefinition`` with every problem as ``where: line: key: problem``.

    ``found``: problems that were found before. ``name``: what the id has to be.
    """
    problems = [*found, *_of_keys(data, _FILE), *_of_horizon(data), *_of_days(data)]
    if name is not None and data.get("id") != name and not _id(data.get("id")):
        problems.append("id: must be the file's name")
    if problems:
        told = [f"{lines.words(problem.partition(': ')[0])}{problem}" for problem in problems]
        raise _bad(where, [f"{where}: {problem}" for problem in told])
    definition = msgspec.structs.asdict(msgspec.convert(data, Definition))
    digest = sha256(canonical_text(data).encode()).hexdigest()
    return Calendar(**definition, digest=digest)


def canonical_text(data: Mapping[str, object]) -> str:
    """JSON with sorted keys, no spaces and ISO dates: what a calendar's digest is taken of."""
    return json.dumps(
        dict(data), sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_iso
    )


def _iso(value: object) -> str:
    if type(value) is date:
        return value.isoformat()
    raise TypeError(f"a calendar definition holds no {type(value).__name__}")


def _unknown(id: str) -> UnknownName:
    known = available()
    near = get_close_matches(id, known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return UnknownName(f"no calendar has that id; {hint}there are: {', '.join(known)}")


def _bad(where: str, reasons: list[str]) -> BadDefinition:
    problems = "1 problem" if len(reasons) == 1 else f"{len(reasons)} problems"
    return BadDefinition(f"{where} is not a usable calendar: {problems}", reasons)


def _text(value: object) -> str | None:
    usable = isinstance(value, str) and value.strip() and value.isprintable()
    return None if usable else "must be printable text on one line"


def _id(value: object) -> str | None:
    usable = isinstance(value, str) and re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", value)
    return None if usable else "must be lower-case letters, digits and single hyphens"


def _edition(value: object) -> str | None:
    rule = 'must be the date the list was made as text, such as "2026-11-24"'
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return rule
    try:
        date.fromisoformat(value)
    except ValueError:
        return rule
    return None


def _day(value: object) -> str | None:
    return None if type(value) is date else "must be a date, such as 2026-11-24"


def _status(value: object) -> str | None:
    known = ("official", "computed", "own")
    return None if value in known else 'must be "official", "computed" or "own"'


def _weekend(value: object) -> str | None:
    if isinstance(value, list) and all(type(day) is int and day in _ISO_WEEK for day in value):
        proper = value == sorted(set(value)) and len(value) < len(_ISO_WEEK)
    else:
        proper = False
    return None if proper else "must be ISO weekdays, 1 to 7, in order, each once, not all seven"


def _tables(value: object) -> str | None:
    usable = isinstance(value, list) and all(isinstance(day, dict) for day in value)
    return None if usable else "must be a list of tables"


_Check = Callable[[object], str | None]
_FILE: Mapping[str, _Check] = {
    "id": _id,
    "title": _text,
    "edition": _edition,
    "source": _text,
    "weekend": _weekend,
    "first": _day,
    "last": _day,
    "days": _tables,
}
_LISTED: Mapping[str, _Check] = {
    "date": _day,
    "name": _text,
    "observed_for": _day,
    "status": _status,
    "source": _text,
}


def _of_keys(table: Mapping[str, object], checks: Mapping[str, _Check]) -> Iterator[str]:
    for key in sorted(table.keys() - checks.keys()):
        yield f"{dotted('', key)}: unknown key"
    for key, check in checks.items():
        problem = check(table[key]) if key in table else "missing"
        if problem:
            yield f"{key}: {problem}"


def _of_horizon(data: Mapping[str, object]) -> Iterator[str]:
    first, last = _dated(data, "first"), _dated(data, "last")
    if first and last and first > last:
        yield f"last: {last.isoformat()} is before first, {first.isoformat()}"
    if first and last and last.year - first.year > MAX_YEARS:
        yield f"last: more than {MAX_YEARS} years after first"


def _of_days(data: Mapping[str, object]) -> Iterator[str]:
    listed = data.get("days")
    if _tables(listed):
        return
    before: date | None = None
    days: Any = listed
    for number, day in enumerate(days, 1):
        on = _dated(day, "date")
        name = f"days[{on.isoformat() if on else f'#{number}'}]"
        problems = [*_of_keys(day, _LISTED), *_of_place(on, before, data)]
        yield from (f"{name}.{problem}" for problem in problems)
        before = on or before


def _of_place(on: date | None, before: date | None, data: Mapping[str, object]) -> Iterator[str]:
    first, last = _dated(data, "first"), _dated(data, "last")
    if on and before and on == before:
        yield "date: listed twice"
    if on and before and on < before:
        yield f"date: not in order, stands after {before.isoformat()}"
    if on and ((first and on < first) or (last and on > last)):
        yield "date: outside the horizon, first to last"


def _dated(table: Mapping[str, object], key: str) -> date | None:
    value = table.get(key)
    return value if type(value) is date else None
