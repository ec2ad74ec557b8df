"""The docket: each open deadline as somebody has to see it at a given ``now``."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal, get_args

from msgspec import Struct

from casetrack.domain import dates
from casetrack.domain.calendar import Calendar
from casetrack.domain.workflow import Clock, Workflow

Status = Literal["overdue", "act_now", "due_soon", "upcoming", "tolled"]
SOON = 5  # business days


class Facts(Struct, frozen=True, kw_only=True):
    """What is stored of an open deadline and its case."""

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


class Item(Struct, frozen=True, kw_only=True):
    """A docket line. ``due_at`` is local ISO with offset; days left are negative when past.

    ``acts``: the events that can end or renew it from the case's state, the likeliest first.
    ``finding``: what is wrong with a date that the clock watches.
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
    acts: tuple[str, ...] = ()
    finding: str | None = None


class Tally(Struct, frozen=True, kw_only=True):
    """So many open cases in a state with one assignee (None: nobody's)."""

    state: str
    assignee: str | None
    cases: int


class Docket(Struct, frozen=True, kw_only=True):
    """What the due-soon report shows: the items asked for, and the whole ledger in numbers.

    ``within`` is the length asked for (``10bd``), ``until`` the last ``act_by`` it takes in.
    ``next_on`` is the earliest ``act_by`` of any open deadline, shown or not.
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


def status(clock: Clock, facts: Facts, calendar: Calendar, today: date, now: datetime) -> Status:
    """Overdue only after ``due_at``, and never what is merely planned."""
    if facts.tolled:
        return "tolled"
    if clock.kind != "planned" and now > facts.due_at:
        return "overdue"
    if today >= facts.act_by:
        return "act_now"
    if calendar.business_days_between(today, facts.act_by) <= SOON:
        return "due_soon"
    return "upcoming"


def item(facts: Facts, workflow: Workflow, calendar: Calendar, now: datetime) -> Item:
    """One line of the docket as of ``now``."""
    clock = workflow.clocks[facts.clock]
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
        ended_by=clock.ended_by,
        source=clock.source,
        evidence=clock.evidence,
        law=clock.law.source if clock.law else None,
        contact=f"{contact.name}, {contact.how}" if contact else None,
        expires=expires(clock),
        acts=acts(clock, workflow, facts.state),
        finding=finding(clock, facts, calendar, today),
    )


def acts(clock: Clock, workflow: Workflow, state: str) -> tuple[str, ...]:
    """New evidence for what goes stale, then our own notes, then triggers possible from here."""
    here = {name for name, origin, _ in workflow.arcs() if origin == state}
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
        (clock.until is not None and clock.kind == "service")
        or any(name.startswith("record:") for name in clock.armed_by)
    )


def tally(items: Sequence[Item]) -> dict[str, int]:
    """How many lines stand in each status."""
    counts = dict.fromkeys(get_args(Status), 0)
    for line in items:
        counts[line.status] += 1
    return counts
