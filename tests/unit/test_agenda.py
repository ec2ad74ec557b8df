"""What a calendar file is made of: the docket, what has ended, and how often each changed."""

from datetime import date

from casetrack.domain import events as e
from casetrack.ledger.memory import MemoryLedger
from casetrack.service.agenda import changes
from tests.dockets import NOW
from tests.facts import DEC_1, NOV_10, NOV_20, append, deadline, fired, new_case, opened, reading
from tests.fakes import FakeClock, fixed_sources


def moved(to: date) -> e.Moved:
    return e.Moved(deadline="reply#1", why="extended", reading=reading(to), standard=None)


def test_every_entry_that_moved_paused_ended_or_reopened_a_deadline_counts_once() -> None:
    ledger = MemoryLedger(fixed_sources(FakeClock(NOW)), practice=True)
    case = new_case(ledger, opened(armed=(deadline("reply", NOV_10), deadline("other", NOV_10))))
    assert changes(ledger.entries(case.id))["reply#1"] == 0
    ended = e.Ended(deadline="reply#1", outcome="satisfied")
    tolled = e.Event(data=e.DeadlineTolled(deadline="reply#1"), occurred_on=NOV_10)
    case, _ = append(ledger, case, fired(moved=(moved(NOV_20),)), tolled)
    assert changes(ledger.entries(case.id))["reply#1"] == 2
    append(
        ledger, case, fired(closed=(ended,)), fired(reopened=("reply#1",), moved=(moved(DEC_1),))
    )
    assert changes(ledger.entries(case.id)) == {"reply#1": 4}
