"""A case as a pure fold over its entries: no guard runs here and no date is computed."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from casetrack.domain import events as e

# Sealed names that are no fields of the workflow.
ENVELOPE = frozenset({
    "reference", "patient", "reason", "override", "note", "basis", "purpose",
    "file_name", "file_size", "file_sha256", "import_sha256",
})  # fmt: skip


class Tracked(Struct, frozen=True, kw_only=True):
    """A deadline with its life so far; ``outcome`` None while it is open."""

    deadline: e.Deadline
    armed_version: int
    outcome: e.Closing | None = None
    closed_version: int | None = None
    closed_on: date | None = None
    late: bool = False


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
    """Everything known of a case at ``version``; version 0 is a case not yet opened."""

    id: str
    version: int = 0
    digest: str | None = None
    recorded_at: datetime | None = None
    reference: e.Value | None = None
    patient: e.Value | None = None
    workflow: str = ""
    definition: str = ""
    state: str = ""
    final: bool = False
    assignee: str | None = None
    expedited: bool = False
    opened_on: date | None = None
    moved_on: date | None = None
    moved_at: datetime | None = None
    fields: Mapping[str, e.Value] = {}
    evidence: Mapping[str, tuple[Evidence, ...]] = {}
    deadlines: Mapping[str, Tracked] = {}
    gaps: tuple[OpenGap, ...] = ()

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


def replay(case_id: str, entries: Iterable[e.Entry]) -> Case:
    """Fold entries, in version order, into the case."""
    case = Case(id=case_id)
    for entry in entries:
        case = evolve(case, entry)
    return case


def evolve(case: Case, entry: e.Entry) -> Case:
    """The case after one more entry."""
    return replace(
        _apply(case, entry),
        version=entry.version,
        digest=entry.digest,
        recorded_at=entry.recorded_at,
    )


def _apply(case: Case, entry: e.Entry) -> Case:
    data = entry.data
    match data:
        case e.CaseOpened():
            return _opened(case, entry, data)
        case e.TransitionFired():
            return _fired(case, entry, data)
        case e.EvidenceRecorded():
            return _recorded(case, entry, data)
        case e.NoteAdded():
            return _with_deadlines(
                _with_fields(case, entry, data.fields), entry, closed=data.closed
            )
        case e.CaseAssigned():
            return replace(case, assignee=data.assignee)
        case _:
            return case


def _opened(case: Case, entry: e.Entry, data: e.CaseOpened) -> Case:
    case = replace(
        case,
        reference=entry.value("reference"),
        patient=entry.value("patient"),
        workflow=data.workflow,
        definition=data.definition,
        state=data.state,
        opened_on=entry.occurred_on,
    )
    return _with_deadlines(_with_fields(case, entry, data.fields), entry, armed=data.armed)


def _fired(case: Case, entry: e.Entry, data: e.TransitionFired) -> Case:
    gaps = tuple(
        OpenGap(trigger=data.trigger, version=entry.version, on=entry.occurred_on, gap=gap)
        for gap in data.overridden
    )
    case = replace(
        case,
        state=data.to,
        final=data.final,
        expedited=data.expedited,
        moved_on=entry.occurred_on,
        moved_at=entry.occurred_at,
        gaps=case.gaps + gaps,
    )
    case = _with_fields(case, entry, data.fields)
    return _with_deadlines(case, entry, data.armed, data.closed, data.moved, data.reopened)


def _recorded(case: Case, entry: e.Entry, data: e.EvidenceRecorded) -> Case:
    record = Evidence(
        item=data.item,
        version=entry.version,
        on=entry.occurred_on,
        values=field_values(entry, data.fields),
        has_file="file_sha256" in entry.sealed,
    )
    known = case.evidence.get(data.item, ())
    case = replace(case, evidence={**case.evidence, data.item: (*known, record)})
    return _with_deadlines(case, entry, armed=data.armed, closed=data.closed)


def field_values(entry: e.Entry, clear: Mapping[str, e.Typed]) -> dict[str, e.Value]:
    """An entry's field values, clear and sealed together."""
    sealed = {n: entry.disclosed.get(n, e.REDACTED) for n in entry.sealed if n not in ENVELOPE}
    return {**clear, **sealed}


def _with_fields(case: Case, entry: e.Entry, clear: Mapping[str, e.Typed]) -> Case:
    return replace(case, fields={**case.fields, **field_values(entry, clear)})


def _with_deadlines(
    case: Case,
    entry: e.Entry,
    armed: tuple[e.Deadline, ...] = (),
    closed: tuple[e.Ended, ...] = (),
    moved: tuple[e.Moved, ...] = (),
    reopened: tuple[str, ...] = (),
) -> Case:
    if not (armed or closed or moved or reopened):
        return case
    known = dict(case.deadlines)
    for end in closed:
        known[end.deadline] = _ended(known[end.deadline], entry, end)
    for name in reopened:
        known[name] = replace(
            known[name], outcome=None, closed_version=None, closed_on=None, late=False
        )
    for move in moved:
        known[move.deadline] = _moved(known[move.deadline], move)
    for deadline in armed:
        known[deadline.deadline] = Tracked(deadline=deadline, armed_version=entry.version)
    return replace(case, deadlines=known)


def _ended(tracked: Tracked, entry: e.Entry, end: e.Ended) -> Tracked:
    return replace(
        tracked,
        outcome=end.outcome,
        closed_version=entry.version,
        closed_on=entry.occurred_on,
        late=end.late,
    )


def _moved(tracked: Tracked, move: e.Moved) -> Tracked:
    deadline = replace(tracked.deadline, reading=move.reading, standard=move.standard)
    return replace(tracked, deadline=deadline)
