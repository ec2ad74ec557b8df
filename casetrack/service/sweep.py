"""One pass over what is due: claim, deliver, record.

Only the entry closes a rung. Each deadline gets one reminder, the most urgent of those that have
come; the others are folded into it. Any number of sweeps may run at once.
"""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from time import monotonic, sleep

from msgspec.structs import replace

from casetrack.domain import dates, reminders
from casetrack.errors import BadDatabase, Busy, CasetrackError, Corrupt, Refused
from casetrack.ledger.runs import At, Checked
from casetrack.service import holders
from casetrack.service.due import ZONE
from casetrack.service.notify import Channel
from casetrack.service.outcomes import Failed, Sent, Swept
from casetrack.service.reminding import Finder
from casetrack.service.reprojecting import Shift, reproject
from casetrack.service.sending import ACTOR, Batch, Work
from casetrack.service.tracker import Tracker

MOST = 100  # reminders in a batch
BEAT = "sweep"
BEAT_BEFORE = "sweep before"
GAP = timedelta(days=45)
_PAUSE = 0.2  # seconds


def admit(tracker: Tracker, *, accept_gap: bool) -> tuple[date, ...]:
    """The days missed since the last sweep; refuses a clock that can't be right.

    Other machines' clocks may be a little ahead: their entries stop nobody's sweep.
    """
    runs = tracker.ledger.runs
    newest = runs.newest()
    # Read after the newest entry was, since others may write meanwhile.
    now = tracker.ledger.sources.now()
    if newest is not None and now < newest - holders.SKEW:
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
    finder = Finder(tracker)
    moved, found, mended = _looked(tracker, finder)
    made = Swept(
        as_of=tracker.now,
        practice=tracker.ledger.practice,
        missed_days=missed,
        differing=(*checked.differing, *mended.differing),
        failed=tuple(map(_broken, dict.fromkeys((*checked.corrupt, *mended.corrupt)))),
        moved=moved,
    )
    begun(made)
    work = Work(tracker=tracker, channels=channels, finder=finder, outcomes=[])
    return _Sweep(work, patience).run(made, found)


def _looked(tracker: Tracker, finder: Finder) -> tuple[tuple[Shift, ...], Sequence[At], Checked]:
    """What a changed calendar moves, and where to look for what is due.

    Views that can't even be read are all compared with the entries, and asked again. Where one
    can't be mended, since its entries do not hold, the others' entries are asked instead.
    """
    mended = Checked()
    for last in (False, True):
        try:
            return reproject(tracker, ACTOR), _candidates(tracker, finder), mended
        except (BadDatabase, Busy):
            raise
        except Exception:  # noqa: BLE001  # whatever stands in the views, the entries know better
            if not last:
                mended = tracker.ledger.runs.compare(list(tracker.ledger.case_ids()))
    return (), _open(tracker, mended.corrupt), mended


def _open(tracker: Tracker, corrupt: Sequence[str]) -> Sequence[At]:
    """Every open deadline of the cases whose entries hold, the earliest first."""
    ids = (case_id for case_id in tracker.ledger.case_ids() if case_id not in corrupt)
    found = (
        (tracked.deadline.reading.act_by, case_id, tracked.deadline.deadline)
        for case_id in ids
        for tracked in tracker.case(case_id).open_deadlines()
    )
    return [(case_id, deadline) for _, case_id, deadline in sorted(found)]


def _candidates(tracker: Tracker, finder: Finder) -> Sequence[At]:
    """The deadlines of which the views say that something is due, the earliest first."""
    last = reminders.reach(tracker.ledger.runs.ladders(), ZONE, tracker.now)
    return tracker.ledger.candidates(last, finder.may_be_due)


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
    def __init__(self, work: Work, patience: float) -> None:
        self._work = work
        self._patience = patience

    def run(self, made: Swept, found: Sequence[At]) -> Swept:
        corrupt = {failed.case for failed in made.failed}
        outcomes = self._work.outcomes
        try:
            held = self._round([at for at in found if at[0] not in corrupt])
            until = monotonic() + self._patience
            while held and monotonic() < until:
                sleep(_PAUSE)
                held = self._round(held)
            _beat(self._work.tracker)
        except CasetrackError as error:
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

    def _round(self, found: Sequence[At]) -> list[At]:
        """Batch after batch; those that another sweep has in hand are given back.

        Batches grow while there is time for all that they claim.
        """
        held: list[At] = []
        waiting, size = deque(found), 1
        while waiting:
            wanted = [waiting.popleft() for _ in range(min(size, len(waiting)))]
            batch = Batch(self._work)
            batch.send(wanted)
            held += batch.held
            waiting.extendleft(reversed(batch.left))
            size = max(1, len(wanted) - len(batch.left)) if batch.left else min(2 * size, MOST)
        return held
