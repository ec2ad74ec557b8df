"""Cases that go over to another definition: a newer edition, or another workflow."""

from typing import TYPE_CHECKING, Annotated

import typer

from casetrack.cli import completion, render, values
from casetrack.cli.admin import WorkflowId
from casetrack.cli.options import AsJson
from casetrack.cli.session import interactive, session
from casetrack.errors import Findings, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casetrack.reports.adoptions import Gone
    from casetrack.service.tracker import Tracker

Renamings = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="OLD=NEW", help="What a state is called there; may repeat."),
]


def adopt(
    ctx: typer.Context,
    id: WorkflowId,
    cases: Annotated[
        list[str] | None,
        typer.Option(
            "--case", metavar="CASE", help="Which; may repeat.", autocompletion=completion.cases
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every open case of it that has an older edition.")
    ] = False,
    renamed: Renamings = None,
    reason: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Why; kept sealed. @FILE reads it.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what moves, write nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Cases go over to this workflow, or its newer edition: their deadlines are counted again."""
    from casetrack.service.adopting import adopt as go_over
    from casetrack.service.typed import Adopting

    if bool(cases) == every:
        raise typer.BadParameter("give --case CASE, once for each, or --all")
    states = [_renaming(text) for text in renamed or ()]
    typed = Adopting(workflow=id, states=states, reason=values.optional(reason))
    s = session(ctx)
    tracker = s.reading() if dry_run else s.writing()
    chosen = _chosen(tracker, id, cases or (), exact=not (dry_run or interactive()))
    left = _left(tracker, id) if every else {}
    found = go_over(tracker, chosen, typed, dry_run=dry_run)
    for case, edition in left.items():
        render.say(f"left alone: {case}: its edition {edition} comes after; --case takes it over")
    _tell(tracker, id, found, dry_run, as_json)


def _renaming(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise typer.BadParameter("--map is OLD=NEW: a state, and what it is called there")
    return old, new


def _chosen(
    tracker: "Tracker", id: str, cases: "Sequence[str]", *, exact: bool
) -> "tuple[str, ...]":
    """The cases named, each once; where none is, those with an older edition."""
    from casetrack.service.adopting import older

    workflow, digest, _ = tracker.desk.definitions.named(id)
    if cases:
        return tuple(dict.fromkeys(tracker.resolve(case, exact=exact) for case in cases))
    return older(tracker, workflow, digest)


def _left(tracker: "Tracker", id: str) -> "dict[str, str]":
    from casetrack.service.adopting import newer

    workflow, digest, _ = tracker.desk.definitions.named(id)
    return newer(tracker, workflow, digest)


def _tell(
    tracker: "Tracker", id: str, found: "Sequence[Gone]", dry_run: bool, as_json: bool
) -> None:
    from casetrack.reports.adoptions import adoption_lines, counts, gone_data

    workflow, digest, _ = tracker.desk.definitions.named(id)
    refused = [gone for gone in found if gone.status == "refused"]
    if found and len(refused) == len(found):
        reasons = [f"{gone.case}: {reason}" for gone in found for reason in gone.reasons]
        raise Refused(f"{workflow.id} was adopted by no case; nothing was recorded", reasons)
    if as_json:
        about = {"workflow": workflow.id, "definition": digest, "edition": workflow.edition}
        items = [gone_data(gone) for gone in found]
        told = {**about, "dry_run": dry_run, "items": items, "counts": counts(found)}
        render.data("workflow-adopt", told)
    elif found:
        render.lines(adoption_lines(found))
    else:
        render.lines(
            [f"no open case of {workflow.id} has an older edition than {workflow.edition}"]
        )
    if refused:
        raise typer.Exit(Findings.exit_code)
