"""A batch of reminders: how large it grows, when it ends, and what a failure in it costs."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from casetrack.domain import events as e
from casetrack.errors import BadDatabase, Busy, Conflict, Corrupt
from casetrack.ledger.store import Ledger
from casetrack.reports.notices import Notice
from casetrack.service import holders, sending
from casetrack.service.outcomes import Swept
from casetrack.service.reminding import find
from tests.offices import Practice, at, decision, filing, noted, practice

NOV_2, NOV_30 = date(2026, 11, 2), date(2026, 11, 30)


@pytest.fixture(params=["memory", "sqlite"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Practice]:
    with practice(request.param, tmp_path, NOV_2) as made:
        yield made


@pytest.fixture
def batches(office: Practice, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many reminders each transaction records."""
    made: list[int] = []
    keep = office.ledger.append_all

    def append_all(changes: Any) -> None:  # noqa: ANN401 - whatever the ledger's own takes
        made.append(sum(len(drafts) for _, drafts in changes))
        keep(changes)

    monkeypatch.setattr(office.ledger, "append_all", append_all)
    return made


def before_each(office: Practice, act: Callable[[Notice], None]) -> None:
    """Something happens, then it is delivered."""
    keep = office.box.deliver

    def deliver(notice: Notice) -> None:
        act(notice)
        keep(notice)

    office.box.deliver = deliver  # type: ignore[method-assign]


def after_each(office: Practice, act: Callable[[Notice], None]) -> None:
    keep = office.box.deliver

    def deliver(notice: Notice) -> None:
        keep(notice)
        act(notice)

    office.box.deliver = deliver  # type: ignore[method-assign]


def slow(office: Practice, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Each delivery takes so long, by a clock that stands otherwise."""
    passed = [100.0]
    monkeypatch.setattr(sending, "monotonic", lambda: passed[0])

    def wait(_: Notice) -> None:
        passed[0] += seconds

    before_each(office, wait)


def cases(office: Practice, number: int) -> list[str]:
    return [office.case(f"C-{n:03}", filing(NOV_30)) for n in range(number)]


def once(office: Practice, swept: Swept, number: int) -> None:
    assert len(swept.sent) == len(office.box.notices) == number
    assert not any(notice.may_repeat for notice in office.box.notices)
    assert swept.failed == ()
    assert office.sweep().sent == ()


def test_a_quick_channel_gets_ever_larger_batches_up_to_a_hundred(
    office: Practice, batches: list[int]
) -> None:
    cases(office, 240)
    once(office, office.sweep(), 240)
    assert batches == [1, 2, 4, 8, 16, 32, 64, 100, 13]


@pytest.mark.parametrize(
    ("seconds", "sizes"),
    [
        (60, [1] * 9),
        (1, [1] * 9),
        (0.5, [1, 2, 2, 2, 2]),
        (0.3, [1, 2, 4, 2]),
        (0.01, [1, 2, 4, 2]),
    ],
)
def test_what_was_delivered_is_recorded_a_second_after_the_batch_began(
    office: Practice,
    batches: list[int],
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    sizes: list[int],
) -> None:
    cases(office, 9)
    slow(office, monkeypatch, seconds)
    once(office, office.sweep(), 9)
    assert batches == sizes


def test_at_no_moment_is_more_in_doubt_than_was_delivered_in_a_second(
    office: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was delivered at any moment stands in an entry or is of the last second."""
    made = cases(office, 40)
    passed = [0.0]
    monkeypatch.setattr(sending, "monotonic", lambda: passed[0])
    doubt: list[int] = []
    begun: list[float] = []

    def deliver(_: Notice) -> None:
        recorded = sum(len(office.sent(case)) for case in made)
        begun.append(passed[0])
        in_doubt = begun[recorded:]
        assert passed[0] - in_doubt[0] < sending.SPAN
        doubt.append(len(in_doubt))
        passed[0] += 0.2

    before_each(office, deliver)
    once(office, office.sweep(), 40)
    assert max(doubt) == 5


def test_what_is_let_go_is_claimed_by_nobody(
    office: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that another sweep may take it at once."""
    cases(office, 5)
    slow(office, monkeypatch, 2)
    held: list[int] = []
    keep = office.ledger.runs.release

    def release(claims: Any) -> None:  # noqa: ANN401 - whatever the ledger's own takes
        held.append(len(claims))
        keep(claims)

    monkeypatch.setattr(type(office.ledger.runs), "release", lambda _, claims: release(claims))
    once(office, office.sweep(), 5)
    assert held == [1, 2, 1, 2, 1]


def test_what_may_have_been_delivered_before_is_still_so_after_it_was_let_go(
    office: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases(office, 4)
    office.box.failing = True
    assert len(office.sweep().failed) == 4
    office.box.failing = False
    slow(office, monkeypatch, 2)
    assert [sent.may_repeat for sent in office.sweep().sent] == [True] * 4
    assert [notice.may_repeat for notice in office.box.notices] == [True] * 4


def test_nothing_is_delivered_under_a_lease_that_nears_its_end(
    office: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was stopped for minutes: others may believe it gone, and be at it."""
    cases(office, 8)
    until: list[timedelta] = []
    keep = office.ledger.runs.claim
    claimed = [office.clock.now]

    def claim(_: object, claims: Any, gone: Any) -> Any:  # noqa: ANN401 - the ledger's own
        claimed[0] = office.clock.now
        return keep(claims, gone)

    monkeypatch.setattr(type(office.ledger.runs), "claim", claim)
    before_each(office, lambda _: until.append(office.clock.now - claimed[0]))
    after_each(office, lambda _: office.clock.move(minutes=2))
    swept = office.sweep()
    once(office, swept, 8)
    assert max(until) <= holders.LEASE / 2
    assert Counter(until)[timedelta(minutes=2)] > 0


# Several of one case


def test_reminders_of_one_case_are_recorded_in_one_transaction(
    office: Practice, batches: list[int]
) -> None:
    cases(office, 1)
    case = office.case("D-1", filing(NOV_30), decision(date(2026, 12, 2)), filing(NOV_30, n=2))
    office.clock.now = at(date(2026, 12, 1))
    once(office, office.sweep(), 4)
    assert batches == [1, 2, 1]
    recorded = Counter(sent.deadline for sent in office.sent(case))
    assert recorded == Counter(["appeal_filing#1", "appeal_filing#2", "pa_decision#1"])


def test_one_that_ends_between_delivery_and_record_takes_no_other_of_its_batch_along(
    office: Practice,
) -> None:
    made = cases(office, 7)
    ended = (e.Ended(deadline="appeal_filing#1", outcome="satisfied"),)

    def end(notice: Notice) -> None:
        if notice.case == "C-004":
            office.say(made[4], e.NoteAdded(fields={}, closed=ended))
        if notice.case == "C-005":
            office.say(made[5], noted())

    after_each(office, end)
    swept = office.sweep()
    assert (len(office.box.notices), swept.failed) == (7, ())
    assert [len(office.sent(case)) for case in made] == [1, 1, 1, 1, 0, 1, 1]
    assert sorted(sent.case for sent in swept.sent) == [f"C-00{n}" for n in (0, 1, 2, 3, 5, 6)]


def test_what_a_person_changes_before_the_claim_is_ours_is_decided_again(
    office: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = cases(office, 3)
    ended = (e.Ended(deadline="appeal_filing#1", outcome="satisfied"),)
    keep = office.ledger.runs.claim

    def overtaken(_: object, claims: Any, gone: Any) -> Any:  # noqa: ANN401 - the ledger's own
        if len(claims) == 2:
            office.say(made[1], e.NoteAdded(fields={}, closed=ended))
            office.say(made[2], noted())
        return keep(claims, gone)

    monkeypatch.setattr(type(office.ledger.runs), "claim", overtaken)
    swept = office.sweep()
    assert [sent.case for sent in swept.sent] == ["C-000", "C-002"]
    assert [notice.case for notice in office.box.notices] == ["C-000", "C-002"]


# Failures


def fails(
    office: Practice, monkeypatch: pytest.MonkeyPatch, *errors: tuple[str, Exception]
) -> None:
    """No batch can be recorded together, and these cases not alone either."""
    keep, why = office.ledger.append, dict(errors)

    def never(_: object) -> None:
        raise Conflict("lost")

    def append(case: Any, *rest: Any) -> Any:  # noqa: ANN401 - whatever the ledger's own takes
        if case.reference in why:
            raise why[case.reference]
        return keep(case, *rest)

    monkeypatch.setattr(office.ledger, "append_all", never)
    monkeypatch.setattr(office.ledger, "append", append)


@pytest.mark.parametrize("lasts", [False, True], ids=["once", "always"])
@pytest.mark.parametrize("step", ["claim", "versions"])
def test_a_batch_that_cannot_be_taken_in_hand_is_tried_one_by_one(
    office: Practice, monkeypatch: pytest.MonkeyPatch, step: str, *, lasts: bool
) -> None:
    made = cases(office, 7)
    home = office.ledger.runs if step == "claim" else office.ledger
    keep = getattr(type(home), step)

    def broken(of: object, asked: Any, *rest: Any) -> Any:  # noqa: ANN401 - the ledger's own
        named = [one.case_id if step == "claim" else one for one in asked]
        if made[4] in named and (lasts or len(named) > 1):
            raise Corrupt("deadlock")
        return keep(of, asked, *rest)

    monkeypatch.setattr(type(home), step, broken)
    swept = office.sweep()
    sent = [f"C-{n:03}" for n in range(7) if not (lasts and n == 4)]
    assert (
        [one.case for one in swept.sent] == [notice.case for notice in office.box.notices] == sent
    )
    assert [(one.case, one.why) for one in swept.failed] == [(made[4], "deadlock")] * lasts
    monkeypatch.undo()
    again = office.sweep().sent
    assert [(one.case, one.may_repeat) for one in again] == [("C-004", False)] * lasts


def test_one_that_others_lock_for_long_keeps_no_other_delivered_from_its_entry(
    office: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = cases(office, 7)
    fails(office, monkeypatch, ("C-004", Busy("held")))
    swept = office.sweep()
    assert [len(office.sent(case)) for case in made] == [1, 1, 1, 1, 0, 1, 1]
    assert [failed.why for failed in swept.failed] == ["the sweep broke off: held"]
    assert swept.exit_code == Busy.exit_code
    assert len(swept.sent) == 6


def test_a_database_that_fails_is_not_tried_again_and_again(
    office: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = cases(office, 7)
    broken = ("C-004", BadDatabase("full")), ("C-005", AssertionError()), ("C-006", Busy("held"))
    fails(office, monkeypatch, *broken)
    swept = office.sweep()
    assert [len(office.sent(case)) for case in made] == [1, 1, 1, 1, 0, 0, 0]
    assert [failed.why for failed in swept.failed] == ["the sweep broke off: full"]
    monkeypatch.undo()
    office.clock.now += holders.LEASE
    again = office.sweep().sent
    assert [(sent.case, sent.may_repeat) for sent in again] == [
        (f"C-00{n}", True) for n in (4, 5, 6)
    ]


def test_a_fault_in_recording_one_is_that_ones_failure(
    office: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = cases(office, 7)
    fails(office, monkeypatch, ("C-004", ZeroDivisionError("C-004")))
    swept = office.sweep()
    assert [len(office.sent(case)) for case in made] == [1, 1, 1, 1, 0, 1, 1]
    ((failed,), code) = swept.failed, swept.exit_code
    assert (failed.case, failed.why, code) == (made[4], "unexpected ZeroDivisionError", 1)
    monkeypatch.undo()
    assert [(sent.case, sent.may_repeat) for sent in office.sweep().sent] == [("C-004", True)]


def test_a_batch_that_was_recorded_without_a_word_of_it_counts_as_sent(
    office: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the connection breaks behind the commit."""
    made = cases(office, 7)
    keep = type(office.ledger).transaction

    @contextmanager
    def mute(ledger: Ledger) -> Iterator[None]:
        with keep(ledger):
            yield
        monkeypatch.undo()
        raise Busy("broke")

    def second(notice: Notice) -> None:
        if notice.case == "C-002":
            monkeypatch.setattr(type(office.ledger), "transaction", mute)

    before_each(office, second)
    once(office, office.sweep(), 7)
    assert [len(office.sent(case)) for case in made] == [1] * 7


def test_what_was_delivered_when_a_run_is_interrupted_is_recorded(office: Practice) -> None:
    made = cases(office, 7)

    def interrupt(notice: Notice) -> None:
        if notice.case == "C-005":
            raise KeyboardInterrupt

    before_each(office, interrupt)
    with pytest.raises(KeyboardInterrupt):
        office.sweep()
    assert [len(office.sent(case)) for case in made] == [1, 1, 1, 1, 1, 0, 0]


def test_a_channel_that_fails_for_some_leaves_these_alone_due(office: Practice) -> None:
    cases(office, 7)

    def shut(notice: Notice) -> None:
        office.box.failing = notice.case in ("C-003", "C-006")

    before_each(office, shut)
    swept = office.sweep()
    assert [failed.case for failed in swept.failed] == ["C-003", "C-006"]
    assert len(swept.sent) == 5
    office.box.deliver = type(office.box).deliver.__get__(office.box)  # type: ignore[method-assign]
    office.box.failing = False
    again = office.sweep()
    assert [(s.case, s.may_repeat) for s in again.sent] == [("C-003", True), ("C-006", True)]


def test_the_key_of_a_reminder_is_what_it_was(office: Practice) -> None:
    (case,) = cases(office, 1)
    due = find(office.tracker(), case, "appeal_filing#1")
    assert due is not None
    assert due.key == "remind-appeal_filing.1-20bd-20261027T050000Z"


def test_what_was_delivered_is_recorded_however_often_others_change_the_case(
    office: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases(office, 1)
    keep, lost = type(office.ledger).transaction, [0]

    @contextmanager
    def losing(ledger: Ledger) -> Iterator[None]:
        if lost[0] < 40:
            lost[0] += 1
            raise Conflict("lost")
        with keep(ledger):
            yield

    before_each(office, lambda _: monkeypatch.setattr(type(office.ledger), "transaction", losing))
    once(office, office.sweep(), 1)
    assert lost == [40]
