"""Plain lines with a tone, laid out in columns without a table library."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal
from unicodedata import category, east_asian_width

from msgspec import Struct

COLUMNS = 100

_SPACE = re.compile(r"(?<!Mon|Tue|Wed|Thu|Fri|Sat|Sun) | (?!\d)")  # none within a date

Tone = Literal["plain", "head", "bad", "warn", "good", "dim"]


class Line(Struct, frozen=True):
    """A line of a report, already safe for a terminal; the tone is for who colours it."""

    text: str
    tone: Tone = "plain"


def width(text: str) -> int:
    """The columns that a terminal gives the text."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(char: str) -> int:
    if category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(char) in ("W", "F") else 1


def pad(text: str, to: int) -> str:
    return text + " " * (to - width(text))


@lru_cache(maxsize=1024)
def wrap(text: str, room: int) -> tuple[str, ...]:
    """At least one line, none wider than ``room`` columns; a word too long is cut."""
    if not text.startswith(" ") and width(text) <= room:
        return (text,)
    lines, line = [], ""
    for word in _words(text, room):
        joined = f"{line} {word}" if line else word
        if width(joined) > room:
            lines.append(line)
            joined = word
        line = joined
    return (*lines, line)


def _words(text: str, room: int) -> Iterator[str]:
    for word in _SPACE.split(text):
        yield from (word,) if width(word) <= room else _cut(word, room)


def _cut(word: str, room: int) -> Iterator[str]:
    piece, used = "", 0
    for char in word:
        cells = _cells(char)
        if used + cells > room:
            yield piece
            piece, used = "", 0
        piece, used = piece + char, used + cells
    yield piece


def row(cells: Sequence[tuple[str, int]], rest: str, indent: int = 2) -> list[str]:
    """Cells in columns of the widths given, then ``rest`` wrapped in what remains.

    A cell wider than its column keeps the line to itself; the next one starts below, in place.
    """
    lines, line, start = [], "", indent
    for text, column in (*cells, ("", 0)):
        if width(line) > max(start - 1, 0):
            lines.append(line)
            line = ""
        line = pad(line, start) + text
        start += column + 2
    start -= 2
    first, *more = wrap(rest, COLUMNS - start)
    found = [*lines, pad(line, start) + first, *(" " * start + text for text in more)]
    return [text.rstrip() for text in found]


def column(texts: Sequence[str], most: int) -> int:
    """The width that a column of these texts takes, ``most`` at the most."""
    return min(most, max(map(width, texts), default=0))


def labelled(label: str, value: str, indent: int = 4, room: int = 14) -> list[str]:
    """``label  value``, the value wrapped in its own column."""
    return row([(label, room)], value, indent)


def toned(texts: Sequence[str], tone: Tone = "plain") -> list[Line]:
    return [Line(text, tone) for text in texts]
