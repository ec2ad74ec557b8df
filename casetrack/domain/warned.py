"""Which warnings still count as sent once a deadline has other dates."""

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from casetrack.domain import reminders
from casetrack.domain.case import Case
from casetrack.domain.clocks import Frame
from casetrack.domain.events import Moved


def with_sent(moved: Iterable[Moved], case: Case, frame: Frame, now: datetime) -> tuple[Moved, ...]:
    """New readings with the rungs that count as sent under them; the others are armed again."""
    return tuple(_with_sent(move, case, frame, now) for move in moved)


def _with_sent(move: Moved, case: Case, frame: Frame, now: datetime) -> Moved:
    tracked = case.deadlines[move.deadline]
    before = reminders.subject(tracked.deadline)
    after = reminders.subject(replace(tracked.deadline, reading=move.reading))
    place = reminders.Place(calendar=frame.open_days, zone=frame.zone)
    return replace(move, sent=reminders.kept(tracked.sent, before, after, place, now))
