"""What the doctor finds, and the deadlines that a changed calendar moves at the next sweep."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casetrack.catalog import calendars
from casetrack.domain import crossing
from casetrack.domain import events as e
from casetrack.domain.calendar import Calendar, ClosedDay
from casetrack.domain.clocks import Basis, frame, read
from casetrack.domain.later import recounted
from casetrack.domain.workflow import Clock, Law
from casetrack.ledger.memory import MemoryLedger
from casetrack.service.desk import Opening, When
from casetrack.service.doctor import examine
from casetrack.service.reprojecting import pending, reproject
from casetrack.service.sweep import sweep
from casetrack.service.tracker import Tracker
from casetrack.service.typed import Firing, Voiding
from tests.facts import deadline
from tests.fakes import FakeClock, fixed_sources
from tests.offices import Box, Practice, at, filing, new_practice
from tests.world import GUIDE

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


def moved_by(tracker: Tracker, known: Mapping[str, Calendar]) -> list[tuple[str, str]]:
    """What a sweep with these calendars moves, by case and deadline."""
    later = Tracker(tracker.ledger, tracker.now, "eva", known)
    return [(shift.case, shift.deadline) for shift in sweep(later, [Box()]).moved]


def test_no_planted_heartbeat_keeps_a_changed_calendar_from_its_work() -> None:
    tracker, _ = submitted()
    for name, calendar in with_a_new_holiday().items():
        tracker.ledger.runs.beat(f"calendar {name} {calendar.digest}", tracker.now)
    assert moved_by(tracker, with_a_new_holiday()) == [("C-1", "pa_decision#1")]


@pytest.mark.parametrize("how", ["void", "reject_request"])
def test_a_deadline_that_returns_after_a_calendar_changed_is_counted_by_it(how: str) -> None:
    tracker, case = submitted()
    approve = [("valid_through", "2027-05-28")]
    if how == "void":
        tracker.do(case, Firing(trigger="approve", pairs=approve))
    else:
        letter = [("notice_on", "2026-11-24"), ("stated_due_on", "2026-12-07")]
        tracker.do(case, Firing(trigger="deny", pairs=letter))
        filed = [("confirmation", "F-1")]
        tracker.do(case, Firing(trigger="file_appeal", pairs=filed, override="so it was"))
    assert moved_by(tracker, with_a_new_holiday()) == []

    later = Tracker(tracker.ledger, tracker.now, "eva", with_a_new_holiday())
    if how == "void":
        later.do(case, Voiding(version=3, reason="another case"))
    else:
        later.do(case, Firing(trigger="reject_request"))

    name = {"void": "pa_decision#1", "reject_request": "appeal_filing#1"}[how]
    assert moved_by(tracker, with_a_new_holiday()) == [("C-1", name)]
    reading = later.case(case).deadlines[name].deadline.reading
    # 14 business days, one later; the letter's Monday is closed, so ours is the Friday before.
    assert (reading.due_on if how == "void" else reading.act_by) == (
        DEC_17 if how == "void" else date(2026, 12, 4)
    )
    assert moved_by(tracker, with_a_new_holiday()) == []


def test_an_edition_that_no_ledger_keeps_is_taken_to_differ_everywhere() -> None:
    tracker, case = submitted()
    assert moved_by(tracker, with_a_new_holiday()) == [("C-1", "pa_decision#1")]
    assert moved_by(tracker, KNOWN) == [("C-1", "pa_decision#1")]
    assert tracker.case(case).deadlines["pa_decision#1"].deadline.reading.due_on == DEC_16


class Reading(MemoryLedger):
    """Tells which cases' entries were read."""

    def __init__(self, clock: FakeClock) -> None:
        self.read: list[str] = []
        super().__init__(fixed_sources(clock), practice=True)

    def entries(self, case_id: str) -> tuple[e.Entry, ...]:
        self.read.append(case_id)
        return super().entries(case_id)


def test_only_what_crosses_the_changed_days_is_read() -> None:
    clock = FakeClock(at(NOV_24, 10))
    ledger = Reading(clock)
    tracker = Tracker(ledger, clock.now, "eva", KNOWN)
    cases = []
    for n, on in enumerate(["2026-09-01", "2026-10-01", "2026-11-24", "2026-11-02"]):
        case = tracker.open(Opening(workflow="humana-il-guide", reference=f"C-{n}")).case.id
        tracker.do(case, Firing(trigger="submit", when=When(on=on), override="on paper"))
        cases.append(case)
    later = Tracker(ledger, clock.now, "eva", with_a_new_holiday())
    for moved in ([cases[2]], []):
        ledger.read.clear()
        assert [case.id for case, _ in pending(later)] == moved
        assert ledger.read == moved
        reproject(later, "eva")


OPEN_CLOCKS = st.builds(
    Clock,
    title=st.just("x"), kind=st.just("statutory"), armed_by=st.just(()), alive_in=st.just(()),
    ended_by=st.just(()), source=st.just("x"), evidence=st.just("V"),
    owner=st.sampled_from(["provider", "payer"]),
    length=st.builds("{}{}".format, st.integers(1, 40), st.sampled_from(["bd", "d"])),
    roll=st.sampled_from(["none", "following", "preceding"]),
    roll_calendar=st.just("illinois-statutory"),
    law=st.none() | st.builds(
        Law, source=st.just("x"), evidence=st.just("V"), caveat=st.just(""),
        length=st.integers(1, 40).map("{}d".format),
    ),
)  # fmt: skip


@given(
    clock=OPEN_CLOCKS,
    start=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    stated=st.none() | st.integers(1, 40),
    early=st.integers(0, 5),
    name=st.sampled_from(["illinois-state", "illinois-statutory"]),
    gone=st.integers(-20, 90),
)
def test_no_day_that_moves_a_date_lies_outside_what_it_crosses(
    clock: Clock, start: date, stated: int | None, early: int, name: str, gone: int
) -> None:
    basis = Basis(
        on=start, at=None, field="x", safe_from=start - timedelta(early),
        stated_due_on=start + timedelta(stated) if stated else None,
    )  # fmt: skip
    reading = read(clock, frame(GUIDE, KNOWN), basis)
    day = start + timedelta(gone)
    old = KNOWN[name]
    days = [d for d in old.days if d.date != day]
    if len(days) == len(old.days):
        days = sorted([*days, replace(days[0], date=day)], key=lambda one: one.date)
    new = replace(old, days=tuple(days), digest="f" * 64)
    fresh = recounted(clock, reading, frame(GUIDE, {**KNOWN, name: new}))
    dates = [(r.unrolled_on, r.due_on, r.safe_on, r.act_by) for r in (reading, fresh)]
    made = deadline("x", reading.act_by, reading=reading)
    first, last = crossing.days(made)
    assert crossing.changed_days(old, new) == (day,)
    assert dates[0] == dates[1] or first <= day <= last
    used = {use.id for use in reading.calendars}
    assert dates[0] == dates[1] or name in used


def test_a_calendar_kept_as_text_is_the_calendar() -> None:
    for name, calendar in KNOWN.items():
        kept = calendars.shipped_text(name)
        assert kept is not None
        assert calendars.from_text(kept[1]) == calendar
        assert kept[0] == calendar.digest


def test_editions_differ_by_their_closed_days_as_far_as_both_reach() -> None:
    home = KNOWN["illinois-state"]
    new = with_a_new_holiday()["illinois-state"]
    assert crossing.changed_days(home, new) == (date(2026, 12, 7),)
    assert crossing.changed_days(home, replace(home, edition="later")) == ()
    assert crossing.changed_days(new, replace(home, last=date(2026, 12, 1), days=())) is not None
    short = replace(new, last=date(2026, 12, 6), days=tuple(
        d for d in new.days if d.date <= date(2026, 12, 6)
    ))  # fmt: skip
    assert crossing.changed_days(home, short) == ()
    assert crossing.changed_days(home, replace(home, weekend=(5, 6))) is None
