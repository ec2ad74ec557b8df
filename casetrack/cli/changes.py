"""Changes of deadlines and of entries: plan, done, extend, toll, resume, amend, void.

Each is a new entry; nothing that was recorded is edited.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from casetrack.cli import completion, receipt, values
from casetrack.cli.options import WHOLE, AsJson, CaseArgument, On, Values
from casetrack.cli.session import interactive, session

if TYPE_CHECKING:
    from casetrack.service.desk import Typed

Title = Annotated[
    str, typer.Argument(metavar="TITLE", help="What is to be done; kept sealed. @FILE reads it.")
]
DeadlineArgument = Annotated[
    str,
    typer.Argument(
        metavar="DEADLINE",
        help="clock#n, or a clock's latest.",
        autocompletion=completion.deadlines,
    ),
]
VersionArgument = Annotated[
    int, typer.Argument(metavar="VERSION", click_type=WHOLE, help="The entry's, as in history.")
]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why; kept sealed. @FILE reads it.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what moves, write nothing.")]


def plan(
    ctx: typer.Context,
    case: CaseArgument,
    title: Title,
    due: Annotated[str, typer.Option(metavar="DATE", help="Its day: 2026-12-04, +5bd, +10d.")],
    as_json: AsJson = False,
) -> None:
    """A deadline of our own; it is warned of like any other and never overdue."""
    from casetrack.service.typed import Planning

    _do(ctx, "plan", case, Planning(title=values.typed(title), due=due), as_json)


def done(
    ctx: typer.Context,
    case: CaseArgument,
    title: Annotated[
        str, typer.Argument(metavar="TITLE", help="plan#n, or the exact title. @FILE reads it.")
    ],
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """A deadline of our own is met."""
    from casetrack.service.typed import Finishing, When

    _do(ctx, "done", case, Finishing(name=values.typed(title), when=When(on=on)), as_json)


def extend(
    ctx: typer.Context,
    case: CaseArgument,
    deadline: DeadlineArgument,
    to: Annotated[str, typer.Option(metavar="DATE", help="The last day that was granted.")],
    basis: Annotated[
        str, typer.Option(metavar="TEXT", help="Who granted it, by what rule; kept sealed.")
    ],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """A later last day that was granted; the letter's date and the law's stand."""
    from casetrack.service.typed import Extending

    typed = Extending(
        deadline=deadline, to=to, basis=values.typed(basis), reason=values.typed(reason)
    )
    _do(ctx, "extend", case, typed, as_json)


def toll(
    ctx: typer.Context,
    case: CaseArgument,
    deadline: DeadlineArgument,
    reason: Reason,
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """A clock stands still from a day on; what remains waits for resume."""
    from casetrack.service.typed import Tolling, When

    typed = Tolling(deadline=deadline, reason=values.typed(reason), when=When(on=on))
    _do(ctx, "toll", case, typed, as_json)


def resume(
    ctx: typer.Context,
    case: CaseArgument,
    deadline: DeadlineArgument,
    reason: Reason,
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """A clock runs again: what remained is counted on from that day."""
    from casetrack.service.typed import Resuming, When

    typed = Resuming(deadline=deadline, reason=values.typed(reason), when=When(on=on))
    _do(ctx, "resume", case, typed, as_json)


def amend(
    ctx: typer.Context,
    case: CaseArgument,
    version: VersionArgument,
    reason: Reason,
    given: Values = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """What an entry should have said: fields, on=DATE, at=INSTANT; the entry itself stands."""
    from casetrack.service.typed import Amending

    if not given:
        raise typer.BadParameter("give name=value of what was wrong")
    pairs = values.pairs(given)
    typed = Amending(version=version, pairs=pairs, reason=values.typed(reason))
    _do(ctx, "amend", case, typed, as_json, dry_run=dry_run)


def void(
    ctx: typer.Context,
    case: CaseArgument,
    version: VersionArgument,
    reason: Reason,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take back the newest transition, or any evidence; the deadlines it ended return."""
    from casetrack.service.typed import Voiding

    typed = Voiding(version=version, reason=values.typed(reason))
    _do(ctx, "void", case, typed, as_json, dry_run=dry_run)


def _do(
    ctx: typer.Context,
    name: str,
    case: str,
    typed: "Typed",
    as_json: bool,
    dry_run: bool | None = None,
) -> None:
    """``dry_run`` None: the command has no such option."""
    from casetrack.service.tracker import Terms

    s = session(ctx)
    tracker = s.reading() if dry_run else s.writing()
    case_id = tracker.resolve(case, exact=not (dry_run or interactive()))
    written = tracker.do(case_id, typed, Terms(dry_run=bool(dry_run)))
    more = {} if dry_run is None else {"dry_run": written.dry_run}
    receipt.show(name, written, tracker, as_json, **more)
