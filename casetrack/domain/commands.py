"""What can be asked of a case, as plain values with every field already read and checked."""

from collections.abc import Mapping
from datetime import date, datetime

from msgspec import Struct

from casetrack.domain.events import Typed


class Moment(Struct, frozen=True, kw_only=True):
    """When something happened to us; ``at`` refines ``on`` when the instant is known."""

    on: date
    at: datetime | None = None


class Open(Struct, frozen=True, kw_only=True):
    definition: str
    reference: str
    moment: Moment
    patient: str | None = None
    values: Mapping[str, Typed] = {}


class Fire(Struct, frozen=True, kw_only=True):
    trigger: str
    moment: Moment
    values: Mapping[str, Typed] = {}
    reason: str | None = None
    override: str | None = None


class Record(Struct, frozen=True, kw_only=True):
    """``moment`` is the evidence's own day; ``file`` its name, size and SHA-256."""

    item: str
    moment: Moment
    values: Mapping[str, Typed] = {}
    file: tuple[str, int, str] | None = None


class Note(Struct, frozen=True, kw_only=True):
    text: str
    moment: Moment
    values: Mapping[str, Typed] = {}
