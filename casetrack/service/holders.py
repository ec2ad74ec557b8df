"""Who holds a claim: a process by host, number and start, and whether it is still there."""

import os
from datetime import datetime, timedelta
from pathlib import Path

from casetrack.ledger.runs import Claim

LEASE = timedelta(minutes=5)
SKEW = timedelta(minutes=5)  # as far as two machines' clocks may be apart


def myself() -> str:
    return _holder(os.getpid())


def gone(held: Claim, now: datetime) -> bool:
    """Whether a claim binds nobody: its lease is over or never was one, or its process is dead."""
    if not now < held.until <= now + LEASE + SKEW:
        return True
    host, _, rest = held.holder.rpartition("@")
    number = rest.partition(".")[0]
    if host != os.uname().nodename or not (number.isascii() and number.isdecimal()):
        return False
    return _holder(int(number)) != held.holder


def _holder(pid: int) -> str:
    return f"{os.uname().nodename}@{pid}.{_started(pid)}"


def _started(pid: int) -> str:
    """When a process began, as far as the system says; empty if there is none of that number."""
    try:
        # The second field, a name in brackets, may hold blanks; the start is the 22nd.
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[19]
    except (OSError, IndexError, UnicodeDecodeError):
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except (PermissionError, OverflowError):
        pass
    return "there"
