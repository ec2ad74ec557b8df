"""What stands outside the database: the signing key and the last checkpoint, each kept for good.

A file is on the disk under its name, whole, before anything goes on that relies on it.
"""

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from casetrack.errors import Busy, Corrupt, Refused, Undelivered
from casetrack.service.operating import Seal

MOST_BYTES = 64 * 1024
WAIT = 60.0  # seconds for another seal to end
_PAUSE = 0.1
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OTHERS = 0o077


class Keep(Struct, frozen=True, kw_only=True):
    """One ledger's places; a folder that is missing is made when something is put there."""

    folder: Path
    key: Path

    @property
    def note(self) -> Path:
        """The last checkpoint that was signed."""
        return self.folder / "checkpoint"


def keep(table: Seal, ledger_id: str) -> Keep:
    """The places that the config file's table, or the platform, gives a ledger."""
    if not _ID.fullmatch(ledger_id):
        raise Corrupt("the ledger's id is not what casetrack gives")
    folder = (Path(table.state_dir).expanduser() if table.state_dir else state_folder()) / ledger_id
    return Keep(
        folder=folder, key=Path(table.key_file).expanduser() if table.key_file else folder / "key"
    )


def state_folder() -> Path:
    """The platform's folder for what a program has to remember."""
    from platformdirs import user_state_path

    return user_state_path("casetrack", appauthor=False)


@contextmanager
def alone(keep: Keep) -> Iterator[None]:
    """One at a time may seal a ledger or change its key. Raises ``Busy`` after a minute."""
    try:
        _make(keep.folder)
        handle = os.open(keep.folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _failing(keep.folder, "used", error) from None
    try:
        _take(handle, time.monotonic() + WAIT)
        yield
    finally:
        os.close(handle)


def _take(handle: int, until: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise Busy("another seal of this ledger has not ended; try again") from None
            time.sleep(_PAUSE)
        else:
            return


def read(path: Path) -> str | None:
    """The text of a file; None where there is none."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES).decode()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _failing(path, "read", error) from None
    except UnicodeDecodeError:
        raise Corrupt(f"{path} is no text, and casetrack writes text there") from None


def read_secret(path: Path) -> str | None:
    """As ``read``; a file that others than its owner may touch is refused."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & _OTHERS:
                raise Refused(f"{path} is open to others; 'chmod 600' it, and think of a new key")
            return file.read(MOST_BYTES).decode("ascii", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Refused(f"{path} can't be read: {_reason(error)}") from None


def put(path: Path, text: str) -> None:
    """Put text in a file of mode 0600, in place of what was there, in one step and for good."""
    try:
        _make(path.parent)
        written = path.with_name(f".{path.name}.new")
        with suppress(FileNotFoundError):
            written.unlink()
        handle = os.open(written, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        written.replace(path)
        _settle(path.parent)
    except OSError as error:
        raise _failing(path, "written", error) from None


def set_aside(path: Path, name: str) -> Path:
    """Give a file another name in its folder."""
    aside = path.with_name(name)
    try:
        path.replace(aside)
        _settle(path.parent)
    except OSError as error:
        raise _failing(path, "renamed", error) from None
    return aside


def _make(folder: Path) -> None:
    if not folder.exists():
        _make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _settle(folder.parent)


def _settle(folder: Path) -> None:
    """Names last only once their folder is on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _failing(path: Path, act: str, error: OSError) -> Undelivered:
    return Undelivered(f"{path} can't be {act}: {_reason(error)}")


def _reason(error: OSError) -> str:
    return (error.strerror or "no reason given").lower()
