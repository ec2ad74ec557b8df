"""The command line's entry: options for every command, and one mapping from error to exit code."""

import os
import sys
from io import UnsupportedOperation
from itertools import takewhile
from pathlib import Path
from typing import IO, Annotated

import click
import typer

from casetrack.cli import (
    admin,
    adopting,
    audit,
    audit_checks,
    audit_export,
    audit_history,
    audit_seal,
    audit_verify,
    cases,
    changes,
    copying,
    docket,
    lookups,
    misuse,
    opening,
    operator,
    packet,
    regimes,
    render,
    schemas,
    transfer,
)
from casetrack.cli.options import no_secret
from casetrack.cli.session import Session
from casetrack.cli.tree import grown
from casetrack.errors import CasetrackError, Undelivered, Unexpected, Unparsable

app = typer.Typer(
    name="casetrack",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Prior-authorization cases: what is due, by when, why that date, and the proof of it.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"casetrack {version('casetrack')}")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    db: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The ledger: a path, sqlite:///PATH or postgresql+psycopg://HOST/NAME.",
        ),
    ] = None,
    actor: Annotated[str | None, typer.Option(metavar="NAME", help="Who acts; a claim.")] = None,
    now: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="Set the clock of reads and dry runs.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The config file, TOML.", readable=False)
    ] = None,
    states: Annotated[
        str | None, typer.Option(metavar="DIR", help="A folder of workflows of your own.")
    ] = None,
    calendars: Annotated[
        str | None, typer.Option(metavar="DIR", help="A folder of calendars of your own.")
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where an unexpected error came from.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options that stand before the command."""
    del debug, version
    if db and "://" in db:
        no_secret(db)
    given = {"db": db, "actor": actor, "now": now, "states": states, "calendars": calendars}
    ctx.obj = Session(given, config)


app.command("open")(opening.open_)
app.command("record")(cases.record)
app.command("check")(cases.check)
app.command("packet")(packet.packet)
app.command("fire")(cases.fire)
app.command("next")(cases.next_)
app.command("show")(cases.show)
app.command("list")(lookups.list_)
app.command("find")(lookups.find)
app.command("assign")(cases.assign)
app.command("note")(cases.note)
app.command("plan")(changes.plan)
app.command("done")(changes.done)
app.command("extend")(changes.extend)
app.command("toll")(changes.toll)
app.command("resume")(changes.resume)
app.command("amend")(changes.amend)
app.command("void")(changes.void)
app.command("explain")(docket.explain)
app.command("calc")(docket.calc)
app.command("due")(docket.due)
app.command("sweep")(operator.sweep)
app.command("daily")(operator.daily)
app.command("serve")(operator.serve)
app.command("doctor")(operator.doctor)
app.command("schedule")(operator.schedule)
app.command("history")(audit_history.history)
app.command("redact")(audit.redact)
app.command("replay")(audit_verify.replay)
app.command("import")(transfer.import_)
app.command("export")(transfer.export)
app.command("demo")(transfer.demo)
audit.audit.command("seal")(audit_seal.seal)
audit.audit.command("prove")(audit_seal.prove)
audit.audit.add_typer(audit_seal.key, name="key")
audit.audit.command("verify")(audit_verify.verify)
audit.audit.command("conformance")(audit_checks.conformance)
audit.audit.command("drift")(audit_checks.drift)
audit.audit.command("export")(audit_export.export)
audit.audit.command("files")(audit_export.files)
app.add_typer(audit.audit, name="audit")
admin.workflow.command("choose")(regimes.choose)
admin.workflow.command("diff")(regimes.diff)
admin.workflow.command("diagram")(regimes.diagram)
admin.workflow.command("schema")(schemas.workflow)
admin.calendar.command("schema")(schemas.calendar)
admin.workflow.command("adopt")(adopting.adopt)
admin.db.command("copy")(copying.copy)
app.add_typer(admin.workflow, name="workflow")
app.add_typer(admin.calendar, name="calendar")
app.add_typer(admin.db, name="db")
app.add_typer(admin.config, name="config")


def main() -> None:
    """Run the command line and exit with the promised code."""
    if sys.stdout is None:  # closed by the caller: what can't be printed must not pass for said
        sys.stdout = open(os.devnull)  # noqa: SIM115, PTH123 - lasts as long as the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123 - the same
    render.utf8(sys.stdout, sys.stderr)
    code = run(sys.argv[1:])
    try:
        sys.stderr.flush()
    except OSError:  # what waits in its buffer would fail again, and take the exit code away
        _forget(sys.stderr)
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Carry out one command line; the exit code. No traceback leaves here without ``--debug``."""
    options = set(takewhile(lambda argument: argument != "--", arguments))
    try:
        _refuse_undecodable(arguments)
        code = grown(app)(args=arguments, standalone_mode=False)
        sys.stdout.flush()
    except SystemExit:  # how Click leaves when the reader of its output went away
        return _closed_pipe()
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001  # the last line before the user
        return _failed(error, arguments, as_json="--json" in options, debug="--debug" in options)
    return code if isinstance(code, int) else 0


def _failed(error: Exception, arguments: list[str], *, as_json: bool, debug: bool) -> int:
    match error:
        case CasetrackError():
            render.failure(error, as_json=as_json)
            return error.exit_code
        case click.exceptions.Abort():
            render.say("stopped; nothing was written")
            return CasetrackError.exit_code
        case click.ClickException():
            return _misused(error, arguments, as_json=as_json)
        case BrokenPipeError():
            return _closed_pipe()
        case UnsupportedOperation() | OSError(filename=None, errno=int()):  # of no file by name
            return _unprinted(error, as_json=as_json)
        case _:
            return _unexpected(error, as_json=as_json, debug=debug)


def _refuse_undecodable(arguments: list[str]) -> None:
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise Unparsable("an argument is not valid UTF-8 text") from None


def _misused(error: click.ClickException, arguments: list[str], *, as_json: bool) -> int:
    """A usage error says what and how to see more; a typed value is not repeated."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        sys.stderr.write(f"{error.format_message()}\n")
        return Unparsable.exit_code
    asked = misuse.asked(typer.main.get_command(app), arguments)
    hint = f"see '{' '.join(('casetrack', *asked))} --help'"
    render.failure(Unparsable(misuse.worded(error), (hint,)), as_json=as_json)
    return Unparsable.exit_code


def _closed_pipe() -> int:
    """The reader went away, as ``| head`` does; that is no error of ours."""
    _forget(sys.stdout)
    return 0


def _forget(stream: IO[str]) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _unprinted(error: OSError, *, as_json: bool) -> int:
    reason = (error.strerror or "it is closed").lower()
    told = Undelivered(f"standard output can't be written: {reason}; what was done stays done")
    render.failure(told, as_json=as_json)
    _closed_pipe()
    return told.exit_code


def _unexpected(error: Exception, *, as_json: bool, debug: bool) -> int:
    """Where it came from is shown on demand; its message, which may hold a value, never."""
    hint = "run again with --debug to see where"
    render.failure(Unexpected(f"unexpected {type(error).__name__}; {hint}"), as_json=as_json)
    if debug:
        _trace(error)
    return Unexpected.exit_code


def _trace(error: Exception) -> None:
    """Where it came from: files, lines and kinds, without messages, which may hold values."""
    import traceback

    for frame in traceback.extract_tb(error.__traceback__):
        render.say(f"  {frame.filename}:{frame.lineno} in {frame.name}: {frame.line}")
