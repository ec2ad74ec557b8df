"""Files that leave the ledger: made whole or not at all, readable by their owner alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import IO, TextIO

from casetrack.errors import Refused


def write_private(path: Path, text: str) -> None:
    """Put text in a file of mode 0600 in one step, in place of what was there."""
    with private_stream(path, force=True) as stream:
        stream.write(text)


def write_shared(path: Path, text: str) -> None:
    """As ``write_private``, readable by everyone: only for what names no case.

    The folder has to be there: one made for its owner alone would keep the others out.
    """
    if not path.parent.is_dir():
        raise Refused(f"{path} can't be written: its folder is not there")
    with private_stream(path, force=True) as stream:
        stream.write(text)
        os.fchmod(stream.fileno(), 0o644)


def new_private(path: Path, shown: Path | None = None) -> TextIO:
    """A new text file of mode 0600; a missing folder is made with 0700, a file there is refused.

    ``shown`` is the path that errors name.
    """
    try:
        _make_folders(path.parent)
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise Refused(f"{shown or path} exists already and is left as it is") from None
    except OSError as error:
        raise _unwritable(shown or path, error) from None
    return os.fdopen(handle, "w", encoding="utf-8", newline="")


def _make_folders(folder: Path) -> None:
    if not folder.exists():
        _make_folders(folder.parent)
        folder.mkdir(mode=0o700)


@contextmanager
def private_stream(path: Path, *, force: bool) -> Iterator[TextIO]:
    """A new text file of mode 0600, complete or not there; with ``force`` it replaces another."""
    _admit(path, force=force)
    written = path.with_name(f".{path.name}.{token_hex(8)}")
    stream = new_private(written, shown=path)
    try:
        with stream:
            yield stream
        _in_place(written, path, force=force)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        written.unlink(missing_ok=True)


def _admit(path: Path, *, force: bool) -> None:
    try:
        folder, there, plain = path.is_dir(), path.exists(), path.is_file()
    except OSError as error:
        raise _unwritable(path, error) from None
    if folder:
        raise Refused(f"{path} is a folder; give the path of a file")
    if there and not plain:
        raise Refused(f"{path} is a device or a pipe, which a file would replace; redirect there")
    if there and not force:
        raise Refused(f"{path} exists already and is left as it is; --force replaces it")


@contextmanager
def private_bytes(path: Path, *, force: bool) -> Iterator[IO[bytes]]:
    """As ``private_stream``, for bytes."""
    with private_stream(path, force=force) as stream:
        yield stream.buffer


def _unwritable(path: Path, error: OSError) -> Refused:
    return Refused(f"{path} can't be written: {(error.strerror or 'unknown reason').lower()}")


def _in_place(written: Path, path: Path, *, force: bool) -> None:
    """Rename over another file only if that is asked for, whoever made it meanwhile."""
    if force:
        written.replace(path)
        return
    try:
        path.hardlink_to(written)
    except FileExistsError:
        raise Refused(f"{path} exists already and is left as it is; --force replaces it") from None
    except OSError:
        written.replace(path)
