"""The due-soon report's content: what is due, read from the views as of ``now``."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from casetrack.catalog import defaults
from casetrack.domain import dates, doubts
from casetrack.domain.calendar import Calendar
from casetrack.domain.clocks import LENGTH, parse_length
from casetrack.domain.docket import Docket, Doubt, DoubtKind, Facts, Item, Tally, item, picked_by
from casetrack.domain.plans import CLOCK, PLAN, clock_of
from casetrack.domain.workflow import PRESUMED, Clock, Workflow
from casetrack.errors import BeyondHorizon, Unparsable
from casetrack.ledger.store import CaseRow, DocketRow
from casetrack.reports.casefile import titled
from casetrack.service.heads import head
from casetrack.service.tracker import Tracker

WATCHED = 20  # business days ahead, where a watched date may be missing
ZONE = defaults.ZONE
CALENDAR = defaults.CALENDAR
_KINDS: tuple[DoubtKind, ...] = ("unproven", "stated_date", "receipt_not_shown")


class Filter(Struct, frozen=True, kw_only=True):
    """Which deadlines to show; ``assignee`` "" means nobody's."""

    within: str = "10bd"
    owner: str | None = None
    assignee: str | None = None
    patients: bool = False


def until(within: str, today: date, calendar: Calendar) -> date:
    """The last ``act_by`` that a window takes in."""
    if not (LENGTH.fullmatch(within) and within.endswith("d")):
        raise Unparsable("--within takes business days or days, such as 10bd or 30d")
    length = parse_length(within)
    if length.unit == "bd":
        return calendar.add_business_days(today, length.n) if length.n else today
    return today + timedelta(days=length.n)


def docket(tracker: Tracker, wanted: Filter) -> Docket:
    """Every open deadline up to the window's end, however old, and the ledger in numbers."""
    today = dates.local_date(tracker.now, ZONE)
    last = until(wanted.within, today, tracker.desk.calendars[CALENDAR])
    horizon = max(last, _ahead(tracker.desk.calendars[CALENDAR], today))
    rows = tracker.ledger.docket(horizon, patients=wanted.patients)
    items = tuple(
        _titled(tracker, line) if wanted.patients else line
        for line in _lines(tracker, (row for row in rows if matches(row, wanted)))
        if line.act_by <= last or line.finding
    )
    counts = tracker.ledger.counts()
    return Docket(
        as_of=tracker.now,
        zone=ZONE,
        within=wanted.within,
        until=last,
        practice=tracker.ledger.practice,
        items=items,
        open_cases=sum(number for *_, number in counts),
        next_on=tracker.ledger.next_act_by(),
        by_state=tuple(
            Tally(state=state, assignee=assignee, cases=n) for state, assignee, n in counts
        ),
        doubts=(*_of_deadlines(tracker, wanted), *_of_cases(tracker, wanted)),
        ledger=head(tracker.ledger),
    )


def _ahead(calendar: Calendar, today: date) -> date:
    """As far as a watched date is asked for, or the calendar's last day."""
    try:
        return calendar.add_business_days(today, WATCHED)
    except BeyondHorizon:
        return calendar.last


def _of_deadlines(tracker: Tracker, wanted: Filter) -> Iterator[Doubt]:
    """However far ahead: what is not shown can be asked for at once."""
    rows = tracker.ledger.doubtful(_presumed(tracker), patients=wanted.patients)
    found = [
        doubt
        for row in rows
        if matches(row, wanted)
        for doubt in doubts.of_deadline(_facts(tracker, row), _workflow(tracker, row))
    ]
    yield from sorted(found, key=lambda doubt: _KINDS.index(doubt.kind))


def _presumed(tracker: Tracker) -> list[tuple[str, str]]:
    """The clocks with a fact that a pinned workflow counts from where a receipt is not shown."""
    pinned = [tracker.desk.definitions.pinned(digest) for digest in tracker.ledger.pinned()]
    clocks = [(name, clock) for w in pinned for name, clock in w.clocks.items()]
    named = {(name, clock.presumed_from) for name, clock in clocks}
    return [
        (name, fact)
        for name, fact in tracker.ledger.grounds()
        if fact == PRESUMED or (name, fact) in named
    ]


def _of_cases(tracker: Tracker, wanted: Filter) -> Iterator[Doubt]:
    """Where only whose move it is was asked for, nothing is said of whole cases."""
    if wanted.owner is not None:
        return
    if not wanted.assignee:
        for row in tracker.ledger.unassigned():
            yield doubts.unassigned(_name(row), row.state)
    for row in tracker.ledger.silent():
        if wanted.assignee is None or (row.assignee or "") == wanted.assignee:
            yield doubts.silent(_name(row), row.state, row.assignee)


def _name(row: CaseRow) -> str:
    return row.reference or row.case_id


def _workflow(tracker: Tracker, row: DocketRow) -> Workflow:
    """The one pinned; for what ended under another that the case has left, with that one's."""
    pinned = tracker.desk.definitions.pinned(row.case.definition)
    if row.deadline.clock in {*pinned.clocks, PLAN}:
        return pinned
    return tracker.workflow_of(tracker.case(row.case.case_id))


def matches(row: DocketRow, wanted: Filter) -> bool:
    """Whether the filter asks for this row."""
    if wanted.owner is not None and row.deadline.owner != wanted.owner:
        return False
    return wanted.assignee is None or (row.case.assignee or "") == wanted.assignee


def _value(tracker: Tracker, row: DocketRow, name: str | None) -> str | None:
    """The case's date of that name, if it has it."""
    if name is None:
        return None
    if tracker.ledger.withheld:  # a date is clear in the entries, and its view is closed
        value = tracker.case(row.case.case_id).fields.get(name)
        return value if isinstance(value, str) else None
    _, _, values = tracker.ledger.views(row.case.case_id)
    return next((value.value for value in values if value.name == name), None)


def _picked_by(tracker: Tracker, row: DocketRow, clock: Clock) -> str | None:
    """By the entry that armed it: the case may since hold a later date of that name."""
    if clock.version_by is None:
        return None
    case = tracker.case(row.case.case_id)
    return picked_by(case.deadlines[row.deadline.deadline], case, clock)


def _lines(tracker: Tracker, rows: Iterable[DocketRow]) -> Iterator[Item]:
    """Each row's line; rows that differ in their case alone are reckoned once."""
    known: dict[object, Item] = {}
    for row in rows:
        alike = _alike(row)
        if alike in known:
            yield _of_case(known[alike], row)
            continue
        found = line(tracker, row)
        if not _asks_case(tracker, row):
            known[alike] = found
        yield found


def _alike(row: DocketRow) -> object:
    """All that a line is made of but what is its case's own."""
    case, of = row.case, row.deadline
    return (
        case.definition, case.state, of.clock, of.act_by, of.due_at, of.due_on, of.law_by,
        of.stated_due_on, of.unproven, of.tolled_on, of.rungs,
    )  # fmt: skip


def _of_case(like: Item, row: DocketRow) -> Item:
    return replace(
        like,
        case=_name(row.case),
        patient=row.patient,
        assignee=row.case.assignee,
        deadline=row.deadline.deadline,
        case_id=row.case.case_id,
        sent=row.deadline.sent,
    )


def _asks_case(tracker: Tracker, row: DocketRow) -> bool:
    """Whether the line rests on more than the row: a watched date, an earlier definition."""
    pinned = tracker.desk.definitions.pinned(row.case.definition)
    if row.deadline.clock not in {*pinned.clocks, PLAN}:
        return True
    clock = clock_of(pinned, row.deadline.clock)
    return clock.watch is not None or clock.version_by is not None


def line(tracker: Tracker, row: DocketRow) -> Item:
    """The row as a docket line, as of ``now``."""
    workflow = _workflow(tracker, row)
    return item(_facts(tracker, row), workflow, tracker.desk.open_days(workflow), tracker.now)


def _titled(tracker: Tracker, line: Item) -> Item:
    """With its title as typed, if it is a deadline of our own."""
    return titled(line, tracker.case(line.case_id)) if line.acts == CLOCK.ended_by else line


def _facts(tracker: Tracker, row: DocketRow) -> Facts:
    clock = clock_of(_workflow(tracker, row), row.deadline.clock)
    return Facts(
        case=_name(row.case),
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
        watched=_value(tracker, row, clock.watch),
        case_id=row.case.case_id,
        rungs=row.deadline.rungs,
        sent=row.deadline.sent,
        counted_from=row.deadline.counted_from,
        picked_by=_picked_by(tracker, row, clock),
    )
