"""Options and arguments that many commands share."""

from typing import Annotated

import typer

from casetrack.cli import completion

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
Phi = Annotated[
    bool, typer.Option("--phi", help="Show typed values; that they were shown is recorded.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
CaseArgument = Annotated[
    str,
    typer.Argument(
        metavar="CASE", help="A reference, or the start of one.", autocompletion=completion.cases
    ),
]
Values = Annotated[
    list[str] | None,
    typer.Argument(metavar="[name=value ...]", help="Fields; name=@FILE reads the value."),
]
