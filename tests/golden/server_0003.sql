-- A ledger on a server as it was made at revision 0003. Frozen.
CREATE SCHEMA casetrack;
CREATE TABLE ledger (
  case_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  type TEXT NOT NULL,
  key TEXT NOT NULL,
  occurred_on TEXT NOT NULL,
  recorded_at TEXT NOT NULL,
  digest BYTEA NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (case_id, version),
  UNIQUE (case_id, key),
  CHECK (version >= 1),
  CHECK (length(digest) = 32)
);
CREATE INDEX entry_by_time ON ledger (recorded_at);
CREATE TABLE definition (
  digest TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (digest)
);
CREATE TABLE frontier (
  size BIGINT NOT NULL,
  hashes BYTEA NOT NULL,
  PRIMARY KEY (size)
);
CREATE TABLE checkpoint (
  size BIGINT NOT NULL,
  note TEXT NOT NULL,
  PRIMARY KEY (size)
);
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
);
CREATE UNIQUE INDEX case_by_reference ON case_view (reference);
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
);
CREATE INDEX open_deadline ON deadline_view (act_by, due_at, case_id, deadline, clock, owner, kind, due_on, law_by, stated_due_on, outcome, unproven, tolled_on, rungs, sent, counted_from, calendars, crosses_from, crosses_to) WHERE outcome IS NULL;
CREATE TABLE value_view (
  case_id TEXT NOT NULL,
  name TEXT NOT NULL,
  position INTEGER NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (case_id, name, position)
);
CREATE INDEX value_by_name ON value_view (name, value);
CREATE TABLE claim (
  case_id TEXT NOT NULL,
  reminder TEXT NOT NULL,
  holder TEXT NOT NULL,
  until TEXT NOT NULL,
  PRIMARY KEY (case_id, reminder)
);
CREATE TABLE heartbeat (
  name TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (name)
);
CREATE TABLE touched (
  case_id TEXT NOT NULL,
  PRIMARY KEY (case_id)
);
CREATE TABLE disclosure (
  case_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (case_id, version, name),
  FOREIGN KEY(case_id, version) REFERENCES ledger (case_id, version)
);
CREATE TABLE unsealed (
  sequence BIGSERIAL NOT NULL,
  case_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (sequence),
  UNIQUE (case_id, version),
  FOREIGN KEY(case_id, version) REFERENCES ledger (case_id, version)
);
CREATE TABLE leaf (
  leaf_index BIGINT NOT NULL,
  case_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  hash BYTEA NOT NULL,
  PRIMARY KEY (leaf_index),
  UNIQUE (case_id, version),
  FOREIGN KEY(case_id, version) REFERENCES ledger (case_id, version),
  CHECK (leaf_index >= 0),
  CHECK (length(hash) = 32)
);
ALTER TABLE case_view ALTER COLUMN case_id TYPE text COLLATE "C", ALTER COLUMN reference TYPE text COLLATE "C", ALTER COLUMN workflow TYPE text COLLATE "C", ALTER COLUMN definition TYPE text COLLATE "C", ALTER COLUMN state TYPE text COLLATE "C", ALTER COLUMN assignee TYPE text COLLATE "C";
ALTER TABLE checkpoint ALTER COLUMN note TYPE text COLLATE "C";
ALTER TABLE claim ALTER COLUMN case_id TYPE text COLLATE "C", ALTER COLUMN reminder TYPE text COLLATE "C", ALTER COLUMN holder TYPE text COLLATE "C", ALTER COLUMN until TYPE text COLLATE "C";
ALTER TABLE deadline_view ALTER COLUMN case_id TYPE text COLLATE "C", ALTER COLUMN deadline TYPE text COLLATE "C", ALTER COLUMN clock TYPE text COLLATE "C", ALTER COLUMN owner TYPE text COLLATE "C", ALTER COLUMN kind TYPE text COLLATE "C", ALTER COLUMN due_on TYPE text COLLATE "C", ALTER COLUMN due_at TYPE text COLLATE "C", ALTER COLUMN act_by TYPE text COLLATE "C", ALTER COLUMN law_by TYPE text COLLATE "C", ALTER COLUMN stated_due_on TYPE text COLLATE "C", ALTER COLUMN outcome TYPE text COLLATE "C", ALTER COLUMN tolled_on TYPE text COLLATE "C", ALTER COLUMN rungs TYPE text COLLATE "C", ALTER COLUMN sent TYPE text COLLATE "C", ALTER COLUMN counted_from TYPE text COLLATE "C", ALTER COLUMN calendars TYPE text COLLATE "C", ALTER COLUMN crosses_from TYPE text COLLATE "C", ALTER COLUMN crosses_to TYPE text COLLATE "C";
ALTER TABLE definition ALTER COLUMN digest TYPE text COLLATE "C", ALTER COLUMN text TYPE text COLLATE "C";
ALTER TABLE heartbeat ALTER COLUMN name TYPE text COLLATE "C", ALTER COLUMN at TYPE text COLLATE "C";
ALTER TABLE ledger ALTER COLUMN case_id TYPE text COLLATE "C", ALTER COLUMN type TYPE text COLLATE "C", ALTER COLUMN key TYPE text COLLATE "C", ALTER COLUMN occurred_on TYPE text COLLATE "C", ALTER COLUMN recorded_at TYPE text COLLATE "C", ALTER COLUMN body TYPE text COLLATE "C";
ALTER TABLE touched ALTER COLUMN case_id TYPE text COLLATE "C";
ALTER TABLE value_view ALTER COLUMN case_id TYPE text COLLATE "C", ALTER COLUMN name TYPE text COLLATE "C", ALTER COLUMN value TYPE text COLLATE "C";
ALTER TABLE disclosure ALTER COLUMN case_id TYPE text COLLATE "C", ALTER COLUMN name TYPE text COLLATE "C", ALTER COLUMN text TYPE text COLLATE "C";
ALTER TABLE leaf ALTER COLUMN case_id TYPE text COLLATE "C";
ALTER TABLE unsealed ALTER COLUMN case_id TYPE text COLLATE "C";
CREATE FUNCTION ledger_insert() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
DECLARE
  said jsonb := NEW.body::jsonb;
  before bytea;
BEGIN
  SELECT digest INTO before FROM ledger
    WHERE case_id = NEW.case_id ORDER BY version DESC LIMIT 1;
  IF NEW.version <> 1 + coalesce((SELECT max(version) FROM ledger
      WHERE case_id = NEW.case_id), 0) THEN
    RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'not the next version of the case';
  END IF;
  IF EXISTS (SELECT 1 FROM ledger WHERE case_id = NEW.case_id AND key = NEW.key) THEN
    RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'the case has an entry with that key';
  END IF;
  IF NEW.digest <> sha256(convert_to(NEW.body, 'UTF8'))
      OR said->>'case' IS DISTINCT FROM NEW.case_id
      OR said->'version' IS DISTINCT FROM to_jsonb(NEW.version)
      OR said->>'type' IS DISTINCT FROM NEW.type
      OR said->>'key' IS DISTINCT FROM NEW.key
      OR said->>'occurred_on' IS DISTINCT FROM NEW.occurred_on
      OR said->>'recorded_at' IS DISTINCT FROM NEW.recorded_at
      OR said->>'prev' IS DISTINCT FROM encode(before, 'hex') THEN
    RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'the entry is not what its body says';
  END IF;
  IF NOT (CASE
      WHEN NEW.type = 'ValueRedacted' THEN has_table_privilege('disclosure', 'DELETE')
      WHEN NEW.case_id <> '00000000-0000-0000-0000-000000000000'
        THEN has_table_privilege('definition', 'INSERT')
      WHEN NEW.type = 'DisclosureMade' THEN has_table_privilege('disclosure', 'SELECT')
      WHEN NEW.type IN ('KeyMade', 'KeyRotated') THEN has_table_privilege('leaf', 'INSERT')
      ELSE pg_has_role((SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE')
      END) THEN
    RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'the entry is of a kind that this role does not write';
  END IF;
  IF NOT pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE')
      AND NOT (SELECT (body::jsonb->'data'->>'practice')::boolean FROM ledger
        WHERE case_id = '00000000-0000-0000-0000-000000000000' AND version = 1) THEN
    IF said->>'by' IS DISTINCT FROM 'pg:' || session_user THEN
      RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'the entry is by another than who writes it';
    END IF;
    IF abs(extract(epoch FROM clock_timestamp() - NEW.recorded_at::timestamptz)) > 300 THEN
      RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'the time recorded is more than five minutes from now';
    END IF;
  END IF;
  RETURN NEW;
END
$casetrack$;
CREATE TRIGGER ledger_insert BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION ledger_insert();
ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_insert;
CREATE FUNCTION ledger_update() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'entries are never changed';
END
$casetrack$;
CREATE TRIGGER ledger_update BEFORE UPDATE ON ledger FOR EACH ROW EXECUTE FUNCTION ledger_update();
ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_update;
CREATE FUNCTION ledger_truncate() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'entries are never changed';
END
$casetrack$;
CREATE TRIGGER ledger_truncate BEFORE TRUNCATE ON ledger FOR EACH STATEMENT EXECUTE FUNCTION ledger_truncate();
ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_truncate;
CREATE FUNCTION ledger_delete() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'entries are never deleted';
END
$casetrack$;
CREATE TRIGGER ledger_delete BEFORE DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION ledger_delete();
ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_delete;
CREATE FUNCTION definition_update() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'definitions are never changed';
END
$casetrack$;
CREATE TRIGGER definition_update BEFORE UPDATE ON definition FOR EACH ROW EXECUTE FUNCTION definition_update();
ALTER TABLE definition ENABLE ALWAYS TRIGGER definition_update;
CREATE FUNCTION definition_truncate() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'definitions are never changed';
END
$casetrack$;
CREATE TRIGGER definition_truncate BEFORE TRUNCATE ON definition FOR EACH STATEMENT EXECUTE FUNCTION definition_truncate();
ALTER TABLE definition ENABLE ALWAYS TRIGGER definition_truncate;
CREATE FUNCTION definition_delete() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'definitions are never deleted';
END
$casetrack$;
CREATE TRIGGER definition_delete BEFORE DELETE ON definition FOR EACH ROW EXECUTE FUNCTION definition_delete();
ALTER TABLE definition ENABLE ALWAYS TRIGGER definition_delete;
CREATE FUNCTION disclosure_update() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'disclosures are never changed';
END
$casetrack$;
CREATE TRIGGER disclosure_update BEFORE UPDATE ON disclosure FOR EACH ROW EXECUTE FUNCTION disclosure_update();
ALTER TABLE disclosure ENABLE ALWAYS TRIGGER disclosure_update;
CREATE FUNCTION disclosure_truncate() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'disclosures are never changed';
END
$casetrack$;
CREATE TRIGGER disclosure_truncate BEFORE TRUNCATE ON disclosure FOR EACH STATEMENT EXECUTE FUNCTION disclosure_truncate();
ALTER TABLE disclosure ENABLE ALWAYS TRIGGER disclosure_truncate;
CREATE FUNCTION leaf_update() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'leaves are never changed';
END
$casetrack$;
CREATE TRIGGER leaf_update BEFORE UPDATE ON leaf FOR EACH ROW EXECUTE FUNCTION leaf_update();
ALTER TABLE leaf ENABLE ALWAYS TRIGGER leaf_update;
CREATE FUNCTION leaf_truncate() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'leaves are never changed';
END
$casetrack$;
CREATE TRIGGER leaf_truncate BEFORE TRUNCATE ON leaf FOR EACH STATEMENT EXECUTE FUNCTION leaf_truncate();
ALTER TABLE leaf ENABLE ALWAYS TRIGGER leaf_truncate;
CREATE FUNCTION leaf_delete() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'leaves are never deleted';
END
$casetrack$;
CREATE TRIGGER leaf_delete BEFORE DELETE ON leaf FOR EACH ROW EXECUTE FUNCTION leaf_delete();
ALTER TABLE leaf ENABLE ALWAYS TRIGGER leaf_delete;
CREATE FUNCTION frontier_update() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'a frontier is never changed';
END
$casetrack$;
CREATE TRIGGER frontier_update BEFORE UPDATE ON frontier FOR EACH ROW EXECUTE FUNCTION frontier_update();
ALTER TABLE frontier ENABLE ALWAYS TRIGGER frontier_update;
CREATE FUNCTION frontier_truncate() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'a frontier is never changed';
END
$casetrack$;
CREATE TRIGGER frontier_truncate BEFORE TRUNCATE ON frontier FOR EACH STATEMENT EXECUTE FUNCTION frontier_truncate();
ALTER TABLE frontier ENABLE ALWAYS TRIGGER frontier_truncate;
CREATE FUNCTION frontier_delete() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'a frontier is never deleted';
END
$casetrack$;
CREATE TRIGGER frontier_delete BEFORE DELETE ON frontier FOR EACH ROW EXECUTE FUNCTION frontier_delete();
ALTER TABLE frontier ENABLE ALWAYS TRIGGER frontier_delete;
CREATE FUNCTION checkpoint_update() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'a checkpoint is never changed';
END
$casetrack$;
CREATE TRIGGER checkpoint_update BEFORE UPDATE ON checkpoint FOR EACH ROW EXECUTE FUNCTION checkpoint_update();
ALTER TABLE checkpoint ENABLE ALWAYS TRIGGER checkpoint_update;
CREATE FUNCTION checkpoint_truncate() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'a checkpoint is never changed';
END
$casetrack$;
CREATE TRIGGER checkpoint_truncate BEFORE TRUNCATE ON checkpoint FOR EACH STATEMENT EXECUTE FUNCTION checkpoint_truncate();
ALTER TABLE checkpoint ENABLE ALWAYS TRIGGER checkpoint_truncate;
CREATE FUNCTION checkpoint_delete() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'a checkpoint is never deleted';
END
$casetrack$;
CREATE TRIGGER checkpoint_delete BEFORE DELETE ON checkpoint FOR EACH ROW EXECUTE FUNCTION checkpoint_delete();
ALTER TABLE checkpoint ENABLE ALWAYS TRIGGER checkpoint_delete;
CREATE FUNCTION unsealed_update() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'what waits to be sealed is never changed';
END
$casetrack$;
CREATE TRIGGER unsealed_update BEFORE UPDATE ON unsealed FOR EACH ROW EXECUTE FUNCTION unsealed_update();
ALTER TABLE unsealed ENABLE ALWAYS TRIGGER unsealed_update;
CREATE FUNCTION unsealed_truncate() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'what waits to be sealed is never changed';
END
$casetrack$;
CREATE TRIGGER unsealed_truncate BEFORE TRUNCATE ON unsealed FOR EACH STATEMENT EXECUTE FUNCTION unsealed_truncate();
ALTER TABLE unsealed ENABLE ALWAYS TRIGGER unsealed_truncate;
CREATE FUNCTION disclosure_delete() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  IF 'ValueRedacted' IS DISTINCT FROM (SELECT type FROM ledger WHERE case_id = OLD.case_id
      ORDER BY version DESC LIMIT 1) THEN
    RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'disclosures are deleted by a redaction only';
  END IF;
  RETURN OLD;
END
$casetrack$;
CREATE TRIGGER disclosure_delete BEFORE DELETE ON disclosure FOR EACH ROW EXECUTE FUNCTION disclosure_delete();
ALTER TABLE disclosure ENABLE ALWAYS TRIGGER disclosure_delete;
CREATE FUNCTION disclosure_insert() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  IF NEW.case_id <> '00000000-0000-0000-0000-000000000000'
      AND NOT has_table_privilege('definition', 'INSERT')
      AND NOT has_table_privilege('disclosure', 'DELETE') THEN
    RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'this role discloses nothing of a case';
  END IF;
  RETURN NEW;
END
$casetrack$;
CREATE TRIGGER disclosure_insert BEFORE INSERT ON disclosure FOR EACH ROW EXECUTE FUNCTION disclosure_insert();
ALTER TABLE disclosure ENABLE ALWAYS TRIGGER disclosure_insert;
CREATE FUNCTION leaf_insert() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  IF NEW.leaf_index <> 1 + coalesce((SELECT max(leaf_index) FROM leaf), -1) THEN
    RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'leaves follow each other';
  END IF;
  RETURN NEW;
END
$casetrack$;
CREATE TRIGGER leaf_insert BEFORE INSERT ON leaf FOR EACH ROW EXECUTE FUNCTION leaf_insert();
ALTER TABLE leaf ENABLE ALWAYS TRIGGER leaf_insert;
CREATE FUNCTION frontier_insert() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  IF EXISTS (SELECT 1 FROM frontier WHERE size >= NEW.size) THEN
    RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'a frontier follows a smaller one';
  END IF;
  RETURN NEW;
END
$casetrack$;
CREATE TRIGGER frontier_insert BEFORE INSERT ON frontier FOR EACH ROW EXECUTE FUNCTION frontier_insert();
ALTER TABLE frontier ENABLE ALWAYS TRIGGER frontier_insert;
CREATE FUNCTION checkpoint_insert() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  IF EXISTS (SELECT 1 FROM checkpoint WHERE size >= NEW.size) THEN
    RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'a checkpoint follows a smaller one';
  END IF;
  RETURN NEW;
END
$casetrack$;
CREATE TRIGGER checkpoint_insert BEFORE INSERT ON checkpoint FOR EACH ROW EXECUTE FUNCTION checkpoint_insert();
ALTER TABLE checkpoint ENABLE ALWAYS TRIGGER checkpoint_insert;
CREATE FUNCTION unsealed_insert() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  IF EXISTS (SELECT 1 FROM leaf WHERE case_id = NEW.case_id AND version = NEW.version) THEN
    RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'an entry waits once, until it is a leaf';
  END IF;
  RETURN NEW;
END
$casetrack$;
CREATE TRIGGER unsealed_insert BEFORE INSERT ON unsealed FOR EACH ROW EXECUTE FUNCTION unsealed_insert();
ALTER TABLE unsealed ENABLE ALWAYS TRIGGER unsealed_insert;
CREATE FUNCTION unsealed_delete() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM leaf WHERE case_id = OLD.case_id AND version = OLD.version) THEN
    RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'an entry waits until it is a leaf';
  END IF;
  RETURN OLD;
END
$casetrack$;
CREATE TRIGGER unsealed_delete BEFORE DELETE ON unsealed FOR EACH ROW EXECUTE FUNCTION unsealed_delete();
ALTER TABLE unsealed ENABLE ALWAYS TRIGGER unsealed_delete;
CREATE FUNCTION case_view_touched() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO touched (case_id) VALUES (OLD.case_id) ON CONFLICT DO NOTHING;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO touched (case_id) VALUES (NEW.case_id) ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END
$casetrack$;
CREATE TRIGGER case_view_touched AFTER INSERT OR UPDATE OR DELETE ON case_view FOR EACH ROW EXECUTE FUNCTION case_view_touched();
ALTER TABLE case_view ENABLE ALWAYS TRIGGER case_view_touched;
CREATE FUNCTION deadline_view_touched() RETURNS trigger LANGUAGE plpgsql SET search_path = casetrack, pg_temp AS $casetrack$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO touched (case_id) VALUES (OLD.case_id) ON CONFLICT DO NOTHING;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO touched (case_id) VALUES (NEW.case_id) ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END
$casetrack$;
CREATE TRIGGER deadline_view_touched AFTER INSERT OR UPDATE OR DELETE ON deadline_view FOR EACH ROW EXECUTE FUNCTION deadline_view_touched();
ALTER TABLE deadline_view ENABLE ALWAYS TRIGGER deadline_view_touched;
CREATE TABLE alembic_version (
  version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO alembic_version (version_num) VALUES ('0003');
