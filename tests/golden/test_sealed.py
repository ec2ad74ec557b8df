"""The first sealed ledger is proved and replayed for ever, and is sealed alike to the byte."""

import json
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

from casetrack.audit import notes
from casetrack.audit.heads import Outside
from casetrack.ledger import connect
from casetrack.ledger.schema import create_schema, set_up
from casetrack.ledger.sql import open_ledger
from casetrack.ledger.store import LEDGER_CASE
from casetrack.service.replaying import replay
from casetrack.service.verifying import verify
from tests import rfc6962
from tests.fakes import fixed_sources
from tests.golden import make_guide
from tests.golden.make_sealed import FOLDER, build, files

FIRST, SECOND = (
    "141095f15c4b84e7172070294abcd5ce575d24ef4f9fdd1784a7f649bda03d78",
    "0b7b7d7064f1317359b89fd2b188a00e0900984568e4a7bece402bdfa1fe8305",
)
HEADS = {
    17: "iJX0AeOFHp0aFiUFHCBCltXYxaQjTZIvrvV5LkILuHE=",
    23: "acexSravk5rwXivJGa/ifhYX1yjBcUDR3mFpKDW5IEg=",
    36: "4TN7P08+rnytgHafbVshH8jhaMEZtKdcX3Y1M/gNpp8=",
}


def lines(name: str) -> list[str]:
    return (FOLDER / name).read_bytes().decode().split("\n")[:-1]


def bodies() -> Iterator[tuple[str, int, str]]:
    for line in lines("bodies.jsonl"):
        members = json.loads(line)
        yield members["case"], members["version"], line


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The frozen files as a database of today."""
    path = tmp_path / "ledger.db"
    path.touch()
    engine = connect.engine_for(path)
    set_up(engine)
    with connect.writing(engine).begin() as connection:
        create_schema(connection)
    engine.dispose()
    with closing(sqlite3.connect(path)) as database, database:
        _fill(database)
    ledger = open_ledger(str(path), fixed_sources())
    ledger.rebuild()
    ledger.close()
    return path


def _fill(connection: sqlite3.Connection) -> None:
    for case, version, body in bodies():
        m = json.loads(body)
        columns = [m[name] for name in ("type", "key", "occurred_on", "recorded_at")]
        digest = sha256(body.encode()).digest()
        row = (case, version, *columns, digest, body)
        connection.execute("INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    leaves = [json.loads(line) for line in lines("leaves.jsonl")]
    for index, case, version, hash_ in leaves:
        row = (index, case, version, bytes.fromhex(hash_))
        connection.execute("INSERT INTO leaf VALUES (?, ?, ?, ?)", row)
    sealed = {(case, version) for _, case, version, _ in leaves}
    for case, version in sorted({(c, v) for c, v, _ in bodies()} - sealed):
        connection.execute("INSERT INTO unsealed (case_id, version) VALUES (?, ?)", (case, version))
    for line in lines("frontiers.jsonl"):
        size, hashes = json.loads(line)
        connection.execute("INSERT INTO frontier VALUES (?, ?)", (size, bytes.fromhex(hashes)))
        note = (FOLDER / f"checkpoint-{size}").read_text("utf-8")
        connection.execute("INSERT INTO checkpoint VALUES (?, ?)", (size, note))
    for line in lines("disclosures.jsonl"):
        connection.execute("INSERT INTO disclosure VALUES (?, ?, ?, ?)", json.loads(line))
    for digest_ in (make_guide.GUIDE, make_guide.ILLINOIS):
        text = make_guide.kept(digest_)
        connection.execute("INSERT INTO definition VALUES (?, ?)", (digest_, text))


def outside(size: int, fingerprint: str) -> Outside:
    note = notes.parse((FOLDER / f"checkpoint-{size}").read_text("utf-8"))
    return Outside(name="the checkpoint given", note=note, fingerprint=fingerprint)


def test_the_same_inputs_give_the_same_bytes() -> None:
    made = files(build())
    assert set(made) == {path.name for path in FOLDER.iterdir()} - {"README.md"}
    for name, content in made.items():
        assert content == (FOLDER / name).read_bytes(), name


def test_it_is_proved_by_each_of_its_checkpoints_and_replays(path: Path) -> None:
    for size in HEADS:
        found = verify(str(path), [outside(size, FIRST)])
        assert (found.problems, found.proved) == ([], outside(size, FIRST))
    assert verify(str(path), [outside(max(HEADS), SECOND)]).ok
    replayed = replay(str(path))
    assert (replayed.cases, replayed.differing) == (1, ())
    assert replayed.entries == sum(case != LEDGER_CASE for case, _, _ in bodies())


def test_its_heads_are_what_they_were() -> None:
    for size, root in HEADS.items():
        head = notes.parse((FOLDER / f"checkpoint-{size}").read_text("utf-8")).checkpoint
        assert (head.size, b64encode(head.root).decode()) == (size, root)


def test_each_leaf_is_of_its_entry_and_they_make_the_heads_by_another_reckoning() -> None:
    texts = {(case, version): body.encode() for case, version, body in bodies()}
    leaves = [json.loads(line) for line in lines("leaves.jsonl")]
    assert [index for index, *_ in leaves] == list(range(len(leaves)))
    data = [texts[case, version] for _, case, version, _ in leaves]
    assert [hash_ for *_, hash_ in leaves] == [sha256(b"\0" + d).hexdigest() for d in data]
    for size, root in HEADS.items():
        assert b64encode(rfc6962.mth(tuple(data[:size]))).decode() == root


def test_each_batch_stands_by_time_case_and_version() -> None:
    times = {(case, version): json.loads(body)["recorded_at"] for case, version, body in bodies()}
    leaves = [(case, version) for _, case, version, _ in map(json.loads, lines("leaves.jsonl"))]
    ends = [0, *sorted(HEADS)]
    for start, end in pairwise(ends):
        batch = [(times[place], *place) for place in leaves[start:end]]
        assert batch == sorted(batch)
