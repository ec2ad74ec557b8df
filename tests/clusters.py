"""A real Dask scheduler and worker processes of it, on this machine."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple


class Cluster(NamedTuple):
    address: str
    scheduler: "subprocess.Popen[bytes]"
    workers: "Sequence[subprocess.Popen[bytes]]"
    logs: Path


@contextmanager
def running(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """A scheduler at a free port, with workers of one thread that nobody starts again."""
    file = folder / "scheduler.json"
    with (folder / "log").open("wb") as log:

        def start(*arguments: str) -> "subprocess.Popen[bytes]":
            command = [sys.executable, "-m", "dask", *arguments, "--scheduler-file", str(file)]
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)

        scheduler = start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                          "--no-show")  # fmt: skip
        made = [
            start("worker", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--name", f"w{n}",
                  "--memory-limit", "0", "--local-directory", str(folder))
            for n in range(workers)
        ]  # fmt: skip
        try:
            yield Cluster(_address(file), scheduler, made, folder / "log")
        finally:
            for process in (*made, scheduler):
                process.kill()
                process.wait()


def _address(file: Path) -> str:
    until = monotonic() + 60
    while monotonic() < until:
        if file.exists() and (text := file.read_text(encoding="utf-8")):
            return str(json.loads(text)["address"])
        sleep(0.05)
    raise TimeoutError("the scheduler did not start")


def await_workers(address: str, count: int) -> None:
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=60)


def busy(address: str, name: str) -> int:
    """How many tasks a worker has in hand or waiting for it."""
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        workers = client.scheduler_info(n_workers=-1)["workers"]
        at = next(where for where, about in workers.items() if about["id"] == name)
        return len(client.processing()[at])
