"""What unattended runs ask of a store: leases on deliveries, heartbeats, what was touched.

None of it is truth. Rows lost or planted here cost a repeated delivery at most.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, Protocol

from msgspec import Struct
from msgspec.structs import replace

from casetrack.domain.case import Case

Taken = Literal["first", "again"]
At = tuple[str, str]  # a case's id, and what a thing is called in it
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Claim(Struct, frozen=True, kw_only=True):
    """Who is about to deliver a reminder, and until when that is to be believed."""

    case_id: str
    reminder: str
    holder: str
    until: datetime

    @property
    def at(self) -> At:
        return self.case_id, self.reminder


class Checked(Struct, frozen=True, kw_only=True):
    """What comparing views with entries came to, as case ids.

    ``differing`` ones were made again; ``corrupt`` ones can't be: their entries do not hold.
    """

    differing: tuple[str, ...] = ()
    corrupt: tuple[str, ...] = ()


class Runs(Protocol):
    """The part of a ledger that sweeps and daily runs use."""

    def claim(self, wanted: Sequence[Claim], gone: Callable[[Claim], bool]) -> Mapping[At, Taken]:
        """Take reminders in hand, in order and by one statement, so that no two sweeps deadlock.

        Those are left out that another holds unless he is ``gone``.
        ``again``: a claim was taken over, so it may have been delivered before.
        """

    def release(self, claims: Sequence[Claim]) -> None:
        """Give up those that are still the holder's; inside a transaction, together with it."""

    def lapse(self, claims: Sequence[Claim]) -> None:
        """End their leases and keep the claims: what they are for may have been delivered."""

    def beat(self, name: str, at: datetime) -> None: ...

    def beats(self) -> Mapping[str, datetime]:
        """When each thing that beats last did, by name."""

    def newest(self) -> datetime | None:
        """The latest ``recorded_at`` of all entries."""

    def ladders(self) -> set[str]:
        """Every rung that some open deadline has."""

    def touched(self) -> Sequence[str]:
        """The cases whose views were written since they were last compared."""

    def compare(self, case_ids: Sequence[str]) -> Checked:
        """Fold these cases again and make the views that differ from it anew."""


class MemoryRuns:
    """``Runs`` for a ledger in memory, whose views are its cases and can't differ."""

    def __init__(self, cases: Mapping[str, Case], newest: Callable[[], datetime]) -> None:
        self._cases = cases
        self._claims: dict[At, Claim] = {}
        self._beats: dict[str, datetime] = {}
        self.newest = newest

    def claim(self, wanted: Sequence[Claim], gone: Callable[[Claim], bool]) -> Mapping[At, Taken]:
        taken: dict[At, Taken] = {}
        for claim in sorted(wanted, key=lambda claim: claim.at):
            held = self._claims.get(claim.at)
            if held is None or gone(held):
                self._claims[claim.at] = claim
                taken[claim.at] = "first" if held is None else "again"
        return taken

    def release(self, claims: Sequence[Claim]) -> None:
        for claim in self._still(claims):
            del self._claims[claim.at]

    def lapse(self, claims: Sequence[Claim]) -> None:
        for claim in self._still(claims):
            self._claims[claim.at] = replace(claim, until=LONG_AGO)

    def _still(self, claims: Sequence[Claim]) -> list[Claim]:
        known = self._claims
        return [c for c in claims if c.at in known and known[c.at].holder == c.holder]

    def beat(self, name: str, at: datetime) -> None:
        self._beats[name] = at

    def beats(self) -> Mapping[str, datetime]:
        return dict(self._beats)

    def ladders(self) -> set[str]:
        return {
            name
            for case in self._cases.values()
            for tracked in case.open_deadlines()
            for name in tracked.deadline.reading.rungs
        }

    def touched(self) -> Sequence[str]:
        return ()

    def compare(self, case_ids: Sequence[str]) -> Checked:
        del case_ids
        return Checked()
