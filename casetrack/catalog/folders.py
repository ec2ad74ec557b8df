"""The definitions in a folder of one's own, read as they stand; nothing deeper is looked at."""

from collections.abc import Iterable
from pathlib import Path

from casetrack.catalog.extending import Document
from casetrack.catalog.lines import Lines
from casetrack.catalog.problems import quoted
from casetrack.catalog.resources import parse_toml, read_file
from casetrack.errors import BadDefinition

MAX_FILES = 100


def read(path: Path) -> Document:
    """Raises ``BadDefinition`` for what is no TOML within the limits."""
    text = read_file(path)
    data = parse_toml(text, str(path))
    return Document(where=str(path), data=data, lines=Lines(text, data))


def documents(folder: Path, shipped: Iterable[str]) -> tuple[dict[str, Document], list[str]]:
    """By file name without ``.toml``, every file that can be read, and what is wrong with names.

    Raises ``BadDefinition`` if the folder is none, or can't be read.
    """
    found: dict[str, Document] = {}
    problems: list[str] = []
    for path in _files(folder):
        try:
            found[path.stem] = read(path)
        except BadDefinition as error:
            problems.append(error.message)
    return found, [*problems, *_taken(found, list(shipped))]


def _files(folder: Path) -> list[Path]:
    try:
        files = sorted(path for path in folder.iterdir() if path.name.endswith(".toml"))
    except FileNotFoundError as error:
        raise BadDefinition(f"{folder}: there is no such folder") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not the name of a folder"
        raise BadDefinition(f"{folder}: the folder cannot be read: {why}") from error
    if len(files) > MAX_FILES:
        raise BadDefinition(f"{folder}: {len(files)} files; the limit is {MAX_FILES}")
    return files


def _taken(found: dict[str, Document], shipped: list[str]) -> list[str]:
    """A shipped id is not to be had, and no two files have one id."""
    problems: list[str] = []
    first: dict[object, str] = {}
    for document in found.values():
        id = document.data.get("id")
        line = f"{document.where}: {document.lines.words('id')}id"
        if not isinstance(id, str):
            continue
        if id in shipped:
            problems.append(f"{line}: {shipped_says(id)}")
        if id in first:
            problems.append(f"{line}: {quoted(id)} is the id of {first[id]} too")
        first.setdefault(id, document.where)
    return problems


def shipped_says(id: str) -> str:
    return f"{quoted(id)} is shipped with casetrack; choose another id, and extend that one"
