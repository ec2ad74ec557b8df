"""The cover sheet of a packet: what a step asks for, what is on file, and what is missing."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casetrack.cli import completion, render
from casetrack.cli.options import AsJson, CaseArgument, Phi
from casetrack.cli.session import session

if TYPE_CHECKING:
    from casetrack.reports.cover import Cover


class Format(StrEnum):
    text = "text"
    md = "md"
    html = "html"
    json = "json"


def packet(
    ctx: typer.Context,
    case: CaseArgument,
    trigger: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="TRIGGER",
            help="The step; the next one that asks for a packet unless said.",
            autocompletion=completion.triggers,
        ),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="The sheet's form.")] = Format.text,
    output: Annotated[
        Path | None, typer.Option(help="Write it to this file (0600) instead of printing it.")
    ] = None,
    phi: Phi = False,
    as_json: AsJson = False,
) -> None:
    """The cover sheet of a request or an appeal: what is missing first, then what is on file."""
    from casetrack.service.covering import covered

    s = session(ctx)
    cover = covered(s.writing() if phi else s.reading(), case, trigger, phi=phi)
    form = Format.json if as_json else format_
    if output is not None:
        from casetrack.service.files import write_private

        write_private(output, _text(cover, form))
        render.say(f"written: {output}")
    elif form is Format.text:
        from casetrack.reports import cover_text

        render.lines(cover_text.render(cover))
    else:
        sys.stdout.write(_text(cover, form))


def _text(cover: "Cover", form: Format) -> str:
    import json

    from casetrack.reports import cover_data, cover_markdown, cover_page, cover_text

    match form:
        case Format.text:
            return "".join(f"{line.text}\n" for line in cover_text.render(cover))
        case Format.md:
            return cover_markdown.render(cover)
        case Format.html:
            return cover_page.render(cover)
        case Format.json:
            made = {"schema": "casetrack.packet/1", **cover_data.data(cover)}
            return json.dumps(made, ensure_ascii=False) + "\n"
