"""How much room letters take where no font can be asked: never less than a common one gives."""

from unicodedata import category, east_asian_width

from msgspec import Struct

_WIDE = frozenset("mwMW@%&")
_NARROW = frozenset("iljtfrI.,:;'|!()[] -")


class Type(Struct, frozen=True):
    """A size of letters, how far apart their lines are, and how much wider than plain ones."""

    size: float
    leading: float
    spread: float = 1.0


def wide(text: str, of: Type) -> float:
    """The room that one line takes at most."""
    return sum(map(_em, text)) * of.size * of.spread


def _em(char: str) -> float:
    if char in _WIDE:
        return 1.0
    if char in _NARROW:
        return 0.4
    if category(char) in ("Mn", "Me", "Cf"):
        return 0.0
    if east_asian_width(char) in ("W", "F") or ord(char) > 0x2E7F:
        return 1.05
    if char.isascii() and (char.islower() or char.isdigit() or char == "_"):
        return 0.64
    return 0.8 if char.isascii() and char.isalpha() else 0.9


def broken(text: str, of: Type, room: float) -> list[str]:
    """At least one line, none wider than the room; a word too long is cut."""
    lines, line = [], ""
    for word in text.split():
        for part in _cut(word, of, room):
            joined = f"{line} {part}" if line else part
            if wide(joined, of) > room:
                lines.append(line)
                joined = part
            line = joined
    return [*lines, line]


def _cut(word: str, of: Type, room: float) -> list[str]:
    """The word, in pieces where it has no room on a line of its own."""
    pieces = [""]
    for char in word:
        if pieces[-1] and wide(pieces[-1] + char, of) > room:
            pieces.append("")
        pieces[-1] += char
    return pieces
