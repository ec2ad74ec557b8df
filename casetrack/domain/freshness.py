"""Which evidence's freshness is watched, decided again once a correction changes which one counts.

Of each item the evidence that counts is watched: the latest by its own date. Where another counts
after a correction, or none, the clock that ran for the old one ends and a new one is armed.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from casetrack.domain import clocks, consequences
from casetrack.domain import events as e
from casetrack.domain.case import Case, Tracked
from casetrack.domain.fold import replay
from casetrack.domain.imagine import imagine
from casetrack.domain.workflow import Workflow


def decided_again(
    case: Case, event: e.Event, workflow: Workflow, calendars: clocks.Calendars, original: e.Entry
) -> e.Event:
    """The correction, with the freshness clocks of what it corrects armed and ended by it."""
    data, told = event.data, original.data
    if not isinstance(data, e.Effects) or not isinstance(told, e.EvidenceRecorded):
        return event
    after = imagine(case, event)
    name = f"record:{told.item}"
    for clock, rule in workflow.clocks.items():
        if name in rule.armed_by and _open(case, clock):
            data = _watched(data, after, workflow, calendars, (clock, told.item))
    return replace(event, data=data)


def fact_of(tracked: Tracked, entries: Sequence[e.Entry]) -> e.Entry:
    """The entry that a deadline counts from: what armed it, or the evidence that counted then."""
    armed = entries[tracked.armed_version - 1]
    match armed.data:
        case e.EntryCorrected(corrects=version) | e.EntryVoided(voids=version):
            told = entries[version - 1].data
        case _:
            return armed
    known = replay(armed.case, entries[: tracked.armed_version])
    counted = known.evidence_for(told.item) if isinstance(told, e.EvidenceRecorded) else None
    return armed if counted is None else entries[counted.version - 1]


def _open(case: Case, clock: str) -> tuple[Tracked, ...]:
    return tuple(t for t in case.open_deadlines() if t.deadline.clock == clock)


def _watched(
    data: e.Effects,
    after: Case,
    workflow: Workflow,
    calendars: clocks.Calendars,
    what: tuple[str, str],
) -> e.Effects:
    """``what``: the clock, and the item that it watches."""
    clock, item = what
    counts, running = after.evidence_for(item), _open(after, clock)
    if counts is None:
        return _ended(data, running, "cancelled")
    alive = after.state in workflow.clocks[clock].alive_in
    if not alive or any(t.deadline.reading.from_on == counts.on for t in running):
        return data
    step = consequences.Step(
        case=after,
        workflow=workflow,
        name=f"record:{item}",
        to=after.state,
        moment=(counts.on, None),
        values=counts.values,
    )
    armed = consequences.armed_now(clock, step, calendars)
    return replace(_ended(data, running, "superseded"), armed=(*data.armed, armed))


def _ended(data: e.Effects, running: tuple[Tracked, ...], outcome: e.Closing) -> e.Effects:
    """What it would have moved and now ends, it does not move; what it would bring back stays."""
    gone = {t.deadline.deadline for t in running}
    stay = gone.intersection(data.reopened)
    ends = tuple(e.Ended(deadline=name, outcome=outcome) for name in sorted(gone - stay))
    return replace(
        data,
        closed=(*data.closed, *ends),
        reopened=tuple(name for name in data.reopened if name not in stay),
        moved=tuple(move for move in data.moved if move.deadline not in gone),
    )
