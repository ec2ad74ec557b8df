"""Counts how often SQLite asks for a file to be forced to the disk, at SQLite's own door.

Each open file has a table of methods; one method of it, ``xSync``, is replaced by one that counts
and goes on. Needs an sqlite3 module that is linked to a shared library.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CDLL, CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_int, c_void_p, cast

_LIBRARY = CDLL(__import__("_sqlite3").__file__)
_MAIN, _WAL = 7, 28  # SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER
_Sync = CFUNCTYPE(c_int, c_void_p, c_int)


class _Methods(Structure):
    """sqlite3_io_methods, to ``xSync`` and as much after it as any version has."""

    _fields_ = (
        ("version", c_int),
        *((name, c_void_p) for name in ("close", "read", "write", "truncate")),
        ("sync", _Sync),
        *((f"rest{n}", c_void_p) for n in range(13)),
    )


class _File(Structure):
    _fields_ = (("methods", POINTER(_Methods)),)


@contextmanager
def counted(connection: sqlite3.Connection) -> Iterator[list[str]]:
    """Each sync of the connection's database or of its write-ahead log, in order."""
    found: list[str] = []
    watched = [_Watched(_file(connection, code), name, found)
               for name, code in (("database", _MAIN), ("log", _WAL))]  # fmt: skip
    try:
        yield found
    finally:
        for one in watched:
            one.leave()


def _file(connection: sqlite3.Connection, code: int) -> _File:
    handle = c_void_p.from_address(id(connection) + object.__basicsize__)
    file = POINTER(_File)()
    _LIBRARY.sqlite3_file_control.argtypes = (c_void_p, c_char_p, c_int, c_void_p)
    assert _LIBRARY.sqlite3_file_control(handle, b"main", code, byref(file)) == 0
    return file.contents


class _Watched:
    """A file of SQLite's whose methods are a copy of its own until ``leave``."""

    def __init__(self, file: _File, name: str, found: list[str]) -> None:
        self._file = file
        self._plain = cast(file.methods, c_void_p).value or 0
        self._copy = _Methods.from_buffer_copy(file.methods.contents)
        sync = file.methods.contents.sync

        def counting(of: int, flags: int) -> int:
            found.append(name)
            return int(sync(of, flags))

        self._copy.sync = _Sync(counting)
        file.methods = cast(byref(self._copy), POINTER(_Methods))

    def leave(self) -> None:
        self._file.methods = cast(self._plain, POINTER(_Methods))
