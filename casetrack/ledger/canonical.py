r"""Canonical JSON: one value has one text, which is stored and hashed as it stands.

Keys ``[a-z][a-z0-9_]*`` sorted, no spaces, UTF-8, non-ASCII raw, no floats, integers below 2**53,
no control character (C1 and DEL are some) but ``\n`` and ``\t``, no lone surrogate.
Text stays as typed: nothing is normalised.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256

import msgspec

from casetrack.errors import Refused, Unparsable

_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_ESCAPED = re.compile(r'(?:[^\\]+|\\["\\nt])*')
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_INTEGER_LIMIT = 2**53


def text(value: object) -> str:
    """The canonical text of what ``plain`` returned."""
    return msgspec.json.encode(value, order="sorted").decode()


def holds(found: str) -> bool:
    """Whether it is the canonical text of an object: what dumping it again gives, and sound."""
    try:
        read = msgspec.json.decode(found)
        return isinstance(read, dict) and text(read) == found and _sound(read, found)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False


def _sound(read: object, dumped: str) -> bool:
    """No float, no large integer, no name of another form; in the text, no control character."""
    return _plain(read) and not _FORBIDDEN.search(dumped) and bool(_ESCAPED.fullmatch(dumped))


def _plain(value: object) -> bool:
    if value is None or isinstance(value, str | bool):
        return True
    if isinstance(value, dict):
        return all(map(_NAME.fullmatch, value)) and all(map(_plain, value.values()))
    if isinstance(value, list):
        return all(map(_plain, value))
    return isinstance(value, int) and abs(value) < _INTEGER_LIMIT


def digest(of: str) -> str:
    """The SHA-256 of the text's bytes, in hex."""
    return sha256(of.encode()).hexdigest()


def instant(at: datetime) -> str:
    """UTC with six decimals and ``Z``, always as wide."""
    if at.tzinfo is None:
        raise ValueError("an instant has a time zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def builtins(struct: object) -> dict[str, object]:
    """A struct as ``plain`` takes it: datetimes kept, for none may lose its zero microseconds."""
    made: dict[str, object] = msgspec.to_builtins(
        struct, builtin_types=(datetime,), enc_hook=_exact
    )
    return made


def _exact(value: object) -> object:
    """Subclasses of datetime and date, which msgspec does not take, as text."""
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    raise NotImplementedError


def plain(value: object, name: str) -> object:
    """The value in JSON's own types; what has no place there is refused under the member's name."""
    if isinstance(value, str):
        return value if value.isprintable() else checked(value, name)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dict):
        return members(value)
    if isinstance(value, list | tuple):
        return [plain(item, name) for item in value]
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, int) and abs(value) < _INTEGER_LIMIT:
        return value
    raise Refused(f"{name} is neither text, yes or no, nor an integer below 2**53")


def members(value: Mapping[str, object]) -> dict[str, object]:
    """``plain`` for each member, its name checked."""
    if not all(map(_is_name, value)):
        raise Refused("a member's name is a lower-case letter, then letters, digits and _")
    return {name: plain(member, name) for name, member in value.items()}


@lru_cache(maxsize=1024)
def _is_name(name: str) -> bool:
    return bool(_NAME.fullmatch(name))


def checked(value: str, name: str) -> str:
    """The text itself, unless it holds a character that no entry may hold."""
    if not value.isprintable() and _FORBIDDEN.search(value):  # what is printable is none of them
        raise Unparsable(f"{name} holds a control character or a lone surrogate")
    return value
