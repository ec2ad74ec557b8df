"""What must hold of triggers and items: guards, freshness, returning filings, expedited stages."""

from casetrack.catalog.problems import Problem, Problems, all_known, dotted, quoted, unknown
from casetrack.domain.workflow import DAY, STAGE, Guard, Item, Workflow

COMMANDS = frozenset({
    "open", "record", "note", "assign", "plan", "done", "extend", "toll", "resume", "amend",
    "void", "redact",
})  # fmt: skip
_LOOKS_AT_CLOCKS = frozenset({"in_time", "passed"})
_LOOKS_AT_FIELDS = frozenset({"in_order"})


def items_are_for_triggers(workflow: Workflow) -> Problems:
    for name, item in workflow.items.items():
        key = dotted("items", name)
        yield from all_known(f"{key}.needed_for", "trigger", item.needed_for, workflow.triggers)
        if item.fresh is not None:
            checked = item.fresh.checked_for
            yield from all_known(f"{key}.fresh.checked_for", "trigger", checked, workflow.triggers)
            if not checked:
                yield Problem(f"{key}.fresh.checked_for", "must name at least one trigger")
            if not 1 <= item.fresh.days <= 9999:
                yield Problem(f"{key}.fresh.days", "must be 1 to 9999 days")


def reasons_are_answered(workflow: Workflow) -> Problems:
    """Filings contest codes, and items answer codes that a filing contests."""
    contested = set()
    for name, trigger in workflow.triggers.items():
        key = dotted("triggers", name, "contests")
        for field in trigger.contests or ():
            contested.add(field)
            yield from _is_code(key, field, workflow)
    for name, item in workflow.items.items():
        for field, codes in (item.answers or {}).items():
            key = dotted("items", name, "answers", field)
            yield from _is_code(key, field, workflow)
            if field in workflow.fields:
                yield from all_known(key, "code", codes, workflow.fields[field].values)
            if field in workflow.fields and field not in contested:
                yield Problem(key, f"no trigger contests field {quoted(field)}")
            if not codes:
                yield Problem(key, "must name at least one code")


def _is_code(key: str, name: str, workflow: Workflow) -> Problems:
    field = workflow.fields.get(name)
    if field is None:
        yield from unknown(key, "field", name, workflow.fields)
    elif not (field.type == "code" and field.clear):
        yield Problem(key, f"field {quoted(name)} must be a code, and clear")


def guards_look_at_something(workflow: Workflow) -> Problems:
    for name, trigger in workflow.triggers.items():
        for n, guard in enumerate(trigger.guards):
            key = f"{dotted('triggers', name, 'guards')}[{n}]"
            yield from _guard_clocks(key, guard, workflow)
            yield from _guard_fields(key, guard, workflow)


def _guard_clocks(key: str, guard: Guard, workflow: Workflow) -> Problems:
    yield from all_known(f"{key}.clocks", "clock", guard.clocks, workflow.clocks)
    looks = guard.name in _LOOKS_AT_CLOCKS
    if looks and not guard.clocks:
        yield Problem(f"{key}.clocks", f"guard {guard.name} needs at least one clock")
    if guard.clocks and not looks:
        yield Problem(f"{key}.clocks", f"guard {guard.name} looks at no clock")


def _guard_fields(key: str, guard: Guard, workflow: Workflow) -> Problems:
    looks = guard.name in _LOOKS_AT_FIELDS
    if looks and len(guard.fields) < 2:
        yield Problem(f"{key}.fields", f"guard {guard.name} needs at least two dates")
    if guard.fields and not looks:
        yield Problem(f"{key}.fields", f"guard {guard.name} looks at no field")
    for name in guard.fields:
        yield from all_known(f"{key}.fields", "field", [name], (*workflow.fields, DAY, STAGE))
        field = workflow.fields.get(name)
        if field and name not in {DAY, STAGE} and field.type != "date":
            yield Problem(f"{key}.fields", f"field {quoted(name)} is no date")


def nothing_goes_unchecked(workflow: Workflow) -> Problems:
    """A guard has something to check, and what can block has a guard that checks it."""
    for name, trigger in workflow.triggers.items():
        key = dotted("triggers", name, "guards")
        guards = {guard.name for guard in trigger.guards}
        items = [item for item in workflow.items.values() if _concerns(item, name)]
        if "ready" in guards and not items:
            yield Problem(key, "guard ready has no item to check: none is needed_for this trigger")
        if "ready" not in guards and any(_blocks(item, name) for item in items):
            yield Problem(key, "items block this trigger; it needs the guard ready")
        if "rules" in guards and not trigger.rules:
            yield Problem(key, "guard rules has no rule to check")
        if "rules" not in guards and any(rule.blocking for rule in trigger.rules):
            yield Problem(key, "rules block this trigger; it needs the guard rules")


def _concerns(item: Item, trigger: str) -> bool:
    checked = item.fresh.checked_for if item.fresh else ()
    return trigger in item.needed_for or trigger in checked


def _blocks(item: Item, trigger: str) -> bool:
    stale = item.fresh is not None and item.fresh.blocking and trigger in item.fresh.checked_for
    return stale or (item.blocking and trigger in item.needed_for)


def triggers_are_no_commands(workflow: Workflow) -> Problems:
    for name in workflow.triggers:
        if name in COMMANDS:
            yield Problem(dotted("triggers", name), "is the name of a command; choose another")


def filings_return(workflow: Workflow) -> Problems:
    for name, trigger in workflow.triggers.items():
        key = dotted("triggers", name, "reopens")
        yield from all_known(key, "clock", trigger.reopens, workflow.clocks)


def expedites_within_stages(workflow: Workflow) -> Problems:
    for name, trigger in workflow.triggers.items():
        key = dotted("triggers", name)
        if trigger.expedites and trigger.refuses_expedite:
            yield Problem(key, "can't both ask for and refuse the expedited review")
        if trigger.expedites or trigger.refuses_expedite:
            for state in _outside_stages(name, workflow):
                yield Problem(f"{key}.moves", f"state {state!a} belongs to no stage to expedite")


def _outside_stages(name: str, workflow: Workflow) -> list[str]:
    origins = {origin for fired, origin, _ in workflow.arcs() if fired == name}
    return sorted(o for o in origins & workflow.states.keys() if not workflow.stage_of(o))


RULES = (
    items_are_for_triggers,
    reasons_are_answered,
    guards_look_at_something,
    nothing_goes_unchecked,
    triggers_are_no_commands,
    filings_return,
    expedites_within_stages,
)
