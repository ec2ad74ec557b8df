"""A bundle of format 1 verifies for ever, and its evidence is made alike whatever the code becomes.

Its pages, its README and the verifier inside are as they were when it was made.
"""

import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from casetrack.audit import merkle, notes, verify
from tests.golden.make_bundle import FOLDER, build

BUNDLE = FOLDER / "bundle.zip"
MAILED = FOLDER / "mailed.txt"
KEYS = (FOLDER / "keys.txt").read_text("utf-8").split()
CASE = "01a19cfd-2c00-7000-8000-000000000003"


def members(raw: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def outside(key: str) -> list[str]:
    return [str(BUNDLE), "--key", key, "--checkpoint", str(MAILED)]


@pytest.mark.parametrize("key", KEYS)
def test_it_verifies_against_what_was_kept_outside(
    key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify.run(outside(key)) == 0
    text = capsys.readouterr().out
    assert text.splitlines()[-1] == "verdict: proved against what you gave"
    for line in (
        f"case {CASE}, C-REAL",
        "   10  2026-11-05T15:00:00.000000Z  submit: intake -> pa_submitted",
        "         patient: redacted",
        "         confirmation: HUM-77",
        "   32  2026-12-21  version 31 was taken back",
        "         basis: 42 CFR 422.590",
    ):  # fmt: skip
        assert line in text.splitlines()


def test_the_verifier_inside_verifies_it_in_an_empty_environment(tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_bytes(members(BUNDLE.read_bytes())["verify.py"])
    command = [sys.executable, "-I", "-S", "verify.py", *outside(KEYS[0])]
    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().endswith("verdict: proved against what you gave\n")


def test_its_notes_and_its_entries_hold_by_the_other_implementation() -> None:
    """All 43 entries but what says that the bundle was made are sealed, so they are the tree."""
    found = members(BUNDLE.read_bytes())
    bodies = found["entries.jsonl"].split(b"\n")[:-1]
    places = [line.split() for line in found["proof.txt"].decode().splitlines()]
    assert [kind for kind, *_ in places] == ["leaf"] * len(places)
    by_place = {(x.body["case"], str(x.body["version"])): x for x in entries(found)}
    leaves = [by_place[case, version].text.encode() for _, _, case, version in places]
    assert len(bodies) - len(leaves) == 1
    note = notes.parse(found["checkpoint.txt"].decode())
    assert note.checkpoint.root == merkle.root(map(merkle.leaf, leaves))
    mailed = notes.parse(MAILED.read_bytes().decode())
    assert mailed.checkpoint.root == merkle.root(map(merkle.leaf, leaves[: mailed.checkpoint.size]))


def entries(found: dict[str, bytes]) -> list[verify.Entry]:
    lines = found["entries.jsonl"].decode().split("\n")[:-1]
    return [verify.entry(text, n) for n, text in enumerate(lines, 1)]


def test_the_same_ledger_gives_the_same_evidence() -> None:
    frozen, (raw, mailed) = members(BUNDLE.read_bytes()), build()
    made = members(raw)
    assert mailed.encode() == MAILED.read_bytes()
    assert made.keys() == frozen.keys()
    free = {"README.txt", "verify.py", "manifest.json", "manifest.sha256"}
    for name in made.keys() - free:
        if not name.startswith("history/"):
            assert made[name] == frozen[name], name
