"""A sweep sends what is due, records it once, and loses nothing to a failure."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from casetrack.domain import events as e
from casetrack.errors import BadDatabase, Busy, Refused, Unparsable
from casetrack.ledger.runs import Claim, Runs
from casetrack.ledger.store import Draft
from casetrack.reports.notices import Notice
from casetrack.service import holders
from casetrack.service.daily import Order, daily
from casetrack.service.outcomes import Ran, Sealing
from casetrack.service.reminding import Due, find
from casetrack.service.sweep import sweep
from casetrack.service.telling import outcome, summary
from casetrack.service.tracker import Terms
from casetrack.service.typed import Noting
from tests.dockets import EMPTY
from tests.offices import Practice, at, decision, due_reading, filing, new_practice, noted, practice

NOV_2, NOV_30, DEC_5 = date(2026, 11, 2), date(2026, 11, 30), date(2026, 12, 5)


@pytest.fixture(params=["memory", "sqlite"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Practice]:
    with practice(request.param, tmp_path, NOV_2) as made:
        yield made


def test_one_reminder_goes_out_for_the_most_urgent_rung(office: Practice) -> None:
    case = office.case("C-1", filing(NOV_30, DEC_5), assignee="eva")
    office.clock.now = at(date(2026, 11, 12))
    swept = office.sweep()
    (sent,) = swept.sent
    assert (sent.case, sent.deadline, sent.rung) == ("C-1", "appeal_filing#1", "10bd")
    assert sent.folded == ("20bd",)
    assert sent.scheduled_for == at(date(2026, 11, 12), 0)
    assert swept.folded == 1
    assert [notice.id for notice in office.box.notices] == [sent.reminder]
    (recorded,) = office.sent(case)
    assert recorded == e.ReminderSent(
        reminder=sent.reminder, deadline="appeal_filing#1", rung="10bd", folded=("20bd",),
        act_by=NOV_30, scheduled_for=sent.scheduled_for, sent_at=office.clock.now,
        channels=("box",), may_repeat=False,
    )  # fmt: skip


def test_a_second_sweep_sends_nothing(office: Practice) -> None:
    office.case("C-1", filing(NOV_30))
    office.case("C-2", decision(date(2026, 11, 3)))
    assert [sent.rung for sent in office.sweep().sent] == ["2bd", "20bd"]
    assert office.sweep().sent == ()
    assert len(office.box.notices) == 2


def test_the_entry_names_the_sweep_as_its_actor(office: Practice) -> None:
    case = office.case("C-1", filing(NOV_30))
    office.sweep()
    entry = office.ledger.entries(case)[-1]
    assert (entry.type, entry.actor) == ("ReminderSent", "casetrack sweep")
    assert entry.key == "remind-appeal_filing.1-20bd-20261027T050000Z"


def test_a_key_too_long_for_an_entry_is_hashed(office: Practice) -> None:
    long = filing(NOV_30)
    named = e.Deadline(**{**{n: getattr(long, n) for n in long.__struct_fields__},
                          "clock": "a" * 60, "deadline": f"{'a' * 60}#1"})  # fmt: skip
    case = office.case("C-1", named)
    office.sweep()
    assert len(office.ledger.entries(case)[-1].key) == len("remind-") + 48


def test_after_days_without_a_run_only_the_most_urgent_is_delivered(office: Practice) -> None:
    case = office.case("C-1", filing(NOV_30, DEC_5))
    office.sweep()
    office.clock.now = at(date(2026, 12, 2))
    swept = office.sweep()
    assert [s.rung for s in swept.sent] == ["+2d"]
    assert swept.sent[0].folded == ("10bd", "5bd", "3bd", "2bd", "1bd", "0bd", "+1d")
    assert swept.missed_days == tuple(date(2026, 11, 3) + timedelta(days=n) for n in range(29))
    assert len(office.sent(case)) == 2


def test_nothing_is_missed_before_the_first_run_nor_from_one_day_to_the_next(
    office: Practice,
) -> None:
    assert office.sweep().missed_days == ()
    office.clock.move(days=1)
    assert office.sweep().missed_days == ()


def test_a_tolled_deadline_is_left_alone_and_an_unproven_one_is_not(office: Practice) -> None:
    tolled = office.case("C-1", filing(NOV_30))
    office.say(tolled, e.DeadlineTolled(deadline="appeal_filing#1"))
    unproven = office.case("C-2", filing(NOV_30))
    office.say(unproven, e.NoteAdded(fields={}, unproven=("appeal_filing#1",)))
    assert [sent.case for sent in office.sweep().sent] == ["C-2"]
    assert office.box.notices[0].unproven


def test_a_closed_deadline_is_warned_of_no_more(office: Practice) -> None:
    case = office.case("C-1", filing(NOV_30))
    ended = (e.Ended(deadline="appeal_filing#1", outcome="satisfied"),)
    office.say(case, e.NoteAdded(fields={}, closed=ended))
    assert office.sweep().sent == ()


def moved(act_by: date, sent: tuple[str, ...] = (), **changes: object) -> e.NoteAdded:
    move = e.Moved(
        deadline="appeal_filing#1", why="amended", reading=due_reading(act_by, **changes),  # type: ignore[arg-type]
        standard=None, sent=sent,
    )  # fmt: skip
    return e.NoteAdded(fields={}, moved=(move,))


def test_a_rung_armed_again_by_a_later_date_is_sent_again(office: Practice) -> None:
    case = office.case("C-1", filing(NOV_30))
    office.clock.now = at(date(2026, 11, 12))
    office.sweep()
    office.say(case, moved(date(2026, 12, 14), sent=("20bd",)))
    assert office.sweep().sent == ()
    office.clock.now = at(date(2026, 11, 30))
    assert [(s.rung, s.folded) for s in office.sweep().sent] == [("10bd", ())]
    assert [data.act_by for data in office.sent(case)] == [NOV_30, date(2026, 12, 14)]


def test_dates_that_move_away_and_back_repeat_no_warning(office: Practice) -> None:
    case = office.case("C-1", filing(NOV_30))
    office.clock.now = at(date(2026, 11, 12))
    office.sweep()
    office.say(case, moved(date(2026, 12, 14)))
    office.say(case, moved(NOV_30))
    assert office.sweep().sent == ()
    office.clock.now = at(date(2026, 11, 19))
    assert [(s.rung, s.folded) for s in office.sweep().sent] == [("5bd", ())]


def test_a_failing_channel_leaves_the_reminder_due(office: Practice) -> None:
    case = office.case("C-1", filing(NOV_30))
    office.box.failing = True
    swept = office.sweep()
    assert (swept.sent, swept.exit_code) == ((), 6)
    (failed,) = swept.failed
    assert (failed.case, failed.deadline, failed.rung, failed.channel, failed.why) == (
        "C-1", "appeal_filing#1", "20bd", "box", "the box is shut",
    )  # fmt: skip
    assert office.sent(case) == []
    office.box.failing = False
    later = office.sweep()
    assert [sent.may_repeat for sent in later.sent] == [True]
    assert "1 reminder sent, 1 after a run that failed" in "".join(x.text for x in summary(later))
    assert office.sweep().exit_code == 0


def test_one_failure_silences_no_other_reminder(office: Practice) -> None:
    old = office.case("C-1", decision(NOV_2, date(2012, 1, 5)))
    office.case("C-2", filing(NOV_30))
    swept = office.sweep()
    assert [sent.case for sent in swept.sent] == ["C-2"]
    (failed,) = swept.failed
    assert (failed.case, swept.exit_code) == (old, 6)
    assert "horizon" in failed.why


def test_a_clock_behind_the_newest_entry_is_refused(office: Practice) -> None:
    office.case("C-1", filing(NOV_30))
    office.clock.move(minutes=-5, microseconds=-1)
    with pytest.raises(Refused, match="before the newest entry"):
        office.sweep()
    assert office.box.notices == []


def test_entries_of_a_machine_whose_clock_is_a_little_ahead_stop_no_sweep(
    office: Practice,
) -> None:
    case = office.case("C-1", filing(NOV_30))
    recorded = office.clock.now
    office.clock.move(minutes=-5)
    swept = office.sweep()
    assert ([sent.case for sent in swept.sent], swept.missed_days) == (["C-1"], ())
    assert office.ledger.entries(case)[-1].recorded_at == recorded
    assert office.sweep().sent == ()


def test_forty_five_days_without_a_run_need_a_word(office: Practice) -> None:
    office.case("C-1", filing(NOV_30))
    office.sweep()
    office.clock.move(days=45)
    assert office.sweep().sent
    office.clock.move(days=45, seconds=1)
    with pytest.raises(Refused, match="--accept-gap"):
        office.sweep()
    assert office.sweep(accept_gap=True).sent


def claim_of(office: Practice, due: Due, holder: str, until: timedelta) -> Claim:
    end = office.clock.now + until
    return Claim(case_id=due.case.id, reminder=due.id, holder=holder, until=end)


def claimed(office: Practice, case: str, holder: str, until: timedelta) -> None:
    due = find(office.tracker(), case, "appeal_filing#1")
    assert due is not None
    claim = claim_of(office, due, holder, until)
    assert office.ledger.runs.claim([claim], lambda _: True)


def test_what_a_living_sweep_has_in_hand_is_left_to_it(office: Practice) -> None:
    case = office.case("C-1", filing(NOV_30))
    claimed(office, case, "elsewhere@1.2", timedelta(minutes=1))
    swept = office.sweep()
    assert (swept.sent, swept.held) == ((), 1)
    office.clock.move(minutes=1)
    (sent,) = office.sweep().sent
    assert sent.may_repeat


def test_what_another_sweep_claims_while_this_one_waits_for_the_database_is_left_to_it(
    office: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = office.case("C-1", filing(NOV_30))
    runs = office.ledger.runs

    def overtaken(_: Runs, wanted: Sequence[Claim], gone: Callable[[Claim], bool]) -> object:
        office.clock.move(seconds=1)
        monkeypatch.undo()
        claimed(office, case, holders.myself(), holders.LEASE)
        return runs.claim(wanted, gone)

    monkeypatch.setattr(type(runs), "claim", overtaken)
    swept = office.sweep()
    assert (swept.sent, swept.held, office.box.notices) == ((), 1, [])


@pytest.mark.parametrize(
    "until",
    [timedelta(0), timedelta(days=-1), timedelta(minutes=11), timedelta(days=9999)],
    ids=str,
)
def test_a_claim_that_is_over_or_too_long_to_be_true_binds_nobody(
    office: Practice, until: timedelta
) -> None:
    case = office.case("C-1", filing(NOV_30))
    claimed(office, case, "elsewhere@1.2", until)
    (sent,) = office.sweep().sent
    assert sent.may_repeat
    assert office.box.notices[0].may_repeat


@pytest.mark.parametrize("ahead", [timedelta(milliseconds=5), timedelta(minutes=5)], ids=str)
def test_a_claim_by_a_clock_ahead_of_ours_is_believed(office: Practice, ahead: timedelta) -> None:
    case = office.case("C-1", filing(NOV_30))
    claimed(office, case, "elsewhere@1.2", holders.LEASE + ahead)
    assert (office.sweep().held, office.box.notices) == (1, [])


def test_a_claim_of_a_dead_process_is_taken_over_at_once(office: Practice) -> None:
    case = office.case("C-1", filing(NOV_30))
    host = holders.myself().partition("@")[0]
    claimed(office, case, f"{host}@4194305.1", timedelta(minutes=1))
    (sent,) = office.sweep().sent
    assert sent.may_repeat


def test_the_same_warning_carries_the_same_id_however_often(office: Practice) -> None:
    office.case("C-1", filing(NOV_30))
    due = find(office.tracker(), next(iter(office.ledger.case_ids())), "appeal_filing#1")
    assert due is not None
    office.sweep()
    assert office.box.notices[0].id == due.id


def test_an_entry_between_delivery_and_record_does_not_undo_it(office: Practice) -> None:
    case = office.case("C-1", filing(NOV_30))
    keep = office.box.deliver

    def deliver(notice: object) -> None:
        keep(notice)  # type: ignore[arg-type]
        office.say(case, noted())

    office.box.deliver = deliver  # type: ignore[method-assign]
    assert len(office.sweep().sent) == 1
    assert len(office.sent(case)) == 1


def test_what_ends_between_delivery_and_record_is_not_recorded_as_warned_of(
    office: Practice,
) -> None:
    case = office.case("C-1", filing(NOV_30))
    keep = office.box.deliver

    def deliver(notice: object) -> None:
        keep(notice)  # type: ignore[arg-type]
        office.say(case, moved(date(2027, 3, 1)))

    office.box.deliver = deliver  # type: ignore[method-assign]
    swept = office.sweep()
    assert (swept.sent, swept.failed) == ((), ())
    assert office.sent(case) == []


# What others hold


def test_a_dead_claim_of_another_host_is_believed_for_its_lease_and_not_longer(
    office: Practice,
) -> None:
    """Whether a process of another machine lives can't be seen from here."""
    case = office.case("C-1", filing(NOV_30))
    claimed(office, case, "elsewhere@4194305.1", holders.LEASE)
    assert (office.sweep().sent, office.sweep().held) == ((), 1)
    office.clock.now += holders.LEASE - timedelta(microseconds=1)
    assert office.sweep().held == 1
    office.clock.now += timedelta(microseconds=1)
    (sent,) = office.sweep().sent
    assert sent.may_repeat
    assert [data.may_repeat for data in office.sent(case)] == [True]


def test_a_patient_sweep_waits_until_the_other_has_let_go(office: Practice) -> None:
    case = office.case("C-1", filing(NOV_30))
    office.case("C-2", filing(NOV_30))
    claimed(office, case, "elsewhere@1.2", timedelta(minutes=1))
    due = find(office.tracker(), case, "appeal_filing#1")
    assert due is not None
    keep = office.box.deliver

    def deliver(notice: Notice) -> None:
        keep(notice)
        office.ledger.runs.release([claim_of(office, due, "elsewhere@1.2", timedelta(0))])

    office.box.deliver = deliver  # type: ignore[method-assign]
    swept = sweep(office.tracker(), [office.box], patience=30)
    assert ([sent.case for sent in swept.sent], swept.held) == (["C-2", "C-1"], 0)


def test_a_patient_sweep_gives_up_in_the_end(office: Practice) -> None:
    case = office.case("C-1", filing(NOV_30))
    claimed(office, case, "elsewhere@1.2", timedelta(minutes=1))
    swept = sweep(office.tracker(), [office.box], patience=0.3)
    assert (swept.sent, swept.held, swept.exit_code) == ((), 1, 0)
    ran = daily(office.tracker(), [office.box], Order(database="x"), lambda _: None)
    assert ran.exit_code == Busy.exit_code
    assert "1 in another sweep's hands" in "".join(line.text for line in outcome(ran))


# What breaks


def test_a_key_that_somebody_gave_silences_no_reminder(office: Practice) -> None:
    case = office.case("C-1", filing(NOV_30))
    due = find(office.tracker(), case, "appeal_filing#1")
    assert due is not None
    event = e.Event(data=noted(), occurred_on=NOV_2)
    draft = Draft(event=event, actor="eva", key=due.key)
    office.ledger.append(office.tracker().case(case), [draft])
    swept = office.sweep()
    assert (len(office.box.notices), swept.exit_code) == (1, 6)


def test_the_sweeps_own_keys_are_given_to_nobody(office: Practice) -> None:
    case = office.case("C-1", filing(NOV_30))
    with pytest.raises(Refused, match="choose another"):
        office.tracker().do(case, Noting(text="x"), Terms(key="remind-x"))


def test_a_channel_that_breaks_leaves_the_reminder_due_at_once(office: Practice) -> None:
    office.case("C-1", filing(NOV_30))
    office.case("C-2", filing(NOV_30))
    keep = office.box.deliver

    def broken(notice: Notice) -> None:
        del notice
        office.box.deliver = keep  # type: ignore[method-assign]
        raise ZeroDivisionError("C-1")

    office.box.deliver = broken  # type: ignore[method-assign]
    swept = office.sweep()
    assert ([sent.case for sent in swept.sent], swept.exit_code) == (["C-2"], 1)
    assert swept.failed[0].why == "unexpected ZeroDivisionError"
    (sent,) = office.sweep().sent
    assert (sent.case, sent.may_repeat) == ("C-1", True)


@pytest.mark.parametrize("error", [BadDatabase("full"), Busy("held")], ids=["full", "held"])
def test_a_database_that_fails_midway_hides_nothing_of_what_was_sent(
    office: Practice, error: BadDatabase | Busy, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.case("C-1", filing(NOV_30))
    office.case("C-2", filing(NOV_30))
    keep = office.ledger.append
    appended: list[int] = []

    def append(*arguments: Any) -> Any:  # noqa: ANN401  # whatever the ledger's own takes
        if appended:
            raise error
        appended.append(1)
        return keep(*arguments)

    def never(*_: object) -> None:
        raise error

    monkeypatch.setattr(office.ledger, "append", append)
    monkeypatch.setattr(office.ledger, "append_all", never)
    swept = office.sweep()
    assert [sent.case for sent in swept.sent] == ["C-1"]
    assert [failed.why for failed in swept.failed] == [f"the sweep broke off: {error.message}"]
    assert swept.exit_code == error.exit_code
    assert "sweep" not in office.ledger.runs.beats()
    monkeypatch.undo()
    office.clock.now += holders.LEASE
    assert [(sent.case, sent.may_repeat) for sent in office.sweep().sent] == [("C-2", True)]


def test_a_refusal_that_nobody_thought_of_is_no_success() -> None:
    assert (
        Ran(docket=EMPTY, sealing=Sealing(size=0, unsealed=0), refused=Unparsable("x")).exit_code
        == Unparsable.exit_code
    )


UNREADABLE = (
    "UPDATE deadline_view SET rungs = 'xbd'",
    "UPDATE deadline_view SET rungs = 'xh'",
    "UPDATE deadline_view SET due_at = 'never'",
)


def tampered(folder: Path, statement: str) -> Practice:
    """Two cases, and what was done to the views of the first without a trace."""
    office = new_practice(folder / "cases.db", at(NOV_2))
    office.case("C-1", filing(NOV_30))
    office.case("C-2", filing(NOV_30))
    with closing(sqlite3.connect(folder / "cases.db")) as connection, connection:
        connection.execute(f"{statement} WHERE case_id = (SELECT min(case_id) FROM case_view)")
        connection.execute("DELETE FROM touched")
    return office


@pytest.mark.parametrize("statement", UNREADABLE)
def test_views_that_cannot_be_read_are_made_again_and_silence_nothing(
    tmp_path: Path, statement: str
) -> None:
    """Even where nothing is left to say that somebody touched them."""
    office = tampered(tmp_path, statement)
    swept = office.sweep()
    assert [sent.case for sent in swept.sent] == ["C-1", "C-2"]
    assert (len(swept.differing), swept.exit_code) == (1, 5)
    assert office.sweep().exit_code == 0
    office.ledger.close()


@pytest.mark.parametrize("statement", UNREADABLE)
def test_a_case_whose_entries_and_views_are_both_damaged_silences_no_other(
    tmp_path: Path, statement: str
) -> None:
    office = tampered(tmp_path, statement)
    (first, _) = office.ledger.case_ids()
    with closing(sqlite3.connect(tmp_path / "cases.db")) as connection, connection:
        connection.execute("DROP TRIGGER ledger_update")
        connection.execute("UPDATE ledger SET body = replace(body, 'eva', 'bob') WHERE version = 1"
                           " AND case_id = ?", (first,))  # fmt: skip
    swept = office.sweep()
    assert [sent.case for sent in swept.sent] == ["C-2"]
    assert ([failed.case for failed in swept.failed], swept.exit_code) == ([first], 5)
    office.ledger.close()


def test_where_a_view_makes_no_sense_the_entries_are_asked(tmp_path: Path) -> None:
    naive = "UPDATE deadline_view SET due_at = '2026-11-30T00:00:00', rungs = '2h'"
    office = tampered(tmp_path, naive)
    assert [sent.case for sent in office.sweep().sent] == ["C-1", "C-2"]
    office.ledger.close()
