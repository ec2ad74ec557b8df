"""Where an SQLite ledger lies, and private files: no database library is loaded here."""

import os
import re
from pathlib import Path
from urllib.parse import unquote

from casetrack.errors import BadDatabase, Refused

_PREFIX = "sqlite:///"
# As the driver's own reading of a URL: a user may hold an @, a password anything. An @ in a
# password, which cuts that reading short, is seen as far as the host's end.
_IN_USER = re.compile(r"(://[^/:]*):([^@]*(?:@[^@/?]*)*)@")
_IN_QUERY = re.compile(r"(?<=[?&])([^=&]*)=([^&]*)&?")
_SERVER = ("postgresql://", "postgresql+psycopg://")


def is_server(url: str) -> bool:
    """Whether it names a database on a PostgreSQL server."""
    return url.startswith(_SERVER)


def without_password(url: str) -> str:
    """The same URL; whoever uses it gives the password by PGPASSFILE or in the config."""
    kept = _IN_QUERY.sub(lambda found: "" if _secret(found[1]) else found[0], url)
    return _IN_USER.sub(r"\1@", kept if kept == url else kept.rstrip("?&"))


def has_password(url: str) -> bool:
    """Whether there is one that is not empty."""
    asked = (value for name, value in _IN_QUERY.findall(url) if _secret(name))
    return any((*asked, *(password for _, password in _IN_USER.findall(url))))


def _secret(name: str) -> bool:
    """``password``, and that of a client's key."""
    return unquote(name).lower().endswith("password")


def database_path(url: str) -> Path:
    """The file that ``sqlite:///PATH`` or a bare path names; refuses every other URL unechoed."""
    named = url.removeprefix(_PREFIX)
    if "://" in named or (named != url and "?" in named):
        raise Refused("that is no ledger: give a path, sqlite:///PATH or postgresql+psycopg://...")
    if named in ("", ":memory:") or "\0" in named:
        raise Refused("a ledger needs a file: give a path or sqlite:///PATH")
    return Path(named)


def make_private_file(path: Path) -> None:
    """Make an empty file of mode 0600; each missing folder above it is made with 0700.

    Raises ``BadDatabase`` if the path exists already or cannot be made.
    """
    make_folders(path.parent)
    try:
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


def make_folders(folder: Path) -> None:
    """Make the folder and those above it that are missing; ``BadDatabase`` where that fails."""
    try:
        if not folder.exists():
            make_folders(folder.parent)
            folder.mkdir(mode=0o700)
    except OSError as error:
        raise unusable(folder, "made", error) from None
