"""The cover sheet of the packet for what a case asks next."""

from casetrack.domain import checks, decide, machine
from casetrack.domain.case import Case
from casetrack.domain.fold import replay
from casetrack.domain.workflow import Workflow
from casetrack.errors import Refused
from casetrack.reports.cover import Cover, Facts, make
from casetrack.service.tracker import Tracker


def covered(tracker: Tracker, reference: str, trigger: str | None, *, phi: bool) -> Cover:
    """The sheet, today; with typed values, that they were shown is recorded first."""
    case_id = tracker.resolve(reference)
    entries = tracker.ledger.entries(case_id)
    case = replay(case_id, entries)
    workflow = tracker.workflow_of(case)
    step = _next(case, workflow) if trigger is None else trigger
    decide.known_trigger(workflow, step)
    if phi:
        tracker.disclose("packet", [case.id])
    facts = Facts(
        case=case,
        entries=tuple(entries),
        workflow=workflow,
        calendar=tracker.desk.open_days(workflow),
        now=tracker.now,
        practice=tracker.ledger.practice,
        phi=phi,
    )
    return make(facts, step)


def _next(case: Case, workflow: Workflow) -> str:
    """The first step with a packet; one that moves the case on goes before one that stays."""
    ahead = machine.possible(workflow, case.state)
    asking = [name for name in ahead if _asks(workflow, name)]
    if not asking:
        can = ", ".join(ahead) or "nothing; the state is final"
        raise Refused(f"no step from {case.state} asks for a packet; possible: {can}")
    return min(asking, key=lambda name: machine.leads_to(workflow, case.state, name) == case.state)


def _asks(workflow: Workflow, step: str) -> bool:
    return checks.has_checklist(workflow, step) or bool(workflow.triggers[step].contests)
