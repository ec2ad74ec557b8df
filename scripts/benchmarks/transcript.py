"""What one piece of work asked of its database, to be asked of a copy by SQLAlchemy Core alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Executable, event

from casetrack.ledger.database import Database

Asked = tuple[Executable, Any]
Listened = tuple[tuple[str, Callable[..., None]], ...]


@dataclass
class Transaction:
    """Its statements with their values, and how it ended."""

    options: Mapping[str, Any]
    asked: list[Asked] = field(default_factory=list)
    ended: Literal["", "commit", "rollback"] = ""


@contextmanager
def recorded() -> Iterator[list[Transaction]]:
    """Every transaction of every engine inside the block, in order."""
    found: list[Transaction] = []

    def current(connection: Connection) -> Transaction:
        if not found or found[-1].ended:
            found.append(Transaction(dict(connection.get_execution_options())))
        return found[-1]

    def asked(connection: Connection, statement: Executable, *values: Any) -> None:  # noqa: ANN401 - as SQLAlchemy has them
        current(connection).asked.append((statement, values[0] or values[1]))

    def ended(connection: Connection, how: Literal["commit", "rollback"]) -> None:
        current(connection).ended = how

    listened: Listened = (
        ("before_execute", asked),
        ("commit", lambda connection: ended(connection, "commit")),
        ("rollback", lambda connection: ended(connection, "rollback")),
    )
    for name, heard in listened:
        event.listen(Engine, name, heard)
    try:
        yield found
    finally:
        for name, heard in listened:
            event.remove(Engine, name, heard)


def repeated(database: Database, transactions: Sequence[Transaction]) -> None:
    """The same statements with the same values; what is read is fetched."""
    for transaction in transactions:
        engine = database.engine.execution_options(**transaction.options)
        with engine.connect() as connection, connection.begin() as begun:
            for statement, values in transaction.asked:
                done = connection.execute(statement, values)
                if done.returns_rows:
                    done.all()
            if transaction.ended != "commit":
                begun.rollback()
