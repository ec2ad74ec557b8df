"""The values of an entry: only those that belong there, each kept as the workflow says."""

from collections.abc import Iterator, Sequence

from casetrack.audit.expected import Before
from casetrack.audit.findings import Severity
from casetrack.domain import events as e
from casetrack.domain.amending import facts
from casetrack.domain.case import ENVELOPE
from casetrack.domain.workflow import Workflow

Judged = Iterator[tuple[Severity, str, str]]  # (severity, rule, detail)


def judged(before: Before, entry: e.Entry) -> Judged:
    """Names that have a place, clear ones clear and the others sealed, codes of the list."""
    clear = getattr(entry.data, "fields", {})
    sealed = [name for name in entry.sealed if name not in ENVELOPE]
    allowed, fields = _allowed(before, entry), before.workflow.fields
    if allowed is None:
        return
    for name in [*clear, *sealed]:
        if name not in allowed:
            yield "error", "field", f"{name} has no place in it"
        elif fields[name].clear != (name in clear):
            yield "error", "field", f"{name} is {'clear' if name in clear else 'sealed'} wrongly"
    for name, value in clear.items():
        if name in allowed and _unlisted(before.workflow, name, value):
            yield "error", "field", f"{name} is none of its codes"


def _allowed(before: Before, entry: e.Entry) -> Sequence[str] | None:
    """The fields that an entry may have; None where a trigger is unknown, which is found anyway."""
    workflow = before.workflow
    match entry.data:
        case e.CaseOpened():
            return workflow.open_fields
        case e.TransitionFired(trigger=name):
            return workflow.triggers[name].fields if name in workflow.triggers else None
        case e.EvidenceRecorded(item=name):
            return workflow.items[name].fields
        case e.NoteAdded():
            return workflow.note_fields
        case e.EntryCorrected(corrects=version):
            return facts(before.case, before.entries, version).fields
        case _:
            return ()


def _unlisted(workflow: Workflow, name: str, value: e.Typed) -> bool:
    codes = workflow.fields[name].values
    given = (value,) if isinstance(value, str) else value
    return bool(codes) and not set(given) <= set(codes)


def erased(before: Before, removed: Sequence[e.Target]) -> Judged:
    """What a redaction names was sealed, and is on file no longer."""
    known = {entry.version: entry for entry in before.entries}
    for target in removed:
        entry = known.get(target.version)
        if entry is None or target.name not in entry.sealed:
            yield "error", "redaction", f"version {target.version} has no {target.name} to erase"
        elif target.name in entry.disclosed:
            yield "error", "redaction", f"{target.name} of version {target.version} is still there"
