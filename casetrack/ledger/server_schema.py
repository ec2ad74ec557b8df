"""The tables' guards on PostgreSQL: what was recorded is never changed, and is what it says it is.

A guard is a function and a trigger that fires always, also for a replica's session. An owner can
drop them, as on every database; the audit says so.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, Text, text

from casetrack.ledger.tables import (
    KEY_TAKEN,
    NOT_NEXT,
    REVISION,
    metadata,
)

SCHEMA = "casetrack"
# The SQLSTATE by which our own refusals are told from others.
REFUSED = "CT001"
NOT_RECORDED = "the entry is not what its body says"
WRONG_WRITER = "the entry is by another than who writes it"
WRONG_TIME = "the time recorded is more than five minutes from now"
WRONG_KIND = "the entry is of a kind that this role does not write"
WRONG_VALUE = "this role discloses nothing of a case"
NOT_SEALED = "the value is not one that its entry keeps"

_VERSION_TABLE = """
CREATE TABLE alembic_version (
  version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)"""
_STAMP = (
    _VERSION_TABLE,
    f"INSERT INTO alembic_version (version_num) VALUES ('{REVISION}')",  # noqa: S608 - ours
)
_KEPT = {
    "ledger": ("entries are never changed", "entries are never deleted"),
    "definition": ("definitions are never changed", "definitions are never deleted"),
    "disclosure": ("disclosures are never changed", None),
    "leaf": ("leaves are never changed", "leaves are never deleted"),
    "frontier": ("a frontier is never changed", "a frontier is never deleted"),
    "checkpoint": ("a checkpoint is never changed", "a checkpoint is never deleted"),
    "unsealed": ("what waits to be sealed is never changed", None),
}
_VALUE = """
BEGIN
  IF NEW.case_id <> '00000000-0000-0000-0000-000000000000'
      AND NOT has_table_privilege('definition', 'INSERT')
      AND NOT has_table_privilege('disclosure', 'DELETE') THEN
    {value};
  END IF;
  IF encode(sha256(convert_to(NEW.text, 'UTF8')), 'hex') IS DISTINCT FROM
      (SELECT body::jsonb->'sealed'->>NEW.name FROM ledger
        WHERE case_id = NEW.case_id AND version = NEW.version)
      OR EXISTS (SELECT 1 FROM ledger
        WHERE case_id = NEW.case_id AND version > NEW.version AND type = 'ValueRedacted'
        AND body::jsonb->'data'->'removed' @>
          jsonb_build_array(jsonb_build_object('name', NEW.name, 'version', NEW.version))) THEN
    {sealed};
  END IF;
  RETURN NEW;
END
"""
# Who may write an entry of its kind is told from the rights on the tables that go with it.
# The writer's own days and name are checked unless the owner of the tables writes, who copies
# ledgers, or the ledger is for practice.
_ENTRY = """
DECLARE
  said jsonb := NEW.body::jsonb;
  before bytea;
BEGIN
  SELECT digest INTO before FROM ledger
    WHERE case_id = NEW.case_id ORDER BY version DESC LIMIT 1;
  IF NEW.version <> 1 + coalesce((SELECT max(version) FROM ledger
      WHERE case_id = NEW.case_id), 0) THEN
    {next};
  END IF;
  IF EXISTS (SELECT 1 FROM ledger WHERE case_id = NEW.case_id AND key = NEW.key) THEN
    {taken};
  END IF;
  IF NEW.digest <> sha256(convert_to(NEW.body, 'UTF8'))
      OR said->>'case' IS DISTINCT FROM NEW.case_id
      OR said->'version' IS DISTINCT FROM to_jsonb(NEW.version)
      OR said->>'type' IS DISTINCT FROM NEW.type
      OR said->>'key' IS DISTINCT FROM NEW.key
      OR said->>'occurred_on' IS DISTINCT FROM NEW.occurred_on
      OR said->>'recorded_at' IS DISTINCT FROM NEW.recorded_at
      OR said->>'prev' IS DISTINCT FROM encode(before, 'hex') THEN
    {altered};
  END IF;
  IF NOT (CASE
      WHEN NEW.type = 'ValueRedacted' THEN has_table_privilege('disclosure', 'DELETE')
      WHEN NEW.case_id <> '00000000-0000-0000-0000-000000000000'
        THEN has_table_privilege('definition', 'INSERT')
      WHEN NEW.type = 'DisclosureMade' THEN has_table_privilege('disclosure', 'SELECT')
      WHEN NEW.type IN ('KeyMade', 'KeyRotated') THEN has_table_privilege('leaf', 'INSERT')
      ELSE pg_has_role((SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE')
      END) THEN
    {kind};
  END IF;
  IF NOT pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE')
      AND NOT (SELECT (body::jsonb->'data'->>'practice')::boolean FROM ledger
        WHERE case_id = '00000000-0000-0000-0000-000000000000' AND version = 1) THEN
    IF said->>'by' IS DISTINCT FROM 'pg:' || session_user THEN
      {writer};
    END IF;
    IF abs(extract(epoch FROM clock_timestamp() - NEW.recorded_at::timestamptz)) > 300 THEN
      {time};
    END IF;
  END IF;
  RETURN NEW;
END
"""
_REDACTED = """
BEGIN
  IF 'ValueRedacted' IS DISTINCT FROM (SELECT type FROM ledger WHERE case_id = OLD.case_id
      ORDER BY version DESC LIMIT 1) THEN
    {};
  END IF;
  RETURN OLD;
END
"""
_NEXT_LEAF = """
BEGIN
  IF NEW.leaf_index <> 1 + coalesce((SELECT max(leaf_index) FROM leaf), -1) THEN
    {};
  END IF;
  RETURN NEW;
END
"""
_LARGER = """
BEGIN
  IF EXISTS (SELECT 1 FROM {} WHERE size >= NEW.size) THEN
    {};
  END IF;
  RETURN NEW;
END
"""
_WAITS = """
BEGIN
  IF EXISTS (SELECT 1 FROM leaf WHERE case_id = NEW.case_id AND version = NEW.version) THEN
    {};
  END IF;
  RETURN NEW;
END
"""
_IS_LEAF = """
BEGIN
  IF NOT EXISTS (SELECT 1 FROM leaf WHERE case_id = OLD.case_id AND version = OLD.version) THEN
    {};
  END IF;
  RETURN OLD;
END
"""
_TOUCH = """
BEGIN
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO touched (case_id) VALUES (OLD.case_id) ON CONFLICT DO NOTHING;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO touched (case_id) VALUES (NEW.case_id) ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END
"""


def create(connection: Connection) -> None:
    """A schema of our own with every table, guard and the revision, in the open transaction."""
    connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
    # Said here, since saying it beside the table makes every command load this dialect.
    for index in (index for table in metadata.tables.values() for index in table.indexes):
        index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]
    metadata.create_all(connection)
    for statement in (*_bytewise(), *guards(), *_STAMP):
        connection.exec_driver_sql(statement.replace("%", "%%"))


def _bytewise() -> Iterator[str]:
    """Text is compared byte by byte, as in a file, whatever the database's own collation."""
    for table in metadata.sorted_tables:
        texts = (c.name for c in table.c if isinstance(c.type, Text))
        changes = (f'ALTER COLUMN {name} TYPE text COLLATE "C"' for name in texts)
        if changed := ", ".join(changes):
            yield f"ALTER TABLE {table.name} {changed}"


def guards() -> Iterator[str]:
    yield from _guard("ledger_insert", "BEFORE INSERT ON ledger", _entry())
    for table, (changed, deleted) in _KEPT.items():
        yield from _guard(f"{table}_update", f"BEFORE UPDATE ON {table}", _never(changed))
        yield from _guard(
            f"{table}_truncate", f"BEFORE TRUNCATE ON {table}", _never(changed), each="STATEMENT"
        )
        if deleted:
            yield from _guard(f"{table}_delete", f"BEFORE DELETE ON {table}", _never(deleted))
    yield from _guard(
        "disclosure_delete",
        "BEFORE DELETE ON disclosure",
        _REDACTED.format(_raise("disclosures are deleted by a redaction only")),
    )
    value = _VALUE.format(value=_raise(WRONG_VALUE), sealed=_raise(NOT_SEALED))
    yield from _guard("disclosure_insert", "BEFORE INSERT ON disclosure", value)
    yield from _guard(
        "leaf_insert",
        "BEFORE INSERT ON leaf",
        _NEXT_LEAF.format(_raise("leaves follow each other")),
    )
    for table in ("frontier", "checkpoint"):
        why = _raise(f"a {table} follows a smaller one")
        yield from _guard(
            f"{table}_insert", f"BEFORE INSERT ON {table}", _LARGER.format(table, why)
        )
    waits = _raise("an entry waits once, until it is a leaf")
    yield from _guard("unsealed_insert", "BEFORE INSERT ON unsealed", _WAITS.format(waits))
    is_leaf = _IS_LEAF.format(_raise("an entry waits until it is a leaf"))
    yield from _guard("unsealed_delete", "BEFORE DELETE ON unsealed", is_leaf)
    for table in ("case_view", "deadline_view"):
        yield from _guard(
            f"{table}_touched", f"AFTER INSERT OR UPDATE OR DELETE ON {table}", _TOUCH
        )


def _entry() -> str:
    return _ENTRY.format(
        next=_raise(NOT_NEXT),
        taken=_raise(KEY_TAKEN),
        altered=_raise(NOT_RECORDED),
        writer=_raise(WRONG_WRITER),
        time=_raise(WRONG_TIME),
        kind=_raise(WRONG_KIND),
    )


def _raise(why: str) -> str:
    return f"RAISE EXCEPTION USING ERRCODE = '{REFUSED}', MESSAGE = '{why}'"


def _never(why: str) -> str:
    return f"\nBEGIN\n  {_raise(why)};\nEND\n"


def _guard(name: str, act: str, body: str, each: str = "ROW") -> Iterator[str]:
    table = act.rpartition(" ")[2]
    yield (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
        f" SET search_path = {SCHEMA}, pg_temp AS $casetrack${body}$casetrack$"
    )
    yield f"CREATE TRIGGER {name} {act} FOR EACH {each} EXECUTE FUNCTION {name}()"
    yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"
