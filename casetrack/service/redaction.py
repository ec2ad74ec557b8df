"""Which sealed values a redaction names."""

from collections.abc import Iterable

from casetrack.domain.events import Entry, Target
from casetrack.errors import Refused, UnknownName
from casetrack.service.tracker import Tracker


def targets(
    tracker: Tracker, case_id: str, name: str | None, version: int | None
) -> tuple[Target, ...]:
    """The values still disclosed: of one name, of one entry, or, with neither, all."""
    entries = tracker.ledger.entries(case_id)
    if version is not None and not 1 <= version <= len(entries):
        raise UnknownName(f"the case has versions 1 to {len(entries)}")
    if name is not None and not any(name in entry.sealed for entry in entries):
        known = ", ".join(sorted({n for entry in entries for n in entry.sealed})) or "none"
        raise UnknownName(f"the case has no sealed value of that name; it has: {known}")
    chosen = tuple(
        target
        for target in all_targets(entries)
        if name in (None, target.name) and version in (None, target.version)
    )
    if not chosen:
        raise Refused("nothing is left to erase there")
    return chosen


def all_targets(entries: Iterable[Entry]) -> tuple[Target, ...]:
    """Every sealed value still disclosed, or withheld from who asks, oldest first."""
    return tuple(
        Target(version=entry.version, name=name)
        for entry in entries
        for name in sorted(entry.sealed)
        if entry.withheld or name in entry.disclosed
    )
