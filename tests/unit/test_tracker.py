"""What the tracker notes in the ledger's own stream when typed values leave it."""

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from casetrack.domain import events as e
from casetrack.ledger.memory import MemoryLedger
from casetrack.ledger.store import LEDGER_CASE
from casetrack.service.tracker import LISTED, Tracker
from tests.fakes import FakeClock, fixed_sources

EVENING = datetime(2026, 12, 2, 4, 53, tzinfo=UTC)  # 22:53 on 1 December in Chicago


def tracker(now: datetime = EVENING, zone: str = "America/Chicago") -> Tracker:
    return Tracker(MemoryLedger(replace(fixed_sources(FakeClock(now)), zone=zone)), now, "eva")


def noted(tracker: Tracker) -> list[e.Entry]:
    return list(tracker.ledger.entries(LEDGER_CASE)[1:])


def told(entry: e.Entry) -> e.DisclosureMade:
    assert isinstance(entry.data, e.DisclosureMade)
    return entry.data


@pytest.mark.parametrize(
    ("now", "zone", "day"),
    [
        (EVENING, "America/Chicago", date(2026, 12, 1)),
        (datetime(2026, 12, 2, 5, 59, 59, tzinfo=UTC), "America/Chicago", date(2026, 12, 1)),
        (datetime(2026, 12, 2, 6, tzinfo=UTC), "America/Chicago", date(2026, 12, 2)),
        (EVENING, "UTC", date(2026, 12, 2)),
        (datetime(2026, 12, 1, 23, tzinfo=UTC), "Europe/Prague", date(2026, 12, 2)),
    ],
)
def test_the_day_of_the_ledgers_own_entries_is_the_local_one(
    now: datetime, zone: str, day: date
) -> None:
    one = tracker(now, zone)
    one.disclose("export", [])
    opened, made = one.ledger.entries(LEDGER_CASE)
    assert (opened.occurred_on, made.occurred_on) == (day, day)
    assert (opened.occurred_at, made.occurred_at) == (now, now)


def test_without_cases_it_is_all_of_them_in_one_entry() -> None:
    one = tracker()
    one.disclose("export", [], "audit")
    (made,) = noted(one)
    assert told(made) == e.DisclosureMade(command="export", scope="all", cases=())
    assert made.value("purpose") == "audit"
    assert made.actor == "eva"


def test_without_a_purpose_nothing_is_sealed() -> None:
    one = tracker()
    one.disclose("due", ["a"])
    assert [dict(made.sealed) for made in noted(one)] == [{}]


@pytest.mark.parametrize(
    ("number", "sizes"),
    [
        (1, [1]),
        (999, [999]),
        (1000, [1000]),
        (1001, [1000, 1]),
        (2000, [1000, 1000]),
        (2001, [1000, 1000, 1]),
    ],
)
def test_a_long_list_is_spread_over_entries_of_a_thousand(number: int, sizes: list[int]) -> None:
    assert LISTED == 1000
    ids = [f"{n:036}" for n in range(number)]
    one = tracker()
    one.disclose("due", ids, "weekly")
    made = noted(one)
    assert [len(told(entry).cases) for entry in made] == sizes
    assert [id for entry in made for id in told(entry).cases] == ids
    assert {(told(entry).scope, entry.value("purpose")) for entry in made} == {("listed", "weekly")}
    assert max(len(entry.body) for entry in made) < 64 * 1024
