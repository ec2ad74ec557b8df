"""What can be asked of a case, as plain values with every field already read and checked."""

from collections.abc import Mapping
from datetime import date, datetime

from msgspec import Struct

from casetrack.domain.events import Typed


class Moment(Struct, frozen=True, kw_only=True):
    """When something happened to us; ``at`` refines ``on`` when the instant is known.

    ``now`` is when it is told, which warnings of a moved deadline are reckoned by.
    """

    on: date
    now: datetime
    at: datetime | None = None


class Open(Struct, frozen=True, kw_only=True):
    definition: str
    reference: str
    moment: Moment
    patient: str | None = None
    values: Mapping[str, Typed] = {}
    follows: str | None = None


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


class Plan(Struct, frozen=True, kw_only=True):
    """A deadline of our own, due on a day."""

    title: str
    due: date
    moment: Moment


class Done(Struct, frozen=True, kw_only=True):
    """``name`` is ``plan#n`` or the exact title."""

    name: str
    moment: Moment


class Extend(Struct, frozen=True, kw_only=True):
    """``deadline`` here and below is ``clock#n``, or a clock for its latest."""

    deadline: str
    to: date
    basis: str
    reason: str
    moment: Moment


class Toll(Struct, frozen=True, kw_only=True):
    deadline: str
    reason: str
    moment: Moment


class Resume(Struct, frozen=True, kw_only=True):
    deadline: str
    reason: str
    moment: Moment


class Amend(Struct, frozen=True, kw_only=True):
    """``version`` is the entry that is named; ``happened`` its new day and instant, if amended."""

    version: int
    reason: str
    moment: Moment
    values: Mapping[str, Typed] = {}
    happened: Moment | None = None
    patient: str | None = None


class Void(Struct, frozen=True, kw_only=True):
    version: int
    reason: str
    moment: Moment


class Adopt(Struct, frozen=True, kw_only=True):
    """``states``: what states of the definition left are called in the one adopted."""

    definition: str
    states: Mapping[str, str]
    moment: Moment
    reason: str | None = None
