"""The roles that ``db grants`` prints: each account does its work on a server, and nothing else."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from sqlalchemy import make_url

from casetrack.domain import events as e
from casetrack.domain.fold import replay
from casetrack.errors import BadDatabase
from casetrack.ledger.sql import open_ledger
from casetrack.ledger.store import LEDGER_CASE, Draft
from casetrack.service.bootstrap import system_clock
from tests import servers
from tests.cli.driver import Office, Run, run
from tests.contract.asking import refusal
from tests.facts import NOV_10
from tests.fakes import FakeClock, fixed_sources
from tests.servers import answered, execute

# S, I, U, D as in the promise: select, insert, update, delete. Nobody truncates.
PROMISED = """
table            reader  phi_reader  writer  sealer  redactor
alembic_version  S       S           S       S       S
case_view        S       S           SIUD    S       SIUD
checkpoint       S       S           S       SI      S
claim            -       -           SIUD    -       -
deadline_view    S       S           SIUD    S       SIUD
definition       S       S           SI      S       S
disclosure       -       SI          SI      -       SID
frontier         S       S           S       SI      S
heartbeat        S       S           SIU     S       S
leaf             S       S           S       SI      S
ledger           S       SI          SI      SI      SI
touched          -       -           SID     -       I
unsealed         S       SI          SI      SID     SI
value_view       -       S           SID     -       SID
"""
ROLES = ("reader", "phi_reader", "writer", "sealer", "redactor", "owner")
ACTS = {
    "S": "SELECT FROM {}",
    "I": "INSERT INTO {} SELECT NULL WHERE false",
    "U": "UPDATE {} SET {} = NULL WHERE false",
    "D": "DELETE FROM {} WHERE false",
    "T": "TRUNCATE {}",
}
PRIVILEGES = {"S": "SELECT", "I": "INSERT", "U": "UPDATE", "D": "DELETE", "T": "TRUNCATE",
              "X": "REFERENCES", "G": "TRIGGER", "M": "MAINTAIN"}  # fmt: skip
VACUUMED = {"case_view", "disclosure", "value_view"}
PATIENT, PHYSICIAN, NOTE = "canary-person", "canary-physician", "canary-note"


def promised() -> dict[str, dict[str, set[str]]]:
    """The rights by role and table."""
    head, *rows = (line.split() for line in PROMISED.strip().splitlines())
    by_role: dict[str, dict[str, set[str]]] = {name: {} for name in head[1:]}
    for table, *rights in rows:
        for name, letters in zip(head[1:], rights, strict=True):
            by_role[name][table] = set(letters) - {"-"}
    return by_role


class Clinic(NamedTuple):
    """A real ledger with a case, its roles, and an account of each role."""

    folder: Path
    url: str
    prefix: str

    def login(self, name: str) -> str:
        named = make_url(self.url).set(username=f"{self.prefix}_{name}_account")
        return named.render_as_string(hide_password=False)

    def by(self, name: str) -> Office:
        return Office(self.folder, now=None, server=self.login(name))


@pytest.fixture(scope="module")
def clinic(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    folder = tmp_path_factory.mktemp("clinic")
    with servers.database(server) as url:
        made = Clinic(folder, url, f"ward{os.getpid()}")
        boss = Office(folder, now=None, server=url)
        boss.do("db", "init")
        for _ in range(2):  # it can be run again
            execute(url, boss.do("db", "grants", "--prefix", made.prefix).out)
        accounts = [f"{made.prefix}_{name}_account" for name in (*ROLES, "stranger", "cron")]
        execute(url, *(f"CREATE ROLE {name} LOGIN" for name in accounts))
        for name in ROLES:
            execute(url, f"GRANT {made.prefix}_{name} TO {made.prefix}_{name}_account")
        for name in ("writer", "sealer"):
            execute(url, f"GRANT {made.prefix}_{name} TO {made.prefix}_cron_account")
        try:
            _worked(made)
            yield made
        finally:
            roles = [f"{made.prefix}_{name}" for name in ROLES]
            execute(url, f"DROP OWNED BY {', '.join(roles)} CASCADE")
            execute(url, f"DROP ROLE {', '.join([*accounts, *roles])}")


def _worked(clinic: Clinic) -> None:
    """What a case manager's day is made of, by one who may write and owns nothing."""
    writer = clinic.by("writer")
    writer.do("open", "--ref", "C-1", "--patient", PATIENT, f"physician={PHYSICIAN}")
    writer.do("open", "--ref", "C-2", "--patient", PATIENT)
    writer.do("record", "C-1", "age", "dob=1990-02-28")
    writer.do("record", "C-2", "factor_ix_activity", "percent=1.5", "off_prophylaxis=yes")
    writer.do("fire", "C-1", "submit", "method=portal", "--override", "canary-reason")
    writer.do("fire", "C-1", "approve", "authorization=canary", "valid_through=+60bd",
              "infusion_on=+55bd", "--override", "canary-reason")  # fmt: skip
    writer.do("note", "C-1", NOTE)
    writer.do("assign", "C-1", "kim")
    writer.do("plan", "C-1", "canary-title", "--due", "+5bd")
    writer.do("amend", "C-1", "1", f"physician={PHYSICIAN}-2", "--reason", "slip")


def state_of(url: str, statement: str) -> str | None:
    """What the server says to a statement, as its SQLSTATE; None where it was carried out."""
    plain = url.replace("postgresql+psycopg", "postgresql", 1)
    with psycopg.connect(plain, options="-c search_path=casetrack") as connection:
        try:
            connection.execute(statement.encode())
        except psycopg.Error as error:
            return error.sqlstate
        finally:
            connection.rollback()
    return None


# Rights


@pytest.mark.parametrize("role", promised())
def test_a_role_does_to_a_table_what_is_promised_and_nothing_else(
    clinic: Clinic, role: str
) -> None:
    columns = {str(table): first for table, first in answered(clinic.url, FIRST_COLUMNS)}
    assert columns.keys() == promised()[role].keys()
    plain = clinic.login(role).replace("postgresql+psycopg", "postgresql", 1)
    with psycopg.connect(plain, autocommit=True, options="-c search_path=casetrack") as connection:
        for table, letters in promised()[role].items():
            for act, statement in ACTS.items():
                asked = statement.format(table, columns[table]).encode()
                if act in letters:
                    connection.execute(asked)
                else:
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        connection.execute(asked)


FIRST_COLUMNS = """
SELECT relname::text, attname::text FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = 'casetrack'::regnamespace AND relkind = 'r' AND attnum = 1
"""
RIGHTS = """
SELECT relname::text FROM pg_class
WHERE relnamespace = 'casetrack'::regnamespace AND relkind IN ('r', 'v', 'm', 'p', 'f')
AND {}('{}', oid, '{}')
"""


@pytest.mark.parametrize("role", promised())
def test_the_catalogs_know_of_no_right_beyond(clinic: Clinic, role: str) -> None:
    name = f"{clinic.prefix}_{role}_account"
    for letter, privilege in PRIVILEGES.items():
        wanted = {table for table, letters in promised()[role].items() if letter in letters}
        if (role, letter) == ("redactor", "M"):
            wanted = VACUUMED
        for asking in ("has_table_privilege", "has_any_column_privilege"):
            if "column" in asking and letter in "DTGM":
                continue
            found = answered(clinic.url, RIGHTS.format(asking, name, privilege))
            assert {table for (table,) in found} == wanted, privilege
        handing_on = RIGHTS.format("has_table_privilege", name, f"{privilege} WITH GRANT OPTION")
        assert answered(clinic.url, handing_on) == []


OUTSIDE_TABLES = """
SELECT has_schema_privilege('{0}', 'casetrack', 'USAGE'),
  has_schema_privilege('{0}', 'casetrack', 'CREATE'),
  has_sequence_privilege('{0}', 'unsealed_sequence_seq', 'USAGE'),
  has_sequence_privilege('{0}', 'unsealed_sequence_seq', 'SELECT'),
  has_sequence_privilege('{0}', 'unsealed_sequence_seq', 'UPDATE'),
  (SELECT count(*) FROM pg_proc WHERE pronamespace = 'casetrack'::regnamespace
    AND has_function_privilege('{0}', oid, 'EXECUTE')),
  (SELECT count(*) FROM pg_class WHERE relowner = '{0}'::regrole),
  pg_has_role('{0}', '{1}_owner', 'MEMBER')
"""


@pytest.mark.parametrize("role", promised())
def test_a_role_makes_calls_and_owns_nothing(clinic: Clinic, role: str) -> None:
    asked = OUTSIDE_TABLES.format(f"{clinic.prefix}_{role}_account", clinic.prefix)
    numbers = role != "reader"
    assert answered(clinic.url, asked) == [(True, False, numbers, False, False, 0, 0, False)]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE casetrack.mine (x text)",
        "CREATE FUNCTION casetrack.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TRIGGER mine BEFORE INSERT ON ledger EXECUTE FUNCTION ledger_insert()",
        "CREATE RULE mine AS ON INSERT TO claim DO INSTEAD NOTHING",
        "ALTER TABLE ledger ADD COLUMN mine text",
        "ALTER TABLE ledger DISABLE TRIGGER ledger_update",
        "DROP TRIGGER ledger_delete ON ledger",
        "DROP TABLE claim",
        "DROP SCHEMA casetrack CASCADE",
        "CREATE INDEX mine ON ledger (type)",
        "SELECT setval('unsealed_sequence_seq', 1)",
        "SET session_replication_role = replica",
    ],
)
def test_no_role_but_the_owner_changes_the_schema(clinic: Clinic, statement: str) -> None:
    said = {role: state_of(clinic.login(role), statement) for role in promised()}
    assert said == dict.fromkeys(promised(), "42501")


def test_a_role_can_not_become_another(clinic: Clinic) -> None:
    for role in promised():
        assert state_of(clinic.login(role), f"SET ROLE {clinic.prefix}_owner") == "42501"


# Work


def test_a_writer_reads_what_was_typed_and_warns(clinic: Clinic) -> None:
    writer = clinic.by("writer")
    assert PATIENT in writer.do("show", "C-1", "--phi").out
    assert "C-1" in writer.do("list", "--patient", PATIENT).out
    writer.do("sweep")
    writer.do("replay", "--all")
    kinds = answered(clinic.url, "SELECT DISTINCT body::jsonb->>'by' FROM ledger WHERE version > 1")
    assert (f"pg:{clinic.prefix}_writer_account",) in kinds


SAME = (
    "show C-1", "show C-1 --json", "show C-2", "list", "list --json --state intake", "due",
    "due --within 200d --json", "due --format html", "explain C-1", "history C-1",
    "history C-1 --json", "db stats", "audit verify --quick", "doctor",
)  # fmt: skip


def test_a_reader_gets_what_a_writer_gets_who_does_not_ask_for_patients(clinic: Clinic) -> None:
    reader, writer, now = clinic.by("reader"), clinic.by("writer"), system_clock().isoformat()
    for command in SAME:
        read, known = (office(*command.split(), now=now) for office in (reader, writer))
        assert (command, read.code) == (command, known.code)
        assert _still(read).replace("reader", "writer") == _still(known)


def _still(done: Run) -> str:
    """Without what guards that look at values allow."""
    if done.out.startswith("{"):
        return repr({name: value for name, value in done.data.items() if name != "allowed"})
    return re.sub(r"(?m)^ *next: .*$", "", done.out + done.err)


def test_a_reader_is_told_that_a_guard_looks_at_what_is_withheld(clinic: Clinic) -> None:
    reader = clinic.by("reader")
    for said in (reader.do("next", "C-2").out, reader("check", "C-2").out):
        assert "percent: withheld, and can't be judged" in " ".join(said.split())
        assert "1.5" not in said
        assert "redacted" not in said


@pytest.mark.parametrize("role", ["reader", "sealer"])
def test_what_was_typed_is_in_no_answer_to_those_who_may_not_see_it(
    clinic: Clinic, role: str
) -> None:
    office = clinic.by(role)
    commands = (
        "show C-1", "due", "next C-2", "check C-2", "show C-1 --phi", "find canary", "due --phi",
        "history C-1 --phi", "packet C-1", "list --patient x",
    )  # fmt: skip
    said = [office(*command.split()) for command in commands]
    assert "canary" not in repr(said)
    assert {done.code for done in said} <= {0, 3, 4}


def test_a_reader_of_patients_shows_proves_and_hands_over(clinic: Clinic, tmp_path: Path) -> None:
    reader = clinic.by("phi_reader")
    assert PATIENT in reader.do("show", "C-1", "--phi").out
    assert "C-1" in reader.do("find", "C-1").out
    reader.do("due", "--phi")
    reader.do("audit", "verify")
    reader.do("replay", "--all")
    reader.do("export", "--output", str(tmp_path / "all.csv"))
    reader.do("audit", "export", "C-1", "--purpose", "appeal", "--format", "jsonl",
              "--output", str(tmp_path / "c.jsonl"))  # fmt: skip
    by = f"body::jsonb->>'by' = 'pg:{clinic.prefix}_phi_reader_account'"
    found = answered(clinic.url, f"SELECT case_id, type FROM ledger WHERE {by}")
    assert found == [(LEDGER_CASE, "DisclosureMade")] * 4


def test_a_sealer_seals_and_a_daily_run_needs_a_writer_too(clinic: Clinic) -> None:
    sealer, cron = clinic.by("sealer"), clinic.by("cron")
    sealer.do("audit", "key", "new")
    assert answered(clinic.url, "SELECT count(*) FROM leaf") == [(0,)]
    sealer.do("audit", "seal")
    sealer.do("audit", "prove", "C-1", "1", "--output", str(clinic.folder / "proof"))
    clinic.by("writer").do("note", "C-2", NOTE)
    done = cron.do("daily")
    assert "unsealed" not in done.out
    assert answered(clinic.url, "SELECT count(*) FROM unsealed") == [(0,)]
    cron.do("audit", "verify")


def test_a_redactor_erases(clinic: Clinic) -> None:
    clinic.by("writer").do("open", "--ref", "C-9", "--patient", "canary-gone")
    clinic.by("redactor").do("redact", "C-9", "patient", "--reason", "asked", "--yes")
    tables = ("disclosure", "value_view", "ledger")
    held = [answered(clinic.url, f"SELECT * FROM {table}") for table in tables]
    assert "canary-gone" not in repr(held)
    assert "canary-person" in repr(held)
    clinic.by("owner").do("audit", "verify")


def test_an_owner_mends_and_the_schema_is_still_the_one_shipped(clinic: Clinic) -> None:
    owner = clinic.by("owner")
    owner.do("db", "rebuild")
    owner.do("db", "upgrade")
    assert owner.do("audit", "verify", "--json").data["problems"] == []


# Refusals


@pytest.mark.parametrize(
    ("role", "command", "needed"),
    [
        ("reader", "note C-1 canary", "writer"),
        ("reader", "open --ref C-7", "writer"),
        ("reader", "fire C-2 submit --override canary", "writer"),
        ("reader", "show C-1 --phi", "(phi_reader for --phi"),
        ("reader", "find canary", "phi_reader, writer, redactor or owner"),
        ("reader", "list --patient canary", "phi_reader, writer, redactor or owner"),
        ("reader", "sweep", "writer"),
        ("reader", "audit verify", "phi_reader, writer, redactor or owner"),
        ("reader", "replay --all", "phi_reader, writer, redactor or owner"),
        ("reader", "redact C-1 patient --reason canary --yes", "redactor"),
        ("phi_reader", "sweep", "writer"),
        ("sealer", "assign C-1 canary", "writer"),
        ("sealer", "show C-1 --phi", "phi_reader for --phi"),
        ("writer", "redact C-1 patient --reason canary --yes", "redactor to redact"),
        ("writer", "db rebuild", "owner"),
        ("redactor", "assign C-1 canary", "writer"),
        ("redactor", "db rebuild", "owner"),
    ],
)
def test_who_lacks_a_right_is_told_which_role_has_it(
    clinic: Clinic, role: str, command: str, needed: str
) -> None:
    before = answered(clinic.url, "SELECT count(*), max(version) FROM ledger")
    done = clinic.by(role)(*command.split())
    assert done.code == 4, done
    assert "session's user" in done.err
    assert needed in " ".join(done.err.split())
    assert "canary" not in done.err
    assert "Traceback" not in done.err
    assert answered(clinic.url, "SELECT count(*), max(version) FROM ledger") == before


def test_who_has_no_role_reads_nothing(clinic: Clinic) -> None:
    done = clinic.by("stranger")("list")
    assert done.code == 4
    assert "closed to the session's user" in done.err
    assert "casetrack db grants" in done.err
    done = clinic.by("stranger")("db", "init")
    assert done.code == 4


REDACTION = e.ValueRedacted(removed=(e.Target(version=1, name="patient"),))
SHOWN = e.DisclosureMade(command="show", scope="all", cases=())
KEYED = e.KeyMade(public="0" * 64)


@pytest.mark.parametrize(
    ("role", "own", "data"),
    [
        ("phi_reader", False, e.NoteAdded(fields={})),
        ("phi_reader", False, SHOWN),
        ("phi_reader", True, KEYED),
        ("sealer", False, e.CaseAssigned(assignee="x")),
        ("sealer", False, KEYED),
        ("sealer", True, SHOWN),
        ("redactor", False, e.CaseAssigned(assignee="x")),
        ("redactor", True, KEYED),
        ("writer", False, REDACTION),
        ("writer", True, KEYED),
        ("writer", True, e.LedgerOpened(practice=True)),
    ],
)
def test_no_role_writes_an_entry_that_is_not_its_own_kind(
    clinic: Clinic, role: str, own: bool, data: e.Data
) -> None:
    sources = fixed_sources(FakeClock(system_clock()))
    ledger = open_ledger(clinic.login(role), sources, as_session=True)
    case_id = LEDGER_CASE if own else next(iter(ledger.case_ids()))
    case = replay(case_id, ledger.entries(case_id))
    draft = Draft(event=e.Event(data=data, occurred_on=NOV_10), actor="eva", key="forged")
    try:
        says = refusal(lambda: ledger.append(case, [draft]), BadDatabase)
    finally:
        ledger.close()
    assert says.startswith("the server takes no such entry from the session's user")
    assert answered(clinic.url, "SELECT * FROM ledger WHERE key = 'forged'") == []


def test_a_reader_of_patients_adds_no_value_to_a_case(clinic: Clinic) -> None:
    planted = "INSERT INTO disclosure SELECT case_id, version, 'planted', '' FROM ledger"
    assert state_of(clinic.login("phi_reader"), planted) == "CT001"


def test_an_owner_who_may_make_roles_runs_the_sql_too(server: str, tmp_path: Path) -> None:
    prefix = f"head{os.getpid()}"
    with servers.database(server) as url:
        execute(url, f"CREATE ROLE {prefix} LOGIN CREATEROLE")
        execute(url, f"ALTER DATABASE {make_url(url).database} OWNER TO {prefix}")
        mine = make_url(url).set(username=prefix).render_as_string(hide_password=False)
        office = Office(tmp_path, now=None, server=mine)
        office.do("db", "init")
        try:
            for _ in range(2):
                execute(mine, office.do("db", "grants", "--prefix", prefix).out)
            office.do("open", "--ref", "C-1")
            assert office.do("audit", "verify", "--json").data["problems"] == []
            owned = "SELECT DISTINCT pg_get_userbyid(relowner)::text FROM pg_class"
            owned += " WHERE relnamespace = 'casetrack'::regnamespace"
            assert answered(url, owned) == [(f"{prefix}_owner",)]
        finally:
            roles = [prefix, *(f"{prefix}_{name}" for name in ROLES)]
            execute(url, f"DROP OWNED BY {', '.join(roles)} CASCADE")
            execute(url, f"ALTER DATABASE {make_url(url).database} OWNER TO CURRENT_USER")
            execute(url, f"DROP ROLE {', '.join(roles)}")


# Printing


def test_grants_are_printed_with_their_names_and_nothing_is_asked(tmp_path: Path) -> None:
    office = Office(tmp_path, server="postgresql+psycopg://127.0.0.1:1/nowhere")
    found = office.do("db", "grants", "--prefix", "ward7", "--json").data
    assert found["schema"] == "casetrack.db-grants/1"
    assert [item["role"] for item in found["roles"]] == list(ROLES)
    assert [item["name"] for item in found["roles"]] == [f"ward7_{name}" for name in ROLES]
    assert all(item["does"] for item in found["roles"])
    assert office.do("db", "grants", "--prefix", "ward7").out == found["sql"]
    assert "casetrack_writer" in office.do("db", "grants").out


@pytest.mark.parametrize("prefix", ["", "pg", "pg_x", "A", "a-b", "a'; --", "9a", "a" * 41, "é"])
def test_a_name_that_is_none_is_refused(prefix: str) -> None:
    done = run("--db", "postgresql+psycopg:///x", "db", "grants", "--prefix", prefix)
    assert done.code == 2
    assert done.out == ""
    assert "lower-case" in done.err


def test_a_file_has_no_roles(tmp_path: Path) -> None:
    done = Office(tmp_path)("db", "grants", "--json")
    assert done.code == 4
    assert done.error["message"].startswith("a ledger in a file has no roles")
    assert list(tmp_path.iterdir()) == []
