"""The one exception tree: each class owns its message and its exit code.

Messages are lower case and say what, where, why and what to do next.
They never hold a typed value, dates and codes excepted.
"""

from collections.abc import Sequence


class CasetrackError(Exception):
    """Something was asked that casetrack will not or cannot do; nothing was written."""

    exit_code = 4

    def __init__(self, message: str, reasons: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.reasons = tuple(reasons)

    @property
    def kind(self) -> str:
        return type(self).__name__


class Unparsable(CasetrackError):
    """The input has no meaning: a malformed date, number or option, a control character."""

    exit_code = 2


class Refused(CasetrackError):
    """The input was understood and is refused."""


class UnknownName(Refused):
    """No case, workflow, trigger, field, item, clock or calendar has that name."""


class AmbiguousCase(Refused):
    """More than one reference starts with what was given."""


class TransitionRefused(Refused):
    """A trigger is not possible in the case's state, or a guard is unmet."""


class BeyondHorizon(Refused):
    """A calendar was asked about a day it is not sure of."""


class BadDefinition(Refused):
    """A workflow or calendar file is not usable; every problem is in ``reasons``."""


class AlreadyAdopted(Refused):
    """The case follows that definition already."""


class StaleVersion(Refused):
    """The case has moved on since the version that the caller saw."""


class Conflict(StaleVersion):
    """Another writer appended this version first; deciding again may succeed."""


class BadDatabase(Refused):
    """The database is not there, not ours, read-only, full or of another version."""


class NoKey(Refused):
    """The ledger has no signing key yet, so that nothing of it can be sealed."""


class RejectedRows(CasetrackError):
    """Some of an import's cases were rejected, the others were written."""

    exit_code = 3


class Findings(CasetrackError):
    """A check found something; the output says what."""

    exit_code = 3


class Unexpected(CasetrackError):
    """A fault of ours, not of the input."""

    exit_code = 1


class Corrupt(CasetrackError):
    """The database does not hold what was written to it."""

    exit_code = 5


class Undelivered(CasetrackError):
    """What was to be recorded is, but a channel or a report failed."""

    exit_code = 6


class Busy(CasetrackError):
    """Another process holds the database; try again."""

    exit_code = 75
