"""The auditor's commands: what happened, and taking a typed value back for good."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from casetrack.cli import completion, render, values
from casetrack.cli.options import WHOLE, AsJson, CaseArgument, Phi, Yes
from casetrack.cli.session import interactive, session
from casetrack.errors import Refused


class Format(StrEnum):
    text = "text"
    json = "json"


OneCase = Annotated[
    str | None,
    typer.Argument(
        metavar="[CASE]", help="A reference, or the start of one.", autocompletion=completion.cases
    ),
]


def history(
    ctx: typer.Context,
    case: OneCase = None,
    patient: Annotated[str | None, typer.Option(help="Every case of a patient; @FILE.")] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="Only what was true by then.")
    ] = None,
    known_at: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="Only what was recorded by then.")
    ] = None,
    format_: Annotated[Format, typer.Option("--format")] = Format.text,
    phi: Phi = False,
    as_json: AsJson = False,
) -> None:
    """What happened, entry by entry, as true at one instant and as known at another."""
    from casetrack.reports.casefile import case_name
    from casetrack.reports.timeline import history_data, history_lines
    from casetrack.service.history import cases_of, entries

    if (case is None) == (patient is None):
        raise typer.BadParameter("give a CASE, or --patient")
    s = session(ctx)
    tracker = s.writing() if phi else s.reading()
    ids = cases_of(tracker, case, values.optional(patient))
    if not ids:
        raise Refused("no case of that patient")
    found = [entries(tracker, case_id, as_of, known_at, phi=phi) for case_id in ids]
    if phi:
        tracker.disclose("history", ids)
    names = {case_id: case_name(tracker.case(case_id)) for case_id in ids}
    if as_json or format_ is Format.json:
        render.data("history", history_data([x for _, kept in found for x in kept], names))
        return
    for case_id, (workflow, kept) in zip(ids, found, strict=True):
        render.lines([names[case_id]])
        render.lines(history_lines(kept, workflow.zone, phi=phi) or ["nothing by then"])


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
