"""A guard that nothing could ever meet is a mistake: found before a case stands before it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from casetrack.catalog.field_rules import ISO_DAY, NUMBER
from casetrack.catalog.problems import Problem, Problems, dotted
from casetrack.domain.workflow import Rule, Workflow


def guards_can_be_met(workflow: Workflow) -> Problems:
    for name, trigger in workflow.triggers.items():
        origins = {origin for fired, origin, _ in workflow.arcs() if fired == name}
        for n, guard in enumerate(trigger.guards):
            key = f"{dotted('triggers', name, 'guards')}[{n}]"
            if guard.name == "passed" and not _may_run(guard.clocks, origins, workflow):
                says = "can never be met: none of its clocks runs in a state that this leaves"
                yield Problem(f"{key}.clocks", f"guard passed {says}")
            if guard.name == "expedited" and not _may_be_expedited(origins, workflow):
                says = "can never be met: no trigger expedites in a stage that this leaves"
                yield Problem(key, f"guard expedited {says}")


def _may_run(clocks: Iterable[str], origins: set[str], workflow: Workflow) -> bool:
    """Whether one may be open there; one that is not known is reported elsewhere."""
    for name in clocks:
        clock = workflow.clocks.get(name)
        if clock is None or clock.proof_field is not None or not clock.alive_in:
            return True
        more = (state for states in clock.also_alive.values() for state in states)
        if not origins.isdisjoint({*clock.alive_in, *more}):
            return True
    return not clocks


def _may_be_expedited(origins: set[str], workflow: Workflow) -> bool:
    stages = {workflow.stage_of(origin) for origin in origins} - {None}
    asked = {
        workflow.stage_of(state)
        for fired, origin, to in workflow.arcs()
        for state in (origin, to)
        if workflow.triggers[fired].expedites
    }
    return not stages.isdisjoint(asked)


def rules_can_be_met(workflow: Workflow) -> Problems:
    """No two blocking rules on one field leave it without a value that passes."""
    for table, owners in (("items", workflow.items), ("triggers", workflow.triggers)):
        for name, owner in owners.items():
            for field, rules in _by_field(owner.rules).items():
                if _bounds_cross(rules) or _no_code_left(field, rules, workflow):
                    says = f"no value of {field!a} passes them all, so it can never be met"
                    yield Problem(dotted(table, name, "rules"), says)


def _by_field(rules: Iterable[Rule]) -> Mapping[str, Sequence[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        if rule.blocking and rule.unless is None:
            found.setdefault(rule.field, []).append(rule)
    return found


def _bounds_cross(rules: Sequence[Rule]) -> bool:
    low = [*_numbers(rules, "at_least")], [*_days(rules, "not_before")]
    high = [*_numbers(rules, "at_most")], [*_days(rules, "not_after")]
    numbers = bool(low[0] and high[0]) and max(low[0]) > min(high[0])
    return numbers or (bool(low[1] and high[1]) and max(low[1]) > min(high[1]))


def _numbers(rules: Iterable[Rule], test: str) -> Iterator[Decimal]:
    values = (value for rule in rules if rule.test == test for value in rule.values)
    return (Decimal(value) for value in values if NUMBER.fullmatch(value))


def _days(rules: Iterable[Rule], test: str) -> Iterator[str]:
    values = (value for rule in rules if rule.test == test for value in rule.values)
    return (value for value in values if ISO_DAY.fullmatch(value))


def _no_code_left(field: str, rules: Iterable[Rule], workflow: Workflow) -> bool:
    known = workflow.fields.get(field)
    left = {value.casefold() for value in known.values} if known and known.values else None
    for rule in rules:
        values = {value.casefold() for value in rule.values}
        if rule.test in {"equals", "one_of"} and values:
            left = values if left is None else left & values
        if rule.test == "none_of" and left is not None:
            left -= values
    return left is not None and not left


RULES = (guards_can_be_met, rules_can_be_met)
