"""SQLite's errors in our own words: its messages may hold values and are never shown."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from casetrack.errors import BadDatabase, Busy, CasetrackError, Corrupt
from casetrack.ledger.refusals import key_taken, moved_on, reference_taken
from casetrack.ledger.tables import KEY_TAKEN, NOT_NEXT

_MAGIC = b"SQLite format 3\0"
_BY_PRIMARY_CODE: Mapping[int, tuple[type[CasetrackError], str]] = {
    sqlite3.SQLITE_BUSY: (Busy, "{} is in use by another process; try again"),
    sqlite3.SQLITE_LOCKED: (Busy, "{} is in use by another process; try again"),
    sqlite3.SQLITE_READONLY: (
        BadDatabase,
        "{} or its folder is read-only; make both writable for this account",
    ),
    sqlite3.SQLITE_PERM: (BadDatabase, "{} may not be opened by this account"),
    sqlite3.SQLITE_AUTH: (BadDatabase, "{} may not be opened by this account"),
    sqlite3.SQLITE_CANTOPEN: (
        BadDatabase,
        "{} cannot be opened; its folder must be writable for this account",
    ),
    sqlite3.SQLITE_FULL: (BadDatabase, "no space is left for {}; free some and try again"),
    sqlite3.SQLITE_IOERR: (BadDatabase, "{} cannot be read or written: the disk fails or is full"),
}
_DAMAGED = "{} is damaged; keep it, and restore the newest backup under another name"


@contextmanager
def reworded(path: Path) -> Iterator[None]:
    """Turn every database error inside into one of ours."""
    try:
        yield
    except DBAPIError as error:
        raise explained(error.orig, path) from None
    except sqlite3.Error as error:
        raise explained(error, path) from None


def explained(error: BaseException | None, path: Path) -> CasetrackError:
    """What the driver's error means."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    if code == sqlite3.SQLITE_CONSTRAINT_TRIGGER:
        return _refused_by_trigger(str(error))
    if code == sqlite3.SQLITE_CONSTRAINT_UNIQUE:
        return reference_taken()
    if code & 0xFF == sqlite3.SQLITE_NOTADB and not _is_sqlite(path):
        return BadDatabase(f"{path} is not an SQLite file; give another path")
    kind, message = _BY_PRIMARY_CODE.get(code & 0xFF, (Corrupt, _DAMAGED))
    return kind(message.format(path))


def _refused_by_trigger(why: str) -> CasetrackError:
    if why == NOT_NEXT:
        return moved_on()
    if why == KEY_TAKEN:
        return key_taken()
    return Corrupt("the database refused a change to what was recorded")


def _is_sqlite(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False
