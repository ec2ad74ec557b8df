"""A case at a point in two times: what was true in the world, and what was known of it.

Known by K is what was recorded by K. True by T is what happened by T, as corrected by all that is
known: a correction or a taking back counts however late it came. Nothing is decided or counted
here; every date is one that some entry recorded.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from casetrack.domain import corrections, dates
from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.domain.partial import replay_partly

Entries = Sequence[e.Entry]


class Point(Struct, frozen=True, kw_only=True):
    """An instant in each time, inclusive; None asks for all of it."""

    true_by: datetime | None = None
    known_by: datetime | None = None


class Picture(Struct, frozen=True, kw_only=True):
    """A case at a point.

    ``entries`` are what it is made of, corrections included; of what was taken back, neither the
    entry nor its taking back is among them if it was asked what was true.
    ``presumes``: by deadline, the entries beyond the point that its dates rest on all the same,
    since no entry recorded what they would be without.
    """

    point: Point
    entries: tuple[e.Entry, ...]
    case: Case
    presumes: Mapping[str, tuple[int, ...]] = {}


def picture(case_id: str, entries: Entries, point: Point, zone: str) -> Picture:
    """The case at the point; of version 0 where it was not open, or not known, by then."""
    known = recorded_by(entries, point.known_by)
    if point.true_by is None:
        return Picture(point=point, entries=known, case=replay_partly(case_id, known))
    by = point.true_by
    kept = {version for version, at in _happened(known, zone).items() if at <= by}
    if 1 not in kept:
        return Picture(point=point, entries=(), case=Case(id=case_id))
    true = [entry for entry in known if _about(entry) in kept]
    gone = corrections.voided(true)
    return Picture(
        point=point,
        entries=tuple(entry for entry in true if _about(entry) not in gone),
        case=replay_partly(case_id, true),
        presumes=dict(_presumed(known, kept)),
    )


def recorded_by(entries: Entries, by: datetime | None) -> tuple[e.Entry, ...]:
    return tuple(entry for entry in entries if by is None or entry.recorded_at <= by)


def _about(entry: e.Entry) -> int:
    """The version of the fact that an entry is about: its own, or what it corrects."""
    match entry.data:
        case e.EntryCorrected(corrects=version) | e.EntryVoided(voids=version):
            return version
        case _:
            return entry.version


def _happened(known: Entries, zone: str) -> dict[int, datetime]:
    """When each fact happened, as corrected; a day stands for its start.

    No transition came before the one before it, and no opening after the first transition.
    """
    gone, moments = corrections.voided(known), dict[int, datetime]()
    moved: list[datetime] = []
    for entry in known:
        on, at = corrections.happened(known, entry)
        when = at or dates.start_of_day(on, zone)
        if isinstance(entry.data, e.TransitionFired):
            when = max([when, *moved[-1:]])
            moved += [] if entry.version in gone else [when]
        moments[entry.version] = when
    if 1 in moments:
        moments[1] = min([moments[1], *moved[:1]])
    return moments


def _presumed(known: Entries, kept: set[int]) -> Iterator[tuple[str, tuple[int, ...]]]:
    moves = [(entry.version, _about(entry) in kept, _dated(entry)) for entry in known]
    for name in {name for _, _, names in moves for name in names}:
        newest = max((v for v, true, names in moves if true and name in names), default=0)
        beyond = tuple(v for v, true, names in moves if not true and name in names and v < newest)
        if beyond:
            yield name, beyond


def _dated(entry: e.Entry) -> frozenset[str]:
    """The deadlines whose dates an entry set anew, a first arming left out."""
    moved: Iterable[e.Moved] = entry.data.moved if isinstance(entry.data, e.Effects) else ()
    return frozenset(move.deadline for move in moved)
