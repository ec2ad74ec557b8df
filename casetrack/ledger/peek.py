"""A glance at the views for shell completion, with the standard library alone.

Nothing here raises, waits long or makes a file: no answer is the answer then.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

_LIMIT = 200
_REFERENCES = """
SELECT reference FROM case_view WHERE reference >= ? AND reference < ? || char(0x10FFFF)
ORDER BY reference LIMIT ?
"""
_PINNED = """
SELECT state, text FROM case_view JOIN definition ON digest = definition WHERE reference = ?
"""
_OPEN = """
SELECT deadline FROM case_view JOIN deadline_view USING (case_id)
WHERE reference = ? AND outcome IS NULL ORDER BY deadline LIMIT ?
"""


def references(path: str | os.PathLike[str], prefix: str) -> list[str]:
    """The first 200 references that start so, sorted."""
    return [str(row[0]) for row in _rows(path, _REFERENCES, (prefix, prefix, _LIMIT))]


def state_and_definition(path: str | os.PathLike[str], reference: str) -> tuple[str, str] | None:
    """The case's state and its pinned workflow's text."""
    for state, text in _rows(path, _PINNED, (reference,)):
        return str(state), str(text)
    return None


def open_deadlines(path: str | os.PathLike[str], reference: str) -> list[str]:
    """The names of the case's open deadlines, sorted."""
    return [str(row[0]) for row in _rows(path, _OPEN, (reference, _LIMIT))]


def _rows(
    path: str | os.PathLike[str], statement: str, values: tuple[str | int, ...]
) -> list[tuple[object, ...]]:
    try:
        with closing(sqlite3.connect(_uri(Path(path)), uri=True, timeout=0.2)) as connection:
            return connection.execute(statement, values).fetchall()
    except (sqlite3.Error, OSError, ValueError):
        return []


def _uri(path: Path) -> str:
    """Even a reader makes a write-ahead log where there is none, unless the file is immutable."""
    logged = Path(f"{path}-wal").exists()
    return f"file:{quote(os.fsencode(path.absolute()))}?mode=ro{'' if logged else '&immutable=1'}"
