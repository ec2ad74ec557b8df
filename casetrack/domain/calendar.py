"""Business days by one calendar: counted, rolled and explained, never beyond its horizon.

The day counted from is never counted itself.
Every method takes plain dates and refuses, with ``BeyondHorizon``, a day outside the horizon
or an answer that would lie outside it.
Anything but a plain ``date``, a ``datetime`` above all, raises ``TypeError``.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from typing import Literal

from casetrack.errors import BeyondHorizon

RollRule = Literal["none", "following", "preceding"]
Status = Literal["official", "computed", "own"]
Day = date

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_date_of = attrgetter("date")


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A listed day; ``observed_for`` is the holiday's own date, another one when it was moved.

    Its status ``own``: only our own office is closed, so that nothing is counted or rolled by it.
    """

    date: Day
    name: str
    observed_for: Day
    status: Status
    source: str

    @property
    def label(self) -> str:
        moved = "" if self.date == self.observed_for else ", observed"
        return f"{self.name}{moved} ({self.status})"


@dataclass(frozen=True, slots=True)
class Calendar:
    """A weekend and a list of closed days, sure of every day from ``first`` to ``last`` inclusive.

    ``weekend`` holds ISO weekdays (Monday is 1); ``days`` stand in the order of their dates.
    ``digest`` is the SHA-256, in hex, of the definition's canonical text.
    """

    id: str
    title: str
    edition: str
    source: str
    weekend: tuple[int, ...]
    first: date
    last: date
    days: tuple[ClosedDay, ...] = field(repr=False)
    digest: str
    # The business days in order and, for each day of the horizon by its ordinal less ``_origin``,
    # the number of the business day at or before it and at or after it.
    _origin: int = field(init=False, repr=False, compare=False)
    _numbered: list[date] = field(init=False, repr=False, compare=False)
    _before: list[int] = field(init=False, repr=False, compare=False)
    _after: list[int] = field(init=False, repr=False, compare=False)

    def __hash__(self) -> int:  # its days would be hashed at every look-up
        return hash((self.id, self.digest))

    def __post_init__(self) -> None:
        closed = {listed.date for listed in self.days}
        numbered: list[date] = []
        before: list[int] = []
        after: list[int] = []
        for day in map(date.fromordinal, range(self.first.toordinal(), self.last.toordinal() + 1)):
            after.append(len(numbered))
            if day.isoweekday() not in self.weekend and day not in closed:
                numbered.append(day)
            before.append(len(numbered) - 1)
        object.__setattr__(self, "_origin", self.first.toordinal())
        object.__setattr__(self, "_numbered", numbered)
        object.__setattr__(self, "_before", before)
        object.__setattr__(self, "_after", after)

    @property
    def own(self) -> bool:
        """Whether it holds closing days of our own, so that it may count nothing."""
        return any(day.status == "own" for day in self.days)

    def is_business_day(self, day: date) -> bool:
        offset = self._offset(day)
        return self._before[offset] == self._after[offset]

    def roll(self, day: date, rule: RollRule) -> date:
        """``day`` itself if it is a business day or ``rule`` is none, else the nearest that way."""
        offset = self._offset(day)
        if rule == "none":
            return day
        if rule not in ("following", "preceding"):
            raise ValueError(f"unknown roll rule {rule!r}: use none, following or preceding")
        number = self._after[offset] if rule == "following" else self._before[offset]
        if 0 <= number < len(self._numbered):
            return self._numbered[number]
        raise self._refusal(day)

    def add_business_days(self, day: date, n: int) -> date:
        """The n-th business day strictly after ``day``, strictly before it if ``n`` is negative.

        0 gives the last business day on or before ``day``.
        """
        # Every deadline passes here, so the checks of ``_offset`` stand in line.
        try:
            offset = day.toordinal() - self._origin
            if offset >= 0 and type(day) is date:
                number = (self._before if n >= 0 else self._after)[offset] + n
                if number >= 0:
                    return self._numbered[number]
        except IndexError:
            raise self._refusal(day) from None
        raise self._refusal(day)

    def business_days_between(self, a: date, b: date) -> int:
        """The business days in (a, b]; if ``b`` is before ``a``, minus those in (b, a]."""
        return self._before[self._offset(b)] - self._before[self._offset(a)]

    def why_closed(self, day: date) -> str | None:
        """The weekday's or the holiday's name, None on a business day."""
        if self.is_business_day(day):
            return None
        if day.isoweekday() in self.weekend:
            return _WEEKDAYS[day.weekday()]
        return self.days[bisect_left(self.days, day, key=_date_of)].label

    def closed_weekdays_between(self, first: date, last: date) -> tuple[ClosedDay, ...]:
        """The listed days from ``first`` to ``last``, both included, that are no weekend days.

        Empty if ``last`` is before ``first``.
        """
        self._offset(first)
        self._offset(last)
        start = bisect_left(self.days, first, key=_date_of)
        listed = self.days[start : bisect_right(self.days, last, key=_date_of)]
        return tuple(day for day in listed if day.date.isoweekday() not in self.weekend)

    def _offset(self, day: date) -> int:
        offset = day.toordinal() - self._origin
        if type(day) is date and 0 <= offset < len(self._before):
            return offset
        raise self._refusal(day)

    def _refusal(self, day: date) -> Exception:
        if type(day) is not date:
            return TypeError(f"a calendar counts days: give a plain date, not {type(day).__name__}")
        asked = "leads beyond" if self.first <= day <= self.last else "is beyond"
        return BeyondHorizon(
            f"{day.isoformat()} {asked} the horizon of calendar {self.id} (edition {self.edition}),"
            f" {self.first.isoformat()} to {self.last.isoformat()}:"
            " take a nearer day, or an edition of the calendar that reaches further"
        )
