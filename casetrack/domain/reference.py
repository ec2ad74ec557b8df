"""What a workflow tells beside its rules: codes, whom to call, sentences of its source."""

from msgspec import Struct


class Code(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A billing or diagnosis code and when it may be used; the tests stand in the items' rules."""

    system: str
    code: str
    use: str
    source: str


class Contact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to call."""

    name: str
    how: str
    source: str


class Statement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sentence of the source that no clock or rule carries: a promise, a tip, a way to file."""

    topic: str
    text: str
    source: str
