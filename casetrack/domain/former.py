"""A workflow beside those that a case has left: what is still on record from them stays readable.

Their clocks arm and end nothing any more, and their fields have no place but where they stand.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from casetrack.domain import events as e
from casetrack.domain.workflow import Clock, Field, Workflow


def with_former(workflow: Workflow, left: Iterable[Workflow]) -> Workflow:
    """The workflow, and what others had that it has not.

    A field is clear only where each of them has it clear: what one has sealed none shows.
    """
    fields, clocks = dict(workflow.fields), dict(workflow.clocks)
    for before in left:
        for name, field in before.fields.items():
            fields[name] = _sealed_by_either(fields.get(name, field), field)
        for name, clock in before.clocks.items():
            clocks.setdefault(name, _at_rest(clock))
    return replace(workflow, fields=fields, clocks=clocks)


def _sealed_by_either(field: Field, other: Field) -> Field:
    return field if other.clear or not field.clear else replace(field, clear=False)


def _at_rest(clock: Clock) -> Clock:
    return replace(clock, armed_by=(), alive_in=(), also_alive={}, ended_by=(), proven_by=())


def followed(entries: Sequence[e.Entry], version: int) -> str:
    """The digest of the definition under which the entry of that version was recorded."""
    found = ""
    for entry in entries[:version]:
        match entry.data:
            case e.CaseOpened(definition=digest):
                found = digest
            case e.WorkflowAdopted(definition=digest) if entry.version < version:
                found = digest
            case _:
                pass
    return found
