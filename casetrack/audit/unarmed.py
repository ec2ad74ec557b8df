"""Deadlines that the definitions of today would arm, where those of then had no such clock."""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from casetrack.domain import consequences, corrections
from casetrack.domain import events as e
from casetrack.domain.case import Case, Tracked
from casetrack.domain.clocks import Calendars
from casetrack.domain.reliving import Life, Rules, event_name
from casetrack.domain.workflow import Workflow
from casetrack.errors import CasetrackError


class Unarmed(Struct, frozen=True, kw_only=True):
    """``event`` of ``version`` would arm it; ``reason`` says why it has no ``reading``, if so."""

    clock: str
    event: str
    version: int
    reading: e.Reading | None
    reason: str = ""


def unarmed(
    case: Case, entries: Sequence[e.Entry], pinned: Workflow, today: Workflow, calendars: Calendars
) -> Iterator[Unarmed]:
    """What stands and still counts is asked; an arming that only a later edition knows is told."""
    life = Life(case, entries, Rules(today, calendars))
    for entry, state in _facts(case, entries):
        step = _step(case, entries, entry, today, state)
        then = _step(case, entries, entry, pinned, state)
        for clock in sorted({*consequences.arms(step)} - {*consequences.arms(then)}):
            made = Unarmed(clock=clock, event=step.name, version=entry.version, reading=None)
            yield _dated(made, step, life, calendars)


def _facts(case: Case, entries: Sequence[e.Entry]) -> Iterator[tuple[e.Entry, str]]:
    """Each fact that arms clocks, with the state that it left the case in."""
    gone, state = corrections.voided(entries), ""
    for entry in entries:
        match entry.data:
            case e.CaseOpened(state=to) | e.TransitionFired(to=to):
                state = to
            case e.EntryVoided(state=back):
                state = back or state
                continue
            case e.EvidenceRecorded(item=item):
                latest = case.evidence_for(item)
                if latest is None or latest.version != entry.version:
                    continue
            case e.NoteAdded():
                pass
            case _:
                continue
        if entry.version not in gone:
            yield entry, state


def _step(
    case: Case, entries: Sequence[e.Entry], entry: e.Entry, workflow: Workflow, state: str
) -> consequences.Step:
    values = case.values_of(entry.version)
    return consequences.Step(
        case=case,
        workflow=workflow,
        name=event_name(entry.data, values.get("kind")),
        to=state,
        moment=corrections.happened(entries, entry),
        values=values,
    )


def _dated(made: Unarmed, step: consequences.Step, life: Life, calendars: Calendars) -> Unarmed:
    """Armed, and then moved by what has moved it since."""
    try:
        deadline = consequences.armed_now(made.clock, step, calendars)
        lived = life.lived(Tracked(deadline=deadline, armed_version=made.version))
    except CasetrackError as error:
        return replace(made, reason=error.message)
    return replace(made, reading=lived.deadline.reading)
