"""What an audit of the rules finds, and the calendars that entries were counted by."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal

from msgspec import Struct

from casetrack.catalog import calendars
from casetrack.domain import events as e
from casetrack.domain.calendar import Calendar
from casetrack.errors import CasetrackError

Severity = Literal["error", "warning", "info"]
COUNTED: frozenset[Severity] = frozenset({"error", "warning"})


class Finding(Struct, frozen=True, kw_only=True):
    """Something about an entry, by the rule that says so.

    No ``version``: about the whole case. No ``case`` either: about the ledger.

    ``error``: the record breaks the rules. ``warning``: what a later correction has made illegal or
    late, or what cannot be vouched for. ``info``: what an auditor may want to know.
    """

    severity: Severity
    case: str | None
    version: int | None
    rule: str
    detail: str


class Editions:
    """Calendars by digest: those shipped now, and those whose text the ledger has kept."""

    def __init__(self, shipped: Mapping[str, Calendar], kept: Callable[[str], str | None]) -> None:
        self.shipped = shipped
        self._kept = kept
        self._known: dict[str, Calendar | None] = {}

    def of(self, use: e.CalendarUse) -> Calendar | None:
        """The edition that a reading used, None if it is nowhere to be had."""
        if use.digest not in self._known:
            self._known[use.digest] = self._found(use)
        return self._known[use.digest]

    def _found(self, use: e.CalendarUse) -> Calendar | None:
        if use.id in tuple(self.shipped) and self.shipped[use.id].digest == use.digest:
            return self.shipped[use.id]
        text = self._kept(use.digest)
        if text is None:
            return None
        try:
            found = calendars.from_text(text)
        except (CasetrackError, ValueError, TypeError):
            return None
        return found if (found.id, found.digest) == (use.id, use.digest) else None


class Recorded(Mapping[str, Calendar]):
    """The calendars as a case's entries have used them so far; today's where none has."""

    def __init__(self, editions: Editions, used: Mapping[str, e.CalendarUse] | None = None) -> None:
        self._editions = editions
        self._used = dict(used or {})

    def after(self, data: e.Data) -> "Recorded":
        """With what an entry used, too."""
        return self._with(uses(data))

    def used_by(self, deadline: e.Deadline) -> "Recorded":
        """With what the dates of a deadline rest on."""
        return self._with(uses(e.Effects(armed=(deadline,))))

    def _with(self, found: Iterable[e.CalendarUse]) -> "Recorded":
        return Recorded(self._editions, {**self._used, **{use.id: use for use in found}})

    def __getitem__(self, name: str) -> Calendar:
        use = self._used.get(name)
        found = None if use is None else self._editions.of(use)
        return found or self._editions.shipped[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._editions.shipped)

    def __len__(self) -> int:
        return len(self._editions.shipped)


def uses(data: e.Data) -> Iterator[e.CalendarUse]:
    """Every calendar that the dates in an entry rest on."""
    if isinstance(data, e.Effects):
        standing = [d.standard for d in data.armed] + [m.standard for m in data.moved]
        readings = [*(d.reading for d in data.armed), *(m.reading for m in data.moved), *standing]
        for reading in readings:
            yield from reading.calendars if reading is not None else ()
