"""When a calendar has changed: the open deadlines that cross the change are moved, by entry."""

from collections.abc import Iterator, Sequence
from datetime import date

from msgspec import MsgspecError, Struct

from casetrack.catalog import calendars
from casetrack.domain import crossing, reprojecting
from casetrack.domain.case import Case
from casetrack.domain.events import DeadlineReprojected, Event
from casetrack.errors import BadDefinition, BeyondHorizon, Conflict, Corrupt, UnknownName
from casetrack.ledger.store import DeadlineRow, Draft
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

    Only those are read of which an open deadline crosses a day that its calendar's edition, which
    the ledger keeps, saw differently.
    """
    for case_id in dict.fromkeys(row.case_id for row in _crossing(tracker)):
        found = _moving(tracker, case_id)
        if found is not None:
            yield found


def reproject(tracker: Tracker, actor: str) -> tuple[Shift, ...]:
    """Move what has to move."""
    found = list(pending(tracker))
    return tuple(shift for c, event in found for shift in _recorded(tracker, c, event, actor))


def _crossing(tracker: Tracker) -> Iterator[DeadlineRow]:
    for known in tracker.ledger.calendars():
        changed = [_changed(tracker, *name.split(":")) for name in known]
        if None in changed:
            yield from tracker.ledger.crossing(known, date.min, date.max)
            continue
        days = sorted(day for found in changed for day in found or ())
        rows = tracker.ledger.crossing(known, days[0], days[-1]) if days else ()
        yield from (row for row in rows if _crosses(row, days))


def _crosses(row: DeadlineRow, days: Sequence[date]) -> bool:
    return any(row.crosses_from <= day <= row.crosses_to for day in days)


def _changed(tracker: Tracker, name: str, digest: str) -> tuple[date, ...] | None:
    """The days that today's edition sees differently; None: any may be, for the old one is gone."""
    try:
        today = tracker.desk.calendars[name]
    except (KeyError, UnknownName, BadDefinition):
        return ()
    if today.digest == digest:
        return ()
    try:
        return crossing.changed_days(calendars.from_text(tracker.ledger.definition(digest)), today)
    except (Corrupt, MsgspecError):
        return None


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
    except (Corrupt, BeyondHorizon, UnknownName, BadDefinition, KeyError):
        return None  # it stays as it was recorded, and the sweep that follows warns of it
    return None if event is None else (case, event)


def _recorded(tracker: Tracker, case: Case, event: Event, actor: str) -> tuple[Shift, ...]:
    """None of it if other writers kept changing the case: the next sweep finds it again."""
    for _ in range(TRIES):
        try:
            draft = Draft(event=event, actor=actor)
            tracker.ledger.append(case, [draft], calendar_texts(event, tracker.desk.calendars))
        except Conflict:
            again = _moving(tracker, case.id)
            if again is None:
                return ()
            case, event = again
        else:
            return shifts(case, event)
    return ()
