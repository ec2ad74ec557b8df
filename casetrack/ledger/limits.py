"""What a draft may hold: every refusal names the member, its size and the limit, never the value.

Sizes are in bytes of UTF-8 and inclusive; a list counts as the sum of its texts.
"""

import re
from collections.abc import Mapping

from casetrack.domain import events as e
from casetrack.errors import Refused, Unparsable
from casetrack.ledger.canonical import checked
from casetrack.ledger.store import Draft

BODY = 256 * 1024
VALUE = 16 * 1024
NAME = 200
LIMITS: Mapping[str, int] = {"patient": NAME, "note": 64 * 1024}

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")


def check(draft: Draft) -> None:
    """Refuse a draft that is over a limit or holds what no entry may hold."""
    event = draft.event
    check_name(draft.actor, "actor")
    if draft.key is not None and not _KEY.fullmatch(draft.key):
        raise Refused("an idempotency key has 1 to 64 letters, digits, '.', '_' and '-'")
    if isinstance(event.data, e.CaseAssigned) and event.data.assignee is not None:
        check_name(event.data.assignee, "assignee")
    for name, value in (getattr(event.data, "fields", {}) | dict(event.typed)).items():
        _check_value(name, value)
    reference = event.typed.get("reference")
    if reference is not None and not (
        isinstance(reference, str) and _REFERENCE.fullmatch(reference)
    ):
        raise Refused(
            "a reference has 1 to 32 letters, digits, '.', '_' and '-', a letter or digit first"
        )


def check_name(value: str, what: str) -> None:
    """An account's or a person's name: 1 to 200 bytes on one line."""
    if "\n" in checked(value, what) or "\t" in value:
        raise Unparsable(f"{what} holds a control character")
    check_size(what, len(value.encode()), NAME)
    if not value:
        raise Refused(f"{what} is empty")


def check_size(what: str, size: int, limit: int) -> None:
    if size > limit:
        raise Refused(f"{what} has {size:,} bytes; the limit is {limit:,}")


def _check_value(name: str, value: object) -> None:
    if isinstance(value, str):
        size = len(checked(value, name).encode())
    elif isinstance(value, tuple | list) and all(isinstance(text, str) for text in value):
        size = sum(len(checked(text, name).encode()) for text in value)
    else:
        raise Refused(f"{name} is neither text nor a list of texts")
    check_size(name, size, LIMITS.get(name, VALUE))


def redaction_targets(draft: Draft) -> tuple[e.Target, ...]:
    """What a redaction names, once each; refused if it names nothing."""
    data = draft.event.data
    if not isinstance(data, e.ValueRedacted):
        raise TypeError("a redaction is recorded as a ValueRedacted")
    if not data.removed or len(set(data.removed)) < len(data.removed):
        raise Refused("a redaction names at least one value, and none twice")
    return data.removed


def nothing_to_redact(target: e.Target) -> Refused:
    return Refused(f"version {target.version} holds no value of that name, or no longer")
