"""A server that is restarted and clients that are killed: nothing is lost, nothing is twice.

``scripts/test --full`` makes a hundred rounds of it.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import make_url

from tests import servers
from tests.chaos import Client, clients
from tests.cli.driver import Office
from tests.conftest import FULL

ROUNDS = int(os.environ.get("CASETRACK_ROUNDS", "100" if FULL else "1"))
CONFIG = """
[notify]
channels = ["file"]
file = "{0}/reminders.txt"
[serve]
every = 1
[seal]
state_dir = "{0}/state"
key_file = "{0}/key"
"""


class Chaos:
    def __init__(self, server: servers.Own, folder: Path) -> None:
        self.server = server
        servers.execute(server.url, "CREATE DATABASE chaos TEMPLATE template0")
        found = make_url(server.url).set(drivername="postgresql+psycopg", database="chaos")
        self.url = found.render_as_string(hide_password=False)
        self.folder = folder
        (folder / "config.toml").write_text(CONFIG.format(folder))
        self.office = Office(folder, now=None, server=self.url)
        self.chance = Random(int(os.environ.get("CASETRACK_SEED", "5")))
        self.happened: Counter[str] = Counter()
        self.ended: list[tuple[str, int]] = []  # by themselves, with an exit code

    def do(self, *words: str) -> None:
        done = self.office("--config", str(self.folder / "config.toml"), *words)
        assert done.code == 0, (words, done)

    def begin(self) -> list[Client]:
        self.do("db", "init")
        self.do("audit", "key", "new")
        self.do("open", "--workflow", "humana-il-guide", "--ref", "SHARED")
        self.do("fire", "SHARED", "submit", "--on", "-20bd", "--override", "x", "method=portal")
        return clients(self.url, self.folder)

    def round(self, number: int, working: list[Client]) -> None:
        """A moment of work, then a blow: in turn to the server and to one or two clients."""
        time.sleep(self.chance.uniform(0.3, 2))
        self.ended += [(c.name, code) for c in working if (code := c.supervised()) is not None]
        if number % 2 == 0:
            mode = ("immediate", "fast")[number // 2 % 2]
            self.server.stop(mode)
            time.sleep(self.chance.uniform(0, 0.7))
            self.server.start()
            self.happened[mode] += 1
        else:
            for client in self.chance.sample(working, self.chance.choice([1, 1, 2])):
                client.again()
                self.happened[client.name[0]] += 1

    def journal(self) -> list[list[str]]:
        return [line.split(" ", 1) for line in (self.folder / "journal").read_text().splitlines()]


@pytest.fixture
def chaos(tmp_path: Path) -> Iterator[Chaos]:
    with servers.own() as server:
        yield Chaos(server, tmp_path)


def test_nothing_is_lost_and_nothing_twice_however_often_all_is_torn_down(chaos: Chaos) -> None:
    working = chaos.begin()
    try:
        while not (chaos.folder / "journal").exists() or len(chaos.journal()) < 12:
            time.sleep(0.1)
        for number in range(ROUNDS):
            chaos.round(number, working)
        time.sleep(1)
    finally:
        for client in working:
            client.kill()
    said = "".join(client.said.read_text("utf-8") for client in working)
    assert "Traceback" not in said, said[-3000:]
    # One that begins while the server is away says so; whoever supervises it starts it again.
    assert set(chaos.ended) <= {("serve", 4), ("serve", 75)}
    bad = [line for line in chaos.journal() if line[0] == "bad"]
    assert bad == [], bad
    chaos.do("sweep")
    chaos.do("daily")
    chaos.do("audit", "verify")
    chaos.do("replay", "--all")
    nothing_is_lost(chaos)
    each_reminder_came_once(chaos)


def nothing_is_lost(chaos: Chaos) -> None:
    """Whatever a writer was told is done stands in the ledger, and once."""
    done = chaos.journal()
    keys = Counter(key for (key,) in servers.answered(chaos.url, "SELECT key FROM ledger"))
    fired = {line[1] for line in done if line[0] == "fired"}
    assert {key for key in fired if keys[key] != 1} == set()
    cases = {name for (name,) in servers.answered(chaos.url, "SELECT reference FROM case_view")}
    assert {line[1] for line in done if line[0] == "opened"} <= cases
    assert len(fired) >= 4 * ROUNDS / 2
    asked = "SELECT count(*) FROM unsealed"
    assert servers.answered(chaos.url, asked) == [(0,)]


def each_reminder_came_once(chaos: Chaos) -> None:
    """As an entry; as a delivery too, unless it says that it may be one again."""
    asked = "SELECT body FROM ledger WHERE type = 'ReminderSent'"
    sent = [json.loads(str(body)) for (body,) in servers.answered(chaos.url, asked)]
    rungs = Counter(
        (body["case"], body["data"]["deadline"], rung)
        for body in sent
        for rung in (body["data"]["rung"], *body["data"]["folded"])
    )
    assert set(rungs.values()) == {1}
    recorded = {body["data"]["reminder"] for body in sent}
    lines = (chaos.folder / "reminders.txt").read_text("utf-8").splitlines()
    first = Counter(named(line) for line in lines if "may repeat" not in line)
    assert set(first.values()) == {1}
    assert {named(line) for line in lines} == recorded
    submitted = "SELECT count(*) FROM ledger WHERE type = 'TransitionFired' AND key LIKE '%-submit'"
    ((cases,),) = servers.answered(chaos.url, submitted)
    assert isinstance(cases, int)
    assert len(recorded) >= 2 * cases > 0


def named(line: str) -> str:
    return line.partition("reminder ")[2].partition(",")[0]
