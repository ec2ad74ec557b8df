"""On which line of a TOML text a key stands, for the sake of whoever has to mend it.

``tomllib`` does not tell. The text was parsed before, so that no more than its outline is read.
"""

import re
from collections.abc import Iterator, Mapping

from casetrack.catalog.problems import dotted

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
_KEY = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_HEADER = re.compile(rf"(\[\[?)[ \t]*({_KEY})[ \t]*\]")
_NAME = re.compile(rf"({_KEY})[ \t]*=")
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|'
    r"'''.*?'{3,5}|"
    r'"(?:\\.|[^"\\\n])*"|'
    r"'[^'\n]*'|#[^\n]*|[\[{]|[\]}]|\n|[^\"'#\[\]{}\n]+",
    re.DOTALL,
)


class Lines:
    """The keys of a text by line; the text is looked at when first asked.

    A problem names a calendar's day for its date, and the text has it by its number.
    """

    def __init__(self, text: str, data: Mapping[str, object] | None = None) -> None:
        self._text = text
        self._data = data or {}
        self._known: Mapping[str, int] | None = None

    def words(self, key: str) -> str:
        """``line 12: `` for a dotted key, or for the nearest part of it that has a line."""
        if self._known is None:
            self._known = dict(_outline(self._text))
        day, bracket, rest = key.partition("]")
        key = self._days().get(day, day) + bracket + rest
        while key and key not in self._known:
            key = key[: max(key.rfind("."), key.rfind("["), 0)]
        return f"line {self._known[key]}: " if key else ""

    def _days(self) -> dict[str, str]:
        days = self._data.get("days")
        dated = enumerate(days) if isinstance(days, list) else ()
        return {f"days[{day.get('date')}": f"days[{n}" for n, day in dated if isinstance(day, dict)}


NOWHERE = Lines("")


def _outline(text: str) -> Iterator[tuple[str, int]]:
    """Each key of a table, and each table, with its line; what stands inside a value has none."""
    at, table = 0, ""
    counts: dict[str, int] = {}
    while (at := _end(_BLANK, text, at)) < len(text):
        line = text.count("\n", 0, at) + 1
        if header := _HEADER.match(text, at):
            table = _table(header[2], counts, many=len(header[1]) > 1)
            yield table, line
            at = _after_value(text, header.end())
        elif name := _NAME.match(text, at):
            yield dotted(table, *_parts(name[1])), line
            at = _after_value(text, name.end())
        else:
            return


def _table(key: str, counts: dict[str, int], *, many: bool) -> str:
    """A header's key, with the number of each list of tables that it stands in."""
    path = ""
    *above, last = _parts(key)
    for part in above:
        path = dotted(path, part)
        path = f"{path}[{counts[path]}]" if path in counts else path
    path = dotted(path, last)
    if not many:
        return path
    counts[path] = counts.get(path, -1) + 1
    return f"{path}[{counts[path]}]"


def _parts(key: str) -> list[str]:
    return [part.strip("\"'") for part in re.findall(_PART, key)]


def _after_value(text: str, at: int) -> int:
    """Where the line ends that a value ends on."""
    depth = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            return len(text)
        at = found.end()
        depth += (found[0] in "[{") - (found[0] in "]}")
        if found[0] == "\n" and depth <= 0:
            return at
    return at


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
