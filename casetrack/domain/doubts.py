"""Doubts that move a date: what is not shown, what two sources say, and what nobody watches."""

from collections.abc import Iterator

from casetrack.domain.docket import Doubt, DoubtKind, Facts, clock_in_force
from casetrack.domain.workflow import PRESUMED, Clock, Workflow


def of_deadline(facts: Facts, workflow: Workflow) -> Iterator[Doubt]:
    """The doubts about one open deadline, none where all is shown and agrees."""
    clock = clock_in_force(facts, workflow)
    if facts.unproven:
        yield _about(facts, clock, "unproven", "filed, and nothing shows that it arrived")
    if (differs := stated_differs(facts)) is not None:
        yield _about(facts, clock, "stated_date", differs)
    if (presumed := receipt_not_shown(facts, clock)) is not None:
        yield _about(facts, clock, "receipt_not_shown", presumed)


def stated_differs(facts: Facts) -> str | None:
    """Whether the letter names another last day than the rule gives."""
    if facts.stated_due_on in {None, facts.due_on}:
        return None
    return f"the letter says {facts.stated_due_on}, the rule gives {facts.due_on}"


def receipt_not_shown(facts: Facts, clock: Clock) -> str | None:
    """Whether a day that should count from a receipt is counted without one."""
    if clock.presumed_from in {None, clock.counts_from}:
        return None
    if facts.counted_from not in {PRESUMED, clock.presumed_from}:
        return None
    counted = "a presumed receipt" if facts.counted_from == PRESUMED else clock.presumed_from
    return f"{clock.counts_from} is not given: counted from {counted}"


def _about(facts: Facts, clock: Clock, kind: DoubtKind, detail: str) -> Doubt:
    return Doubt(
        kind=kind,
        case=facts.case,
        state=facts.state,
        assignee=facts.assignee,
        detail=detail,
        deadline=facts.deadline,
        title=clock.title,
        due_on=facts.due_on,
        proof=clock.proof_item if kind == "unproven" else None,
    )


def unassigned(case: str, state: str) -> Doubt:
    return Doubt(kind="unassigned", case=case, state=state, assignee=None, detail="nobody's")


def silent(case: str, state: str, assignee: str | None) -> Doubt:
    """An open case on which nobody's move is waited for."""
    detail = "open, with no open deadline"
    return Doubt(kind="silent", case=case, state=state, assignee=assignee, detail=detail)
