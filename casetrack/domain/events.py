"""Domain facts as recorded: what each entry's ``data`` holds in format 1.

Replay reads these and nothing else, so every computed date, the calendar editions it rests on
and the state reached are in the fact itself. Frozen: fields may be added with a default, never
renamed, retyped or removed.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from casetrack.domain.changeover import Dropped, Ground, Kept, Renamed, Why
from casetrack.domain.readings import (
    REDACTED,
    WITHHELD,
    CalendarUse,
    Closed,
    Closing,
    Deadline,
    Ended,
    Moved,
    Reading,
    Redacted,
    Typed,
    Value,
)

# What events are made of goes by the events' own name, too.
__all__ = [
    "REDACTED",
    "WITHHELD",
    "CalendarUse",
    "Closed",
    "Closing",
    "Deadline",
    "Dropped",
    "Ended",
    "Ground",
    "Kept",
    "Moved",
    "Reading",
    "Redacted",
    "Renamed",
    "Typed",
    "Value",
    "Why",
]


class Gap(Struct, frozen=True, kw_only=True):
    """What a transition went ahead without, in codes only: overridden, or merely not said."""

    guard: str
    code: str
    item: str | None = None


class Data(Struct, frozen=True, kw_only=True):
    """What every kind of entry carries: the import row, and what a clock that ran behind said."""

    row: int | None = None
    clock_behind: datetime | None = None


class Effects(Data, frozen=True, kw_only=True):
    """What an event did to the case's deadlines; every kind that can do anything has it all.

    ``unproven``: filing deadlines that stay open until it is shown that the filing arrived.
    """

    armed: tuple[Deadline, ...] = ()
    closed: tuple[Ended, ...] = ()
    moved: tuple[Moved, ...] = ()
    reopened: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()


class LedgerOpened(Data, frozen=True, kw_only=True):
    """The first entry of a ledger's own stream."""

    practice: bool


class DisclosureMade(Data, frozen=True, kw_only=True):
    """Typed values left the ledger, by this command, of all cases or of those listed.

    A long list is spread over several entries.
    """

    command: str
    scope: Literal["all", "listed"]
    cases: tuple[str, ...]


class KeyMade(Data, frozen=True, kw_only=True):
    """The ledger's first signing key: the base64 of its 32 public bytes."""

    public: str


class KeyRotated(Data, frozen=True, kw_only=True):
    """A newer signing key took over, by the word of both: base64 of keys and signatures."""

    old: str
    new: str
    signed_by_old: str
    signed_by_new: str


class CaseOpened(Effects, frozen=True, kw_only=True):
    workflow: str
    definition: str
    edition: str
    state: str
    fields: dict[str, Typed]
    follows: str | None = None


class TransitionFired(Effects, frozen=True, kw_only=True, rename={"origin": "from"}):
    """``final``: the state reached ends the case. ``expedited``: of the stage, afterwards."""

    trigger: str
    origin: str
    to: str
    final: bool
    expedited: bool
    fields: dict[str, Typed]
    overridden: tuple[Gap, ...]


class EvidenceRecorded(Effects, frozen=True, kw_only=True):
    item: str
    fields: dict[str, Typed]


class NoteAdded(Effects, frozen=True, kw_only=True):
    fields: dict[str, Typed]


class CaseAssigned(Data, frozen=True, kw_only=True):
    """``assignee`` null: nobody's."""

    assignee: str | None


class DeadlinePlanned(Effects, frozen=True, kw_only=True):
    """A deadline of our own; its title is sealed."""


class DeadlineDone(Effects, frozen=True, kw_only=True):
    """A deadline of our own was met."""


class DeadlineExtended(Effects, frozen=True, kw_only=True):
    """A later date was granted; reason and basis are sealed."""


class DeadlineTolled(Data, frozen=True, kw_only=True):
    """A clock stands still from the day this occurred."""

    deadline: str


class DeadlineResumed(Effects, frozen=True, kw_only=True):
    """A clock runs again: what remained is counted from the day this occurred."""


class DeadlineReprojected(Effects, frozen=True, kw_only=True):
    """A calendar has changed, and with it open deadlines that cross the change."""


class EntryCorrected(Effects, frozen=True, kw_only=True):
    """Facts of an earlier entry, as they should have been; what is null or absent stands.

    ``corrects`` is the original entry's version, also when an earlier correction is corrected.
    """

    corrects: int
    on: date | None
    at: datetime | None
    fields: dict[str, Typed]


class EntryVoided(Effects, frozen=True, kw_only=True):
    """An entry was taken back: the newest transition, or any evidence.

    ``state``, ``expedited``: what a voided transition returns to, null for evidence.
    """

    voids: int
    state: str | None
    expedited: bool | None


class WorkflowAdopted(Effects, frozen=True, kw_only=True, rename={"origin": "from"}):
    """A case follows another definition from here on: a newer edition, or another workflow.

    ``left``: the digest of the definition before. ``states``: every renaming that was given.
    ``unused``: fields and items on record that the definition adopted does not know.
    """

    workflow: str
    definition: str
    edition: str
    left: str
    origin: str
    to: str
    expedited: bool
    states: tuple[Renamed, ...] = ()
    kept: tuple[Kept, ...] = ()
    grounds: tuple[Ground, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    unused: tuple[str, ...] = ()


class ReminderSent(Data, frozen=True, kw_only=True):
    """One warning, and the less urgent ones that were folded into it.

    ``reminder`` is the id that its text carries. ``act_by`` is the date it warned of.
    """

    reminder: str
    deadline: str
    rung: str
    folded: tuple[str, ...]
    act_by: date
    scheduled_for: datetime
    sent_at: datetime
    channels: tuple[str, ...]
    may_repeat: bool


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
        DeadlinePlanned, DeadlineDone, DeadlineExtended, DeadlineTolled, DeadlineResumed,
        DeadlineReprojected, EntryCorrected, EntryVoided, WorkflowAdopted, ReminderSent,
        LedgerOpened, DisclosureMade, KeyMade, KeyRotated,
    )
}  # fmt: skip


class Event(Struct, frozen=True, kw_only=True):
    """A fact as decided, before it is recorded. ``typed`` is sealed when it is."""

    data: Data
    occurred_on: date
    occurred_at: datetime | None = None
    typed: Mapping[str, Typed] = {}


class Entry(Struct, frozen=True, kw_only=True):
    """An event as recorded. ``disclosed`` holds the clear text still on file, by sealed name.

    ``withheld``: who reads may not see what else is on file.
    """

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
    withheld: bool = False

    def value(self, name: str) -> Value | None:
        """The sealed value of that name: its text, why it is not shown, None if there is none."""
        return self.disclosed.get(name, self.hidden) if name in self.sealed else None

    @property
    def hidden(self) -> Redacted:
        """Why a sealed value that is not among the ``disclosed`` is not."""
        return WITHHELD if self.withheld else REDACTED
