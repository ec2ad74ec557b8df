"""The first schema, frozen as it was."""

from alembic import op

revision = "0001"
down_revision = None

SCHEMA = (
    """
    CREATE TABLE ledger (
        case_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        type TEXT NOT NULL,
        "key" TEXT NOT NULL,
        occurred_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        digest BLOB NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (case_id, version),
        UNIQUE (case_id, "key"),
        CHECK (version >= 1),
        CHECK (length(digest) = 32)
    ) WITHOUT ROWID, STRICT
    """,
    """
    CREATE TABLE definition (
        digest TEXT NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (digest)
    ) WITHOUT ROWID, STRICT
    """,
    """
    CREATE TABLE case_view (
        case_id TEXT NOT NULL,
        reference TEXT,
        workflow TEXT NOT NULL,
        definition TEXT NOT NULL,
        state TEXT NOT NULL,
        final INTEGER NOT NULL,
        assignee TEXT,
        version INTEGER NOT NULL,
        PRIMARY KEY (case_id)
    ) WITHOUT ROWID, STRICT
    """,
    """
    CREATE TABLE claim (
        case_id TEXT NOT NULL,
        reminder TEXT NOT NULL,
        holder TEXT NOT NULL,
        until TEXT NOT NULL,
        PRIMARY KEY (case_id, reminder)
    ) WITHOUT ROWID, STRICT
    """,
    """
    CREATE TABLE heartbeat (
        name TEXT NOT NULL,
        at TEXT NOT NULL,
        PRIMARY KEY (name)
    ) WITHOUT ROWID, STRICT
    """,
    """
    CREATE TABLE touched (
        case_id TEXT NOT NULL,
        PRIMARY KEY (case_id)
    ) WITHOUT ROWID, STRICT
    """,
    """
    CREATE TABLE deadline_view (
        case_id TEXT NOT NULL,
        deadline TEXT NOT NULL,
        clock TEXT NOT NULL,
        owner TEXT NOT NULL,
        kind TEXT NOT NULL,
        due_on TEXT NOT NULL,
        due_at TEXT NOT NULL,
        act_by TEXT NOT NULL,
        law_by TEXT,
        stated_due_on TEXT,
        outcome TEXT,
        unproven INTEGER NOT NULL,
        tolled_on TEXT,
        rungs TEXT NOT NULL,
        sent TEXT NOT NULL,
        counted_from TEXT NOT NULL,
        PRIMARY KEY (case_id, deadline)
    ) WITHOUT ROWID, STRICT
    """,
    """
    CREATE TABLE value_view (
        case_id TEXT NOT NULL,
        name TEXT NOT NULL,
        position INTEGER NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (case_id, name, position)
    ) WITHOUT ROWID, STRICT
    """,
    """
    CREATE TABLE disclosure (
        case_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        name TEXT NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (case_id, version, name),
        FOREIGN KEY(case_id, version) REFERENCES ledger (case_id, version)
    ) WITHOUT ROWID, STRICT
    """,
    """
    CREATE TABLE unsealed (
        sequence INTEGER NOT NULL,
        case_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        PRIMARY KEY (sequence),
        UNIQUE (case_id, version),
        FOREIGN KEY(case_id, version) REFERENCES ledger (case_id, version)
    ) STRICT
    """,
    """
    CREATE INDEX entry_by_time ON ledger (recorded_at)
    """,
    """
    CREATE UNIQUE INDEX case_by_reference ON case_view (reference)
    """,
    """
    CREATE INDEX open_deadline ON deadline_view (
        act_by, due_at, case_id, deadline, clock,
        owner, kind, due_on, law_by, stated_due_on, outcome, unproven, tolled_on, rungs, sent,
        counted_from
    ) WHERE outcome IS NULL
    """,
    """
    CREATE INDEX value_by_name ON value_view (name, value)
    """,
    """
    CREATE TRIGGER ledger_next BEFORE INSERT ON ledger
    WHEN NEW.version <> 1 + coalesce(
        (SELECT max(version) FROM ledger WHERE case_id = NEW.case_id), 0)
    BEGIN SELECT RAISE(ABORT, 'not the next version of the case'); END
    """,
    """
    CREATE TRIGGER ledger_key BEFORE INSERT ON ledger
    WHEN EXISTS (SELECT 1 FROM ledger WHERE case_id = NEW.case_id AND key = NEW.key)
    BEGIN SELECT RAISE(ABORT, 'the case has an entry with that key'); END
    """,
    """
    CREATE TRIGGER ledger_update BEFORE UPDATE ON ledger
    BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END
    """,
    """
    CREATE TRIGGER ledger_delete BEFORE DELETE ON ledger
    BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END
    """,
    """
    CREATE TRIGGER definition_insert BEFORE INSERT ON definition
    WHEN EXISTS (SELECT 1 FROM definition WHERE digest = NEW.digest)
    BEGIN SELECT RAISE(ABORT, 'definitions are never replaced'); END
    """,
    """
    CREATE TRIGGER definition_update BEFORE UPDATE ON definition
    BEGIN SELECT RAISE(ABORT, 'definitions are never changed'); END
    """,
    """
    CREATE TRIGGER definition_delete BEFORE DELETE ON definition
    BEGIN SELECT RAISE(ABORT, 'definitions are never deleted'); END
    """,
    """
    CREATE TRIGGER disclosure_insert BEFORE INSERT ON disclosure
    WHEN EXISTS (SELECT 1 FROM disclosure WHERE case_id = NEW.case_id
        AND version = NEW.version AND name = NEW.name)
    BEGIN SELECT RAISE(ABORT, 'disclosures are never replaced'); END
    """,
    """
    CREATE TRIGGER disclosure_update BEFORE UPDATE ON disclosure
    BEGIN SELECT RAISE(ABORT, 'disclosures are never changed'); END
    """,
    """
    CREATE TRIGGER disclosure_delete BEFORE DELETE ON disclosure
    WHEN 'ValueRedacted' IS NOT
        (SELECT type FROM ledger WHERE case_id = OLD.case_id ORDER BY version DESC LIMIT 1)
    BEGIN SELECT RAISE(ABORT, 'disclosures are deleted by a redaction only'); END
    """,
    """
    CREATE TRIGGER case_view_insert AFTER INSERT ON case_view
    BEGIN INSERT INTO touched (case_id) SELECT NEW.case_id
        WHERE NOT EXISTS (SELECT 1 FROM touched WHERE case_id = NEW.case_id); END
    """,
    """
    CREATE TRIGGER case_view_update AFTER UPDATE ON case_view
    BEGIN INSERT INTO touched (case_id) SELECT NEW.case_id
        WHERE NOT EXISTS (SELECT 1 FROM touched WHERE case_id = NEW.case_id); END
    """,
    """
    CREATE TRIGGER case_view_delete AFTER DELETE ON case_view
    BEGIN INSERT INTO touched (case_id) SELECT OLD.case_id
        WHERE NOT EXISTS (SELECT 1 FROM touched WHERE case_id = OLD.case_id); END
    """,
    """
    CREATE TRIGGER deadline_view_insert AFTER INSERT ON deadline_view
    BEGIN INSERT INTO touched (case_id) SELECT NEW.case_id
        WHERE NOT EXISTS (SELECT 1 FROM touched WHERE case_id = NEW.case_id); END
    """,
    """
    CREATE TRIGGER deadline_view_update AFTER UPDATE ON deadline_view
    BEGIN INSERT INTO touched (case_id) SELECT NEW.case_id
        WHERE NOT EXISTS (SELECT 1 FROM touched WHERE case_id = NEW.case_id); END
    """,
    """
    CREATE TRIGGER deadline_view_delete AFTER DELETE ON deadline_view
    BEGIN INSERT INTO touched (case_id) SELECT OLD.case_id
        WHERE NOT EXISTS (SELECT 1 FROM touched WHERE case_id = OLD.case_id); END
    """,
    "PRAGMA application_id = 1667330917",
)


def upgrade() -> None:
    for statement in SCHEMA:
        op.execute(statement)
