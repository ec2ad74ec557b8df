"""Columns and indexes for what reports and sweeps ask; on a server, a stricter guard too."""

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
# On a server: what is disclosed is what its entry sealed, and comes not back once erased.
GUARD = """
CREATE OR REPLACE FUNCTION disclosure_insert() RETURNS trigger LANGUAGE plpgsql
 SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  IF NEW.case_id <> '00000000-0000-0000-0000-000000000000'
      AND NOT has_table_privilege('definition', 'INSERT')
      AND NOT has_table_privilege('disclosure', 'DELETE') THEN
    RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'this role discloses nothing of a case';
  END IF;
  IF encode(sha256(convert_to(NEW.text, 'UTF8')), 'hex') IS DISTINCT FROM
      (SELECT body::jsonb->'sealed'->>NEW.name FROM ledger
        WHERE case_id = NEW.case_id AND version = NEW.version)
      OR EXISTS (SELECT 1 FROM ledger
        WHERE case_id = NEW.case_id AND version > NEW.version AND type = 'ValueRedacted'
        AND body::jsonb->'data'->'removed' @>
          jsonb_build_array(jsonb_build_object('name', NEW.name, 'version', NEW.version))) THEN
    RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'the value is not one that its entry keeps';
  END IF;
  RETURN NEW;
END
$casetrack$
"""


def upgrade() -> None:
    for statement in SCHEMA:
        op.execute(statement)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(GUARD)
