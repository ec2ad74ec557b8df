"""What every store of entries offers, and the rows that its views hold.

A store appends drafts to one case in one transaction, keeps the views in step and decides races
by (case, version). It never decides what may happen.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol

from msgspec import Struct

from casetrack.domain.case import Case
from casetrack.domain.events import Entry, Event, Target
from casetrack.domain.reminders import Subject
from casetrack.ledger.runs import Runs
from casetrack.ledger.trees import Tree

LEDGER_CASE = "00000000-0000-0000-0000-000000000000"


class Sources(Struct, frozen=True, kw_only=True):
    """Where change comes from, injected once: same sources and inputs give the same bodies.

    ``now`` is aware UTC. ``randomness(n)`` gives n bytes: salts, ids and keys are made of it.
    ``account`` is who really writes, ``os:NAME@HOST``. ``zone`` is where the ledger's own days
    are counted.
    """

    now: Callable[[], datetime]
    randomness: Callable[[int], bytes]
    account: str
    zone: str


class Draft(Struct, frozen=True, kw_only=True):
    """An event on its way into the ledger. No ``key``: one is made."""

    event: Event
    actor: str
    key: str | None = None


class CaseRow(Struct, frozen=True, kw_only=True):
    """The view of one case. ``reference`` is None once it is redacted.

    ``silent``: it is open, and no deadline of it is.
    """

    case_id: str
    reference: str | None
    workflow: str
    definition: str
    state: str
    final: bool
    assignee: str | None
    version: int
    silent: bool


class DeadlineRow(Struct, frozen=True, kw_only=True):
    """The view of one deadline; ``outcome`` None while it is open.

    ``rungs`` is its ladder, ``sent`` what was warned of under the dates it has now,
    ``counted_from`` the fact that its day came from. ``calendars`` are the editions that its dates
    rest on, as ``id:digest``; a change from ``crosses_from`` to ``crosses_to`` may move it.
    """

    case_id: str
    deadline: str
    clock: str
    owner: str
    kind: str
    due_on: date
    due_at: datetime
    act_by: date
    law_by: date | None
    stated_due_on: date | None
    outcome: str | None
    unproven: bool = False
    tolled_on: date | None = None
    rungs: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    counted_from: str = ""
    calendars: tuple[str, ...] = ()
    crosses_from: date = date.max
    crosses_to: date = date.min


class ValueRow(Struct, frozen=True, kw_only=True):
    """A current value that ``list`` and ``find`` look up: a field, or the patient."""

    case_id: str
    name: str
    value: str


class DocketRow(Struct, frozen=True, kw_only=True):
    """An open deadline with its case; ``patient`` only where the reader asked for it."""

    case: CaseRow
    deadline: DeadlineRow
    patient: str | None = None


class Sort(Struct, frozen=True, kw_only=True):
    """Open deadlines that are alike in all but their case and days."""

    definition: str
    clock: str
    state: str
    final: bool
    unproven: bool
    rungs: tuple[str, ...]


class Query(Struct, frozen=True, kw_only=True):
    """Which cases to list; every condition given must hold. ``limit`` 0: all.

    ``assignee`` "" means nobody's. ``overdue_at``: with a deadline past then, not planned
    or tolled.
    """

    state: str | None = None
    owner: str | None = None
    assignee: str | None = None
    patient: str | None = None
    workflow: str | None = None
    overdue_at: datetime | None = None
    where: Mapping[str, str] = {}
    limit: int = 0


class Stats(Struct, frozen=True, kw_only=True):
    cases: int
    open_cases: int
    entries: int
    open_deadlines: int
    next_act_by: date | None


class Ledger(Protocol):
    """An append-only list of entries with its views."""

    @property
    def id(self) -> str:
        """This ledger's random id, from its ``LedgerOpened``."""

    @property
    def practice(self) -> bool: ...

    @property
    def sources(self) -> Sources: ...

    @property
    def withheld(self) -> bool:
        """Whether what was typed is not shown to this session, nor looked up for it."""

    @property
    def runs(self) -> Runs:
        """What unattended runs keep beside the entries."""

    @property
    def tree(self) -> Tree:
        """The tree of sealed entries."""

    def transaction(self) -> AbstractContextManager[None]:
        """Appends inside are written together or not at all; it may not be nested."""

    def append(
        self, case: Case, drafts: Sequence[Draft], definitions: Mapping[str, str] | None = None
    ) -> tuple[Case, tuple[Entry, ...]]:
        """Record drafts after ``case.version``, in order, all or none.

        ``definitions`` (digest to text, of workflows and calendars) are kept if not yet known.
        Raises ``Conflict`` when the case already has that version, ``Refused`` when another case
        has the reference.
        """

    def redact(self, case: Case, draft: Draft) -> tuple[Case, tuple[Entry, ...]]:
        """Append a ``ValueRedacted`` and erase what it names: disclosures, views, free pages."""

    def entries(self, case_id: str) -> tuple[Entry, ...]:
        """A case's entries by version; none if there is no such case."""

    def stored(self, case_id: str) -> Sequence[tuple[str, str]]:
        """A case's bodies and the digests beside them as they stand, unproven, by version."""

    def disclosures(self, case_id: str) -> Mapping[tuple[int, str], str]:
        """The exact disclosure texts still on file, by version and sealed name."""

    def by_key(self, case_id: str, key: str) -> Entry | None: ...

    def definition(self, digest: str) -> str: ...

    def case_ids(self) -> Iterator[str]:
        """Every case in order of id, the ledger's own stream left out."""

    def references(self, prefix: str, limit: int = 0) -> Sequence[tuple[str, str]]:
        """(reference, case id) of the cases whose reference starts so, sorted."""

    def case_row(self, case_id: str) -> CaseRow | None: ...

    def list_cases(self, query: Query) -> Sequence[tuple[CaseRow, DeadlineRow | None]]:
        """Cases by reference, each with its open deadline of the earliest ``act_by``."""

    def docket(
        self, until: date | None, *, patients: bool = False, ended_from: date | None = None
    ) -> Iterable[DocketRow]:
        """Open deadlines, ``act_by`` up to ``until`` inclusive, by act_by, due_at, reference.

        ``ended_from``: also those no longer open, from that ``act_by`` on, inclusive.
        """

    def subjects(self, until: date) -> Mapping[tuple[str, Subject], Sequence[tuple[str, str]]]:
        """By workflow and what warnings hang on, (case id, name) of the open deadlines.

        With ``act_by`` up to ``until`` inclusive.
        """

    def grounds(self) -> Sequence[tuple[str, str]]:
        """Each clock with each fact that some open deadline of it counts from, sorted."""

    def doubtful(
        self, presumed: Sequence[tuple[str, str]], *, patients: bool = False
    ) -> Iterable[DocketRow]:
        """Open deadlines, however far ahead, in the docket's order, about which there is doubt.

        A filing not proven, a letter that states another day, or a clock that counts from a fact
        as one of ``presumed`` says.
        """

    def calendars(self) -> Sequence[tuple[str, ...]]:
        """Each set of calendars, as ``id:digest``, that some open deadline rests on."""

    def crossing(
        self, calendars: tuple[str, ...], first: date, last: date
    ) -> Sequence[DeadlineRow]:
        """Open deadlines on these calendars that cross a day from ``first`` to ``last``.

        One whose clock stands still is none of them.
        """

    def sorts(self) -> Mapping[Sort, date]:
        """Each sort of open deadline there is, with its last ``due_on``; they are few."""

    def of_sort(self, sort: Sort) -> Iterable[DocketRow]:
        """The open deadlines of that sort, in the docket's order."""

    def pinned(self) -> Sequence[str]:
        """The digests of the workflows that the cases not final have pinned, sorted."""

    def find(self, text: str, names: Sequence[str]) -> Sequence[ValueRow]:
        """Values of these names that contain the text, whatever its case; references too."""

    def counts(self) -> Sequence[tuple[str, str | None, int]]:
        """(state, assignee, number) of the cases that are not final."""

    def unassigned(self) -> Sequence[CaseRow]:
        """The cases that are not final and nobody's, by reference."""

    def silent(self) -> Sequence[CaseRow]:
        """The cases that are not final and have no open deadline, by reference."""

    def next_act_by(self) -> date | None:
        """The earliest of any open deadline."""

    def stats(self) -> Stats: ...

    def rebuild(self) -> int:
        """Make every view again from the entries; the number of cases."""

    def views(self, case_id: str) -> tuple[CaseRow, Sequence[DeadlineRow], Sequence[ValueRow]]:
        """The stored views of one case, to compare with its replay."""

    def close(self) -> None: ...


def all_targets(entries: Iterable[Entry]) -> tuple[Target, ...]:
    """Every sealed value still disclosed, or withheld from who asks, oldest first."""
    return tuple(
        Target(version=entry.version, name=name)
        for entry in entries
        for name in sorted(entry.sealed)
        if entry.withheld or name in entry.disclosed
    )
