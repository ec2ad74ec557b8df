"""Audits shared among processes and clusters: the same output, and no worker's end unnoticed."""

import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest

from casetrack.errors import Refused, Unexpected
from casetrack.service import cluster, crew, ranges, sharing
from casetrack.service.ranges import Place
from casetrack.service.verifying import verify
from tests import clusters
from tests.cli.driver import Office, practice, submitted

ROOT = Path(__file__).parents[2]
AUDITS = (
    ("audit", "verify"),
    ("audit", "verify", "--quick"),
    ("replay", "--all"),
    ("audit", "drift"),
    ("audit", "conformance"),
)
COMMANDS = [audit for audit in AUDITS if "--quick" not in audit]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Twelve cases, most of them with findings."""
    folder = tmp_path_factory.mktemp("office")
    made = practice(folder / "office")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        made.do("audit", "key", "new")
        submitted(made)
        for number in range(11):
            made.do("open", "--ref", f"D-{number}")
            made.do("note", f"D-{number}", "called")
        made.do("audit", "seal")
    return made


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "ENTRIES", 3)
    monkeypatch.setattr(sharing, "CASES", 1)


def outputs(office: Office, *options: str) -> list[tuple[int, str, str]]:
    found = [office(*audit, "--json", *options) for audit in AUDITS]
    return [(run.code, run.out, run.err) for run in found]


# What is asked wrongly


@pytest.mark.parametrize("audit", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--jobs", "0"), "--jobs is a number of processes, 1 to 256"),
        (("--jobs", "257"), "--jobs is a number of processes, 1 to 256"),
        (("--jobs", "1000"), "--jobs is a number of processes, 1 to 256"),
        (("--jobs", "-1"), "--jobs can't be read; it takes a whole number"),
        (("--jobs", "two"), "--jobs can't be read; it takes a whole number"),
        (("--jobs", "2", "--cluster", "tcp://a:1"), "give one of them"),
        (("--cluster", "http://a:8786"), "tcp://HOST:PORT"),
        (("--cluster", "tcp://a"), "tcp://HOST:PORT"),
        (("--cluster", "tcp://me:secret@a:8786"), "tcp://HOST:PORT"),
        (("--cluster", ""), "tcp://HOST:PORT"),
    ],
)
def test_options_that_make_no_sense_are_told(
    office: Office, audit: tuple[str, ...], options: tuple[str, ...], said: str
) -> None:
    run = office(*audit, *options)
    assert (run.code, run.out) == (2, "")
    assert said in run.err
    assert "secret" not in run.err


def test_without_dask_it_says_what_to_install(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda _: None)
    run = office("audit", "verify", "--cluster", "tcp://127.0.0.1:8786")
    assert (run.code, run.out) == (4, "")
    assert "pip install 'casetrack[cluster]'" in run.err


@pytest.mark.parametrize("listening", [False, True])
def test_where_no_scheduler_answers_it_says_so(
    office: Office, monkeypatch: pytest.MonkeyPatch, listening: bool
) -> None:
    monkeypatch.setattr(cluster, "ANSWER_SECONDS", 0.5)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if listening:
            silent.listen()
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        run = office("audit", "verify", "--cluster", address)
    assert (run.code, run.out) == (4, "")
    assert run.err.splitlines()[-1].endswith(f"answers at {address}; see that it runs there")


def test_encryption_that_nobody_set_up_is_told(office: Office) -> None:
    run = office("audit", "verify", "--cluster", "tls://127.0.0.1:8786", "--json")
    assert (run.code, run.out) == (4, "")
    assert run.error["message"].startswith("tls:// needs Dask's certificates")
    assert len(run.err.splitlines()) == 1


# Processes


@pytest.mark.parametrize("audit", COMMANDS, ids=" ".join)
def test_processes_print_what_one_prints(office: Office, audit: tuple[str, ...]) -> None:
    shared = office(*audit, "--json", "--jobs", "2")
    assert shared == office(*audit, "--json")
    assert office(*audit, "--json", "--jobs", "1") == shared


def test_a_killed_process_is_an_error_and_no_verdict() -> None:
    with pytest.raises(Unexpected, match="a worker process ended in mid-run") as caught:
        _killed()
    assert caught.value.exit_code == 1


def _killed() -> None:
    with crew.at_work(2, None) as pool:
        assert pool is not None
        list(ranges.in_turn(pool, signal.raise_signal, [(signal.SIGKILL,)]))


ORPHANS = """
import os, sys, time
from casetrack.service import crew
if __name__ == "__main__":
    with crew.at_work(2, None) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        pool.submit(time.sleep, 600).result()
"""


def test_a_worker_ends_with_who_started_it(tmp_path: Path) -> None:
    script = tmp_path / "orphans.py"
    script.write_text(ORPHANS, encoding="utf-8")
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, cwd=ROOT)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    until = monotonic() + 20
    while is_running(worker) and monotonic() < until:
        sleep(0.05)
    assert not is_running(worker)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split(") ")[1][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


# What a worker is told, and tells

SERVER = "postgresql+psycopg://kim:hunter2@db.example/cases?password=hunter2"


def test_no_password_leaves_the_machine_or_shows_in_a_log() -> None:
    place = Place(SERVER, "state", "id")
    assert "hunter2" not in repr(place)
    assert "hunter2" not in repr((ranges.guarded, place))
    assert b"hunter2" not in pickle.dumps(ranges.abroad(place))
    assert ranges.abroad(place).url == "postgresql+psycopg://kim@db.example/cases"
    assert pickle.loads(pickle.dumps(place)) == place


def test_a_file_is_named_in_full_to_other_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ranges.abroad(Place("sqlite:///a.db")).url == str(tmp_path / "a.db")


def test_an_unforeseen_error_tells_nothing_that_was_typed() -> None:
    def failing() -> None:
        raise KeyError("Jana")

    with pytest.raises(Unexpected) as caught:
        ranges.guarded(failing)
    assert str(caught.value) == "unexpected KeyError in a worker"
    assert caught.value.__cause__ is None


def test_a_refusal_is_the_same_on_the_other_side() -> None:
    error = Refused("no", ["because"])
    again = pickle.loads(pickle.dumps(error))
    assert (again.message, again.reasons) == ("no", ("because",))


# A cluster


@pytest.fixture
def running(tmp_path: Path) -> Iterator[clusters.Cluster]:
    with clusters.running(tmp_path) as made:
        clusters.await_workers(made.address, 2)
        yield made


def test_a_cluster_prints_what_one_process_prints_even_if_a_worker_is_killed(
    office: Office, running: clusters.Cluster
) -> None:
    alone = outputs(office)
    assert outputs(office, "--cluster", running.address) == alone
    at = running.workers[0].pid

    def kill() -> None:
        while not clusters.busy(running.address, "w0"):
            sleep(0.02)
        os.kill(at, signal.SIGKILL)

    killer = Thread(target=kill)
    with crew.at_work(None, running.address) as executor:
        os.kill(at, signal.SIGSTOP)  # what it is given now, it has in hand when it is killed
        killer.start()
        shared = verify(str(office.db), executor=executor)
    killer.join()
    assert shared == verify(str(office.db))
    assert running.workers[0].wait() == -signal.SIGKILL
    assert outputs(office, "--cluster", running.address) == alone


def test_a_cluster_reads_a_server_as_one_process_does(
    office: Office, running: clusters.Cluster, database: str
) -> None:
    office.do("db", "copy", str(office.db), database)
    there = Office(office.folder, server=database)
    alone = outputs(there)
    assert [code for code, *_ in alone] == [code for code, *_ in outputs(office)]
    assert outputs(there, "--cluster", running.address) == alone


@pytest.mark.full
@pytest.mark.parametrize("lost", ["scheduler", "workers"])
def test_a_cluster_that_goes_away_is_an_error_and_no_verdict(
    office: Office, running: clusters.Cluster, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    monkeypatch.setattr(cluster, "DESERTED_SECONDS", 2.0)
    ended = [running.scheduler] if lost == "scheduler" else running.workers

    def end(_: int) -> None:
        for process in ended:
            process.kill()

    with (
        pytest.raises(Unexpected, match="the cluster lost its workers or its scheduler"),
        crew.at_work(None, running.address) as executor,
    ):
        verify(str(office.db), executor=executor, tick=end)


@pytest.mark.parametrize("words", [("--jobs", "2"), ("--cluster", "tcp://127.0.0.1:1")])
def test_named_cases_are_folded_in_this_process_alone(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    office = practice(tmp_path)
    office.do("open", "--ref", "C-1")
    done = office("replay", "C-1", *words)
    assert (done.code, done.out) == (2, "")
    assert "work is shared with --all only" in done.err
