"""What sweeps and daily runs come to: what was sent, what failed, which exit code says so."""

from datetime import date, datetime

from msgspec import Struct

from casetrack.audit.notes import Checkpoint
from casetrack.domain.docket import Docket
from casetrack.errors import Busy, CasetrackError, Corrupt, NoKey, Undelivered, Unexpected
from casetrack.reports.foot import Foot
from casetrack.service.reprojecting import Shift

_GRAVEST_FIRST = (1, 5, 4, 75, 6, 3)


class Sent(Struct, frozen=True, kw_only=True):
    """A reminder that was delivered and recorded."""

    case: str
    deadline: str
    rung: str
    folded: tuple[str, ...]
    scheduled_for: datetime
    sent_at: datetime
    may_repeat: bool
    reminder: str
    channels: tuple[str, ...]


class Failed(Struct, frozen=True, kw_only=True):
    """A reminder that stays due, and why; no ``case``: all that were not tried.

    ``code`` is the exit code that it asks for.
    """

    case: str | None
    why: str
    code: int
    deadline: str | None = None
    rung: str | None = None
    channel: str | None = None
    scheduled_for: datetime | None = None


class Swept(Struct, frozen=True, kw_only=True):
    """What one sweep did.

    ``missed_days``: days since the last sweep on which none ran. ``held``: reminders that another
    sweep has in hand. ``differing``: cases whose views were wrong and were made again.
    ``moved``: deadlines that a changed calendar moved.
    """

    as_of: datetime
    practice: bool
    sent: tuple[Sent, ...] = ()
    failed: tuple[Failed, ...] = ()
    missed_days: tuple[date, ...] = ()
    held: int = 0
    differing: tuple[str, ...] = ()
    moved: tuple[Shift, ...] = ()

    @property
    def folded(self) -> int:
        return sum(len(one.folded) for one in self.sent)

    @property
    def exit_code(self) -> int:
        codes = {failed.code for failed in self.failed}
        return _gravest(codes | ({Corrupt.exit_code} if self.differing else set()))


class Sealed(Struct, frozen=True, kw_only=True):
    """A head that stands signed, after so many new leaves; ``aside``: where a note given up is."""

    added: int
    checkpoint: Checkpoint
    foot: Foot
    aside: str | None = None


class Sealing(Struct, frozen=True, kw_only=True):
    """What came of sealing in a run: done, or why not, what is sealed and what still waits."""

    size: int
    unsealed: int
    sealed: Sealed | None = None
    refused: CasetrackError | None = None

    @property
    def keyless(self) -> bool:
        return isinstance(self.refused, NoKey)

    @property
    def exit_code(self) -> int:
        """A ledger that has no key yet does not fail."""
        return self.refused.exit_code if self.refused and not self.keyless else 0


class Ran(Struct, frozen=True, kw_only=True):
    """What a run did. ``swept`` is None if the sweep was ``refused``.

    What another sweep still has in hand may never come out: such a run asks for another one.

    ``problems`` are channels and reports that failed, ``warnings`` what changes no exit code.
    """

    docket: Docket
    sealing: Sealing
    swept: Swept | None = None
    refused: CasetrackError | None = None
    reports: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        codes = {
            self.swept.exit_code if self.swept else 0,
            self.refused.exit_code if self.refused else 0,
            Undelivered.exit_code if self.problems else 0,
            Busy.exit_code if self.swept and self.swept.held else 0,
            self.sealing.exit_code,
        }
        return _gravest(codes)

    @property
    def foot(self) -> Foot | None:
        """What stands at the foot of the reports: nothing, unless the run could seal."""
        return self.sealing.sealed.foot if self.sealing.sealed else None


def unexpected(case_id: str, deadline: str, error: Exception) -> Failed:
    """A day beyond a calendar, entries that do not hold, or a fault of ours."""
    if isinstance(error, CasetrackError):
        code = Corrupt.exit_code if isinstance(error, Corrupt) else Undelivered.exit_code
        return Failed(case=case_id, deadline=deadline, why=error.message, code=code)
    why = f"unexpected {type(error).__name__}"
    return Failed(case=case_id, deadline=deadline, why=why, code=Unexpected.exit_code)


def _gravest(codes: set[int]) -> int:
    """What is not in the order is a refusal that nobody thought of: it is never a success."""
    known = next((code for code in _GRAVEST_FIRST if code in codes), 0)
    return known or max(codes, default=0)
