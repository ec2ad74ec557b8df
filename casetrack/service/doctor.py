"""What may silence a warning one day, found while there is time to mend it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from msgspec import Struct

from casetrack.domain import dates, plans
from casetrack.domain.fold import replay
from casetrack.domain.workflow import Workflow
from casetrack.errors import BadDefinition, CasetrackError, UnknownName
from casetrack.ledger.store import CaseRow, Sort
from casetrack.service import health, holders
from casetrack.service.due import ZONE
from casetrack.service.reprojecting import pending, shifts
from casetrack.service.sweep import BEAT, BEAT_BEFORE
from casetrack.service.tracker import Tracker

OFTEN = timedelta(hours=1)  # what an hour clock needs between two sweeps
YEAR = timedelta(days=365)
LEEWAY = timedelta(minutes=5)  # a run may end while the doctor looks


class Finding(Struct, frozen=True, kw_only=True):
    """Something to mend; ``kind`` is for scripts."""

    kind: str
    detail: str
    case: str | None = None
    deadline: str | None = None


def examine(tracker: Tracker) -> tuple[Finding, ...]:
    """Every finding, the clock and the runs first."""
    sorts = tracker.ledger.sorts()
    return (
        *_skew(tracker),
        *_runs(tracker, sorts),
        *_coverage(tracker, sorts),
        *_own_definitions(tracker),
        *_calendars_changed(tracker),
        *_orphans(tracker, sorts),
        *_silent(tracker),
    )


def _skew(tracker: Tracker) -> Iterator[Finding]:
    newest = tracker.ledger.runs.newest()
    if newest is not None and tracker.ledger.sources.now() < newest - holders.SKEW:
        yield Finding(
            kind="clock_skew",
            detail=f"the clock is behind the newest entry, {dates.local_text(newest, ZONE)}:"
            " set it right, sweeps refuse until then",
        )
    for name, at in tracker.ledger.runs.beats().items():
        if name in (health.DAILY, BEAT) and at - tracker.now > LEEWAY:
            yield Finding(
                kind="clock_skew",
                detail=f"the last {name} run is dated {dates.local_text(at, ZONE)}, still to come:"
                " the clock was wrong, or somebody changed the database",
            )


def _runs(tracker: Tracker, sorts: Iterable[Sort]) -> Iterator[Finding]:
    if health.last_run(tracker) is None:
        yield Finding(
            kind="never_run",
            detail="no sweep and no daily run yet: 'casetrack schedule --cron' prints the line",
        )
    elif (warning := health.stale(tracker)) is not None:
        said = warning.removeprefix("warning: ").removesuffix("; see 'casetrack doctor'")
        yield Finding(kind="stale_run", detail=said)
    if not _often(tracker):
        yield from (
            Finding(
                kind="hour_clock",
                detail="it runs in hours, and sweeps are over an hour apart: run 'casetrack serve'"
                " or 'casetrack sweep' every few minutes",
                case=_name(row.case),
                deadline=row.deadline.deadline,
            )
            for sort in sorts
            if any(rung.endswith("h") for rung in sort.rungs)
            for row in tracker.ledger.of_sort(sort)
        )


def _often(tracker: Tracker) -> bool:
    """Whether the last two sweeps, and now, lie within an hour of each other."""
    beats = tracker.ledger.runs.beats()
    last, before = beats.get(BEAT), beats.get(BEAT_BEFORE)
    if last is None or before is None:
        return False
    return tracker.now - last <= OFTEN and last - before <= OFTEN


def _coverage(tracker: Tracker, sorts: Mapping[Sort, date]) -> Iterator[Finding]:
    """Each calendar has to reach a year beyond the last open deadline that it counts for."""
    last: dict[str, date] = defaultdict(lambda: dates.local_date(tracker.now, ZONE))
    for sort, due_on in sorts.items():
        for name in _calendars(_workflow(tracker, sort)):
            last[name] = max(last[name], due_on)
    for name, day in sorted(last.items()):
        try:
            calendar = tracker.desk.calendars[name]
        except (UnknownName, BadDefinition) as error:
            yield _unknown(name, error)
            continue
        if calendar.last < day + YEAR:
            yield Finding(
                kind="calendar_coverage",
                detail=f"calendar {name} ends on {calendar.last}, less than a year after the last"
                f" open deadline or today, {day}: install a newer casetrack",
            )


def _calendars_changed(tracker: Tracker) -> Iterator[Finding]:
    for case, event in pending(tracker):
        for shift in shifts(case, event):
            yield Finding(
                kind="calendar_changed",
                detail=f"act by {shift.act_by} instead of {shift.before}: the next sweep moves it",
                case=shift.case,
                deadline=shift.deadline,
            )


def _calendars(workflow: Workflow) -> set[str]:
    rolling = {c.roll_calendar for c in workflow.clocks.values() if c.roll_calendar}
    return {workflow.calendar, workflow.open_days, *rolling}


def _unknown(name: str, error: CasetrackError) -> Finding:
    return Finding(
        kind="calendar_unknown",
        detail=f"open deadlines rest on calendar {name}: {error.message}. Until it is there,"
        " nothing is counted anew by it, and warnings go by the last edition in the ledger",
    )


def _own_definitions(tracker: Tracker) -> Iterator[Finding]:
    """Every definition in the folders of one's own can be used, or none of a folder is."""
    for every in (tracker.shelf.workflow_ids, tracker.shelf.__len__):
        try:
            every()
        except BadDefinition as error:
            for problem in (error.message, *error.reasons):
                yield Finding(kind="definition", detail=problem)


def _orphans(tracker: Tracker, sorts: Iterable[Sort]) -> Iterator[Finding]:
    """Open deadlines that no event of their case will ever end."""
    doubtful = (sort for sort in sorts if not _lives(_workflow(tracker, sort), sort))
    for row in (row for sort in doubtful for row in tracker.ledger.of_sort(sort)):
        found = replay(row.case.case_id, tracker.ledger.entries(row.case.case_id))
        tracked = found.deadlines.get(row.deadline.deadline)
        alive = tracked and found.state in tracked.deadline.alive_in and not found.final
        if not alive:
            yield Finding(
                kind="orphan_deadline",
                detail=f"open, but nothing ends it in the state {row.case.state}",
                case=_name(row.case),
                deadline=row.deadline.deadline,
            )


def _lives(workflow: Workflow, sort: Sort) -> bool:
    """Whether such deadlines always run in the case's state; a closer look tells more."""
    if sort.final or sort.unproven:
        return not sort.final
    clock = workflow.clocks.get(sort.clock)
    if clock is None:
        return sort.clock == plans.PLAN
    return sort.state in clock.alive_in


def _silent(tracker: Tracker) -> Iterator[Finding]:
    for case in tracker.ledger.silent():
        whose = f"assigned to {case.assignee}" if case.assignee else "assigned to nobody"
        yield Finding(
            kind="silent_case",
            detail=f"{case.state}, {whose}, and no open deadline:"
            f" 'casetrack plan {_name(case)} ...' sets a date",
            case=_name(case),
        )


def _workflow(tracker: Tracker, sort: Sort) -> Workflow:
    return tracker.desk.definitions.pinned(sort.definition)


def _name(case: CaseRow) -> str:
    return case.reference or case.case_id
