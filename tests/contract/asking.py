"""Short questions to a store, so that a test shows what it expects."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from casetrack.errors import Refused
from casetrack.ledger.store import Ledger, Query


def refusal(call: Callable[[], object], kind: type[Exception] = Refused) -> str:
    with pytest.raises(kind) as caught:
        call()
    return str(caught.value)


def listed(ledger: Ledger, query: Query) -> list[tuple[str | None, str | None]]:
    return [(row.reference, due.deadline if due else None) for row, due in ledger.list_cases(query)]


def on_docket(ledger: Ledger, until: date | None) -> list[tuple[str | None, str]]:
    return [(row.case.reference, row.deadline.deadline) for row in ledger.docket(until)]


def found(ledger: Ledger, text: str, names: Sequence[str] = ("number", "name")) -> list[str]:
    return [f"{row.name}={row.value}" for row in ledger.find(text, names)]


def run(path: Path, *statements: str) -> None:
    """Statements as another program would send them."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def asked(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()
