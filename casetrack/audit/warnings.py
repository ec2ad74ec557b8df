"""Reminders on record: of a deadline that was open, under the dates it had, once, and not early.

And those that a deadline counts as sent once it has other dates.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from casetrack.audit.expected import Before, expected
from casetrack.audit.findings import Severity
from casetrack.domain import events as e
from casetrack.domain import reminders
from casetrack.domain.case import Tracked
from casetrack.domain.clocks import Calendars
from casetrack.domain.reminders import Place
from casetrack.errors import CasetrackError

Judged = Iterator[tuple[Severity, str, str]]  # (severity, rule, detail)


def reminded(before: Before, entry: e.Entry, sent: e.ReminderSent, today: Calendars) -> Judged:
    """``today``: the calendars of now, which may be those that the warning was dated by."""
    tracked = before.case.deadlines.get(sent.deadline)
    if tracked is None:
        yield "error", "reminder", f"there is no {sent.deadline} to remind of"
        return
    if tracked.outcome is not None:
        yield "error", "reminder", f"{sent.deadline} was closed by version {tracked.closed_version}"
    if tracked.tolled_on is not None:
        yield "error", "reminder", f"{sent.deadline} stood still, and nothing is sent then"
    if sent.act_by != tracked.deadline.reading.act_by:
        due = tracked.deadline.reading.act_by
        yield "error", "reminder", f"it warns of {sent.act_by}, and {sent.deadline} had {due}"
    if sent.scheduled_for > sent.sent_at or sent.sent_at > entry.recorded_at:
        yield "error", "reminder", "it was sent before its time, or recorded before it was sent"
    for rung in (sent.rung, *sent.folded):
        if rung in tracked.sent:
            yield "error", "reminder", f"{rung} of {sent.deadline} had been sent already"
        elif not (rung.startswith("+") or rung in tracked.deadline.reading.rungs):
            yield "error", "reminder", f"{sent.deadline} has no {rung}"
    if not any(_had_come(before, tracked, sent, known) for known in (before.calendars, today)):
        told = "had not come by the calendar of its dates, nor by today's"
        yield "warning", "reminder", f"{sent.rung} of {sent.deadline} {told}"


def counted(before: Before, entry: e.Entry, made: e.Effects, today: Calendars) -> Judged:
    """What a move counts as sent was, and needn't be sent again, by that calendar or today's."""
    for move in entry.data.moved if isinstance(entry.data, e.Effects) else ():
        ever = set(_ever_sent(before, move.deadline))
        for rung in sorted({*move.sent} - ever):
            yield "error", "reminder", f"{rung} of {move.deadline} counts as sent, and never was"
        told, due = ever & {*move.sent}, _kept(made, move)
        if told != due and told != _kept(_by(before, entry, today), move):
            said = f"counts {_list(told)} as sent, and should count {_list(due)}"
            yield "warning", "reminder", f"{move.deadline} {said}"


def _list(rungs: set[str]) -> str:
    return ", ".join(sorted(rungs)) or "nothing"


def _ever_sent(before: Before, name: str) -> Iterator[str]:
    """Every rung sent, or counted as sent by an earlier entry, which was found wanting already."""
    for entry in before.entries:
        match entry.data:
            case e.ReminderSent(deadline=of, folded=folded, rung=rung) if of == name:
                yield from (*folded, rung)
            case e.Effects(moved=moved):
                yield from (rung for move in moved if move.deadline == name for rung in move.sent)
            case _:
                pass


def _kept(made: e.Data, told: e.Moved) -> set[str]:
    """What of it counts as sent once it is decided again; as told where nothing moves it then."""
    found = made.moved if isinstance(made, e.Effects) else ()
    return {*next((m.sent for m in found if m.deadline == told.deadline), told.sent)}


def _by(before: Before, entry: e.Entry, known: Calendars) -> e.Data:
    try:
        return expected(replace(before, calendars=known), entry)
    except CasetrackError:
        return entry.data  # by those calendars nobody can tell


def _had_come(before: Before, tracked: Tracked, sent: e.ReminderSent, known: Calendars) -> bool:
    """Whether each rung had come, and the one sent at its own moment.

    What a new edition does to rungs alone is recorded nowhere, so that one edition may say no.
    """
    place = Place(calendar=known[before.workflow.open_days], zone=before.workflow.zone)
    try:
        found = reminders.come(reminders.subject(tracked.deadline), place, sent.sent_at)
    except CasetrackError:
        return True  # beyond the calendar's horizon nobody can tell
    come = {rung.name: rung.at for rung in found}
    return come.keys() >= {sent.rung, *sent.folded} and come[sent.rung] == sent.scheduled_for
