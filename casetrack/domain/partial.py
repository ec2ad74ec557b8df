"""Folding entries of which some are missing, or claim what is not there.

The fold itself refuses neither, and breaks: what an entry did to a deadline that nothing has armed
is left out here before it is folded. No guard runs and no date is computed.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.domain.fold import evolve


def replay_partly(case_id: str, entries: Iterable[e.Entry]) -> Case:
    """Fold entries, in version order, gaps or not."""
    case = Case(id=case_id)
    for entry in entries:
        case = evolve_partly(case, entry)
    return case


def evolve_partly(case: Case, entry: e.Entry) -> Case:
    """The case after an entry, by what of it fits; one that does not fit is only counted."""
    fitting = _fitting(case, entry)
    if fitting is not None:
        return evolve(case, fitting)
    return replace(case, version=entry.version, digest=entry.digest, recorded_at=entry.recorded_at)


def _fitting(case: Case, entry: e.Entry) -> e.Entry | None:
    """The entry without what it did to deadlines that are not there; None if that is all."""
    match entry.data:
        case e.ReminderSent(deadline=name) | e.DeadlineTolled(deadline=name):
            return entry if name in case.deadlines else None
        case e.Effects() as data:
            return replace(entry, data=_known(case, data))
        case _:
            return entry


def _known(case: Case, data: e.Effects) -> e.Effects:
    known = case.deadlines
    if isinstance(data, e.WorkflowAdopted):
        armed = {deadline.deadline for deadline in data.armed}
        data = replace(
            data,
            kept=tuple(kept for kept in data.kept if kept.deadline in known),
            grounds=tuple(ground for ground in data.grounds if ground.deadline in armed),
        )
    return replace(
        data,
        closed=tuple(end for end in data.closed if end.deadline in known),
        moved=tuple(move for move in data.moved if move.deadline in known),
        reopened=tuple(name for name in data.reopened if name in known),
        unproven=tuple(name for name in data.unproven if name in known),
    )
