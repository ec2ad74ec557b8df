"""One case under the guide on a ledger in memory, worked on at times that a test sets."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

import pytest

from casetrack.catalog import calendars, workflows
from casetrack.domain import events as e
from casetrack.domain.calendar import Calendar, ClosedDay
from casetrack.domain.case import Case, Tracked
from casetrack.domain.dates import parse_instant
from casetrack.errors import CasetrackError, Refused
from casetrack.ledger.memory import MemoryLedger
from casetrack.ledger.store import Draft
from casetrack.service.tracker import DEFAULT_TERMS, Terms, Tracker, Written
from casetrack.service.typed import (
    Amending,
    Extending,
    Finishing,
    Firing,
    Noting,
    Opening,
    Planning,
    Recording,
    Resuming,
    Tolling,
    Typed,
    Voiding,
    When,
)
from tests.fakes import FakeClock, fixed_sources

GUIDE = workflows.load("humana-il-guide")
KNOWN = {name: calendars.load(name) for name in calendars.available()}
DRY = Terms(dry_run=True)

Values = Mapping[str, str]


def day(text: str) -> date:
    return date.fromisoformat(text)


def instant(text: str) -> datetime:
    """A wall time in Chicago, or with an offset; a bare day means its noon."""
    return parse_instant(text if "T" in text else f"{text}T12:00", GUIDE.zone)


def when(text: str | None) -> When:
    if text is None:
        return When()
    return When(at=text) if "T" in text else When(on=text)


def refused(
    world: "World",
    act: Callable[[], object],
    words: str,
    kind: type[CasetrackError] = Refused,
) -> None:
    """Refused with these words, and nothing is written."""
    before = world.kept()
    with pytest.raises(CasetrackError) as found:
        act()
    assert isinstance(found.value, kind)
    assert any(words in text for text in (found.value.message, *found.value.reasons))
    assert world.kept() == before


def proclaimed(calendar: Calendar, *days: str) -> Calendar:
    """The calendar with more closed days, in another edition."""
    extra = [
        ClosedDay(date=d, name="Proclaimed", observed_for=d, status="official", source="x")
        for d in map(day, days)
    ]
    listed = tuple(sorted((*calendar.days, *extra), key=lambda one: one.date))
    return edition(calendar, days=listed)


def edition(calendar: Calendar, **changes: object) -> Calendar:
    """Another edition of the calendar, whose text is in no ledger."""
    members = {
        name: getattr(calendar, name)
        for name in ("id", "title", "source", "weekend", "first", "last", "days")
    }
    return Calendar(**{**members, "edition": "later", "digest": "f" * 64, **changes})


class World:
    """``now`` is set by ``at``; every trigger goes ahead in spite of its guards."""

    def __init__(self, now: str = "2026-11-24") -> None:
        self.clock = FakeClock(instant(now))
        self.calendars: dict[str, Calendar] = dict(KNOWN)
        self.ledger = MemoryLedger(fixed_sources(self.clock), practice=True)
        self.tracker = Tracker(self.ledger, self.clock.now, "eva", self.calendars)
        opening = Opening(workflow=GUIDE.id, reference="C-1", when=When(on="2026-08-03"))
        self.id = self.tracker.open(opening).case.id

    def at(self, now: str) -> "World":
        self.clock.now = instant(now)
        self.tracker.now = self.tracker.desk.now = self.clock.now
        return self

    def do(self, typed: Typed, terms: Terms = DEFAULT_TERMS) -> Written:
        return self.tracker.do(self.id, typed, terms)

    def fire(self, trigger: str, on: str | None = None, **values: str) -> Written:
        pairs = tuple(values.items())
        return self.do(Firing(trigger=trigger, when=when(on), pairs=pairs, override="so it was"))

    def record(self, item: str, on: str, **values: str) -> Written:
        return self.do(Recording(item=item, when=When(on=on), pairs=tuple(values.items())))

    def note(self, on: str, **values: str) -> Written:
        return self.do(Noting(text="a note", when=when(on), pairs=tuple(values.items())))

    def plan(self, title: str, due: str) -> Written:
        return self.do(Planning(title=title, due=due))

    def done(self, name: str, on: str | None = None) -> Written:
        return self.do(Finishing(name=name, when=when(on)))

    def extend(self, deadline: str, to: str, on: str | None = None) -> Written:
        typed = Extending(deadline=deadline, to=to, basis="42 CFR", reason="asked", when=when(on))
        return self.do(typed)

    def toll(self, deadline: str, on: str | None = None) -> Written:
        return self.do(Tolling(deadline=deadline, reason="they wait", when=when(on)))

    def resume(self, deadline: str, on: str | None = None) -> Written:
        return self.do(Resuming(deadline=deadline, reason="they go on", when=when(on)))

    def amend(self, version: int, terms: Terms = DEFAULT_TERMS, **values: str) -> Written:
        pairs = tuple(values.items())
        return self.do(Amending(version=version, pairs=pairs, reason="typed wrong"), terms)

    def void(self, version: int, terms: Terms = DEFAULT_TERMS) -> Written:
        return self.do(Voiding(version=version, reason="never happened"), terms)

    def send(self, deadline: str, *rungs: str) -> None:
        """Put on record that rungs were sent."""
        found = self.deadline(deadline).deadline
        for rung in rungs:
            sent = e.ReminderSent(
                reminder=f"{deadline}-{rung}", deadline=deadline, rung=rung, folded=(),
                act_by=found.reading.act_by, scheduled_for=self.clock.now, sent_at=self.clock.now,
                channels=("stdout",), may_repeat=False,
            )  # fmt: skip
            self.append(e.Event(data=sent, occurred_on=self.clock.now.date()))

    def append(self, *events: e.Event) -> None:
        self.ledger.append(self.case, [Draft(event=event, actor="eva") for event in events])

    @property
    def case(self) -> Case:
        return self.tracker.case(self.id)

    def entries(self) -> Sequence[e.Entry]:
        return self.ledger.entries(self.id)

    def kept(self) -> object:
        """Everything that a write would change."""
        return self.ledger.stored(self.id), self.ledger.views(self.id), self.ledger.stats()

    def deadline(self, name: str) -> Tracked:
        return self.case.deadlines[name]

    def reading(self, name: str) -> e.Reading:
        return self.deadline(name).deadline.reading

    def dates(self, name: str) -> tuple[str, str, str | None]:
        """(due, act by, the law's date)."""
        found = self.reading(name)
        law = None if found.law_by is None else found.law_by.isoformat()
        return found.due_on.isoformat(), found.act_by.isoformat(), law

    def open_now(self) -> set[str]:
        return {t.deadline.deadline for t in self.case.open_deadlines()}
