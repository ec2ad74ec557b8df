"""Proving the whole ledger, and folding its cases again."""

import re
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casetrack.cli import completion, render
from casetrack.cli.options import AsJson, Cluster, Jobs
from casetrack.cli.progress import progress
from casetrack.cli.session import Session, session
from casetrack.errors import Corrupt, Refused, Undelivered, Unparsable

if TYPE_CHECKING:
    from casetrack.audit.heads import Outside

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_MOST_BYTES = 64 * 2**20


def verify(
    ctx: typer.Context,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A report or checkpoint kept elsewhere; with --key."),
    ] = None,
    key: Annotated[
        str | None, typer.Option(metavar="FINGERPRINT", help="Of the key that it is trusted by.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Only the entries' digests and their chain.")
    ] = False,
    jobs: Jobs = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> None:
    """Prove every stored byte against the entries' hashes; exit 5 on any problem."""
    from casetrack.audit import verdict as told
    from casetrack.service import ranges, verifying
    from casetrack.service.crew import at_work

    s = session(ctx)
    given = _given(checkpoint, key)
    if quick and given:
        raise Unparsable("--quick looks at no checkpoint; leave one of them out")
    outside = [one for one in (given, None if quick else _kept(s)) if one]
    bar = progress("verifying", lambda: verifying.count(s.db))
    with at_work(jobs, cluster) as executor, bar as tick:
        found = verifying.verify(
            s.db, outside, quick=quick, tick=tick or ranges.unwatched, executor=executor
        )
    if as_json:
        render.data("audit-verify", told.data(found))
    else:
        render.lines(told.lines(found))
    if not found.ok:
        raise typer.Exit(Corrupt.exit_code)


def _given(checkpoint: Path | None, key: str | None) -> "Outside | None":
    if checkpoint is None and key is None:
        return None
    if checkpoint is None or key is None:
        raise Unparsable("a checkpoint is trusted by a key: give --checkpoint and --key together")
    if not _FINGERPRINT.fullmatch(key):
        raise Unparsable("--key is a fingerprint: 64 digits and letters a to f")
    from casetrack.audit import notes
    from casetrack.audit.heads import Outside

    note = notes.within(_text(checkpoint))
    return Outside(name="the checkpoint given", note=note, fingerprint=key)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8-sig")
    except OSError as error:
        reason = (error.strerror or "no reason given").lower()
        raise Refused(f"{path} can't be read: {reason}") from None
    except UnicodeDecodeError:
        raise Refused(f"{path} is no text, and a checkpoint is") from None


def _kept(s: Session) -> "Outside | None":
    from casetrack.service.operating import load_seal
    from casetrack.service.verifying import kept

    try:
        return kept(s.db, load_seal(s.config))
    except Undelivered as error:
        render.say(f"{error.message}; the last checkpoint signed here was not looked at")
        return None


def replay(
    ctx: typer.Context,
    cases: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CASE ...]", help="References, or their starts.",
            autocompletion=completion.cases,
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every case.")] = False,
    jobs: Jobs = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Fold cases again and compare them with the views; exit 5 where they differ."""
    from casetrack.service import ranges, replaying, verifying
    from casetrack.service.crew import at_work

    if everything == bool(cases):
        raise typer.BadParameter("give a CASE, or --all")
    if not everything and (jobs is not None or cluster is not None):
        raise typer.BadParameter("work is shared with --all only; leave --jobs and --cluster out")
    s = session(ctx)
    ids = None if everything else _resolved(s, cases or [])
    watched = progress("replaying", lambda: verifying.count(s.db))
    bar = watched if everything else nullcontext()
    with at_work(jobs, cluster) as executor, bar as tick:
        found = replaying.replay(s.db, ids, tick=tick or ranges.unwatched, executor=executor)
    if as_json:
        render.data("replay", replaying.data(found))
    else:
        render.lines(replaying.lines(found))
    if found.differing:
        raise typer.Exit(Corrupt.exit_code)


def _resolved(s: Session, cases: list[str]) -> list[str]:
    tracker = s.reading()
    try:
        return [tracker.resolve(case) for case in cases]
    finally:
        tracker.ledger.close()
