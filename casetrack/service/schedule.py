"""What to give cron or systemd so that the daily run, or the server, runs unattended."""

import sys
from collections.abc import Mapping
from pathlib import Path
from shlex import quote

from casetrack.errors import Refused
from casetrack.ledger.place import is_server

Options = Mapping[str, Path | None]  # by its name, each that stands before the command
# They say where the config file is, and the key and the last checkpoint.
_FOLDERS = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")


def carried(env: Mapping[str, str]) -> dict[str, str]:
    """The variables by which casetrack finds its folders, where they are set."""
    found = {name: env.get(name, "").strip() for name in _FOLDERS}
    return {name: str(Path(folder).absolute()) for name, folder in found.items() if folder}


def command(database: str, options: Options, *words: str) -> list[str]:
    """The command line with nothing left to the environment that cron does not have."""
    program = Path(sys.argv[0]).absolute()
    called = [str(program)] if program.name == "casetrack" else [sys.executable, "-m", "casetrack"]
    chosen = [w for name, path in options.items() if path for w in (name, str(path.absolute()))]
    return [*called, "--db", _absolute(database), *chosen, *words]


def _absolute(database: str) -> str:
    return database if is_server(database) else str(Path(database).absolute())


def crontab(
    database: str, options: Options, report_dir: Path | None, folders: Mapping[str, str]
) -> list[str]:
    """The lines for ``crontab -e``: the daily run, and sweeps for clocks that run in hours."""
    daily = ["daily", *_reports(report_dir)]
    knowing = "".join(f"{name}={_cron([folder])} " for name, folder in folders.items())
    return [
        "# mails what it prints: set MAILTO to who reads it",
        f"0 7 * * * {knowing}{_cron(command(database, options, *daily))}",
        "# for clocks that run in hours; prints, and so mails, only what is due",
        f"*/10 * * * * {knowing}{_cron(command(database, options, 'sweep', '--quiet'))}",
    ]


def units(
    database: str, options: Options, report_dir: Path | None, folders: Mapping[str, str]
) -> dict[str, str]:
    """Unit files by name: a timer for the daily run, or instead the server."""
    known = _environment(folders)
    daily = _systemd(command(database, options, "daily", *_reports(report_dir)))
    serve = _systemd(command(database, options, "serve", *_reports(report_dir)))
    return {
        "casetrack-daily.service": _unit(
            "casetrack's daily run", f"Type=oneshot\n{known}ExecStart={daily}"
        ),
        "casetrack-daily.timer": _TIMER,
        "casetrack.service": _unit(
            "casetrack's server, instead of the timer",
            f"{known}ExecStart={serve}\nRestart=on-failure\nRestartSec=30",
            "\n[Install]\nWantedBy=default.target\n",
        ),
    }


_TIMER = """[Unit]
Description=casetrack's daily run, every day at seven

[Timer]
OnCalendar=*-*-* 07:00
Persistent=true

[Install]
WantedBy=timers.target
"""


def _unit(what: str, service: str, install: str = "") -> str:
    return f"[Unit]\nDescription={what}\n\n[Service]\n{service}\n{install}"


def _reports(folder: Path | None) -> list[str]:
    return [] if folder is None else ["--report-dir", str(folder.absolute())]


def _cron(words: list[str]) -> str:
    """In a crontab a percent sign ends the line unless it is escaped."""
    return " ".join(map(quote, map(_one_line, words))).replace("%", r"\%")


def _systemd(words: list[str]) -> str:
    """In a unit file percent and dollar signs are the manager's own."""
    return " ".join(_systemd_word(_one_line(word)) for word in words)


def _systemd_word(word: str) -> str:
    escaped = _escaped(word).replace("$", "$$")
    return f'"{escaped}"' if quote(word) != word else escaped


def _environment(folders: Mapping[str, str]) -> str:
    """One setting for all; a dollar sign means itself there."""
    words = [f'"{name}={_escaped(_one_line(folder))}"' for name, folder in folders.items()]
    return f"Environment={' '.join(words)}\n" if words else ""


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")


def _one_line(word: str) -> str:
    if any(ord(char) < 32 for char in word):
        raise Refused("a path with a control character in it can't stand in a crontab or a unit")
    return word
