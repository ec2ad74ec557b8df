"""What an entry should have done: its command, decided again on the case as it was before.

Only what a person said or chose is taken from the entry: the trigger, the values, the day granted.
Whatever followed from that is made anew and trusts nothing the entry claims.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import asdict, replace

from casetrack.domain import (
    adopting,
    amending,
    changes,
    clocks,
    commands,
    consequences,
    freshness,
    machine,
    reliving,
    reprojecting,
    voiding,
)
from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.domain.fold import field_values
from casetrack.domain.warned import with_sent
from casetrack.domain.workflow import Workflow
from casetrack.errors import Refused

ERASED_TITLE = "\x00"  # nobody can type it, so it is no other plan's
T = TypeVar("T")


class Before(Struct, frozen=True, kw_only=True):
    """A case up to an entry, and what its commands are decided by.

    ``adopts``: the definition that the entry says the case follows from there on.
    """

    case: Case
    entries: Sequence[e.Entry]
    workflow: Workflow
    calendars: clocks.Calendars
    adopts: Workflow | None = None


def expected(before: Before, entry: e.Entry) -> e.Data:
    """The entry's data as it should be; a refusal where the command should have been refused."""
    make = _MAKERS.get(type(entry.data))
    return entry.data if make is None else make(before, entry, entry.data)


def moment_of(entry: e.Entry) -> commands.Moment:
    return commands.Moment(on=entry.occurred_on, at=entry.occurred_at, now=decided_at(entry))


def decided_at(entry: e.Entry) -> datetime:
    """What the clock showed: a record that waited for the one before it says so."""
    return entry.data.clock_behind or entry.recorded_at


def values_of(entry: e.Entry) -> Mapping[str, e.Value]:
    """The field values that an entry gives, those erased since as ``REDACTED``."""
    data = entry.data
    clear = getattr(data, "fields", {})
    return field_values(entry, clear)


def event_of(entry: e.Entry, data: e.Data) -> e.Event:
    """What a person said in an entry, as an event with other data."""
    return e.Event(
        data=data,
        occurred_on=entry.occurred_on,
        occurred_at=entry.occurred_at,
        typed={name: entry.disclosed.get(name, "") for name in entry.sealed},
    )


def step(before: Before, entry: e.Entry, name: str, to: str | None = None) -> consequences.Step:
    return consequences.Step(
        case=before.case,
        workflow=before.workflow,
        name=name,
        to=to or before.case.state,
        moment=(entry.occurred_on, entry.occurred_at),
        values=values_of(entry),
    )


def _with(data: e.Effects, change: consequences.Change) -> e.Effects:
    return replace(data, **asdict(change))


def _opened(before: Before, entry: e.Entry, data: e.CaseOpened) -> e.Data:
    workflow = before.workflow
    blank = replace(before, case=Case(id="", definition=data.definition))
    change = consequences.of(step(blank, entry, "open", workflow.initial), before.calendars)
    named = replace(data, workflow=workflow.id, edition=workflow.edition, state=workflow.initial)
    return _with(named, change)


def _fired(before: Before, entry: e.Entry, data: e.TransitionFired) -> e.Data:
    case, workflow = before.case, before.workflow
    to = machine.leads_to(workflow, case.state, data.trigger)
    if to is None:
        raise Refused(f"{data.trigger} is not possible from {case.state}")
    trigger = workflow.triggers[data.trigger]
    made = replace(
        data,
        origin=case.state,
        to=to,
        final=workflow.states[to].final,
        expedited=consequences.expedited_after(case, workflow, trigger, to),
    )
    hurried = replace(step(before, entry, data.trigger, to), hurried=made.expedited)
    change = consequences.of(hurried, before.calendars)
    return _with_returned(before, entry, _with(made, change))


def _with_returned(before: Before, entry: e.Entry, made: e.Effects) -> e.Data:
    """With other dates for what comes back and was amended since it closed."""
    case, rules = before.case, reliving.Rules(before.workflow, before.calendars)
    closed = [name for name in made.reopened if case.deadlines[name].outcome is not None]
    found = reliving.returned(case, before.entries, rules, event_of(entry, made), closed)
    moved = with_sent((*made.moved, *found), case, rules.frame, decided_at(entry))
    return replace(made, moved=moved)


def _recorded(before: Before, entry: e.Entry, data: e.EvidenceRecorded) -> e.Data:
    latest = before.case.evidence_for(data.item)
    if latest is not None and entry.occurred_on < latest.on:
        return _with(data, consequences.Change())
    found = consequences.of(step(before, entry, f"record:{data.item}"), before.calendars)
    return _with(data, found)


def _noted(before: Before, entry: e.Entry, data: e.NoteAdded) -> e.Data:
    name = f"note:{values_of(entry).get('kind')}"
    return _with(data, consequences.of(step(before, entry, name), before.calendars))


def _corrected(before: Before, entry: e.Entry, data: e.EntryCorrected) -> e.Data:
    case, workflow = before.case, before.workflow
    known = amending.facts(case, before.entries, data.corrects)
    if known.original.version != data.corrects:
        raise Refused("it corrects a correction; the original's version belongs there")
    if data.on is not None or data.at is not None:
        on = data.on or known.original.occurred_on
        told = commands.Moment(on=on, at=data.at, now=decided_at(entry))
        amending.check_order(case, workflow, known.original, told)
    bare = replace(data, armed=(), closed=(), moved=(), reopened=(), unproven=())
    rules, event = reliving.Rules(workflow, before.calendars), event_of(entry, bare)
    found = reliving.amended(case, before.entries, rules, event, known.original)
    moved = with_sent(found, case, rules.frame, decided_at(entry))
    event = event_of(entry, replace(bare, moved=moved))
    return freshness.decided_again(case, event, workflow, before.calendars, known.original).data


def _voided(before: Before, entry: e.Entry, data: e.EntryVoided) -> e.Data:
    command = commands.Void(version=data.voids, reason="", moment=moment_of(entry))
    case, entries, calendars = before.case, before.entries, before.calendars
    return voiding.void(case, entries, before.workflow, calendars, command).data


def _adopted(before: Before, entry: e.Entry, data: e.WorkflowAdopted) -> e.Data:
    if before.adopts is None:
        raise Refused("the definition it adopts is not, or not as it was, in the ledger")
    adopt = commands.Adopt(
        definition=data.definition,
        states={renamed.origin: renamed.to for renamed in data.states},
        moment=moment_of(entry),
    )
    case, entries, calendars = before.case, before.entries, before.calendars
    return adopting.adopt(case, entries, before.adopts, calendars, adopt).data


def _planned(before: Before, entry: e.Entry, data: e.DeadlinePlanned) -> e.Data:
    plan = commands.Plan(
        title=str(entry.disclosed.get("title", ERASED_TITLE)),
        due=_one(data.armed).reading.due_on,
        moment=moment_of(entry),
    )
    return changes.plan(before.case, before.workflow, before.calendars, plan).data


def _done(before: Before, entry: e.Entry, data: e.DeadlineDone) -> e.Data:
    done = commands.Done(name=_one(data.closed).deadline, moment=moment_of(entry))
    return changes.done(before.case, done).data


def _extended(before: Before, entry: e.Entry, data: e.DeadlineExtended) -> e.Data:
    move = _one(data.moved)
    to, moment = move.reading.due_on, moment_of(entry)
    extend = commands.Extend(deadline=move.deadline, to=to, basis="", reason="", moment=moment)
    return changes.extend(before.case, before.workflow, before.calendars, extend).data


def _tolled(before: Before, entry: e.Entry, data: e.DeadlineTolled) -> e.Data:
    toll = commands.Toll(deadline=data.deadline, reason="", moment=moment_of(entry))
    return changes.toll(before.case, toll).data


def _resumed(before: Before, entry: e.Entry, data: e.DeadlineResumed) -> e.Data:
    name = _one(data.moved).deadline
    resume = commands.Resume(deadline=name, reason="", moment=moment_of(entry))
    return changes.resume(before.case, before.workflow, before.calendars, resume).data


def _reprojected(before: Before, entry: e.Entry, data: e.DeadlineReprojected) -> e.Data:
    event = reprojecting.reproject(
        before.case, before.workflow, before.calendars, decided_at(entry)
    )
    return replace(data, moved=()) if event is None else event.data


def _one(of: Sequence[T]) -> T:
    """The one deadline that a change is about."""
    if len(of) != 1:
        raise Refused(f"it is about one deadline, and names {len(of)}")
    return of[0]


_MAKERS: Mapping[type[e.Data], Callable[[Before, e.Entry, Any], e.Data]] = {
    e.CaseOpened: _opened,
    e.TransitionFired: _fired,
    e.EvidenceRecorded: _recorded,
    e.NoteAdded: _noted,
    e.EntryCorrected: _corrected,
    e.EntryVoided: _voided,
    e.WorkflowAdopted: _adopted,
    e.DeadlinePlanned: _planned,
    e.DeadlineDone: _done,
    e.DeadlineExtended: _extended,
    e.DeadlineTolled: _tolled,
    e.DeadlineResumed: _resumed,
    e.DeadlineReprojected: _reprojected,
}
