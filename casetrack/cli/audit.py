"""Taking a typed value back for good, and the group of the auditor's commands."""

import sys
from typing import Annotated

import typer

from casetrack.cli import render, values
from casetrack.cli.options import WHOLE, AsJson, CaseArgument, Yes
from casetrack.cli.session import interactive, session
from casetrack.errors import Refused

audit = typer.Typer(help="Proofs and checks of the ledger, for who does not take our word.",
                    no_args_is_help=True, rich_markup_mode=None)  # fmt: skip


def redact(
    ctx: typer.Context,
    case: CaseArgument,
    name: Annotated[
        str | None, typer.Argument(help="Which value: a field's name, patient ...")
    ] = None,
    entry: Annotated[
        int | None,
        typer.Option(metavar="VERSION", click_type=WHOLE, help="Every value of one entry."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every value of the case.")] = False,
    reason: Annotated[str, typer.Option(help="Why; must not repeat the value. @FILE.")] = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Erase typed values for good; the entries and their hashes stay, and an entry says so."""
    from casetrack.reports.casefile import case_name
    from casetrack.reports.words import count
    from casetrack.service.redaction import targets

    if sum((name is not None, entry is not None, everything)) != 1:
        raise typer.BadParameter("give one of NAME, --entry VERSION, --all")
    if not reason:
        raise typer.BadParameter("--reason is needed")
    tracker = session(ctx).writing()
    case_id = tracker.resolve(case, exact=not interactive())
    chosen = targets(tracker, case_id, name, entry)
    _confirm(len(chosen), yes)
    written = tracker.redact(case_id, chosen, values.typed(reason))
    if as_json:
        removed = [{"version": t.version, "name": t.name} for t in chosen]
        base = {"case": case_name(written.case), "version": written.version,
                "state": written.case.state, "digest": written.digest}  # fmt: skip
        render.data("redact", {**base, "removed": removed})
    else:
        what = count(len(chosen), "value")
        render.lines([f"{what} erased for good; version {written.version} says so"])


def _confirm(count: int, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused(f"{count} values would be erased for good; say --yes")
    typer.confirm(f"Erase {count} values for good?", abort=True, err=True)
