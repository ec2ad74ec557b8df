"""Deadlines: the due-soon report, why a date is what it is, and what-if dates."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casetrack.catalog.defaults import CALENDAR
from casetrack.cli import completion, render
from casetrack.cli.options import AsJson, Assignee, CaseArgument, Owner, Phi
from casetrack.cli.session import session
from casetrack.errors import Findings, Refused

if TYPE_CHECKING:
    from casetrack.domain.docket import Docket
    from casetrack.service.due import Filter
    from casetrack.service.tracker import Tracker

Chosen = Annotated[
    str | None,
    typer.Argument(
        metavar="[DEADLINE]",
        help="clock#n, or a clock's latest; all open ones unless said.",
        autocompletion=completion.deadlines,
    ),
]


class Format(StrEnum):
    text = "text"
    md = "md"
    html = "html"
    csv = "csv"
    json = "json"
    ics = "ics"


class FailOn(StrEnum):
    due = "due"
    overdue = "overdue"
    payer_overdue = "payer-overdue"


def due(
    ctx: typer.Context,
    within: Annotated[
        str | None, typer.Option(metavar="10bd|30d", help="How far ahead to look; default 10bd.")
    ] = None,
    owner: Annotated[Owner | None, typer.Option(help="Only whose move it is.")] = None,
    assignee: Assignee = None,
    format_: Annotated[Format, typer.Option("--format", help="The report's form.")] = Format.text,
    output: Annotated[
        Path | None,
        typer.Option(help="Write it to this file (0600) instead of printing it.", readable=False),
    ] = None,
    fail_on: Annotated[
        FailOn | None, typer.Option(help="Exit 3 if anything is due now, overdue, or owed to us.")
    ] = None,
    phi: Phi = False,
    as_json: AsJson = False,
) -> None:
    """The due-soon report: ours to act on now, theirs that are late, what comes next."""
    from casetrack.cli.lookups import person
    from casetrack.service.due import Filter

    form = Format.json if as_json else format_
    if phi and form is Format.ics:
        raise Refused("a calendar file never names a patient; leave out --phi")
    s = session(ctx)
    tracker = s.writing() if phi else s.reading()
    wanted = Filter(
        within=within or s.value("within") or "10bd",
        owner=owner,
        assignee=person(s, assignee),
        patients=phi,
    )
    found = _found(tracker, wanted, form)
    if phi and found.items:
        tracker.disclose("due", sorted({tracker.resolve(line.case) for line in found.items}))
    _deliver(found, form, output)
    if fail_on and _fails(found, fail_on):
        raise typer.Exit(Findings.exit_code)


def _found(tracker: "Tracker", wanted: "Filter", form: Format) -> "Docket":
    """A calendar file also takes back what has ended."""
    if form is Format.ics:
        from casetrack.service.agenda import agenda

        return agenda(tracker, wanted)
    from casetrack.service.due import docket

    return docket(tracker, wanted)


def print_due(tracker: "Tracker") -> None:
    """The text report with its default window."""
    from casetrack.service.due import Filter, docket

    _deliver(docket(tracker, Filter()), Format.text, None)


def _deliver(found: "Docket", form: Format, output: Path | None) -> None:
    if output is None:
        _print(found, form)
        return
    from casetrack.service.files import write_private

    write_private(output, _text(found, form))
    render.say(f"written: {output}")


def _print(found: "Docket", form: Format) -> None:
    if form is Format.text:
        from casetrack.reports import text

        render.lines(text.render(found))
    else:
        sys.stdout.write(_text(found, form))


def _text(found: "Docket", form: Format) -> str:
    from casetrack.reports import data, html, ics, markdown, table, text

    match form:
        case Format.text:
            return "".join(f"{line.text}\n" for line in text.render(found))
        case Format.md:
            return markdown.render(found)
        case Format.html:
            return html.render(found)
        case Format.ics:
            return ics.render(found)
        case Format.csv:
            return "".join(table.due(found))
        case Format.json:
            return data.due(found)


def _fails(found: "Docket", fail_on: FailOn) -> bool:
    match fail_on:
        case FailOn.overdue:
            return any(line.status == "overdue" for line in found.items)
        case FailOn.payer_overdue:
            return any(
                line.status == "overdue" and line.owner != "provider" for line in found.items
            )
        case FailOn.due:
            return any(line.status in {"overdue", "act_now"} for line in found.items)


def explain(
    ctx: typer.Context,
    case: CaseArgument,
    deadline: Chosen = None,
    phi: Phi = False,
    as_json: AsJson = False,
) -> None:
    """Why a deadline is on its day: each counted and skipped day, the roll, the law beside it."""
    from casetrack.reports import working
    from casetrack.reports.casefile import case_name, typed_title
    from casetrack.service.questions import as_armed, deadlines, opened, outcome_of, ruling

    s = session(ctx)
    tracker = s.writing() if phi else s.reading()
    found, _ = opened(tracker, case)
    chosen = deadlines(found, deadline)
    if not chosen:
        raise Refused(f"{case_name(found)} has no deadlines")
    titles = {name: typed_title(found, name) for name in found.titles} if phi else {}
    if phi:
        tracker.disclose("explain", [found.id])
    told = [
        (
            t.deadline,
            as_armed(found, ruling(tracker, found, t), t),
            titles.get(t.deadline.deadline),
            t.tolled_on,
        )
        for t in chosen
    ]
    if as_json:
        items = [
            {**working.explain_data(*parts), "outcome": outcome_of(tracker, found, t)}
            for t, parts in zip(chosen, told, strict=True)
        ]
        patient = {"patient": found.patient} if phi and isinstance(found.patient, str) else {}
        render.data("explain", {"case": case_name(found), **patient, "deadlines": items})
        return
    for number, parts in enumerate(told):
        render.lines([*([""] if number else []), *working.explain(*parts)])


def calc(
    ctx: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="LENGTH|WORKFLOW/CLOCK", help="14bd, 65d, 6w, 4mo, 72h, or a clock."
        ),
    ],
    start: Annotated[
        str,
        typer.Option("--from", metavar="DATE|INSTANT", help="The trigger's day; never counted."),
    ],
    calendar: Annotated[str, typer.Option(help="Whose business days.")] = CALENDAR,
    roll: Annotated[str, typer.Option(help="none, following or preceding.")] = "none",
    roll_calendar: Annotated[
        str | None, typer.Option(help="Whose closed days roll; the same calendar unless said.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """A what-if date with its working; no database."""
    from casetrack.reports import working
    from casetrack.service.calc import Question, calculate

    s = session(ctx)
    question = Question(
        what=what, start=start, calendar=calendar, roll=roll, roll_calendar=roll_calendar
    )
    answer = calculate(question, s.now(), s.shelf)
    if as_json:
        render.data("calc", working.calc_data(answer.reading, answer.home, answer.zone))
        return
    owner = answer.clock.owner
    rule = working.rule(answer.clock) if "/" in what else []
    render.lines(
        [*working.calc(answer.reading, answer.home, answer.zone, owner, answer.office), *rule]
    )
