"""What unattended runs keep: leases by insert, heartbeats, and views compared with entries."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from casetrack.errors import Corrupt
from casetrack.ledger.runs import LONG_AGO, Claim
from casetrack.ledger.sql import SqlLedger
from casetrack.ledger.store import Ledger
from tests.facts import DEC_1, NOV_10, append, deadline, new_case, noted, opened
from tests.fakes import START, FakeClock

CASE, REMINDER = "01a19cc6-3d80-7000-8000-000000000003", "R-1"
PLANTED = "01a19cc6-3d80-7000-8000-00000000dead"


def claim(holder: str = "me") -> Claim:
    until = START + timedelta(minutes=5)
    return Claim(case_id=CASE, reminder=REMINDER, holder=holder, until=until)


def run(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_a_claim_is_taken_once_until_it_is_released(ledger: Ledger) -> None:
    assert ledger.runs.claim(claim(), lambda _: False) == "first"
    assert ledger.runs.claim(claim("you"), lambda _: False) is None
    ledger.runs.release(CASE, REMINDER)
    assert ledger.runs.claim(claim("you"), lambda _: False) == "first"


def test_a_claim_whose_holder_is_gone_is_taken_over(ledger: Ledger) -> None:
    ledger.runs.claim(claim(), lambda _: False)
    assert ledger.runs.claim(claim("you"), lambda held: held == claim()) == "again"
    assert ledger.runs.claim(claim("she"), lambda held: held.holder != "you") is None


def test_a_lapsed_claim_stays_and_is_over(ledger: Ledger) -> None:
    ledger.runs.claim(claim(), lambda _: False)
    ledger.runs.lapse(CASE, REMINDER)
    assert ledger.runs.claim(claim("you"), lambda held: held.until == LONG_AGO) == "again"


def test_what_was_never_claimed_can_be_released_and_lapsed(ledger: Ledger) -> None:
    ledger.runs.release(CASE, REMINDER)
    ledger.runs.lapse(CASE, REMINDER)
    assert ledger.runs.claim(claim(), lambda _: False) == "first"


def test_the_last_beat_of_each_name_counts(ledger: Ledger) -> None:
    assert ledger.runs.beats() == {}
    ledger.runs.beat("sweep", START)
    ledger.runs.beat("daily", START)
    ledger.runs.beat("sweep", START + timedelta(hours=1))
    assert ledger.runs.beats() == {"sweep": START + timedelta(hours=1), "daily": START}


def test_the_newest_entry_is_the_one_recorded_last(ledger: Ledger, clock: FakeClock) -> None:
    case = new_case(ledger)
    new_case(ledger, opened("C-2"))
    clock.move(minutes=5)
    append(ledger, case, noted())
    assert ledger.runs.newest() == clock.now


def test_the_rungs_of_open_deadlines_are_known(office: Ledger) -> None:
    assert office.runs.ladders() == {"5bd", "0bd"}


def test_a_beat_that_is_no_instant_is_none(stored: SqlLedger) -> None:
    run(stored.path, "INSERT INTO heartbeat VALUES ('sweep', 'soon'), ('daily', '2026-11-02')")
    assert stored.runs.beats() == {}


TAMPERED = (
    "DELETE FROM deadline_view",
    "DELETE FROM deadline_view WHERE deadline = 'reply#1'",
    "DELETE FROM case_view",
    "UPDATE deadline_view SET sent = '5bd 0bd'",
    "UPDATE deadline_view SET outcome = 'satisfied'",
    "UPDATE deadline_view SET tolled_on = '2026-11-02'",
    "UPDATE deadline_view SET act_by = '2036-01-01'",
    "UPDATE deadline_view SET act_by = 'never'",
    "UPDATE deadline_view SET rungs = ''",
    "UPDATE case_view SET final = 1",
    "UPDATE case_view SET definition = 'x'",
    "UPDATE OR REPLACE deadline_view SET deadline = 'appeal#1'",
)


@pytest.mark.parametrize("statement", TAMPERED)
def test_views_changed_by_hand_are_found_and_made_again(stored: SqlLedger, statement: str) -> None:
    armed = (deadline("reply", NOV_10), deadline("appeal", DEC_1))
    case = new_case(stored, opened("A", "P-1", armed))
    assert stored.runs.compare(stored.runs.touched()).differing == ()
    assert stored.runs.touched() == []
    before = stored.views(case.id)
    run(stored.path, statement)
    assert stored.runs.touched() == [case.id]
    assert stored.runs.compare([case.id]).differing == (case.id,)
    assert stored.views(case.id) == before
    assert stored.runs.compare([case.id]).differing == ()
    assert stored.runs.touched() == []


def test_a_row_given_to_another_case_is_missed_by_its_own(stored: SqlLedger) -> None:
    case = new_case(stored, opened("A", "P-1", (deadline("reply", NOV_10),)))
    stored.runs.compare([case.id])
    before = stored.views(case.id)
    for table in ("deadline_view", "case_view"):
        run(stored.path, f"UPDATE {table} SET case_id = '{PLANTED}'")
        assert set(stored.runs.touched()) == {case.id, PLANTED}
        assert case.id in stored.runs.compare(stored.runs.touched()).differing
        assert stored.views(case.id) == before
        assert stored.case_row(PLANTED) is None


DISPLACING = (
    f"INSERT OR REPLACE INTO case_view VALUES ('{PLANTED}', 'A', 'w', 'd', 's', 0, NULL, 1, 0)",
    "UPDATE OR REPLACE case_view SET reference = 'A' WHERE reference = 'B'",
)


@pytest.mark.parametrize("statement", DISPLACING)
def test_a_case_displaced_by_another_with_its_reference_is_put_back(
    stored: SqlLedger, statement: str
) -> None:
    case = new_case(stored, opened("A", "P-1", (deadline("reply", NOV_10),)))
    other = new_case(stored, opened("B", "P-2", (deadline("reply", NOV_10),)))
    stored.runs.compare(stored.runs.touched())
    before = stored.views(case.id), stored.views(other.id)
    run(stored.path, statement)
    assert stored.case_row(case.id) is None
    assert case.id in stored.runs.compare([case.id]).differing
    assert (stored.views(case.id), stored.views(other.id)) == before


def test_a_view_that_holds_no_day_is_damage_that_says_what_to_do(stored: SqlLedger) -> None:
    new_case(stored, opened("A", "P-1", (deadline("reply", NOV_10),)))
    run(stored.path, "UPDATE deadline_view SET act_by = 'never'")
    with pytest.raises(Corrupt, match="db rebuild"):
        list(stored.docket(None))


def test_a_planted_case_is_taken_out_of_the_views(stored: SqlLedger) -> None:
    run(stored.path, f"INSERT INTO case_view VALUES ('{CASE}', 'X', 'w', 'd', 's', 0, NULL, 1, 0)")
    assert stored.runs.compare(stored.runs.touched()).differing == (CASE,)
    assert stored.case_row(CASE) is None


def test_our_own_writes_differ_from_nothing(office: Ledger) -> None:
    assert office.runs.compare(office.runs.touched()).differing == ()


def test_a_case_whose_entries_do_not_hold_is_named_and_the_others_compared(
    stored: SqlLedger,
) -> None:
    bad, good = new_case(stored), new_case(stored, opened("C-2"))
    run(
        stored.path,
        "DROP TRIGGER ledger_update",
        f"UPDATE ledger SET body = replace(body, 'draft', 'dra_t') WHERE case_id = '{bad.id}'",
        f"UPDATE case_view SET version = 9 WHERE case_id = '{good.id}'",
    )
    checked = stored.runs.compare([bad.id, good.id])
    assert (checked.corrupt, checked.differing) == ((bad.id,), (good.id,))
