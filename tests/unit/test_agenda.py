"""What a calendar file is made of: the docket, and all else that an earlier file may have shown."""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import pytest

from casetrack.domain import events as e
from casetrack.domain.docket import Docket, Item
from casetrack.ledger.memory import MemoryLedger
from casetrack.service.agenda import agenda, changes
from casetrack.service.due import Filter
from tests.dockets import NOW, TODAY
from tests.facts import (
    DEC_1,
    NOV_10,
    NOV_20,
    append,
    deadline,
    ended,
    fired,
    moved,
    new_case,
    opened,
    reading,
    tolled,
)
from tests.fakes import FakeClock, fixed_sources
from tests.offices import Practice, due_reading, filing, new_practice

SOON, FAR = date(2026, 12, 3), date(2027, 2, 1)


@pytest.fixture
def office(tmp_path: Path) -> Practice:
    return new_practice(tmp_path / "cases.db", NOW)


def shown(office: Practice, assignee: str | None = None, owner: str | None = None) -> Docket:
    wanted = Filter(within="10bd", assignee=assignee, owner=owner)
    return agenda(office.tracker(), wanted)


def dated(items: Iterable[Item]) -> list[tuple[str, date, int]]:
    return [(item.case, item.act_by, item.changes) for item in items]


def extend(office: Practice, case_id: str, to: date) -> None:
    move = moved("appeal_filing#1", "extended", due_reading(to))
    office.say(case_id, e.DeadlineExtended(moved=(move,)))


def test_every_entry_that_moved_paused_ended_or_reopened_a_deadline_counts_once() -> None:
    ledger = MemoryLedger(fixed_sources(FakeClock(NOW)), practice=True)
    case = new_case(ledger, opened(armed=(deadline("reply", NOV_10), deadline("other", NOV_10))))
    assert changes(ledger.entries(case.id))["reply#1"] == 0
    case, _ = append(
        ledger,
        case,
        fired(moved=(moved("reply#1", "extended", reading(NOV_20)),)),
        tolled("reply#1"),
    )
    assert changes(ledger.entries(case.id))["reply#1"] == 2
    move = moved("reply#1", "amended", reading(DEC_1))
    steps = (fired(closed=(ended("reply#1"),)), fired(reopened=("reply#1",), moved=(move,)))
    append(ledger, case, *steps)
    assert changes(ledger.entries(case.id)) == {"reply#1": 4}


def test_a_deadline_moved_out_of_the_window_stays_in_the_calendar_under_its_new_date(
    office: Practice,
) -> None:
    one = office.case("C-1", filing(SOON))
    office.case("C-2", filing(FAR))
    assert dated(shown(office).items) == [("C-1", SOON, 0)]
    extend(office, one, FAR)
    assert dated(shown(office).items) == [("C-1", FAR, 1)]
    assert shown(office).ended == ()


def test_one_that_was_moved_within_the_window_is_there_once(office: Practice) -> None:
    extend(office, office.case("C-1", filing(SOON)), TODAY + timedelta(days=10))
    assert dated(shown(office).items) == [("C-1", TODAY + timedelta(days=10), 1)]


def test_one_that_was_moved_out_and_then_ended_is_taken_back(office: Practice) -> None:
    one = office.case("C-1", filing(SOON))
    extend(office, one, FAR)
    office.say(one, e.DeadlineExtended(closed=(ended("appeal_filing#1"),)))
    assert dated(shown(office).ended) == [("C-1", FAR, 2)]
    assert shown(office).items == ()


def test_one_that_ended_far_ahead_was_never_shown_and_is_not_taken_back(office: Practice) -> None:
    one = office.case("C-1", filing(FAR))
    office.say(one, e.DeadlineExtended(closed=(ended("appeal_filing#1"),)))
    assert shown(office).ended == ()


@pytest.mark.parametrize(("days", "listed"), [(30, True), (31, False)])
def test_an_end_is_told_for_thirty_days(office: Practice, days: int, listed: bool) -> None:
    one = office.case("C-1", filing(TODAY - timedelta(days=days)))
    office.say(one, e.DeadlineExtended(closed=(ended("appeal_filing#1"),)))
    assert bool(shown(office).ended) is listed


def test_only_what_was_asked_for_is_moved_or_taken_back(office: Practice) -> None:
    for name, assignee in (("C-1", "ann"), ("C-2", "bob")):
        extend(office, office.case(name, filing(SOON), assignee=assignee), FAR)
    assert dated(shown(office, assignee="bob").items) == [("C-2", FAR, 1)]
    assert shown(office, owner="payer").items == ()
