"""Which workflow a new case opens under: the one named, its coverage's, or a default."""

from msgspec import Struct

from casetrack.catalog import coverage, workflows
from casetrack.domain.naming import suggest
from casetrack.errors import Refused, UnknownName
from casetrack.service.tracker import DEFAULT_WORKFLOW
from casetrack.service.typed import Pairs

COVERAGE = "coverage"


class Pick(Struct, frozen=True, kw_only=True):
    """The workflow and the values that are left; ``caveat`` where nobody chose."""

    workflow: str
    pairs: Pairs
    caveat: str = ""


def picked(named: str | None, pairs: Pairs, followed: str | None = None) -> Pick:
    """``followed``: the workflow of the case that it follows, which goes before the default.

    Raises ``Refused`` where no workflow is shipped for the coverage, or another was named.

    So it does where a value contradicts the coverage: those are another plan's rules.
    """
    kinds = [value for name, value in pairs if name == COVERAGE]
    rest = tuple(pair for pair in pairs if pair[0] != COVERAGE)
    if len(kinds) > 1:
        raise Refused(f"{COVERAGE} is given {len(kinds)} times; it may be given once")
    if not kinds:
        chosen = named or followed
        _refuse_near_miss(chosen or DEFAULT_WORKFLOW, rest)
        return Pick(workflow=chosen or DEFAULT_WORKFLOW, pairs=rest, caveat=_caveat(chosen))
    found = coverage.workflow_of(kinds[0])
    if named not in {None, found}:
        raise Refused(f"that coverage has the workflow {found}; leave --workflow out, or name it")
    answer = coverage.answer_of(kinds[0])
    name = coverage.contradicted(answer, dict(rest))
    if name is not None:
        raise Refused(
            f"{name}: {COVERAGE}={answer.coverage} is for {name}={answer.when[name]} alone; "
            f"'casetrack workflow choose' names the rules of the patient's own plan"
        )
    return Pick(workflow=found, pairs=rest)


def _refuse_near_miss(workflow: str, pairs: Pairs) -> None:
    """A misspelt coverage must not open a case by default, nor be told of fields alone."""
    near = [n for n, _ in pairs if len(n) <= len(COVERAGE) + 2 and suggest(n, [COVERAGE])]
    known = workflows.load(workflow).open_fields if near else ()
    for name in near:
        if name not in known and COVERAGE in (hint := suggest(name, (COVERAGE, *known))):
            raise UnknownName(f"no such field here{hint}")


def _caveat(named: str | None) -> str:
    if named is not None:
        return ""
    standing, _, _ = workflows.load(DEFAULT_WORKFLOW).standing.partition(":")
    return (
        f"opened by default under {DEFAULT_WORKFLOW}, {standing}; "
        f"'casetrack workflow choose' names the rules of the patient's own plan"
    )
