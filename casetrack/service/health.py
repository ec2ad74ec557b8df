"""Whether the unattended runs still run."""

from datetime import datetime, timedelta

from casetrack.domain import dates
from casetrack.ledger.store import LEDGER_CASE
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
    """A warning if the last run is over 26 hours old, or none ever was in that time.

    A practice ledger that was never run is let be.
    """
    found = last_run(tracker)
    if found is None:
        return None if tracker.ledger.practice else _never(tracker)
    name, at = found
    if tracker.now - at <= STALE:
        return None
    hours = int((tracker.now - at) / timedelta(hours=1))
    return (
        f"warning: the last {name} run was {hours} hours ago, {dates.local_text(at, ZONE)}:"
        " reminders may be late; see 'casetrack doctor'"
    )


def _never(tracker: Tracker) -> str | None:
    made = tracker.ledger.entries(LEDGER_CASE)[0].recorded_at
    if tracker.now - made <= STALE:
        return None
    return (
        f"warning: no daily run yet, and the ledger was made {dates.local_text(made, ZONE)}:"
        " nobody is reminded; see 'casetrack schedule --cron'"
    )
