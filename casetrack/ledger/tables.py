"""The tables as they stand today; each migration holds its own frozen text.

All but the views and the manners of a sweep are append-only by trigger, also against
INSERT OR REPLACE, which passes the triggers on UPDATE and DELETE.
Instants are UTC text of fixed width and dates ISO text, so that they sort as they should.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    and_,
    literal_column,
    or_,
    text,
)

from casetrack.ledger.triggers import SEALING, TOUCHING, refusing

REVISION = "0004"
# Stands in the revision's place until a copy is whole, so that nothing else opens it.
COPYING = "copying"
APPLICATION_ID = 0x63617365

NOT_NEXT = "not the next version of the case"
KEY_TAKEN = "the case has an entry with that key"

metadata = MetaData()
_CLUSTERED: dict[str, Any] = {"sqlite_strict": True, "sqlite_with_rowid": False}


_LONG = Integer().with_variant(BigInteger(), "postgresql")


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable)


def _integer(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


ledger = Table(
    "ledger",
    metadata,
    _text("case_id"),
    _integer("version"),
    _text("type"),
    _text("key"),
    _text("occurred_on"),
    _text("recorded_at"),
    Column("digest", LargeBinary, nullable=False),
    _text("body"),
    PrimaryKeyConstraint("case_id", "version"),
    UniqueConstraint("case_id", "key"),
    CheckConstraint("version >= 1"),
    CheckConstraint("length(digest) = 32"),
    Index("entry_by_time", "recorded_at"),
    **_CLUSTERED,
)

disclosure = Table(
    "disclosure",
    metadata,
    _text("case_id"),
    _integer("version"),
    _text("name"),
    _text("text"),
    PrimaryKeyConstraint("case_id", "version", "name"),
    ForeignKeyConstraint(["case_id", "version"], ["ledger.case_id", "ledger.version"]),
    **_CLUSTERED,
)

definition = Table(
    "definition",
    metadata,
    _text("digest"),
    _text("text"),
    PrimaryKeyConstraint("digest"),
    **_CLUSTERED,
)

unsealed = Table(
    "unsealed",
    metadata,
    Column("sequence", _LONG, primary_key=True),
    _text("case_id"),
    _integer("version"),
    UniqueConstraint("case_id", "version"),
    ForeignKeyConstraint(["case_id", "version"], ["ledger.case_id", "ledger.version"]),
    sqlite_strict=True,
)

# The tree of sealed entries, and the heads of it that were signed.
leaf = Table(
    "leaf",
    metadata,
    Column("leaf_index", _LONG, primary_key=True, autoincrement=False),
    _text("case_id"),
    _integer("version"),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("case_id", "version"),
    ForeignKeyConstraint(["case_id", "version"], ["ledger.case_id", "ledger.version"]),
    CheckConstraint("leaf_index >= 0"),
    CheckConstraint("length(hash) = 32"),
    sqlite_strict=True,
)

# What the tree of that size needs to grow: its complete subtrees' roots, largest first.
frontier = Table(
    "frontier",
    metadata,
    Column("size", _LONG, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
    sqlite_strict=True,
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("size", _LONG, primary_key=True, autoincrement=False),
    _text("note"),
    sqlite_strict=True,
)

case_view = Table(
    "case_view",
    metadata,
    _text("case_id"),
    _text("reference", nullable=True),
    _text("workflow"),
    _text("definition"),
    _text("state"),
    _integer("final"),
    _text("assignee", nullable=True),
    _integer("version"),
    Column("silent", Integer, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("case_id"),
    Index("case_by_reference", "reference", unique=True),
    **_CLUSTERED,
)
# An index of some rows serves a question that says which in the same words, values and all.
# The column that says so is in it, to answer without the table, or to be looked up by.
OPEN_CASE = case_view.c.final == literal_column("0")
SILENT = case_view.c.silent == literal_column("1")
_case = case_view.c
Index("open_case", _case.assignee, _case.state, _case.final, sqlite_where=OPEN_CASE)
Index("open_definition", _case.definition, _case.final, sqlite_where=OPEN_CASE)
Index("silent_case", _case.silent, sqlite_where=SILENT)

deadline_view = Table(
    "deadline_view",
    metadata,
    _text("case_id"),
    _text("deadline"),
    _text("clock"),
    _text("owner"),
    _text("kind"),
    _text("due_on"),
    _text("due_at"),
    _text("act_by"),
    _text("law_by", nullable=True),
    _text("stated_due_on", nullable=True),
    _text("outcome", nullable=True),
    _integer("unproven"),
    _text("tolled_on", nullable=True),
    _text("rungs"),
    _text("sent"),
    _text("counted_from"),
    _text("calendars"),
    _text("crosses_from"),
    _text("crosses_to"),
    PrimaryKeyConstraint("case_id", "deadline"),
    **_CLUSTERED,
)
OPEN = deadline_view.c.outcome.is_(None)
DOUBTED = or_(
    deadline_view.c.unproven == literal_column("1"),
    deadline_view.c.stated_due_on != deadline_view.c.due_on,
)
Index(
    "open_deadline",
    *(
        deadline_view.c[name]
        for name in (
            "act_by", "due_at", "case_id", "deadline", "clock", "owner", "kind", "due_on",
            "law_by", "stated_due_on", "outcome", "unproven", "tolled_on", "rungs", "sent",
            "counted_from", "calendars", "crosses_from", "crosses_to",
        )
    ),
    sqlite_where=OPEN,
)  # fmt: skip
Index("open_doubt", deadline_view.c.outcome, sqlite_where=and_(OPEN, DOUBTED))
Index(
    "open_ground",
    *(deadline_view.c[name] for name in ("clock", "counted_from", "rungs", "outcome")),
    sqlite_where=OPEN,
)
Index(
    "open_calendars",
    *(deadline_view.c[name] for name in ("calendars", "crosses_to", "outcome")),
    sqlite_where=OPEN,
)

value_view = Table(
    "value_view",
    metadata,
    _text("case_id"),
    _text("name"),
    _integer("position"),
    _text("value"),
    PrimaryKeyConstraint("case_id", "name", "position"),
    Index("value_by_name", "name", "value"),
    **_CLUSTERED,
)


# What a sweep is about to deliver, for as long as its lease runs: no truth, only manners.
claim = Table(
    "claim",
    metadata,
    _text("case_id"),
    _text("reminder"),
    _text("holder"),
    _text("until"),
    PrimaryKeyConstraint("case_id", "reminder"),
    **_CLUSTERED,
)

# When something last ran to its end, by name.
heartbeat = Table(
    "heartbeat",
    metadata,
    _text("name"),
    _text("at"),
    PrimaryKeyConstraint("name"),
    **_CLUSTERED,
)

# Cases whose views were written, by us or by any other hand, since a run compared them.
touched = Table(
    "touched",
    metadata,
    _text("case_id"),
    PrimaryKeyConstraint("case_id"),
    **_CLUSTERED,
)


TRIGGERS = (
    refusing(
        "ledger_next", "INSERT ON ledger", NOT_NEXT,
        "WHEN NEW.version <> 1 + coalesce("
        "(SELECT max(version) FROM ledger WHERE case_id = NEW.case_id), 0) ",
    ),
    refusing(
        "ledger_key", "INSERT ON ledger", KEY_TAKEN,
        "WHEN EXISTS (SELECT 1 FROM ledger WHERE case_id = NEW.case_id AND key = NEW.key) ",
    ),
    refusing("ledger_update", "UPDATE ON ledger", "entries are never changed"),
    refusing("ledger_delete", "DELETE ON ledger", "entries are never deleted"),
    refusing(
        "definition_insert", "INSERT ON definition", "definitions are never replaced",
        "WHEN EXISTS (SELECT 1 FROM definition WHERE digest = NEW.digest) ",
    ),
    refusing("definition_update", "UPDATE ON definition", "definitions are never changed"),
    refusing("definition_delete", "DELETE ON definition", "definitions are never deleted"),
    refusing(
        "disclosure_insert", "INSERT ON disclosure", "disclosures are never replaced",
        "WHEN EXISTS (SELECT 1 FROM disclosure WHERE case_id = NEW.case_id"
        " AND version = NEW.version AND name = NEW.name) ",
    ),
    refusing("disclosure_update", "UPDATE ON disclosure", "disclosures are never changed"),
    refusing(
        "disclosure_delete", "DELETE ON disclosure", "disclosures are deleted by a redaction only",
        "WHEN 'ValueRedacted' IS NOT (SELECT type FROM ledger WHERE case_id = OLD.case_id"
        " ORDER BY version DESC LIMIT 1) ",
    ),
    *TOUCHING,
    *SEALING,
)  # fmt: skip
