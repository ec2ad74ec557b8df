"""The JSON Schemas of workflow and calendar files, for editors that complete and check them."""

from typing import TYPE_CHECKING, Annotated

import typer

from casetrack.cli import render

if TYPE_CHECKING:
    from casetrack.catalog.schemas import Kind

OnlyPath = Annotated[
    bool, typer.Option("--path", help="Only where the file is, to point an editor at.")
]


def workflow(path: OnlyPath = False) -> None:
    """The JSON Schema of a workflow file."""
    _tell("workflow", only_path=path)


def calendar(path: OnlyPath = False) -> None:
    """The JSON Schema of a calendar file."""
    _tell("calendar", only_path=path)


def _tell(kind: "Kind", *, only_path: bool) -> None:
    from casetrack.catalog import schemas

    file = schemas.path(kind)
    render.lines([str(file)] if only_path else file.read_text(encoding="utf-8").splitlines())
