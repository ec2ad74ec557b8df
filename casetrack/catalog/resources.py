"""Where the shipped definitions are, and the only way a definition file is read.

The files ship inside the package; in a bare checkout they stand beside it.
Nothing is ever looked for in the current folder.
"""

import re
from functools import cache
from pathlib import Path
from stat import S_ISREG

from casetrack.errors import BadDefinition, UnknownName

MAX_BYTES = 256 * 1024
MAX_LINE_BYTES = 2_000
MAX_DEPTH = 16

_ID = re.compile(r"[A-Za-z0-9_-]+")
_PACKAGE = Path(__file__).resolve().parents[1]


def workflow_ids() -> list[str]:
    """Sorted."""
    return _ids("states")


def workflow_text(id: str) -> str:
    """Raises UnknownName when no shipped workflow has that id."""
    return _text("states", "workflow", id)


def calendar_ids() -> list[str]:
    """Sorted."""
    return _ids("calendars")


def calendar_text(id: str) -> str:
    """Raises UnknownName when no shipped calendar has that id."""
    return _text("calendars", "calendar", id)


def read_file(path: Path) -> str:
    """A definition file as typed, read only if it is within the limits of ``parse_toml``."""
    try:
        if not S_ISREG(path.stat().st_mode):
            raise BadDefinition(f"{path}: is not a plain file")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
            size = max(len(data), path.stat().st_size)
    except (FileNotFoundError, ValueError) as error:
        raise BadDefinition(f"{path}: there is no such file") from error
    except OSError as error:
        raise BadDefinition(f"{path}: cannot be read: {str(error.strerror).lower()}") from error
    _within_limits(data, size, str(path))
    return _decoded(data, str(path))


def parse_toml(text: str, where: str) -> dict[str, object]:
    """Refuses over 256 KiB, a line over 2,000 bytes, more than 16 levels, and bad TOML.

    ``where`` names the text in the refusal. Size and lines are measured before parsing:
    one dotted key of 100 KB would hold the parser for half a minute.
    """
    import tomllib

    data = text.encode(errors="surrogatepass")
    _within_limits(data, len(data), where)
    try:
        document: dict[str, object] = tomllib.loads(_decoded(data, where))
    except RecursionError as error:
        raise _too_deep(where) from error
    except ValueError as error:
        raise BadDefinition(f"{where}: {_with_line(str(error), text)}") from error
    if not _within_depth(document, MAX_DEPTH):
        raise _too_deep(where)
    return document


def _folder(package: Path, name: str) -> Path:
    shipped = package / name
    return shipped if shipped.is_dir() else package.parent / name


def _ids(folder: str) -> list[str]:
    return list(_listed(_PACKAGE, folder))


@cache
def _listed(package: Path, folder: str) -> tuple[str, ...]:
    """Once for a process: what is shipped does not change while it runs."""
    return tuple(sorted(path.stem for path in _folder(package, folder).glob("*.toml")))


def _text(folder: str, noun: str, id: str) -> str:
    path = _folder(_PACKAGE, folder) / f"{id}.toml"
    if not _ID.fullmatch(id) or not path.is_file():
        raise UnknownName(f"no {noun} has that id; there are: {', '.join(_ids(folder))}")
    return read_file(path)


def _within_limits(data: bytes, size: int, where: str) -> None:
    if size > MAX_BYTES:
        raise BadDefinition(f"{where}: {size:,} bytes; the limit is {MAX_BYTES:,}")
    for number, line in enumerate(data.split(b"\n"), 1):
        if len(line) > MAX_LINE_BYTES:
            raise BadDefinition(
                f"{where}: line {number} has {len(line):,} bytes; the limit is {MAX_LINE_BYTES:,}"
            )


def _decoded(data: bytes, where: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadDefinition(f"{where}: line {line} is not UTF-8") from error


def _with_line(message: str, text: str) -> str:
    last = text.count("\n") + 1
    return message.replace("at end of document", f"at line {last}, end of document")


def _within_depth(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_within_depth(item, levels - 1) for item in inner)


def _too_deep(where: str) -> BadDefinition:
    return BadDefinition(f"{where}: tables or lists are nested over {MAX_DEPTH} levels deep")
