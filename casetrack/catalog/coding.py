"""What is wrong with codes as such: it warns, and refuses nothing.

Sealed values are told only to who has just typed them, and only if they are shaped like codes.
"""

from collections.abc import Iterator, Mapping
from datetime import date

from msgspec import Struct

from casetrack.catalog import icd10cm
from casetrack.domain import checks
from casetrack.domain.case import Case
from casetrack.domain.codes import is_icd, lacks_dot, ndc11, ndc_readings
from casetrack.domain.events import Value
from casetrack.domain.workflow import Workflow

_FEW = 3  # codes that are offered instead
HINT = "only the shape of codes was looked at; to look them up: pip install 'casetrack[codes]'"


class Warned(Struct, frozen=True, kw_only=True):
    """What a rule on codes says of a field's value; ``rule`` is the system's name."""

    field: str
    rule: str
    detail: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.field}: {self.detail}"


def of_values(
    workflow: Workflow, values: Mapping[str, Value], *, echo: bool = False
) -> Iterator[Warned]:
    """Each value of a field that holds codes and is none, or can't be billed.

    ``echo``: the code is named, to who has just typed it.
    """
    for name, value in values.items():
        field = workflow.fields.get(name)
        if field is None or not field.codes:
            continue
        for n, text in enumerate(_texts(value), 1):
            place = f"value {n}" if field.many else "the value"
            check = _icd if field.codes == "icd-10-cm" else _ndc
            detail = check(text, place, echo=echo)
            if detail:
                yield Warned(field=name, rule=field.codes, detail=detail)


def of_step(case: Case, workflow: Workflow, step: str, on: date) -> tuple[Warned, ...]:
    """Of the evidence that counts for a step, and of what the case says; with a hint at most."""
    counted = [
        case.evidence_for(name, on)
        for name, item in workflow.items.items()
        if checks.concerns(item, step)
    ]
    told = [case.fields, *(evidence.values for evidence in counted if evidence is not None)]
    found = dict.fromkeys(one for values in told for one in of_values(workflow, values))
    names = [name for values in told for name in values if _looked_up(workflow, name)]
    if names and icd10cm.installed() is None:
        return (*found, Warned(field=names[0], rule="icd-10-cm", detail=HINT))
    return tuple(found)


def _looked_up(workflow: Workflow, name: str) -> bool:
    return name in workflow.fields and workflow.fields[name].codes == "icd-10-cm"


def _texts(value: Value) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return value if isinstance(value, tuple) else ()


def _icd(text: str, place: str, *, echo: bool) -> str | None:
    code = text.strip().upper()
    if not is_icd(code):
        return f"{place} is not written as a code is: three characters, a dot, up to four more"
    echo = echo and not lacks_dot(code)
    known = icd10cm.installed()
    who = code if echo else place
    found = None if known is None else _looked_at(code, known, who, echo=echo)
    if found is None and lacks_dot(code):
        return f"{place} lacks the dot after its third character"
    return found


def _looked_at(code: str, known: icd10cm.CodeList, who: str, *, echo: bool) -> str | None:
    if not known.has(code):
        return f"{who} is no code of the {known.edition} edition"
    under = known.billable_under(code)
    if not under:
        return None
    such = f", such as {', '.join(under[:_FEW])}" if echo else ""
    return f"{who} is a header in the {known.edition} edition: bill a code under it{such}"


def _ndc(text: str, place: str, *, echo: bool) -> str | None:
    if ndc11(text) is not None:
        return None
    readings = ndc_readings(text)
    if not readings:
        return f"{place} is no NDC: 10 digits as 4-4-2, 5-3-2 or 5-4-1, or 11 as 5-4-2"
    such = f" for {' or '.join(readings)}" if echo else ""
    return (
        f"{place} is 10 digits without hyphens, 4-4-2, 5-3-2 or 5-4-1: "
        f"type it with its hyphens{such}"
    )
