"""A deadline and its dates as recorded: format 1, frozen like the events that hold them."""

from datetime import date, datetime
from enum import Enum
from typing import Literal

from msgspec import Struct

from casetrack.domain.workflow import Kind, Owner, Roll


class Redacted(Enum):
    """A value not to be had: taken back for good, or withheld from the account that reads."""

    REDACTED = "redacted"
    WITHHELD = "withheld"


REDACTED = Redacted.REDACTED
WITHHELD = Redacted.WITHHELD
Typed = str | tuple[str, ...]
Value = Typed | Redacted
Closing = Literal["satisfied", "superseded", "cancelled", "lapsed"]


class Closed(Struct, frozen=True, kw_only=True):
    """A listed day that mattered to a date."""

    date: date
    name: str


class CalendarUse(Struct, frozen=True, kw_only=True):
    """The edition of a calendar that a reading used, and its closed days that mattered."""

    id: str
    edition: str
    digest: str
    weekend: tuple[int, ...]
    closed: tuple[Closed, ...]


class Reading(Struct, frozen=True, kw_only=True):
    """One computation of a deadline's dates.

    ``length`` is the rule's text, or the name of the field that stated the date.
    ``safe_on`` is our own earliest reading before it moves back to a business day, counted from
    ``safe_from_on``; ``law_by`` is the law's date, counted from ``law_from_on`` or ``law_from_at``.
    """

    length: str
    from_on: date
    from_at: datetime | None
    from_field: str
    roll: Roll
    roll_calendar: str | None
    unrolled_on: date
    due_on: date
    due_at: datetime
    safe_from_on: date
    safe_on: date
    stated_due_on: date | None
    law_from_on: date | None
    law_from_at: datetime | None
    law_from_field: str | None
    law_length: str | None
    law_at: datetime | None
    law_by: date | None
    act_by: date
    rungs: tuple[str, ...]
    calendars: tuple[CalendarUse, ...]


class Deadline(Struct, frozen=True, kw_only=True):
    """The n-th arming of a clock; ``standard`` keeps the reading that an expedite replaced.

    ``definition`` is the digest of the workflow whose clock this is; a deadline of our own has
    the clock ``plan``, which no workflow names.
    """

    deadline: str
    definition: str
    clock: str
    n: int
    owner: Owner
    kind: Kind
    alive_in: tuple[str, ...]
    reading: Reading
    standard: Reading | None = None


class Moved(Struct, frozen=True, kw_only=True):
    """A deadline's new reading and why.

    ``sent``: the rungs that count as sent under the new reading, because their day had come.
    """

    deadline: str
    why: str
    reading: Reading
    standard: Reading | None
    sent: tuple[str, ...] = ()


class Ended(Struct, frozen=True, kw_only=True):
    """A deadline that closed; ``late``: the act came after ``due_at``.

    Null where only the act's day is known and the deadline ended at an hour of that day.
    """

    deadline: str
    outcome: Closing
    late: bool | None = False
