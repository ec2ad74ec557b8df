"""Whether the unattended runs still run."""

from datetime import datetime, timedelta

from casetrack.domain import dates
from casetrack.service.due import ZONE
from casetrack.service.sweep import BEAT
from casetrack.service.tracker import Tracker

DAILY = "daily"
STALE = timedelta(hours=26)


def last_run(tracker: Tracker) -> tuple[str, datetime] | None:
    """The daily run's last end, or the sweep's where no daily run ever was."""
    beats = tracker.ledger.runs.beats()
    for name in (DAILY, BEAT):
        if name in beats:
            return name, beats[name]
    return None


def stale(tracker: Tracker) -> str | None:
    """A warning if the last run is over 26 hours old; none where nothing ever ran."""
    found = last_run(tracker)
    if found is None or tracker.now - found[1] <= STALE:
        return None
    name, at = found
    hours = int((tracker.now - at) / timedelta(hours=1))
    return (
        f"warning: the last {name} run was {hours} hours ago, {dates.local_text(at, ZONE)}:"
        " reminders may be late; see 'casetrack doctor'"
    )
