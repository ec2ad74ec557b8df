"""A ledger cut by case: the command path names its case in every statement, so it can be cut."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from casetrack.ledger.tables import metadata
from tests.cli.driver import Office, submitted
from tests.servers import answered, execute

# What may cross cases on the way of a command, and why.
CROSSING = {
    r"SELECT \(SELECT version_num FROM alembic_version\)": "is it a ledger of ours?",
    r"SELECT application_id, \(SELECT version_num": "is it a ledger of ours? its own stream's head",
    r"SELECT case_view.reference, case_view.case_id .* WHERE case_view.reference": "which case?",
    r"FROM definition": "definitions are of no case",
    r"INSERT INTO definition": "definitions are of no case",
    r"SELECT (session_user|to_regnamespace)|SELECT pg_catalog|SHOW |PRAGMA|BEGIN": "the session",
    r"case_view.case_id IN \(SELECT value_view_1.case_id": "show: which cases follow this one?",
    r"FROM heartbeat": "at a terminal alone: have the unattended runs stopped?",
}
# By a value, and not by another table's column.
NAMED = re.compile(
    r"case_id (=|BETWEEN) (\?|%\()|case_id IN \(\?|case_id IN \(%|INSERT INTO \w+ \(case_id"
)
COMMANDS = (
    "note C-1 spoke --json", "show C-1 --json", "next C-1", "assign C-1 eva",
    "fire C-1 withdraw --reason x --dry-run", "open --ref C-2 --patient p --on 2026-11-02",
    "record C-2 age dob=1990-02-28",
)  # fmt: skip


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """What is sent to any database from here on, one blank between words."""
    sent: list[str] = []

    def kept(_c: object, _r: object, statement: str, *_: object) -> None:
        sent.append(" ".join(statement.split()))

    event.listen(Engine, "before_cursor_execute", kept)
    yield sent
    event.remove(Engine, "before_cursor_execute", kept)


def crossing(sent: list[str]) -> list[str]:
    """Those that name no case, save the few that may not."""
    return [
        one
        for one in dict.fromkeys(sent)
        if not NAMED.search(one) and not any(re.search(may, one) for may in CROSSING)
    ]


@pytest.mark.parametrize("where", ["file", "server"])
def test_no_statement_of_the_command_path_crosses_cases(
    where: str, tmp_path: Path, statements: list[str], request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("database") if where == "server" else None
    office = Office(tmp_path, server=url)
    office.do("db", "init", "--practice")
    submitted(office)
    statements.clear()
    for command in COMMANDS:
        office(*command.split())
    assert len(statements) > 20
    assert "\n".join(crossing(statements)) == ""
    assert crossing(["SELECT * FROM ledger ORDER BY version"])  # the list lets none through


def test_a_case_leads_every_key_of_what_grows_with_entries() -> None:
    for table in metadata.tables.values():
        if "case_id" not in table.c or table.name in {"leaf", "unsealed"}:
            continue
        unique = [list(c.columns) for c in table.constraints if hasattr(c, "columns")]
        keys = [[c.name for c in table.primary_key], *([c.name for c in u] for u in unique)]
        assert all(key[0] == "case_id" for key in keys if len(key) > 1), table.name


CUT = ("ledger", "disclosure", "deadline_view", "value_view")


def partitioned(database: str, table: str) -> list[str]:
    """Statements that put a table cut by hash of the case in the place of the one there."""
    guards = answered(
        database,
        "SELECT pg_get_triggerdef(t.oid), tgname FROM pg_trigger t JOIN pg_class c"
        f" ON c.oid = tgrelid WHERE relname = '{table}' AND NOT tgisinternal",
    )
    rows = [(str(text).replace(f"ON casetrack.{table}", f"ON {table}"), name)
            for text, name in guards]  # fmt: skip
    return [
        f"ALTER TABLE {table} RENAME TO whole",
        f"CREATE TABLE {table} (LIKE whole INCLUDING ALL) PARTITION BY HASH (case_id)",
        *(
            f"CREATE TABLE {table}_{n} PARTITION OF {table}"
            f" FOR VALUES WITH (MODULUS 4, REMAINDER {n})"
            for n in range(4)
        ),
        f"INSERT INTO {table} SELECT * FROM whole ORDER BY case_id, 2",
        "DROP TABLE whole CASCADE",
        *(text for text, _ in rows),
        *(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}" for _, name in rows),
    ]


def test_a_ledger_cut_by_hash_of_the_case_is_worked_on_unchanged(
    tmp_path: Path, database: str
) -> None:
    office = Office(tmp_path, server=database)
    office.do("db", "init", "--practice")
    submitted(office)
    for table in CUT:
        execute(database, *partitioned(database, table))
    submitted(office, "C-2", "P 2")
    for n in range(8):
        office.do("open", "--ref", f"D-{n}", "--patient", f"p{n}", "--on", "2026-11-02")
    for command in (*COMMANDS[:4], "due", "sweep", "redact D-1 patient --reason x --yes", "list"):
        office.do(*command.split())
    counted = [answered(database, f"SELECT count(*) FROM ledger_{n}")[0][0] for n in range(4)]
    assert sum(int(str(number)) > 0 for number in counted) > 1
    assert office.do("replay", "--all", "--json").data["differing"] == []
    kinds = {p["kind"] for p in office("audit", "verify", "--json").data["problems"]}
    assert kinds == {"schema changed"}  # and nothing but that: it is another schema
    for statement in ("DELETE FROM ledger", "UPDATE ledger SET type = 'x'", "TRUNCATE ledger"):
        with pytest.raises(Exception, match="entries are never"):
            execute(database, statement)
