"""Finding cases: list and find."""

from typing import TYPE_CHECKING, Annotated

import typer

from casetrack.cli import render, values
from casetrack.cli.options import WHOLE, AsJson, Assignee, Owner, Phi
from casetrack.cli.session import Session, session

if TYPE_CHECKING:
    from casetrack.ledger.store import CaseRow, DeadlineRow


def list_(
    ctx: typer.Context,
    state: Annotated[str | None, typer.Option(help="Only cases in this state.")] = None,
    owner: Annotated[Owner | None, typer.Option(help="Whose move the next deadline is.")] = None,
    assignee: Assignee = None,
    patient: Annotated[str | None, typer.Option(help="Only this patient's; @FILE.")] = None,
    workflow: Annotated[str | None, typer.Option(help="Only under this workflow.")] = None,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Only with a passed deadline.")
    ] = False,
    where: Annotated[
        list[str] | None, typer.Option(metavar="name=value", help="Only with this value.")
    ] = None,
    limit: Annotated[int, typer.Option(click_type=WHOLE, help="At most so many; 0: all.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Many cases, each with its next deadline."""
    from casetrack.ledger.store import Query
    from casetrack.service.questions import check_query

    s = session(ctx)
    tracker = s.reading()
    query = Query(
        state=state,
        owner=owner,
        assignee=person(s, assignee),
        patient=values.optional(patient),
        workflow=workflow,
        overdue_at=tracker.now if overdue else None,
        where=dict(values.pairs(where)),
        limit=limit + 1 if limit else 0,
    )
    check_query(tracker, query)
    _listed(list(tracker.ledger.list_cases(query)), limit, as_json)


def _listed(rows: "list[tuple[CaseRow, DeadlineRow | None]]", limit: int, as_json: bool) -> None:
    """The rows up to the limit, and a word when there are more."""
    from casetrack.reports.casefile import list_data, list_lines

    kept = rows[:limit] if limit else rows
    if as_json:
        render.data("list", {**list_data(kept), "more": len(rows) > len(kept)})
        return
    render.lines(list_lines(kept) or ["no cases"])
    if len(rows) > len(kept):
        render.say(f"only the first {limit} are shown; --limit 0 shows all")


def person(s: Session, name: str | None) -> str | None:
    """``me`` is the actor, ``none`` nobody."""
    match name:
        case "me":
            return s.actor
        case "none":
            return ""
        case _:
            return name


def find(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="Part of a reference, authorization, confirmation.")],
    phi: Phi = False,
    as_json: AsJson = False,
) -> None:
    """Cases by a part of a reference, an authorization, a confirmation."""
    from casetrack.service.questions import found

    wanted = values.typed(text)
    if not wanted:
        raise typer.BadParameter("TEXT is empty")
    s = session(ctx)
    items = found(s.writing() if phi else s.reading(), wanted, phi=phi)
    if as_json:
        render.data("find", {"items": items})
        return
    from casetrack.reports.sinks import terminal

    lines = [f"{item['case']}  {item['field']}  {item.get('value', '')}".rstrip() for item in items]
    render.lines([terminal(line) for line in lines] or ["nothing found"])
