"""Decisions: a case, its workflow, the calendars, a command and a ``now`` give one event.

Nothing here writes. A refusal raises with every reason at once and nothing has changed.
"""

from collections.abc import Mapping
from datetime import date, datetime

from msgspec.structs import asdict, replace

from casetrack.domain import clocks, consequences, dates, fields, machine
from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.domain.clocks import Calendars
from casetrack.domain.commands import Fire, Moment, Note, Open, Record
from casetrack.domain.guards import Ask, Unmet, unsaid
from casetrack.domain.naming import suggest
from casetrack.domain.warned import with_sent
from casetrack.domain.workflow import Item, Trigger, Workflow
from casetrack.errors import Refused, TransitionRefused, UnknownName


def moment(
    workflow: Workflow, now: datetime, on: date | None = None, at: datetime | None = None
) -> Moment:
    """The day and instant of a command; today unless said; never in the future."""
    today = dates.local_date(now, workflow.zone)
    if at is not None and at > now:
        raise Refused("--at is in the future; record it once it has happened")
    day = dates.local_date(at, workflow.zone) if at is not None else today
    if on is not None and at is not None and on != day:
        raise Refused(f"--on {on} is not the day of --at, {day} in {workflow.zone}; give one")
    day = on or day
    if day > today:
        raise Refused(f"{day} is in the future; today is {today} in {workflow.zone}")
    return Moment(on=day, at=at, now=now)


def open_case(workflow: Workflow, calendars: Calendars, command: Open) -> e.Event:
    """``CaseOpened`` in the workflow's initial state."""
    clear, sealed = fields.split_clear(workflow, command.values)
    step = _step(
        Case(id="", definition=command.definition), workflow, "open", workflow.initial, command
    )
    change = consequences.of(step, calendars)
    data = e.CaseOpened(
        workflow=workflow.id,
        definition=command.definition,
        edition=workflow.edition,
        state=workflow.initial,
        fields=clear,
        follows=command.follows,
        **asdict(change),
    )
    typed = {**sealed, "reference": command.reference}
    if command.patient is not None:
        typed["patient"] = command.patient
    return _event(data, command.moment, typed)


def fire(case: Case, workflow: Workflow, calendars: Calendars, command: Fire) -> e.Event:
    """``TransitionFired``, or a refusal that names every reason."""
    trigger = known_trigger(workflow, command.trigger)
    ask = _ask(case, workflow, command)
    to, unmet = machine.consult(ask, override=command.override is not None)
    _refuse_unless_allowed(ask, trigger, to, unmet, overridden=command.override is not None)
    return _fired(ask, trigger, calendars, command, to or case.state, unmet)


def _ask(case: Case, workflow: Workflow, command: Fire) -> Ask:
    return Ask(
        case=case,
        workflow=workflow,
        trigger=command.trigger,
        on=command.moment.on,
        at=command.moment.at,
        values=command.values,
    )


def known_trigger(workflow: Workflow, name: str) -> Trigger:
    """The trigger of that name, or a refusal with the nearest one."""
    if name not in workflow.triggers:
        near = suggest(name, workflow.triggers)
        raise UnknownName(f"{workflow.id} has no such trigger{near}; see 'casetrack next CASE'")
    return workflow.triggers[name]


def _refuse_unless_allowed(
    ask: Ask, trigger: Trigger, to: str | None, unmet: tuple[Unmet, ...], *, overridden: bool
) -> None:
    reasons = (*out_of_place(ask), *standing_still(ask), *_absent(ask, trigger))
    if to is not None and not reasons:
        return
    reasons += tuple(_worded(u) for u in unmet if not (overridden and u.overridable))
    hint = "; --override REASON goes ahead in spite of what can be overridden"
    can = not overridden and any(u.overridable for u in unmet)
    message = f"{ask.trigger} is refused, nothing was recorded{hint if can else ''}"
    raise TransitionRefused(message, reasons)


def reasons_against(ask: Ask) -> tuple[str, ...]:
    """Every reason from the state and the guards, without asking for values not yet given."""
    _, unmet = machine.consult(ask)
    state = (
        () if ask.trigger in machine.possible(ask.workflow, ask.case.state) else out_of_place(ask)
    )
    return (*state, *standing_still(ask), *(_worded(u) for u in unmet))


def _worded(unmet: Unmet) -> str:
    return f"{unmet.reason} (can be overridden)" if unmet.overridable else unmet.reason


def out_of_place(ask: Ask) -> tuple[str, ...]:
    """Reasons from the state and the order of transitions; these can't be overridden."""
    case, reasons = ask.case, []
    open_now = machine.possible(ask.workflow, case.state)
    if ask.trigger not in open_now:
        can = ", ".join(open_now) or "nothing; the state is final"
        reasons.append(f"not possible from {case.state}; possible: {can}")
    if case.moved_on is not None and _before_last(ask, case.moved_on):
        reasons.append(_too_early(ask, case.moved_on))
    return tuple(reasons)


def standing_still(ask: Ask) -> tuple[str, ...]:
    """What an expedited request, or its refusal, would hurry or slow while nothing of it runs."""
    trigger = ask.workflow.triggers[ask.trigger]
    if not (trigger.expedites or trigger.refuses_expedite):
        return ()
    return tuple(
        f"{t.deadline.deadline} stands still since {t.tolled_on}; resume it first"
        for t in ask.case.open_deadlines()
        if t.tolled_on is not None and t.deadline.owner != "provider"
    )


def _too_early(ask: Ask, moved_on: date) -> str:
    moved_at = ask.case.moved_at
    if ask.on < moved_on or moved_at is None:
        last, given, option = str(moved_on), str(ask.on), "--on"
    else:
        last, given = dates.local_text(moved_at, ask.workflow.zone), "that instant"
        option = "--at"
    return (
        f"{given} is before the case's last transition on {last}; "
        f"give when it happened with {option}"
    )


def _before_last(ask: Ask, moved_on: date) -> bool:
    if ask.at is not None and ask.case.moved_at is not None and ask.at < ask.case.moved_at:
        return True
    return ask.on < moved_on


def _absent(ask: Ask, trigger: Trigger) -> tuple[str, ...]:
    absent = [name for name in trigger.required if name not in ask.values]
    reasons = [
        f"{name} is required: {ask.workflow.fields[name].title} (give {name}=...)"
        for name in absent
    ]
    if trigger.expedites and ask.at is None:
        reasons.append("an expedited clock runs in hours from an instant; give it with --at")
    return tuple(reasons)


def _fired(
    ask: Ask,
    trigger: Trigger,
    calendars: Calendars,
    command: Fire,
    to: str,
    unmet: tuple[Unmet, ...],
) -> e.Event:
    workflow = ask.workflow
    expedited = consequences.expedited_after(ask.case, workflow, trigger, to)
    step = replace(_step(ask.case, workflow, ask.trigger, to, command), hurried=expedited)
    change = consequences.of(step, calendars)
    frame = clocks.frame(workflow, calendars)
    moved = with_sent(change.moved, ask.case, frame, command.moment.now)
    clear, sealed = fields.split_clear(workflow, command.values)
    data = e.TransitionFired(
        trigger=ask.trigger,
        origin=ask.case.state,
        to=to,
        final=workflow.states[to].final,
        expedited=expedited,
        fields=clear,
        **asdict(replace(change, moved=moved)),
        overridden=(*(u.gap for u in unmet), *unsaid(ask)),
    )
    reasons = {"reason": command.reason, "override": command.override if unmet else None}
    typed = {**sealed, **{name: text for name, text in reasons.items() if text is not None}}
    return _event(data, command.moment, typed)


def known_item(workflow: Workflow, name: str) -> Item:
    """The item of that name, or a refusal with the nearest one."""
    if name not in workflow.items:
        near, known = suggest(name, workflow.items), ", ".join(workflow.items)
        raise UnknownName(f"{workflow.id} has no such item{near}; its items: {known}")
    return workflow.items[name]


def record(case: Case, workflow: Workflow, calendars: Calendars, command: Record) -> e.Event:
    """``EvidenceRecorded``; it arms a freshness clock only if it is the evidence that counts."""
    latest = case.evidence_for(command.item)
    counts = latest is None or command.moment.on >= latest.on
    step = _step(case, workflow, f"record:{command.item}", case.state, command)
    change = consequences.of(step, calendars) if counts else consequences.Change()
    clear, sealed = fields.split_clear(workflow, command.values)
    data = e.EvidenceRecorded(item=command.item, fields=clear, **asdict(change))
    return _event(data, command.moment, {**sealed, **_file(command.file)})


def _step(
    case: Case, workflow: Workflow, name: str, to: str, command: Open | Fire | Record | Note
) -> consequences.Step:
    return consequences.Step(
        case=case,
        workflow=workflow,
        name=name,
        to=to,
        moment=(command.moment.on, command.moment.at),
        values=command.values,
    )


def _file(file: tuple[str, int, str] | None) -> dict[str, e.Typed]:
    if file is None:
        return {}
    name, size, digest = file
    return {"file_name": name, "file_size": str(size), "file_sha256": digest}


def note(case: Case, workflow: Workflow, calendars: Calendars, command: Note) -> e.Event:
    """``NoteAdded``; a note of a kind that a clock waits for ends that clock."""
    step = _step(case, workflow, f"note:{command.values.get('kind')}", case.state, command)
    change = consequences.of(step, calendars)
    clear, sealed = fields.split_clear(workflow, command.values)
    data = e.NoteAdded(fields=clear, **asdict(change))
    return _event(data, command.moment, {**sealed, "note": command.text})


def _event(data: e.Data, when: Moment, typed: Mapping[str, e.Typed]) -> e.Event:
    return e.Event(data=data, occurred_on=when.on, occurred_at=when.at, typed=typed)
