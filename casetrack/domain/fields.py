"""From what a person types for a field to what is kept: one strict reading per field type.

Dates are kept as ISO days, instants as fixed-width UTC text, numbers and text as typed.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct

from casetrack.domain import dates
from casetrack.domain.events import Typed
from casetrack.domain.naming import suggest
from casetrack.domain.workflow import Field, Workflow
from casetrack.errors import CasetrackError, Refused, UnknownName, Unparsable

MAX_VALUE = 16 * 1024
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)


class Reader(Struct, frozen=True, kw_only=True):
    """What reading a value depends on: the zone, the day, and how business days are added."""

    zone: str
    today: date
    now: datetime
    business: dates.AddBusinessDays


def read_values(
    workflow: Workflow, allowed: Sequence[str], given: Iterable[tuple[str, str]], reader: Reader
) -> dict[str, Typed]:
    """Named values, checked; a field that may repeat becomes a list, any other stands once."""
    found: dict[str, list[str]] = {}
    for name, text in given:
        found.setdefault(_known(name, allowed), []).append(text)
    return {n: _kept(n, workflow.fields[n], texts, reader) for n, texts in found.items()}


def _known(name: str, allowed: Sequence[str]) -> str:
    """The name, if it may stand here; what does not look like a name is not repeated."""
    if name in allowed:
        return name
    known = ", ".join(allowed) or "none"
    shown = f"field {name}" if _NAME.fullmatch(name) else "such field"
    raise UnknownName(f"no {shown} here{suggest(name, allowed)}; known here: {known}")


def _kept(name: str, field: Field, texts: list[str], reader: Reader) -> Typed:
    read = tuple(read_value(name, field, text, reader) for text in texts)
    if field.many:
        return read
    if len(read) > 1:
        raise Refused(f"{name} is given {len(read)} times; it may be given once")
    return read[0]


def read_value(name: str, field: Field, text: str, reader: Reader) -> str:
    """One value as it is kept; errors name the field and never the value."""
    check_text(name, text)
    try:
        return _read(field, text, reader)
    except CasetrackError as error:
        raise type(error)(f"{name}: {error.message}") from None


def _read(field: Field, text: str, reader: Reader) -> str:
    match field.type:
        case "date":
            read = _date(field, text, reader).isoformat()
        case "instant":
            read = dates.instant_text(_instant(field, text, reader))
        case "integer":
            read = _matching(_INTEGER, text, "a whole number such as 150")
        case "decimal":
            read = _matching(_DECIMAL, text, "a number such as 1.5")
        case "yes_no":
            read = _one_of(text, ("yes", "no"))
        case "code":
            read = _one_of(text, field.values)
        case "text":
            read = _words(text)
    return read


def _words(text: str) -> str:
    if not text.strip():
        raise Refused("is empty; leave it out where there is no value")
    return text


def _date(field: Field, text: str, reader: Reader) -> date:
    day = dates.parse_date(text, reader.today, reader.business)
    if day > reader.today and not field.future:
        raise Refused(f"{day} is in the future; today is {reader.today}")
    return day


def _instant(field: Field, text: str, reader: Reader) -> datetime:
    instant = dates.parse_instant(text, reader.zone)
    if instant > reader.now and not field.future:
        raise Refused("that instant is in the future")
    return instant


def _matching(pattern: re.Pattern[str], text: str, form: str) -> str:
    if not pattern.fullmatch(text):
        raise Unparsable(f"not a number; write {form}, in ASCII digits")
    return text


def _one_of(text: str, values: Sequence[str]) -> str:
    if text in values:
        return text
    raise Refused(f"not one of {', '.join(values)}{suggest(text, values)}")


def check_text(name: str, text: str, limit: int = MAX_VALUE) -> None:
    """Refuse what can't be kept as typed: too long, control characters, lone surrogates."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise Unparsable(f"{name}: not valid Unicode text") from None
    if size > limit:
        raise Refused(f"{name}: {size} bytes are over the limit of {limit}")
    if not text.isprintable() and any(
        unicodedata.category(c) == "Cc" and c not in "\n\t" for c in text
    ):
        raise Unparsable(f"{name}: holds a control character; only newline and tab are kept")


def split_clear(
    workflow: Workflow, values: Mapping[str, Typed]
) -> tuple[dict[str, Typed], dict[str, Typed]]:
    """(clear, sealed): what may stand in a hashed body and what may not."""
    clear = {n: v for n, v in values.items() if workflow.fields[n].clear}
    return clear, {n: v for n, v in values.items() if n not in clear}


def number(text: str) -> Decimal:
    """A kept integer or decimal as a number."""
    return Decimal(text)
