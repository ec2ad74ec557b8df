"""What unattended runs keep: leases by insert, heartbeats, and views compared with entries."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, event

from casetrack.domain.case import Case
from casetrack.domain.reminders import Subject
from casetrack.errors import Conflict, Corrupt
from casetrack.ledger.comparing import differing
from casetrack.ledger.refusals import moved_on
from casetrack.ledger.runs import LONG_AGO, Claim, Taken
from casetrack.ledger.sql import SqlLedger
from casetrack.ledger.store import Ledger
from tests.facts import (
    DEC_1,
    DIGEST,
    NOV_10,
    NOV_20,
    append,
    assigned,
    deadline,
    draft,
    new_case,
    noted,
    opened,
    reminded,
    tolled,
)
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


def asked(ledger: Ledger, holder: str = "me", *gone: str) -> Taken | None:
    """What came of one claim, where these holders are gone."""
    taken = ledger.runs.claim([claim(holder)], lambda held: held.holder in gone)
    return taken.get((CASE, REMINDER))


def test_a_claim_is_taken_once_until_it_is_released(ledger: Ledger) -> None:
    assert asked(ledger) == "first"
    assert asked(ledger, "you") is None
    ledger.runs.release([claim()])
    assert asked(ledger, "you") == "first"


def test_a_claim_whose_holder_is_gone_is_taken_over(ledger: Ledger) -> None:
    asked(ledger)
    taken = ledger.runs.claim([claim("you")], lambda held: held == claim())
    assert taken == {(CASE, REMINDER): "again"}
    assert asked(ledger, "she", "me") is None


def test_a_lapsed_claim_stays_and_is_over(ledger: Ledger) -> None:
    asked(ledger)
    ledger.runs.lapse([claim()])
    taken = ledger.runs.claim([claim("you")], lambda held: held.until == LONG_AGO)
    assert taken == {(CASE, REMINDER): "again"}


def test_what_was_never_claimed_can_be_released_and_lapsed(ledger: Ledger) -> None:
    ledger.runs.release([claim()])
    ledger.runs.lapse([claim()])
    assert asked(ledger) == "first"


def test_nobody_releases_or_lapses_what_was_taken_over_from_him(ledger: Ledger) -> None:
    asked(ledger)
    asked(ledger, "you", "me")
    ledger.runs.release([claim()])
    ledger.runs.lapse([claim()])
    assert asked(ledger, "she") is None
    assert ledger.runs.claim([claim("she")], lambda held: held.until == LONG_AGO) == {}


def wanted(holder: str, *names: str) -> list[Claim]:
    until = START + timedelta(minutes=5)
    return [
        Claim(case_id=f"case {name[0]}", reminder=name, holder=holder, until=until)
        for name in names
    ]


def test_two_who_ask_for_the_same_share_it(ledger: Ledger) -> None:
    """Whatever the order in which they name it."""
    assert set(ledger.runs.claim(wanted("me", "c", "a"), lambda _: False)) == {
        ("case a", "a"), ("case c", "c"),
    }  # fmt: skip
    assert ledger.runs.claim(wanted("you", "d", "c", "b", "a"), lambda _: False) == {
        ("case b", "b"): "first", ("case d", "d"): "first",
    }  # fmt: skip


def test_of_a_batch_only_what_the_dead_held_is_taken_over(ledger: Ledger) -> None:
    ledger.runs.claim(wanted("dead", "a1", "c1"), lambda _: False)
    ledger.runs.claim(wanted("alive", "a2", "d1"), lambda _: False)
    mine = wanted("me", "d1", "c1", "b1", "a2", "a1")
    assert ledger.runs.claim(mine, lambda held: held.holder == "dead") == {
        ("case a", "a1"): "again", ("case b", "b1"): "first", ("case c", "c1"): "again",
    }  # fmt: skip


def statements(work: Callable[[], object]) -> list[str]:
    """What a database is asked about claims."""
    said: list[str] = []

    def executed(*arguments: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        if "claim" in arguments[2]:
            said.append(arguments[2].split()[0])

    event.listen(Engine, "before_cursor_execute", executed)
    try:
        work()
    finally:
        event.remove(Engine, "before_cursor_execute", executed)
    return said


def test_a_batch_is_claimed_by_one_statement_and_by_three_where_the_dead_hold_some(
    ledger: Ledger,
) -> None:
    sql = isinstance(ledger, SqlLedger)
    names = [f"{n:03}" for n in Random(3).sample(range(100), 100)]
    mine, others = wanted("me", *names), wanted("dead", *names[::3])
    assert statements(lambda: ledger.runs.claim(others, lambda _: False)) == ["INSERT"] * sql
    asked = statements(lambda: ledger.runs.claim(mine, lambda held: held.holder == "dead"))
    assert asked == ["INSERT", "SELECT", "INSERT"] * sql
    assert ledger.runs.claim(wanted("you", *names), lambda _: False) == {}


def test_nothing_is_claimed_released_or_lapsed_where_nothing_is_asked_for(ledger: Ledger) -> None:
    assert ledger.runs.claim([], lambda _: False) == {}
    ledger.runs.release([])
    ledger.runs.lapse([])


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


def test_a_case_that_others_keep_writing_is_left_to_the_next_run_and_the_others_are_compared(
    stored: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [new_case(stored, opened(name, "P-1", (deadline("reply", NOV_10),))) for name in "ABC"]
    ids = [case.id for case in made]
    run(stored.path, "UPDATE deadline_view SET act_by = '2036-01-01'")

    def written(rows: Any, case: Case) -> tuple[str, ...]:  # noqa: ANN401 - a case's views
        if case.id == ids[1]:
            raise moved_on()
        return differing(rows, case)

    monkeypatch.setattr("casetrack.ledger.sql_runs.differing", written)
    assert stored.runs.compare(ids).differing == (ids[0], ids[2])
    assert stored.runs.touched() == [ids[1]]
    monkeypatch.undo()
    assert stored.runs.compare(ids).differing == (ids[1],)


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
    run(stored.path, "UPDATE deadline_view SET act_by = 'never', due_on = 'never'")
    for ask in (lambda: list(stored.docket(None)), stored.sorts, stored.next_act_by, stored.stats):
        with pytest.raises(Corrupt, match="db rebuild"):
            ask()


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


# Several cases at once


def test_the_entries_and_versions_of_several_cases_are_what_each_has(office: Ledger) -> None:
    some = list(office.case_ids())[::2]
    asked = [*reversed(some), PLANTED]
    assert office.several(asked) == {case: office.entries(case) for case in some}
    assert office.versions(asked) == {case: len(office.entries(case)) for case in some}
    assert (office.several([]), office.versions([])) == ({}, {})


def test_drafts_on_several_cases_are_recorded_together(ledger: Ledger) -> None:
    cases = [new_case(ledger, opened(f"C-{n}")) for n in range(3)]
    ledger.append_all([(case, [draft(noted()), draft(assigned("eva"))]) for case in cases])
    for case in cases:
        entries = ledger.entries(case.id)
        assert [entry.type for entry in entries] == ["CaseOpened", "NoteAdded", "CaseAssigned"]
        assert ledger.views(case.id)[0].assignee == "eva"


def test_where_one_of_several_cases_has_moved_on_nothing_is_recorded(ledger: Ledger) -> None:
    cases = [new_case(ledger, opened(f"C-{n}")) for n in range(3)]
    append(ledger, cases[2], noted())
    with pytest.raises(Conflict):
        ledger.append_all([(case, [draft(assigned("eva"))]) for case in cases])
    assert [len(ledger.entries(case.id)) for case in cases] == [1, 1, 2]
    assert {ledger.views(case.id)[0].assignee for case in cases} == {None}


def test_where_a_key_of_several_is_taken_nothing_is_recorded(ledger: Ledger) -> None:
    cases = [new_case(ledger, opened(f"C-{n}")) for n in range(2)]
    after, _ = ledger.append(cases[1], [draft(noted(), "K")])
    with pytest.raises(Conflict):
        ledger.append_all([(cases[0], [draft(noted())]), (after, [draft(noted(), "K")])])
    assert [len(ledger.entries(case.id)) for case in cases] == [1, 2]


def test_a_conflict_in_a_transaction_undoes_the_releases_beside_it(stored: SqlLedger) -> None:
    case = new_case(stored)
    append(stored, case, noted())
    asked(stored)

    def recorded() -> None:
        with stored.transaction():
            stored.append_all([(case, [draft(noted())])])
            stored.runs.release([claim()])

    with pytest.raises(Conflict):
        recorded()
    assert asked(stored, "you") is None


def test_candidates_are_asked_for_once_where_they_are_alike_and_stand_in_the_dockets_order(
    ledger: Ledger,
) -> None:
    for number in (3, 1, 2):
        armed = (deadline("reply", NOV_20), deadline("appeal", NOV_10, owner="provider"))
        new_case(ledger, opened(f"C-{number}", armed=armed))
    new_case(ledger, opened("C-0", armed=(deadline("reply", DEC_1),)))
    told: list[tuple[str, Subject]] = []

    def wanted(definition: str, subject: Subject) -> bool:
        told.append((definition, subject))
        return subject.owner == "payer"

    found = ledger.candidates(NOV_20, wanted)
    docket = [row for row in ledger.docket(NOV_20) if row.deadline.owner == "payer"]
    assert found == [(row.case.case_id, "reply#1") for row in docket]
    assert len(found) == 3
    assert {definition for definition, _ in told} == {DIGEST}
    if isinstance(ledger, SqlLedger):
        assert len(told) == 2
    assert {(of.act_by, of.rungs, of.sent, of.tolled) for _, of in told} == {
        (NOV_20, ("5bd", "0bd"), (), False), (NOV_10, ("5bd", "0bd"), (), False),
    }  # fmt: skip


def test_a_candidate_says_what_its_warnings_hang_on(ledger: Ledger) -> None:
    case = new_case(ledger, opened(armed=(deadline("reply", NOV_20),)))
    append(ledger, case, reminded("reply#1", "5bd", NOV_20), tolled("reply#1"))
    told: list[Subject] = []

    def unwanted(_: str, subject: Subject) -> bool:
        told.append(subject)
        return False

    assert ledger.candidates(NOV_20, unwanted) == []
    _, (row,), _ = ledger.views(case.id)
    assert told == [
        Subject(
            owner="payer", kind="statutory", rungs=row.rungs, act_by=NOV_20, due_on=row.due_on,
            due_at=row.due_at, sent=("5bd",), tolled=True,
        )
    ]  # fmt: skip
    assert ledger.candidates(NOV_10, lambda *_: True) == []
