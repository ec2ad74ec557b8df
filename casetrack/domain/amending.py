"""A correction of an entry: the entry stands, ``EntryCorrected`` says what it should have said.

Open deadlines that rest on it move. A deadline that is closed stays closed, and no past guard is
asked again.
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from casetrack.domain import clocks as c
from casetrack.domain import corrections, dates, fields, freshness, reliving
from casetrack.domain import events as e
from casetrack.domain.case import Case, Transition
from casetrack.domain.commands import Amend, Moment
from casetrack.domain.naming import suggest
from casetrack.domain.warned import with_sent
from casetrack.domain.workflow import Workflow
from casetrack.errors import Refused, UnknownName

Entries = Sequence[e.Entry]
WHEN = ("on", "at")
PATIENT = "patient"


class Facts(Struct, frozen=True, kw_only=True):
    """An entry that can be corrected, and the names of what it says."""

    original: e.Entry
    fields: tuple[str, ...]
    others: tuple[str, ...]


def facts(case: Case, entries: Entries, version: int) -> Facts:
    """What can be corrected by naming that version; a correction stands for what it corrects."""
    entry = corrections.entry_at(entries, version)
    data = entry.data
    original = entries[data.corrects - 1] if isinstance(data, e.EntryCorrected) else entry
    corrections.refuse_voided(entries, original.version)
    match original.data:
        case e.CaseOpened():
            others = ("on", *((PATIENT,) if PATIENT in original.sealed else ()))
        case e.TransitionFired() | e.NoteAdded():
            others = WHEN
        case e.EvidenceRecorded():
            others = ("on",)
        case _:
            raise Refused(
                f"version {version} is a {original.type}; only an opening, a transition, evidence "
                f"and a note can be amended"
            )
    said = tuple(case.values_of(original.version))
    return Facts(original=original, fields=said, others=others)


def check_names(case: Case, known: Facts, version: int, names: Sequence[str]) -> None:
    """Refuse what the entry does not say, and what a newer entry than the one named corrects."""
    every = (*known.fields, *known.others)
    for name in names:
        if name not in every:
            near = suggest(name, every)
            raise UnknownName(f"version {version} has no such value{near}; it has: {_list(every)}")
    newest = _newest(case, known.original.version)
    for name in names:
        if newest.get(name, known.original.version) != version:
            latest = newest.get(name, known.original.version)
            raise Refused(f"{name}: what stands is in version {latest}; name that one")


def _newest(case: Case, version: int) -> dict[str, int]:
    """By name, the entry that corrected it last; day and instant are one fact."""
    found = dict(case.corrected.get(version, {}))
    told = max((found[name] for name in WHEN if name in found), default=None)
    return found if told is None else {**found, **dict.fromkeys(WHEN, told)}


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)


def amend(
    case: Case, entries: Entries, workflow: Workflow, calendars: c.Calendars, command: Amend
) -> e.Event:
    """``EntryCorrected``, with the deadlines that it moves."""
    known = facts(case, entries, command.version)
    check_order(case, workflow, known.original, command.happened)
    event = _corrected(known.original, workflow, command)
    _refuse_no_change(case, entries, known, command)
    rules = reliving.Rules(workflow, calendars)
    found = reliving.amended(case, entries, rules, event, known.original)
    moved = with_sent(found, case, rules.frame, command.moment.now)
    event = replace(event, data=replace(event.data, moved=moved))
    return freshness.decided_again(case, event, workflow, calendars, known.original)


def _corrected(original: e.Entry, workflow: Workflow, command: Amend) -> e.Event:
    """The correction alone, before it is known what it moves."""
    clear, sealed = fields.split_clear(workflow, command.values)
    told, patient = command.happened, command.patient
    data = e.EntryCorrected(
        corrects=original.version,
        on=None if told is None else told.on,
        at=None if told is None else told.at,
        fields=clear,
    )
    return e.Event(
        data=data,
        occurred_on=command.moment.on,
        occurred_at=command.moment.at,
        typed={**sealed, "reason": command.reason, **({PATIENT: patient} if patient else {})},
    )


def check_order(case: Case, workflow: Workflow, original: e.Entry, told: Moment | None) -> None:
    """An amended day, or instant, lies between those of the transitions before and after."""
    if told is None:
        return
    if original.version != 1 and all(m.version != original.version for m in case.moves):
        return
    for m in case.moves:
        if m.version == original.version:
            _check_instant(workflow, m, told)
        elif m.version < original.version and _precedes(told, m):
            raise Refused(_misplaced(told, m, workflow, "before"))
        elif m.version > original.version and _follows(told, m):
            raise Refused(_misplaced(told, m, workflow, "after"))


def _precedes(told: Moment, move: Transition) -> bool:
    return told.on < move.on or bool(told.at and move.at and told.at < move.at)


def _follows(told: Moment, move: Transition) -> bool:
    return told.on > move.on or bool(told.at and move.at and told.at > move.at)


def _misplaced(told: Moment, move: Transition, workflow: Workflow, where: str) -> str:
    """In days, or in instants where the days are the same."""
    given, known = str(told.on), str(move.on)
    if told.on == move.on and told.at and move.at:
        given, known = (dates.local_text(at, workflow.zone) for at in (told.at, move.at))
    return f"{given} is {where} {move.trigger} on {known} (version {move.version})"


def _check_instant(workflow: Workflow, move: Transition, told: Moment) -> None:
    trigger = workflow.triggers.get(move.trigger)
    if told.at is None and trigger is not None and trigger.expedites:
        raise Refused("at: an expedited clock runs in hours from an instant; give at=INSTANT")


def _refuse_no_change(case: Case, entries: Entries, known: Facts, command: Amend) -> None:
    said = case.values_of(known.original.version)
    told = command.happened
    same = (
        all(said[name] == value for name, value in command.values.items())
        and command.patient in (None, case.patient)
        and (told is None or (told.on, told.at) == corrections.happened(entries, known.original))
    )
    if same:
        raise Refused(f"version {known.original.version} says that already: nothing would change")
