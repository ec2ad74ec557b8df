"""Reminders on record: of a deadline that was open, under the dates it had, once, and not early."""

from collections.abc import Iterator

from casetrack.audit.expected import Before
from casetrack.audit.findings import Severity
from casetrack.domain import events as e
from casetrack.domain import reminders
from casetrack.domain.case import Tracked
from casetrack.domain.reminders import Place
from casetrack.errors import CasetrackError

Judged = Iterator[tuple[Severity, str, str]]  # (severity, rule, detail)


def reminded(before: Before, entry: e.Entry, sent: e.ReminderSent) -> Judged:
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
    yield from _rungs(before, tracked, sent)


def _rungs(before: Before, tracked: Tracked, sent: e.ReminderSent) -> Judged:
    """Each rung had come by its working, and had not been sent under these dates."""
    subject = reminders.subject(tracked.deadline)
    home = before.calendars[before.workflow.calendar]
    place = Place(calendar=home, zone=before.workflow.zone)
    try:
        come = {rung.name: rung.at for rung in reminders.come(subject, place, sent.sent_at)}
    except CasetrackError:
        return  # beyond the calendar's horizon no rung can be dated
    for rung in (sent.rung, *sent.folded):
        if rung in tracked.sent:
            yield "error", "reminder", f"{rung} of {sent.deadline} had been sent already"
        elif rung not in come:
            yield "error", "reminder", f"{rung} of {sent.deadline} had not come"
    if come.get(sent.rung, sent.scheduled_for) != sent.scheduled_for:
        yield "error", "reminder", f"{sent.rung} of {sent.deadline} was due at another instant"
