"""The server's timer: jobs kept in memory, for the ledger alone says what is due.

One job runs at a time. A job that comes late runs once, as soon as it can.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger
from msgspec import Struct

from casetrack.domain.dates import zone_info


class Jobs(Struct, frozen=True, kw_only=True):
    """What is to be done: a sweep, which says when the next hour rung is, and the daily run."""

    sweep: Callable[[], datetime | None]
    daily: Callable[[], None]


class Times(Struct, frozen=True, kw_only=True):
    """``at`` is ``HH:MM`` in the zone, ``every`` minutes."""

    at: str
    every: int
    zone: str


def run(jobs: Jobs, times: Times, stop: Event, *, daily_first: bool) -> None:
    """Run until ``stop`` is set; a job that is at work then is let finish."""
    scheduler = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(1)},
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        timezone=zone_info(times.zone),
    )

    def sweep() -> None:
        wake = jobs.sweep()
        if wake is not None:
            scheduler.add_job(sweep, DateTrigger(wake), id="wake", replace_existing=True)

    hour, minute = times.at.split(":")
    every = IntervalTrigger(minutes=times.every, timezone=zone_info(times.zone))
    daily = CronTrigger(hour=hour, minute=minute, timezone=zone_info(times.zone))
    if daily_first:
        scheduler.add_job(jobs.daily, id="first")
    scheduler.add_job(sweep, id="start")
    scheduler.add_job(sweep, every, id="sweep")
    scheduler.add_job(jobs.daily, daily, id="daily")
    scheduler.start()
    try:
        stop.wait()
    finally:
        scheduler.shutdown(wait=True)


def last_time(times: Times, now: datetime) -> datetime:
    """The last moment, at or before ``now``, at which the daily run was to begin."""
    local = now.astimezone(zone_info(times.zone))
    hour, minute = map(int, times.at.split(":"))
    today = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return today if today <= local else today - timedelta(days=1)
