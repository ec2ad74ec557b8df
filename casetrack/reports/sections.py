"""The due-soon report's parts, top to bottom: each docket line stands in exactly one."""

from collections import defaultdict
from datetime import date, datetime
from typing import Literal, get_args

from msgspec import Struct

from casetrack.domain.docket import Docket, Doubt, DoubtKind, Item, Tally
from casetrack.reports.words import NOBODY, day

Key = Literal["act", "late", "expiring", "ours", "theirs", "later"]


class Section(Struct, frozen=True):
    """A part with at least one line; ``act`` and ``late`` are told in full."""

    key: Key
    title: str
    items: tuple[Item, ...]

    @property
    def urgent(self) -> bool:
        return self.key in ("act", "late")


def sections(docket: Docket) -> tuple[Section, ...]:
    """The parts that are not empty, in the order in which they are read."""
    parts: dict[Key, list[Item]] = defaultdict(list)
    for item in ordered(docket):
        parts[_key(item)].append(item)
    parts["act"].sort(key=lambda item: (item.status != "overdue", item.kind == "planned"))
    return tuple(
        Section(key, f"{title} ({len(parts[key])})", tuple(parts[key]))
        for key, title in _titles(docket).items()
        if parts[key]
    )


def _titles(docket: Docket) -> dict[Key, str]:
    return {
        "act": "Ours, act now",
        "late": "Theirs, late",
        "expiring": "Approvals and tests about to expire",
        "ours": "Due soon, ours",
        "theirs": "Due soon, theirs",
        "later": f"Later, within {docket.within}, to {day(docket.until)}",
    }


def _key(item: Item) -> Key:
    ours = item.owner == "provider"
    if item.status == "tolled":
        return "later"
    if (ours or item.opens) and item.status in ("overdue", "act_now"):
        return "act"
    if not ours and (item.status == "overdue" or item.calendar_days_left < 0):
        return "late"
    if item.expires:
        return "expiring"
    if item.status == "upcoming":
        return "later"
    return "ours" if ours else "theirs"


def doubts(docket: Docket) -> dict[DoubtKind, tuple[Doubt, ...]]:
    """What may move a date, or watches none, by kind; the kinds that there are, in order."""
    found = {kind: [d for d in docket.doubts if d.kind == kind] for kind in get_args(DoubtKind)}
    return {kind: tuple(some) for kind, some in found.items() if some}


def doubts_title(docket: Docket) -> str:
    return f"Doubts that move a date ({len(docket.doubts)})"


def ordered(docket: Docket) -> list[Item]:
    """By ``act_by``, ``due_at``, case."""
    return sorted(docket.items, key=_order)


def _order(item: Item) -> tuple[date, datetime, str, str]:
    return item.act_by, datetime.fromisoformat(item.due_at), item.case, item.deadline


def by_state(docket: Docket) -> list[tuple[str, int, str]]:
    """State, open cases in it, and whose they are, most first."""
    parts: dict[str, list[Tally]] = defaultdict(list)
    for tally in docket.by_state:
        parts[tally.state].append(tally)
    return [(s, sum(t.cases for t in parts[s]), _whose(parts[s])) for s in sorted(parts)]


def _whose(tallies: list[Tally]) -> str:
    most_first = sorted(tallies, key=lambda t: (-t.cases, t.assignee is None, t.assignee or ""))
    return ", ".join(f"{t.assignee or NOBODY} {t.cases}" for t in most_first)
