"""Guards asked again: what was unmet, what the entry says it went ahead without, and why.

Whether evidence that was erased since satisfied a guard can't be known any more; that is said, and
is neither held for the record nor against it.
"""

from collections import Counter
from collections.abc import Iterator

from casetrack.audit.findings import Severity
from casetrack.domain import events as e
from casetrack.domain import machine
from casetrack.domain.events import REDACTED, Gap
from casetrack.domain.guards import Ask, Unmet, unsaid

Judged = Iterator[tuple[Severity, str, str]]  # (severity, rule, detail)


def judged(ask: Ask, entry: e.Entry, told: e.TransitionFired) -> Judged:
    """Every guard of a transition: met, or overridden with a reason and owned up to."""
    _, unmet = machine.consult(ask, override=True)
    due = Counter([*(u.gap for u in unmet), *unsaid(ask)])
    claimed = Counter(told.overridden)
    for gap in (due - claimed) + (claimed - due):
        if blind(ask, gap):
            yield "info", "guard", f"not checkable: {_named(gap)} rests on a value erased since"
    for gap in due - claimed:
        if not blind(ask, gap):
            yield "error", "guard", _hidden(gap, unmet)
    for gap in claimed - due:
        if not blind(ask, gap):
            yield "error", "guard", f"it says it went ahead without {_named(gap)}, which was there"
    yield from _reasons(ask, entry, unmet)


def _reasons(ask: Ask, entry: e.Entry, unmet: tuple[Unmet, ...]) -> Judged:
    """Whoever goes ahead in spite of a guard says why."""
    seen = [u for u in unmet if not blind(ask, u.gap)]
    reason = entry.value("override")
    for u in seen:
        if reason is None:
            yield "error", "guard", f"unmet, and not overridden: {_worded(u)}"
        elif not u.overridable:
            yield "error", "guard", f"unmet, and nothing overrides it: {_worded(u)}"
    if reason is REDACTED and seen:
        yield "info", "guard", "not checkable: the reason for the override was erased"
    if reason is not None and not unmet:
        yield "error", "guard", "overridden, and nothing was unmet"


def _hidden(gap: Gap, unmet: tuple[Unmet, ...]) -> str:
    reasons = [_worded(u) for u in unmet if u.gap == gap]
    return f"not on record as unmet: {reasons[0]}" if reasons else f"not noted as owed: {gap.code}"


def _worded(unmet: Unmet) -> str:
    """What was against it, without what a person would have to type."""
    return unmet.reason.partition(" (record ")[0].partition(" (give ")[0].partition("; if it")[0]


def _named(gap: Gap) -> str:
    return f"{gap.item or gap.code} ({gap.guard})"


def blind(ask: Ask, gap: Gap) -> bool:
    """Whether a value that the guard looks at was erased."""
    if gap.guard == "ready" and gap.item is not None:
        known = ask.case.evidence_for(gap.item, ask.on)
        return known is not None and REDACTED in known.values.values()
    if gap.guard != "rules":
        return False
    values = {**ask.case.fields, **ask.values}
    rules = [rule for rule in ask.workflow.triggers[ask.trigger].rules if rule.field == gap.code]
    return any(values.get(name) is REDACTED for r in rules for name in (r.field, r.unless or ""))


def newly_unmet(now: Ask, then: Ask) -> Iterator[str]:
    """What is unmet by the facts as they are known now, and was met as they were known then."""
    before = {u.gap for u in machine.consult(then, override=True)[1]}
    for u in machine.consult(now, override=True)[1]:
        if u.gap not in before and not blind(now, u.gap):
            yield _worded(u)
