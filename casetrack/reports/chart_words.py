"""A clock and an open deadline in a diagram, in words."""

from casetrack.domain.clocks import parse_length
from casetrack.domain.docket import Item
from casetrack.domain.workflow import DUE_OF, Clock, Workflow
from casetrack.reports import words
from casetrack.reports.handbook_words import UNITS

OURS = "provider"


def rule(clock: Clock, workflow: Workflow) -> str:
    """A clock's title and time, and from when; the law's beside it; R where only recalled."""
    times = []
    if clock.until:
        times.append(f"until the date of: {workflow.fields[clock.until].title}")
    if clock.length:
        start = _start(clock, workflow)
        times.append(f"{'else ' if clock.until else ''}{long(clock.length)}{start}")
    if clock.expedited:
        times.append(f"expedited {long(clock.expedited)}")
    if clock.law and clock.law.length:
        times.append(f"by law {long(clock.law.length)}")
    after = "after " if clock.opens else ""
    grade = " (R)" if clock.evidence == "R" else ""
    return f"{clock.title}: {after}{', '.join(times)}{grade}"


def _start(clock: Clock, workflow: Workflow) -> str:
    """What it counts from, where that is not the day of the step itself."""
    _, due, other = clock.counts_from.partition(DUE_OF)
    if due:
        return f" from the end of: {workflow.clocks[other].title}"
    field = workflow.fields.get(clock.counts_from)
    return f" from: {field.title}" if field else ""


def long(length: str) -> str:
    found = parse_length(length)
    return words.count(found.n, UNITS[found.unit].removeprefix("elapsed "))


def running(item: Item) -> str:
    """An open deadline with its dates."""
    first = "act by" if item.owner == OURS else "chase from"
    marks = {"overdue": "; OVERDUE", "tolled": "; stands still"}
    unproven = "; receipt not shown" if item.unproven else ""
    return (
        f"{item.title}: {words.last_label(item)} {words.last_moment(item)}, "
        f"{first} {words.day(item.act_by)}{marks.get(item.status, '')}{unproven}"
    )
