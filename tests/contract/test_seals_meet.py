"""Seals of one ledger by two hosts, each with its own folder: who comes second looks again."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from casetrack.errors import Busy, CasetrackError, Corrupt, Refused
from casetrack.ledger import connect, server
from casetrack.ledger.sql import SqlLedger, create_ledger, open_ledger
from casetrack.ledger.sql_tree import SqlTree
from casetrack.service import sealing, verifying
from casetrack.service.keeping import keep
from casetrack.service.operating import Seal
from casetrack.service.outcomes import Sealed
from casetrack.service.tracker import Tracker
from tests import servers
from tests.cli.driver import Office
from tests.conftest import FULL
from tests.console import ROOT
from tests.contract.asking import run
from tests.fakes import FakeClock, fixed_sources
from tests.sealing import FOREIGN, note_of
from tests.seals import Vault, proved, read_note

ROUNDS = 60 if FULL else 8


@pytest.fixture(params=["sqlite", "postgresql"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Gives a new place for a ledger each time."""
    numbers = count(1)
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield lambda: str(tmp_path / f"cases-{next(numbers)}.db")
        else:
            server = request.getfixturevalue("server")
            yield lambda: stack.enter_context(servers.database(server))


class Hosts:
    """Two hosts that hold one key; only the first has sealed, if any has."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        clock = FakeClock()
        self.here = Vault(create_ledger(url, fixed_sources(clock)), clock, folder / "here")
        self.here.new_key()
        self._folder = folder / "there"
        self.there = keep(Seal(state_dir=str(self._folder)), self.here.ledger.id)
        self._ledger = open_ledger(url, fixed_sources(clock))
        self.bring("key")

    def bring(self, name: str) -> None:
        """A file of the first host's folder, to the second one."""
        self.there.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy2(self.here.place.folder / name, self.there.folder / name)

    def seal_there(self) -> Sealed:
        return sealing.seal(Tracker(self._ledger, self.here.clock.now, "ota"), self.there)

    def refused(self, kind: type[CasetrackError]) -> str:
        """What the second host's seal says against itself; its checkpoint stays as it was."""
        before = self.there.note.read_text() if self.there.note.exists() else None
        with pytest.raises(CasetrackError) as caught:
            self.seal_there()
        assert type(caught.value) is kind, caught.value
        assert (self.there.note.read_text() if self.there.note.exists() else None) == before
        return caught.value.message

    def prove(self) -> None:
        """All that sealing promises, and each host is a witness that the ledger satisfies."""
        for place in (self.here.place, self.there):
            proved(self.here.ledger, place)
            outside = verifying.kept(self.url, Seal(state_dir=str(place.folder.parent)))
            assert outside is not None
            found = verifying.verify(self.url, [outside])
            assert found.ok, found.problems

    def close(self) -> None:
        for ledger in (self.here.ledger, self._ledger):
            assert isinstance(ledger, SqlLedger)
            ledger.close()


@pytest.fixture
def hosts(places: Callable[[], str], tmp_path: Path) -> Iterator[Hosts]:
    made = Hosts(places(), tmp_path)
    yield made
    made.close()


@pytest.fixture
def on_file(tmp_path: Path) -> Iterator[Hosts]:
    """Both have sealed five entries, the first host eight."""
    made = Hosts(str(tmp_path / "cases.db"), tmp_path)
    made.here.note(2)
    made.here.seal()
    made.bring("checkpoint")
    made.here.note(3)
    made.here.seal()
    yield made
    made.close()


def test_hosts_seal_by_turns_and_each_goes_on_from_the_other(hosts: Hosts) -> None:
    hosts.here.seal()
    hosts.bring("checkpoint")
    for times in (1, 4, 2):
        hosts.here.note(times)
        assert hosts.here.seal().added == times
        hosts.here.note(times + 1)
        assert hosts.seal_there().added == times + 1
    assert hosts.seal_there().added == 0
    hosts.prove()
    assert read_note(hosts.there.note.read_text()).size == 20


def test_what_the_other_sealed_is_nothing_new_and_gets_its_checkpoint(hosts: Hosts) -> None:
    hosts.here.seal()
    hosts.bring("checkpoint")
    hosts.here.note(3)
    hosts.here.seal()
    assert hosts.seal_there().added == 0
    assert hosts.there.note.read_text() == hosts.here.outside


class Meeting:
    """Lets something happen behind the n-th act of a seal."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = -1
        self.happens: Callable[[], object] = lambda: None
        for owner, name in (
            (SqlTree, "keep"), (SqlTree, "keep_frontier"), (SqlTree, "keep_checkpoint"),
            (SqlTree, "frontier"), (SqlTree, "size"), (SqlTree, "checkpoint"),
            (SqlTree, "frontier_at"), (Path, "replace"),
        ):  # fmt: skip
            monkeypatch.setattr(owner, name, self._met(getattr(owner, name)))

    def _met(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def met(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever it is
            found = real(*arguments, **more)
            self._count()
            return found

        return met

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.happens()

    def at(self, step: int, happens: Callable[[], object], act: Callable[[], object]) -> bool:
        """Whether the act had so many steps."""
        self.happens, self.left = happens, step
        act()
        met, self.left = self.left <= 0, -1
        return met


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> Meeting:
    """Who holds the tree makes the other one wait, and that not for long."""
    monkeypatch.setattr(connect, "BUSY_SECONDS", 0.02)
    monkeypatch.setitem(vars(server)["_SETTINGS"], "lock_timeout", 20)
    return Meeting(monkeypatch)


def test_a_whole_seal_by_the_other_at_any_step_harms_neither(
    places: Callable[[], str], tmp_path: Path, meeting: Meeting
) -> None:
    hosts = Hosts(places(), tmp_path)
    hosts.here.seal()
    hosts.bring("checkpoint")
    came: list[Sealed] = []

    def other() -> None:
        with suppress(Busy):
            came.append(hosts.seal_there())

    for step in count(1):
        hosts.here.note(2)
        if not meeting.at(step, other, hosts.here.seal):
            break
        assert hosts.here.seal().added == 0
    assert len(came) > 6
    assert sum(sealed.added > 0 for sealed in came) > 3
    hosts.seal_there()
    hosts.prove()
    hosts.close()


def test_two_first_seals_harm_neither_at_any_step(
    places: Callable[[], str], tmp_path: Path, meeting: Meeting
) -> None:
    """Of a ledger that nobody has sealed before: both folders hold the key alone."""
    came = 0
    for step in count(1):
        hosts = Hosts(places(), tmp_path / str(step))

        def other(hosts: Hosts = hosts) -> None:
            nonlocal came
            with suppress(Busy):
                hosts.here.seal()
                came += 1

        met = meeting.at(step, other, hosts.seal_there)
        assert hosts.here.ledger.tree.unsealed() == 0
        if hosts.here.place.note.exists():
            hosts.prove()
        hosts.close()
        if not met:
            break
    assert came > 2


# What is no race


def test_what_the_other_sealed_is_proved_from_its_leaves(on_file: Hosts) -> None:
    run(Path(on_file.url), "DROP TRIGGER leaf_update",
        "UPDATE leaf SET hash = zeroblob(32) WHERE leaf_index = 6")  # fmt: skip
    said = on_file.refused(Corrupt)
    assert "the first 5 sealed entries are not those of the checkpoint kept at" in said


def test_a_checkpoint_of_the_others_that_no_key_signed_is_not_gone_on_from(on_file: Hosts) -> None:
    ledger = on_file.here.ledger
    root = read_note(on_file.here.outside).root
    forged = note_of(ledger.id, 8, root, [FOREIGN])
    run(Path(on_file.url), "DROP TRIGGER checkpoint_update",
        f"UPDATE checkpoint SET note = '{forged}' WHERE size = 8")  # fmt: skip
    on_file.here.note()
    said = on_file.refused(Corrupt)
    assert "the last checkpoint in the database does not go with the one kept at" in said


def test_two_copies_that_both_went_on_are_a_fork(on_file: Hosts, tmp_path: Path) -> None:
    """The second host's memory is of the other copy."""
    twin = Hosts(str(tmp_path / "twin.db"), tmp_path / "twin")
    twin.here.note(5)
    twin.here.seal()
    shutil.copy2(twin.here.place.note, on_file.there.note)
    assert "the first 8 sealed entries are not those of" in on_file.refused(Corrupt)
    twin.close()


def test_a_host_that_never_sealed_takes_a_copy_of_the_checkpoint_first(hosts: Hosts) -> None:
    hosts.here.seal()
    assert "its last checkpoint is not kept at" in hosts.refused(Refused)
    hosts.bring("checkpoint")
    hosts.here.note()
    assert hosts.seal_there().added == 1
    hosts.prove()


def test_a_host_that_missed_a_rotation_is_told_to_bring_the_newer_key(hosts: Hosts) -> None:
    hosts.here.seal()
    hosts.bring("checkpoint")
    hosts.here.rotate()
    assert "another one took over: put the newest key file back" in hosts.refused(Refused)
    hosts.bring("key")
    assert hosts.seal_there().added == 1
    hosts.prove()


# Processes

SEALER = """
import sys
from tests.cli.driver import run
rounds, *options = sys.argv[1:]
for _ in range(int(rounds)):
    done = run(*options, "audit", "seal", "--json")
    if done.code:
        sys.exit(f"{done}")
    print(done.data["sealed"], done.data["size"])
"""
WRITER = """
import sys
from tests.cli.driver import run
rounds, case, *options = sys.argv[1:]
for n in range(int(rounds)):
    done = run(*options, "note", case, f"call {n}")
    if done.code:
        sys.exit(f"{done}")
"""


def test_sealers_of_two_hosts_and_writers_at_once_agree_on_one_order(
    places: Callable[[], str], tmp_path: Path
) -> None:
    url = places()
    office = Office(tmp_path, now=None, server=url)
    office.do("db", "init")
    for case in ("C-1", "C-2"):
        office.do("open", "--ref", case)
    options = {name: _on_host(tmp_path, name) for name in ("here", "there")}
    office.do(*options["here"], "audit", "key", "new")
    office.do(*options["here"], "audit", "seal")
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    before = ["--db", url]
    working = [
        *(_started(SEALER, ROUNDS, *before, *host) for host in options.values()),
        *(_started(WRITER, 3 * ROUNDS, case, *before) for case in ("C-1", "C-2")),
    ]
    said = [process.communicate(timeout=300) for process in working]
    assert [process.returncode for process in working] == [0] * 4, said
    for host in options.values():
        office.do(*host, "audit", "seal")
        found = office.do(*host, "audit", "verify", "--json").data
        assert (found["ok"], found["unsealed"], found["unsigned"]) == (True, 0, 0)
    sizes = [[int(line.split()[1]) for line in out.splitlines()] for out, _ in said[:2]]
    assert all(seen == sorted(seen) and len(seen) == ROUNDS for seen in sizes)


def _on_host(folder: Path, name: str) -> list[str]:
    config = folder / f"{name}.toml"
    config.write_text(f'[seal]\nstate_dir = "{folder / name}"\n')
    return ["--config", str(config)]


def _started(script: str, *words: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, words)],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
