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


class Item(Struct, frozen=True, kw_only=True):
    """A docket line. ``due_at`` is local ISO with offset; days left are negative when past."""

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
        unproven=False,
        business_days_left=calendar.business_days_between(today, facts.act_by),
        calendar_days_left=(facts.act_by - today).days,
        ended_by=clock.ended_by,
        source=clock.source,
        evidence=clock.evidence,
        law=clock.law.source if clock.law else None,
        contact=f"{contact.name}, {contact.how}" if contact else None,
        expires=expires(clock),
    )


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
