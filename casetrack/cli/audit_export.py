"""What leaves for an auditor, and what an auditor looks for: ``audit export``, ``audit files``."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casetrack.cli import completion, render, values
from casetrack.cli.options import AsJson, Phi
from casetrack.cli.session import session
from casetrack.errors import Findings, Refused

if TYPE_CHECKING:
    from casetrack.service.evidence_files import Looked
    from casetrack.service.handing import Handed
    from casetrack.service.tracker import Tracker


class Form(StrEnum):
    jsonl = "jsonl"
    xes = "xes"
    bundle = "bundle"


def export(
    ctx: typer.Context,
    cases: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CASE ...]", help="Only these.", autocompletion=completion.cases),
    ] = None,
    *,
    patient: Annotated[str | None, typer.Option(help="Every case of a patient; @FILE.")] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="Only what was true by then.")
    ] = None,
    known_at: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="Only what was recorded by then.")
    ] = None,
    purpose: Annotated[str, typer.Option(help="What for; recorded, sealed. @FILE.")],
    format_: Annotated[Form, typer.Option("--format", help="Bodies, an event log, or all.")],
    output: Annotated[Path, typer.Option(metavar="PATH", help="Where to (0600).")],
    phi: Annotated[bool, typer.Option("--phi", help="With what people typed.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Evidence for an auditor, to be checked without casetrack; that it left is recorded."""
    from casetrack.service.files import private_bytes
    from casetrack.service.handing import Request, hand

    if cases and patient is not None:
        raise typer.BadParameter("give cases or --patient, not both")
    if not purpose:
        raise typer.BadParameter("--purpose is needed: what is it for?")
    tracker = session(ctx).writing()
    request = Request(
        form=format_.value, purpose=values.typed(purpose, "purpose"),
        cases=_chosen(tracker, cases, values.optional(patient)),
        as_of=as_of, known_at=known_at, phi=phi,
    )  # fmt: skip
    with private_bytes(output, force=force) as stream:
        done = hand(tracker, request, stream)
    _told(done, format_, output, as_json)


def _chosen(tracker: "Tracker", cases: list[str] | None, patient: str | None) -> tuple[str, ...]:
    from casetrack.service.history import cases_of

    if patient is None:
        return tuple(sorted({tracker.resolve(case) for case in cases or ()}))
    found = cases_of(tracker, None, patient)
    if not found:
        raise Refused("no case of that patient")
    return found


def _told(done: "Handed", form: Form, output: Path, as_json: bool) -> None:
    if as_json:
        content: dict[str, object] = {
            "format": form.value, "file": str(output), "cases": done.cases,
            "entries": done.entries,
        }  # fmt: skip
        if done.sealed is not None:
            content |= {"sealed": done.sealed, "unsealed": done.unsealed}
        render.data("audit-export", content)
        return
    from casetrack.reports.words import count

    unsealed = f", {done.unsealed} of them not sealed yet" if done.unsealed else ""
    entries = "1 entry" if done.entries == 1 else f"{done.entries} entries"
    what = f"{entries} of {count(done.cases, 'case')}"
    render.lines([f"{what} written to {output}{unsealed}"])


def files(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to look, all through.")],
    phi: Phi = False,
    as_json: AsJson = False,
) -> None:
    """Recorded evidence files, found again in a folder by size and SHA-256; exit 3 if any is not.

    The names in the folder are shown as they are; the recorded ones with --phi.
    """
    from casetrack.service.evidence_files import AMISS, look

    s = session(ctx)
    tracker = s.writing() if phi else s.reading()
    found, unreadable = look(tracker, folder)
    if phi and found:
        tracker.disclose("audit files", sorted({looked.file.case_id for looked in found}))
    if as_json:
        _data(tracker, found, unreadable, phi)
    else:
        _lines(tracker, found, unreadable, phi)
    if any(looked.status in AMISS for looked in found):
        raise typer.Exit(Findings.exit_code)


def _data(tracker: "Tracker", found: "list[Looked]", unreadable: list[str], phi: bool) -> None:
    from casetrack.service.evidence_files import counts

    names = _names(tracker, found)
    items = [
        {"case": names[x.file.case_id], "version": x.file.version, "item": x.file.item,
         "status": x.status, "paths": list(x.paths), **({"name": x.file.name} if phi else {})}
        for x in found
    ]  # fmt: skip
    content = {"files": items, "counts": counts(found), "unreadable": unreadable}
    render.data("audit-files", content)


_WORDS = {
    "found": "found",
    "renamed": "found under another name",
    "changed": "not found; a file of that name has another content",
    "missing": "not found",
    "redacted": "redacted, so not looked for",
}


def _lines(tracker: "Tracker", found: "list[Looked]", unreadable: list[str], phi: bool) -> None:
    from casetrack.reports.words import count

    names = _names(tracker, found)
    for x in found:
        named = f" {x.file.name}" if phi and x.file.name else ""
        head = f"{names[x.file.case_id]} version {x.file.version}, {x.file.item}{named}"
        render.lines([f"{head}: {_WORDS[x.status]}", *(f"  {path}" for path in x.paths)])
    for path in unreadable:
        render.say(f"can't be read: {path}")
    amiss = sum(x.status in {"changed", "missing"} for x in found)
    render.lines([f"{count(len(found), 'recorded file')}, {amiss} not found"])


def _names(tracker: "Tracker", found: "list[Looked]") -> dict[str, str]:
    from casetrack.reports.casefile import case_name

    return {case: case_name(tracker.case(case)) for case in {x.file.case_id for x in found}}
