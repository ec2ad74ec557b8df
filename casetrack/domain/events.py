"""Domain facts as recorded: what each entry's ``data`` holds in format 1.

Replay reads these and nothing else, so every computed date, the calendar editions it rests on
and the state reached are in the fact itself. Frozen: fields may be added with a default, never
renamed, retyped or removed.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Literal

from msgspec import Struct

from casetrack.domain.workflow import Kind, Owner, Roll


class Redacted(Enum):
    """The value was disclosed once and has been taken back."""

    REDACTED = "redacted"


REDACTED = Redacted.REDACTED
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
    ``safe_on`` is our own earliest reading before it moves back to a business day.
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
    safe_on: date
    stated_due_on: date | None
    law_length: str | None
    law_at: datetime | None
    law_by: date | None
    act_by: date
    rungs: tuple[str, ...]
    calendars: tuple[CalendarUse, ...]


class Deadline(Struct, frozen=True, kw_only=True):
    """The n-th arming of a clock; ``standard`` keeps the reading that an expedite replaced."""

    deadline: str
    clock: str
    n: int
    owner: Owner
    kind: Kind
    alive_in: tuple[str, ...]
    reading: Reading
    standard: Reading | None = None


class Moved(Struct, frozen=True, kw_only=True):
    """A deadline's new reading and why."""

    deadline: str
    why: str
    reading: Reading
    standard: Reading | None


class Ended(Struct, frozen=True, kw_only=True):
    """A deadline that closed; ``late``: the act that satisfied it came after ``due_at``."""

    deadline: str
    outcome: Closing
    late: bool = False


class Gap(Struct, frozen=True, kw_only=True):
    """An unmet guard that was overridden, in codes only."""

    guard: str
    code: str
    item: str | None = None


class Data(Struct, frozen=True, kw_only=True):
    """What every kind of entry carries: the import row, and what a clock that ran behind said."""

    row: int | None = None
    clock_behind: datetime | None = None


class LedgerOpened(Data, frozen=True, kw_only=True):
    """The first entry of a ledger's own stream."""

    practice: bool


class DisclosureMade(Data, frozen=True, kw_only=True):
    """Typed values left the ledger, by this command, for these cases (none listed: all)."""

    command: str
    cases: tuple[str, ...]


class CaseOpened(Data, frozen=True, kw_only=True):
    workflow: str
    definition: str
    edition: str
    state: str
    fields: dict[str, Typed]
    armed: tuple[Deadline, ...]
    follows: str | None = None


class TransitionFired(Data, frozen=True, kw_only=True, rename={"origin": "from"}):
    """``final``: the state reached ends the case. ``expedited``: of the stage, afterwards."""

    trigger: str
    origin: str
    to: str
    final: bool
    expedited: bool
    fields: dict[str, Typed]
    armed: tuple[Deadline, ...]
    closed: tuple[Ended, ...]
    moved: tuple[Moved, ...]
    reopened: tuple[str, ...]
    overridden: tuple[Gap, ...]


class EvidenceRecorded(Data, frozen=True, kw_only=True):
    item: str
    fields: dict[str, Typed]
    armed: tuple[Deadline, ...]
    closed: tuple[Ended, ...]


class NoteAdded(Data, frozen=True, kw_only=True):
    fields: dict[str, Typed]
    closed: tuple[Ended, ...]


class CaseAssigned(Data, frozen=True, kw_only=True):
    """``assignee`` null: nobody's."""

    assignee: str | None


class Target(Struct, frozen=True, kw_only=True):
    """A sealed value, by the entry that holds its hash."""

    version: int
    name: str


class ValueRedacted(Data, frozen=True, kw_only=True):
    removed: tuple[Target, ...]


CASE_TYPES: Mapping[str, type[Data]] = {
    kind.__name__: kind
    for kind in (
        CaseOpened, TransitionFired, EvidenceRecorded, NoteAdded, CaseAssigned, ValueRedacted,
        LedgerOpened, DisclosureMade,
    )
}  # fmt: skip


class Event(Struct, frozen=True, kw_only=True):
    """A fact as decided, before it is recorded. ``typed`` is sealed when it is."""

    data: Data
    occurred_on: date
    occurred_at: datetime | None = None
    typed: Mapping[str, Typed] = {}


class Entry(Struct, frozen=True, kw_only=True):
    """An event as recorded. ``disclosed`` holds the clear text still on file, by sealed name."""

    ledger: str
    case: str
    version: int
    prev: str | None
    type: str
    key: str
    occurred_on: date
    occurred_at: datetime | None
    recorded_at: datetime
    actor: str
    by: str
    data: Data
    sealed: Mapping[str, str]
    body: str
    digest: str
    disclosed: Mapping[str, Typed]

    def value(self, name: str) -> Value | None:
        """The sealed value of that name: its text, ``REDACTED``, or None if there is none."""
        if name not in self.sealed:
            return None
        return self.disclosed.get(name, REDACTED)
