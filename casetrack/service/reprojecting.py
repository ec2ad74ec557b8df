"""When a calendar has changed: the open deadlines that cross the change are moved, by entry."""

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from casetrack.domain import reprojecting
from casetrack.domain.case import Case
from casetrack.domain.events import DeadlineReprojected, Event
from casetrack.errors import BeyondHorizon, Conflict, Corrupt
from casetrack.ledger.store import Draft
from casetrack.service.bootstrap import calendar_texts
from casetrack.service.tracker import TRIES, Tracker


class Shift(Struct, frozen=True, kw_only=True):
    """A deadline that a changed calendar moves."""

    case: str
    deadline: str
    before: date
    act_by: date


def pending(tracker: Tracker) -> Iterator[tuple[Case, Event]]:
    """The cases that today's calendars would move, each with the fact to record.

    None are looked at if a sweep saw these very calendars before.
    """
    if _seen(tracker):
        return
    cases = dict.fromkeys(row.case.case_id for row in tracker.ledger.docket(None))
    for case_id in cases:
        found = _moving(tracker, case_id)
        if found is not None:
            yield found


def reproject(tracker: Tracker, actor: str) -> tuple[Shift, ...]:
    """Move what has to move; once all of it has, remember that these calendars were seen."""
    if _seen(tracker):
        return ()
    made = [_recorded(tracker, case, event, actor) for case, event in list(pending(tracker))]
    if None not in made:
        for name in _editions(tracker):
            tracker.ledger.runs.beat(name, tracker.now)
    return tuple(shift for shifted in made if shifted for shift in shifted)


def shifts(case: Case, event: Event) -> tuple[Shift, ...]:
    data = event.data
    moved = data.moved if isinstance(data, DeadlineReprojected) else ()
    return tuple(
        Shift(
            case=case.reference if isinstance(case.reference, str) else case.id,
            deadline=move.deadline,
            before=case.deadlines[move.deadline].deadline.reading.act_by,
            act_by=move.reading.act_by,
        )
        for move in moved
    )


def _moving(tracker: Tracker, case_id: str) -> tuple[Case, Event] | None:
    try:
        case = tracker.case(case_id)
        workflow = tracker.workflow_of(case)
        event = reprojecting.reproject(case, workflow, tracker.desk.calendars, tracker.now)
    except (Corrupt, BeyondHorizon, KeyError):
        return None  # it stays as it was recorded, and the sweep that follows warns of it
    return None if event is None else (case, event)


def _recorded(tracker: Tracker, case: Case, event: Event, actor: str) -> tuple[Shift, ...] | None:
    """None if other writers kept changing the case."""
    for _ in range(TRIES):
        try:
            draft = Draft(event=event, actor=actor)
            tracker.ledger.append(case, [draft], calendar_texts(event))
        except Conflict:
            again = _moving(tracker, case.id)
            if again is None:
                return ()
            case, event = again
        else:
            return shifts(case, event)
    return None


def _seen(tracker: Tracker) -> bool:
    return set(_editions(tracker)) <= set(tracker.ledger.runs.beats())


def _editions(tracker: Tracker) -> Iterator[str]:
    for name in sorted(tracker.desk.calendars):
        yield f"calendar {name} {tracker.desk.calendars[name].digest}"
