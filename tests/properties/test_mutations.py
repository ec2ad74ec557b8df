"""Every change of a stored value is found and called by its name; an untouched ledger passes.

Each mutation is made at many places by a seeded chance, by a careful owner, who puts the triggers
back, and by a careless one, in a file and on a server. ``scripts/test --full`` makes over a
thousand in each.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from msgspec.structs import asdict

from casetrack.audit import notes
from casetrack.audit import verdict as told
from casetrack.audit.heads import Outside
from casetrack.audit.problems import Kind
from casetrack.audit.verdict import Verdict
from casetrack.errors import CasetrackError
from casetrack.ledger.store import LEDGER_CASE
from casetrack.service.verifying import verify
from tests import sealing, servers
from tests.conftest import FULL
from tests.mutated import (
    TABLES,
    Entry,
    Forger,
    ServerForger,
    filled,
    in_one_file,
    with_prev,
    with_version,
)

SEEDS = range(18 if FULL else 2)  # odd ones for the careful owner
NEW = "01a19cc6-3d80-7000-8000-00000000dead"


class Found(NamedTuple):
    """What has to be found: a kind, where that is known, and what else may be."""

    kind: Kind
    case: str | None = None
    version: int | None = None
    also: frozenset[str] = frozenset()


Mutation = Callable[[Forger], Found | None]
MUTATIONS: dict[str, Mutation] = {}


def mutation(change: Mutation) -> Mutation:
    """A change by name; it gives None where it came to nothing."""
    MUTATIONS[change.__name__] = change
    return change


class Base(NamedTuple):
    path: Path
    older: str
    newer: str


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    path = tmp_path_factory.mktemp("base") / "ledger.db"
    return Base(path, *in_one_file(path))


@pytest.fixture(scope="module")
def shared(server: str) -> Iterator[str]:
    """The same on a server: the URL of a database to be copied."""
    with servers.database(server) as url:
        filled(url)
        yield url


def outside(note: str, secret: bytes | None = sealing.FIRST) -> Outside:
    fingerprint = None if secret is None else sealing.print_of(secret)
    return Outside(name="the checkpoint given", note=notes.parse(note), fingerprint=fingerprint)


def kinds(verdict: Verdict) -> set[str]:
    return {problem.kind for problem in verdict.problems}


# Texts and digests


@mutation
def a_text_with_another_actor(f: Forger) -> Found:
    entry = f.entry()
    f.put(entry.case, entry.version, entry.body.replace(b'"eva"', b'"ota"', 1), entry.digest)
    return Found("altered", entry.case, entry.version)


@mutation
def a_text_changed_with_its_digest(f: Forger) -> Found:
    entry = f.entry("version < last")
    f.put(entry.case, entry.version, entry.body.replace(b'"eva"', b'"ota"', 1))
    return Found("altered", entry.case, entry.version)


@mutation
def a_text_and_all_that_follow_it_made_anew(f: Forger) -> Found:
    entry = f.entry(sealed=True)
    f.rechain(entry.case, entry.version, entry.body.replace(b'"eva"', b'"ota"', 1))
    return Found("altered", entry.case, entry.version)


@mutation
def a_text_that_follows_another(f: Forger) -> Found:
    entry = f.entry("version > 1 AND version < last")
    f.put(entry.case, entry.version, with_prev(entry.body, "0" * 64))
    return Found("altered", entry.case, entry.version)


@mutation
def a_text_that_is_none(f: Forger) -> Found:
    entry = f.entry()
    bodies = (b"", b"{}", b"[" * 9_000, b"\xff\xfe", b"null", b'{"case":1}', b"{" * 50)
    f.put(entry.case, entry.version, f.pick(f.texts(bodies)), entry.digest)
    return Found("altered", entry.case, entry.version)


@mutation
def a_text_of_another_version(f: Forger) -> Found:
    entry = f.entry("version < last")
    f.put(entry.case, entry.version, with_version(entry.body, f.pick((0, 77, 2**60))), entry.digest)
    return Found("altered", entry.case, entry.version)


@mutation
def a_digest(f: Forger) -> Found:
    entry = f.entry()
    f.put(entry.case, entry.version, entry.body, f.chance.randbytes(32))
    return Found("altered", entry.case, entry.version)


@mutation
def the_digest_of_another_entry(f: Forger) -> Found | None:
    entry, other = f.entry(), f.entry()
    if entry == other:
        return None
    f.put(entry.case, entry.version, entry.body, other.digest)
    return Found("altered", entry.case, entry.version)


@mutation
def a_copy_in_the_place_of_an_entry(f: Forger) -> Found:
    entry = f.entry("version < last")
    other = f.entry("version = last")
    f.put(entry.case, entry.version, other.body, f.pick((entry.digest, other.digest)))
    return Found("altered", entry.case, entry.version)


@mutation
def the_ledgers_opening(f: Forger) -> Found:
    ((_, body), *_) = f.chain(LEDGER_CASE)
    f.put(LEDGER_CASE, 1, body.replace(b'"practice":true', b'"practice":false'))
    return Found("altered", LEDGER_CASE, 1)


@mutation
def a_flipped_bit_of_a_text(f: Forger) -> Found | None:
    entry = f.entry("length(body) < 1500")
    found = Found("altered", entry.case, entry.version)
    return found if f.flip(entry.body) else None


@mutation
def a_flipped_bit_of_a_digest(f: Forger) -> Found | None:
    entry = f.entry()
    found = Found("altered", entry.case, entry.version)
    return found if f.flip(entry.digest) else None


@mutation
def a_text_that_is_not_canonical(f: Forger) -> Found:
    entry = f.entry("version = last", sealed=False)
    body = f.pick(f.texts([
        entry.body.replace(b'"v":1', b'"v": 1'),
        entry.body.replace(b'"v":1', b'"v":1,"v":1'),
        entry.body.replace(b'"v":1', b'"v":1.0'),
        entry.body.replace(b'"eva"', b'"ev\\u0061"'),
        entry.body.replace(b'"eva"', b'"\\u001b"'),
        entry.body.replace(b'"eva"', b'"ev\xc2\x9ba"'),
        entry.body.replace(b'"v":1', b'"u":1,"v":1'),
        entry.body.replace(b'"type":"', b'"type":"Un'),
        b"{}",
        b"[" * 100_000,
        b"\xff",
    ]))  # fmt: skip
    f.put(entry.case, entry.version, body)
    return Found("not canonical", entry.case, entry.version)


# Entries that are gone, came or moved


@mutation
def an_entry_deleted_in_between(f: Forger) -> Found:
    entry = f.entry("version < last")
    f.run("DELETE FROM ledger WHERE case_id = ? AND version = ?", entry.case, entry.version)
    return Found("missing", entry.case, entry.version, frozenset({"value without entry"}))


@mutation
def an_entry_deleted_with_all_that_names_it(f: Forger) -> Found:
    entry = f.entry("version < last")
    for table in ("ledger", "disclosure", "unsealed", "leaf"):
        where = "WHERE case_id = ? AND version = ?"
        f.run(f"DELETE FROM {table} {where}", entry.case, entry.version)
    return Found("missing", entry.case, entry.version, frozenset({"leaf altered"}))


@mutation
def an_entry_deleted_and_the_others_numbered_anew(f: Forger) -> Found:
    entry = f.entry("version < last")
    where = "WHERE case_id = ? AND version"
    f.run(f"DELETE FROM ledger {where} = ?", entry.case, entry.version)
    for version in range(entry.version + 1, entry.last + 1):
        f.run(f"UPDATE ledger SET version = ? {where} = ?", version - 1, entry.case, version)
    also = {"column differs", "truncated", "value without entry"}
    return Found("missing", entry.case, entry.version, frozenset(also))


@mutation
def an_entry_put_in_past_casetrack(f: Forger) -> Found:
    entry = f.entry("version = last")
    body = with_version(with_prev(entry.body, entry.digest.hex()), entry.version + 1)
    body = body.replace(b'"key":"', b'"key":"forged-')
    f.insert(entry.case, entry.version + 1, body)
    f.run('UPDATE ledger SET "key" = ? WHERE "key" = ?',
          json.loads(body)["key"], f"forged-{entry.version + 1}")  # fmt: skip
    also = frozenset({"value missing", "view differs"})
    return Found("inserted", entry.case, entry.version + 1, also)


@mutation
def a_copy_put_in_at_the_end(f: Forger) -> Found:
    entry, other = f.entry("version = last"), f.entry()
    f.insert(entry.case, entry.version + 1, other.body)
    return Found("inserted", entry.case, entry.version + 1)


@mutation
def an_entry_of_another_ledger(f: Forger) -> Found:
    entry = f.entry("version = last")
    body = with_version(with_prev(entry.body, entry.digest.hex()), entry.version + 1)
    ledger = json.loads(body)["ledger"].encode()
    f.insert(entry.case, entry.version + 1, body.replace(ledger, ledger[::-1].replace(b"-", b"0")))
    return Found("inserted", entry.case, entry.version + 1)


@mutation
def an_entry_put_in_between(f: Forger) -> Found:
    entry = f.entry("version > 1 AND version < last")
    for version in range(entry.last, entry.version - 1, -1):
        f.run("UPDATE ledger SET version = ? WHERE case_id = ? AND version = ?",
              version + 1, entry.case, version)  # fmt: skip
    f.insert(entry.case, entry.version, entry.body.replace(b'"eva"', b'"ota"', 1))
    return Found("inserted", entry.case, None, frozenset({"column differs"}))


@mutation
def two_texts_of_a_case_swapped(f: Forger) -> Found:
    entry = f.entry("version < last")
    chain = dict(f.chain(entry.case))
    other = f.pick(version for version in chain if version > entry.version)
    with_digests = f.pick((True, False))
    for at, body in ((entry.version, chain[other]), (other, chain[entry.version])):
        kept = sha256(chain[at]).digest()
        f.put(entry.case, at, body, None if with_digests else kept)
    return Found("reordered", entry.case, entry.version)


@mutation
def two_texts_of_two_cases_swapped(f: Forger) -> Found | None:
    entry, other = f.entry(), f.entry()
    if entry.case == other.case:
        return None
    with_digests = f.pick((True, False))
    f.put(entry.case, entry.version, other.body, None if with_digests else entry.digest)
    f.put(other.case, other.version, entry.body, None if with_digests else other.digest)
    return Found("reordered", entry.case, entry.version)


@mutation
def three_texts_of_a_case_turned_round(f: Forger) -> Found:
    entry = f.entry("version + 2 <= last")
    chain = dict(f.chain(entry.case))
    for at in range(3):
        f.put(entry.case, entry.version + at, chain[entry.version + (at + 1) % 3])
    return Found("reordered", entry.case, entry.version)


@mutation
def the_end_of_a_case_cut_off(f: Forger) -> Found:
    entry = f.entry("version > 1")
    f.run("DELETE FROM ledger WHERE case_id = ? AND version >= ?", entry.case, entry.version)
    return Found("truncated", entry.case, entry.version, frozenset({"value without entry"}))


@mutation
def the_end_of_an_unsealed_case_cut_off_but_for_its_view(f: Forger) -> Found:
    entry = f.entry("version > 1", sealed=False)
    for table in ("ledger", "disclosure", "unsealed"):
        where = "WHERE case_id = ? AND version >= ?"
        f.run(f"DELETE FROM {table} {where}", entry.case, entry.version)
    return Found("truncated", entry.case, entry.version, frozenset({"view differs"}))


@mutation
def the_end_of_the_ledgers_own_stream_cut_off(f: Forger) -> Found:
    f.run("DELETE FROM ledger WHERE case_id = ? AND version = 3", LEDGER_CASE)
    return Found("truncated", LEDGER_CASE, 3, frozenset({"checkpoint rewritten"}))


@mutation
def the_last_leaves_taken_off_with_their_entries(f: Forger) -> Found:
    """With the frontiers that knew them; a checkpoint still does."""
    ((size,),) = f.ask("SELECT max(size) FROM checkpoint")
    kept = size - f.chance.randrange(1, 5)
    gone = f.ask("SELECT case_id, version FROM leaf WHERE leaf_index >= ?", kept)
    f.run("DELETE FROM leaf WHERE leaf_index >= ?", kept)
    f.run("DELETE FROM frontier WHERE size > ?", kept)
    for case, version in gone:
        f.run("INSERT INTO unsealed (case_id, version) VALUES (?, ?)", case, version)
    return Found("truncated", None, None, frozenset({"leaf altered"}))


@mutation
def a_case_deleted(f: Forger) -> Found:
    entry = f.entry(sealed=f.pick((True, False)))
    f.run("DELETE FROM ledger WHERE case_id = ?", entry.case)
    for table in f.pick(((), ("disclosure",), ("disclosure", "case_view", "value_view"))):
        f.run(f"DELETE FROM {table} WHERE case_id = ?", entry.case)
    return Found("case deleted", entry.case, None, frozenset({"value without entry"}))


@mutation
def a_case_deleted_but_for_its_view(f: Forger) -> Found:
    entry = f.entry("last = 3", sealed=False)
    for table in ("ledger", "disclosure", "unsealed"):
        f.run(f"DELETE FROM {table} WHERE case_id = ?", entry.case)
    return Found("case deleted", entry.case)


@mutation
def the_ledgers_own_stream_deleted(f: Forger) -> Found:
    f.run("DELETE FROM ledger WHERE case_id = ?", LEDGER_CASE)
    return Found("case deleted", LEDGER_CASE, None, frozenset({"checkpoint rewritten"}))


@mutation
def everything_made_anew_below_a_signature(f: Forger) -> Found:
    """By somebody who has not the key: texts, chain, leaves and frontiers fit each other."""
    entry = f.entry("leaf_index < (SELECT min(size) FROM checkpoint)", sealed=True)
    f.rechain(entry.case, entry.version, entry.body.replace(b'"eva"', b'"ota"', 1))
    f.releaf()
    return Found("forked")


# Columns

COLUMNS = {
    "type": ["NoteAdded2", "ValueRedacted"],
    "key": ["k-1"],
    "occurred_on": ["2026-01-01", ""],
    "recorded_at": ["2026-11-02T15:00:00.000001Z", "2031-01-01T00:00:00.000000Z"],
}


@mutation
def a_column(f: Forger) -> Found:
    entry = f.entry()
    name = f.pick(COLUMNS)
    f.run(f'UPDATE ledger SET "{name}" = ? WHERE case_id = ? AND version = ?',
          f.pick(COLUMNS[name]), entry.case, entry.version)  # fmt: skip
    return Found("column differs", entry.case, entry.version)


@mutation
def the_case_of_a_whole_case(f: Forger) -> Found:
    entry = f.entry()
    f.run("UPDATE ledger SET case_id = ? WHERE case_id = ?", NEW, entry.case)
    also = {"case deleted", "value without entry"}
    return Found("column differs", NEW, entry.version, frozenset(also))


@mutation
def the_version_of_an_entry(f: Forger) -> Found:
    entry = f.entry("version < last")
    f.run("UPDATE ledger SET version = 50 WHERE case_id = ? AND version = ?",
          entry.case, entry.version)  # fmt: skip
    return Found("column differs", entry.case, 50, frozenset({"value without entry"}))


@mutation
def a_flipped_bit_of_a_column(f: Forger) -> Found | None:
    """Of the key, which is as long as it is random."""
    entry = f.entry()
    ((key,),) = f.ask('SELECT "key" FROM ledger WHERE case_id = ? AND version = ?', *entry[:2])
    ((type_,),) = f.ask("SELECT type FROM ledger WHERE case_id = ? AND version = ?", *entry[:2])
    record = f"{entry.case}".encode() + bytes([entry.version]) + f"{type_}{key}".encode()
    found = Found("column differs", entry.case, entry.version)
    return found if f.flip(record, range(37, len(record))) else None


# Disclosures and definitions


def a_value(f: Forger) -> tuple[str, int, str, str]:
    rows = f.ask("SELECT case_id, version, name, text FROM disclosure ORDER BY 1, 2, 3")
    case, version, name, text = f.pick(rows)
    return case, version, name, text


VALUE = "WHERE case_id = ? AND version = ? AND name = ?"


@mutation
def a_value_changed(f: Forger) -> Found:
    case, version, name, text = a_value(f)
    salt, _, value = json.loads(text)
    other = f.pick([
        json.dumps([salt, name, "other"]), json.dumps([salt[::-1] + "0", name, value]),
        text + " ", "", "[" * 5_000, json.dumps([salt, "number", value, 1]),
    ])  # fmt: skip
    f.run(f"UPDATE disclosure SET text = ? {VALUE}", other, case, version, name)
    return Found("value altered", case, version)


@mutation
def a_value_that_is_no_text(f: Forger) -> Found:
    case, version, name, _ = a_value(f)
    f.run(f"UPDATE disclosure SET text = CAST(? AS TEXT) {VALUE}", b"\xff", case, version, name)
    return Found("value altered", case, version)


@mutation
def a_flipped_bit_of_a_value(f: Forger) -> Found | None:
    case, version, _, text = a_value(f)
    found = Found("value altered", case, version)
    return found if f.flip(text.encode()) else None


@mutation
def a_value_deleted(f: Forger) -> Found:
    case, version, name, _ = a_value(f)
    f.run(f"DELETE FROM disclosure {VALUE}", case, version, name)
    return Found("value missing", case, version)


@mutation
def a_value_under_another_name(f: Forger) -> Found:
    case, version, name, _ = a_value(f)
    f.run(f"UPDATE disclosure SET name = 'other' {VALUE}", case, version, name)
    return Found("value without entry", case, version, frozenset({"value missing"}))


@mutation
def a_value_that_nobody_sealed(f: Forger) -> Found:
    entry = f.entry()
    f.run("INSERT INTO disclosure VALUES (?, ?, 'forged', '[]')", entry.case, entry.version)
    return Found("value without entry", entry.case, entry.version)


@mutation
def a_value_of_no_entry(f: Forger) -> Found:
    entry = f.entry()
    case, version = f.pick([(entry.case, entry.last + 1), (NEW, 1)])
    f.run("INSERT INTO disclosure VALUES (?, ?, 'patient', '[]')", case, version)
    return Found("value without entry", case, version, frozenset({"case deleted"}))


@mutation
def a_redacted_value_that_is_there_again(f: Forger) -> Found:
    case, version = f.pick(
        f.ask("SELECT case_id, version FROM ledger WHERE type = 'ValueRedacted'")
    )
    assert version
    f.run("INSERT INTO disclosure VALUES (?, 1, 'patient', '[]')", case)
    return Found("value without entry", case, 1, frozenset({"value altered"}))


@mutation
def a_definition_changed(f: Forger) -> Found:
    f.run("UPDATE definition SET text = text || ?", f.pick((" ", "x")))
    return Found("definition altered")


@mutation
def a_definition_deleted(f: Forger) -> Found:
    f.run("DELETE FROM definition")
    return Found("definition altered")


@mutation
def a_definition_under_another_digest(f: Forger) -> Found:
    f.run("UPDATE definition SET digest = ?", f.chance.randbytes(32).hex())
    return Found("definition altered")


# Leaves, frontiers and checkpoints


def a_leaf(f: Forger) -> tuple[int, str, int, bytes]:
    rows = f.ask("SELECT leaf_index, case_id, version, hash FROM leaf ORDER BY leaf_index")
    index, case, version, found = f.pick(rows)
    return index, case, version, found


@mutation
def a_leaf_of_another_text(f: Forger) -> Found:
    index, case, version, _ = a_leaf(f)
    f.run("UPDATE leaf SET hash = ? WHERE leaf_index = ?", f.chance.randbytes(32), index)
    return Found("leaf altered", case, version)


@mutation
def a_flipped_bit_of_a_leaf(f: Forger) -> Found | None:
    _, case, version, found = a_leaf(f)
    return Found("leaf altered", case, version) if f.flip(found) else None


@mutation
def a_leaf_deleted(f: Forger) -> Found:
    index, case, version, _ = a_leaf(f)
    f.run("DELETE FROM leaf WHERE leaf_index = ?", index)
    return Found("leaf altered", case, version, frozenset({"truncated"}))


@mutation
def two_leaves_under_each_others_entries(f: Forger) -> Found | None:
    one, other = a_leaf(f), a_leaf(f)
    if one == other:
        return None
    f.run("UPDATE leaf SET version = version + 1000 WHERE leaf_index = ?", one[0])
    f.run("UPDATE leaf SET case_id = ?, version = ? WHERE leaf_index = ?", *one[1:3], other[0])
    f.run("UPDATE leaf SET case_id = ?, version = ? WHERE leaf_index = ?", *other[1:3], one[0])
    return Found("leaf altered", one[1], one[2])


@mutation
def two_leaves_in_each_others_places(f: Forger) -> Found | None:
    one, other = a_leaf(f), a_leaf(f)
    if one == other:
        return None
    for now, then in ((one[0], 9_999), (other[0], one[0]), (9_999, other[0])):
        f.run("UPDATE leaf SET leaf_index = ? WHERE leaf_index = ?", then, now)
    return Found("leaf altered", None, None, frozenset({"forked"}))


@mutation
def a_leaf_under_an_entry_that_is_none(f: Forger) -> Found:
    index, case, version, _ = a_leaf(f)
    changed = f.pick((f"case_id = '{NEW}'", "version = 99"))
    f.run(f"UPDATE leaf SET {changed} WHERE leaf_index = ?", index)
    return Found("leaf altered", case, version)


@mutation
def a_sealed_entry_that_waits_again(f: Forger) -> Found:
    _, case, version, _ = a_leaf(f)
    f.run("INSERT INTO unsealed (case_id, version) VALUES (?, ?)", case, version)
    return Found("leaf altered", case, version)


@mutation
def an_entry_that_waits_no_more(f: Forger) -> Found:
    entry = f.entry(sealed=False)
    f.run("DELETE FROM unsealed WHERE case_id = ? AND version = ?", entry.case, entry.version)
    return Found("inserted", entry.case, entry.version)


@mutation
def a_frontier(f: Forger) -> Found | None:
    size, found = f.pick(f.ask("SELECT size, hashes FROM frontier"))
    match f.chance.randrange(4 if f.in_file else 3):
        case 0:
            f.run("UPDATE frontier SET hashes = ? WHERE size = ?", found[32:], size)
        case 1:
            f.run("UPDATE frontier SET size = size + ? WHERE size = ?", 100_000, size)
        case 2:
            f.run("DELETE FROM frontier WHERE size = ?", size)
        case _:
            return Found("leaf altered") if f.flip(found) else None
    return Found("leaf altered")


@mutation
def a_checkpoint(f: Forger) -> Found:
    size, note = f.pick(f.ask("SELECT size, note FROM checkpoint"))
    ((body,),) = f.ask("SELECT body FROM ledger WHERE version = 1 AND case_id = ?", LEDGER_CASE)
    ledger = json.loads(body)["ledger"]
    root = notes.parse(note).checkpoint.root
    other = f.pick([
        note.replace(f"\n{size}\n", f"\n{size - 1}\n"),
        note[:-1],
        "",
        note.replace("—", "-"),
        sealing.note_of(ledger, size, root, [sealing.FOREIGN]),
        sealing.note_of(ledger, size, b"\1" * 32, [sealing.FOREIGN]),
        sealing.note_of(ledger[::-1], size, root, [sealing.FIRST]),
        sealing.note_of(ledger, size - 1, root, [sealing.FIRST]),
    ])  # fmt: skip
    f.run("UPDATE checkpoint SET note = ? WHERE size = ?", other, size)
    return Found("checkpoint rewritten")


@mutation
def a_flipped_bit_of_a_checkpoint(f: Forger) -> Found | None:
    (note,) = f.pick(f.ask("SELECT note FROM checkpoint"))
    return Found("checkpoint rewritten") if f.flip(note.encode()) else None


@mutation
def a_checkpoint_taken_away(f: Forger) -> Found:
    """Not the last one: a seal that was cut off leaves none either."""
    *earlier, _ = f.ask("SELECT size FROM checkpoint ORDER BY size")
    (size,) = f.pick(earlier)
    f.run("DELETE FROM checkpoint WHERE size = ?", size)
    return Found("checkpoint rewritten")


@mutation
def a_checkpoint_of_another_size(f: Forger) -> Found:
    (size,) = f.pick(f.ask("SELECT size FROM checkpoint"))
    f.run("UPDATE checkpoint SET size = size + ? WHERE size = ?", f.pick((1, -1, 99_999)), size)
    return Found("checkpoint rewritten")


@mutation
def a_key_that_was_not_handed_over(f: Forger) -> Found:
    """In the last entry of the ledger's own stream, which is made to hold together."""
    ((body,),) = f.ask("SELECT body FROM ledger WHERE version = 1 AND case_id = ?", LEDGER_CASE)
    forged = sealing.rotation(json.loads(body)["ledger"], sealing.FOREIGN, sealing.SECOND)
    chain = dict(f.chain(LEDGER_CASE))
    ((old,),) = f.ask("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1")
    assert old
    members = json.loads(chain[3])
    members["data"] |= {"old": forged.old, "signed_by_old": forged.signed_by_old,
                        "signed_by_new": forged.signed_by_new}  # fmt: skip
    text = json.dumps(members, separators=(",", ":"), sort_keys=True).encode()
    f.rechain(LEDGER_CASE, 3, text)
    return Found("checkpoint rewritten", LEDGER_CASE, 3, frozenset({"altered"}))


# Views and the schema

IN_VIEWS = {
    "case_view": {
        "reference": "C-X", "workflow": "x", "definition": "x", "state": "won", "final": 1,
        "assignee": "mallory", "version": 2_000, "silent": 7,
    },
    "deadline_view": {
        "clock": "x", "owner": "x", "kind": "planned", "due_on": "2031-01-01", "due_at": "x",
        "act_by": "2031-01-01", "law_by": "2031-01-01", "stated_due_on": "2031-01-01",
        "outcome": "lapsed", "unproven": 1, "tolled_on": "2031-01-01", "rungs": "9bd",
        "sent": "9bd", "counted_from": "x", "deadline": "reply#9",
    },
    "value_view": {"name": "x", "position": 9, "value": "x"},
}  # fmt: skip


@mutation
def a_value_in_a_view(f: Forger) -> Found:
    table = f.pick(IN_VIEWS)
    row = f.pick(f.ask(f"SELECT * FROM {table} ORDER BY 1, 2"))
    name = f.pick(IN_VIEWS[table])
    key = {"case_view": ("case_id",), "deadline_view": ("case_id", "deadline"),
           "value_view": ("case_id", "name", "position")}[table]  # fmt: skip
    where = " AND ".join(f"{column} = ?" for column in key)
    f.run(f"UPDATE {table} SET {name} = ? WHERE {where}", IN_VIEWS[table][name], *row[: len(key)])
    return Found("view differs", row[0], None, frozenset({"truncated"}))


@mutation
def a_row_of_a_view_gone(f: Forger) -> Found:
    table = f.pick(IN_VIEWS)
    (case,) = f.pick(f.ask(f"SELECT case_id FROM {table} ORDER BY 1"))
    f.run(f"DELETE FROM {table} WHERE case_id = ?", case)
    return Found("view differs", case)


@mutation
def a_value_that_no_case_has_in_a_view(f: Forger) -> Found:
    entry = f.entry()
    f.run("INSERT INTO value_view VALUES (?, 'x', 0, 'x')", entry.case)
    return Found("view differs", entry.case)


@mutation
def a_flipped_bit_of_a_view(f: Forger) -> Found | None:
    case, reference, workflow = f.pick(f.ask("SELECT case_id, reference, workflow FROM case_view"))
    record = f"{case}{reference}{workflow}".encode()
    return Found("view differs", case) if f.flip(record, range(36, len(record))) else None


@mutation
def a_flipped_bit_of_an_index(f: Forger) -> Found | None:
    """Of the one that the docket is read from, its table as it was."""
    rows = f.ask(
        """SELECT act_by || due_at || case_id || deadline FROM deadline_view
        WHERE outcome IS NULL ORDER BY 1"""
    )
    (record,) = f.pick(rows)
    found = f.flip(record.encode(), width=len(record))
    return Found("view differs") if found else None


@mutation
def a_trigger_dropped(f: Forger) -> Found:
    (name,) = f.pick(f.ask("SELECT name FROM sqlite_schema WHERE type = 'trigger' ORDER BY 1"))
    f.ask(f"DROP TRIGGER {name}")
    return Found("schema changed")


@mutation
def a_trigger_that_does_nothing(f: Forger) -> Found:
    rows = f.ask("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY 1")
    name, sql = f.pick(rows)
    f.ask(f"DROP TRIGGER {name}")
    f.ask(f"{sql.partition(' BEGIN ')[0]} BEGIN SELECT 1; END")
    return Found("schema changed")


@mutation
def a_flipped_bit_of_a_trigger(f: Forger) -> Found | None:
    rows = f.ask("SELECT sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY 1")
    (sql,) = f.pick(rows)
    return Found("schema changed") if f.flip(sql.encode()) else None


@mutation
def something_more_in_the_schema(f: Forger) -> Found:
    f.ask(f.pick([
        "CREATE TABLE more (a)",
        "CREATE VIEW more AS SELECT 1 AS a",
        "CREATE INDEX more ON ledger (type)",
        "CREATE TRIGGER more AFTER INSERT ON ledger BEGIN SELECT 1; END",
        "DROP INDEX entry_by_time",
        "DROP INDEX open_deadline",
        "DROP TABLE heartbeat",
        "ALTER TABLE ledger ADD COLUMN more TEXT",
        "ALTER TABLE case_view RENAME COLUMN state TO stand",
        "PRAGMA application_id = 7",
        "UPDATE alembic_version SET version_num = '0001'",
        "UPDATE alembic_version SET version_num = '9999'",
        "INSERT INTO alembic_version VALUES ('0000')",
        "DROP TABLE leaf",
    ]))  # fmt: skip
    return Found("schema changed")


# On a server: without what is done to a file's bytes or schema

IN_A_FILE = {
    "a_value_that_is_no_text", "a_trigger_dropped", "a_trigger_that_does_nothing",
    "something_more_in_the_schema",
    *(name for name in MUTATIONS if name.startswith("a_flipped_bit_")),
}  # fmt: skip


def a_guard_off(f: Forger) -> Found:
    table, name = f.pick(f.guards())
    how = f.pick(("DISABLE", "ENABLE", "ENABLE REPLICA"))
    f.ask(f"ALTER TABLE {table} {how} TRIGGER {name}")
    return Found("schema changed")


def a_guard_dropped(f: Forger) -> Found:
    table, name = f.pick(f.guards())
    f.ask(f"DROP TRIGGER {name} ON {table}")
    return Found("schema changed")


def a_guard_that_does_nothing(f: Forger) -> Found:
    _, name = f.pick(f.guards())
    f.ask(f"""CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN RETURN NEW; END'""")
    return Found("schema changed")


def something_else_in_the_schema(f: Forger) -> Found:
    f.ask(f.pick([
        "CREATE TABLE more (a int)",
        "CREATE VIEW more AS SELECT 1 AS a",
        "CREATE INDEX more ON ledger (type)",
        "CREATE RULE more AS ON INSERT TO claim DO INSTEAD NOTHING",
        "CREATE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP INDEX entry_by_time",
        "DROP INDEX open_deadline",
        "DROP TABLE heartbeat",
        "ALTER TABLE ledger ADD COLUMN more text",
        "ALTER TABLE ledger ALTER COLUMN body DROP NOT NULL",
        "ALTER TABLE ledger ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE case_view RENAME COLUMN state TO stand",
    ]))  # fmt: skip
    return Found("schema changed")


ON_SERVER: dict[str, Mutation] = {
    **{name: change for name, change in MUTATIONS.items() if name not in IN_A_FILE},
    **{change.__name__: change for change in (
        a_guard_off, a_guard_dropped, a_guard_that_does_nothing, something_else_in_the_schema,
    )},
}  # fmt: skip
ON_SERVER_SEEDS = range(20 if FULL else 1)

# The campaign


def changed(base: Base, folder: Path, seed: int, name: str) -> list[str] | None:
    """What is wrong with the answer to one mutation; None if it changed nothing."""
    copy = folder / f"{name}-{seed}.db"
    return wrong(Forger(base.path, copy, seed, careful=bool(seed % 2)), MUTATIONS[name])


def wrong(forger: Forger, change: Mutation) -> list[str] | None:
    wanted = change(forger)
    careless = forger.unlocked and not forger.careful
    forger.close()
    verdict = verify(forger.place)
    forger.remove()
    return None if wanted is None else list(amiss(wanted, verdict, careless))


def amiss(wanted: Found, verdict: Verdict, careless: bool) -> Iterator[str]:
    if not any(
        problem.kind == wanted.kind
        and wanted.case in (None, problem.case)
        and wanted.version in (None, problem.version)
        for problem in verdict.problems
    ):
        yield f"wanted {wanted}, found {verdict.problems}"
    allowed = {wanted.kind, *wanted.also} | ({"schema changed"} if careless else set())
    yield from (f"found {one}" for one in verdict.problems if one.kind not in allowed)
    if careless and "schema changed" not in kinds(verdict):
        yield "the triggers are gone, and nobody says so"


@pytest.mark.parametrize("name", MUTATIONS)
def test_every_change_is_found_by_its_kind(base: Base, tmp_path: Path, name: str) -> None:
    answers = {seed: changed(base, tmp_path, seed, name) for seed in SEEDS}
    made = {seed: wrong for seed, wrong in answers.items() if wrong is not None}
    assert len(made) >= len(SEEDS) - 1, "hardly anything was changed"
    assert {seed: wrong for seed, wrong in made.items() if wrong} == {}


@pytest.mark.parametrize("name", [*ON_SERVER][:: 1 if FULL else 12])
def test_every_change_on_a_server_is_found_by_its_kind(server: str, shared: str, name: str) -> None:
    for seed in ON_SERVER_SEEDS:
        careful = bool(seed % 2)
        found = wrong(ServerForger(server, shared, seed, careful=careful), ON_SERVER[name])
        assert not found, seed


def test_an_untouched_ledger_on_a_server_passes(shared: str) -> None:
    assert (verify(shared).ok, verify(shared).problems) == (True, [])


def test_over_a_thousand_changes_are_made_in_full_and_a_hundred_as_a_rule() -> None:
    assert (len(SEEDS) - 1) * len(MUTATIONS) >= (1_000 if FULL else 50)
    assert len(SEEDS) * len(MUTATIONS) >= 100
    assert len(ON_SERVER_SEEDS) * len(ON_SERVER) >= (1_000 if FULL else 40)


def test_an_untouched_ledger_passes(base: Base) -> None:
    for known in ([], [outside(base.older)], [outside(base.newer)],
                  [outside(base.newer, sealing.SECOND)], [outside(base.older, None)]):  # fmt: skip
        verdict = verify(str(base.path), known)
        assert (verdict.ok, verdict.problems) == (True, [])
        assert list(verdict.witnesses) == known
    assert verify(str(base.path), quick=True).ok


@pytest.mark.parametrize("seed", range(500 if FULL else 25))
def test_a_bit_flipped_anywhere_is_found_unless_it_changes_nothing(
    base: Base, tmp_path: Path, seed: int
) -> None:
    chance = Random(seed)
    content = bytearray(base.path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    copy = tmp_path / "copy.db"
    copy.write_bytes(content)
    try:
        ok = verify(str(copy)).ok
    except CasetrackError as error:
        ok = error.exit_code not in {4, 5}
    assert not ok or rows(copy) == rows(base.path)


def rows(path: Path) -> list[list[tuple[object, ...]]]:
    """Everything that is kept, and the schema."""
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        asked = [*(f"SELECT * FROM {table}" for table in TABLES), "SELECT * FROM sqlite_schema"]
        return [connection.execute(statement).fetchall() for statement in asked]


def test_a_quick_look_finds_what_hash_and_chain_can_tell(base: Base, tmp_path: Path) -> None:
    for name, change in MUTATIONS.items():
        copy = tmp_path / f"{name}.db"
        forger = Forger(base.path, copy, 1, careful=True)
        wanted = change(forger)
        forger.close()
        chained = {"altered", "missing", "reordered"}
        if wanted and wanted.kind in chained and name not in UNCHAINED:
            verdict = verify(str(copy), quick=True)
            assert wanted.kind in kinds(verdict), name
        copy.unlink()


UNCHAINED = {"a_text_and_all_that_follow_it_made_anew"}  # only the tree can tell


# Attackers who make everything anew


def assign_anew(forger: Forger, entry: Entry, secrets: Mapping[int, bytes]) -> None:
    """Give a case to somebody else, in every table that knows, and sign the heads again."""
    forger.rechain(
        entry.case, entry.version, entry.body.replace(b'"assignee":"eva"', b'"assignee":"ota"')
    )
    trees = forger.releaf()
    for number, (size, tree) in enumerate(trees.items()):
        if number in secrets:
            ledger = json.loads(entry.body)["ledger"]
            note = sealing.note_of(ledger, size, tree.root, [secrets[number]])
            forger.run("UPDATE checkpoint SET note = ? WHERE size = ?", note, size)
    forger.run("UPDATE case_view SET assignee = 'ota' WHERE case_id = ?", entry.case)


OWNER = {0: sealing.FIRST, 1: sealing.FIRST, 2: sealing.SECOND}
ASSIGNED = "type = 'CaseAssigned' AND CAST(body AS TEXT) LIKE '%\"assignee\":\"eva\"%'"


@pytest.mark.parametrize("seed", range(3))
def test_who_has_not_the_key_is_found(base: Base, tmp_path: Path, seed: int) -> None:
    forger = Forger(base.path, tmp_path / "copy.db", seed, careful=True)
    assign_anew(
        forger, forger.entry(f"{ASSIGNED} AND leaf_index < {min(sizes(base))}", sealed=True), {}
    )
    forger.close()
    verdict = verify(str(forger.path))
    assert kinds(verdict) == {"forked"}
    said = " ".join(problem.detail for problem in verdict.problems)
    assert all(f"checkpoint of size {size} vouches for other" in said for size in sizes(base))


@pytest.mark.parametrize("left", [0, 1])
def test_who_has_not_the_key_and_takes_the_checkpoints_away_leaves_an_unsealed_tail(
    base: Base, tmp_path: Path, left: int
) -> None:
    """The frontiers too, so that it looks like a seal that was cut off before it could sign."""
    whole = verify(str(base.path))
    kept = (0, *sizes(base))[left]
    forger = Forger(base.path, tmp_path / "copy.db", left, careful=True)
    assign_anew(forger, forger.entry(f"{ASSIGNED} AND leaf_index >= {kept}", sealed=True), {})
    last = max(sizes(base))
    forger.run("DELETE FROM checkpoint WHERE size > ?", kept)
    forger.run("DELETE FROM frontier WHERE size > ? AND size < ?", kept, last)
    forger.close()
    verdict = verify(str(forger.path))
    assert verdict.ok
    assert (verdict.sealed, verdict.unsealed) == (kept, whole.entries - kept)
    assert verdict.unsigned == last - kept
    said = "\n".join(told.lines(verdict))
    assert f"{kept} sealed, {whole.entries - kept} unsealed" in said
    assert f"no checkpoint covers {last - kept} leaves of the tree" in said
    assert "forked" in kinds(verify(str(forger.path), [outside(base.newer)]))


@pytest.mark.parametrize("seed", range(3))
def test_who_has_a_key_of_their_own_is_found(base: Base, tmp_path: Path, seed: int) -> None:
    forger = Forger(base.path, tmp_path / "copy.db", seed, careful=True)
    entry = forger.entry(f"{ASSIGNED} AND leaf_index < {min(sizes(base))}", sealed=True)
    assign_anew(forger, entry, dict.fromkeys(range(3), sealing.FOREIGN))
    forger.close()
    assert kinds(verify(str(forger.path))) == {"checkpoint rewritten"}


@pytest.mark.parametrize("seed", range(3))
def test_who_has_the_key_is_found_by_an_outside_checkpoint_only(
    base: Base, tmp_path: Path, seed: int
) -> None:
    forger = Forger(base.path, tmp_path / "copy.db", seed, careful=True)
    entry = forger.entry(f"{ASSIGNED} AND leaf_index < {min(sizes(base))}", sealed=True)
    assign_anew(forger, entry, OWNER)
    forger.close()
    verdict = verify(str(forger.path))
    assert (verdict.ok, verdict.problems, verdict.proved) == (True, [], None)
    for note in (base.older, base.newer):
        for known in (outside(note), outside(note, None)):
            verdict = verify(str(forger.path), [known])
            assert (kinds(verdict), verdict.proved) == ({"forked", "checkpoint rewritten"}, None)


def test_who_takes_the_ledgers_own_key_away_is_found_by_its_fingerprint_only(
    base: Base, tmp_path: Path
) -> None:
    """The stream of keys is made anew too, so that the ledger hangs together without the key."""
    forger = Forger(base.path, tmp_path / "copy.db", 1, careful=True)
    chain = dict(forger.chain(LEDGER_CASE))
    theirs = sealing.b64(notes.public_of(sealing.FOREIGN)).encode()
    mine = sealing.b64(notes.public_of(sealing.FIRST)).encode()
    forger.rechain(LEDGER_CASE, 2, chain[2].replace(mine, theirs))
    members = json.loads(dict(forger.chain(LEDGER_CASE))[3])
    rotated = sealing.rotation(members["ledger"], sealing.FOREIGN, sealing.SECOND)
    members["data"] |= asdict(rotated)
    text = json.dumps(members, separators=(",", ":"), sort_keys=True).encode()
    forger.rechain(LEDGER_CASE, 3, text)
    entry = forger.entry(f"{ASSIGNED} AND leaf_index < {min(sizes(base))}", sealed=True)
    assign_anew(forger, entry, dict.fromkeys(range(2), sealing.FOREIGN) | {2: sealing.SECOND})
    forger.close()
    assert verify(str(forger.path)).ok
    (problem,) = verify(str(forger.path), [outside(base.older)]).problems
    assert (problem.kind, problem.detail) == (
        "forked", "the key that the checkpoint given is trusted by is not the ledger's",
    )  # fmt: skip
    assert "checkpoint rewritten" in kinds(verify(str(forger.path), [outside(base.older, None)]))


def test_a_change_in_the_unsealed_tail_is_not_found(base: Base, tmp_path: Path) -> None:
    """Nothing that anybody has seen vouches for it yet: the threat model says so."""
    forger = Forger(base.path, tmp_path / "copy.db", 3, careful=True)
    entry = forger.entry(sealed=False)
    forger.rechain(entry.case, entry.version, entry.body.replace(b'"eva"', b'"ota"', 1))
    forger.close()
    verdict = verify(str(forger.path), [outside(base.newer)])
    assert (verdict.ok, verdict.problems) == (True, [])
    assert verdict.proved is not None


def sizes(base: Base) -> list[int]:
    with closing(sqlite3.connect(base.path)) as connection:
        found = connection.execute("SELECT size FROM checkpoint ORDER BY size").fetchall()
    return [size for (size,) in found]
