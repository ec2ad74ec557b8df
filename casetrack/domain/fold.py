"""A case as a pure fold over its entries: no guard runs here and no date is computed."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from msgspec.structs import replace

from casetrack.domain import events as e
from casetrack.domain.case import ENVELOPE, Case, Evidence, OpenGap, Tracked, Transition

K = TypeVar("K")
V = TypeVar("V")


def replay(case_id: str, entries: Iterable[e.Entry]) -> Case:
    """Fold entries, in version order, into the case."""
    case = Case(id=case_id)
    for entry in entries:
        case = evolve(case, entry)
    return case


def evolve(case: Case, entry: e.Entry) -> Case:
    """The case after one more entry."""
    return replace(
        _apply(case, entry),
        version=entry.version,
        digest=entry.digest,
        recorded_at=entry.recorded_at,
    )


def _apply(case: Case, entry: e.Entry) -> Case:
    match entry.data:
        case e.CaseOpened() as data:
            return _opened(case, entry, data)
        case e.TransitionFired() as data:
            return _fired(case, entry, data)
        case e.EvidenceRecorded() as data:
            return _recorded(case, entry, data)
        case e.NoteAdded() as data:
            return _affected(_say(case, entry, data.fields), entry, data)
        case e.CaseAssigned() as data:
            return replace(case, assignee=data.assignee)
        case _:
            return _changed(case, entry)


def _changed(case: Case, entry: e.Entry) -> Case:
    """What changes deadlines or earlier entries, and nothing else."""
    match entry.data:
        case e.DeadlinePlanned() as data:
            case = _planned(case, entry, data)
        case e.DeadlineTolled() as data:
            case = _track(case, data.deadline, tolled_on=entry.occurred_on)
        case e.EntryCorrected() as data:
            case = _corrected(case, entry, data)
        case e.EntryVoided() as data:
            case = _voided(case, entry, data)
        case e.WorkflowAdopted() as data:
            case = _adopted(case, entry, data)
        case e.ReminderSent() as data:
            sent = case.deadlines[data.deadline].sent
            case = _track(case, data.deadline, sent=(*sent, *data.folded, data.rung))
        case e.Effects() as data:
            case = _affected(case, entry, data)
        case _:
            pass
    return case


def _opened(case: Case, entry: e.Entry, data: e.CaseOpened) -> Case:
    case = replace(
        case,
        reference=entry.value("reference"),
        patient=entry.value("patient"),
        follows=data.follows,
        workflow=data.workflow,
        definition=data.definition,
        state=data.state,
        opened_on=entry.occurred_on,
    )
    return _affected(_say(case, entry, data.fields), entry, data)


def _fired(case: Case, entry: e.Entry, data: e.TransitionFired) -> Case:
    move = Transition(
        version=entry.version,
        trigger=data.trigger,
        origin=data.origin,
        to=data.to,
        on=entry.occurred_on,
        at=entry.occurred_at,
        expedited=case.expedited,
    )
    gaps = tuple(
        OpenGap(trigger=data.trigger, version=entry.version, on=entry.occurred_on, gap=gap)
        for gap in data.overridden
    )
    case = replace(
        case,
        state=data.to,
        final=data.final,
        expedited=data.expedited,
        moves=(*case.moves, move),
        gaps=case.gaps + gaps,
    )
    return _affected(_say(case, entry, data.fields), entry, data)


def _recorded(case: Case, entry: e.Entry, data: e.EvidenceRecorded) -> Case:
    record = Evidence(
        item=data.item,
        version=entry.version,
        on=entry.occurred_on,
        values=field_values(entry, data.fields),
        has_file="file_sha256" in entry.sealed,
    )
    known = case.evidence.get(data.item, ())
    case = replace(case, evidence={**case.evidence, data.item: (*known, record)})
    return _affected(case, entry, data)


def _adopted(case: Case, entry: e.Entry, data: e.WorkflowAdopted) -> Case:
    """Its deadlines are of the definition adopted, and rest on the facts that it arms them by."""
    case = replace(
        case,
        workflow=data.workflow,
        definition=data.definition,
        left=(*case.left, case.definition),
        state=data.to,
        expedited=data.expedited,
    )
    case = _affected(case, entry, data)
    for kept in data.kept:
        deadline = replace(
            case.deadlines[kept.deadline].deadline,
            definition=data.definition,
            owner=kept.owner,
            kind=kept.kind,
            alive_in=kept.alive_in,
        )
        case = _track(case, kept.deadline, deadline=deadline)
    for ground in data.grounds:
        rests_on, waits = ground.version, ground.unproven
        case = _track(case, ground.deadline, armed_version=rests_on, unproven=waits)
    return case


def _planned(case: Case, entry: e.Entry, data: e.DeadlinePlanned) -> Case:
    title = entry.value("title")
    titles = {d.deadline: title for d in data.armed if title is not None}
    return _affected(replace(case, titles={**case.titles, **titles}), entry, data)


def field_values(entry: e.Entry, clear: Mapping[str, e.Typed]) -> dict[str, e.Value]:
    """An entry's field values, clear and sealed together."""
    hidden = entry.hidden
    sealed = {n: entry.disclosed.get(n, hidden) for n in entry.sealed if n not in ENVELOPE}
    return {**clear, **sealed}


def _say(case: Case, entry: e.Entry, clear: Mapping[str, e.Typed]) -> Case:
    values = field_values(entry, clear)
    return replace(case, said={**case.said, entry.version: values}) if values else case


def _corrected(case: Case, entry: e.Entry, data: e.EntryCorrected) -> Case:
    values = field_values(entry, data.fields)
    names = {*values, *(n for n, v in (("on", data.on), ("at", data.at)) if v is not None)}
    if "patient" in entry.sealed:
        case = replace(case, patient=entry.value("patient"))
        names.add("patient")
    by_name = {**case.corrected.get(data.corrects, {}), **dict.fromkeys(names, entry.version)}
    case = replace(
        case,
        corrected={**case.corrected, data.corrects: by_name},
        said=_merged(case, data.corrects, values),
        moves=tuple(_redated(m, data) for m in case.moves),
        evidence={
            item: tuple(_amended(x, data, values) for x in known)
            for item, known in case.evidence.items()
        },
        gaps=tuple(
            replace(g, on=data.on) if data.on and g.version == data.corrects else g
            for g in case.gaps
        ),
        opened_on=data.on if data.corrects == 1 and data.on else case.opened_on,
    )
    return _affected(case, entry, data)


def _merged(
    case: Case, version: int, values: Mapping[str, e.Value]
) -> Mapping[int, Mapping[str, e.Value]]:
    """What an entry said, corrected; evidence keeps its own values, a voided entry says nothing."""
    if not values or not (version in case.said or any(m.version == version for m in case.moves)):
        return case.said
    return {**case.said, version: {**case.said.get(version, {}), **values}}


def _redated(move: Transition, data: e.EntryCorrected) -> Transition:
    if move.version != data.corrects:
        return move
    return replace(move, on=data.on or move.on, at=data.at if data.on or data.at else move.at)


def _amended(record: Evidence, data: e.EntryCorrected, values: Mapping[str, e.Value]) -> Evidence:
    if record.version != data.corrects:
        return record
    return replace(record, on=data.on or record.on, values={**record.values, **values})


def _voided(case: Case, entry: e.Entry, data: e.EntryVoided) -> Case:
    case = replace(
        case,
        said=_without(case.said, data.voids),
        moves=tuple(m for m in case.moves if m.version != data.voids),
        gaps=tuple(g for g in case.gaps if g.version != data.voids),
        evidence={
            item: tuple(x for x in known if x.version != data.voids)
            for item, known in case.evidence.items()
        },
    )
    if data.state is not None:
        case = replace(case, state=data.state, final=False, expedited=bool(data.expedited))
    return _affected(case, entry, data)


def _without(known: Mapping[K, V], key: K) -> Mapping[K, V]:
    return {k: v for k, v in known.items() if k != key}


def _track(case: Case, name: str, **changes: object) -> Case:
    tracked = replace(case.deadlines[name], **changes)
    return replace(case, deadlines={**case.deadlines, name: tracked})


def _affected(case: Case, entry: e.Entry, data: e.Effects) -> Case:
    if not (data.armed or data.closed or data.moved or data.reopened or data.unproven):
        return case
    known = dict(case.deadlines)
    for end in data.closed:
        known[end.deadline] = _ended(known[end.deadline], entry, end)
    for name in data.reopened:
        known[name] = _reopened(known[name])
    for move in data.moved:
        known[move.deadline] = _moved(known[move.deadline], move)
    for name in data.unproven:
        known[name] = replace(known[name], unproven=True)
    for deadline in data.armed:
        known[deadline.deadline] = Tracked(deadline=deadline, armed_version=entry.version)
    return replace(case, deadlines=known)


def _ended(tracked: Tracked, entry: e.Entry, end: e.Ended) -> Tracked:
    return replace(
        tracked,
        outcome=end.outcome,
        closed_version=entry.version,
        closed_on=entry.occurred_on,
        late=end.late,
        unproven=False,
    )


def _reopened(tracked: Tracked) -> Tracked:
    """With the dates and the rungs it had when it closed."""
    return replace(
        tracked, outcome=None, closed_version=None, closed_on=None, late=False, unproven=False
    )


def _moved(tracked: Tracked, move: e.Moved) -> Tracked:
    deadline = replace(tracked.deadline, reading=move.reading, standard=move.standard)
    return replace(tracked, deadline=deadline, sent=move.sent, tolled_on=None)
