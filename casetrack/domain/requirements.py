"""Rules on values, and what the evidence for an item satisfies, on a given day."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from casetrack.domain.case import Case, Evidence
from casetrack.domain.events import REDACTED, Value
from casetrack.domain.fields import number
from casetrack.domain.workflow import Freshness, Item, Rule, Test

Verdict = Literal["holds", "fails", "missing", "redacted"]
Status = Literal["satisfied", "missing", "failing", "stale", "warning"]
Check = Callable[[str, tuple[str, ...], date], bool]

_NDC10 = re.compile(
    r"[0-9]{4}-[0-9]{4}-[0-9]{2}|[0-9]{5}-[0-9]{3}-[0-9]{2}|[0-9]{5}-[0-9]{4}-[0-9]"
)
_NDC11 = re.compile(r"[0-9]{5}-[0-9]{4}-[0-9]{2}|[0-9]{11}")


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
    if not (_NDC10.fullmatch(text) or _NDC11.fullmatch(text)):
        return False
    labeler = text.split("-")[0] if "-" in text else text[:5]
    return not values or labeler.zfill(5) in {v.zfill(5) for v in values}


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
    if value is REDACTED or excepted is REDACTED:
        return "redacted"
    texts = _texts(value)
    spared = {t.strip().casefold() for t in _texts(excepted)}
    tested = [t for t in texts if t.strip().casefold() not in spared]
    test = _TESTS[rule.test]
    return "holds" if all(test(t, rule.values, on) for t in tested) else "fails"


def _texts(value: Value | None) -> tuple[str, ...]:
    if value is None or value is REDACTED:
        return ()
    return (value,) if isinstance(value, str) else value


def assess(name: str, item: Item, case: Case, trigger: str, on: date) -> Finding:
    """How an item stands for a trigger on a day, by the evidence that counts."""
    evidence = case.evidence_for(name, on)
    if evidence is None:
        return _absent(name, item, trigger)
    if trigger in item.needed_for:
        problem = _content(name, item, evidence, on)
        if problem:
            return problem
    return _freshness(name, item, evidence, trigger, on) or _finding(
        name, item, "satisfied", f"dated {evidence.on}, version {evidence.version}", ""
    )


def _absent(name: str, item: Item, trigger: str) -> Finding:
    """Nothing on file; where only the age is looked at, the freshness rule says how it weighs."""
    aged_only = item.fresh is not None and trigger not in item.needed_for
    blocking = item.fresh.blocking if item.fresh and aged_only else item.blocking
    return Finding(
        item=name, title=item.title, status=_weighed(blocking, "missing"), blocking=blocking,
        detail=f"nothing on file{_hinted(item)}", source=item.source, code="missing",
    )  # fmt: skip


def _hinted(item: Item) -> str:
    return f"; {item.hint}" if item.hint else ""


def _content(name: str, item: Item, evidence: Evidence, on: date) -> Finding | None:
    absent = [f for f in item.required if f not in evidence.values]
    if absent:
        detail = f"recorded without {', '.join(absent)}"
        return _finding(name, item, _weighed(item.blocking, "failing"), detail, "incomplete")
    verdicts = [(rule, judge(rule, evidence.values, on)) for rule in item.rules]
    broken: list[tuple[Rule, Verdict]] = [
        (rule, v) for rule, v in verdicts if v in {"fails", "redacted"}
    ]
    broken += [(rule, v) for rule, v in verdicts if v == "missing" and rule.test == "given"]
    if not broken:
        return None
    rule, verdict = min(broken, key=lambda pair: not pair[0].blocking)
    blocking = item.blocking and rule.blocking
    redacted = verdict == "redacted"
    detail = f"{rule.field} was redacted and can't be judged" if redacted else rule.says
    code = "redacted" if redacted else rule.field
    return Finding(
        item=name, title=item.title, status=_weighed(blocking, "failing"), blocking=blocking,
        detail=detail, source=rule.source, code=code,
    )  # fmt: skip


def _freshness(name: str, item: Item, evidence: Evidence, trigger: str, on: date) -> Finding | None:
    fresh = item.fresh
    if fresh is None or trigger not in fresh.checked_for:
        return None
    age = (on - evidence.on).days
    if 0 <= age <= fresh.days:
        return None
    return Finding(
        item=name, title=item.title, status=_weighed(fresh.blocking, "stale"),
        blocking=fresh.blocking, detail=_age(age, evidence, fresh, on), source=fresh.source,
        code="stale",
    )  # fmt: skip


def _age(age: int, evidence: Evidence, fresh: Freshness, on: date) -> str:
    if age < 0:
        return f"dated {evidence.on}, after {on}"
    return f"dated {evidence.on}, {age} days before {on}; at most {fresh.days} days are fresh"


def _weighed(blocking: bool, status: Status) -> Status:
    return status if blocking else "warning"


def _finding(name: str, item: Item, status: Status, detail: str, code: str) -> Finding:
    return Finding(
        item=name, title=item.title, status=status, blocking=item.blocking, detail=detail,
        source=item.source, code=code,
    )  # fmt: skip
