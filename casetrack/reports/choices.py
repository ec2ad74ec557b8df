"""Which workflow governs a coverage, in words and as data."""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import to_builtins

from casetrack.catalog import workflows
from casetrack.catalog.coverage import Answer
from casetrack.reports.handbook_words import sourced
from casetrack.reports.lines import Line, labelled, toned
from casetrack.reports.sinks import terminal


def answer_data(answer: Answer) -> dict[str, Any]:
    """``workflow`` is null where none is shipped."""
    made: dict[str, Any] = to_builtins(answer)
    return made


def answer_lines(answer: Answer, given: Iterable[str] = ()) -> list[Line]:
    """The workflow or that there is none, with reasons; then what to type.

    ``given``: the names of what was said, of which some may not matter to the answer.
    """
    if answer.workflow is None:
        head = f"no workflow is shipped for {answer.title}"
    else:
        head = f"{answer.workflow}, for {answer.title}"
    pairs = (("because", answer.because), *_basis(answer), *_aside(answer, given), *_next(answer))
    texts = (text for label, said in pairs for text in labelled(label, terminal(said), indent=2))
    return [Line(terminal(head), "head"), *toned(list(texts))]


def _basis(answer: Answer) -> Iterator[tuple[str, str]]:
    yield "source", sourced(answer.source, answer.evidence)
    if answer.workflow is not None:
        yield "standing", workflows.load(answer.workflow).standing


def _aside(answer: Answer, given: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Said in vain; it may show that the kind of plan was mistaken."""
    unused = [name for name in given if name not in answer.when]
    if unused:
        yield "left aside", f"{', '.join(unused)}: no part in this; was the kind of plan right?"


def _next(answer: Answer) -> Iterator[tuple[str, str]]:
    if answer.workflow is None:
        yield "instead", "follow its own rules: any workflow shipped here would count wrong dates"
    else:
        yield "open with", f"casetrack open coverage={answer.coverage}"
        yield "read first", f"casetrack workflow show {answer.workflow}"
