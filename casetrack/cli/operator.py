"""The cron operator's commands: what runs unattended, and how to see that it does."""

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casetrack.cli import render
from casetrack.cli.options import AsJson
from casetrack.cli.session import Session, session
from casetrack.errors import CasetrackError, Findings, Refused, Undelivered, Unparsable

if TYPE_CHECKING:
    from casetrack.service.daily import Order
    from casetrack.service.notify import Channel
    from casetrack.service.operating import Operating
    from casetrack.service.outcomes import Swept
    from casetrack.service.tracker import Tracker

AcceptGap = Annotated[
    bool, typer.Option("--accept-gap", help="Send although the last run is over 45 days ago.")
]
ReportDir = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Where the reports go; the config file's unless said.",
        readable=False,  # if it is not, the reminders go out all the same
    ),
]
Tell = Annotated[
    bool, typer.Option("--notify", help="Send the day in a few words by the channels, too.")
]


def sweep(
    ctx: typer.Context,
    accept_gap: AcceptGap = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Say nothing if nothing was due and nothing is wrong.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send every reminder that is due, each once however many sweeps run."""
    from casetrack.service import sweep as sweeping
    from casetrack.service import telling

    s = session(ctx)
    setup = operating(s)
    tracker, screen = s.unattended(), Screen()
    swept = sweeping.sweep(
        tracker,
        channels(setup, tracker, screen, as_json=as_json),
        unsaid if as_json else screen.begun,
        accept_gap=accept_gap,
    )
    if as_json:
        screen.data("sweep", telling.data(swept))
    elif swept.sent or swept.failed or not quiet:
        screen.say(telling.summary(swept))
    screen.leave(swept.exit_code)


def daily(
    ctx: typer.Context,
    report_dir: ReportDir = None,
    notify: Tell = False,
    accept_gap: AcceptGap = False,
    as_json: AsJson = False,
) -> None:
    """The one line for cron: send what is due, write the reports, say how it went."""
    from casetrack.service import daily as running
    from casetrack.service import telling
    from casetrack.service.locks import alone

    s = session(ctx)
    setup, screen = operating(s), Screen()
    order = ordered(s, setup, report_dir, tell=notify, accept_gap=accept_gap)
    admitted(s, setup)
    with alone(order.database, setup.daily.wait_seconds):
        tracker = s.unattended()  # after the wait: what came due meanwhile is due
        ways = channels(setup, tracker, screen, as_json=as_json)
        ran = running.daily(tracker, ways, order, unsaid if as_json else screen.begun)
    for warning in ran.warnings:
        render.say(f"warning: {warning}")
    if as_json:
        screen.data("daily", telling.daily_data(ran))
    else:
        screen.say(telling.screen(ran))
    screen.leave(ran.exit_code)


def serve(ctx: typer.Context, report_dir: ReportDir = None, notify: Tell = False) -> None:
    """The same without cron: a daily run, frequent sweeps, and one at each rung in hours."""
    import signal
    from threading import Event

    from casetrack.service.server import Server

    s = session(ctx)
    if s.set_now() is not None:
        raise Refused("--now (or CASETRACK_NOW) is set, and a server needs a clock that runs")
    setup = operating(s)
    order = ordered(s, setup, report_dir, tell=notify, accept_gap=False)
    admitted(s, setup)
    stop, screen = Event(), Screen()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    server = Server(
        s.unattended, lambda tracker: channels(setup, tracker, screen), screen.say, order, setup
    )
    times = f"daily at {setup.serve.at}, every {setup.serve.every} min"
    screen.say([f"serving {order.database}: {times}"])
    server.run(stop)
    screen.say(["stopped"])


def doctor(ctx: typer.Context, as_json: AsJson = False) -> None:
    """What may silence a warning one day; exit 3 if there is anything to mend."""
    from msgspec.structs import asdict

    from casetrack.service.doctor import examine
    from casetrack.service.operating import load_seal
    from casetrack.service.seal_findings import examine as examine_seal

    s = session(ctx)
    tracker = s.unattended(reads_only=True)
    found = (*examine(tracker), *examine_seal(tracker, load_seal(s.config)))
    if as_json:
        render.data("doctor", {"ok": not found, "findings": [asdict(one) for one in found]})
    else:
        for one in found:
            named = filter(None, (one.kind.replace("_", " "), one.case, one.deadline))
            render.lines([f"{' '.join(named)}: {one.detail}"])
        if not found:
            render.lines(["nothing to mend"])
    if found:
        raise typer.Exit(Findings.exit_code)


def schedule(
    ctx: typer.Context,
    cron: Annotated[bool, typer.Option("--cron", help="Lines for crontab -e.")] = False,
    systemd: Annotated[bool, typer.Option("--systemd", help="Unit files.")] = False,
    report_dir: ReportDir = None,
    as_json: AsJson = False,
) -> None:
    """Print what cron or systemd needs to run casetrack unattended; nothing is installed."""
    from casetrack.service import schedule as scheduling
    from casetrack.service.setup import location

    if cron == systemd:
        raise Unparsable("give one of --cron and --systemd")
    s = session(ctx)
    folders = scheduling.carried(os.environ)
    asked = (location(s.db), {"--config": s.config, **s.folders}, report_dir, folders)
    lines = scheduling.crontab(*asked) if cron else []
    units = scheduling.units(*asked) if systemd else {}
    if as_json:
        render.data("schedule", {"crontab": lines, "units": units})
        return
    render.lines(lines)
    for name, text in units.items():
        render.lines([f"# {name}", *text.splitlines(), ""])


def operating(s: Session) -> "Operating":
    from casetrack.service.operating import load

    return load(s.config, os.environ)


def ordered(
    s: Session, setup: "Operating", report_dir: Path | None, *, tell: bool, accept_gap: bool
) -> "Order":
    from casetrack.service.daily import Order
    from casetrack.service.setup import location

    filed = setup.daily
    return Order(
        database=location(s.db),
        within=s.value("within") or "10bd",
        report_dir=report_dir
        or (Path(filed.report_dir).expanduser() if filed.report_dir else None),
        metrics=Path(filed.metrics).expanduser() if filed.metrics else None,
        ping=setup.ping,
        seal=setup.seal,
        tell=tell,
        accept_gap=accept_gap,
        patience=filed.wait_seconds,
    )


def admitted(s: Session, setup: "Operating") -> None:
    """Refuse now what would otherwise be found out at the first reminder: a wrong address.

    Of a run that can't even begin, no ledger there, the dead-man service is told too.
    """
    from casetrack.service.ping import ping

    try:
        tracker = s.unattended()
        channels(setup, tracker, Screen())
        tracker.ledger.close()
    except CasetrackError:
        ping(setup.ping.failure)
        raise


def channels(
    setup: "Operating", tracker: "Tracker", screen: "Screen", *, as_json: bool = False
) -> "tuple[Channel, ...]":
    """Reminders on standard output stand beside the one object that ``--json`` prints there."""
    from casetrack.service import notify

    say = render.deliver if as_json else screen.deliver
    return notify.channels(setup.notify, say, practice=tracker.ledger.practice)


class Screen:
    """Standard output, each time written out at once, which may be full or gone.

    What is merely said must not keep a reminder from going out by another channel: it is lost,
    and the exit code says so. What is delivered raises ``OSError``.
    """

    def __init__(self) -> None:
        self._gone: OSError | None = None

    def say(self, lines: Iterable[str | render.Toned]) -> None:
        self._out(lambda: render.lines(lines))

    def data(self, name: str, content: Mapping[str, object]) -> None:
        self._out(lambda: render.data(name, content))

    def _out(self, write: Callable[[], None]) -> None:
        if self._gone is None:
            try:
                write()
                sys.stdout.flush()
            except OSError as error:
                self._gone = error
                if not isinstance(error, BrokenPipeError):
                    render.say("error: standard output can't be written: what was said is lost")
                # What waits in the stream's buffer would fail again when it closes.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def deliver(self, text: str) -> None:
        self.say([text])
        if self._gone is not None:
            raise self._gone

    def begun(self, known: "Swept") -> None:
        from casetrack.service import telling

        self.say(telling.heading(known))

    def leave(self, code: int) -> None:
        """A reader that went away, as ``| head`` does, is no error of its own."""
        lost = self._gone is not None and not isinstance(self._gone, BrokenPipeError)
        if code or lost:
            raise typer.Exit(code or Undelivered.exit_code)


def unsaid(known: "Swept") -> None:
    """What is in the data is not said beside it."""
