"""A batch of reminders: claimed by one statement, delivered one by one, recorded together.

No delivery begins ``SPAN`` after the batch's first began: what was delivered is recorded then, and
the rest let go. So a process that dies leaves in doubt what it delivered in about a second; where
a channel takes longer, one reminder.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from time import monotonic

from msgspec import Struct
from msgspec.structs import replace

from casetrack.domain.case import Case
from casetrack.domain.events import Entry, ReminderSent
from casetrack.errors import BadDatabase, Busy, Conflict, Undelivered
from casetrack.ledger.runs import At, Claim, Taken
from casetrack.ledger.store import Draft
from casetrack.reports.notices import Notice
from casetrack.service import holders
from casetrack.service.notify import Channel
from casetrack.service.outcomes import Failed, Sent, unexpected
from casetrack.service.reminding import Due, Finder, event, failed, notice, sent
from casetrack.service.tracker import TRIES, Tracker

ACTOR = "casetrack sweep"
SPAN = 1.0  # seconds
RECORDING_TRIES = 10 * TRIES  # what was delivered has to be recorded, however busy its case is


class Work(Struct, frozen=True, kw_only=True):
    """What the batches of a sweep share; ``outcomes`` is told what came of each reminder."""

    tracker: Tracker
    channels: Sequence[Channel]
    finder: Finder
    outcomes: list[Sent | Failed]


class InHand(Struct, frozen=True, kw_only=True):
    """What is due and claimed, or about to be."""

    due: Due
    claim: Claim
    taken: Taken = "first"

    @property
    def at(self) -> At:
        return self.due.case.id, self.due.deadline


class Delivered(Struct, frozen=True, kw_only=True):
    due: Due
    claim: Claim
    told: Notice
    sent_at: datetime


class Batch:
    """``held``: what another sweep has in hand. ``left``: what was let go."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._tracker = work.tracker
        self._ledger = work.tracker.ledger
        self._delivered: list[Delivered] = []
        self._over: list[Claim] = []  # there is nothing that they are still needed for
        self._doubtful: list[Claim] = []  # what they are for may have been delivered
        self.held: list[At] = []
        self.left: list[At] = []

    def send(self, wanted: Sequence[At]) -> None:
        ready = self._ready(wanted)
        try:
            self._deliver(ready)
        finally:
            self._record()

    def _ready(self, wanted: Sequence[At]) -> Sequence[InHand]:
        """Claimed and due; where that fails, each is tried again by itself."""
        told, claimed = len(self._work.outcomes), []
        try:
            claimed = self._claimed(wanted)
            return list(self._decided_again(claimed))
        except (BadDatabase, Busy):
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, the others are warned of
            self._let_go(claimed)
            self.held, self.left = [], list(wanted) if len(wanted) > 1 else []
            failures = [unexpected(*at, error) for at in wanted if len(wanted) == 1]
            self._work.outcomes[told:] = failures
            return []

    def _find(self, wanted: Sequence[At]) -> dict[At, Due | None]:
        """What the entries say is due of each, as far as they can be read."""
        found: dict[At, Due | None] = {}
        entries = self._reading({case_id for case_id, _ in wanted})
        for case_id, deadline in wanted:
            try:
                found[case_id, deadline] = self._work.finder.find(
                    case_id, entries(case_id), deadline
                )
            except (BadDatabase, Busy):
                raise
            except Exception as error:  # noqa: BLE001  # whatever it is, the others are warned of
                self._work.outcomes.append(unexpected(case_id, deadline, error))
        return found

    def _reading(self, case_ids: Iterable[str]) -> Callable[[str], Sequence[Entry]]:
        """All of them at once; where one can't be read, each by itself."""
        try:
            known: Mapping[str, Sequence[Entry]] = self._ledger.several(sorted(case_ids))
        except (BadDatabase, Busy):
            raise
        except Exception:  # noqa: BLE001  # it is met again where it belongs
            return self._ledger.entries
        return lambda case_id: known.get(case_id, ())

    def _claimed(self, wanted: Sequence[At]) -> list[InHand]:
        clock, me = self._ledger.sources.now, holders.myself()
        dues = [due for due in self._find(wanted).values() if due is not None]
        until = clock() + holders.LEASE
        asked = [
            Claim(case_id=due.case.id, reminder=due.id, holder=me, until=until) for due in dues
        ]
        # Asked for when the other's claim has been read: it may be younger than ours.
        taken = self._ledger.runs.claim(asked, lambda held: holders.gone(held, clock()))
        claimed = []
        for due, claim in zip(dues, asked, strict=True):
            if claim.at in taken:
                claimed.append(InHand(due=due, claim=claim, taken=taken[claim.at]))
            else:
                self.held.append((due.case.id, due.deadline))
        return claimed

    def _decided_again(self, claimed: Sequence[InHand]) -> Iterable[InHand]:
        """Another sweep may have recorded it before the claim was ours."""
        versions = self._ledger.versions(sorted({one.at[0] for one in claimed}))
        changed = {one.at for one in claimed if versions.get(one.at[0]) != one.due.case.version}
        found = self._find(sorted(changed)) if changed else {}
        for one in claimed:
            due = found.get(one.at) if one.at in changed else one.due
            if due is not None and due.key == one.due.key:
                yield replace(one, due=due)
            elif one.at in changed and one.at not in found:
                self._doubtful.append(one.claim)
            else:
                self._over.append(one.claim)

    def _deliver(self, ready: Sequence[InHand]) -> None:
        begun = None
        for n, one in enumerate(ready):
            if self._must_end(begun, one.claim):
                self._let_go(ready[n:])
                return
            begun = monotonic() if begun is None else begun
            self._hand_over(one)

    def _must_end(self, begun: float | None, claim: Claim) -> bool:
        """After the time of a batch, and before anybody could believe that we are gone."""
        if claim.until - self._ledger.sources.now() < holders.LEASE / 2:
            return True
        return begun is not None and monotonic() - begun >= SPAN

    def _let_go(self, rest: Sequence[InHand]) -> None:
        for one in rest:
            (self._over if one.taken == "first" else self._doubtful).append(one.claim)
            self.left.append(one.at)

    def _hand_over(self, one: InHand) -> None:
        name = None
        try:
            told = notice(self._tracker, one.due, may_repeat=one.taken == "again")
            for channel in self._work.channels:
                name = channel.name
                channel.deliver(told)
        except Undelivered as error:
            self._fail(one.claim, failed(one.due, error, name))
        except Exception as error:  # noqa: BLE001  # whatever it is, the others are warned of
            self._fail(one.claim, unexpected(*one.at, error))
        else:
            sent_at = self._ledger.sources.now()
            self._delivered.append(
                Delivered(due=one.due, claim=one.claim, told=told, sent_at=sent_at)
            )

    def _fail(self, claim: Claim, why: Failed) -> None:
        self._doubtful.append(claim)
        self._work.outcomes.append(why)

    def _record(self) -> None:
        """All in one transaction; if that fails, each by itself."""
        if not (self._delivered or self._over or self._doubtful):
            return
        try:
            with self._ledger.transaction():
                self._ledger.append_all(self._changes())
                over = [*self._over, *(one.claim for one in self._delivered)]
                self._ledger.runs.release(over)
        except Exception:  # noqa: BLE001  # it is met again where it belongs
            self._record_each()
        else:
            self._work.outcomes.extend(self._sent(one.due, one) for one in self._delivered)
        self._ledger.runs.lapse(self._doubtful)

    def _changes(self) -> list[tuple[Case, list[Draft]]]:
        """By case, in order, so that no two writers deadlock."""
        found: dict[str, tuple[Case, list[Draft]]] = {}
        for one in self._delivered:
            case = one.due.case
            found.setdefault(case.id, (case, []))[1].append(self._draft(one.due, one))
        return [found[case_id] for case_id in sorted(found)]

    def _draft(self, due: Due, one: Delivered) -> Draft:
        fact = event(self._tracker, due, one.told, one.sent_at, self._by())
        return Draft(event=fact, actor=ACTOR, key=due.key)

    def _sent(self, due: Due, one: Delivered) -> Sent:
        return sent(due, one.told, one.sent_at, self._by())

    def _by(self) -> tuple[str, ...]:
        return tuple(channel.name for channel in self._work.channels)

    def _record_each(self) -> None:
        """One that is locked by others for long hinders none; with a second, it is all of it."""
        busy: Busy | None = None
        for one in self._delivered:
            try:
                self._alone(one)
            except BadDatabase:
                raise
            except Busy as error:
                if busy is not None:
                    raise
                busy = error
            except Exception as error:  # noqa: BLE001  # whatever it is, the others are recorded
                self._fail(one.claim, unexpected(one.due.case.id, one.due.deadline, error))
        self._ledger.runs.release(self._over)
        if busy is not None:
            raise busy

    def _alone(self, one: Delivered) -> None:
        """What was delivered, unless the deadline has changed so that it no longer holds."""
        at = one.due.case.id, one.due.deadline
        current: Due | None = one.due
        for _ in range(RECORDING_TRIES):
            if current is None or current.key != one.due.key:
                self._over.append(one.claim)
                if self._stands(one):
                    self._work.outcomes.append(self._sent(one.due, one))
                return
            try:
                with self._ledger.transaction():
                    self._ledger.append(current.case, [self._draft(current, one)])
                    self._ledger.runs.release([one.claim])
            except Conflict:
                current = self._work.finder.find(at[0], self._ledger.entries(at[0]), at[1])
                continue
            self._work.outcomes.append(self._sent(current, one))
            return
        error = Undelivered("delivered, but others kept changing the case")
        self._fail(one.claim, failed(one.due, error, None))

    def _stands(self, one: Delivered) -> bool:
        """Whether it is recorded: the batch's commit may have come through, and no word of it."""
        found = self._ledger.by_key(one.due.case.id, one.due.key)
        return (
            found is not None
            and isinstance(found.data, ReminderSent)
            and found.data.sent_at == one.sent_at
        )
