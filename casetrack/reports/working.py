"""Why a deadline is when it is: the working as text for people, and as data for scripts."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any

from casetrack.domain import dates
from casetrack.domain.clocks import LENGTH, runs_in_hours
from casetrack.domain.events import CalendarUse, Deadline, Reading
from casetrack.domain.explanation import Step, open_on_or_before, safe_words, steps
from casetrack.domain.plans import clock_of
from casetrack.domain.workflow import PRESUMED, Clock, Law, Owner, Workflow
from casetrack.reports import words
from casetrack.reports.data import plain
from casetrack.reports.lines import Line, labelled, row, toned
from casetrack.reports.sinks import terminal

Labelled = Iterator[tuple[str, str]]

_PLAIN_DAY = re.compile(r"[A-Z][a-z]+, day ([0-9]+)")
_LONG = 7  # more plain calendar days than these are told as one run


def explain(
    deadline: Deadline,
    workflow: Workflow,
    title: str | None = None,
    tolled_on: date | None = None,
) -> list[Line]:
    """One deadline of a case, with its clock's sources and caveats.

    ``title`` is that of one of our own, where it may be shown. ``tolled_on``: it stands still.
    """
    clock = clock_of(workflow, deadline.clock)
    title = f"{title or clock.title} ({deadline.deadline}), {deadline.owner}, {deadline.kind}"
    working = calc(
        deadline.reading, workflow.calendar, workflow.zone, deadline.owner, workflow.office or None
    )
    beside = [*_labelled(_standard(deadline)), *_labelled(_stopped(tolled_on))]
    head = toned(row([], terminal(title), indent=0), "head")
    return [*head, *working, *beside, *rule(clock)]


def calc(
    reading: Reading, home: str, zone: str, owner: Owner = "provider", office: str | None = None
) -> list[Line]:
    """The working of a reading alone; ``home`` is the calendar that counts business days."""
    moved_by = (home, office) if office else (home,)
    return [
        *_labelled(_counted_from(reading, home, zone)),
        *_step_lines(steps(reading, home, zone)),
        *_labelled(_dates(reading, moved_by, zone, owner)),
        *_labelled(("calendar", _used(use)) for use in reading.calendars),
    ]


def rule(clock: Clock) -> list[Line]:
    """Where the clock comes from, how far that was seen, and the law beside it."""
    return _labelled(_rule(clock))


def _labelled(pairs: Labelled) -> list[Line]:
    return [
        line
        for label, value in pairs
        for line in toned(labelled(terminal(label), terminal(value), indent=2))
    ]


def _counted_from(reading: Reading, home: str, zone: str) -> Labelled:
    if not LENGTH.fullmatch(reading.length):
        yield "stated by", reading.length
        return
    start = _start(reading.from_at, reading.from_on, reading.from_field, zone)
    yield "counted from", start
    by = f", business days by {home}" if reading.length.endswith("bd") else ""
    yield "length", f"{reading.length}{by}"


def _step_lines(working: Sequence[Step]) -> Iterator[Line]:
    for folds, run in groupby(working, key=_is_plain_day):
        days = list(run)
        folded = days[:-1] if folds and len(days) > _LONG else []
        if folded:
            yield from toned(labelled("  counted", _run(folded), indent=2))
        for step in days[len(folded) :]:
            told = terminal(f"{step.date}  {step.why}")
            yield from toned(labelled(f"  {_mark(step)}", told, indent=2))


def _mark(step: Step) -> str:
    if step.counted:
        return "counted"
    return "rolled" if "rolled" in step.why else "skipped"


def _is_plain_day(step: Step) -> bool:
    return step.counted and _PLAIN_DAY.fullmatch(step.why) is not None


def _run(days: Sequence[Step]) -> str:
    first, last = days[0], days[-1]
    return f"day {_number(first)} to {_number(last)}, {first.date} to {last.date}"


def _number(step: Step) -> str:
    found = _PLAIN_DAY.fullmatch(step.why)
    return found[1] if found else ""


def _dates(reading: Reading, moved_by: Sequence[str], zone: str, owner: Owner) -> Labelled:
    yield "roll", _roll(reading)
    yield "due", words.minute(reading.due_at, zone)
    if reading.stated_due_on is not None:
        yield "letter says", words.day(reading.stated_due_on)
    if reading.law_at is not None:
        base = f"{reading.law_length} from {_law_base(reading, zone)}"
        yield "law", f"{words.minute(reading.law_at, zone)} ({base})"
    yield "act by", words.day(reading.act_by)
    for line in _act_by(reading, moved_by, owner):
        yield "", line


def _start(at: datetime | None, on: date, field: str | None, zone: str) -> str:
    """The day or the instant, and what it is."""
    start = words.day(on) if at is None else words.minute(at, zone)
    return f"{start}, {'the presumed receipt' if field == PRESUMED else field}"


def _law_base(reading: Reading, zone: str) -> str:
    on = reading.law_from_on or reading.from_on
    return _start(reading.law_from_at, on, reading.law_from_field, zone)


def _roll(reading: Reading) -> str:
    if reading.roll == "none":
        return "none"
    if reading.due_on == reading.unrolled_on:
        return f"{reading.roll} by {reading.roll_calendar}: stays"
    moved = f"{words.day(reading.unrolled_on)} to {words.day(reading.due_on)}"
    return f"{reading.roll} by {reading.roll_calendar}: {moved}"


def _act_by(reading: Reading, moved_by: Sequence[str], owner: Owner) -> Sequence[str]:
    """Only what we must do moves back to a business day; the rest is the day to chase."""
    if reading.act_by > reading.due_on:
        return (f"a right opens once {reading.due_on} has passed",)
    if owner == "provider" and not runs_in_hours(reading):
        return (*safe_words(reading, *moved_by), *_kept(reading, moved_by))
    if reading.law_by is None:
        return (f"the due date {reading.due_on}",)
    return (f"the earlier of the due date {reading.due_on} and the law's {reading.law_by}",)


def _kept(reading: Reading, moved_by: Sequence[str]) -> Iterator[str]:
    """A word where the day is earlier than all of that: a calendar has changed meanwhile."""
    named = (reading.safe_on, reading.due_on, reading.stated_due_on, reading.law_by)
    days = [day for day in named if day]
    for name in moved_by:
        use = next((use for use in reading.calendars if use.id == name), None)
        days = [open_on_or_before(day, use) for day in days]
    if reading.act_by < min(days):
        yield f"{reading.act_by} stood before the calendar changed; what is ours moves no later"


def _used(use: CalendarUse) -> str:
    return f"{use.id}, edition {use.edition}, digest {use.digest[:12]}"


def _standard(deadline: Deadline) -> Labelled:
    if deadline.standard is not None:
        before = deadline.standard
        yield "standard", f"{words.day(before.due_on)} ({before.length}), before it was expedited"


def _stopped(tolled_on: date | None) -> Labelled:
    if tolled_on is not None:
        yield "stands still", f"since {words.day(tolled_on)}: the dates move when it resumes"


def _rule(clock: Clock) -> Labelled:
    yield "source", words.sourced(clock.source, clock.evidence)
    if clock.caveat:
        yield "caveat", clock.caveat
    if clock.law is not None:
        none = "" if clock.law.length else "; sets no date here"
        yield "law's source", words.sourced(clock.law.source, clock.law.evidence) + none
        yield "law's caveat", clock.law.caveat


def calc_data(reading: Reading, home: str, zone: str) -> dict[str, Any]:
    """A reading as promised for ``calc``; ``edition`` is null where no calendar was asked."""
    made: dict[str, Any] = plain(reading)
    edition = next((use.edition for use in reading.calendars if use.id == home), None)
    return {
        "from": made["from_on"],
        "from_at": reading.from_at and dates.local_text(reading.from_at, zone),
        "counted_from": reading.from_field,
        "length": reading.length,
        "calendar": home,
        "edition": edition,
        "roll": reading.roll,
        "roll_calendar": reading.roll_calendar,
        "unrolled_on": made["unrolled_on"],
        "safe_from_on": made["safe_from_on"],
        "safe_on": made["safe_on"],
        "due_on": made["due_on"],
        "due_at": dates.local_text(reading.due_at, zone),
        "act_by": made["act_by"],
        "law_by": made["law_by"],
        "stated_due_on": made["stated_due_on"],
        "steps": plain(steps(reading, home, zone)),
        "calendars": made["calendars"],
    }


def explain_data(
    deadline: Deadline,
    workflow: Workflow,
    title: str | None = None,
    tolled_on: date | None = None,
) -> dict[str, Any]:
    """One deadline, every step kept; ``law`` is null where the clock has none beside it.

    ``standard`` is the working that an expedited request replaced, else null.
    """
    clock = clock_of(workflow, deadline.clock)
    reading, before = deadline.reading, deadline.standard
    return {
        "deadline": deadline.deadline,
        "title": title or clock.title,
        "owner": deadline.owner,
        "kind": deadline.kind,
        **calc_data(reading, workflow.calendar, workflow.zone),
        **rule_data(clock),
        "law": clock.law and _law(clock.law, reading, workflow.zone),
        "standard": before and calc_data(before, workflow.calendar, workflow.zone),
        "tolled_on": tolled_on and tolled_on.isoformat(),
    }


def rule_data(clock: Clock) -> dict[str, Any]:
    return {"source": clock.source, "evidence": clock.evidence, "caveat": clock.caveat}


def _law(law: Law, reading: Reading, zone: str) -> dict[str, Any]:
    return {
        "source": law.source,
        "evidence": law.evidence,
        "caveat": law.caveat,
        "from": reading.law_from_on and reading.law_from_on.isoformat(),
        "from_at": reading.law_from_at and dates.local_text(reading.law_from_at, zone),
        "counted_from": reading.law_from_field,
        "length": reading.law_length,
        "law_at": reading.law_at and dates.local_text(reading.law_at, zone),
        "law_by": reading.law_by and reading.law_by.isoformat(),
    }
