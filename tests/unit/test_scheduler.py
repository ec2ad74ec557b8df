"""The server's timer keeps time on the days on which the country's clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from casetrack.service.scheduler import EveryDay, Jobs, Times, last_time, prepared

ZONE = ZoneInfo("America/Chicago")
FORWARD, BACK = date(2027, 3, 14), date(2026, 11, 1)


def times(at: str) -> Times:
    return Times(at=at, every=5, zone="America/Chicago")


@pytest.mark.parametrize("at", ["00:00", "01:00", "01:30", "02:00", "02:30", "03:00", "07:00"])
@pytest.mark.parametrize("change", [FORWARD, BACK])
def test_the_daily_run_comes_once_on_each_local_day(at: str, change: date) -> None:
    first = datetime.combine(change - timedelta(days=3), time(), ZONE).astimezone(UTC)
    fired: list[datetime] = []
    now = first - timedelta(seconds=1)
    while len(fired) < 7:
        fired.append(EveryDay(times(at)).get_next_fire_time(fired[-1] if fired else None, now))
        now = fired[-1] + timedelta(milliseconds=3)
    local = [moment.astimezone(ZONE) for moment in fired]
    assert [moment.date() for moment in local] == [change + timedelta(days=n) for n in range(-3, 4)]
    told = [f"{moment:%H:%M}" for moment in local]
    skipped = change == FORWARD and at.startswith("02")
    assert told == [at] * 3 + [f"03{at[2:]}" if skipped else at] + [at] * 3


def test_the_last_time_that_a_run_was_to_begin() -> None:
    def last(now: str) -> str:
        found = last_time(times("01:30"), datetime.fromisoformat(now))
        return found.isoformat()

    assert last("2026-10-31T06:30+00:00") == "2026-10-31T06:30:00+00:00"
    assert last("2026-10-31T06:29+00:00") == "2026-10-30T06:30:00+00:00"
    # 01:30 comes twice on that day: at 06:30 and at 07:30 UTC. The first one counts.
    assert last("2026-11-01T06:29+00:00") == "2026-10-31T06:30:00+00:00"
    assert last("2026-11-01T07:29+00:00") == "2026-11-01T06:30:00+00:00"
    assert last("2026-11-02T07:30+00:00") == "2026-11-02T07:30:00+00:00"


def test_all_that_the_timer_reckons_with_is_in_utc() -> None:
    jobs = Jobs(sweep=lambda: None, daily=lambda: None)
    scheduler = prepared(jobs, times("07:00"), daily_first=True)
    assert scheduler.timezone == UTC
    names = {job.id: job for job in scheduler.get_jobs()}
    assert set(names) == {"first", "start", "sweep", "daily"}
    before = datetime(2027, 3, 14, 7, 59, tzinfo=UTC)  # a minute before clocks go forward
    following = names["sweep"].trigger.get_next_fire_time(before, before)
    assert following.utcoffset() == timedelta()
    assert following - before == timedelta(minutes=5)
