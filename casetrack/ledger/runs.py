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
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Claim(Struct, frozen=True, kw_only=True):
    """Who is about to deliver a reminder, and until when that is to be believed."""

    case_id: str
    reminder: str
    holder: str
    until: datetime


class Checked(Struct, frozen=True, kw_only=True):
    """What comparing views with entries came to, as case ids.

    ``differing`` ones were made again; ``corrupt`` ones can't be: their entries do not hold.
    """

    differing: tuple[str, ...] = ()
    corrupt: tuple[str, ...] = ()


class Runs(Protocol):
    """The part of a ledger that sweeps and daily runs use."""

    def claim(self, wanted: Claim, gone: Callable[[Claim], bool]) -> Taken | None:
        """Take a reminder in hand; None while another holds it whom ``gone`` believes in.

        ``again``: a claim was taken over, so it may have been delivered before.
        """

    def release(self, case_id: str, reminder: str) -> None:
        """Give a claim up; inside a transaction, together with it."""

    def lapse(self, case_id: str, reminder: str) -> None:
        """End a claim's lease and keep the claim: it may have been delivered."""

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
        self._claims: dict[tuple[str, str], Claim] = {}
        self._beats: dict[str, datetime] = {}
        self.newest = newest

    def claim(self, wanted: Claim, gone: Callable[[Claim], bool]) -> Taken | None:
        at = wanted.case_id, wanted.reminder
        held = self._claims.get(at)
        if held is not None and not gone(held):
            return None
        self._claims[at] = wanted
        return "first" if held is None else "again"

    def release(self, case_id: str, reminder: str) -> None:
        self._claims.pop((case_id, reminder), None)

    def lapse(self, case_id: str, reminder: str) -> None:
        held = self._claims.get((case_id, reminder))
        if held is not None:
            self._claims[case_id, reminder] = replace(held, until=LONG_AGO)

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
