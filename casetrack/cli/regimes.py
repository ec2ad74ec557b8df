"""Which workflow is the right one: choose it by the coverage, compare it, look at its diagram."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click
import typer

from casetrack.cli import completion, render
from casetrack.cli.admin import WorkflowId
from casetrack.cli.options import AsJson
from casetrack.cli.session import interactive, session
from casetrack.errors import Refused

if TYPE_CHECKING:
    from casetrack.catalog.coverage import Answer, Question


class Form(StrEnum):
    """What reads the diagram: a browser or a printer, Mermaid, or Graphviz and its like."""

    svg = "svg"
    mermaid = "mermaid"
    dot = "dot"


def choose(
    plan: Annotated[
        str | None,
        typer.Option(help="The kind of plan; asked for if left out."),
    ] = None,
    funding: Annotated[
        str | None, typer.Option(help="Who pays: an insurer, or the employer.")
    ] = None,
    state: Annotated[str | None, typer.Option(help="Whose law regulates the policy.")] = None,
    benefit: Annotated[str | None, typer.Option(help="medical or pharmacy.")] = None,
    as_json: AsJson = False,
) -> None:
    """Which workflow governs a patient's coverage, and why; asks for what it needs."""
    from casetrack.reports.choices import answer_data, answer_lines

    options = {"plan": plan, "funding": funding, "state": state, "benefit": benefit}
    given = {name: code for name, code in options.items() if code is not None}
    answer = _answered(given)
    if as_json:
        render.data("workflow-choose", {**answer_data(answer), "given": given})
    else:
        render.lines(answer_lines(answer, given))


def _answered(given: dict[str, str]) -> "Answer":
    """The answer; what it still depends on is asked at a terminal, and refused elsewhere."""
    from casetrack.catalog.coverage import Question, decide

    while isinstance(found := decide(given), Question):
        given[found.name] = _ask(found)
    return found


def _ask(question: "Question") -> str:
    codes = question.codes
    if not interactive():
        raise Refused(f"give --{question.name}: {question.asks} {' | '.join(codes)}")
    render.say(question.asks)
    for code, means in codes.items():
        render.say(f"  {code:<20} {means}")
    return str(typer.prompt(question.name, type=click.Choice(list(codes)), err=True))


def diff(ctx: typer.Context, a: WorkflowId, b: WorkflowId, as_json: AsJson = False) -> None:
    """Two workflows side by side, clock by clock, with the one that ends first."""
    from casetrack.domain.comparing import offices, pairs
    from casetrack.reports import differences

    shelf = session(ctx).shelf
    left, right = shelf.workflow(a), shelf.workflow(b)
    found = left, right, pairs(left, right, shelf), offices(left, right, shelf)
    if as_json:
        render.data("workflow-diff", differences.data(*found))
    else:
        render.lines(differences.lines(*found))


def diagram(
    ctx: typer.Context,
    id: WorkflowId,
    case: Annotated[
        str | None,
        typer.Option(
            metavar="CASE",
            help="With the path that this case took, and what runs.",
            autocompletion=completion.cases,
        ),
    ] = None,
    format_: Annotated[Form, typer.Option("--format", help="The diagram's form.")] = Form.svg,
    output: Annotated[
        Path | None, typer.Option(help="Write it to this file (0600) instead of printing it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The states, steps, guards and clocks of a workflow as a picture."""
    from casetrack.service import drawing
    from casetrack.service.files import write_private

    if case is None:
        made = drawing.drawn(session(ctx).shelf.workflow(id), format_)
    else:
        made = drawing.of_case(session(ctx).reading(), case, id, format_)
    if output is not None:
        write_private(output, made)
        render.say(f"written: {output}")
    if as_json:
        content = {"workflow": id, "case": case, "format": format_.value}
        render.data("workflow-diagram", {**content, "text": made if output is None else None})
    elif output is None:
        sys.stdout.write(made)
