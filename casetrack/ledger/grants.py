"""The roles of a ledger on a server, as SQL that an administrator runs; what each role may do.

A right is given to a role only if its work needs it. What a right on a table can't say, the guard
of the entries does: see ``server_schema``.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from casetrack.ledger.server_schema import SCHEMA

Rights = Mapping[str, tuple[str, ...]]

PREFIX = "casetrack"
_OUTSIDE = (
    "alembic_version", "case_view", "checkpoint", "deadline_view", "definition", "frontier",
    "heartbeat", "leaf", "ledger", "unsealed",
)  # fmt: skip
_TYPED = ("disclosure", "value_view")
_VIEWS = ("case_view", "deadline_view", "value_view")
_VACUUMED = ("case_view", "disclosure", "value_view")


class Role(Struct, frozen=True, kw_only=True):
    """What a role is for, and its rights: tables by act. The owner's are those of ownership."""

    name: str
    does: str
    rights: Rights = {}


ROLES = (
    Role(
        name="reader",
        does="show, list, due and the like, without --phi; sees no value that was typed",
        rights={"SELECT": _OUTSIDE},
    ),
    Role(
        name="phi_reader",
        does="reads all, also with --phi, export and audit verify; each disclosure is an entry",
        rights={
            "SELECT": (*_OUTSIDE, *_TYPED),
            "INSERT": ("disclosure", "ledger", "unsealed"),
        },
    ),
    Role(
        name="writer",
        does="the case manager's commands, import, sweep and serve; reads all",
        rights={
            "SELECT": (*_OUTSIDE, *_TYPED, "claim", "touched"),
            "INSERT": (
                *_VIEWS, "claim", "definition", "disclosure", "heartbeat", "ledger", "touched",
                "unsealed",
            ),
            "UPDATE": ("case_view", "claim", "deadline_view", "heartbeat"),
            "DELETE": (*_VIEWS, "claim", "touched"),
        },
    ),
    Role(
        name="sealer",
        does="audit seal and audit key; sees no value that was typed. daily needs a writer too",
        rights={
            "SELECT": _OUTSIDE,
            "INSERT": ("checkpoint", "frontier", "leaf", "ledger", "unsealed"),
            "DELETE": ("unsealed",),
        },
    ),
    Role(
        name="redactor",
        does="redact, and reads all",
        rights={
            "SELECT": (*_OUTSIDE, *_TYPED),
            "INSERT": (*_VIEWS, "disclosure", "ledger", "touched", "unsealed"),
            "UPDATE": ("case_view", "deadline_view"),
            "DELETE": (*_VIEWS, "disclosure"),
            "MAINTAIN": _VACUUMED,
        },
    ),
    Role(name="owner", does="owns the tables: db rebuild, db upgrade, db copy, and all the rest"),
)  # fmt: skip

_BEGIN = f"""\
-- The roles of a casetrack ledger and their rights. In the ledger's database, after 'db init':
--   casetrack db grants | psql -v ON_ERROR_STOP=1 DATABASE
-- as a superuser, or as the ledger's owner if that account may make roles. It can be run again.
BEGIN;
SET LOCAL search_path = {SCHEMA}, pg_temp;
SET LOCAL client_min_messages = warning;
"""
_MADE = """
DO $$ DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY[{}] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
    END IF;
  END LOOP;
END $$;
"""
# Who owned the ledger stays an owner. The schema goes first, so that the new owner may own in it.
_OWNED = """
-- The tables, and all else that 'db init' made, are the owner's.
DO $$ DECLARE
  former name := (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = '{schema}');
  made text;
BEGIN
  -- Who makes a role may hand it on, and is no member by that alone.
  IF former <> '{owner}' THEN
    EXECUTE format('GRANT {owner} TO %I', former);
  END IF;
  ALTER SCHEMA {schema} OWNER TO {owner};
  FOR made IN SELECT oid::regclass FROM pg_class
      WHERE relnamespace = '{schema}'::regnamespace AND relkind = 'r' LOOP
    EXECUTE format('ALTER TABLE %s OWNER TO {owner}', made);
  END LOOP;
  FOR made IN SELECT oid::regprocedure FROM pg_proc
      WHERE pronamespace = '{schema}'::regnamespace LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO {owner}', made);
  END LOOP;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO {others}, {owner}', current_database());
END $$;

-- Nobody has a right that is not given below.
REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM PUBLIC, {others};
REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM PUBLIC, {others};
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {schema} FROM PUBLIC, {others};
REVOKE ALL ON SCHEMA {schema} FROM PUBLIC, {others};
GRANT USAGE ON SCHEMA {schema} TO {others};
"""
# Only a server of version 17 or later can give the right to vacuum.
_MAINTAIN = """\
DO $$ BEGIN
  IF current_setting('server_version_num')::integer >= 170000 THEN
    {};
  END IF;
END $$;
"""


def role(name: str, prefix: str = PREFIX) -> str:
    """What the server calls a role."""
    return f"{prefix}_{name}"


def script(prefix: str = PREFIX) -> str:
    """One transaction that makes the roles where they are missing and sets their rights anew."""
    names = ", ".join(f"'{role(r.name, prefix)}'" for r in ROLES)
    owned = _OWNED.format(schema=SCHEMA, owner=role("owner", prefix), others=_others(prefix))
    given = "".join(line for r in ROLES for line in _given(r, role(r.name, prefix)))
    return f"{_BEGIN}{_MADE.format(names)}{owned}{given}\nCOMMIT;\n"


def _others(prefix: str) -> str:
    return ", ".join(role(r.name, prefix) for r in ROLES if r.rights)


def _given(role: Role, name: str) -> Iterator[str]:
    yield f"\n-- {name}: {role.does}\n"
    for act, tables in role.rights.items():
        grant = f"GRANT {act} ON {', '.join(sorted(tables))} TO {name}"
        yield _MAINTAIN.format(grant) if act == "MAINTAIN" else f"{grant};\n"
    if "INSERT" in role.rights:
        yield f"GRANT USAGE ON SEQUENCE unsealed_sequence_seq TO {name};\n"


def may(act: str, table: str) -> tuple[str, ...]:
    """The roles that have a right on a table, the least of them first; the owner has every one."""
    return (*(r.name for r in ROLES if table in r.rights.get(act, ())), "owner")
