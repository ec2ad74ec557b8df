"""The case manager's commands on a case: open, record, check, fire, next, show, assign, note."""

from pathlib import Path
from typing import Annotated

import typer

from casetrack.cli import completion, receipt, render, values
from casetrack.cli.lookups import person
from casetrack.cli.options import WHOLE, AsJson, CaseArgument, On, Phi, Values
from casetrack.cli.session import interactive, session
from casetrack.errors import Findings, Refused

At = Annotated[
    str | None,
    typer.Option("--at", metavar="INSTANT", help="The instant it happened: 2026-11-24T15:00."),
]
ItemArgument = Annotated[
    str | None, typer.Argument(help="The requirement it is for.", autocompletion=completion.items)
]
EvidenceFile = Annotated[
    Path | None, typer.Option(help="A document: its name, size and SHA-256 are recorded.")
]
Packet = Annotated[
    str | None,
    typer.Option("--from", metavar="FILE.csv|-", help="A packet: item,on,file and fields."),
]
IfVersion = Annotated[
    int | None,
    typer.Option(metavar="N", click_type=WHOLE, help="Only if it is still at version N."),
]
Key = Annotated[
    str | None, typer.Option("--idempotency-key", metavar="K", help="Twice the same key acts once.")
]


def record(
    ctx: typer.Context,
    case: CaseArgument,
    item: ItemArgument = None,
    given: Values = None,
    on: On = None,
    file: EvidenceFile = None,
    source: Packet = None,
    as_json: AsJson = False,
) -> None:
    """Record evidence for a requirement, or a whole packet at once (--from)."""
    from casetrack.service.desk import Recording, When
    from casetrack.service.evidence import evidence_file
    from casetrack.service.packets import read_packet, undated

    if (item is None) == (source is None):
        raise typer.BadParameter("give an ITEM, or --from FILE.csv")
    if source is not None and (on is not None or file is not None or given):
        raise typer.BadParameter("days, files and values stand in the packet's own columns")
    typed = Recording(
        item=item or "", when=When(on=on), pairs=values.pairs(given), file=evidence_file(file)
    )
    tracker = session(ctx).writing()
    case_id = tracker.resolve(case, exact=not interactive())
    recordings = [typed] if source is None else read_packet(source)
    today = undated(tracker, case_id, recordings)
    if today and source is not None:
        raise Refused(f"{', '.join(today)}: the age counts; give its own day in the column on")
    written = tracker.record_all(case_id, recordings)
    for name in today:
        render.say(f"{name} is dated today, and its age counts; give its own day with --on")
    receipt.show("record", written[-1], tracker, as_json, written, recorded=len(written))


def check(
    ctx: typer.Context,
    case: CaseArgument,
    trigger: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="TRIGGER",
            help="The step; the next one that has a checklist unless said.",
            autocompletion=completion.triggers,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The checklist and coding rules for the next step; exits 3 when not ready."""
    from casetrack.reports.casefile import finding_data, finding_lines
    from casetrack.service.questions import checked, coded

    tracker = session(ctx).reading()
    step, findings = checked(tracker, case, trigger)
    warnings = coded(tracker, case, step)
    ready = not any(f.unmet for f in findings)
    if as_json:
        items = [finding_data(f) for f in findings]
        told = receipt.told(warnings)
        render.data("check", {"for": step, "ready": ready, "items": items, "warnings": told})
    else:
        head = f"{step}: " + ("ready" if ready else "not ready")
        render.lines([head, *(text for f in findings for text in finding_lines(f))])
        receipt.warn(warnings)
    if not ready:
        raise typer.Exit(Findings.exit_code)


def fire(
    ctx: typer.Context,
    case: CaseArgument,
    trigger: Annotated[
        str, typer.Argument(help="The transition.", autocompletion=completion.triggers)
    ],
    given: Values = None,
    on: On = None,
    at: At = None,
    reason: Annotated[str | None, typer.Option(help="Why; kept sealed. @FILE reads it.")] = None,
    override: Annotated[
        str | None,
        typer.Option(metavar="REASON", help="Go ahead though a guard is unmet; the gap is kept."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it, write nothing.")] = False,
    if_version: IfVersion = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """A state transition: deny, file_appeal, approve ..."""
    from casetrack.service.desk import Firing, When
    from casetrack.service.tracker import Terms

    typed = Firing(
        trigger=trigger,
        when=When(on=on, at=at),
        pairs=values.pairs(given),
        reason=values.optional(reason),
        override=values.optional(override),
    )
    s = session(ctx)
    tracker = s.reading() if dry_run else s.writing()
    case_id = tracker.resolve(case, exact=not (dry_run or interactive()))
    written = tracker.do(case_id, typed, Terms(if_version=if_version, key=key, dry_run=dry_run))
    outcome = {"dry_run": written.dry_run, "repeated": written.repeated}
    receipt.show("fire", written, tracker, as_json, **outcome)


def next_(ctx: typer.Context, case: CaseArgument, as_json: AsJson = False) -> None:
    """What can be done now; for each refused trigger, every unmet guard and how to meet it."""
    from casetrack.reports.receipts import next_lines
    from casetrack.service.questions import next_steps, opened

    tracker = session(ctx).reading()
    found, workflow = opened(tracker, case)
    steps = next_steps(tracker, found, workflow)
    if as_json:
        refused = (*steps.refused, *steps.elsewhere)
        items = [{"trigger": name, "reasons": list(reasons)} for name, reasons in refused]
        render.data("next", {"allowed": list(steps.allowed), "refused": items})
    else:
        elsewhere = [name for name, _ in steps.elsewhere]
        render.lines(next_lines(workflow, found.state, steps.allowed, steps.refused, elsewhere))


def show(ctx: typer.Context, case: CaseArgument, phi: Phi = False, as_json: AsJson = False) -> None:
    """One case: state, deadlines, values, evidence, open items."""
    from casetrack.domain.dates import local_date
    from casetrack.reports.casefile import show_lines
    from casetrack.service.questions import shown

    s = session(ctx)
    tracker = s.writing() if phi else s.reading()
    data, workflow = shown(tracker, case, phi=phi)
    if as_json:
        render.data("show", data)
    else:
        render.lines(show_lines(data, local_date(tracker.now, workflow.zone), workflow.zone))


def assign(
    ctx: typer.Context,
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="CASE ... NAME",
            help="Cases, then who does them; none: nobody.",
            autocompletion=completion.cases,
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Make cases somebody's."""
    from casetrack.service.desk import Assigning

    if len(names) < 2:
        raise typer.BadParameter("give at least one CASE, then a NAME")
    s = session(ctx)
    tracker = s.writing()
    name = person(s, names[-1]) or None
    ids = [tracker.resolve(case, exact=not interactive()) for case in names[:-1]]
    written = tracker.do_all(ids, Assigning(name=name))
    if as_json:
        render.data("assign", {"items": [{**receipt.base(w), "assignee": name} for w in written]})
    else:
        from casetrack.reports.sinks import terminal

        render.lines(terminal(f"{receipt.base(w)['case']}: {name or 'nobody'}") for w in written)


def note(
    ctx: typer.Context,
    case: CaseArgument,
    text: Annotated[str, typer.Argument(help="What happened; kept sealed. @FILE or @- reads it.")],
    given: Values = None,
    on: On = None,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """What happened, beside the transitions: a call (kind=call), a letter."""
    from casetrack.service.desk import Noting, When

    when = When(on=on, at=at)
    typed = Noting(text=values.typed(text), when=when, pairs=values.pairs(given))
    if not typed.text.strip():
        raise Refused("the note is empty")
    tracker = session(ctx).writing()
    written = tracker.do(tracker.resolve(case, exact=not interactive()), typed)
    receipt.show("note", written, tracker, as_json)
