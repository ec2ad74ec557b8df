"""Cases in and out: import and export of CSV, and a practice ledger's invented cases."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casetrack.cli import completion, render
from casetrack.cli.options import AsJson
from casetrack.cli.session import session
from casetrack.errors import RejectedRows

if TYPE_CHECKING:
    from casetrack.service.exporting import Exported
    from casetrack.service.importing import Outcome
    from casetrack.service.tracker import Tracker


def import_(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE.csv|-", help="A row for each action.")],
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Import the good cases; exits 3 if any is not.")
    ] = False,
    rejected: Annotated[
        Path | None,
        typer.Option(help="Where rejected rows go, with why; FILE.rejected.csv unless said."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check it, write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Cases from a CSV: a case whole or not at all, the file in one transaction unless said."""
    from casetrack.service.importing import Mode, import_sheet
    from casetrack.service.rejects import beside
    from casetrack.service.rows import opened

    if rejected is not None and not keep_going:
        raise typer.BadParameter("--rejected goes with --keep-going")
    target = (rejected or beside(file)) if keep_going and not dry_run else None
    mode = Mode(keep_going=keep_going, dry_run=dry_run, rejected=target)
    s = session(ctx)
    with (
        opened(file) as sheet,
        nullcontext(s.reading()) if dry_run else s.beginning() as tracker,
        _progress(sheet.rows) as advance,
    ):
        outcome = import_sheet(tracker, sheet, mode, advance)
    _imported(outcome, as_json, target)


@contextmanager
def _progress(rows: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, and nothing anywhere else."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with typer.progressbar(length=rows, label="rows", file=sys.stderr) as bar:
        yield bar.update


def _imported(outcome: "Outcome", as_json: bool, target: Path | None) -> None:
    content = {
        "rows": outcome.rows,
        "cases": outcome.cases - outcome.rejected,
        "rejected": outcome.rejected,
        "dry_run": outcome.dry_run,
    }
    done = "would be imported; nothing was written" if outcome.dry_run else "imported"
    if as_json:
        render.data("import", content)
    else:
        render.lines([f"{content['cases']} of {outcome.cases} cases ({outcome.rows} rows) {done}"])
    if outcome.rejected:
        where = f"; their rows are in {target}" if target else ""
        raise RejectedRows(f"{outcome.rejected} cases are rejected{where}", outcome.reasons)


def export(
    ctx: typer.Context,
    cases: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CASE ...]", help="Only these.", autocompletion=completion.cases),
    ] = None,
    output: Annotated[str, typer.Option(metavar="FILE.csv|-", help="Where to (0600).")] = "-",
    purpose: Annotated[str | None, typer.Option(help="What for; recorded, sealed.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Every case as a CSV that import reads; holds patient data, and that it left is recorded."""
    from casetrack.service.files import private_stream

    if as_json and output == "-":
        raise typer.BadParameter("--json goes with --output FILE.csv")
    tracker = session(ctx).writing()
    ids = sorted({tracker.resolve(case) for case in cases or ()})
    if output == "-":
        _to_stdout(tracker, ids, purpose)
        return
    from casetrack.service.exporting import export as write

    with private_stream(Path(output), force=force) as stream:
        done = write(tracker, stream, ids, purpose)
    _exported(done, output, as_json)


def _to_stdout(tracker: "Tracker", ids: list[str], purpose: str | None) -> None:
    from casetrack.service.exporting import export as write

    sys.stdout.flush()
    write(tracker, _Utf8(), ids, purpose)
    sys.stdout.buffer.flush()


class _Utf8:
    """Standard output in UTF-8, whatever the terminal's encoding."""

    def write(self, text: str) -> None:
        sys.stdout.buffer.write(text.encode())


def _exported(done: "Exported", output: str, as_json: bool) -> None:
    if as_json:
        render.data("export", {"rows": done.rows, "cases": done.cases, "file": output})
    else:
        render.say(f"{done.cases} cases ({done.rows} rows) written to {output}")


def demo(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Invented cases in a practice ledger, in every state and trouble, and the due report."""
    from casetrack.service.demo import fill
    from casetrack.service.setup import absent, create

    s = session(ctx)
    if absent(s.db):
        create(s.db, practice=True, clock=s.clock()).close()
        render.say(f"made a practice ledger: {s.db}")
    tracker = s.writing()
    outcome = fill(tracker)
    if as_json:
        content = {"database": s.db, "practice": True, "cases": outcome.cases, "rows": outcome.rows}
        render.data("demo", content)
        return
    from casetrack.cli.docket import print_due

    print_due(tracker)
