"""Opening a case, alone or as one that follows another."""

from typing import TYPE_CHECKING, Annotated

import typer

from casetrack.cli import completion, receipt, render, values
from casetrack.cli.options import AsJson, On, Values
from casetrack.cli.session import interactive, session

if TYPE_CHECKING:
    from casetrack.service.following import Followed
    from casetrack.service.tracker import Tracker
    from casetrack.service.typed import Opening

Patient = Annotated[
    str | None, typer.Option(help="Who it is for; kept sealed. @FILE or @- reads it.")
]
Reference = Annotated[str, typer.Option(help="The case's reference; no name and no record number.")]
WorkflowOption = Annotated[
    str | None,
    typer.Option(
        help="Which workflow governs it; of one that follows, that case's.",
        autocompletion=completion.workflows,
    ),
]
Follows = Annotated[
    str | None,
    typer.Option(
        metavar="CASE",
        help="Take over what still holds of another case.",
        autocompletion=completion.cases,
    ),
]


def open_(
    ctx: typer.Context,
    given: Values = None,
    patient: Patient = None,
    ref: Reference = "",
    workflow: WorkflowOption = None,
    on: On = None,
    follows: Follows = None,
    as_json: AsJson = False,
) -> None:
    """Open a case in its workflow's initial state; coverage=KIND picks the workflow."""
    from casetrack.reports.casefile import case_name
    from casetrack.service.choosing import picked
    from casetrack.service.typed import Opening, When

    pairs, who = values.pairs(given), values.optional(patient)
    with session(ctx).beginning() as tracker:
        before = follows and tracker.resolve(follows, exact=not interactive())
        pick = picked(workflow, pairs, tracker.case(before).workflow if before else None)
        opening = Opening(
            workflow=pick.workflow, reference=ref, when=When(on=on), patient=who, pairs=pick.pairs
        )
        found = _opened(tracker, opening, before)
        warnings = receipt.warnings([found.written], tracker)
    if as_json:
        about = {"taken": list(found.taken), "left": dict(found.left)} if follows else {}
        warned = {"warnings": receipt.told(warnings)}
        render.data("open", {**receipt.base(found.written), **about, **warned})
    else:
        render.lines([case_name(found.written.case)])
        receipt.warn(warnings)
    for name, why in found.left.items():
        render.say(f"not taken over: {name}: {why}")
    if pick.caveat:
        render.say(pick.caveat)


def _opened(tracker: "Tracker", opening: "Opening", before: str | None) -> "Followed":
    from casetrack.service.following import Followed, follow

    if before is None:
        return Followed(written=tracker.open(opening))
    return follow(tracker, opening, before)
