"""A sealed practice ledger of invented cases, and copies of it that somebody has changed by hand.

``Forger`` writes as an owner of the database does, who can drop every trigger; ``ServerForger``
is one on a server. SQL that only one of the two takes is in them alone.
"""

import re
import shutil
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import psycopg

from casetrack.audit import merkle
from casetrack.audit.merkle import Frontier
from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.domain.fold import replay
from casetrack.ledger.sql import create_ledger
from casetrack.ledger.store import LEDGER_CASE, Ledger
from tests import facts, sealing, servers
from tests.conftest import FULL
from tests.facts import append, deadline, draft, fired, new_case, noted, opened
from tests.fakes import FakeClock, fixed_sources

CASES = 300 if FULL else 90
TABLES = (
    "ledger", "disclosure", "definition", "unsealed", "leaf", "frontier", "checkpoint",
    "case_view", "deadline_view", "value_view",
)  # fmt: skip


def filled(place: str, cases: int = CASES) -> tuple[str, str]:
    """A ledger of so many cases, two seals by one key and one by the next; the two last notes."""
    clock = FakeClock()
    ledger = create_ledger(place, fixed_sources(clock), practice=True)
    sealing.make_key(ledger)
    notes = []
    for part in range(3):
        with ledger.transaction():
            made = [_case(ledger, clock, number) for number in range(part, cases, 3)]
        for case in made[::10]:
            ledger.redact(case, draft(facts.redacted((1, "patient"), (3, "note"))))
        if part == 2:
            sealing.rotate(ledger)
        notes.append(sealing.seal(ledger, sealing.FIRST if part < 2 else sealing.SECOND))
    clock.move(minutes=1)
    _tail(ledger)
    ledger.close()
    return notes[1], notes[2]


def in_one_file(path: Path, cases: int = CASES) -> tuple[str, str]:
    """``filled``, and nothing of it beside the file."""
    notes = filled(str(path), cases)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    return notes


def _case(ledger: Ledger, clock: FakeClock, number: int) -> Case:
    """A case that is opened, fired, noted and given away; some are corrected or taken back."""
    clock.move(seconds=number % 2)
    armed = (deadline("reply", facts.NOV_20), deadline("appeal", facts.DEC_1, owner="provider"))
    fields: dict[str, e.Typed] = {"codes": ("F32.9", "F33.1"), "sent_on": "2026-11-01"}
    event = opened(f"C-{number}", f"Žofie {number}", armed, fields, number=f"N{number}")
    case = new_case(ledger, event)
    case, _ = append(ledger, case, fired(typed={"override": f"so it was {number}"}))
    case, _ = append(ledger, case, noted(f"called {number}", contact="payer"))
    more = (
        facts.corrected(1, number=f"M{number}"),
        facts.voided(2, "draft"),
        facts.reminded("reply#1", "0bd", facts.NOV_20, "5bd"),
        facts.recorded("letter", typed={"file_name": f"letter {number}.pdf"}),
        facts.tolled("appeal#1"),
    )
    owner = facts.assigned("eva" if number % 2 else None)
    return append(ledger, case, more[number % len(more)], owner)[0]


def _tail(ledger: Ledger) -> None:
    """What is not sealed yet: three new cases, and more of three old ones."""
    for number in range(3):
        case = new_case(ledger, opened(f"T-{number}", f"Jana {number}"))
        append(ledger, case, noted(f"new {number}"), noted(f"newer {number}"))
    for case_id in list(ledger.case_ids())[:3]:
        case = replay(case_id, ledger.entries(case_id))
        append(ledger, case, noted("later"), noted("later still"))


class Entry(NamedTuple):
    """An entry as it is kept; ``sealed`` is the index of its leaf."""

    case: str
    version: int
    digest: bytes
    body: bytes
    sealed: int | None
    last: int


class Forger:
    """One copy of a ledger, and chance that comes out the same for the same seed."""

    in_file = True

    def __init__(self, original: Path, copy: Path, seed: int, *, careful: bool) -> None:
        shutil.copyfile(original, copy)
        self.path = copy
        self.place = str(copy)
        self.chance = Random(seed)
        self.careful = careful
        self._connection = sqlite3.connect(copy, isolation_level=None)
        self._triggers: list[str] = []
        for pragma in ("synchronous=OFF", "journal_mode=MEMORY", "secure_delete=ON"):
            self._connection.execute(f"PRAGMA {pragma}")

    def close(self) -> None:
        """A careful owner puts the triggers back as they were."""
        if self.careful:
            for sql in self._triggers:
                self._connection.execute(sql)
        self._connection.close()

    def remove(self) -> None:
        self.path.unlink()

    @property
    def unlocked(self) -> bool:
        return bool(self._triggers)

    def guards(self) -> list[tuple[Any, ...]]:
        """Each trigger's table and name."""
        return self.ask("SELECT tbl_name, name FROM sqlite_schema WHERE type = 'trigger'")

    def unlock(self) -> None:
        found = self.ask("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        for name, sql in found:
            self._triggers.append(sql)
            self._connection.execute(f"DROP TRIGGER {name}")

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, values).fetchall()

    def run(self, statement: str, *values: object) -> int:
        """As an owner: past every trigger. The number of rows that it changed."""
        if not self._triggers:
            self.unlock()
        return self._connection.execute(statement, values).rowcount

    def pick(self, rows: Iterable[Any]) -> Any:  # noqa: ANN401  # any row
        return self.chance.choice(list(rows))

    def texts(self, bodies: Sequence[bytes]) -> Sequence[bytes]:
        """Those that the database takes for texts."""
        return bodies

    def entry(self, where: str = "true", *, sealed: bool | None = None) -> Entry:
        """Some entry of a case, not of the ledger's own stream."""
        queue = {None: "true", True: "leaf_index IS NOT NULL", False: "leaf_index IS NULL"}[sealed]
        found = self.ask(
            f"""SELECT case_id, version, digest, CAST(body AS BLOB), leaf_index, last
            FROM ledger LEFT JOIN leaf USING (case_id, version) JOIN
            (SELECT case_id, max(version) AS last FROM ledger GROUP BY case_id) USING (case_id)
            WHERE case_id <> ? AND {where} AND {queue} ORDER BY case_id, version""",
            LEDGER_CASE,
        )
        return Entry(*self.pick(found))

    def chain(self, case: str) -> list[tuple[int, bytes]]:
        asked = "SELECT version, CAST(body AS BLOB) FROM ledger WHERE case_id = ? ORDER BY version"
        return self.ask(asked, case)

    def put(self, case: str, version: int, body: bytes, digest: bytes | None = None) -> None:
        """Another text for an entry, with its digest unless another one is given."""
        made = sha256(body).digest() if digest is None else digest
        chosen = "WHERE case_id = ? AND version = ?"
        self.run(f"UPDATE ledger SET body = CAST(? AS TEXT), digest = ? {chosen}",
                 body, made, case, version)  # fmt: skip

    def insert(self, case: str, version: int, body: bytes, digest: bytes | None = None) -> None:
        made = sha256(body).digest() if digest is None else digest
        self.run(
            """INSERT INTO ledger (case_id, version, type, "key", occurred_on, recorded_at, digest,
            body) SELECT ?, ?, type, ?, occurred_on, recorded_at, ?, CAST(? AS TEXT) FROM ledger
            WHERE case_id = ? ORDER BY version DESC LIMIT 1""",
            case, version, f"forged-{version}", made, body, case,
        )  # fmt: skip

    def rechain(self, case: str, version: int, body: bytes) -> None:
        """Another text for an entry, and every later one of the case made to follow it."""
        self.put(case, version, body)
        prev = sha256(body).hexdigest()
        for at, old in self.chain(case):
            if at > version:
                text = with_prev(old, prev)
                self.put(case, at, text)
                prev = sha256(text).hexdigest()

    def releaf(self) -> Mapping[int, Frontier]:
        """Every leaf and frontier made anew from the texts; the trees of the checkpoints' sizes."""
        found = self.ask(
            """SELECT leaf_index, CAST(body AS BLOB) FROM leaf JOIN ledger USING (case_id, version)
            ORDER BY leaf_index"""
        )
        hashes = [merkle.leaf(body) for _, body in found]
        for (index, _), made in zip(found, hashes, strict=True):
            self.run("UPDATE leaf SET hash = ? WHERE leaf_index = ?", made, index)
        trees = {}
        for (size,) in self.ask("SELECT size FROM frontier ORDER BY size"):
            trees[size] = merkle.grown(Frontier(), hashes[:size])
            self.run("UPDATE frontier SET hashes = ? WHERE size = ?", trees[size].packed, size)
        return trees

    def flip(self, value: bytes, within: range | None = None, width: int = 24) -> bool:
        """One bit of a value as it lies in the file; False if it cannot be told from others.

        It is told by ``width`` bytes around the bit.
        """
        content = self.path.read_bytes()
        for _ in range(50):
            at = self.chance.choice(within or range(len(value)))
            start = max(0, min(at - width // 2, len(value) - width))
            piece = value[start : start + width]
            if content.count(piece) == 1:
                place = content.index(piece) + at - start
                with self.path.open("r+b") as file:
                    file.seek(place)
                    file.write(bytes([content[place] ^ 1 << self.chance.randrange(8)]))
                return True
        return False


class ServerForger(Forger):
    """On a server a copy is a database, a bit can't be flipped, and a text is always UTF-8."""

    in_file = False

    def __init__(self, server: str, original: str, seed: int, *, careful: bool) -> None:
        self.chance = Random(seed)
        self.careful = careful
        self._copy = ExitStack()
        self.place = self._copy.enter_context(servers.database(server, original))
        plain = self.place.replace("postgresql+psycopg", "postgresql", 1)
        # A replica's session is past the foreign keys, as a file's is without its pragma.
        past = "-c search_path=casetrack -c session_replication_role=replica"
        plain = self.place.replace("postgresql+psycopg", "postgresql", 1)
        self._server = psycopg.connect(plain, autocommit=True, options=past)
        self._unlocked = False

    @property
    def unlocked(self) -> bool:
        return self._unlocked

    def close(self) -> None:
        if self.careful and self._unlocked:
            for table, name in self.guards():
                self._server.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}".encode())
        self._server.close()

    def remove(self) -> None:
        self._copy.close()

    def guards(self) -> list[tuple[Any, ...]]:
        return self.ask(
            """SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
            WHERE NOT tgisinternal ORDER BY tgname"""
        )

    def unlock(self) -> None:
        self._unlocked = True
        for table, name in self.guards():
            self._server.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}".encode())

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        found = self._server.execute(_on_server(statement), values)
        return found.fetchall() if found.description else []

    def run(self, statement: str, *values: object) -> int:
        if not self._unlocked:
            self.unlock()
        return self._server.execute(_on_server(statement), values).rowcount

    def texts(self, bodies: Sequence[bytes]) -> Sequence[bytes]:
        return [body for body in bodies if _is_text(body)]


def _on_server(statement: str) -> bytes:
    made = re.sub(r"CAST\((\w+) AS BLOB\)", r"convert_to(\1, 'UTF8')", statement.replace("%", "%%"))
    made = made.replace("CAST(? AS TEXT)", "convert_from(?, 'UTF8')")
    return made.replace("?", "%s").encode()


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def with_prev(body: bytes, prev: str) -> bytes:
    head, mark, tail = body.rpartition(b',"prev":"')
    assert mark
    return head + mark + prev.encode() + tail[64:]


def with_version(body: bytes, version: int) -> bytes:
    head, mark, _ = body.rpartition(b',"version":')
    return head + mark + b"%d}" % version
