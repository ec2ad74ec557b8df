"""Which workflow is the right one: choose it by the patient's coverage, compare it with another."""

from typing import TYPE_CHECKING, Annotated

import click
import typer

from casetrack.cli import render
from casetrack.cli.admin import WorkflowId
from casetrack.cli.options import AsJson
from casetrack.cli.session import interactive, session
from casetrack.errors import Refused

if TYPE_CHECKING:
    from casetrack.catalog.coverage import Answer, Question


def choose(
    plan: Annotated[
        str | None,
        typer.Option(help="medicare-advantage, original-medicare, medicaid or commercial."),
    ] = None,
    funding: Annotated[str | None, typer.Option(help="insured or self-funded.")] = None,
    state: Annotated[
        str | None, typer.Option(help="Whose law regulates the policy: IL or other.")
    ] = None,
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
        render.lines(answer_lines(answer))


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
    from casetrack.domain.comparing import pairs
    from casetrack.reports import differences

    library = session(ctx).library
    left, right = library.workflow(a), library.workflow(b)
    found = pairs(left, right, library)
    if as_json:
        render.data("workflow-diff", differences.data(left, right, found))
    else:
        render.lines(differences.lines(left, right, found))
