"""Runs the command line in this process, as a script without a terminal would.

What was written is looked at with the standard library alone.
"""

import io
import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import click
import typer

from casetrack.cli.app import app
from casetrack.cli.app import run as casetrack

NOW = "2026-11-24T16:00Z"
LEDGER = "00000000-0000-0000-0000-000000000000"

PACKET: Mapping[str, Mapping[str, str]] = {
    "age": {"dob": "1990-02-28"},
    "diagnosis": {"icd10": "D67", "notes": "chart", "hereditary": "yes"},
    "factor_ix_activity": {"percent": "1.5", "off_prophylaxis": "yes"},
    "inhibitor_test": {"result": "negative"},
    "exposure_days": {"days": "150"},
    "liver_panel": {"alt": "20", "ast": "21", "alp": "70", "bilirubin": "0.6", "imaging": "clear"},
    "no_prior_gene_therapy": {"confirmed": "yes"},
    "approved_center": {"center": "Center 1"},
}
APPEAL = ("denial_letter", "clinical_evidence", "medical_necessity_letter")


class Run(NamedTuple):
    """What one command line came to."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, Any]:
        """The one JSON object on stdout."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    @property
    def error(self) -> dict[str, Any]:
        """The last line on stderr, an error in JSON."""
        found = json.loads(self.err.splitlines()[-1])
        assert isinstance(found, dict)
        return found


def run(*arguments: str, stdin: bytes = b"") -> Run:
    """One command line; its streams are UTF-8, strict, and no terminal."""
    kept = sys.stdin, sys.stdout, sys.stderr
    streams = [io.BytesIO(stdin), io.BytesIO(), io.BytesIO()]
    texts = [io.TextIOWrapper(stream, encoding="utf-8", newline="") for stream in streams]
    sys.stdin, sys.stdout, sys.stderr = texts
    try:
        code = casetrack(list(arguments))
        for text in texts[1:]:
            text.flush()
    finally:
        sys.stdin, sys.stdout, sys.stderr = kept
    return Run(code, streams[1].getvalue().decode(), streams[2].getvalue().decode())


def commands(
    found: click.Command | None = None, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with its path, the command line itself first."""
    found = found or typer.main.get_command(app)
    yield path, found
    if isinstance(found, click.Group):
        for name, inner in found.commands.items():
            yield from commands(inner, (*path, name))


class Office:
    """A ledger in a folder of its own, and a command line that works on it."""

    def __init__(self, folder: Path, now: str | None = NOW, server: str | None = None) -> None:
        self.folder = folder
        self.db = folder / "cases.db"
        self.server = server
        self.now = now

    def __call__(
        self, *arguments: str, now: str | None = "", actor: str = "eva", stdin: bytes = b""
    ) -> Run:
        """``now`` as the office has it unless given; None leaves the real clock."""
        set_now = self.now if now == "" else now
        before = ["--db", self.server or str(self.db), "--actor", actor]
        before += [] if set_now is None else ["--now", set_now]
        return run(*before, *arguments, stdin=stdin)

    def do(self, *arguments: str, now: str | None = "", stdin: bytes = b"") -> Run:
        """A command that has to succeed."""
        done = self(*arguments, now=now, stdin=stdin)
        assert done.code == 0, (arguments, done)
        return done

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as connection:
            return connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()

    def bodies(self, case_id: str | None = None) -> list[dict[str, Any]]:
        """The bodies as stored, by case and version."""
        found = [json.loads(row[-1]) for row in self.rows("ledger")]
        return [body for body in found if case_id in (None, body["case"])]

    def written(self) -> list[tuple[Any, ...]]:
        """Everything that a refused command may not change."""
        tables = ("ledger", "disclosure", "definition", "case_view", "deadline_view", "value_view")
        with closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as connection:
            return [row for t in tables for row in connection.execute(f"SELECT * FROM {t}")]

    def bytes(self) -> dict[str, bytes]:
        """Every file below the folder, whole."""
        files = (path for path in sorted(self.folder.rglob("*")) if path.is_file())
        return {path.name: path.read_bytes() for path in files}


def practice(folder: Path, now: str = NOW) -> Office:
    """A practice ledger, whose clock is set."""
    office = Office(folder, now)
    office.do("db", "init", "--practice")
    return office


def pairs(values: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in values.items()]


def packet_csv(packet: Mapping[str, Mapping[str, str]] = PACKET, on: str = "2026-11-20") -> bytes:
    """The packet as the CSV that ``record --from`` reads."""
    names = sorted({name for values in packet.values() for name in values})
    rows = [["item", "on", *names]]
    rows += [[item, on, *(v.get(n, "") for n in names)] for item, v in packet.items()]
    return "".join(",".join(row) + "\n" for row in rows).encode()


def submitted(office: Office, ref: str = "C-1", patient: str = "P 1") -> str:
    """A case with its whole packet, submitted on 24 November 2026."""
    office.do("open", "--ref", ref, "--patient", patient)
    office.do("record", ref, "--from", "-", stdin=packet_csv())
    office.do("fire", ref, "submit", "method=portal", "confirmation=K-77")
    return ref


def denied(office: Office, ref: str = "C-2") -> str:
    submitted(office, ref)
    office.do("fire", ref, "deny", "notice_on=2026-11-24", "reason_code=experimental")
    return ref


def lines_of(text: str) -> Iterable[str]:
    """Lines as a terminal or a CSV reader counts them: ended by a newline and nothing else."""
    return text.removesuffix("\n").split("\n")
