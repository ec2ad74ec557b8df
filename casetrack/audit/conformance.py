"""Whether each entry of a case is what its pinned workflow allows and asks for.

Each is judged on the case as the entries before it make it: its command is decided again, by the
workflow that the case has pinned and the calendar editions that the ledger has kept, and what it
claims is compared. A wrong entry is then folded as it stands, so that it is found once.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from casetrack.audit import effects, guards, values
from casetrack.audit.expected import Before, expected, values_of
from casetrack.audit.findings import Editions, Finding, Recorded, Severity, uses
from casetrack.audit.hindsight import hindsight
from casetrack.audit.warnings import counted, reminded
from casetrack.domain import dates, decide, machine
from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.domain.former import with_former
from casetrack.domain.guards import Ask
from casetrack.domain.partial import evolve_partly
from casetrack.domain.plans import PLAN, clock_of
from casetrack.domain.workflow import Workflow
from casetrack.errors import CasetrackError

Judged = Iterator[tuple[Severity, str, str]]  # (severity, rule, detail)
_NOT_OF_A_CASE = (e.LedgerOpened, e.DisclosureMade)
_RULES = {
    e.CaseOpened: "clock", e.TransitionFired: "transition", e.EvidenceRecorded: "clock",
    e.NoteAdded: "clock", e.EntryCorrected: "correction", e.EntryVoided: "correction",
    e.WorkflowAdopted: "adoption",
}  # fmt: skip


class Record(Struct, frozen=True, kw_only=True):
    """One case's entries, by what it goes by, with the workflow that it was opened under.

    ``pinned``: any other that it followed since, by its digest; None where that is not kept.
    """

    name: str
    entries: Sequence[e.Entry]
    workflow: Workflow
    pinned: Callable[[str], Workflow | None] = lambda _: None


def conformance(record: Record, editions: Editions, now: datetime) -> Iterator[Finding]:
    """Everything about one case, by version, and then about the case as a whole."""
    followed, case_id = tuple(_followed(record)), record.entries[0].case
    case, used, last = Case(id=case_id), Recorded(editions), None
    for place, entry in enumerate(record.entries):
        before = Before(
            case=case,
            entries=record.entries[:place],
            workflow=followed[place],
            calendars=used.after(entry.data),
            adopts=_adopts(record, entry),
        )
        judged = (*_order(before, entry, last), *_judged(before, entry, editions))
        yield from (_finding(record, entry.version, *one) for one in dict.fromkeys(judged))
        after = before.adopts or before.workflow
        known = {**after.clocks, PLAN: None}
        fitting = effects.foldable(entry.data, known, after.states)
        case = evolve_partly(case, replace(entry, data=fitting))
        used, last = used.after(entry.data), entry
    for version, detail in hindsight(record.entries, followed, used):
        yield _finding(record, version, "warning", "hindsight", detail)
    yield from (_finding(record, None, *one) for one in _standing(case, followed[-1], now))
    for version, detail in _actors(record.entries):
        yield _finding(record, version, "info", "actor", detail)


def _followed(record: Record) -> Iterator[Workflow]:
    """For each entry the workflow that it is judged by, and one more for what stands at the end."""
    workflow, left = record.workflow, [record.workflow]
    for entry in record.entries:
        yield workflow
        adopted = _adopts(record, entry)
        if adopted is not None:
            workflow = with_former(adopted, left)
            left.append(adopted)
    yield workflow


def _adopts(record: Record, entry: e.Entry) -> Workflow | None:
    data = entry.data
    return record.pinned(data.definition) if isinstance(data, e.WorkflowAdopted) else None


def _finding(
    record: Record, version: int | None, severity: Severity, rule: str, detail: str
) -> Finding:
    return Finding(severity=severity, case=record.name, version=version, rule=rule, detail=detail)


def _order(before: Before, entry: e.Entry, last: e.Entry | None) -> Judged:
    """Versions without a gap, a record that never runs backwards, nothing told ahead of time."""
    due = 1 if last is None else last.version + 1
    if entry.version != due:
        yield "error", "versions", f"version {due} should stand here"
    if last is not None and entry.recorded_at < last.recorded_at:
        yield "error", "recorded_at", f"it was recorded before version {last.version}"
    zone = before.workflow.zone
    recorded_on = dates.local_date(entry.recorded_at, zone)
    if entry.occurred_on > recorded_on:
        yield "error", "order", f"{entry.occurred_on} lay ahead when it was recorded, {recorded_on}"
    if entry.occurred_at is not None:
        yield from _instant(entry, entry.occurred_at, zone)
    if entry.data.clock_behind is not None:
        said = dates.instant_text(entry.data.clock_behind)
        yield "info", "clock_behind", f"the clock ran behind, at {said}"


def _instant(entry: e.Entry, at: datetime, zone: str) -> Judged:
    day = dates.local_date(at, zone)
    if at > entry.recorded_at:
        yield "error", "order", "the instant it happened at lay ahead when it was recorded"
    if day != entry.occurred_on:
        yield "error", "order", f"its instant falls on {day}, and its day is {entry.occurred_on}"


def _judged(before: Before, entry: e.Entry, editions: Editions) -> Judged:
    """An entry that cannot even be read as the workflow has it is an error, never a crash."""
    if isinstance(entry.data, _NOT_OF_A_CASE) or _misplaced(before, entry):
        yield "error", "type", f"no {entry.type} belongs here"
        return
    unknown = [use for use in uses(entry.data) if editions.of(use) is None]
    for use in unknown:
        told = f"{use.id}, edition {use.edition}: its text is not in the ledger"
        yield "warning", "edition", f"not checkable: dates rest on {told}"
    try:
        yield from values.judged(before, entry)
        for severity, rule, detail in _decided(before, entry, editions):
            doubtful = unknown and rule == "dates"
            yield "warning" if doubtful else severity, rule, detail
        yield from _beside(before, entry, editions)
    except CasetrackError as error:
        yield "error", _RULES.get(type(entry.data), "change"), error.message
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        yield "error", "data", "it says what the workflow has no place for, and can't be judged"


def _misplaced(before: Before, entry: e.Entry) -> bool:
    """An opening stands first and nowhere else."""
    return isinstance(entry.data, e.CaseOpened) == bool(before.entries)


def _decided(before: Before, entry: e.Entry, editions: Editions) -> Judged:
    """What the entry claims, beside what its command comes to when it is decided again."""
    if isinstance(entry.data, e.TransitionFired):
        yield from _transition(before, entry, entry.data)
    made = expected(before, entry)
    rule = _RULES.get(type(entry.data), "change")
    for name, told, due in effects.others(entry.data, made):
        yield "error", rule, f"{name} is {told}, and should be {due}"
    if isinstance(entry.data, e.Effects) and isinstance(made, e.Effects):
        for wrong in effects.differences(entry.data, made):
            yield "error", *wrong
        yield from counted(before, entry, made, editions.shipped)


def _transition(before: Before, entry: e.Entry, data: e.TransitionFired) -> Judged:
    """Legal from where the case was, not before the last one, with what it requires."""
    ask = Ask(
        case=before.case, workflow=before.workflow, trigger=data.trigger, on=entry.occurred_on,
        at=entry.occurred_at, values=values_of(entry),
    )  # fmt: skip
    trigger = before.workflow.triggers.get(data.trigger)
    if trigger is None:
        yield "error", "transition", "the workflow has no such trigger"
        return
    possible = data.trigger in machine.possible(before.workflow, before.case.state)
    reasons = decide.out_of_place(ask)
    reasons = (*(reasons if possible else reasons[1:]), *decide.standing_still(ask))
    for reason in reasons:
        yield "error", "order", reason.partition("; ")[0]
    for name in trigger.required:
        if name not in ask.values:
            yield "error", "required", f"{name} is required, and was not given"
    if trigger.expedites and entry.occurred_at is None:
        yield "error", "required", "an expedited clock runs from an instant, and none was given"
    if possible:
        yield from guards.judged(ask, entry, data)


def _beside(before: Before, entry: e.Entry, editions: Editions) -> Judged:
    """What is on record as late or lapsed, and entries that no command decides on dates for."""
    match entry.data:
        case e.ReminderSent() as sent:
            yield from reminded(before, entry, sent, editions.shipped)
        case e.ValueRedacted(removed=removed):
            yield from values.erased(before, removed)
        case e.Effects(closed=closed):
            for end in closed:
                if end.outcome == "lapsed":
                    yield "info", "lapsed", f"{end.deadline} lapsed"
                elif end.late and not _planned(before.case, end):
                    yield "info", "late", f"{end.deadline} was met late"
        case _:
            pass


def _planned(case: Case, end: e.Ended) -> bool:
    """Whether a deadline is one that nobody is held to."""
    return (
        end.deadline in case.deadlines and case.deadlines[end.deadline].deadline.kind == "planned"
    )


def _standing(case: Case, workflow: Workflow, now: datetime) -> Judged:
    """Deadlines that have passed and were neither met nor ended: on the docket they are overdue."""
    for tracked in case.open_deadlines():
        name, reading = tracked.deadline.deadline, tracked.deadline.reading
        waits = (
            tracked.deadline.kind == "planned" or clock_of(workflow, tracked.deadline.clock).opens
        )
        if now > reading.due_at and not waits and tracked.tolled_on is None:
            yield "info", "lapsed", f"{name} was due {reading.due_on} and is still open"


def _actors(entries: Sequence[e.Entry]) -> Iterator[tuple[int, str]]:
    """Who is said to have acted where another account wrote, once for each pair."""
    pairs = Counter((entry.actor, entry.by) for entry in entries)
    for (actor, by), number in pairs.items():
        account = by.partition(":")[2].rpartition("@")[0] or by.partition(":")[2]
        if actor != account:
            first = next(x.version for x in entries if (x.actor, x.by) == (actor, by))
            many = "1 entry" if number == 1 else f"{number} entries"
            yield first, f"{many} by {actor}, written by {by}"
