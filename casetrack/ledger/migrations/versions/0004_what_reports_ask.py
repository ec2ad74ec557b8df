"""Columns and indexes for what reports and sweeps ask, on a file and on a server alike."""

from alembic import op

revision = "0004"
down_revision = "0003"

SCHEMA = (
    "ALTER TABLE case_view ADD COLUMN silent INTEGER DEFAULT 0 NOT NULL",
    """
    UPDATE case_view SET silent = 1 WHERE final = 0 AND NOT EXISTS (
        SELECT 1 FROM deadline_view
        WHERE deadline_view.case_id = case_view.case_id AND outcome IS NULL)
    """,
    "CREATE INDEX open_case ON case_view (assignee, state, final) WHERE final = 0",
    "CREATE INDEX open_definition ON case_view (definition, final) WHERE final = 0",
    "CREATE INDEX silent_case ON case_view (silent) WHERE silent = 1",
    """
    CREATE INDEX open_doubt ON deadline_view (outcome)
    WHERE outcome IS NULL AND (unproven = 1 OR stated_due_on != due_on)
    """,
    """
    CREATE INDEX open_ground ON deadline_view (clock, counted_from, rungs, outcome)
    WHERE outcome IS NULL
    """,
    """
    CREATE INDEX open_calendars ON deadline_view (calendars, crosses_to, outcome)
    WHERE outcome IS NULL
    """,
)


def upgrade() -> None:
    for statement in SCHEMA:
        op.execute(statement)
