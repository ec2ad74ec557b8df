"""Runs the console blocks of a document, as a reader would type them, and compares the output.

A block starts with three back quotes and ``console``. A line ``$ command``, with its
here-document, is run by bash in one folder that lasts for the document; the lines after it are
what the reader sees. ``export`` lines hold for the rest of the document.
``CASETRACK_GOLDEN=write`` puts the real outputs in place.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.forking import loaded

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"(```console\n)(.*?)(```)", re.DOTALL)


def run_document(
    document: Path, folder: Path, variables: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """(the document as it is, the document with the outputs that its commands really have)."""
    text = document.read_text(encoding="utf-8")
    shell = Shell(folder, variables or {})
    with TemporaryDirectory() as made, loaded(Path(made), shell.env()) as programs:
        shell.programs = programs
        real = BLOCK.sub(lambda block: block[1] + shell.block(block[2]) + block[3], text)
    if os.environ.get("CASETRACK_GOLDEN") == "write":
        document.write_text(real, encoding="utf-8")
    return text, real


class Shell:
    """One reader's shell: a folder, and what was exported so far."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self.folder = folder
        self.variables = variables
        self.exports: list[str] = []
        self.programs = Path(sys.executable).parent

    def block(self, text: str) -> str:
        return "".join(f"$ {command}\n{self.run(command)}" for command in commands(text))

    def run(self, command: str) -> str:
        if command.startswith("export "):
            self.exports.append(command)
            return ""
        script = "\n".join([*self.exports, command])
        done = subprocess.run(
            ["bash", "-c", script], cwd=self.folder, env=self.env(), check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
        )  # fmt: skip
        return done.stdout.decode()

    def env(self) -> dict[str, str]:
        return {
            "PATH": f"{self.programs}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            **self.variables,
        }


def commands(text: str) -> Iterator[str]:
    """The commands of a block; a line that ends in a backslash goes on."""
    lines = iter(text.splitlines())
    for line in lines:
        if not line.startswith("$ "):
            continue
        command = line.removeprefix("$ ")
        while command.endswith("\\"):
            command += "\n" + next(lines)
        if command.endswith("<<'END'"):
            while not command.endswith("\nEND"):
                command += "\n" + next(lines)
        yield command
