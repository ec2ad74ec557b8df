"""Reminders on record: of a deadline that was open, under the dates it had, once, and not early."""

from collections.abc import Iterator

from casetrack.audit.expected import Before
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
        told = f"{sent.rung} of {sent.deadline} had not come by any calendar on file"
        yield "warning", "reminder", told


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
