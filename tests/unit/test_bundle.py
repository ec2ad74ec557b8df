"""A bundle proves what it says, and nothing that was changed in one is believed."""

import json
import random
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from casetrack.audit import bundle, merkle, notes, verify
from casetrack.domain import events as e
from casetrack.ledger import canonical
from casetrack.ledger.memory import MemoryLedger
from casetrack.ledger.store import LEDGER_CASE
from tests import signing
from tests.bundles import (
    EVIDENCE,
    Made,
    files_of,
    made,
    manifested,
    own_case,
    packed,
    problems,
    told,
    zipped,
)
from tests.conftest import FULL
from tests.facts import DAY, DIGEST, append, new_case

Capsys = pytest.CaptureFixture[str]
Files = dict[str, bytes]


@cache
def story() -> tuple[Made, Files]:
    found = made()
    return found, files_of(found.ledger)


def files() -> Files:
    return dict(story()[1])


# What a sound one is


def test_a_bundle_proves_itself() -> None:
    assert problems(packed(files())) == []


def test_it_has_the_same_bytes_whenever_it_is_made() -> None:
    assert packed(files_of(made().ledger)) == packed(files_of(made().ledger))


def test_it_is_verified_in_an_empty_environment(tmp_path: Path) -> None:
    found = story()[0]
    (tmp_path / "verify.py").write_bytes(files()["verify.py"])
    (tmp_path / "b.zip").write_bytes(packed(files()))
    (tmp_path / "kept.txt").write_text(found.mailed, encoding="utf-8")
    command = [sys.executable, "-I", "-S", "verify.py", "b.zip", "--key", signing.fingerprint()]
    done = subprocess.run(
        [*command, "--checkpoint", "kept.txt"],
        cwd=tmp_path, env={}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("verdict: proved against what you gave\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.zip", "kept.txt", "verify.py"]


def test_a_reader_that_goes_away_changes_no_verdict(tmp_path: Path) -> None:
    (tmp_path / "bundle.zip").write_bytes(packed(files()))
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", verify.__file__, str(tmp_path / "bundle.zip")], env={},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    child.stdout.close()
    _, err = child.communicate()
    assert (child.returncode, err) == (0, b"")


def test_the_verifier_imports_nothing_but_the_standard_library() -> None:
    source = files()["verify.py"].decode()
    found = set(re.findall(r"^(?:from|import) ([a-z0-9_]+)", source, re.MULTILINE))
    assert found
    assert found <= sys.stdlib_module_names
    assert source.encode() == Path(verify.__file__).read_bytes()


def test_bodies_are_there_as_they_were_hashed() -> None:
    found, content = story()
    stored = [found.ledger.stored(case) for case in (LEDGER_CASE, *found.cases)]
    lines = content["entries.jsonl"].decode().split("\n")
    assert lines == [*(body for case in stored for body, _ in case), ""]


def test_the_signed_note_verifies_by_the_other_implementation() -> None:
    note = notes.parse(files()["checkpoint.txt"].decode())
    assert note.signed_by(signing.public())
    assert files()["public-key.txt"].decode().strip() == signing.text(signing.public())


def test_every_member_is_plain_private_and_without_a_date() -> None:
    with zipfile.ZipFile(BytesIO(packed(files()))) as archive:
        assert archive.testzip() is None
        for item in archive.infolist():
            assert (item.external_attr >> 16, item.create_system) == (0o100600, 3)
            assert (item.date_time, item.compress_type) == ((1980, 1, 1, 0, 0, 0), 0)


def test_the_manifest_counts_what_is_sealed() -> None:
    """Of 11 entries the assignment, and what says that the bundle was made, came later."""
    manifest = json.loads(files()["manifest.json"])
    assert (manifest["sealed"], manifest["unsealed"]) == (9, 2)
    assert [case["entries"] for case in manifest["cases"]] == [3, 6, 2]


def test_what_is_proved_and_what_is_not_is_said(tmp_path: Path, capsys: Capsys) -> None:
    found, key = story()[0], ["--key", signing.fingerprint()]
    raw = packed(files())
    alone = told(tmp_path, raw, capsys)
    by_key = told(tmp_path, raw, capsys, *key)
    by_note = told(tmp_path, raw, capsys, checkpoint=found.mailed)
    by_both = told(tmp_path, raw, capsys, *key, checkpoint=found.mailed)
    for code, text in (alone, by_key, by_note):
        assert (code, text.splitlines()[-1]) == (0, "verdict: self-consistent only")
    assert (by_both[0], by_both[1].splitlines()[-1]) == (0, "verdict: proved against what you gave")
    assert "whose key signed: give --key" in by_note[1]
    assert "that history was not rewritten: give --checkpoint" in by_key[1]
    assert "entries in it already: 5" in by_both[1]
    assert "entries that no checkpoint covers, marked NOT SEALED above: 2" in by_both[1]
    assert "was left out" not in by_both[1], "the whole ledger is here"


def test_the_history_is_told_from_the_entries(tmp_path: Path, capsys: Capsys) -> None:
    _, text = told(tmp_path, packed(files()), capsys)
    for line in (
        "PRACTICE LEDGER: its cases are invented and its clock was set by hand",
        f"case {story()[0].cases[0]}, C-1",
        "    1  2026-11-02  opened under sample, edition 2026-1: draft",
        "         armed reply#1: act by 2026-11-20, due 2026-11-20",
        "         patient: Žofie",
        "    3  2026-11-02  submit: draft -> submitted",
        "         note: redacted",
        "         number: N-7 \\u202e\\u2028",
        "    6  2026-11-02  assigned to eva",
        "         recorded 2026-11-02T15:04:01.000000Z by eva (os:tester@host), NOT SEALED",
    ):
        assert line in text.splitlines()


def test_no_typed_value_is_in_a_bundle_without_phi(tmp_path: Path, capsys: Capsys) -> None:
    content = files_of(made().ledger, phi=False)
    assert content["disclosures.jsonl"] == b""
    whole = b"".join(content.values())
    assert [v for v in ("Žofie", "Jan", "C-1", "N-7", "second") if v.encode() in whole] == []
    code, text = told(tmp_path, packed(content), capsys)
    assert code == 0
    assert "patient: sealed, not disclosed" in text
    assert "shown or handed out: bundle, all cases" in text
    assert "typed values left" not in text, "none did"


def test_of_one_case_it_proves_the_tree_with_a_few_hashes(tmp_path: Path, capsys: Capsys) -> None:
    found = made()
    content = files_of(found.ledger, found.cases[1:])
    lines = content["proof.txt"].decode().splitlines()
    assert [line.split()[0] for line in lines].count("leaf") == 4
    code, text = told(tmp_path, packed(content), capsys, checkpoint=found.mailed)
    assert (code, "C-1" in text, "C-2" in text) == (0, False, True)
    assert "that no entry of these cases was left out" in text


def test_of_a_ledger_never_sealed_nothing_is_proved_but_itself(
    tmp_path: Path, capsys: Capsys
) -> None:
    ledger = MemoryLedger(made().ledger.sources)
    new_case(ledger)
    content = files_of(ledger)
    assert not content.keys() & verify.SEALS
    code, text = told(tmp_path, packed(content), capsys)
    assert (code, text.splitlines()[-1]) == (0, "verdict: self-consistent only")
    assert "that no entry of these cases was left out: only a whole sealed ledger" in text
    assert told(tmp_path, packed(content), capsys, "--key", signing.fingerprint())[0] == 5
    assert told(tmp_path, packed(content), capsys, checkpoint=story()[0].mailed)[0] == 5


def test_a_definition_that_the_ledger_does_not_keep_is_said(tmp_path: Path, capsys: Capsys) -> None:
    content = files()
    del content[f"definitions/{DIGEST}.json"]
    assert problems(packed(manifested(content)))
    code, text = told(tmp_path, packed(manifested(content, definitions_missing=[DIGEST])), capsys)
    assert code == 0
    assert "the texts of definitions that the ledger does not keep: 1" in text


def test_entries_left_out_are_said_and_stand_alone(tmp_path: Path, capsys: Capsys) -> None:
    found = made()
    case = found.cases[0]
    content = files_of(found.ledger, (case,), left_out={case: [3, 6]})
    code, text = told(tmp_path, packed(content), capsys, checkpoint=found.mailed)
    assert code == 0
    assert "only what was true by 2026-11-02" in text
    assert f"case {case}: the chain where entries are left out: 2" in text


@pytest.mark.parametrize(
    ("gone", "asked", "code"),
    [
        ([3, 6], {"as_of": "2026-11-02"}, 0),
        ([5, 6], {"as_of": None, "known_at": "2026-11-02"}, 0),
        ([3, 6], {"as_of": None, "known_at": "2026-11-02"}, 5),
        ([3], {"as_of": None, "known_at": "2026-11-02"}, 5),
        ([6], {"as_of": None}, 5),
        ([3], {"as_of": None}, 5),
    ],
)
def test_entries_are_left_out_only_for_a_reason_that_the_manifest_gives(
    gone: list[int], asked: dict[str, str | None], code: int, tmp_path: Path, capsys: Capsys
) -> None:
    """What was known by an instant is the front of each case, for nothing is recorded backwards."""
    found = made()
    case = found.cases[0]
    content = manifested(files_of(found.ledger, (case,), left_out={case: gone}), **asked)
    told_code, text = told(tmp_path, packed(content), capsys)
    assert told_code == code
    assert ("entries are left out for no reason that the manifest has" in text) is (code == 5)


# Flipped bytes


def sample(length: int, least: int) -> Iterator[int]:
    """Every place, or without --full some of them, always the same ones."""
    chance = random.Random(length)
    yield from range(length) if FULL else sorted(chance.sample(range(length), min(length, least)))


def flipped(content: bytes, at: int) -> bytes:
    changed = bytearray(content)
    changed[at] ^= 1 << at % 8
    return bytes(changed)


@pytest.mark.parametrize("name", sorted(story()[1]))
def test_a_flipped_byte_of_any_member_is_found(name: str) -> None:
    for at in sample(len(files()[name]), 40):
        changed = {**files(), name: flipped(files()[name], at)}
        assert problems(zipped(changed.items())), (name, at)
        assert problems(zipped(changed.items(), zipfile.ZIP_DEFLATED)), (name, at)


@pytest.mark.parametrize("name", EVIDENCE)
def test_a_flipped_byte_of_evidence_is_found_whoever_makes_the_manifest_anew(name: str) -> None:
    """But for the ends of chains that no seal covers yet: their entries' own text."""
    loose = [x.text.encode() for x in verify.Bundle(packed(files())).entries if unsealed(x)]
    spans = [(files()[name].find(text), len(text)) for text in loose]
    for at in sample(len(files()[name]), 60):
        if any(first <= at < first + length for first, length in spans if first >= 0):
            continue
        changed = manifested({**files(), name: flipped(files()[name], at)})
        assert problems(packed(changed)), (name, at)


def unsealed(entry: verify.Entry) -> bool:
    return f"{entry.body['case']} {entry.body['version']}\n".encode() not in files()["proof.txt"]


def test_a_flipped_byte_of_the_archive_is_found_or_changes_no_member() -> None:
    raw = packed(files())
    unnoticed = 0
    for at in sample(len(raw), 1500):
        changed = flipped(raw, at)
        if not problems(changed):
            unnoticed += 1
            assert verify.members(changed) == files()
    assert unnoticed < len(files()) * 10, "which system packed a member, and a few bits of its mode"


def test_every_cut_is_found() -> None:
    raw = packed(files())
    for length in sample(len(raw), 300):
        assert problems(raw[:length])


# What an attacker does


def entries_of(content: Files) -> list[str]:
    return content["entries.jsonl"].decode().split("\n")[:-1]


def with_entries(content: Files, texts: list[str], **changes: object) -> Files:
    return manifested({**content, "entries.jsonl": bundle.lines(texts)}, **changes)


def rehashed(content: Files, case: str, version: int, **changes: object) -> list[str]:
    """The entries with one changed, and each after it in its case hashed anew."""
    texts, prev = [], None
    for text in entries_of(content):
        body = json.loads(text)
        if body["case"] == case and body["version"] >= version:
            body |= changes if body["version"] == version else {"prev": prev}
        texts.append(canonical.text(canonical.members(body)))
        prev = sha256(texts[-1].encode()).hexdigest()
    return texts


Attack = Callable[[Files], Files]
FIRST = made().cases[0]


def dropped(content: Files) -> Files:
    texts = entries_of(content)
    return with_entries(content, [*texts[:4], *texts[5:]])


def dropped_and_said(content: Files) -> Files:
    """As above, and the manifest counts right; nothing says that it was left out."""
    texts = entries_of(content)
    cases = json.loads(content["manifest.json"])["cases"]
    cases[1] |= {"entries": 5}
    return with_entries(content, [*texts[:4], *texts[5:]], cases=cases, sealed=8)


def swapped(content: Files) -> Files:
    texts = entries_of(content)
    return with_entries(content, [*texts[:4], texts[5], texts[4], *texts[6:]])


def doubled(content: Files) -> Files:
    texts = entries_of(content)
    return with_entries(content, [*texts[:5], texts[4], *texts[5:]])


def altered(content: Files) -> Files:
    return with_entries(content, rehashed(content, FIRST, 3, actor="mallory"))


def of_another_ledger(content: Files) -> Files:
    return with_entries(content, rehashed(content, FIRST, 6, ledger=FIRST))


def backdated(content: Files) -> Files:
    at = "2026-11-01T15:04:00.000000Z"
    return with_entries(content, rehashed(content, FIRST, 6, recorded_at=at))


def spaced(content: Files) -> Files:
    texts = entries_of(content)
    return with_entries(content, [*texts[:-4], texts[-4].replace('","', '", "', 1), *texts[-3:]])


def told_twice(content: Files) -> Files:
    texts = entries_of(content)
    return with_entries(content, [*texts[:-3], '{"v":1,' + texts[-3][1:], *texts[-2:]])


def escaped(content: Files) -> Files:
    texts = entries_of(content)
    return with_entries(
        content, [*texts[:-3], texts[-3].replace("eva", "ev\\u0061", 1), *texts[-2:]]
    )


def a_member_more(content: Files) -> Files:
    return with_entries(content, rehashed(content, FIRST, 6, note="x"))


def a_float(content: Files) -> Files:
    texts = entries_of(content)
    return with_entries(content, [*texts[:-3], texts[-3].replace('"v":1', '"v":1.0'), *texts[-2:]])


def a_type_that_is_a_pattern(content: Files) -> Files:
    return with_entries(content, rehashed(content, FIRST, 6, type="{actor:>99}"))


def a_value_left_out(content: Files) -> Files:
    text = content["disclosures.jsonl"].split(b"\n", 1)[1]
    return manifested({**content, "disclosures.jsonl": text})


def a_value_made_up(content: Files) -> Files:
    text = content["disclosures.jsonl"].replace("Žofie".encode(), b"Jana")
    return manifested({**content, "disclosures.jsonl": text})


def a_value_twice(content: Files) -> Files:
    first = content["disclosures.jsonl"].split(b"\n", 1)[0] + b"\n"
    return manifested({**content, "disclosures.jsonl": first + content["disclosures.jsonl"]})


def a_value_that_was_not_to_leave(content: Files) -> Files:
    return manifested(content, phi=False)


def a_definition_more(content: Files) -> Files:
    text = b"{}"
    return manifested({**content, f"definitions/{sha256(text).hexdigest()}.json": text})


def a_definition_less(content: Files) -> Files:
    return manifested({n: c for n, c in content.items() if not n.startswith("definitions")})


def a_definition_said_to_be_lost(content: Files) -> Files:
    return manifested(content, definitions_missing=[DIGEST])


def proof(content: Files, change: Callable[[list[str]], list[str]]) -> Files:
    lines = content["proof.txt"].decode().splitlines()
    return manifested({**content, "proof.txt": bundle.lines(change(lines))})


def a_leaf_beside_itself(content: Files) -> Files:
    """A hash in place of an altered entry's, with a leaf line that only seems to prove it."""
    leaf = merkle.leaf(entries_of(content)[2].encode())
    index = next(x for x in content["proof.txt"].decode().splitlines() if x.endswith(" 2")).split()[
        1
    ]
    return proof(content, lambda lines: [*lines, f"node {index} {int(index) + 1} {leaf.hex()}"])


def a_hash_too_many(content: Files) -> Files:
    return proof(content, lambda lines: [*lines, f"node 64 128 {64 * '0'}"])


def a_leaf_not_here(content: Files) -> Files:
    return proof(content, lambda lines: [*lines, f"leaf 99 {FIRST} 99"])


def a_leaf_less(content: Files) -> Files:
    return proof(content, lambda lines: lines[:-1])


def no_proof(content: Files) -> Files:
    return manifested({n: c for n, c in content.items() if n != "proof.txt"})


def no_seal_at_all(content: Files) -> Files:
    """Allowed by itself, and told by the counts."""
    return manifested({n: c for n, c in content.items() if n not in verify.SEALS})


def another_key(content: Files) -> Files:
    key = f"{signing.text(signing.public(signing.KEYS[1]))}\n".encode()
    return manifested({**content, "public-key.txt": key})


def the_own_stream_cut(content: Files) -> Files:
    return with_entries(content, entries_of(content)[1:])


def a_case_hidden(content: Files) -> Files:
    cases = json.loads(content["manifest.json"])["cases"][:-1]
    texts = [text for text in entries_of(content) if FIRST in text or LEDGER_CASE in text]
    return with_entries(content, texts, cases=cases)


def no_word_of_the_export(content: Files) -> Files:
    return manifested(content, exports=[1])


def an_export_of_other_cases(content: Files) -> Files:
    return manifested(content, scope="listed")


def a_later_format(content: Files) -> Files:
    return manifested(content, format=2)


def a_member_of_the_manifest_more(content: Files) -> Files:
    return manifested(content, more="x")


def a_page_not_listed(content: Files) -> Files:
    return {**content, "history/00000000-0000-4000-8000-000000000009.html": b"x"}


ATTACKS = (
    dropped, dropped_and_said, swapped, doubled, altered, of_another_ledger, backdated, spaced,
    told_twice, escaped, a_member_more, a_float, a_type_that_is_a_pattern, a_value_left_out,
    a_value_made_up, a_value_twice,
    a_value_that_was_not_to_leave, a_definition_more, a_definition_less,
    a_definition_said_to_be_lost, a_leaf_beside_itself, a_hash_too_many, a_leaf_not_here,
    a_leaf_less, no_proof, no_seal_at_all, another_key, the_own_stream_cut, a_case_hidden,
    no_word_of_the_export, an_export_of_other_cases, a_later_format, a_member_of_the_manifest_more,
    a_page_not_listed,
)  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_an_attack_without_the_key_is_found(attack: Attack, tmp_path: Path, capsys: Capsys) -> None:
    changed = attack(files())
    assert changed != files()
    code, text = told(tmp_path, packed(changed), capsys)
    assert code == 5
    assert text.splitlines()[-1] == "verdict: do not rely on this bundle"
    assert all(line.startswith("WRONG: ") for line in text.splitlines()[:-1])


def test_altered_entries_passed_off_as_not_sealed_yet_are_asked_about(
    tmp_path: Path, capsys: Capsys
) -> None:
    """The end of a chain can be written anew; the true leaves then stand in as mere hashes."""
    content = files()
    leaves = {tuple(line.split()[2:]): int(line.split()[1]) for line in proof_leaves(content)}
    ends = [(FIRST, str(version)) for version in (3, 4, 5)]
    texts = {x.place: x.leaf for x in verify.Bundle(packed(content)).entries}
    lines = [line for line in proof_leaves(content) if tuple(line.split()[2:]) not in ends]
    lines += [f"node {leaves[at]} {leaves[at] + 1} {texts[at[0], int(at[1])].hex()}" for at in ends]
    changed = with_entries(
        {**content, "proof.txt": bundle.lines(lines)},
        rehashed(content, FIRST, 3, actor="mallory"), sealed=6, unsealed=5,
    )  # fmt: skip
    code, text = told(tmp_path, packed(changed), capsys, checkpoint=story()[0].mailed)
    assert code == 0
    assert f"why these are not sealed, though later ones are: case {FIRST} version 3" in text


def proof_leaves(content: Files) -> list[str]:
    return [x for x in content["proof.txt"].decode().splitlines() if x.startswith("leaf")]


def test_the_unsealed_end_of_a_chain_is_not_proved_by_anything(
    tmp_path: Path, capsys: Capsys
) -> None:
    changed = with_entries(files(), rehashed(files(), FIRST, 6, actor="mallory"))
    code, text = told(
        tmp_path, packed(changed), capsys, "--key", signing.fingerprint(),
        checkpoint=story()[0].mailed,
    )  # fmt: skip
    assert code == 0
    assert "by mallory (os:tester@host), NOT SEALED" in text


def test_history_rewritten_with_the_key_is_found_by_an_old_checkpoint_alone(
    tmp_path: Path, capsys: Capsys
) -> None:
    content = files()
    texts = rehashed(content, FIRST, 2, actor="mallory")
    order = sorted(proof_leaves(content), key=lambda line: int(line.split()[1]))
    by_place = {(b["case"], b["version"]): t for t in texts for b in [json.loads(t)]}
    leaves = [
        merkle.leaf(by_place[line.split()[2], int(line.split()[3])].encode()) for line in order
    ]
    head = notes.Checkpoint(
        origin=notes.origin(story()[0].ledger.id), size=len(leaves), root=merkle.root(leaves)
    )
    note = notes.signed(head, [signing.KEYS[0]]).encode()
    changed = packed(with_entries({**content, "checkpoint.txt": note}, texts))
    key = ["--key", signing.fingerprint()]
    assert told(tmp_path, changed, capsys, *key)[0] == 0
    code, text = told(tmp_path, changed, capsys, *key, checkpoint=story()[0].mailed)
    assert (code, "does not extend the checkpoint you gave" in text) == (5, True)


def test_a_whole_new_history_by_another_key_is_found_by_the_fingerprint(
    tmp_path: Path, capsys: Capsys
) -> None:
    ledger = MemoryLedger(made().ledger.sources)
    signing.make_key(ledger, signing.KEYS[1])
    new_case(ledger)
    signing.seal(ledger, signing.KEYS[1])
    raw = packed(files_of(ledger, public=signing.public(signing.KEYS[1])))
    assert told(tmp_path, raw, capsys)[0] == 0
    assert told(tmp_path, raw, capsys, "--key", signing.fingerprint(signing.KEYS[1]))[0] == 0
    code, text = told(tmp_path, raw, capsys, "--key", signing.fingerprint())
    assert (code, "no key that the fingerprint you gave leads to" in text) == (5, True)


# Checkpoints from outside


def test_a_ledger_cut_back_to_before_a_checkpoint_is_found(tmp_path: Path, capsys: Capsys) -> None:
    found = made()
    later = found.ledger
    raw = packed(files())
    append(later, own_case(later), e.Event(data=e.LedgerOpened(practice=True), occurred_on=DAY))
    newer = signing.seal(later)
    code, text = told(tmp_path, raw, capsys, checkpoint=newer)
    assert (code, "covers more entries than the bundle's" in text) == (5, True)


def test_a_checkpoint_of_another_ledger_is_none_of_this_one(tmp_path: Path, capsys: Capsys) -> None:
    other = MemoryLedger(made().ledger.sources)
    signing.make_key(other)
    note = signing.seal(other)
    code, text = told(tmp_path, packed(files()), capsys, checkpoint=note)
    assert (code, "is of another ledger" in text) == (5, True)


def test_a_checkpoint_that_nobody_signed_is_worth_nothing(tmp_path: Path, capsys: Capsys) -> None:
    head = notes.parse(story()[0].mailed).checkpoint
    note = notes.signed(head, [signing.KEYS[1]])
    code, text = told(tmp_path, packed(files()), capsys, checkpoint=note)
    assert (code, "signed by no key of the ledger" in text) == (5, True)


def test_a_size_that_was_never_signed_cannot_be_shown(tmp_path: Path, capsys: Capsys) -> None:
    head = notes.parse(story()[0].mailed).checkpoint
    forged = notes.Checkpoint(origin=head.origin, size=head.size, root=bytes(32))
    note = notes.signed(forged, [signing.KEYS[0]])
    assert told(tmp_path, packed(files()), capsys, checkpoint=note)[0] == 5
    found = made()
    one = packed(files_of(found.ledger, found.cases[1:]))
    for size in range(1, 9):
        forged = notes.Checkpoint(origin=head.origin, size=size, root=bytes(32))
        note = notes.signed(forged, [signing.KEYS[0]])
        assert told(tmp_path, one, capsys, checkpoint=note)[0] == 5


def test_of_several_checkpoints_in_a_mailbox_the_one_that_covers_most_is_taken(
    tmp_path: Path, capsys: Capsys
) -> None:
    older, newer = story()[0].mailed, files()["checkpoint.txt"].decode()
    for mails in ((older, newer), (newer, older)):
        text = told(tmp_path, packed(files()), capsys, checkpoint="\ufeff" + "\nand\n".join(mails))[
            1
        ]
        size = newer.split("\n")[1]
        assert (
            f"the tree extends the checkpoint that you gave; entries in it already: {size}" in text
        )


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_checkpoint_is_found_in_the_mail_that_it_came_with(
    ends: str, tmp_path: Path, capsys: Capsys
) -> None:
    mail = f"Due soon\n\n3 cases\n\n{story()[0].mailed}\nkey {signing.fingerprint()}\n"
    path = tmp_path / "mail.txt"
    path.write_bytes(mail.replace("\n", ends).encode())
    code, text = told(tmp_path, packed(files()), capsys, "--checkpoint", str(path))
    assert (code, "the tree extends the checkpoint that you gave" in text) == (0, True)


# Keys that follow each other


def rotated(*steps: tuple[int, int]) -> MemoryLedger:
    ledger = made().ledger
    for old, new in steps:
        signing.rotate(ledger, signing.KEYS[old], signing.KEYS[new])
    return ledger


def test_an_old_fingerprint_leads_to_the_newest_key(tmp_path: Path, capsys: Capsys) -> None:
    ledger = rotated((0, 1), (1, 2))
    signing.seal(ledger, signing.KEYS[2])
    raw = packed(files_of(ledger, public=signing.public(signing.KEYS[2])))
    for key in signing.KEYS[:3]:
        mark = signing.fingerprint(key)
        assert told(tmp_path, raw, capsys, "--key", mark, checkpoint=story()[0].mailed)[0] == 0
    assert told(tmp_path, raw, capsys, "--key", signing.fingerprint(signing.KEYS[3]))[0] == 5


def test_a_key_that_only_took_itself_in_is_not_followed(tmp_path: Path, capsys: Capsys) -> None:
    ledger = made().ledger
    said = notes.rotation_text(ledger.id, signing.public(), signing.public(signing.KEYS[1]))
    by_new = signing.text(notes.sign(signing.KEYS[1], said))
    signing.own(ledger, e.KeyRotated(
        old=signing.text(signing.public()), new=signing.text(signing.public(signing.KEYS[1])),
        signed_by_old=by_new, signed_by_new=by_new,
    ))  # fmt: skip
    signing.seal(ledger, signing.KEYS[1])
    raw = packed(files_of(ledger, public=signing.public(signing.KEYS[1])))
    code, text = told(tmp_path, raw, capsys)
    assert (code, "the new key is not one that the old key named" in text) == (5, True)


def test_a_newer_fingerprint_does_not_lead_back(tmp_path: Path, capsys: Capsys) -> None:
    """The old key may have been given up because it was stolen."""
    ledger = rotated((0, 1))
    raw = packed(files_of(ledger, public=signing.public(signing.KEYS[1])))
    assert told(tmp_path, raw, capsys, "--key", signing.fingerprint())[0] == 0
    assert told(tmp_path, raw, capsys, "--key", signing.fingerprint(signing.KEYS[1]))[0] == 5


def test_a_first_key_made_twice_is_found(tmp_path: Path, capsys: Capsys) -> None:
    ledger = made().ledger
    signing.make_key(ledger, signing.KEYS[1])
    signing.seal(ledger, signing.KEYS[1])
    raw = packed(files_of(ledger, public=signing.public(signing.KEYS[1])))
    code, text = told(tmp_path, raw, capsys)
    assert (code, "a first key was made when there was one" in text) == (5, True)


def with_note(note: str) -> bytes:
    return packed(manifested({**files(), "checkpoint.txt": note.encode()}))


def test_a_note_may_be_signed_by_others_too_and_twice_by_nobody_wrongly() -> None:
    """One line of our key that does not verify spoils the note (C2SP signed-note)."""
    note = files()["checkpoint.txt"].decode()
    head = notes.parse(note).checkpoint
    witness = notes.signed(notes.Checkpoint(origin="w", size=1, root=head.root), signing.KEYS[2:3])
    witnessed = note + witness.splitlines(keepends=True)[-1]
    assert problems(with_note(witnessed)) == []
    line = notes.signed(head, signing.KEYS[:1]).splitlines()[-1]
    name, origin, code = line.split(" ")
    flipped_code = code[:-4] + ("A" if code[-4] != "A" else "B") + code[-3:]
    assert problems(with_note(f"{note}{name} {origin} {flipped_code}\n"))
    foreign = notes.signed(head, signing.KEYS[2:3]).splitlines(keepends=True)[-1]
    assert problems(with_note(note + foreign)) == []
    assert problems(with_note("\n".join([*note.splitlines()[:-1], foreign])))


# Asked wrongly


@pytest.mark.parametrize("key", ["", "0" * 63, "G" * 64, signing.fingerprint().upper()])
def test_a_malformed_fingerprint_is_no_verdict(key: str, tmp_path: Path, capsys: Capsys) -> None:
    with pytest.raises(SystemExit) as stopped:
        told(tmp_path, packed(files()), capsys, "--key", key)
    assert stopped.value.code == 2


@pytest.mark.parametrize("text", ["", "no checkpoint", "casetrack/x\n1\n"])
def test_a_file_without_a_checkpoint_is_no_verdict(
    text: str, tmp_path: Path, capsys: Capsys
) -> None:
    with pytest.raises(SystemExit) as stopped:
        told(tmp_path, packed(files()), capsys, checkpoint=text)
    assert stopped.value.code == 2


def test_a_bundle_that_is_not_there_is_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        verify.run([str(tmp_path / "none.zip")])
    assert stopped.value.code == 2


# The tree, by an implementation of its own


def naive(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\1" + naive(leaves[:k]) + naive(leaves[k:])).digest()


@pytest.mark.parametrize("size", [*range(34), 63, 64, 65, 100, 300])
def test_what_is_left_of_a_tree_gives_each_root_that_is_asked_for(size: int) -> None:
    chance = random.Random(size)
    leaves = [sha256(bytes([n % 256, n // 256])).digest() for n in range(size)]
    for _ in range(8):
        ours = sorted(chance.sample(range(size), chance.randint(0, min(size, 5))))
        sizes = sorted({chance.randint(0, size) for _ in range(chance.randint(0, 4))})
        known = {(first, end): found for first, end, found in bundle.pruned(leaves, ours, sizes)}
        assert not any(first <= index < end for index in ours for first, end in known)
        tree = verify.Tree({**known, **{(n, n + 1): leaves[n] for n in ours}})
        assert tree.root(size) == naive(leaves)
        assert not tree.spare
        assert [tree.root(n) for n in sizes] == [naive(leaves[:n]) for n in sizes]


def test_one_entry_of_many_needs_few_hashes() -> None:
    leaves = [sha256(str(n).encode()).digest() for n in range(2**12)]
    assert len(list(bundle.pruned(leaves, [1234], []))) == 12
    assert list(bundle.pruned(leaves, [], [])) == [(0, 2**12, naive(leaves))]


# What leaves has been checked


def test_a_ledger_that_does_not_hold_together_hands_out_nothing() -> None:
    found = made()
    leaves = found.ledger.tree._leaves  # noqa: SLF001 - what a hand in the database does
    place = (found.cases[0], 1)
    leaves[place] = type(leaves[place])(
        index=leaves[place].index, case_id=place[0], version=1, hash=bytes(32)
    )
    raw = packed(files_of(found.ledger, found.cases[1:]))
    with pytest.raises(Exception, match="does not hold together") as stopped:
        bundle.check(raw)
    assert getattr(stopped.value, "exit_code", None) == 5
