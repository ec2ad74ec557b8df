"""The docket: each open deadline as somebody has to see it at a given ``now``."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Literal, get_args

from msgspec import Struct

from casetrack.domain import dates, versions
from casetrack.domain.calendar import Calendar
from casetrack.domain.case import Case, Tracked
from casetrack.domain.events import Value
from casetrack.domain.head import Head
from casetrack.domain.plans import CLOCK, clock_of
from casetrack.domain.reminders import Place, Rung, Subject, moment
from casetrack.domain.workflow import Clock, Workflow
from casetrack.errors import BeyondHorizon

Status = Literal["overdue", "act_now", "due_soon", "upcoming", "tolled"]
DoubtKind = Literal["unproven", "stated_date", "receipt_not_shown", "unassigned", "silent"]
SOON = 5  # business days


class Facts(Struct, frozen=True, kw_only=True):
    """What is stored of an open deadline and its case.

    ``counted_from``: the fact that its day came from. ``picked_by``: the date that picked the
    version of its clock.
    """

    case: str
    patient: str | None
    assignee: str | None
    state: str
    deadline: str
    clock: str
    due_on: date
    due_at: datetime
    act_by: date
    law_by: date | None
    stated_due_on: date | None
    unproven: bool = False
    tolled: bool = False
    watched: str | None = None
    case_id: str = ""
    rungs: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    counted_from: str = ""
    picked_by: str | None = None


class Item(Struct, frozen=True, kw_only=True):
    """A docket line. ``due_at`` is local ISO with offset; days left are negative when past.

    ``acts``: the events that can end or renew it from the case's state, the likeliest first.
    ``finding``: what is wrong with a date that the clock watches.
    ``opens``: from ``act_by`` on a right is open; it is never overdue.
    ``ended``: it is no longer open. ``changes``: how often an entry changed it since it was armed.
    """

    case: str
    patient: str | None
    assignee: str | None
    workflow: str
    state: str
    deadline: str
    title: str
    owner: str
    kind: str
    due_on: date
    due_at: str
    act_by: date
    law_by: date | None
    stated_due_on: date | None
    status: Status
    unproven: bool
    business_days_left: int
    calendar_days_left: int
    ended_by: tuple[str, ...]
    source: str
    evidence: str
    law: str | None
    contact: str | None
    expires: bool
    opens: bool = False
    acts: tuple[str, ...] = ()
    finding: str | None = None
    case_id: str = ""
    rungs: tuple[Rung, ...] = ()
    ended: bool = False
    sent: tuple[str, ...] = ()
    changes: int = 0


class Doubt(Struct, frozen=True, kw_only=True):
    """Why a date may move, or why nobody may be watching it; no ``deadline``: of a whole case.

    ``proof``: the item whose evidence would settle it.
    """

    kind: DoubtKind
    case: str
    state: str
    assignee: str | None
    detail: str
    deadline: str | None = None
    title: str | None = None
    due_on: date | None = None
    proof: str | None = None


class Tally(Struct, frozen=True, kw_only=True):
    """So many open cases in a state with one assignee (None: nobody's)."""

    state: str
    assignee: str | None
    cases: int


class Docket(Struct, frozen=True, kw_only=True):
    """What the due-soon report shows: the items asked for, and the whole ledger in numbers.

    ``within`` is the length asked for (``10bd``), ``until`` the last ``act_by`` it takes in.
    ``next_on`` is the earliest ``act_by`` of any open deadline, shown or not.
    ``ended``: those no longer open that a calendar file takes back, if they were asked for.
    ``ledger``: what of it is sealed, None before the first seal.
    """

    as_of: datetime
    zone: str
    within: str
    until: date
    practice: bool
    items: tuple[Item, ...]
    open_cases: int
    next_on: date | None
    by_state: tuple[Tally, ...]
    doubts: tuple[Doubt, ...] = ()
    ended: tuple[Item, ...] = ()
    ledger: Head | None = None


def status(clock: Clock, facts: Facts, calendar: Calendar, today: date, now: datetime) -> Status:
    """Overdue only after ``due_at``, and never what is merely planned or a right that opens."""
    if facts.tolled:
        return "tolled"
    passed = now > facts.due_at
    if passed and not (clock.opens or clock.kind == "planned"):
        return "overdue"
    if passed if clock.opens else today >= facts.act_by:
        return "act_now"
    if calendar.business_days_between(today, facts.act_by) <= SOON:
        return "due_soon"
    return "upcoming"


def item(facts: Facts, workflow: Workflow, calendar: Calendar, now: datetime) -> Item:
    """One line of the docket as of ``now``."""
    clock = clock_in_force(facts, workflow)
    today = dates.local_date(now, workflow.zone)
    contact = workflow.contacts.get(clock.contact or "")
    return Item(
        case=facts.case,
        patient=facts.patient,
        assignee=facts.assignee,
        workflow=workflow.id,
        state=facts.state,
        deadline=facts.deadline,
        title=clock.title,
        owner=clock.owner,
        kind=clock.kind,
        due_on=facts.due_on,
        due_at=dates.local_text(facts.due_at, workflow.zone),
        act_by=facts.act_by,
        law_by=facts.law_by,
        stated_due_on=facts.stated_due_on,
        status=status(clock, facts, calendar, today, now),
        unproven=facts.unproven,
        business_days_left=calendar.business_days_between(today, facts.act_by),
        calendar_days_left=(facts.act_by - today).days,
        ended_by=_proofs(clock) if facts.unproven else clock.ended_by,
        source=clock.source,
        evidence=clock.evidence,
        law=clock.law.source if clock.law else None,
        contact=f"{contact.name}, {contact.how}" if contact else None,
        expires=expires(clock),
        opens=clock.opens,
        acts=acts(clock, workflow, facts.state, unproven=facts.unproven),
        finding=finding(clock, facts, calendar, today),
        case_id=facts.case_id,
        rungs=tuple(_ladder(clock, facts, Place(calendar=calendar, zone=workflow.zone))),
        sent=facts.sent,
    )


def facts_of(tracked: Tracked, case: Case, clock: Clock) -> Facts:
    """What the docket needs of a deadline, from its case."""
    reading = tracked.deadline.reading
    return Facts(
        case=case.reference if isinstance(case.reference, str) else case.id,
        patient=None,
        assignee=case.assignee,
        state=case.state,
        deadline=tracked.deadline.deadline,
        clock=tracked.deadline.clock,
        due_on=reading.due_on,
        due_at=reading.due_at,
        act_by=reading.act_by,
        law_by=reading.law_by,
        stated_due_on=reading.stated_due_on,
        unproven=tracked.unproven,
        tolled=tracked.tolled_on is not None,
        watched=_said(case.fields.get(clock.watch or "")),
        case_id=case.id,
        rungs=reading.rungs,
        sent=tracked.sent,
        counted_from=reading.from_field,
        picked_by=picked_by(tracked, case, clock),
    )


def picked_by(tracked: Tracked, case: Case, clock: Clock) -> str | None:
    """The date that picks the version of a clock, as the entry that armed the deadline has it."""
    return _said(case.values_of(tracked.armed_version).get(clock.version_by or ""))


def _said(value: Value | None) -> str | None:
    return value if isinstance(value, str) else None


def _ladder(clock: Clock, facts: Facts, place: Place) -> Iterator[Rung]:
    of = Subject(
        owner=clock.owner,
        kind=clock.kind,
        rungs=facts.rungs,
        act_by=facts.act_by,
        due_on=facts.due_on,
        due_at=facts.due_at,
    )
    for name in facts.rungs:
        with suppress(BeyondHorizon):
            yield Rung(name, moment(name, of, place))


def clock_in_force(facts: Facts, workflow: Workflow) -> Clock:
    """By the version that was in force, where that is known."""
    clock = clock_of(workflow, facts.clock)
    if facts.picked_by is None:
        return clock
    return versions.in_force(clock, date.fromisoformat(facts.picked_by))


def _proofs(clock: Clock) -> tuple[str, ...]:
    """What shows that a filing arrived."""
    return (*((f"record:{clock.proof_item}",) if clock.proof_item else ()), *clock.proven_by)


def acts(
    clock: Clock, workflow: Workflow, state: str, *, unproven: bool = False
) -> tuple[str, ...]:
    """New evidence for what goes stale, then our own notes, then triggers possible from here.

    For a filing that is unproven, what would show that it arrived.
    """
    if clock is CLOCK:
        return clock.ended_by
    here = {name for name, origin, _ in workflow.arcs() if origin == state}
    if unproven:
        return tuple(name for name in _proofs(clock) if ":" in name or name in here)
    renewing = [name for name in clock.armed_by if name.startswith("record:")]
    noting = [name for name in clock.ended_by if ":" in name]
    return (*renewing, *noting, *(name for name in clock.ended_by if name in here))


def finding(clock: Clock, facts: Facts, calendar: Calendar, today: date) -> str | None:
    """Whether the date that a clock watches is missing near the end, or lies after it."""
    if clock.watch is None:
        return None
    if facts.watched is None:
        left = calendar.business_days_between(today, facts.act_by)
        return f"no {clock.watch} yet" if left <= clock.watch_days else None
    late = facts.watched > facts.due_on.isoformat()
    return f"{clock.watch} {facts.watched} is after the last day" if late else None


def expires(clock: Clock) -> bool:
    """Whether the deadline is the end of something we hold: an approval, a fresh test."""
    return clock.owner == "provider" and (
        clock.kind == "service" or any(name.startswith("record:") for name in clock.armed_by)
    )


def tally(items: Sequence[Item]) -> dict[str, int]:
    """How many lines stand in each status."""
    counts = dict.fromkeys(get_args(Status), 0)
    for line in items:
        counts[line.status] += 1
    return counts
