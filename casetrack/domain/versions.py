"""A clock's rule as it stood on a day, and the day of a receipt that nobody has shown."""

from datetime import date, timedelta

from msgspec.structs import replace

from casetrack.domain.clocks import Basis
from casetrack.domain.workflow import PRESUMED, Clock, Version
from casetrack.errors import Refused


def in_force(clock: Clock, on: date | None) -> Clock:
    """The clock as its rule stood for the day that picks the version; the clock if it has none.

    Raises ``Refused`` where there are versions and no day.
    """
    if not clock.versions:
        return clock
    if on is None:
        raise Refused(f"{clock.title}: the rule has changed, so give {clock.version_by}")
    held = [version for version in clock.versions if version.since <= on.isoformat()]
    return _as_of(clock, held[-1]) if held else clock


def _as_of(clock: Clock, version: Version) -> Clock:
    days = clock.presumed_days if version.presumed_days is None else version.presumed_days
    return replace(
        clock,
        source=version.source,
        evidence=version.evidence,
        caveat=version.caveat or clock.caveat,
        length=version.length or clock.length,
        expedited=version.expedited or clock.expedited,
        presumed_days=days,
        counts_from=version.counts_from or clock.counts_from,
        law=version.law or clock.law,
    )


def presumed(clock: Clock, noticed: date) -> Basis:
    """What is counted from where receipt is not shown; our own reading presumes nothing."""
    on = noticed + timedelta(days=clock.presumed_days)
    field = PRESUMED if clock.presumed_days else clock.presumed_from or ""
    return Basis(on=on, at=None, field=field, safe_from=noticed)
