"""Seals that are killed at every step, that meet, and that run while others write."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from casetrack.service.keeping import Keep, keep
from casetrack.service.operating import Seal
from tests.cli.driver import run
from tests.console import ROOT
from tests.offices import Practice, at, filing, new_practice
from tests.seals import proved

FIRST = date(2026, 11, 2)
# Kills its own process before or after the n-th thing that is done to disk and database.
KILLED = """
import os, signal, sys
from pathlib import Path
from casetrack.audit import notes
from casetrack.cli.app import run
from casetrack.ledger.sql_tree import SqlTree
from casetrack.service import keeping, sealing
sealing.BATCH = 7
left = int(sys.argv[1])

def count():
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

def counted(owner, name):
    real = getattr(owner, name)
    def act(*arguments, **more):
        count()
        found = real(*arguments, **more)
        count()
        return found
    setattr(owner, name, act)

for owner, name in ((os, "fsync"), (os, "open"), (Path, "replace"), (notes, "sign"),
                    (SqlTree, "keep"), (SqlTree, "keep_frontier"), (SqlTree, "keep_checkpoint")):
    counted(owner, name)
sys.exit(run(sys.argv[2:]))
"""
WRITER = """
import sys
from casetrack.cli.app import run
for number in range(15):
    code = run([*sys.argv[1:], "note", "C-1", str(number)])
    if code:
        sys.exit(code)
"""


class Desk:
    """A practice ledger with a key, and real processes that seal it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config.toml"
        self.config.write_text(f'[seal]\nstate_dir = "{folder}/state"\n')
        self.office: Practice = new_practice(folder / "cases.db", at(FIRST))
        self.place: Keep = keep(Seal(state_dir=f"{folder}/state"), self.office.ledger.id)

    def arguments(self, *words: str) -> list[str]:
        options = ["--db", str(self.folder / "cases.db"), "--config", str(self.config)]
        return [*options, "--now", self.office.clock.now.isoformat(), *words]

    def start(self, script: str, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-c", script, *arguments], cwd=ROOT, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *words: str) -> int:
        return run(*self.arguments(*words)).code

    def write(self, count: int) -> None:
        self.office.clock.move(minutes=1)
        for number in range(count):
            self.office.case(f"C-{self.office.clock.now:%H%M}-{number}", filing(FIRST))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    made.office.case("C-1", filing(FIRST))
    assert made.run("audit", "key", "new") == 0
    yield made
    made.office.ledger.close()


def test_a_seal_killed_before_or_after_any_step_is_finished_by_the_next(desk: Desk) -> None:
    kills = 0
    while True:
        desk.write(10)
        child = desk.start(KILLED, str(kills + 1), *desk.arguments("audit", "seal"))
        child.communicate()
        if child.returncode == 0:
            break
        assert child.returncode == -9
        kills += 1
        assert desk.run("audit", "seal") == 0
        assert desk.office.ledger.tree.unsealed() == 0
        found = proved(desk.office.ledger, desk.place)
        assert found.size == desk.office.ledger.tree.size()
    assert kills >= 20


def test_seals_that_meet_make_no_leaf_twice_and_lose_none(desk: Desk) -> None:
    desk.write(60)
    script = "import sys\nfrom casetrack.cli.app import run\nsys.exit(run(sys.argv[1:]))"
    seals = [desk.start(script, *desk.arguments("audit", "seal")) for _ in range(4)]
    writer = desk.start(WRITER, *desk.arguments())
    seals += [desk.start(script, *desk.arguments("audit", "seal")) for _ in range(2)]
    errors = [child.communicate()[1] for child in (*seals, writer)]
    assert [child.returncode for child in (*seals, writer)] == [0] * 7, errors
    assert desk.run("audit", "seal") == 0
    assert proved(desk.office.ledger, desk.place).size == desk.office.ledger.tree.size()
    assert desk.office.ledger.tree.unsealed() == 0


def test_keys_that_are_made_and_changed_at_once_follow_each_other(desk: Desk) -> None:
    script = "import sys\nfrom casetrack.cli.app import run\nsys.exit(run(sys.argv[1:]))"
    words = [("audit", "key", "rotate")] * 3 + [("audit", "seal")] * 2
    children = [desk.start(script, *desk.arguments(*some)) for some in words]
    errors = [child.communicate()[1] for child in children]
    assert [child.returncode for child in children] == [0] * 5, errors
    assert desk.run("audit", "seal") == 0
    proved(desk.office.ledger, desk.place)
