"""Everybody at work on one server at once: processes that go on trying, and may be killed.

What a process was told is done, it writes down at once, a line each, so that nothing it was
promised is forgotten when it dies.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.console import ROOT

NAME = "its name"
WRITER = """
import os, sys, time
from tests.cli.driver import run
url, config, name, journal = sys.argv[1:]
said = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
def note(*words):
    os.write(said, (" ".join(words) + "\\n").encode())
def until_done(known, *words):
    while True:
        done = run("--db", url, "--config", config, "--actor", name, *words)
        if done.code == 0 or known in done.err:
            return
        if done.code != 75 and "cannot be reached" not in done.err:
            note("bad", str(done.code), ascii(done.err))
        time.sleep(0.1)
n = 0
while True:
    n += 1
    ref = f"{name}-{n}"
    until_done("choose another", "open", "--workflow", "humana-il-guide", "--ref", ref)
    note("opened", ref)
    for key, words in (("submit", "submit --on -6bd --override paper method=portal"),
                       ("a", "payer_missed"), ("b", "payer_missed")):
        case = ref if key == "submit" else "SHARED"
        key = f"{ref}-{key}"
        until_done("\\0", "fire", case, *words.split(), "--idempotency-key", key)
        note("fired", key)
"""
DAILY = """
import os, sys, time
from tests.cli.driver import run
url, config, name, journal = sys.argv[1:]
said = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
while True:
    done = run("--db", url, "--config", config, "daily")
    if done.code not in (0, 4, 6, 75) or "Traceback" in done.err:
        os.write(said, f"bad {done.code} {ascii(done.err + done.out[-2000:])}\\n".encode())
    elif done.code == 0:
        os.write(said, b"ran\\n")
    time.sleep(0.2)
"""


class Client:
    """A process by name that is started again when it was killed."""

    def __init__(self, name: str, words: list[str], said: Path) -> None:
        self.name = name
        self.said = said
        self._words = words
        self.starts = 0
        self.process = self._started()

    def _started(self) -> "subprocess.Popen[bytes]":
        self.starts += 1
        # Each start has a name of its own: what the last one did is not done again.
        own = f"{self.name}.{self.starts}"
        words = [own if word == NAME else word for word in self._words]
        with self.said.open("ab") as said:
            return subprocess.Popen(words, cwd=ROOT, stdout=said, stderr=said)

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(60)

    def again(self) -> None:
        self.kill()
        self.process = self._started()

    def supervised(self) -> int | None:
        """Started again if it ended by itself; what it ended with, None if it runs."""
        code = self.process.poll()
        if code is not None:
            self.process = self._started()
        return code


def clients(url: str, folder: Path) -> list[Client]:
    """Four writers, two daily runs after each other's heels, and a server."""
    config, journal = folder / "config.toml", folder / "journal"
    known = [url, str(config), NAME, str(journal)]
    scripts = {f"w{n}": WRITER for n in range(4)} | {f"d{n}": DAILY for n in range(2)}
    made = [
        Client(name, [sys.executable, "-c", script, *known], folder / f"{name}.txt")
        for name, script in scripts.items()
    ]
    serve = [sys.executable, "-m", "casetrack", "--db", url, "--config", str(config), "serve"]
    return [*made, Client("serve", serve, folder / "serve.txt")]
