"""One reminder: what is due of a deadline by its entries, what it says, and how it is recorded."""

from datetime import datetime
from hashlib import sha256

from msgspec import Struct

from casetrack.domain import dates, plans, reminders
from casetrack.domain import events as e
from casetrack.domain.case import Case, Tracked
from casetrack.domain.docket import expires
from casetrack.domain.fold import replay
from casetrack.domain.reminders import Place, Rung, Subject
from casetrack.domain.workflow import Workflow
from casetrack.reports.notices import Notice
from casetrack.service.tracker import REMINDERS, Tracker

_KEY_LENGTH = 64


class Due(Struct, frozen=True, kw_only=True):
    """The most urgent warning of a deadline that has come, and those folded into it."""

    case: Case
    tracked: Tracked
    workflow: Workflow
    place: Place
    rung: Rung
    folded: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the case goes by."""
        return self.case.reference if isinstance(self.case.reference, str) else self.case.id

    @property
    def deadline(self) -> str:
        return self.tracked.deadline.deadline

    @property
    def key(self) -> str:
        """The idempotency key of its entry: who sends the same warning records the same key."""
        return _key(self.deadline, self.rung)

    @property
    def id(self) -> str:
        """What its text is known by, alike at every delivery."""
        return f"R-{sha256(f'{self.case.id} {self.key}'.encode()).hexdigest()[:12]}"


def _key(deadline: str, rung: Rung) -> str:
    """Made of what dates the rung hangs on too: one armed again after a move gets another."""
    made = f"{REMINDERS}{deadline}-{rung.name}-{rung.at:%Y%m%dT%H%M%SZ}"
    made = made.replace("#", ".").replace("+", "after")
    if len(made) <= _KEY_LENGTH:
        return made
    return f"{REMINDERS}{sha256(made.encode()).hexdigest()[:48]}"


def place_of(tracker: Tracker, workflow: Workflow) -> Place:
    return Place(calendar=tracker.desk.open_days(workflow), zone=workflow.zone)


def may_be_due(tracker: Tracker, definition: str, of: Subject) -> bool:
    """Whether the views say that something of the deadline is due; a doubt says yes."""
    try:
        workflow = tracker.desk.definitions.pinned(definition)
        return bool(reminders.due(of, place_of(tracker, workflow), tracker.now))
    except Exception:  # noqa: BLE001  # whatever the views hold, the entries are asked next
        return True


def find(tracker: Tracker, case_id: str, deadline: str) -> Due | None:
    """What the entries say is due of the deadline, whatever the views do."""
    entries = tracker.ledger.entries(case_id)
    case = replay(case_id, entries)
    tracked = case.deadlines.get(deadline)
    if tracked is None or tracked.outcome is not None:
        return None
    workflow = tracker.workflow_of(case)
    place = place_of(tracker, workflow)
    subject = reminders.subject(tracked.deadline, tracked.sent, tracked.tolled_on)
    said = {entry.key for entry in entries if isinstance(entry.data, e.ReminderSent)}
    rungs = _unsaid(deadline, reminders.due(subject, place, tracker.now), said)
    if not rungs:
        return None
    return Due(
        case=case,
        tracked=tracked,
        workflow=workflow,
        place=place,
        rung=rungs[-1],
        folded=tuple(rung.name for rung in rungs[:-1]),
    )


def _unsaid(deadline: str, rungs: tuple[Rung, ...], keys: set[str]) -> tuple[Rung, ...]:
    """Without what was warned of already under these dates, if they moved away and came back."""
    known = [n for n, rung in enumerate(rungs, 1) if _key(deadline, rung) in keys]
    return rungs[max(known, default=0) :]


def notice(tracker: Tracker, due: Due, *, may_repeat: bool) -> Notice:
    deadline = due.tracked.deadline
    clock = due.workflow.clocks.get(deadline.clock, plans.CLOCK)
    today = dates.local_date(tracker.now, due.place.zone)
    return Notice(
        id=due.id,
        case=due.name,
        assignee=due.case.assignee,
        deadline=due.deadline,
        title=clock.title,
        opens=clock.opens,
        expires=expires(clock),
        owner=deadline.owner,
        kind=deadline.kind,
        rung=due.rung.name,
        act_by=deadline.reading.act_by,
        due_on=deadline.reading.due_on,
        due_at=deadline.reading.due_at,
        zone=due.place.zone,
        today=today,
        business_days_left=due.place.calendar.business_days_between(today, deadline.reading.act_by),
        now=tracker.now,
        unproven=due.tracked.unproven,
        may_repeat=may_repeat,
        practice=tracker.ledger.practice,
    )


def event(
    tracker: Tracker, due: Due, told: Notice, sent_at: datetime, by: tuple[str, ...]
) -> e.Event:
    """The fact that closes the rung and those folded into it."""
    data = e.ReminderSent(
        reminder=due.id,
        deadline=due.deadline,
        rung=due.rung.name,
        folded=due.folded,
        act_by=told.act_by,
        scheduled_for=due.rung.at,
        sent_at=sent_at,
        channels=by,
        may_repeat=told.may_repeat,
    )
    return e.Event(data=data, occurred_on=told.today, occurred_at=tracker.now)
