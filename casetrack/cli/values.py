"""What is typed after a command: ``name=value``, and ``@FILE`` to keep a value off the line."""

import sys
from pathlib import Path

from casetrack.errors import Refused, Unparsable

Pairs = tuple[tuple[str, str], ...]
MAX_FILE_VALUE = 64 * 1024


def pairs(arguments: list[str] | None) -> Pairs:
    """``name=value`` arguments in order; ``name=@FILE`` and ``name=@-`` read the value."""
    return tuple(_pair(argument) for argument in arguments or ())


def _pair(argument: str) -> tuple[str, str]:
    name, equals, value = argument.partition("=")
    if not equals or not name:
        raise Unparsable("after the arguments come values as name=value, such as method=portal")
    return name, typed(value, name)


def typed(value: str, name: str = "the value") -> str:
    """The value itself, or what the file after ``@`` holds, its last line end left out."""
    if not value.startswith("@"):
        return value
    text = _stdin(name) if value == "@-" else _file(Path(value[1:]), name)
    return text.removesuffix("\n").removesuffix("\r")


def optional(value: str | None) -> str | None:
    return None if value is None else typed(value)


def _stdin(name: str) -> str:
    return _decoded(sys.stdin.buffer.read(MAX_FILE_VALUE + 1), f"{name}: standard input")


def _file(path: Path, name: str) -> str:
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_FILE_VALUE + 1)
    except OSError as error:
        raise Refused(f"{name}: the file after @ can't be read: {_why(error)}") from None
    return _decoded(raw, f"{name}: the file after @")


def _decoded(raw: bytes, what: str) -> str:
    if len(raw) > MAX_FILE_VALUE:
        raise Refused(f"{what} holds over {MAX_FILE_VALUE} bytes for one value")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Unparsable(f"{what} is not UTF-8 text") from None


def _why(error: OSError) -> str:
    return (error.strerror or "unknown reason").lower()
