"""A ledger's beginning and upkeep: made, opened, upgraded, backed up."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from casetrack.ledger import place
from casetrack.ledger.place import database_path, is_server, without_password
from casetrack.ledger.sql import SqlLedger, create_ledger, open_ledger
from casetrack.ledger.tables import REVISION
from casetrack.service.bootstrap import sources, system_clock

Clock = Callable[[], datetime]


def create(url: str, *, practice: bool, clock: Clock = system_clock) -> SqlLedger:
    """A new ledger; ``BadDatabase`` if the file is there already."""
    return create_ledger(url, sources(clock), practice=practice, as_session=True)


def opened(url: str, clock: Clock = system_clock) -> SqlLedger:
    return open_ledger(url, sources(clock), as_session=True)


def create_if_absent(url: str) -> bool:
    """Make a real ledger where there is no file; whether one was made. Never on a server."""
    if not absent(url):
        return False
    create(url, practice=False).close()
    return True


def remove(url: str) -> None:
    """Take away a ledger that was made a moment ago and holds nothing."""
    for end in ("", "-wal", "-shm"):
        Path(f"{database_path(url)}{end}").unlink(missing_ok=True)


def absent(url: str) -> bool:
    """Whether a file of that name is still to be made."""
    return not is_server(url) and place.absent(database_path(url))


def location(url: str) -> str:
    """What stands on a command line for it, without a password."""
    return without_password(url) if is_server(url) else str(database_path(url))


def schema() -> str:
    """The schema version that this program writes, as every ledger it opens has it."""
    return REVISION
