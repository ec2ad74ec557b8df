"""What a filing has to answer: each reason for a refusal, and the evidence that answers it."""

from collections.abc import Iterator

from msgspec import Struct

from casetrack.domain.case import Case
from casetrack.domain.workflow import Workflow


class Reason(Struct, frozen=True, kw_only=True):
    """A code that an entry gave as a reason, as it stands now; ``items`` can answer it."""

    version: int
    field: str
    code: str
    items: tuple[str, ...]


def reasons(case: Case, workflow: Workflow, trigger: str) -> tuple[Reason, ...]:
    """What a filing contests, oldest entry first; of an entry that was taken back nothing."""
    fields = workflow.triggers[trigger].contests or ()
    return tuple(
        Reason(version=version, field=field, code=code, items=answering(workflow, field, code))
        for version in sorted(case.said)
        for field in fields
        for code in _codes(case, version, field)
    )


def _codes(case: Case, version: int, field: str) -> Iterator[str]:
    value = case.said[version].get(field, ())
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        yield from dict.fromkeys(value)


def answering(workflow: Workflow, field: str, code: str) -> tuple[str, ...]:
    """The requirements whose evidence answers a reason, in the workflow's order."""
    return tuple(
        name for name, item in workflow.items.items() if code in (item.answers or {}).get(field, ())
    )
