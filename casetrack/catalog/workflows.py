"""Workflow files: every problem at once, or a frozen workflow with its canonical text."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path, PurePath

import msgspec

from casetrack.catalog import resources
from casetrack.catalog.lines import NOWHERE, Lines
from casetrack.catalog.problems import Problem, Problems
from casetrack.domain.calendar import Calendar
from casetrack.domain.naming import suggest
from casetrack.domain.workflow import Workflow
from casetrack.errors import BadDefinition, Corrupt, UnknownName

MAX_PROBLEMS = 200


def available() -> list[str]:
    """The ids of the shipped workflows, sorted."""
    return resources.workflow_ids()


@lru_cache
def load(id: str) -> Workflow:
    """The shipped workflow, read once."""
    known = available()
    if id not in known:
        hint = suggest(id, known) or f"; there are: {', '.join(known)}"
        raise UnknownName(f"no workflow has that id{hint}")
    where = f"states/{id}.toml"
    return parse(resources.parse_toml(resources.workflow_text(id), where), where)


def check_file(path: Path) -> Workflow:
    """The workflow in a file of one's own, named for its id."""
    from casetrack.catalog.shelf import Shelf

    return Shelf().check_workflow(path)


def parse(
    data: Mapping[str, object],
    where: str,
    lines: Lines = NOWHERE,
    found: Iterable[Problem] = (),
    calendars: Mapping[str, Calendar] | None = None,
) -> Workflow:
    """Raises BadDefinition with every problem, 200 at most, as ``where: line: key: problem``.

    ``where`` is the file's path; if it ends in ``.toml``, the id must be its name.
    ``found``: problems that were found before. ``calendars``: all that there are; where they are
    not given, they are the shipped ones and only asked for their names.
    """
    from casetrack.catalog.shapes import shape

    shaped = shape(data, Workflow)
    workflow = msgspec.convert(shaped.document, Workflow)
    broken = chain(_broken_rules(workflow, where, calendars), _whole(workflow, shaped.replaced))
    found = chain(found, shaped.problems, (p for p in broken if not shaped.touches(p.key)))
    problems = list(islice(found, MAX_PROBLEMS))
    if problems:
        raise unusable(where, problems, lines)
    return from_text(definition_text(workflow))


def definition_text(workflow: Workflow) -> str:
    """The resolved definition as canonical JSON: defaults present, keys sorted, no spaces."""
    return msgspec.json.encode(workflow, order="sorted").decode()


def digest(text: str) -> str:
    """The SHA-256 of a definition's text, in hex."""
    return sha256(text.encode()).hexdigest()


def from_text(text: str) -> Workflow:
    """The workflow of a stored definition; it was checked before it was stored."""
    try:
        return msgspec.json.decode(text, type=Workflow)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Corrupt("a stored workflow definition cannot be read") from error


def _broken_rules(
    workflow: Workflow, where: str, calendars: Mapping[str, Calendar] | None
) -> Problems:
    from casetrack.catalog.calendar_rules import calendars_suit
    from casetrack.catalog.rules import PARTS

    path = PurePath(where)
    if path.suffix == ".toml" and path.stem != workflow.id:
        yield Problem("id", "must be the file's name without .toml")
    yield from calendars_suit(workflow, calendars)
    for rule in PARTS:
        yield from rule(workflow)


def _whole(workflow: Workflow, replaced: tuple[str, ...]) -> Problems:
    """What is said of all moves together; not judged where states or moves were replaced."""
    from casetrack.catalog.rules import WHOLE

    if any(key.startswith("states") or ".moves" in key or key == "triggers" for key in replaced):
        return
    for rule in WHOLE:
        yield from rule(workflow)


def unusable(where: str, problems: list[Problem], lines: Lines = NOWHERE) -> BadDefinition:
    """Each problem with its line, where the file has one for it."""
    found = {str(problem): lines.words(problem.key) for problem in problems}
    reasons = [f"{where}: {line}{problem}" for problem, line in found.items()]
    count = "1 problem" if len(reasons) == 1 else f"{len(reasons)} problems"
    count += " or more" if len(problems) == MAX_PROBLEMS else ""
    return BadDefinition(f"{where}: the workflow has {count}", reasons)
