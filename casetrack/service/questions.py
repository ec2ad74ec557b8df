"""What a case manager asks: what now, what is missing, why that date, where was that number."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from casetrack.catalog import coding
from casetrack.catalog.coding import Warned
from casetrack.domain import checks, dates, decide, machine
from casetrack.domain.case import Case, Tracked
from casetrack.domain.consequences import armed_as
from casetrack.domain.guards import Ask
from casetrack.domain.naming import suggest
from casetrack.domain.plans import clock_of
from casetrack.domain.requirements import Finding
from casetrack.domain.workflow import Workflow
from casetrack.errors import Refused, UnknownName
from casetrack.ledger.store import Query
from casetrack.reports.casefile import Data, case_name, docket_item, mark, show_data
from casetrack.service import following
from casetrack.service.tracker import Tracker


def opened(tracker: Tracker, reference: str) -> tuple[Case, Workflow]:
    """A case, by reference or the start of one, with its pinned workflow."""
    case = tracker.case(tracker.resolve(reference))
    return case, tracker.workflow_of(case)


def checked(
    tracker: Tracker, reference: str, trigger: str | None
) -> tuple[str, tuple[Finding, ...]]:
    """The checklist for a trigger, today; for the next one that has a checklist unless named."""
    case, workflow = opened(tracker, reference)
    today = dates.local_date(tracker.now, workflow.zone)
    about_dates = checks.dates(case, workflow, tracker.desk.open_days(workflow), today)
    step = trigger or _next_with_checklist(case, workflow, dates_too=bool(about_dates))
    decide.known_trigger(workflow, step)
    return step, (*checks.checklist(case, workflow, step, today), *about_dates)


def coded(tracker: Tracker, reference: str, step: str) -> tuple[Warned, ...]:
    """What is wrong with the codes that a step looks at, today; no value is in it."""
    case, workflow = opened(tracker, reference)
    today = dates.local_date(tracker.now, workflow.zone)
    return coding.of_step(case, workflow, step, today)


def _next_with_checklist(case: Case, workflow: Workflow, *, dates_too: bool) -> str:
    """A step that moves the case on goes before one that stays; any where dates are in doubt."""
    ahead = machine.possible(workflow, case.state)
    listed = [name for name in ahead if checks.has_checklist(workflow, name)]
    if dates_too and not listed:
        listed = [name for name in ahead if name in _ending(case, workflow)] or list(ahead)
    if not listed:
        can = ", ".join(ahead) or "nothing; the state is final"
        raise Refused(f"no step from {case.state} has a checklist; possible: {can}")
    stays = {name for name, origin, to in workflow.arcs() if origin == case.state == to}
    return min(listed, key=lambda name: name in stays)


def _ending(case: Case, workflow: Workflow) -> set[str]:
    """What would end an open deadline."""
    running = (t.deadline.clock for t in case.open_deadlines())
    return {name for clock in running for name in clock_of(workflow, clock).ended_by}


class Steps(Struct, frozen=True, kw_only=True):
    """``allowed``; ``refused``: possible from the state, with every reason against; the rest."""

    allowed: tuple[str, ...]
    refused: tuple[tuple[str, tuple[str, ...]], ...]
    elsewhere: tuple[tuple[str, tuple[str, ...]], ...]


def next_steps(tracker: Tracker, case: Case, workflow: Workflow) -> Steps:
    """Every trigger of the workflow, as of now.

    Fields that a trigger requires are asked for when it is fired and count for nothing here.
    """
    today = dates.local_date(tracker.now, workflow.zone)
    ahead = set(machine.possible(workflow, case.state))
    against = [
        (name, decide.reasons_against(
            Ask(case=case, workflow=workflow, trigger=name, on=today, at=tracker.now, values={})
        ))
        for name in workflow.triggers
    ]  # fmt: skip
    return Steps(
        allowed=tuple(name for name, reasons in against if not reasons),
        refused=tuple((name, r) for name, r in against if r and name in ahead),
        elsewhere=tuple((name, r) for name, r in against if r and name not in ahead),
    )


def shown(tracker: Tracker, reference: str, *, phi: bool) -> tuple[Data, Workflow]:
    """The JSON of ``show``; with typed values, that they were shown is recorded first."""
    case, workflow = opened(tracker, reference)
    if phi:
        tracker.disclose("show", [case.id])
    data = show_data(case, workflow, tracker.desk.open_days(workflow), tracker.now, phi=phi)
    return {
        **data,
        **following.links(tracker, case),
        "allowed": list(next_steps(tracker, case, workflow).allowed),
    }, workflow


def check_query(tracker: Tracker, query: Query) -> None:
    """Refuse a state, workflow or field that no definition has; a typing mistake finds nothing."""
    if query.workflow is None and query.state is None and not query.where:
        return
    every = tracker.desk.definitions.every()
    _among("workflow", query.workflow, [w.id for w in every])
    _among("state", query.state, [name for w in every for name in w.states])
    fields = [name for w in every for name in w.fields]
    for name in query.where:
        _among("field", name, fields)


def _among(what: str, name: str | None, known: Sequence[str]) -> None:
    if name is not None and name not in known:
        names = ", ".join(dict.fromkeys(known))
        raise UnknownName(f"no such {what}{suggest(name, known)}; there are: {names}")


def found(tracker: Tracker, text: str, *, phi: bool) -> list[dict[str, str]]:
    """Where a text occurs among references and findable values; the value itself with phi."""
    rows = tracker.ledger.find(text, _findable(tracker))
    if phi and rows:
        tracker.disclose("find", sorted({row.case_id for row in rows}))
    items = []
    for row in rows:
        known = tracker.ledger.case_row(row.case_id)
        name = (known.reference if known else None) or row.case_id
        value = {"value": row.value} if phi or row.name == "reference" else {}
        items.append({"case": name, "field": row.name, **value})
    return items


def _findable(tracker: Tracker) -> tuple[str, ...]:
    """The findable fields of every definition that is shipped or pinned."""
    names = {
        name
        for workflow in tracker.desk.definitions.every()
        for name, field in workflow.fields.items()
        if field.findable
    }
    return tuple(sorted(names))


def deadlines(case: Case, name: str | None) -> tuple[Tracked, ...]:
    """A deadline by ``clock#n``, the latest of a bare clock, or every open one."""
    if name is None:
        return case.open_deadlines() or tuple(case.deadlines.values())
    tracked = case.deadlines.get(name) or case.latest(name)
    if tracked is None:
        known = ", ".join(case.deadlines) or "none"
        raise UnknownName(f"{case_name(case)} has no such deadline; it has: {known}")
    return (tracked,)


def ruling(tracker: Tracker, case: Case, tracked: Tracked) -> Workflow:
    """The workflow whose clock a deadline is: for one that closed, that which was followed then."""
    definition = tracked.deadline.definition
    if tracked.outcome is None or definition == case.definition:
        return tracker.workflow_of(case)
    return tracker.desk.definitions.pinned(definition)


def as_armed(case: Case, workflow: Workflow, tracked: Tracked) -> Workflow:
    """The workflow with the deadline's clock by the version of its rule that was in force."""
    name = tracked.deadline.clock
    if name not in workflow.clocks or not workflow.clocks[name].versions:
        return workflow
    clock = armed_as(case, tracked, workflow.clocks[name])
    return replace(workflow, clocks={**workflow.clocks, name: clock})


def outcome_of(tracker: Tracker, case: Case, tracked: Tracked) -> str:
    """How a deadline ended, or how it stands."""
    workflow = tracker.workflow_of(case)
    line = docket_item(tracked, case, workflow, tracker.desk.open_days(workflow), tracker.now)
    return tracked.outcome or mark(line)
