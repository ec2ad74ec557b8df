"""Many processes on one ledger, in a file and on a server: no error, nothing lost, no deadlock."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, make_url

from casetrack.domain.dates import instant_text
from casetrack.ledger.sql import create_ledger
from casetrack.service.verifying import verify
from tests import servers
from tests.cli.driver import Office
from tests.conftest import FULL
from tests.console import ROOT
from tests.contract.test_sqlite import RACER
from tests.facts import new_case, opened
from tests.fakes import START, FakeClock, fixed_sources
from tests.offices import Practice, at, filing

ROUNDS = 100 if FULL else 1
WRITERS = 8
BUSY = """
import sys, time
from tests.cli.driver import run
*options, command = sys.argv[1:]
for _ in range(3):
    done = run(*options, *command.split("|"))
    if done.code not in (0, 75) or "Traceback" in done.err:
        sys.exit(f"{command}: {done}")
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "cases.db")
    return str(request.getfixturevalue("database"))


def test_of_eight_writers_no_one_is_shown_an_error_and_nothing_is_lost(place: str) -> None:
    """Of one case for each two of them, so that they meet on cases too."""
    ledger = create_ledger(place, fixed_sources(), practice=True)
    cases = [new_case(ledger, opened(f"C-{n}")).id for n in range(WRITERS // 2)]
    command = [sys.executable, "-c", RACER, place]
    racers = [
        subprocess.Popen(
            [*command, cases[n // 2], f"racer{n}"], cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        for n in range(WRITERS)
    ]  # fmt: skip
    said = [racer.communicate(timeout=120)[0] for racer in racers]
    assert [(racer.returncode, out) for racer, out in zip(racers, said, strict=True)] == [
        (0, "")
    ] * WRITERS
    assert [len(ledger.entries(case)) for case in cases] == [51] * len(cases)
    assert verify(place).ok
    ledger.close()


# On a server


@pytest.fixture
def shared(database: str) -> Iterator[Practice]:
    clock = FakeClock(at(START.date()))
    made = Practice(create_ledger(database, fixed_sources(clock), practice=True), clock)
    yield made
    made.ledger.close()


def test_processes_of_all_kinds_at_once_never_deadlock(
    shared: Practice, database: str, tmp_path: Path
) -> None:
    """The server counts its deadlocks itself."""
    for number in range(12):
        shared.case(f"C-{number}", filing(START.date() - timedelta(days=number), START.date()))
    config = tmp_path / "config.toml"
    config.write_text(
        f'[notify]\nchannels = ["file"]\nfile = "{tmp_path}/out.txt"\n'
        f'[seal]\nstate_dir = "{tmp_path}/state"\nkey_file = "{tmp_path}/key"\n'
    )
    office = Office(tmp_path, now=instant_text(shared.clock.now), server=database)
    office.do("--config", str(config), "audit", "key", "new")
    for number in range(ROUNDS):
        now = instant_text(shared.clock.now + timedelta(days=number))
        options = ["--db", database, "--config", str(config), "--now", now]
        kinds = ["sweep", "sweep", "daily", "daily", "audit|seal", "assign|C-1|C-2|C-3|eva",
                 "assign|C-3|C-2|C-1|ota", "assign|C-2|C-1|eva"]  # fmt: skip
        working = [
            subprocess.Popen([sys.executable, "-c", BUSY, *options, kind], cwd=ROOT, text=True,
                             stderr=subprocess.PIPE)
            for kind in kinds
        ]  # fmt: skip
        said = "".join(process.communicate(timeout=300)[1] for process in working)
        assert [process.returncode for process in working] == [0] * len(kinds), said[-2000:]
    name = make_url(database).database
    asked = f"SELECT deadlocks FROM pg_stat_database WHERE datname = '{name}'"
    assert servers.answered(database, asked) == [(0,)]
    assert verify(database).ok
    sent = "SELECT count(*), count(DISTINCT (case_id, key)) FROM ledger WHERE type = 'ReminderSent'"
    ((all_of_them, once),) = servers.answered(database, sent)
    assert all_of_them == once
    assert isinstance(once, int)
    assert once >= 12


HOLDS = """
import sys, time
from casetrack.cli.app import run
from casetrack.service import holders, sweep
holders.myself = lambda: "elsewhere@7.1"
sweep._Sweep._send = lambda *_: (print("holding", flush=True), time.sleep(600))
run(sys.argv[1:])
"""


def test_what_a_dead_process_on_another_host_held_is_sent_when_its_lease_is_over(
    shared: Practice, database: str
) -> None:
    case = shared.case("C-1", filing(START.date()))
    words = ["--db", database, "--now", instant_text(shared.clock.now), "sweep"]
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, *words], cwd=ROOT, text=True, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "holding\n"
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    ((held,),) = servers.answered(database, "SELECT holder FROM claim")
    assert str(held).startswith("elsewhere@")
    shared.clock.move(minutes=4)
    assert (shared.sweep().sent, shared.sent(case)) == ((), [])
    shared.clock.move(minutes=1)
    (sent,) = shared.sweep().sent
    assert sent.may_repeat
    assert servers.answered(database, "SELECT * FROM claim") == []
    assert [one.may_repeat for one in shared.sent(case)] == [True]


def test_a_sweep_never_holds_a_claim_while_it_waits_for_another(shared: Practice) -> None:
    """Each is asked for in a transaction of its own, so that no order of theirs can deadlock."""
    for number in range(3):
        shared.case(f"C-{number}", filing(START.date()))
    acts: list[str] = []

    def executed(*arguments: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        acts.append(" ".join(arguments[2].split()[:3]).lower())

    event.listen(Engine, "before_cursor_execute", executed)
    event.listen(Engine, "commit", lambda _: acts.append("commit"))
    try:
        assert len(shared.sweep().sent) == 3
    finally:
        event.remove(Engine, "before_cursor_execute", executed)
    claims = [n for n, act in enumerate(acts) if act == "insert into claim"]
    assert len(claims) == 3
    assert [acts[n + 1] for n in claims] == ["commit"] * 3
