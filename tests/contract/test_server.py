"""What holds for a ledger on a PostgreSQL server only: guards, users, errors, and a proof of it."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from hashlib import sha256

import psycopg
import pytest
from sqlalchemy import make_url

from casetrack.audit.verdict import Verdict
from casetrack.domain.fold import replay
from casetrack.errors import BadDatabase, CasetrackError, Conflict, Refused
from casetrack.ledger import server_scan
from casetrack.ledger.backup import backup
from casetrack.ledger.server import locking
from casetrack.ledger.sql import SqlLedger, create_ledger, open_ledger
from casetrack.ledger.tables import REVISION
from casetrack.ledger.upgrade import upgrade
from casetrack.service.replaying import replay as replayed
from casetrack.service.verifying import verify
from tests.contract.asking import refusal
from tests.contract.test_sqlite import RACER, ROOT
from tests.facts import NOV_20, append, deadline, draft, new_case, noted, opened, redacted
from tests.fakes import START, FakeClock, fixed_sources
from tests.servers import answered, execute

COPIED = """
INSERT INTO ledger SELECT case_id, {}, type, {}, occurred_on, recorded_at, digest, body
FROM ledger WHERE version = 2
"""
REPLACED = """
INSERT INTO ledger SELECT * FROM ledger WHERE version = 2
ON CONFLICT (case_id, version) DO UPDATE SET body = '{}'
"""
HOLLOW = """
CREATE OR REPLACE FUNCTION ledger_update() RETURNS trigger LANGUAGE plpgsql
AS 'BEGIN RETURN NEW; END'
"""
ALTERED = "UPDATE ledger SET body = replace(body, 'reply', 'repl') WHERE version = 1"


@pytest.fixture
def shared(database: str) -> Iterator[SqlLedger]:
    """A ledger with a case of two entries, for which a reply is awaited."""
    store = create_ledger(database, fixed_sources())
    case = new_case(store, opened(patient="Žofie", armed=(deadline("reply", NOV_20),)))
    append(store, case, noted())
    yield store
    store.close()


# Guards


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET body = '{}'",
        "UPDATE ledger SET version = 9 WHERE version = 2",
        "DELETE FROM ledger",
        "TRUNCATE ledger CASCADE",
        COPIED.format("version", "key"),
        COPIED.format("3", "'k'"),
        COPIED.format("4", "'k'"),
        REPLACED,
        "UPDATE disclosure SET text = ''",
        "DELETE FROM disclosure",
        "TRUNCATE disclosure",
        "UPDATE definition SET text = ''",
        "DELETE FROM definition",
        "DELETE FROM unsealed",
        "UPDATE unsealed SET version = 9",
        "TRUNCATE leaf",
        "SET session_replication_role = replica; DELETE FROM ledger",
    ],
)
def test_what_was_recorded_is_not_changed_by_sql(
    shared: SqlLedger, database: str, statement: str
) -> None:
    before = answered(database, "SELECT * FROM ledger ORDER BY case_id, version")
    with pytest.raises(psycopg.Error):
        execute(database, *statement.split("; "))
    assert answered(database, "SELECT * FROM ledger ORDER BY case_id, version") == before
    assert len(before) == 3


def following(database: str) -> dict[str, object]:
    """A third entry for the case, as the server takes it."""
    asked = "SELECT * FROM ledger WHERE version = 2"
    ((case_id, _, kind, _, on, at, _, body),) = answered(database, asked)
    before = str(body)
    prev = sha256(before.encode()).hexdigest()
    said = {**json.loads(before), "version": 3, "key": "k", "prev": prev}
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return {
        "case_id": case_id, "version": 3, "type": kind, "key": "k", "occurred_on": on,
        "recorded_at": at, "digest": sha256(text.encode()).digest(), "body": text,
    }  # fmt: skip


def put(database: str, row: Mapping[str, object]) -> None:
    marks = ", ".join(["%s"] * len(row))
    plain = database.replace("postgresql+psycopg", "postgresql", 1)
    with psycopg.connect(plain, options="-c search_path=casetrack") as connection:
        connection.execute(f"INSERT INTO ledger VALUES ({marks})".encode(), list(row.values()))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("digest", bytes(32)),
        ("type", "EvidenceRecorded"),
        ("key", "other"),
        ("occurred_on", "2026-01-01"),
        ("recorded_at", "2026-01-01T00:00:00.000000Z"),
    ],
)
@pytest.mark.usefixtures("shared")
def test_an_entry_is_taken_only_as_its_body_says(database: str, column: str, value: object) -> None:
    row = following(database)
    with pytest.raises(psycopg.Error, match="not what its body says"):
        put(database, {**row, column: value})
    put(database, row)


@pytest.mark.usefixtures("shared")
def test_an_entry_is_taken_only_after_the_one_that_it_names(database: str) -> None:
    row = following(database)
    body = str(row["body"]).replace('"prev":"', '"prev":"0')
    forged = {**row, "body": body, "digest": sha256(body.encode()).digest()}
    with pytest.raises(psycopg.Error, match="not what its body says"):
        put(database, forged)
    put(database, row)


PLANTED = "INSERT INTO disclosure SELECT case_id, 1, '{}', '[]' FROM case_view"


@pytest.mark.parametrize("name", ["planted", "patient"])
@pytest.mark.usefixtures("shared")
def test_a_value_that_no_entry_sealed_is_not_taken(database: str, name: str) -> None:
    with pytest.raises(psycopg.Error, match="not one that its entry keeps"):
        execute(database, PLANTED.format(name))


def test_what_was_erased_is_not_put_back(shared: SqlLedger, database: str) -> None:
    execute(database, "CREATE TABLE kept AS SELECT * FROM disclosure WHERE name = 'patient'")
    (case_id,) = shared.case_ids()
    case = replay(case_id, shared.entries(case_id))
    shared.redact(case, draft(redacted((1, "patient"))))
    with pytest.raises(psycopg.Error, match="not one that its entry keeps"):
        execute(database, "INSERT INTO disclosure SELECT * FROM kept")
    assert answered(database, "SELECT * FROM disclosure WHERE name = 'patient'") == []


def test_views_written_by_another_hand_are_remembered(shared: SqlLedger, database: str) -> None:
    execute(database, "DELETE FROM touched", "UPDATE deadline_view SET act_by = '2030-01-01'")
    (case_id,) = shared.case_ids()
    assert shared.runs.touched() == [case_id]


# Users


@pytest.fixture
def writer(shared: SqlLedger, database: str) -> Iterator[str]:
    """The URL of a user who may write entries and owns nothing."""
    name = f"writer_{make_url(database).database}"
    execute(
        database,
        f"CREATE ROLE {name} LOGIN",
        f"GRANT USAGE ON SCHEMA casetrack TO {name}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA casetrack TO {name}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA casetrack TO {name}",
    )
    yield make_url(database).set(username=name).render_as_string(hide_password=False)
    execute(database, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_a_writer_signs_with_the_name_it_logged_in_by(writer: str) -> None:
    from casetrack.service.bootstrap import system_clock

    ledger = open_ledger(writer, fixed_sources(FakeClock(system_clock())), as_session=True)
    (case_id,) = ledger.case_ids()
    case = replay(case_id, ledger.entries(case_id))
    _, (entry,) = append(ledger, case, noted())
    assert entry.by == f"pg:{make_url(writer).username}"
    ledger.close()


def test_a_writer_cant_sign_for_another_or_at_another_time(writer: str) -> None:
    from casetrack.service.bootstrap import system_clock

    forging = open_ledger(writer, fixed_sources(FakeClock(system_clock())))
    (case_id,) = forging.case_ids()
    case = replay(case_id, forging.entries(case_id))
    says = refusal(lambda: append(forging, case, noted()), BadDatabase)
    assert says == "the server knows this session as another user; log in as the writer"
    late = FakeClock(system_clock() + timedelta(minutes=6))
    ahead = open_ledger(writer, fixed_sources(late), as_session=True)
    assert "differ by more than five minutes" in refusal(lambda: append(ahead, case, noted()))
    assert len(forging.entries(case_id)) == 2
    forging.close()
    ahead.close()


# Places


def test_a_database_holds_one_ledger(shared: SqlLedger, database: str) -> None:
    says = refusal(lambda: create_ledger(database, fixed_sources()), BadDatabase)
    assert says.endswith("holds a ledger already and is left as it is")
    again = open_ledger(database, fixed_sources())
    assert again.id == shared.id
    again.close()


@pytest.mark.parametrize("asked", ["address", "database"])
def test_no_other_schema_is_looked_at(shared: SqlLedger, database: str, asked: str) -> None:
    (case_id,) = shared.case_ids()
    execute(database, "CREATE SCHEMA evil", "CREATE TABLE evil.ledger (LIKE casetrack.ledger)",
            "CREATE TABLE evil.case_view (LIKE casetrack.case_view)")  # fmt: skip
    place = make_url(database)
    if asked == "address":
        place = place.update_query_dict({"options": "-c search_path=evil"})
    else:
        execute(database, f"ALTER DATABASE {place.database} SET search_path = evil")
    again = open_ledger(place.render_as_string(hide_password=False), fixed_sources())
    case, _ = append(again, replay(case_id, again.entries(case_id)), noted())
    assert (case.version, again.references("", 2)) == (3, [("C-1", case_id)])
    again.close()
    assert answered(database, "SELECT count(*) FROM evil.ledger") == [(0,)]


def test_an_empty_database_says_what_to_do(database: str) -> None:
    says = refusal(lambda: open_ledger(database, fixed_sources()), BadDatabase)
    assert says.startswith("no ledger at postgresql://")
    assert says.endswith("; run 'casetrack db init'")


def test_a_database_in_another_encoding_is_refused(server: str) -> None:
    execute(server, "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    url = make_url(server).set(drivername="postgresql+psycopg", database="latin")
    try:
        text = url.render_as_string(hide_password=False)
        says = refusal(lambda: create_ledger(text, fixed_sources()), BadDatabase)
        assert says.endswith("is in LATIN1; make the database with UTF8")
    finally:
        execute(server, "DROP DATABASE latin")


def test_a_password_is_in_no_message(database: str) -> None:
    url = make_url(database).set(
        host="127.0.0.1", port=1, username="u", password="s3cret", query={}
    )
    text = url.render_as_string(hide_password=False)
    says = refusal(lambda: open_ledger(text, fixed_sources()), BadDatabase)
    assert "cannot be reached" in says
    assert "s3cret" not in says
    assert "u:" not in says


def test_what_the_server_says_of_a_value_is_not_repeated(shared: SqlLedger, database: str) -> None:
    execute(database, "ALTER TABLE value_view ADD CHECK (value <> 'canary')")
    case = replay(next(iter(shared.case_ids())), shared.entries(next(iter(shared.case_ids()))))
    with pytest.raises(CasetrackError) as caught:
        append(shared, case, noted("x", number="canary"))
    assert "canary" not in caught.value.message


def test_a_file_is_needed_where_a_file_is_meant(shared: SqlLedger, database: str) -> None:
    assert "on a server" in refusal(lambda: shared.path, Refused)
    assert "pg_dump" in refusal(lambda: backup(database, ROOT / "x.db"), Refused)
    assert upgrade(database) == (REVISION, REVISION)


# Others at work


def test_writers_of_one_case_lose_nothing(shared: SqlLedger, database: str) -> None:
    (case_id,) = shared.case_ids()
    command = [sys.executable, "-c", RACER, database, case_id]
    racers = [subprocess.Popen([*command, f"racer{n}"], cwd=ROOT) for n in range(4)]
    assert [racer.wait(120) for racer in racers] == [0] * 4
    entries = shared.entries(case_id)
    assert [entry.version for entry in entries] == list(range(1, 103))
    assert len({entry.key for entry in entries}) == 102
    assert verify(database).ok
    assert replayed(database).differing == ()


def test_the_driver_says_nothing_beside_our_own_words(
    shared: SqlLedger, caplog: pytest.LogCaptureFixture
) -> None:
    """Its pipelines would tell of a lost race on standard error, with the user's name."""
    (case_id,) = shared.case_ids()
    stale = replay(case_id, shared.entries(case_id)[:1])
    with pytest.raises(Conflict):
        shared.append_all([(stale, [draft(noted()) for _ in range(500)])])
    assert caplog.records == []


def test_a_lock_of_the_servers_is_one_holders(database: str) -> None:
    with locking(database, "daily") as first, locking(database, "daily") as second:
        assert first()
        assert not second()
    with locking(database, "daily") as third:
        assert third()


def test_a_reader_sees_one_state(shared: SqlLedger, database: str) -> None:
    """An entry and its disclosures come together, or neither does."""
    other = open_ledger(database, fixed_sources(FakeClock(START + timedelta(hours=1))))
    streams = shared.streams()
    (case_id,) = other.case_ids()
    append(other, replay(case_id, other.entries(case_id)), noted("later"))
    ((_, entries),) = streams
    assert all(entry.sealed.keys() == entry.disclosed.keys() for entry in entries)
    other.close()


# Proof


def kinds(found: Verdict) -> set[str]:
    return {problem.kind for problem in found.problems}


def test_an_untouched_ledger_proves(shared: SqlLedger, database: str) -> None:
    case_id = next(iter(shared.case_ids()))
    case = replay(case_id, shared.entries(case_id))
    shared.redact(case, draft(redacted((1, "patient"))))
    found = verify(database)
    assert (found.ok, found.entries, found.cases) == (True, 4, 1)
    assert verify(database, quick=True).ok


@pytest.mark.parametrize(
    ("table", "statement", "kind"),
    [
        ("ledger", ALTERED, "altered"),
        ("ledger", "UPDATE ledger SET key = 'other' WHERE version = 2", "column differs"),
        ("disclosure", "UPDATE disclosure SET text = '[]'", "value altered"),
        ("disclosure", "DELETE FROM disclosure", "value missing"),
        ("unsealed", "DELETE FROM unsealed", "inserted"),
        ("deadline_view", "UPDATE deadline_view SET act_by = '2030-01-01'", "view differs"),
        ("ledger", "ALTER TABLE ledger DISABLE TRIGGER ledger_update", "schema changed"),
        ("ledger", "DROP TRIGGER ledger_delete ON ledger", "schema changed"),
        ("ledger", "CREATE RULE quiet AS ON INSERT TO claim DO INSTEAD NOTHING", "schema changed"),
        ("ledger", HOLLOW, "schema changed"),
        ("ledger", "ALTER TABLE ledger ALTER COLUMN body DROP NOT NULL", "schema changed"),
    ],
)  # fmt: skip
def test_what_an_owner_changed_is_found(
    shared: SqlLedger, database: str, table: str, statement: str, kind: str
) -> None:
    if statement.startswith(("UPDATE", "DELETE")):
        off, on = f"ALTER TABLE {table} DISABLE TRIGGER USER", f"ALTER TABLE {table} ENABLE ALWAYS"
        names = answered(
            database,
            "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            f" WHERE relname = '{table}' AND NOT tgisinternal",
        )
        execute(database, off, statement, *(f"{on} TRIGGER {name}" for (name,) in names))
    else:
        execute(database, statement)
    found = verify(database)
    assert not found.ok
    assert kind in kinds(found)


def test_the_schema_shipped_is_the_one_that_is_made(shared: SqlLedger, database: str) -> None:
    with server_scan.scanning(database) as scan:
        assert dict(scan.schema()) == dict(server_scan.todays())


def test_without_the_driver_it_says_what_to_install(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casetrack.ledger.database.find_spec", lambda _: None)
    says = refusal(lambda: open_ledger(database, fixed_sources()), Refused)
    assert says.endswith("pip install 'casetrack[postgres]'")
