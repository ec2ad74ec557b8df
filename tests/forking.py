"""``casetrack`` as a process of its own for each call, forked from one that has it loaded.

The program that a shell finds hands its words, folder, variables and streams over a socket. What
runs then is the real command line in a real process; only the loading of its packages is spared.
"""

import gc
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

HEAVY = ("alembic", "jinja2", "pendulum", "rich", "sqlalchemy.dialects.sqlite", "transitions")
PROGRAM = """#!{python} -ISE
import json, os, socket, sys
umask = os.umask(0)
asked = [sys.argv, os.getcwd(), dict(os.environ), umask]
with socket.socket(socket.AF_UNIX) as caller:
    caller.connect({address!r})
    socket.send_fds(caller, [json.dumps(asked).encode() + b"\\n"], [0, 1, 2])
    sys.exit(int(caller.recv(8) or b"70"))
"""


@contextmanager
def loaded(folder: Path, env: dict[str, str]) -> Iterator[Path]:
    """A folder that holds the program, as long as the process behind it runs."""
    address = folder / "socket"
    program = folder / "casetrack"
    program.write_text(PROGRAM.format(python=sys.executable, address=str(address)))
    program.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen()
        words = [sys.executable, __file__, str(listener.fileno())]
        server = subprocess.Popen(
            words, pass_fds=[listener.fileno()], env=env,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        yield folder
    finally:
        server.kill()
        server.wait()


def serve(listener: socket.socket) -> None:
    import casetrack

    every = pkgutil.walk_packages(casetrack.__path__, "casetrack.")
    for name in (*HEAVY, *(m.name for m in every if "migrations" not in m.name)):
        if name != "casetrack.__main__":
            import_module(name)
    for _ in commands():
        pass
    gc.freeze()
    while True:
        caller, _ = listener.accept()
        if os.fork() == 0:
            os._exit(answer(caller))
        caller.close()


def commands() -> Iterator[str]:
    """Each command's name, once what it takes has been worked out."""
    from click import Context, Group

    from casetrack.cli.app import app
    from casetrack.cli.tree import grown

    waiting = [grown(app)]
    while waiting:
        command = waiting.pop()
        yield str(command.name)
        if isinstance(command, Group):
            found = Context(command)
            made = (command.get_command(found, name) for name in command.list_commands(found))
            waiting += [inner for inner in made if inner is not None]


def answer(caller: socket.socket) -> int:
    """One command line, in the caller's place; what it exits with is sent to the caller."""
    from casetrack.cli.app import main

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    text, streams, _, _ = socket.recv_fds(caller, 1 << 20, 3)
    while not text.endswith(b"\n"):
        text += caller.recv(1 << 20)
    sys.argv, folder, variables, umask = json.loads(text)
    for wanted, stream in enumerate(streams):
        os.dup2(stream, wanted)
        os.close(stream)
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
    sys.stderr = os.fdopen(2, "w", buffering=1)
    os.chdir(folder)
    os.umask(umask)
    os.environ.clear()
    os.environ.update(variables)
    time.tzset()
    code = 1
    try:
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
        sys.stdout.flush()
    finally:
        caller.sendall(str(code).encode())
    return code


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    serve(socket.socket(fileno=int(sys.argv[1])))
