"""A case, its deadlines and its evidence as frozen values; ``domain.fold`` makes them."""

from collections.abc import Mapping
from datetime import date, datetime

from msgspec import Struct

from casetrack.domain import events as e

# Sealed names that are no fields of the workflow.
ENVELOPE = frozenset({
    "reference", "patient", "reason", "override", "note", "basis", "purpose",
    "file_name", "file_size", "file_sha256", "import_sha256", "title",
})  # fmt: skip


class Tracked(Struct, frozen=True, kw_only=True):
    """A deadline with its life so far; ``outcome`` None while it is open.

    ``unproven``: what it asks for was done, and that it arrived is not yet shown.
    ``tolled_on``: the clock stands still from that day. ``sent``: the rungs warned of, under the
    dates it has now.
    """

    deadline: e.Deadline
    armed_version: int
    outcome: e.Closing | None = None
    closed_version: int | None = None
    closed_on: date | None = None
    late: bool | None = False
    unproven: bool = False
    tolled_on: date | None = None
    sent: tuple[str, ...] = ()


class Transition(Struct, frozen=True, kw_only=True):
    """A transition as it now stands; ``expedited`` is what the stage was before it."""

    version: int
    trigger: str
    origin: str
    to: str
    on: date
    at: datetime | None
    expedited: bool


class Evidence(Struct, frozen=True, kw_only=True):
    """One record of an item; ``on`` is the evidence's own date."""

    item: str
    version: int
    on: date
    values: Mapping[str, e.Value]
    has_file: bool


class OpenGap(Struct, frozen=True, kw_only=True):
    """An overridden guard, where it was overridden and for which day."""

    trigger: str
    version: int
    on: date
    gap: e.Gap


class Case(Struct, frozen=True, kw_only=True):
    """Everything known of a case at ``version``; version 0 is a case not yet opened.

    ``moves``: its transitions, those taken back left out. ``said``: the field values of each
    entry. ``corrected``: by original version and name, the entry that corrected it last.
    ``titles``: of deadlines of our own. ``follows``: the id of the case before. ``left``: the
    definitions that it followed before, oldest first.
    """

    id: str
    version: int = 0
    digest: str | None = None
    recorded_at: datetime | None = None
    reference: e.Value | None = None
    patient: e.Value | None = None
    follows: str | None = None
    workflow: str = ""
    definition: str = ""
    left: tuple[str, ...] = ()
    state: str = ""
    final: bool = False
    assignee: str | None = None
    expedited: bool = False
    opened_on: date | None = None
    moves: tuple[Transition, ...] = ()
    said: Mapping[int, Mapping[str, e.Value]] = {}
    corrected: Mapping[int, Mapping[str, int]] = {}
    titles: Mapping[str, e.Value] = {}
    evidence: Mapping[str, tuple[Evidence, ...]] = {}
    deadlines: Mapping[str, Tracked] = {}
    gaps: tuple[OpenGap, ...] = ()

    @property
    def fields(self) -> dict[str, e.Value]:
        """The value of each field that was said last."""
        return {n: v for version in sorted(self.said) for n, v in self.said[version].items()}

    def values_of(self, version: int) -> Mapping[str, e.Value]:
        """What the entry of that version says now, as a transition or as evidence."""
        records = (record for known in self.evidence.values() for record in known)
        shown = (record.values for record in records if record.version == version)
        return self.said.get(version) or next(shown, {})

    @property
    def moved_on(self) -> date | None:
        return self.moves[-1].on if self.moves else None

    @property
    def moved_at(self) -> datetime | None:
        """The latest instant known of a transition; one on a day alone may come after it."""
        return max((m.at for m in self.moves if m.at is not None), default=None)

    def open_deadlines(self) -> tuple[Tracked, ...]:
        return tuple(t for t in self.deadlines.values() if t.outcome is None)

    def latest(self, clock: str) -> Tracked | None:
        """The newest arming of a clock."""
        armings = [t for t in self.deadlines.values() if t.deadline.clock == clock]
        return max(armings, key=lambda t: t.deadline.n, default=None)

    def evidence_for(self, item: str, on: date | None = None) -> Evidence | None:
        """The evidence that counts: the latest by its own date, then by version.

        With ``on``, evidence dated up to that day goes before any dated later.
        """
        known = self.evidence.get(item, ())
        timely = [x for x in known if on is None or x.on <= on]
        return max(timely or known, key=lambda x: (x.on, x.version), default=None)
