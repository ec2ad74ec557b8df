"""The daily run: compare, sweep, seal, report, tell. Run again, it does nothing new."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from casetrack.domain import dates
from casetrack.errors import CasetrackError
from casetrack.service import metrics, telling
from casetrack.service.due import ZONE, Filter, docket
from casetrack.service.health import DAILY
from casetrack.service.notify import Channel
from casetrack.service.operating import Ping, Seal
from casetrack.service.outcomes import Ran, Swept
from casetrack.service.ping import ping
from casetrack.service.publishing import publish
from casetrack.service.sealing import attempt
from casetrack.service.sweep import sweep
from casetrack.service.tracker import Tracker

SHARE = 30  # runs after which every case has been folded again


class Order(Struct, frozen=True, kw_only=True):
    """What a run is to do besides sweeping, and beside which database it is to be alone.

    ``patience``: seconds to wait for what other sweeps have in hand.
    """

    database: str
    within: str = "10bd"
    report_dir: Path | None = None
    metrics: Path | None = None
    ping: Ping = Ping()
    seal: Seal = Seal()
    tell: bool = False
    accept_gap: bool = False
    patience: float = 0


def daily(
    tracker: Tracker, channels: Sequence[Channel], order: Order, begun: Callable[[Swept], None]
) -> Ran:
    """One run; whatever fails in it, the rest is done. The caller sees to it that it is alone."""
    if tracker.ledger.practice:  # it must not tell a watcher that the real one has run
        order = replace(order, ping=Ping(), metrics=None)
    watch = order.ping
    warnings = list(_pinged(watch.start))
    try:
        ran = _run(tracker, channels, order, begun)
    except BaseException:
        ping(watch.failure)
        raise
    warnings += _pinged(watch.failure if ran.exit_code else watch.success)
    return replace(ran, warnings=tuple(warnings))


def _run(
    tracker: Tracker, channels: Sequence[Channel], order: Order, begun: Callable[[Swept], None]
) -> Ran:
    swept, refused = _swept(tracker, channels, order, begun)
    sealing = attempt(tracker, order.seal)
    found = docket(tracker, Filter(within=order.within))
    ran = Ran(docket=found, swept=swept, refused=refused, sealing=sealing)
    if order.report_dir:
        reports, problems = publish(tracker, found, order.report_dir, ran.foot)
        ran = replace(ran, reports=reports, problems=problems)
    if order.tell:
        ran = _told(tracker, ran, channels)
    ran = _measured(ran, order.metrics)
    if refused is None:
        tracker.ledger.runs.beat(DAILY, tracker.now)
    return ran


def _swept(
    tracker: Tracker, channels: Sequence[Channel], order: Order, begun: Callable[[Swept], None]
) -> tuple[Swept | None, CasetrackError | None]:
    share = tuple(_share(tracker))
    try:
        swept = sweep(
            tracker, channels, begun,
            accept_gap=order.accept_gap, also=share, patience=order.patience,
        )  # fmt: skip
    except CasetrackError as error:
        return None, error
    return swept, None


def _share(tracker: Tracker) -> Iterator[str]:
    """A thirtieth of all cases for today, and one for each day since the last run."""
    last, today = tracker.ledger.runs.beats().get(DAILY), _ordinal(tracker.now)
    days = 1 if last is None else min(max(today - _ordinal(last), 1), SHARE)
    turns = {(today - n) % SHARE for n in range(days)}
    for case_id in tracker.ledger.case_ids():
        if int.from_bytes(sha256(case_id.encode()).digest()[:4], "big") % SHARE in turns:
            yield case_id


def _ordinal(at: datetime) -> int:
    return dates.local_date(at, ZONE).toordinal()


def _told(tracker: Tracker, ran: Ran, channels: Sequence[Channel]) -> Ran:
    """The run in a few words, to everybody who gets reminders that are nobody's; once for a now."""
    runs = tracker.ledger.runs
    subject, body = telling.bulletin(ran)
    problems = []
    for channel in channels:
        told = f"told {channel.name}"
        if runs.beats().get(told) == tracker.now:
            continue
        try:
            channel.tell(subject, body)
            runs.beat(told, tracker.now)
        except CasetrackError as error:
            problems.append(f"{channel.name}: {error.message}")
    return replace(ran, problems=(*ran.problems, *problems))


def _measured(ran: Ran, path: Path | None) -> Ran:
    if path is None:
        return ran
    try:
        metrics.write(path, ran)
    except CasetrackError as error:
        return replace(ran, problems=(*ran.problems, f"metrics: {error.message}"))
    return ran


def _pinged(url: str | None) -> Iterator[str]:
    if not ping(url):
        yield "a dead-man ping was not taken; its address is in the config file"
