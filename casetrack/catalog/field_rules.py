"""What must hold of fields, and of the rules that test them."""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from casetrack.catalog.problems import (
    Problem,
    Problems,
    all_known,
    dotted,
    not_carried,
    one_of,
    quoted,
)
from casetrack.domain.case import ENVELOPE
from casetrack.domain.workflow import DAY, REQUEST, STAGE, Field, Rule, Workflow

COLUMNS = frozenset({
    "case", "action", "on", "at", "patient", "workflow", "actor", "reason", "override", "text",
    "deadline", "to", "follows", "rejected_because",
})  # fmt: skip
RESERVED = ENVELOPE | COLUMNS | {REQUEST, STAGE, "coverage"}
CLEARABLE = frozenset({"date", "instant", "code", "yes_no"})
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")
YEARS = re.compile(r"[1-9][0-9]{0,2}")
LABELER = re.compile(r"[0-9]{4,5}")
ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_NO_VALUE = frozenset({"given"})
_ONE_VALUE = frozenset({"equals", "at_most", "at_least", "min_years", "not_before", "not_after"})
_ANY_VALUES = frozenset({"ndc"})
_FITS = {
    "at_most": ("integer", "decimal"),
    "at_least": ("integer", "decimal"),
    "min_years": ("date",),
    "not_before": ("date",),
    "not_after": ("date",),
    "ndc": ("text",),
    "none_under": ("text", "code"),
}


def names_are_free(workflow: Workflow) -> Problems:
    for name in workflow.fields:
        if name in RESERVED:
            yield Problem(dotted("fields", name), "the name is reserved; choose another")


def dates_by_name(workflow: Workflow) -> Problems:
    """What is called a date is one, and stands in the clear."""
    for name, field in workflow.fields.items():
        if name.endswith("_on") or name.startswith("valid_"):
            key = dotted("fields", name)
            if field.type != "date":
                yield Problem(f"{key}.type", "a field named *_on or valid_* must be a date")
            if not field.clear:
                yield Problem(f"{key}.clear", "a field named *_on or valid_* must be clear")


def flags_fit_the_type(workflow: Workflow) -> Problems:
    for name, field in workflow.fields.items():
        key = dotted("fields", name)
        if field.clear and field.type not in CLEARABLE:
            yield Problem(f"{key}.clear", f"a field of type {field.type} is always sealed")
        if field.future and field.type not in {"date", "instant"}:
            yield Problem(f"{key}.future", "only a date or an instant can lie ahead")
        if field.findable and field.type != "text":
            yield Problem(f"{key}.findable", "only text can be searched")
        if field.codes and field.type != "text":
            yield Problem(f"{key}.codes", "only text can hold the codes of a system")
        if field.many and field.type not in {"text", "code"}:
            yield Problem(f"{key}.many", "only text and codes can repeat")


def codes_have_values(workflow: Workflow) -> Problems:
    for name, field in workflow.fields.items():
        key = dotted("fields", name, "values")
        if field.type == "code" and not field.values:
            yield Problem(key, "a code needs the list of its values")
        if field.type != "code" and field.values:
            yield Problem(key, "only a code has a list of values")
        for value in field.values:
            if not CODE.fullmatch(value):
                yield Problem(key, f"{quoted(value)} is no code: letters, digits, '.', '_', '-'")


def lists_of_fields(workflow: Workflow) -> Problems:
    for key, carried, required in _carriers(workflow):
        yield from all_known(f"{key}fields", "field", carried, workflow.fields)
        for name in required:
            if name not in carried:
                says = f"{quoted(name)} is not among the fields; it must stand there too"
                yield Problem(f"{key}required", says)


def rules_fit(workflow: Workflow) -> Problems:
    """Each rule tests a field that is carried where it stands, by a test that suits it."""
    for key, carried, rule in _rules(workflow):
        yield from not_carried(f"{key}.field", rule.field, (*carried, DAY))
        if rule.unless is not None:
            yield from _unless(f"{key}.unless", carried, rule, workflow)
        yield from _number_of_values(f"{key}.values", rule)
        field = workflow.fields.get(rule.field)
        if rule.field == DAY:
            field = Field(title="the day", type="date")
        if field:
            yield from _suits(key, field, rule)


def _carriers(workflow: Workflow) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    yield "open_", workflow.open_fields, ()
    yield "note_", workflow.note_fields, ()
    for name, item in workflow.items.items():
        yield dotted("items", name) + ".", item.fields, item.required
    for name, trigger in workflow.triggers.items():
        yield dotted("triggers", name) + ".", trigger.fields, trigger.required


def _rules(workflow: Workflow) -> Iterator[tuple[str, Sequence[str], Rule]]:
    for table, owners in (("items", workflow.items), ("triggers", workflow.triggers)):
        for name, owner in owners.items():
            for n, rule in enumerate(owner.rules):
                yield f"{dotted(table, name, 'rules')}[{n}]", owner.fields, rule


def _unless(key: str, carried: Sequence[str], rule: Rule, workflow: Workflow) -> Problems:
    name = rule.unless or ""
    yield from not_carried(key, name, carried)
    if rule.test not in {"none_of", "none_under"}:
        yield Problem(key, "goes with the tests none_of and none_under only")
    if name in workflow.fields and not workflow.fields[name].many:
        yield Problem(key, f"field {name!a} must be one that may repeat (many)")


def _number_of_values(key: str, rule: Rule) -> Problems:
    given = len(rule.values)
    if rule.test in _NO_VALUE and given:
        yield Problem(key, f"test {rule.test} takes no value")
    elif rule.test in _ONE_VALUE and given != 1:
        yield Problem(key, f"test {rule.test} takes one value, not {given}")
    elif not given and rule.test not in _NO_VALUE | _ANY_VALUES:
        yield Problem(key, f"test {rule.test} needs at least one value")


def _suits(key: str, field: Field, rule: Rule) -> Problems:
    types = _FITS.get(rule.test, (field.type,))
    if field.type not in types:
        says = f"{rule.test} tests a field of type {one_of(types)}, not {field.type}"
        yield Problem(f"{key}.test", says)
        return
    for value in rule.values:
        wanted = _misses(field, rule, value)
        if wanted:
            yield Problem(f"{key}.values", f"{quoted(value)} must be {wanted}")


def _misses(field: Field, rule: Rule, value: str) -> str:
    """What a value should have been, empty if it fits."""
    if rule.test == "min_years":
        return "" if YEARS.fullmatch(value) else "a whole number of years, 1 to 999"
    if rule.test == "ndc":
        return "" if LABELER.fullmatch(value) else "a labeler of 4 or 5 digits"
    if rule.test == "none_under":
        return "" if CODE.fullmatch(value) else "the beginning of a code"
    return _misses_type(field, value)


def _misses_type(field: Field, value: str) -> str:
    match field.type:
        case "date" | "instant":
            return "" if _is_day(value) else "a date, as 2026-11-24"
        case "integer" | "decimal":
            return "" if NUMBER.fullmatch(value) else "a number in plain digits"
        case "yes_no":
            return "" if value in {"yes", "no"} else "yes or no"
        case "code":
            known = field.values
            return "" if value in known or not known else f"one of {one_of(known)}"
        case _:
            return "" if value.strip() else "some text"


def _is_day(value: str) -> bool:
    try:
        return bool(ISO_DAY.fullmatch(value)) and bool(date.fromisoformat(value))
    except ValueError:
        return False


RULES = (
    names_are_free,
    dates_by_name,
    flags_fit_the_type,
    codes_have_values,
    lists_of_fields,
    rules_fit,
)
