"""Reminders: what is due of a deadline by its entries, what it says, and how it is recorded."""

from collections.abc import Sequence
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
from casetrack.errors import CasetrackError, Undelivered
from casetrack.reports.notices import Notice
from casetrack.service.outcomes import Failed, Sent
from casetrack.service.tracker import REMINDERS, Tracker

_KEY_LENGTH = 64


class Due(Struct, frozen=True, kw_only=True):
    """The most urgent warning of a deadline that has come, and those folded into it.

    ``key``: its entry's idempotency key; who sends the same warning records the same one.
    """

    case: Case
    tracked: Tracked
    workflow: Workflow
    place: Place
    rung: Rung
    folded: tuple[str, ...]
    key: str

    @property
    def name(self) -> str:
        """What the case goes by."""
        return self.case.reference if isinstance(self.case.reference, str) else self.case.id

    @property
    def deadline(self) -> str:
        return self.tracked.deadline.deadline

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


class Finder:
    """What is due at the tracker's now, reckoned once for all deadlines that are alike."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._rungs: dict[object, tuple[Rung, ...]] = {}
        self._places: dict[tuple[str, str], Place] = {}

    def may_be_due(self, definition: str, subject: Subject) -> bool:
        """Whether the views say that something of a deadline is due; a doubt says yes."""
        try:
            workflow = self._tracker.desk.definitions.pinned(definition)
            return bool(self._due(workflow, subject))
        except Exception:  # noqa: BLE001  # whatever the views hold, the entries are asked next
            return True

    def find(self, case_id: str, entries: Sequence[e.Entry], deadline: str) -> Due | None:
        """What the case's entries say is due of the deadline, whatever the views do."""
        case = replay(case_id, entries)
        tracked = case.deadlines.get(deadline)
        if tracked is None or tracked.outcome is not None:
            return None
        workflow = self._tracker.workflow_of(case)
        subject = reminders.subject(tracked.deadline, tracked.sent, tracked.tolled_on)
        said = {entry.key for entry in entries if isinstance(entry.data, e.ReminderSent)}
        rungs = _unsaid(deadline, self._due(workflow, subject), said)
        if not rungs:
            return None
        return Due(
            case=case,
            tracked=tracked,
            workflow=workflow,
            place=self._place(workflow),
            rung=rungs[-1],
            folded=tuple(rung.name for rung in rungs[:-1]),
            key=_key(deadline, rungs[-1]),
        )

    def _due(self, workflow: Workflow, subject: Subject) -> tuple[Rung, ...]:
        alike = workflow.open_days, workflow.zone, subject
        if alike not in self._rungs:
            place = self._place(workflow)
            self._rungs[alike] = reminders.due(subject, place, self._tracker.now)
        return self._rungs[alike]

    def _place(self, workflow: Workflow) -> Place:
        named = workflow.open_days, workflow.zone
        if named not in self._places:
            calendar = self._tracker.desk.open_days(workflow)
            self._places[named] = Place(calendar=calendar, zone=workflow.zone)
        return self._places[named]


def find(tracker: Tracker, case_id: str, deadline: str) -> Due | None:
    """What the entries say is due of one deadline."""
    return Finder(tracker).find(case_id, tracker.ledger.entries(case_id), deadline)


def _unsaid(deadline: str, rungs: tuple[Rung, ...], keys: set[str]) -> tuple[Rung, ...]:
    """Without what was warned of already under these dates, if they moved away and came back."""
    if not keys:
        return rungs
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


def sent(due: Due, told: Notice, sent_at: datetime, by: tuple[str, ...]) -> Sent:
    return Sent(
        case=due.name,
        deadline=due.deadline,
        rung=due.rung.name,
        folded=due.folded,
        scheduled_for=due.rung.at,
        sent_at=sent_at,
        may_repeat=told.may_repeat,
        reminder=due.id,
        channels=by,
    )


def failed(due: Due, error: CasetrackError, channel: str | None) -> Failed:
    return Failed(
        case=due.name,
        deadline=due.deadline,
        rung=due.rung.name,
        scheduled_for=due.rung.at,
        channel=channel,
        why=error.message,
        code=Undelivered.exit_code,
    )
