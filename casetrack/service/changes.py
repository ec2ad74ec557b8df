"""Changes of single deadlines, and corrections of entries: what was typed, read and decided."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from msgspec.structs import replace

from casetrack.domain import adopting, amending, dates, decide, fields, reliving, voiding
from casetrack.domain import changes as deciding
from casetrack.domain import commands as c
from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.domain.naming import suggest
from casetrack.domain.warned import with_sent
from casetrack.domain.workflow import Workflow
from casetrack.errors import Refused, UnknownName
from casetrack.service.typed import (
    TODAY,
    Adopting,
    Amending,
    Changing,
    Correcting,
    Extending,
    Finishing,
    Pairs,
    Planning,
    Resuming,
    Tolling,
    Voiding,
    When,
)

if TYPE_CHECKING:
    from casetrack.service.desk import Desk

TITLE = 200  # bytes


def changed(desk: "Desk", case: Case, typed: Changing) -> e.Event:
    """The event that a change of a deadline comes to, or a refusal."""
    workflow, calendars = desk.workflow_of(case), desk.calendars
    match typed:
        case Planning():
            return deciding.plan(case, workflow, calendars, _plan(desk, workflow, typed))
        case Finishing(name=name, when=when):
            return deciding.done(case, c.Done(name=name, moment=desk.moment(workflow, when)))
        case Extending():
            return deciding.extend(case, workflow, calendars, _extend(desk, workflow, typed))
        case Tolling(deadline=name, reason=reason, when=when):
            check_words("reason", reason)
            moment = desk.moment(workflow, when)
            return deciding.toll(case, c.Toll(deadline=name, reason=reason, moment=moment))
        case Resuming(deadline=name, reason=reason, when=when):
            check_words("reason", reason)
            resume = c.Resume(deadline=name, reason=reason, moment=desk.moment(workflow, when))
            return deciding.resume(case, workflow, calendars, resume)


def _plan(desk: "Desk", workflow: Workflow, typed: Planning) -> c.Plan:
    fields.check_text("title", typed.title, TITLE)
    check_words("title", typed.title)
    moment, due = desk.moment(workflow, typed.when), _day(desk, workflow, typed.due)
    return c.Plan(title=typed.title, due=due, moment=moment)


def _extend(desk: "Desk", workflow: Workflow, typed: Extending) -> c.Extend:
    check_words("basis", typed.basis)
    check_words("reason", typed.reason)
    return c.Extend(
        deadline=typed.deadline,
        to=_day(desk, workflow, typed.to),
        basis=typed.basis,
        reason=typed.reason,
        moment=_now_or(desk, workflow, typed.when),
    )


def _now_or(desk: "Desk", workflow: Workflow, when: When) -> c.Moment:
    """What happens now happens at this instant, so that a lapse shows to the second."""
    if when == TODAY:
        return decide.moment(workflow, desk.now, at=desk.now)
    return desk.moment(workflow, when)


def _day(desk: "Desk", workflow: Workflow, text: str) -> date:
    reader = desk.reader(workflow)
    return dates.parse_date(text, reader.today, reader.business)


def corrected(desk: "Desk", case: Case, typed: Correcting, entries: Sequence[e.Entry]) -> e.Event:
    """The event that a correction comes to, or a refusal."""
    check_words("reason", typed.reason)
    workflow, calendars = desk.workflow_of(case), desk.calendars
    match typed:
        case Amending():
            amend = _amend(desk, case, typed, entries)
            return amending.amend(case, entries, workflow, calendars, amend)
        case Voiding(version=version, reason=reason):
            moment = desk.moment(workflow, TODAY)
            void = c.Void(version=version, reason=reason, moment=moment)
            return voiding.void(case, entries, workflow, calendars, void)
        case Adopting():
            return _adopted(desk, case, typed, entries)


def _adopted(desk: "Desk", case: Case, typed: Adopting, entries: Sequence[e.Entry]) -> e.Event:
    workflow, digest, _ = desk.definitions.named(typed.workflow)
    states = once(typed.states)
    _check_states(desk, case, states)
    command = c.Adopt(
        definition=digest,
        states=states,
        moment=_now_or(desk, workflow, typed.when),
        reason=typed.reason,
    )
    return adopting.adopt(case, entries, workflow, desk.calendars, command)


def _check_states(desk: "Desk", case: Case, states: Mapping[str, str]) -> None:
    """A state that is renamed is one of some definition that the case has followed."""
    followed = [desk.definitions.pinned(digest) for digest in (*case.left, case.definition)]
    known = {name for workflow in followed for name in workflow.states}
    for name in states:
        if name not in known:
            near = suggest(name, known)
            raise UnknownName(f"--map: {case.workflow} has no such state{near}; it is OLD=NEW")


def with_returned(desk: "Desk", case: Case, event: e.Event, entries: Sequence[e.Entry]) -> e.Event:
    """With other dates for the deadlines that come back and were amended since they closed."""
    data = event.data
    if not isinstance(data, e.TransitionFired) or not data.reopened:
        return event
    rules = reliving.Rules(desk.workflow_of(case), desk.calendars)
    closed = [name for name in data.reopened if case.deadlines[name].outcome is not None]
    found = reliving.returned(case, entries, rules, event, closed)
    moved = with_sent(found, case, rules.frame, desk.now)
    return replace(event, data=replace(data, moved=(*data.moved, *moved)))


def _amend(desk: "Desk", case: Case, typed: Amending, entries: Sequence[e.Entry]) -> c.Amend:
    workflow = desk.workflow_of(case)
    known = amending.facts(case, entries, typed.version)
    if not typed.pairs:
        raise Refused("nothing is amended; give name=value of what was wrong")
    amending.check_names(case, known, typed.version, [name for name, _ in typed.pairs])
    others = once([pair for pair in typed.pairs if pair[0] in known.others])
    pairs = [pair for pair in typed.pairs if pair[0] not in known.others]
    happened = When(on=others.get("on"), at=others.get("at"))
    patient = others.get(amending.PATIENT)
    if patient == "":
        raise Refused("patient: is empty; redact it where there should be none")
    return c.Amend(
        version=typed.version,
        reason=typed.reason,
        moment=desk.moment(workflow, TODAY),
        values=desk.values(workflow, known.fields, pairs),
        happened=None if happened == TODAY else desk.moment(workflow, happened),
        patient=patient,
    )


def once(pairs: Pairs) -> dict[str, str]:
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise Refused(f"{twice} is given {names.count(twice)} times; it may be given once")
    return dict(pairs)


def check_words(name: str, text: str | None) -> None:
    """A text that is given says something."""
    if text is not None:
        fields.check_text(name, text)
        if not text.strip():
            raise Refused(f"{name}: is empty; say it in words, or leave it out")
