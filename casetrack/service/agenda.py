"""The docket as a calendar file wants it: with all else that an earlier file may have shown."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from msgspec.structs import replace

from casetrack.domain import dates
from casetrack.domain import events as e
from casetrack.domain.docket import Docket, Item
from casetrack.ledger.store import DocketRow
from casetrack.service.due import Filter, docket, line, matches
from casetrack.service.tracker import Tracker

PAST_DAYS = 30
"""An ended deadline is taken back for as long as its ``act_by`` lies no further behind."""

Changes = Mapping[str, Counter[str]]


def agenda(tracker: Tracker, wanted: Filter) -> Docket:
    """The due-soon report's docket, its lines with their ``changes``, and those that ended.

    A deadline that was moved beyond the window keeps its event, under its new date.
    """
    found = docket(tracker, wanted)
    rows = list(_rows(tracker, wanted, found))
    cases = {*(item.case_id for item in found.items), *(row.case.case_id for row in rows)}
    known = {case_id: changes(tracker.ledger.entries(case_id)) for case_id in sorted(cases)}
    told = [row for row in rows if row.deadline.act_by <= found.until or _moved(row, known)]
    away = (line(tracker, row) for row in told if row.deadline.outcome is None)
    ended = (replace(line(tracker, row), ended=True) for row in told if row.deadline.outcome)
    return replace(
        found,
        items=_counted((*found.items, *away), known),
        ended=_counted(ended, known),
    )


def _rows(tracker: Tracker, wanted: Filter, found: Docket) -> Iterator[DocketRow]:
    """What is open or ended not long ago, but for the docket's own lines."""
    listed = {(item.case_id, item.deadline) for item in found.items}
    since = dates.local_date(found.as_of, found.zone) - timedelta(days=PAST_DAYS)
    for row in tracker.ledger.docket(None, ended_from=since):
        if matches(row, wanted) and (row.case.case_id, row.deadline.deadline) not in listed:
            yield row


def _moved(row: DocketRow, known: Changes) -> bool:
    """Whether an entry changed it otherwise than by ending it, so that it may have moved."""
    often = known[row.case.case_id][row.deadline.deadline]
    return often > (row.deadline.outcome is not None)


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


def _counted(items: Iterable[Item], known: Changes) -> tuple[Item, ...]:
    return tuple(replace(item, changes=known[item.case_id][item.deadline]) for item in items)
