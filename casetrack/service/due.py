"""The due-soon report's content: what is due, read from the views as of ``now``."""

from datetime import date, timedelta

from msgspec import Struct

from casetrack.domain import dates
from casetrack.domain.calendar import Calendar
from casetrack.domain.clocks import parse_length
from casetrack.domain.docket import Docket, Facts, Item, Tally, item
from casetrack.domain.workflow import Workflow
from casetrack.errors import BeyondHorizon, Unparsable
from casetrack.ledger.store import DocketRow
from casetrack.service.tracker import Tracker

WATCHED = 20  # business days ahead, where a watched date may be missing
ZONE = "America/Chicago"
CALENDAR = "illinois-state"


class Filter(Struct, frozen=True, kw_only=True):
    """Which deadlines to show; ``assignee`` "" means nobody's."""

    within: str = "10bd"
    owner: str | None = None
    assignee: str | None = None
    patients: bool = False


def until(within: str, today: date, calendar: Calendar) -> date:
    """The last ``act_by`` that a window takes in."""
    length = parse_length(within)
    if length.unit == "bd":
        return calendar.add_business_days(today, length.n) if length.n else today
    if length.unit == "d":
        return today + timedelta(days=length.n)
    raise Unparsable("--within takes business days or days, such as 10bd or 30d")


def docket(tracker: Tracker, wanted: Filter) -> Docket:
    """Every open deadline up to the window's end, however old, and the ledger in numbers."""
    today = dates.local_date(tracker.now, ZONE)
    last = until(wanted.within, today, tracker.desk.calendars[CALENDAR])
    horizon = max(last, _ahead(tracker.desk.calendars[CALENDAR], today))
    rows = tracker.ledger.docket(horizon, patients=wanted.patients)
    lines = (_item(tracker, row) for row in rows if _matches(row, wanted))
    items = tuple(line for line in lines if line.act_by <= last or line.finding)
    stats = tracker.ledger.stats()
    return Docket(
        as_of=tracker.now,
        zone=ZONE,
        within=wanted.within,
        until=last,
        practice=tracker.ledger.practice,
        items=items,
        open_cases=stats.open_cases,
        next_on=stats.next_act_by,
        by_state=tuple(
            Tally(state=state, assignee=assignee, cases=n)
            for state, assignee, n in tracker.ledger.counts()
        ),
    )


def _ahead(calendar: Calendar, today: date) -> date:
    """As far as a watched date is asked for, or the calendar's last day."""
    try:
        return calendar.add_business_days(today, WATCHED)
    except BeyondHorizon:
        return calendar.last


def _matches(row: DocketRow, wanted: Filter) -> bool:
    if wanted.owner is not None and row.deadline.owner != wanted.owner:
        return False
    return wanted.assignee is None or (row.case.assignee or "") == wanted.assignee


def _watched(tracker: Tracker, row: DocketRow, workflow: Workflow) -> str | None:
    """The date that the deadline's clock watches, if the case has it."""
    name = workflow.clocks[row.deadline.clock].watch
    if name is None:
        return None
    _, _, values = tracker.ledger.views(row.case.case_id)
    return next((value.value for value in values if value.name == name), None)


def _item(tracker: Tracker, row: DocketRow) -> Item:
    workflow = tracker.desk.definitions.pinned(row.case.definition)
    facts = Facts(
        case=row.case.reference or row.case.case_id,
        patient=row.patient,
        assignee=row.case.assignee,
        state=row.case.state,
        deadline=row.deadline.deadline,
        clock=row.deadline.clock,
        due_on=row.deadline.due_on,
        due_at=row.deadline.due_at,
        act_by=row.deadline.act_by,
        law_by=row.deadline.law_by,
        stated_due_on=row.deadline.stated_due_on,
        unproven=row.deadline.unproven,
        tolled=row.deadline.tolled_on is not None,
        watched=_watched(tracker, row, workflow),
    )
    return item(facts, workflow, tracker.desk.home(workflow), tracker.now)
