"""One pass over what is due: claim, deliver, record.

Only the entry closes a rung. Each deadline gets one reminder, the most urgent of those that have
come; the others are folded into it. Any number of sweeps may run at once.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from time import monotonic, sleep
from typing import Literal

from msgspec.structs import replace

from casetrack.domain import dates, reminders
from casetrack.errors import (
    BadDatabase,
    Busy,
    CasetrackError,
    Conflict,
    Corrupt,
    Refused,
    Undelivered,
    Unexpected,
)
from casetrack.ledger.runs import Checked, Claim
from casetrack.ledger.store import Draft
from casetrack.reports.notices import Notice
from casetrack.service import holders
from casetrack.service.due import ZONE
from casetrack.service.notify import Channel
from casetrack.service.outcomes import Failed, Sent, Swept
from casetrack.service.reminding import Due, event, find, may_be_due, notice
from casetrack.service.reprojecting import Shift, reproject
from casetrack.service.tracker import TRIES, Tracker

ACTOR = "casetrack sweep"
BEAT = "sweep"
BEAT_BEFORE = "sweep before"
GAP = timedelta(days=45)
_PAUSE = 0.2  # seconds

At = tuple[str, str]  # a case's id, and one of its deadlines
Outcome = Sent | Failed | None


def admit(tracker: Tracker, *, accept_gap: bool) -> tuple[date, ...]:
    """The days missed since the last sweep; refuses a clock that can't be right."""
    runs = tracker.ledger.runs
    newest = runs.newest()
    # Read after the newest entry was, since others may write meanwhile.
    now = tracker.ledger.sources.now()
    if newest is not None and now < newest:
        raise Refused(
            f"the clock says {dates.local_text(now, ZONE)}, before the newest entry's"
            f" {dates.local_text(newest, ZONE)}; nothing was sent: set the clock right"
        )
    last = runs.beats().get(BEAT)
    if last is None:
        return ()
    if now - last > GAP and not accept_gap:
        raise Refused(
            f"the last sweep was {(now - last).days} days ago, {dates.local_text(last, ZONE)};"
            " nothing was sent: if the clock is right, run 'casetrack sweep --accept-gap' once"
        )
    first, today = dates.local_date(last, ZONE), dates.local_date(now, ZONE)
    return tuple(first + timedelta(days=n) for n in range(1, (today - first).days))


def sweep(
    tracker: Tracker,
    channels: Sequence[Channel],
    begun: Callable[[Swept], None] = lambda _: None,
    *,
    accept_gap: bool = False,
    also: Sequence[str] = (),
    patience: float = 0,
) -> Swept:
    """Send every reminder that is due as of the tracker's now.

    ``begun`` is told what is known before the first is sent: missed days, differing views.
    The views of cases touched since the last run are compared with their entries first, and those
    of ``also``: the docket, which says where to look, is one.
    ``patience``: seconds to wait for what other sweeps have in hand.
    """
    missed = admit(tracker, accept_gap=accept_gap)
    checked = tracker.ledger.runs.compare(sorted({*tracker.ledger.runs.touched(), *also}))
    moved, found, mended = _looked(tracker)
    made = Swept(
        as_of=tracker.now,
        practice=tracker.ledger.practice,
        missed_days=missed,
        differing=(*checked.differing, *mended.differing),
        failed=tuple(map(_broken, dict.fromkeys((*checked.corrupt, *mended.corrupt)))),
        moved=moved,
    )
    begun(made)
    return _Sweep(tracker, channels, patience).run(made, found)


def _looked(tracker: Tracker) -> tuple[tuple[Shift, ...], list[At], Checked]:
    """What a changed calendar moves, and where to look for what is due.

    Views that can't even be read are all compared with the entries, and asked again.
    """
    try:
        return reproject(tracker, ACTOR), _candidates(tracker), Checked()
    except (BadDatabase, Busy):
        raise
    except Exception:  # noqa: BLE001  # whatever stands in the views, the entries know better
        mended = tracker.ledger.runs.compare(list(tracker.ledger.case_ids()))
        return reproject(tracker, ACTOR), _candidates(tracker), mended


def _candidates(tracker: Tracker) -> list[At]:
    """The deadlines of which the views say that something is due, the earliest first."""
    last = reminders.reach(tracker.ledger.runs.ladders(), ZONE, tracker.now)
    found = [
        (of.act_by, of.due_at, *at)
        for (definition, of), some in tracker.ledger.subjects(last).items()
        if may_be_due(tracker, definition, of)
        for at in some
    ]
    return [(case_id, deadline) for _, _, case_id, deadline in sorted(found)]


def _broken(case_id: str) -> Failed:
    why = "its entries are not what was recorded; it can't be warned of"
    return Failed(case=case_id, why=why, code=Corrupt.exit_code)


def _beat(tracker: Tracker) -> None:
    """This sweep ran to its end; the one before is kept, to tell how often they run."""
    runs = tracker.ledger.runs
    before = runs.beats().get(BEAT)
    if before is not None:
        runs.beat(BEAT_BEFORE, before)
    runs.beat(BEAT, tracker.now)


class _Sweep:
    def __init__(self, tracker: Tracker, channels: Sequence[Channel], patience: float) -> None:
        self._tracker = tracker
        self._ledger = tracker.ledger
        self._channels = channels
        self._holder = holders.myself()
        self._patience = patience

    def run(self, made: Swept, found: Sequence[At]) -> Swept:
        corrupt = {failed.case for failed in made.failed}
        outcomes: list[Outcome] = []
        try:
            held = self._round([at for at in found if at[0] not in corrupt], outcomes)
            until = monotonic() + self._patience
            while held and monotonic() < until:
                sleep(_PAUSE)
                held = self._round(held, outcomes)
            _beat(self._tracker)
        except (BadDatabase, Busy) as error:
            # What was sent stays sent, and the rest has to wait for the next run.
            why = f"the sweep broke off: {error.message}"
            outcomes.append(Failed(case=None, why=why, code=error.exit_code))
            held = []
        return replace(
            made,
            sent=tuple(o for o in outcomes if isinstance(o, Sent)),
            failed=(*made.failed, *(o for o in outcomes if isinstance(o, Failed))),
            held=len(held),
        )

    def _round(self, found: Sequence[At], outcomes: list[Outcome]) -> list[At]:
        """Try each; those that another sweep has in hand are given back."""
        held = []
        for at in found:
            outcome = self._try(*at)
            if outcome == "held":
                held.append(at)
            else:
                outcomes.append(outcome)
        return held

    def _try(self, case_id: str, deadline: str) -> Outcome | Literal["held"]:
        """One failure silences no other reminder."""
        try:
            due = find(self._tracker, case_id, deadline)
            return None if due is None else self._remind(due)
        except (BadDatabase, Busy):
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, the others are warned of
            return _unexpected(case_id, deadline, error)

    def _remind(self, due: Due) -> Outcome | Literal["held"]:
        clock = self._ledger.sources.now
        until = clock() + holders.LEASE
        claim = Claim(case_id=due.case.id, reminder=due.id, holder=self._holder, until=until)
        # Asked for when the other's claim has been read: it may be younger than ours.
        taken = self._ledger.runs.claim(claim, lambda held: holders.gone(held, clock()))
        if taken is None:
            return "held"
        # Another sweep may have recorded it before the claim was ours.
        again = find(self._tracker, due.case.id, due.deadline)
        if again is None or again.key != due.key:
            self._ledger.runs.release(due.case.id, due.id)
            return None
        return self._send(again, notice(self._tracker, again, may_repeat=taken == "again"))

    def _send(self, due: Due, told: Notice) -> Outcome:
        for channel in self._channels:
            try:
                channel.deliver(told)
            except Exception as error:
                self._ledger.runs.lapse(due.case.id, due.id)
                if not isinstance(error, Undelivered):
                    raise
                return _failed(due, error, channel.name)
        return self._record(due, told)

    def _record(self, due: Due, told: Notice) -> Outcome:
        """What was delivered, unless the deadline has changed so that it no longer holds."""
        by = tuple(channel.name for channel in self._channels)
        current: Due | None = due
        for _ in range(TRIES):
            if current is None or current.key != due.key:
                self._ledger.runs.release(due.case.id, due.id)
                return None
            sent_at = self._ledger.sources.now()
            fact = event(self._tracker, current, told, sent_at, by)
            try:
                with self._ledger.transaction():
                    draft = Draft(event=fact, actor=ACTOR, key=due.key)
                    self._ledger.append(current.case, [draft])
                    self._ledger.runs.release(due.case.id, due.id)
            except Conflict:
                current = find(self._tracker, due.case.id, due.deadline)
                continue
            return _sent(current, told, sent_at, by)
        self._ledger.runs.lapse(due.case.id, due.id)
        return _failed(due, Undelivered("delivered, but others kept changing the case"), None)


def _unexpected(case_id: str, deadline: str, error: Exception) -> Failed:
    """A day beyond a calendar, entries that do not hold, or a fault of ours."""
    if isinstance(error, CasetrackError):
        code = Corrupt.exit_code if isinstance(error, Corrupt) else Undelivered.exit_code
        return Failed(case=case_id, deadline=deadline, why=error.message, code=code)
    why = f"unexpected {type(error).__name__}"
    return Failed(case=case_id, deadline=deadline, why=why, code=Unexpected.exit_code)


def _sent(due: Due, told: Notice, sent_at: datetime, by: tuple[str, ...]) -> Sent:
    return Sent(
        case=due.name,
        deadline=due.deadline,
        rung=due.rung.name,
        folded=due.folded,
        scheduled_for=due.rung.at,
        sent_at=sent_at,
        may_repeat=told.may_repeat,
        reminder=due.id,
        channels=by,
    )


def _failed(due: Due, error: CasetrackError, channel: str | None) -> Failed:
    return Failed(
        case=due.name,
        deadline=due.deadline,
        rung=due.rung.name,
        scheduled_for=due.rung.at,
        channel=channel,
        why=error.message,
        code=Undelivered.exit_code,
    )
