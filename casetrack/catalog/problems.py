"""What is wrong with a definition file: a dotted key and a sentence."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from casetrack.domain.naming import suggest


class Problem(Struct, frozen=True):
    """What is wrong at a dotted key; empty for the document itself."""

    key: str
    says: str

    def __str__(self) -> str:
        return f"{self.key}: {self.says}" if self.key else self.says


Problems = Iterator[Problem]


def dotted(key: str, *parts: str) -> str:
    """A dotted key as TOML spells it."""
    for part in parts:
        bare = part.isascii() and part.replace("_", "").replace("-", "").isalnum()
        key = ".".join(filter(None, (key, part if bare else quoted(part))))
    return key


def quoted(value: object) -> str:
    """A value of the file, short and in ASCII."""
    try:
        text = ascii(value)
    except ValueError:
        return "a very large number"
    return text if len(text) <= 60 else f"{text[:57]}..."


def one_of(names: Iterable[str]) -> str:
    """``a, b or c``."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def unknown(key: str, noun: str, word: str, known: Iterable[str]) -> Problems:
    """A problem if ``word`` is not known."""
    names = sorted(known)
    if word not in names:
        yield Problem(key, f"unknown {noun} {quoted(word)}{suggest(word, names)}")


def not_carried(key: str, name: str, carried: Iterable[str]) -> Problems:
    """A problem if a field is not among those given where it is named."""
    names = sorted(carried)
    if name not in names:
        yield Problem(key, f"field {quoted(name)} is not carried here{suggest(name, names)}")


def all_known(key: str, noun: str, words: Iterable[str], known: Iterable[str]) -> Problems:
    """A problem for each word that is not known."""
    names = sorted(known)
    for word in words:
        yield from unknown(key, noun, word, names)
