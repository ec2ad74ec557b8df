"""The docket as an iCalendar file (RFC 5545): an event for each deadline, an alarm for each rung.

It names cases and never patients. The same docket gives the same bytes.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from casetrack.domain import dates
from casetrack.domain.docket import Docket, Item
from casetrack.domain.reminders import Rung
from casetrack.reports import words
from casetrack.reports.sections import ordered
from casetrack.reports.sinks import ics_line, ics_text
from casetrack.reports.text import details

MORNING = time(8)
"""When a rung in days sounds: it is due from the start of its day, when people sleep."""

# A calendar must hold a component, also when nothing is due.
_NOTHING = (
    "BEGIN:VTIMEZONE", "TZID:UTC", "BEGIN:STANDARD", "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0000", "TZOFFSETTO:+0000", "END:STANDARD", "END:VTIMEZONE",
)  # fmt: skip


def render(docket: Docket) -> str:
    """What is open, by ``act_by``, then what has ended, cancelled; CR LF at every line's end."""
    return "".join(map(ics_line, _lines(docket)))


def _lines(docket: Docket) -> Iterator[str]:
    practice = " (practice)" if docket.practice else ""
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//casetrack//due//EN")
    yield from ("CALSCALE:GREGORIAN", "METHOD:PUBLISH", f"X-WR-CALNAME:casetrack{practice}")
    for item in ordered(docket):
        yield from _event(item, docket)
    for item in docket.ended:
        yield from _event(item, docket)
    if not (docket.items or docket.ended):
        yield from _NOTHING
    yield "END:VCALENDAR"


def _event(item: Item, docket: Docket) -> Iterator[str]:
    practice = "PRACTICE: " if docket.practice else ""
    summary = f"{practice}{item.case}: {item.title}"
    yield from ("BEGIN:VEVENT", f"UID:{uid(item)}", f"DTSTAMP:{_utc(docket.as_of)}")
    yield from _when(item)
    yield f"SEQUENCE:{item.changes}"
    yield f"STATUS:{_status(item)}"
    yield f"SUMMARY:{ics_text(summary)}"
    yield f"DESCRIPTION:{ics_text(_description(item))}"
    yield from (f"CATEGORIES:{ics_text(item.owner)}", "TRANSP:TRANSPARENT")
    if _status(item) == "CONFIRMED":
        for at in sorted({_sounds(rung, docket.zone) for rung in item.rungs}):
            if at > docket.as_of:
                yield from _alarm(at, summary)
    yield "END:VEVENT"


def uid(item: Item) -> str:
    """The same for as long as the deadline lives, whatever happens to the case's reference."""
    return ics_text(f"{item.case_id}/{item.deadline}@casetrack")


def _status(item: Item) -> str:
    """A paused deadline's date is not yet certain."""
    if item.ended:
        return "CANCELLED"
    return "TENTATIVE" if item.status == "tolled" else "CONFIRMED"


def _when(item: Item) -> Iterator[str]:
    """All day on ``act_by``; at the moment itself where that is when the deadline ends."""
    due_at = datetime.fromisoformat(item.due_at)
    if item.act_by == item.due_on and not words.to_days_end(item):
        yield f"DTSTART:{_utc(due_at)}"
        return
    yield f"DTSTART;VALUE=DATE:{_day(item.act_by)}"
    yield f"DTEND;VALUE=DATE:{_day(item.act_by + timedelta(days=1))}"


def _description(item: Item) -> str:
    """The report's own words, those left out that count from today."""
    lines = [f"{item.state}, {item.assignee or words.NOBODY}"]
    if item.ended:
        return "\n".join((*lines, "no longer open"))
    lines += [f"{label}: {value}" if label else value for label, value in details(item)]
    return "\n".join(lines)


def _sounds(rung: Rung, zone: str) -> datetime:
    if rung.name.endswith("h"):
        return rung.at
    day = dates.local_date(rung.at, zone)
    return datetime.combine(day, MORNING, dates.zone_info(zone)).astimezone(UTC)


def _alarm(at: datetime, summary: str) -> Iterator[str]:
    yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{ics_text(summary)}")
    yield from (f"TRIGGER;VALUE=DATE-TIME:{_utc(at)}", "END:VALARM")


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _day(on: date) -> str:
    return on.strftime("%Y%m%d")
