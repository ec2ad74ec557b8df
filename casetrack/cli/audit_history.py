"""What happened: one case or all of a patient's, at a point in two times, or between two points."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casetrack.cli import completion, render, values
from casetrack.cli.options import AsJson, Phi
from casetrack.cli.session import session
from casetrack.errors import Refused

if TYPE_CHECKING:
    from casetrack.reports.past import Told
    from casetrack.service.history import Instants
    from casetrack.service.tracker import Tracker


class Format(StrEnum):
    text = "text"
    json = "json"
    html = "html"


MaybeCase = Annotated[
    str | None,
    typer.Argument(
        metavar="CASE", help="A reference, or the start of one.", autocompletion=completion.cases
    ),
]
Patient = Annotated[str | None, typer.Option(help="Every case of a patient; @FILE.")]
AsOf = Annotated[
    str | None, typer.Option(metavar="INSTANT", help="What was true by then, as corrected since.")
]
KnownAt = Annotated[
    str | None, typer.Option(metavar="INSTANT", help="Only what was recorded by then.")
]
Diff = Annotated[
    tuple[str, str] | None,
    typer.Option(
        metavar="A B",
        help="What changed from A to B: INSTANT, as-of:INSTANT or known-at:INSTANT each.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(help="Write it to this file (0600); pages of more cases to a folder."),
]


def history(
    ctx: typer.Context,
    case: MaybeCase = None,
    patient: Patient = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    diff: Diff = None,
    format_: Annotated[Format, typer.Option("--format", help="The report's form.")] = Format.text,
    output: Output = None,
    phi: Phi = False,
    as_json: AsJson = False,
) -> None:
    """What happened and how things stood, as true at one instant and as known at another."""
    from casetrack.service.history import Instants, cases_of

    form = Format.json if as_json else format_
    if (case is None) == (patient is None):
        raise typer.BadParameter("give a CASE, or --patient")
    if diff and form is Format.html:
        raise typer.BadParameter("--diff is told as text or json")
    s = session(ctx)
    tracker = s.writing() if phi else s.reading()
    ids = cases_of(tracker, case, values.optional(patient))
    if not ids:
        raise Refused("no case of that patient")
    asked = Instants(as_of=as_of, known_at=known_at)
    if diff:
        _told_apart(tracker, ids, diff, asked, form, output, phi=phi)
    else:
        _told(tracker, ids, asked, form, output, phi=phi)


def _told(
    tracker: "Tracker", ids: Sequence[str], asked: "Instants", form: Format, output: Path | None,
    *, phi: bool,
) -> None:  # fmt: skip
    from casetrack.service.history import told

    found = told(tracker, ids, asked, phi=phi)
    if form is Format.html and len(found) > 1 and not (output and output.is_dir()):
        raise Refused("a page holds one case; give --output a folder that is there, for one each")
    if phi:
        tracker.disclose("history", [one.case.id for one in found])
    if form is Format.html:
        _pages(found, output)
    elif form is Format.json:
        _deliver(_json("history", _data(found)), output)
    else:
        _print([line for one in found for line in _lines(one)], output)


def _told_apart(
    tracker: "Tracker", ids: Sequence[str], diff: tuple[str, str], asked: "Instants",
    form: Format, output: Path | None, *, phi: bool,
) -> None:  # fmt: skip
    from casetrack.reports import difference
    from casetrack.service.comparing import compared, sides

    pairs = compared(tracker, ids, sides(*diff, asked), phi=phi)
    if phi:
        tracker.disclose("history", [second.case.id for _, second in pairs])
    if form is Format.json:
        items = [difference.difference(*pair) for pair in pairs]
        _deliver(_json("history-diff", {"items": items}), output)
    else:
        _print([line for pair in pairs for line in difference.lines(*pair)], output)


def _data(found: Sequence["Told"]) -> dict[str, Any]:
    from casetrack.reports.past import past_data
    from casetrack.reports.timeline import history_data

    entries = [entry for one in found for entry in one.picture.entries]
    names = {one.case.id: one.name for one in found}
    return {**history_data(entries, names), "cases": [past_data(one) for one in found]}


def _lines(told: "Told") -> "list[str | render.Toned]":
    from casetrack.reports.past import past_lines
    from casetrack.reports.timeline import history_lines

    entries = history_lines(told.picture.entries, told.workflow, phi=told.phi)
    return [told.name, *entries, *past_lines(told)]


def _pages(found: Sequence["Told"], output: Path | None) -> None:
    from casetrack.reports import story

    for one in found:
        path = output / f"{one.name}.html" if output and output.is_dir() else output
        _deliver(story.render(one), path)


def _json(name: str, content: dict[str, Any]) -> str:
    import json

    made = {"schema": f"casetrack.{name}/1", **content}
    return json.dumps(made, ensure_ascii=False, default=str) + "\n"


def _print(lines: "Sequence[str | render.Toned]", output: Path | None) -> None:
    """Text, safe for a terminal also where it goes to a file."""
    if output is None:
        render.lines(lines)
        return
    from casetrack.reports.sinks import terminal

    text = [terminal(line) if isinstance(line, str) else line.text for line in lines]
    _deliver("".join(f"{line}\n" for line in text), output)


def _deliver(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
        return
    from casetrack.service.files import write_private

    write_private(output, text)
    render.say(f"written: {output}")
