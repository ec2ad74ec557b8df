"""Where an SQLite ledger lies, and private files: no database library is loaded here."""

import os
from pathlib import Path

from casetrack.errors import BadDatabase, Refused

_PREFIX = "sqlite:///"


def database_path(url: str) -> Path:
    """The file that ``sqlite:///PATH`` or a bare path names; refuses every other URL unechoed."""
    named = url.removeprefix(_PREFIX)
    if "://" in named or (named != url and "?" in named):
        raise Refused("this version supports SQLite only: give a path or sqlite:///PATH")
    if named in ("", ":memory:") or "\0" in named:
        raise Refused("a ledger needs a file: give a path or sqlite:///PATH")
    return Path(named)


def make_private_file(path: Path) -> None:
    """Make an empty file of mode 0600; each missing folder above it is made with 0700.

    Raises ``BadDatabase`` if the path exists already or cannot be made.
    """
    try:
        _make_folders(path.parent)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise BadDatabase(f"{path} exists already and is left as it is") from None
    except OSError as error:
        raise unusable(path, "made", error) from None


def absent(path: Path) -> bool:
    """Whether nothing stands there; ``BadDatabase`` if that can't be told."""
    try:
        return not path.exists()
    except OSError as error:
        raise unusable(path, "opened", error) from None


def unusable(path: Path, act: str, error: OSError) -> BadDatabase:
    reason = (error.strerror or "no reason given").lower()
    return BadDatabase(f"{path} cannot be {act}: {reason}")


def _make_folders(folder: Path) -> None:
    if not folder.exists():
        _make_folders(folder.parent)
        folder.mkdir(mode=0o700)
