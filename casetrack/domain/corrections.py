"""Entries as they now stand: what was amended since, and which were taken back."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from casetrack.domain import events as e
from casetrack.errors import Refused, UnknownName

When = tuple[date, datetime | None]


def entry_at(entries: Sequence[e.Entry], version: int) -> e.Entry:
    """The entry of that version, or a refusal that says which there are."""
    if not 1 <= version <= len(entries):
        raise UnknownName(f"the case has no version {version}; it has 1 to {len(entries)}")
    return entries[version - 1]


def voided(entries: Iterable[e.Entry]) -> frozenset[int]:
    """The versions that were taken back."""
    return frozenset(x.data.voids for x in entries if isinstance(x.data, e.EntryVoided))


def refuse_voided(entries: Iterable[e.Entry], version: int) -> None:
    if version in voided(entries):
        raise Refused(f"version {version} was taken back; nothing of it stands")


def happened(entries: Iterable[e.Entry], original: e.Entry) -> When:
    """An entry's day and instant as last amended; a day amended alone leaves no instant."""
    on, at = original.occurred_on, original.occurred_at
    for entry in entries:
        data = entry.data
        if isinstance(data, e.EntryCorrected) and data.corrects == original.version:
            at = data.at if data.on or data.at else at
            on = data.on or on
    return on, at
