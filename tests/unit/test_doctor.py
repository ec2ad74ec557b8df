"""What the doctor finds, and the deadlines that a changed calendar moves at the next sweep."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from casetrack.catalog import calendars
from casetrack.domain import events as e
from casetrack.domain.calendar import Calendar, ClosedDay
from casetrack.ledger.memory import MemoryLedger
from casetrack.service.desk import Opening, When
from casetrack.service.doctor import examine
from casetrack.service.sweep import sweep
from casetrack.service.tracker import Tracker
from casetrack.service.typed import Firing
from tests.fakes import FakeClock, fixed_sources
from tests.offices import Box, Practice, at, filing, new_practice

NOV_24, NOV_30, DEC_16, DEC_17 = (
    date(2026, 11, 24), date(2026, 11, 30), date(2026, 12, 16), date(2026, 12, 17),
)  # fmt: skip
KNOWN = {name: calendars.load(name) for name in calendars.available()}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Practice]:
    made = new_practice(tmp_path / "cases.db", at(NOV_24))
    yield made
    made.ledger.close()


def test_an_open_deadline_that_its_cases_state_does_not_keep_alive_is_an_orphan(
    office: Practice,
) -> None:
    office.case("C-1", filing(NOV_30))
    office.sweep()
    (found,) = examine(office.tracker())
    assert (found.kind, found.case, found.deadline) == ("orphan_deadline", "C-1", "appeal_filing#1")


def with_a_new_holiday() -> Mapping[str, Calendar]:
    home = KNOWN["illinois-state"]
    added = ClosedDay(
        date=date(2026, 12, 7), name="Day of mourning", observed_for=date(2026, 12, 7),
        status="official", source="a proclamation",
    )  # fmt: skip
    days = tuple(sorted((*home.days, added), key=lambda day: day.date))
    return {**KNOWN, home.id: replace(home, days=days, edition="later", digest="f" * 64)}


def submitted() -> tuple[Tracker, str]:
    clock = FakeClock(at(NOV_24, 10))
    ledger = MemoryLedger(fixed_sources(clock), practice=True)
    tracker = Tracker(ledger, clock.now, "eva", KNOWN)
    case = tracker.open(Opening(workflow="humana-il-guide", reference="C-1")).case.id
    firing = Firing(
        trigger="submit", when=When(at="2026-11-24T10:00"), override="on paper",
        pairs=[("method", "portal"), ("confirmation", "K-1")],
    )  # fmt: skip
    tracker.do(case, firing)
    return tracker, case


def test_a_calendar_that_gains_a_day_moves_what_crosses_it_once() -> None:
    tracker, case = submitted()
    assert sweep(tracker, [Box()]).moved == ()
    assert tracker.case(case).deadlines["pa_decision#1"].deadline.reading.due_on == DEC_16
    later = Tracker(tracker.ledger, tracker.now, "eva", with_a_new_holiday())
    told = [f for f in examine(later) if f.kind == "calendar_changed"]
    assert [(f.case, f.deadline) for f in told] == [("C-1", "pa_decision#1")]
    swept = sweep(later, [Box()])
    assert [(shift.case, shift.deadline) for shift in swept.moved] == [("C-1", "pa_decision#1")]
    assert later.case(case).deadlines["pa_decision#1"].deadline.reading.due_on == DEC_17
    last = [entry for entry in later.ledger.entries(case)
            if isinstance(entry.data, e.DeadlineReprojected)]  # fmt: skip
    assert [entry.actor for entry in last] == ["casetrack sweep"]
    assert sweep(later, [Box()]).moved == ()
    assert [f for f in examine(later) if f.kind == "calendar_changed"] == []
