"""The checklist for a step: every item and rule it needs, and how each stands."""

from collections.abc import Iterator
from datetime import date

from casetrack.domain import docket, gaps
from casetrack.domain.calendar import Calendar
from casetrack.domain.case import Case, OpenGap
from casetrack.domain.doubts import stated_differs
from casetrack.domain.events import Value
from casetrack.domain.plans import clock_of
from casetrack.domain.requirements import Finding, Status, assess, judge, weigh
from casetrack.domain.workflow import Clock, Item, Rule, Workflow


def checklist(
    case: Case, workflow: Workflow, trigger: str, on: date, values: dict[str, Value] | None = None
) -> tuple[Finding, ...]:
    """Every finding for a trigger fired on a day with these values, in the workflow's order."""
    items = [
        assess(name, item, case, trigger, on)
        for name, item in workflow.items.items()
        if concerns(item, trigger)
    ]
    known = {**case.fields, **(values or {})}
    rules = [_ruled(rule, known, on) for rule in workflow.triggers[trigger].rules]
    return (*items, *rules)


def concerns(item: Item, trigger: str) -> bool:
    """Whether an item is looked at for a trigger: needed, or only checked for its age."""
    return trigger in item.needed_for or (
        item.fresh is not None and trigger in item.fresh.checked_for
    )


def has_checklist(workflow: Workflow, trigger: str) -> bool:
    """Whether anything is looked at for a trigger."""
    return bool(workflow.triggers[trigger].rules) or any(
        concerns(item, trigger) for item in workflow.items.values()
    )


def _ruled(rule: Rule, values: dict[str, Value], on: date) -> Finding:
    verdict = judge(rule, values, on)
    if verdict == "holds":
        return _rule_finding(rule, "satisfied", "holds", blocking=rule.blocking)
    if verdict == "missing":
        return _rule_finding(rule, "warning", "not recorded yet", blocking=False)
    detail = "does not hold" if verdict == "fails" else f"was {verdict} and can't be judged"
    status: Status = "failing" if rule.blocking else "warning"
    return _rule_finding(rule, status, detail, blocking=rule.blocking)


def _rule_finding(rule: Rule, status: Status, detail: str, *, blocking: bool) -> Finding:
    return Finding(
        item=rule.field,
        title=rule.says,
        status=status,
        blocking=blocking,
        detail=detail,
        source=rule.source,
        code=rule.field,
    )


def dates(case: Case, workflow: Workflow, calendar: Calendar, on: date) -> tuple[Finding, ...]:
    """What is wrong, on a day, with the dates of open deadlines; it warns and never blocks."""
    return tuple(
        finding
        for tracked in case.open_deadlines()
        for clock in (clock_of(workflow, tracked.deadline.clock),)
        for finding in _dated(docket.facts_of(tracked, case, clock), clock, calendar, on)
    )


def _dated(facts: docket.Facts, clock: Clock, calendar: Calendar, on: date) -> Iterator[Finding]:
    differs = stated_differs(facts)
    if differs is not None and clock.stated is not None:
        yield _warning(facts, clock, clock.stated, differs)
    watched = docket.finding(clock, facts, calendar, on)
    if watched is not None and clock.watch is not None:
        yield _warning(facts, clock, clock.watch, watched)


def _warning(facts: docket.Facts, clock: Clock, field: str, detail: str) -> Finding:
    return Finding(
        item=field,
        title=clock.title,
        status="warning",
        blocking=False,
        detail=f"{facts.deadline}: {detail}",
        source=clock.source,
        code=field,
    )


def open_items(case: Case, workflow: Workflow) -> tuple[str, ...]:
    """What was overridden and is still open, oldest first.

    A gap about an item closes when evidence now on file satisfies it for the day on which it
    was overridden; lateness and order can't be made good and stay.
    """
    return tuple(_described(gap, workflow) for gap in case.gaps if _still_open(gap, case, workflow))


def _still_open(gap: OpenGap, case: Case, workflow: Workflow) -> bool:
    name = gap.gap.item
    if gap.gap.guard == "rules":
        return _still_unsaid(gap, case, workflow)
    if name is None or name not in workflow.items:
        return True
    item = workflow.items[name]
    known = (case.evidence_for(name, gap.on), case.evidence_for(name))
    return all(weigh(name, item, evidence, gap.trigger, gap.on).unmet for evidence in known)


def _still_unsaid(gap: OpenGap, case: Case, workflow: Workflow) -> bool:
    trigger = workflow.triggers.get(gap.trigger)
    if trigger is None:
        return True
    rules = [r for r in trigger.rules if r.field == gap.gap.code]
    return any(judge(rule, case.fields, gap.on) != "holds" for rule in rules)


def _described(gap: OpenGap, workflow: Workflow) -> str:
    what = gaps.in_words(gap.gap, gap.trigger, workflow)
    return f"{gap.trigger} on {gap.on} went ahead although {what} (version {gap.version})"
