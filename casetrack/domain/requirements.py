"""Rules on values, and what the evidence for an item satisfies, on a given day."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from casetrack.domain.case import Case, Evidence
from casetrack.domain.codes import ndc11
from casetrack.domain.events import REDACTED, Redacted, Value
from casetrack.domain.fields import number
from casetrack.domain.workflow import Freshness, Item, Rule, Test

Verdict = Literal["holds", "fails", "missing", "redacted", "withheld"]
HIDDEN = frozenset({"redacted", "withheld"})
Status = Literal["satisfied", "missing", "failing", "stale", "warning"]
Check = Callable[[str, tuple[str, ...], date], bool]


class Finding(Struct, frozen=True, kw_only=True):
    """How one item stands. ``blocking``: a trigger that needs it is refused.

    ``code`` says why in a word and never holds a value.
    """

    item: str
    title: str
    status: Status
    blocking: bool
    detail: str
    source: str
    code: str = ""

    @property
    def unmet(self) -> bool:
        return self.blocking and self.status in {"missing", "failing", "stale"}


def years_between(born: date, on: date) -> int:
    """Completed years; a 29 February birthday is completed on 1 March in a common year."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _equals(text: str, values: tuple[str, ...], _on: date) -> bool:
    return text.strip().casefold() in {v.casefold() for v in values}


def _none_under(text: str, values: tuple[str, ...], _on: date) -> bool:
    code = text.strip().upper()
    return not any(code == v or code.startswith((v + ".", v)) for v in values)


def _ndc(text: str, values: tuple[str, ...], _on: date) -> bool:
    """An NDC in segments, or 11 digits, of a labeler given as it stands padded to five."""
    billed = ndc11(text)
    if billed is None:
        return False
    return not values or billed[:5] in {v.zfill(5) for v in values}


_TESTS: Mapping[Test, Check] = {
    "given": lambda _text, _values, _on: True,
    "equals": _equals,
    "one_of": _equals,
    "none_of": lambda text, values, on: not _equals(text, values, on),
    "none_under": _none_under,
    "at_most": lambda text, values, _on: number(text) <= Decimal(values[0]),
    "at_least": lambda text, values, _on: number(text) >= Decimal(values[0]),
    "min_years": lambda text, values, on: (
        years_between(date.fromisoformat(text), on) >= int(values[0])
    ),
    "not_before": lambda text, values, _on: text >= values[0],
    "not_after": lambda text, values, _on: text <= values[0],
    "ndc": _ndc,
}


def judge(rule: Rule, values: Mapping[str, Value], on: date) -> Verdict:
    """Whether a rule holds for the values, as of a day; ``on`` itself can be the field."""
    value = on.isoformat() if rule.field == "on" else values.get(rule.field)
    if value is None:
        return "missing"
    excepted = values.get(rule.unless) if rule.unless else None
    for looked_at in (value, excepted):
        if isinstance(looked_at, Redacted):
            return "redacted" if looked_at is REDACTED else "withheld"
    texts = _texts(value)
    spared = {t.strip().casefold() for t in _texts(excepted)}
    tested = [t for t in texts if t.strip().casefold() not in spared]
    test = _TESTS[rule.test]
    return "holds" if all(test(t, rule.values, on) for t in tested) else "fails"


def _texts(value: Value | None) -> tuple[str, ...]:
    if value is None or isinstance(value, Redacted):
        return ()
    return (value,) if isinstance(value, str) else value


def assess(name: str, item: Item, case: Case, trigger: str, on: date) -> Finding:
    """How an item stands for a trigger on a day, by the evidence that counts."""
    return weigh(name, item, case.evidence_for(name, on), trigger, on)


def weigh(name: str, item: Item, evidence: Evidence | None, trigger: str, on: date) -> Finding:
    """How one piece of evidence stands; what blocks goes before what only warns."""
    make = _Maker(name=name, item=item)
    if evidence is None:
        return _absent(make, trigger)
    content = _content(make, evidence, on) if trigger in item.needed_for else None
    against = [f for f in (content, _freshness(make, evidence, trigger, on)) if f]
    if not against:
        return make.satisfied(evidence)
    worst = min(against, key=lambda finding: not finding.blocking)
    return replace(worst, detail="; ".join(f.detail for f in against))


def against(name: str, item: Item, case: Case, on: date) -> Finding | None:
    """What a value of the evidence that counts breaks, whatever it is asked for; else None."""
    evidence = case.evidence_for(name, on)
    if evidence is None or all(judge(r, evidence.values, on) != "fails" for r in item.rules):
        return None
    return _content(_Maker(name=name, item=item), evidence, on)


class _Maker(Struct, frozen=True, kw_only=True):
    """Makes findings about one item."""

    name: str
    item: Item

    def problem(
        self, status: Status, detail: str, code: str, *, blocking: bool, source: str | None = None
    ) -> Finding:
        """A finding against; what does not block is a warning."""
        return Finding(
            item=self.name,
            title=self.item.title,
            status=status if blocking else "warning",
            blocking=blocking,
            detail=detail,
            source=source or self.item.source,
            code=code,
        )

    def satisfied(self, evidence: Evidence) -> Finding:
        return Finding(
            item=self.name,
            title=self.item.title,
            status="satisfied",
            blocking=self.item.blocking,
            detail=f"dated {evidence.on}, version {evidence.version}",
            source=self.item.source,
        )


def _absent(make: _Maker, trigger: str) -> Finding:
    """Nothing on file; where only the age is looked at, the freshness rule says how it weighs."""
    item = make.item
    aged_only = item.fresh is not None and trigger not in item.needed_for
    blocking = item.fresh.blocking if item.fresh and aged_only else item.blocking
    hint = f"; {item.hint}" if item.hint else ""
    return make.problem("missing", f"nothing on file{hint}", "missing", blocking=blocking)


def _content(make: _Maker, evidence: Evidence, on: date) -> Finding | None:
    item = make.item
    incomplete = _incomplete(make, evidence)
    if incomplete:
        return incomplete
    broken = _broken(item, evidence, on)
    if not broken:
        return None
    rule, verdict = min(broken, key=lambda pair: not pair[0].blocking)
    hidden = verdict in HIDDEN
    return make.problem(
        "failing",
        f"{rule.field} was {verdict} and can't be judged" if hidden else rule.says,
        verdict if hidden else rule.field,
        blocking=item.blocking and rule.blocking,
        source=rule.source,
    )


def _incomplete(make: _Maker, evidence: Evidence) -> Finding | None:
    """Without a value that it needs, or with one that was taken back."""
    item = make.item
    absent = [f for f in item.required if f not in evidence.values]
    if absent:
        detail = f"recorded without {', '.join(absent)}"
        return make.problem("failing", detail, "incomplete", blocking=item.blocking)
    for why in Redacted:
        hidden = [f for f in item.required if evidence.values[f] is why]
        if hidden:
            detail = f"{', '.join(hidden)}: {why.value}, and can't be judged"
            return make.problem("failing", detail, why.value, blocking=item.blocking)
    return None


def _broken(item: Item, evidence: Evidence, on: date) -> list[tuple[Rule, Verdict]]:
    """The rules that do not hold; a value left out breaks only the rule that it be given."""
    verdicts = [(rule, judge(rule, evidence.values, on)) for rule in item.rules]
    return [
        (rule, verdict)
        for rule, verdict in verdicts
        if verdict in {"fails", *HIDDEN} or (verdict == "missing" and rule.test == "given")
    ]


def _freshness(make: _Maker, evidence: Evidence, trigger: str, on: date) -> Finding | None:
    fresh = make.item.fresh
    if fresh is None or trigger not in fresh.checked_for:
        return None
    age = (on - evidence.on).days
    if 0 <= age <= fresh.days:
        return None
    detail = _age(age, evidence, fresh, on)
    return make.problem("stale", detail, "stale", blocking=fresh.blocking, source=fresh.source)


def _age(age: int, evidence: Evidence, fresh: Freshness, on: date) -> str:
    if age < 0:
        return f"dated {evidence.on}, after {on}"
    return f"dated {evidence.on}, {age} days before {on}; at most {fresh.days} days are fresh"
