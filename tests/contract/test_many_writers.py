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
TAKINGS = 1_000 if FULL else 40  # of each process
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
    """Beside each other they have some batches in hand."""
    for number in range(24):
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
    assert deadlocks(database) == 0
    assert verify(database).ok
    sent = "SELECT count(*), count(DISTINCT (case_id, key)) FROM ledger WHERE type = 'ReminderSent'"
    ((all_of_them, once),) = servers.answered(database, sent)
    assert all_of_them == once
    assert isinstance(once, int)
    assert once >= 24


HOLDS = """
import sys, time
from casetrack.cli.app import run
from casetrack.service import holders, sending
holders.myself = lambda: "elsewhere@7.1"
sending.Batch._deliver = lambda *_: (print("holding", flush=True), time.sleep(600))
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


TAKES = """
import sys
from contextlib import suppress
from datetime import timedelta
from random import Random
from casetrack.errors import Conflict
from casetrack.ledger.runs import Claim
from casetrack.ledger.sql import open_ledger
from tests.fakes import START, fixed_sources
place, name, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
ledger, chance = open_ledger(place, fixed_sources()), Random(name)
print("ready", flush=True)
for _ in range(rounds):
    wanted = [
        Claim(case_id=f"case {n:02}", reminder="R", holder=name, until=START + timedelta(n))
        for n in chance.sample(range(40), 30)
    ]
    # Some are taken over, though they are alive: nobody waits for another in any order but one.
    taken = ledger.runs.claim(wanted, lambda held: chance.random() < 0.2)
    mine = [claim for claim in wanted if claim.at in taken]
    chance.shuffle(mine)
    # What another took over in this very moment is a lost race, as any other.
    with suppress(Conflict), ledger.transaction():
        ledger.runs.release(mine[::2])
    ledger.runs.lapse(mine[1::2])
"""


@pytest.mark.parametrize("number", [2, 8])
def test_claims_that_overlap_in_any_order_never_deadlock(database: str, number: int) -> None:
    ledger = create_ledger(database, fixed_sources(), practice=True)
    takers = [
        subprocess.Popen([sys.executable, "-c", TAKES, database, str(n), str(TAKINGS)],
                         cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for n in range(number)
    ]  # fmt: skip
    said = [taker.communicate(timeout=300) for taker in takers]
    assert [taker.returncode for taker in takers] == [0] * number, said
    assert deadlocks(database) == 0
    ledger.close()


def deadlocks(database: str) -> object:
    """The server counts them itself."""
    name = make_url(database).database
    asked = f"SELECT deadlocks FROM pg_stat_database WHERE datname = '{name}'"
    ((number,),) = servers.answered(database, asked)
    return number


def test_a_sweep_claims_a_batch_by_one_statement_in_order_and_lets_go_of_all_else(
    shared: Practice,
) -> None:
    """In a transaction of its own, so that it waits for others' claims with nothing in hand."""
    for number in (3, 1, 2, 6, 5, 4, 7):
        shared.case(f"C-{number}", filing(START.date() - timedelta(days=number)))
    acts: list[tuple[str, Any]] = []

    def executed(*arguments: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        acts.append((" ".join(arguments[2].split()[:3]).lower(), arguments[3]))

    event.listen(Engine, "before_cursor_execute", executed)
    event.listen(Engine, "commit", lambda _: acts.append(("commit", {})))
    try:
        assert len(shared.sweep().sent) == 7
    finally:
        event.remove(Engine, "before_cursor_execute", executed)
    claims = [n for n, (act, _) in enumerate(acts) if act == "insert into claim"]
    assert [acts[n + 1][0] for n in claims] == ["commit"] * 3
    asked = [[v for k, v in acts[n][1].items() if k.startswith("case_id")] for n in claims]
    assert [len(batch) for batch in asked] == [1, 2, 4]
    assert asked == [sorted(batch) for batch in asked]
