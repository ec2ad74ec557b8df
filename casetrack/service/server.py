"""The server's jobs: each opens the ledger anew, and one that fails is said and tried again."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event

from casetrack.domain import dates, reminders
from casetrack.errors import CasetrackError
from casetrack.reports.lines import Line
from casetrack.reports.sinks import terminal
from casetrack.service import scheduler, telling
from casetrack.service.daily import Order, daily
from casetrack.service.due import ZONE
from casetrack.service.health import DAILY
from casetrack.service.locks import alone
from casetrack.service.notify import Channel
from casetrack.service.operating import Operating
from casetrack.service.outcomes import Swept
from casetrack.service.sweep import sweep
from casetrack.service.tracker import Tracker

Say = Callable[[Iterable[Line]], None]


class Server:
    """``opened`` gives a tracker of its own to each job; ``say`` writes at once."""

    def __init__(
        self,
        opened: Callable[[], Tracker],
        channels: Callable[[Tracker], tuple[Channel, ...]],
        say: Say,
        order: Order,
        operating: Operating,
    ) -> None:
        self._opened = opened
        self._channels = channels
        self._say = say
        self._order = order
        self._operating = operating
        self._owed = False  # a daily run that could not be done

    def run(self, stop: Event) -> None:
        """Until ``stop`` is set. A daily run that was missed while nobody served comes first."""
        serve = self._operating.serve
        times = scheduler.Times(at=serve.at, every=serve.every, zone=ZONE)
        jobs = scheduler.Jobs(sweep=self.sweep, daily=self.daily)
        scheduler.run(jobs, times, stop, daily_first=self._missed(times))

    def _missed(self, times: scheduler.Times) -> bool:
        with self._tracking() as tracker:
            last = tracker.ledger.runs.beats().get(DAILY)
            return last is None or last < scheduler.last_time(times, tracker.now)

    def sweep(self) -> datetime | None:
        """The next moment at which a rung in hours is due, if it is near.

        A daily run that failed as a whole, as while the database was away, is made up for first.
        """
        if self._owed:
            self.daily()
        return self._trying(self._sweep)

    def daily(self) -> None:
        self._owed = True
        self._trying(self._daily)

    def _trying(self, job: Callable[[], datetime | None]) -> datetime | None:
        try:
            return job()
        except CasetrackError as error:
            self._say([Line(terminal(f"FAILED: {error.message}"), "bad")])
        except Exception as error:  # noqa: BLE001  # the next turn may go well
            self._say([Line(f"FAILED: unexpected {type(error).__name__}", "bad")])
        return None

    @contextmanager
    def _tracking(self) -> Iterator[Tracker]:
        tracker = self._opened()
        try:
            yield tracker
        finally:
            tracker.ledger.close()

    def _begun(self, known: Swept) -> None:
        self._say(telling.heading(known))

    def _sweep(self) -> datetime | None:
        with self._tracking() as tracker:
            swept = sweep(tracker, self._channels(tracker), self._begun)
            if swept.sent or swept.failed:
                self._say(telling.summary(swept))
            return next_hour(tracker)

    def _daily(self) -> None:
        # The ledger is opened after the wait: what came due meanwhile is due.
        wait = self._operating.daily.wait_seconds
        with alone(self._order.database, wait), self._tracking() as tracker:
            ran = daily(tracker, self._channels(tracker), self._order, self._begun)
        self._owed = False
        self._say(Line(terminal(f"warning: {warning}"), "warn") for warning in ran.warnings)
        self._say(telling.screen(ran))


def next_hour(tracker: Tracker) -> datetime | None:
    """When the next rung in hours comes; those a day or more away are left to later sweeps."""
    hours = [int(rung[:-1]) for rung in tracker.ledger.runs.ladders() if rung.endswith("h")]
    if not hours:
        return None
    near = dates.local_date(tracker.now + timedelta(hours=max(hours), days=1), ZONE)
    moments = (reminders.next_hour(of, tracker.now) for _, of in tracker.ledger.subjects(near))
    return min((at for at in moments if at is not None), default=None)
