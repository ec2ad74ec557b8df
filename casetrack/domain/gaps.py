"""What a transition went ahead in spite of, in words; a gap itself is recorded in codes."""

from casetrack.domain.events import Gap
from casetrack.domain.workflow import DAY, STAGE, Rule, Workflow

_BEFORE = "_before_"  # between the fields of a gap in the order of dates
_STANDS = {
    "missing": "nothing was on file for {}",
    "incomplete": "{} was recorded without a value that it needs",
    "redacted": "{} was redacted",
    "stale": "{} was not fresh",
}
_WORDS = {
    "late": "its last day had passed",
    "none_running": "no decision was being waited for",
    "not_passed": "the decision was not overdue yet",
    "not_expedited": "no expedited request was running",
}
_NAMES = {DAY: "its own day", STAGE: "the request it answers"}


def order_code(earlier: str, later: str) -> str:
    """The code of a date before the one that it has to follow."""
    return f"{later}{_BEFORE}{earlier}"


def named(field: str) -> str:
    """A field of an order of dates, or what stands there for one."""
    return _NAMES.get(field, field)


def in_words(gap: Gap, trigger: str, workflow: Workflow) -> str:
    """A clause that goes with 'although'."""
    if gap.item in workflow.items:
        return _of_item(gap, gap.item, workflow)
    if gap.item is not None and gap.code in _STANDS:
        return _STANDS[gap.code].format(gap.item)  # of a workflow that the case has left
    later, is_order, earlier = gap.code.partition(_BEFORE)
    if is_order:
        return f"{named(later)} was before {named(earlier)}"
    asked = workflow.triggers.get(trigger)
    said = _says(asked.rules, gap.code) if asked else ""
    if said:
        return f"{gap.code} was wrong or not given: {said}"
    return _WORDS.get(gap.code, gap.code)


def _of_item(gap: Gap, name: str, workflow: Workflow) -> str:
    item = workflow.items[name]
    title = f"{item.title} ({name})"
    if gap.code in _STANDS:
        return _STANDS[gap.code].format(title)
    return f"{title} did not do: {_says(item.rules, gap.code) or gap.code}"


def _says(rules: tuple[Rule, ...], field: str) -> str:
    return "; ".join(dict.fromkeys(rule.says for rule in rules if rule.field == field))
