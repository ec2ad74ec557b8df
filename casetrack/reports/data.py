"""The due-soon report as data: the fields that scripts rely on, in JSON's own types."""

from operator import attrgetter
from typing import Any

import msgspec

from casetrack.domain import dates
from casetrack.domain.docket import Docket, Item, tally
from casetrack.reports.sections import ordered

FIELDS = (
    "case", "patient", "assignee", "workflow", "state", "deadline", "title", "owner", "kind",
    "due_on", "due_at", "act_by", "law_by", "stated_due_on", "status", "unproven",
    "business_days_left", "calendar_days_left", "ended_by", "source", "evidence", "law", "contact",
    "finding", "opens",
)  # fmt: skip
_DAYS = ("due_on", "act_by", "law_by", "stated_due_on")
_values = attrgetter(*FIELDS)


def plain(value: object) -> Any:  # noqa: ANN401  # JSON is what it is
    """A frozen value in JSON's own types: lists, objects, days as ISO text."""
    return msgspec.json.decode(msgspec.json.encode(value))


def item(line: Item) -> dict[str, Any]:
    """One docket line; ``patient`` only where it is given."""
    made = _item(line)
    for name in _DAYS:
        if (day := made[name]) is not None:
            made[name] = day.isoformat()
    made["ended_by"] = list(line.ended_by)
    return made


def _item(line: Item) -> dict[str, Any]:
    made = dict(zip(FIELDS, _values(line), strict=True))
    if line.patient is None:
        del made["patient"]
    return made


def due(docket: Docket) -> str:
    """``casetrack.due/1``, a line; ``next`` is the earliest ``act_by`` of all, shown or not."""
    made = msgspec.json.encode(_due(docket))
    return msgspec.json.format(made, indent=0).decode() + "\n"


def _due(docket: Docket) -> dict[str, Any]:
    return {
        "schema": "casetrack.due/1",
        "as_of": dates.instant_text(docket.as_of),
        "zone": docket.zone,
        "within": docket.within,
        "until": docket.until,
        "practice": docket.practice,
        "items": [_item(line) for line in ordered(docket)],
        "counts": tally(docket.items),
        "open_cases": docket.open_cases,
        "next": docket.next_on,
        "by_state": docket.by_state,
        "doubts": docket.doubts,
        "ledger": docket.ledger,
    }
