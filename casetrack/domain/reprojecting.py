"""Open deadlines whose calendar has changed since they were counted, counted again.

A closed deadline never moves, and of ours ``act_by`` never moves later. One whose clock stands
still waits: what remains of it is counted when it runs again.
"""

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from casetrack.domain import clocks, dates, later
from casetrack.domain.case import Case, Tracked
from casetrack.domain.clocks import Calendars, Frame
from casetrack.domain.events import CalendarUse, DeadlineReprojected, Event, Moved, Reading
from casetrack.domain.plans import clock_of
from casetrack.domain.warned import with_sent
from casetrack.domain.workflow import Clock, Workflow
from casetrack.errors import BadDefinition, BeyondHorizon, UnknownName


def reproject(case: Case, workflow: Workflow, calendars: Calendars, now: datetime) -> Event | None:
    """``DeadlineReprojected`` with every open deadline that moves; None if none does.

    One that the changed calendar does not reach to the end stays as it was recorded.
    """
    frame = clocks.frame(workflow, calendars)
    moved = tuple(_moved(case, workflow, frame))
    if not moved:
        return None
    return Event(
        data=DeadlineReprojected(moved=with_sent(moved, case, frame, now)),
        occurred_on=dates.local_date(now, workflow.zone),
        occurred_at=now,
    )


def _moved(case: Case, workflow: Workflow, frame: Frame) -> Iterator[Moved]:
    for tracked in case.open_deadlines():
        deadline = tracked.deadline
        if tracked.tolled_on is not None or not outdated(tracked, frame.calendars):
            continue
        clock = clock_of(workflow, deadline.clock)
        reading = _again(clock, deadline.reading, frame)
        standard = deadline.standard and _again(clock, deadline.standard, frame)
        if (reading, standard) != (deadline.reading, deadline.standard):
            yield Moved(
                deadline=deadline.deadline, why="calendar", reading=reading, standard=standard
            )


def outdated(tracked: Tracked, calendars: Calendars) -> bool:
    """Whether a calendar that its dates rest on is another one today; one that is gone is not."""
    readings = (tracked.deadline.reading, tracked.deadline.standard)
    uses = [use for reading in readings if reading for use in reading.calendars]
    return any(_digest(use, calendars) != use.digest for use in uses)


def _digest(use: CalendarUse, calendars: Calendars) -> str:
    try:
        return calendars[use.id].digest
    except (KeyError, UnknownName, BadDefinition):
        return use.digest


def _again(clock: Clock, reading: Reading, frame: Frame) -> Reading:
    """The reading by the calendars of today, or itself if no date of it changes."""
    try:
        fresh = later.recounted(clock, reading, frame)
    except BeyondHorizon:
        return reading
    if clock.owner == "provider" and not clock.opens:
        fresh = replace(fresh, act_by=min(fresh.act_by, reading.act_by))
    return reading if _dates(fresh) == _dates(reading) else fresh


def _dates(reading: Reading) -> tuple[object, ...]:
    return (
        reading.unrolled_on, reading.due_on, reading.due_at, reading.safe_on, reading.act_by,
    )  # fmt: skip
