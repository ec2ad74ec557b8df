"""Options and arguments that many commands share."""

from enum import StrEnum
from typing import Annotated

import click
import typer

from casetrack.cli import completion
from casetrack.errors import Unparsable


class Whole(click.ParamType[int]):
    """A whole number in ASCII digits; Python's own reading takes more than that."""

    name = "a whole number"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        text = str(value)
        if not (text.isascii() and text.isdecimal() and len(text) <= 9):
            self.fail("not a whole number", param, ctx)
        return int(text)


WHOLE = Whole()


class Owner(StrEnum):
    """Whose move it is."""

    provider = "provider"
    payer = "payer"
    reviewer = "reviewer"


def no_secret(url: str) -> None:
    """Every process of the machine can read a command line."""
    from casetrack.ledger.place import has_password

    if has_password(url):
        raise Unparsable(
            "a password on the command line can be read by others; give the URL without it and the"
            " password by PGPASSFILE, or the whole URL in CASETRACK_DB or the config file"
        )


AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
Phi = Annotated[
    bool, typer.Option("--phi", help="Show typed values; that they were shown is recorded.")
]
Assignee = Annotated[
    str | None, typer.Option(metavar="NAME|me|none", help="Only this person's cases.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", metavar="N", click_type=WHOLE, help="Share the work among N processes."),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster", metavar="ADDRESS", help="Or among a Dask cluster's: tcp://HOST:PORT."
    ),
]
On = Annotated[
    str | None,
    typer.Option("--on", metavar="DATE", help="The day it happened: 2026-11-24, today, -3d, -2bd."),
]
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
