"""A ledger's database in an SQLite file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine

from casetrack.errors import BadDatabase
from casetrack.ledger import connect, redaction
from casetrack.ledger.failures import reworded
from casetrack.ledger.place import absent, database_path, make_private_file
from casetrack.ledger.schema import create_schema, set_up


class FileDatabase:
    """See ``Database`` for each promise. A writer holds the file's write lock from its start."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._engine = connect.engine_for(path)
        self._writing = connect.writing(self._engine)

    @property
    def name(self) -> str:
        return str(self._path)

    @property
    def path(self) -> Path:
        return self._path

    @property
    def engine(self) -> Engine:
        return self._engine

    def writing(self, *, settled: bool = True) -> Engine:  # noqa: ARG002 - there is one way only
        return self._writing

    @contextmanager
    def reworded(self) -> Iterator[None]:
        with reworded(self._path):
            yield

    def account(self) -> str | None:
        return None

    def make(self, connection: Connection) -> None:
        create_schema(connection)

    def revision(self) -> str:
        return connect.revision_of(self._engine, self._path)

    def alone(self, connection: Connection) -> None:
        """Who writes a file is alone."""

    def identity(self) -> tuple[str, str] | None:
        if connect.is_blank(self._engine, self._path):
            return None
        return connect.identity(self._engine, self._path)

    def other(self, revision: str) -> BadDatabase:
        return connect.other(self._path, revision)

    def opened_body(self) -> str:
        return connect.opened_body(self._engine, self._path)

    def unmade(self) -> None:
        for left in ("", "-wal", "-shm"):
            Path(f"{self._path}{left}").unlink(missing_ok=True)

    def withholds(self) -> bool:
        return False

    def owned(self) -> None:
        """Whoever may write the file."""

    def scrub(self) -> None:
        redaction.scrub(self._engine)


def existing(url: str) -> FileDatabase:
    return FileDatabase(connect.existing(database_path(url)))


def begun(url: str) -> FileDatabase:
    """A new file, or the one that is there; an empty one is as good as new."""
    path = database_path(url)
    if absent(path):
        return created(url)
    made = existing(url)
    if connect.is_blank(made.engine, path):
        path.chmod(0o600)
        _set_up(made)
    return made


def created(url: str) -> FileDatabase:
    path = database_path(url)
    make_private_file(path)
    made = FileDatabase(path)
    _set_up(made)
    return made


def _set_up(made: FileDatabase) -> None:
    try:
        with made.reworded():
            set_up(made.engine)
    except BaseException:
        made.engine.dispose()
        made.unmade()
        raise
