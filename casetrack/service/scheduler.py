"""The server's timer: jobs kept in memory, for the ledger alone says what is due.

One job runs at a time. A job that comes late runs once, as soon as it can.
APScheduler 3 reckons with wall clocks: in a zone of its own it sleeps through the hour in which
clocks go forward, and loops for ever in the one that comes twice. So all it is told is in UTC.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from threading import Event

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger
from msgspec import Struct

from casetrack.domain.dates import zone_info

ONE_DAY = timedelta(days=1)


class Jobs(Struct, frozen=True, kw_only=True):
    """What is to be done: a sweep, which says when the next hour rung is, and the daily run."""

    sweep: Callable[[], datetime | None]
    daily: Callable[[], None]


class Times(Struct, frozen=True, kw_only=True):
    """``at`` is ``HH:MM`` in the zone, ``every`` minutes."""

    at: str
    every: int
    zone: str


class EveryDay(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires once on each local day, on those too whose clock has not or has twice that time."""

    def __init__(self, times: Times) -> None:
        self._times = times

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return next_time(self._times, previous_fire_time or now)


def run(jobs: Jobs, times: Times, stop: Event, *, daily_first: bool) -> None:
    """Run until ``stop`` is set; a job that is at work then is let finish."""
    scheduler = prepared(jobs, times, daily_first=daily_first)
    scheduler.start()
    try:
        stop.wait()
    finally:
        scheduler.shutdown(wait=True)


def prepared(jobs: Jobs, times: Times, *, daily_first: bool) -> BackgroundScheduler:
    """The timer with all its jobs, not started yet."""
    scheduler = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(1)},
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        timezone=UTC,
    )

    def sweep() -> None:
        wake = jobs.sweep()
        if wake is not None:
            # One that is at work would keep another of its name from starting.
            name, trigger = f"wake {wake.isoformat()}", DateTrigger(wake, timezone=UTC)
            scheduler.add_job(sweep, trigger, id=name, replace_existing=True)

    if daily_first:
        scheduler.add_job(jobs.daily, id="first")
    scheduler.add_job(sweep, id="start")
    scheduler.add_job(sweep, IntervalTrigger(minutes=times.every, timezone=UTC), id="sweep")
    scheduler.add_job(jobs.daily, EveryDay(times), id="daily")
    return scheduler


def last_time(times: Times, now: datetime) -> datetime:
    """The last moment, at or before ``now``, at which the daily run was to begin; in UTC."""
    at = _on_the_day(times, now)
    return at if at <= now else _on_the_day(times, now, -ONE_DAY)


def next_time(times: Times, after: datetime) -> datetime:
    """The first moment after that one at which the daily run is to begin; in UTC."""
    at = _on_the_day(times, after)
    return at if at > after else _on_the_day(times, after, ONE_DAY)


def _on_the_day(times: Times, now: datetime, later: timedelta = timedelta()) -> datetime:
    """On the local day of ``now``, or so much later; of a time that comes twice, the first."""
    zone = zone_info(times.zone)
    day = now.astimezone(zone).date() + later
    return datetime.combine(day, time.fromisoformat(times.at), zone).astimezone(UTC)
