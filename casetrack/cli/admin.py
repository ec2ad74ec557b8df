"""The administrator's commands: workflows, calendars, the database, the settings."""

from pathlib import Path
from typing import Annotated

import typer

from casetrack.cli import completion, render
from casetrack.cli.options import AsJson
from casetrack.cli.session import session

workflow = typer.Typer(help="The workflows: which there are, what one says, is a file sound.",
                       no_args_is_help=True, rich_markup_mode=None)  # fmt: skip
calendar = typer.Typer(help="The calendars: which there are, a year's days, is a file sound.",
                       no_args_is_help=True, rich_markup_mode=None)  # fmt: skip
db = typer.Typer(help="The database: make it, look at it, keep it.",
                 no_args_is_help=True, rich_markup_mode=None)  # fmt: skip
config = typer.Typer(help="The settings.", no_args_is_help=True, rich_markup_mode=None)

WorkflowId = Annotated[
    str,
    typer.Argument(metavar="ID", help="As in workflow list.", autocompletion=completion.workflows),
]
CalendarId = Annotated[
    str,
    typer.Argument(metavar="ID", help="As in calendar list.", autocompletion=completion.calendars),
]
Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FILE.toml|ID ...]", help="All that there are unless said."),
]
Resolved = Annotated[
    bool,
    typer.Option("--resolved", help="As one TOML file, with all that it extends."),
]


@workflow.command("list")
def workflow_list(ctx: typer.Context, as_json: AsJson = False) -> None:
    """The workflows that can be chosen with open --workflow."""
    from casetrack.reports import handbook

    shelf = session(ctx).shelf
    known = [shelf.workflow(name) for name in shelf.workflow_ids()]
    if as_json:
        items = [
            {**handbook.workflow_summary(w), "shipped": shelf.ships_workflow(w.id)} for w in known
        ]
        render.data("workflow-list", {"items": items})
    else:
        render.lines(
            f"{w.id:<20} edition {w.edition}  {w.title}{_own(shelf.ships_workflow(w.id))}"
            for w in known
        )


def _own(shipped: bool) -> str:
    return "" if shipped else "  (your own)"


@workflow.command("show")
def workflow_show(
    ctx: typer.Context, id: WorkflowId, resolved: Resolved = False, as_json: AsJson = False
) -> None:
    """Everything a workflow says: states, triggers, clocks, requirements, codes, sources."""
    from casetrack.reports import handbook, toml

    found = session(ctx).shelf.workflow(id)
    if resolved:
        render.lines(toml.workflow(found))
    elif as_json:
        render.data("workflow-show", handbook.workflow_data(found))
    else:
        render.lines(handbook.workflow_lines(found))


@workflow.command("check")
def workflow_check(ctx: typer.Context, names: Names = None, as_json: AsJson = False) -> None:
    """Whether workflows are sound; every problem of every file at once, with key and line."""
    shelf = session(ctx).shelf
    found = shelf.check(names or shelf.workflow_ids(), shelf.workflow, shelf.check_workflow)
    if as_json:
        render.data("workflow-check", {"ok": True, "items": [f.id for f in found]})
    else:
        render.lines(f"{f.id}: sound" for f in found)


@calendar.command("list")
def calendar_list(ctx: typer.Context, as_json: AsJson = False) -> None:
    """The calendars, with edition and horizon."""
    shelf = session(ctx).shelf
    known = list(shelf.values())
    if as_json:
        items = [
            {"id": c.id, "title": c.title, "edition": c.edition, "digest": c.digest,
             "first": c.first.isoformat(), "last": c.last.isoformat(),
             "shipped": shelf.ships_calendar(c.id)}
            for c in known
        ]  # fmt: skip
        render.data("calendar-list", {"items": items})
    else:
        render.lines(
            f"{c.id:<20} edition {c.edition}  {c.first} to {c.last}  {c.title}"
            f"{_own(shelf.ships_calendar(c.id))}"
            for c in known
        )


@calendar.command("show")
def calendar_show(
    ctx: typer.Context,
    id: CalendarId,
    year: Annotated[int | None, typer.Option(min=1900, max=2200, help="Only this year.")] = None,
    resolved: Resolved = False,
    as_json: AsJson = False,
) -> None:
    """A calendar's closed days, with their status and source."""
    from casetrack.reports import handbook, toml

    found = session(ctx).shelf[id]
    if resolved:
        render.lines(toml.calendar(found))
    elif as_json:
        render.data("calendar-show", handbook.calendar_data(found, year))
    else:
        render.lines(handbook.calendar_lines(found, year))


@calendar.command("check")
def calendar_check(ctx: typer.Context, names: Names = None, as_json: AsJson = False) -> None:
    """Whether calendars are sound; every problem of every file at once, with key and line."""
    shelf = session(ctx).shelf
    found = shelf.check(names or list(shelf), shelf.__getitem__, shelf.check_calendar)
    if as_json:
        render.data("calendar-check", {"ok": True, "items": [f.id for f in found]})
    else:
        render.lines(f"{f.id}: sound" for f in found)


@db.command("init")
def db_init(
    ctx: typer.Context,
    practice: Annotated[
        bool, typer.Option("--practice", help="A ledger whose clock may be set, for demos.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a new ledger; where there is a file, or on a server a ledger, it is refused."""
    from casetrack.service.setup import create, location

    s = session(ctx)
    ledger = create(s.db, practice=practice, clock=s.clock_for_new(practice))
    if as_json:
        render.data(
            "db-init", {"database": location(s.db), "ledger": ledger.id, "practice": practice}
        )
    else:
        kind = "practice ledger" if practice else "ledger"
        render.lines([f"made a new {kind}: {location(s.db)}"])


@db.command("stats")
def db_stats(ctx: typer.Context, as_json: AsJson = False) -> None:
    """How many cases, entries and open deadlines there are."""
    from casetrack.service.setup import location, schema

    s = session(ctx)
    tracker = s.reading()
    stats, tree = tracker.ledger.stats(), tracker.ledger.tree
    content = {
        "cases": stats.cases,
        "entries": stats.entries,
        "open_deadlines": stats.open_deadlines,
        "sealed": tree.size(),
        "unsealed": tree.unsealed(),
        "signed": signed[0] if (signed := tree.checkpoint()) else 0,
        "database": location(s.db),
        "schema_version": schema(),
        "practice": tracker.ledger.practice,
    }
    if as_json:
        render.data("db-stats", content)
    else:
        render.lines(f"{name:<15} {value}" for name, value in content.items())


@db.command("rebuild")
def db_rebuild(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Make every view again from the entries."""
    tracker = session(ctx).reading()
    cases = tracker.ledger.rebuild()
    if as_json:
        render.data("db-rebuild", {"cases": cases})
    else:
        render.lines([f"the views of {cases} cases were made again"])


@db.command("upgrade")
def db_upgrade(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Bring an older database to this version's schema."""
    from casetrack.ledger.upgrade import upgrade

    before, after = upgrade(session(ctx).db)
    if as_json:
        render.data("db-upgrade", {"from": before, "to": after})
    else:
        render.lines(
            [f"schema {before} -> {after}" if before != after else f"schema {after}: nothing to do"]
        )


@db.command("backup")
def db_backup(
    ctx: typer.Context,
    target: Annotated[Path, typer.Argument(help="A file that is not there yet.", readable=False)],
    as_json: AsJson = False,
) -> None:
    """A consistent copy while others work; the copy holds patient data too."""
    from casetrack.ledger.backup import backup

    backup(session(ctx).db, target)
    if as_json:
        render.data("db-backup", {"file": str(target)})
    else:
        render.lines([f"copied to {target}"])


@db.command("grants")
def db_grants(
    ctx: typer.Context,
    prefix: Annotated[
        str,
        typer.Option(metavar="NAME", help="What the roles' names begin with: NAME_writer, ..."),
    ] = "casetrack",
    as_json: AsJson = False,
) -> None:
    """Print the SQL that makes a server's roles and gives each its rights; nothing is run."""
    from casetrack.service import granting

    found = granting.grants(session(ctx).db, prefix)
    if as_json:
        roles = [{"role": r.role, "name": r.name, "does": r.does} for r in found.roles]
        render.data("db-grants", {"roles": roles, "sql": found.sql})
    else:
        render.lines(found.sql.splitlines())


@config.command("show")
def config_show(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Each setting with where it came from."""
    from casetrack.service.operating import shown
    from casetrack.service.settings import Setting, default_config

    s = session(ctx)
    filed = f"config file {s.config or default_config()}"
    tables = {name: Setting(value, filed) for name, value in shown(s.config).items()}
    found = {**s.settings, **tables}
    if as_json:
        items = {name: {"value": s.shown, "origin": s.origin} for name, s in found.items()}
        render.data("config-show", {"settings": items})
    else:
        wide = max(map(len, found))
        render.lines(
            f"{name:<{wide}}  {s.shown or '(not set)'}  [{s.origin}]" for name, s in found.items()
        )
