"""Which workflow a new case opens under: the one named, its coverage's, or the default."""

from msgspec import Struct

from casetrack.catalog import coverage, workflows
from casetrack.errors import Refused
from casetrack.service.tracker import DEFAULT_WORKFLOW
from casetrack.service.typed import Pairs

COVERAGE = "coverage"


class Pick(Struct, frozen=True, kw_only=True):
    """The workflow and the values that are left; ``caveat`` where nobody chose."""

    workflow: str
    pairs: Pairs
    caveat: str = ""


def picked(named: str | None, pairs: Pairs) -> Pick:
    """Raises ``Refused`` where no workflow is shipped for the coverage, or another was named."""
    kinds = [value for name, value in pairs if name == COVERAGE]
    rest = tuple(pair for pair in pairs if pair[0] != COVERAGE)
    if len(kinds) > 1:
        raise Refused(f"{COVERAGE} is given {len(kinds)} times; it may be given once")
    if not kinds:
        return Pick(workflow=named or DEFAULT_WORKFLOW, pairs=rest, caveat=_caveat(named))
    found = coverage.workflow_of(kinds[0])
    if named not in {None, found}:
        raise Refused(f"that coverage has the workflow {found}; leave --workflow out, or name it")
    return Pick(workflow=found, pairs=rest)


def _caveat(named: str | None) -> str:
    if named is not None:
        return ""
    standing, _, _ = workflows.load(DEFAULT_WORKFLOW).standing.partition(":")
    return (
        f"opened by default under {DEFAULT_WORKFLOW}, {standing}; "
        f"'casetrack workflow choose' names the rules of the patient's own plan"
    )
