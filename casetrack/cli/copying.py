"""``db copy``: a whole ledger moved between files and servers."""

from typing import TYPE_CHECKING, Annotated

import typer

from casetrack.cli import render
from casetrack.cli.options import AsJson, no_secret
from casetrack.cli.progress import progress
from casetrack.cli.session import Session, session
from casetrack.errors import Undelivered

if TYPE_CHECKING:
    from casetrack.audit.heads import Outside


def copy(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="FROM", help="A path or URL, as for --db.")],
    target: Annotated[
        str, typer.Argument(metavar="TO", help="Likewise; a new file, or an empty database.")
    ],
    as_json: AsJson = False,
) -> None:
    """A whole ledger in another database, byte for byte and proven; FROM notes that it left.

    What FROM holds as the run begins is copied; later entries stay in FROM alone, so stop its
    writers first. A run that was cut off goes on when it is run again, and takes what came since.
    Nothing else opens a copy until it is whole.
    """
    from casetrack.audit import verdict as told
    from casetrack.service import copying, verifying
    from casetrack.service.ranges import unwatched
    from casetrack.service.setup import location

    for url in (source, target):
        no_secret(url)
    s = session(ctx)
    tracker = s.unattended(db=source)
    with progress("copying and proving", lambda: 2 * verifying.count(source)) as tick:
        found = copying.copy(tracker, source, target, _kept(s, source), tick or unwatched)
    render.say(
        "both hold the same ledger now: work on in one of them alone, for entries made in both"
        " can't be joined again"
    )
    names = {"from": location(source), "to": location(target)}
    if as_json:
        content = {"ledger": tracker.ledger.id, "practice": tracker.ledger.practice}
        render.data("db-copy", {**names, **content, **told.data(found)})
    else:
        render.lines([f"copied to {names['to']}", *told.lines(found)])


def _kept(s: Session, source: str) -> "list[Outside]":
    from casetrack.service.operating import load_seal
    from casetrack.service.verifying import kept

    try:
        found = kept(source, load_seal(s.config))
    except Undelivered as error:
        render.say(f"{error.message}; the last checkpoint signed here was not looked at")
        return []
    return [found] if found else []
