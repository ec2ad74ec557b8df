"""What a deadline rests on, for changed calendars; every row touched is seen. Views alone."""

from alembic import op

revision = "0002"
down_revision = "0001"

STALE = tuple(
    f"DROP TRIGGER {table}_{act}"
    for table in ("case_view", "deadline_view")
    for act in ("insert", "update", "delete")
)
SCHEMA = (
    *STALE,
    "DROP TABLE deadline_view",
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
        calendars TEXT NOT NULL,
        crosses_from TEXT NOT NULL,
        crosses_to TEXT NOT NULL,
        PRIMARY KEY (case_id, deadline)
    ) WITHOUT ROWID, STRICT
    """,
    """
    CREATE INDEX open_deadline ON deadline_view (
        act_by, due_at, case_id, deadline, clock,
        owner, kind, due_on, law_by, stated_due_on, outcome, unproven, tolled_on, rungs, sent,
        counted_from, calendars, crosses_from, crosses_to
    ) WHERE outcome IS NULL
    """,
    """
    CREATE TRIGGER case_view_insert AFTER INSERT ON case_view
    BEGIN INSERT INTO touched (case_id)
        SELECT case_id FROM (SELECT NEW.case_id AS case_id)
        WHERE case_id NOT IN touched; END
    """,
    """
    CREATE TRIGGER case_view_update AFTER UPDATE ON case_view
    BEGIN INSERT INTO touched (case_id)
        SELECT case_id FROM (SELECT NEW.case_id AS case_id UNION SELECT OLD.case_id AS case_id)
        WHERE case_id NOT IN touched; END
    """,
    """
    CREATE TRIGGER case_view_delete AFTER DELETE ON case_view
    BEGIN INSERT INTO touched (case_id) SELECT case_id FROM (SELECT OLD.case_id AS case_id)
        WHERE case_id NOT IN touched; END
    """,
    """
    CREATE TRIGGER deadline_view_insert AFTER INSERT ON deadline_view
    BEGIN INSERT INTO touched (case_id)
        SELECT case_id FROM (SELECT NEW.case_id AS case_id)
        WHERE case_id NOT IN touched; END
    """,
    """
    CREATE TRIGGER deadline_view_update AFTER UPDATE ON deadline_view
    BEGIN INSERT INTO touched (case_id)
        SELECT case_id FROM (SELECT NEW.case_id AS case_id UNION SELECT OLD.case_id AS case_id)
        WHERE case_id NOT IN touched; END
    """,
    """
    CREATE TRIGGER deadline_view_delete AFTER DELETE ON deadline_view
    BEGIN INSERT INTO touched (case_id) SELECT case_id FROM (SELECT OLD.case_id AS case_id)
        WHERE case_id NOT IN touched; END
    """,
    """
    CREATE TRIGGER case_view_displacing_insert BEFORE INSERT ON case_view
    WHEN EXISTS (SELECT case_id FROM case_view
        WHERE reference = NEW.reference AND case_id <> NEW.case_id)
    BEGIN INSERT INTO touched (case_id) SELECT case_id FROM case_view
        WHERE reference = NEW.reference AND case_id <> NEW.case_id
        AND case_id NOT IN touched; END
    """,
    """
    CREATE TRIGGER case_view_displacing_update BEFORE UPDATE ON case_view
    WHEN EXISTS (SELECT case_id FROM case_view
        WHERE reference = NEW.reference AND case_id <> NEW.case_id)
    BEGIN INSERT INTO touched (case_id) SELECT case_id FROM case_view
        WHERE reference = NEW.reference AND case_id <> NEW.case_id
        AND case_id NOT IN touched; END
    """,
)


def upgrade() -> None:
    for statement in SCHEMA:
        op.execute(statement)
