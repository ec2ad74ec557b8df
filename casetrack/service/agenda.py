"""The docket as a calendar wants it: with what has ended, and how often each deadline changed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta

from msgspec.structs import replace

from casetrack.domain import dates
from casetrack.domain import events as e
from casetrack.domain.docket import Docket, Item
from casetrack.service.due import Filter, docket, line, matches
from casetrack.service.tracker import Tracker

PAST_DAYS = 30
"""An ended deadline is taken back for as long as its ``act_by`` lies no further behind."""


def agenda(tracker: Tracker, wanted: Filter) -> Docket:
    """The due-soon report's docket, its lines and those that ended with their ``changes``."""
    found = docket(tracker, wanted)
    ended = _ended(tracker, wanted, found)
    cases = sorted({item.case_id for item in (*found.items, *ended)})
    known = {case_id: changes(tracker.ledger.entries(case_id)) for case_id in cases}
    return replace(found, items=_counted(found.items, known), ended=_counted(ended, known))


def changes(entries: Iterable[e.Entry]) -> Counter[str]:
    """By deadline, how many entries moved, paused, ended or reopened it."""
    return Counter(name for entry in entries for name in _changed(entry.data))


def _changed(data: e.Data) -> set[str]:
    if isinstance(data, e.DeadlineTolled):
        return {data.deadline}
    if isinstance(data, e.Effects):
        moved, closed = ({x.deadline for x in some} for some in (data.moved, data.closed))
        return moved | closed | {*data.reopened}
    return set()


def _counted(items: Iterable[Item], known: Mapping[str, Counter[str]]) -> tuple[Item, ...]:
    return tuple(replace(item, changes=known[item.case_id][item.deadline]) for item in items)


def _ended(tracker: Tracker, wanted: Filter, found: Docket) -> list[Item]:
    since = dates.local_date(found.as_of, found.zone) - timedelta(days=PAST_DAYS)
    rows = [
        row
        for row in tracker.ledger.docket(found.until, ended_from=since)
        if row.deadline.outcome is not None and matches(row, wanted)
    ]
    return [replace(line(tracker, row), ended=True) for row in rows]
