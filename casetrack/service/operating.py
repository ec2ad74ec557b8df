"""How unattended runs are set up: the tables ``notify``, ``daily``, ``serve``, ``ping``, ``seal``.

They stand in the config file, or secrets of theirs in files that it or the environment names;
never on a command line.
"""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from casetrack.domain.naming import suggest
from casetrack.errors import Refused

ChannelName = Literal["stdout", "file", "apprise"]
URLS_FILE = "CASETRACK_NOTIFY_URLS_FILE"
SUPERVISOR_FILE = "CASETRACK_SUPERVISOR_FILE"
PING_FILE = "CASETRACK_PING_FILE"
_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_HTTP = re.compile(r"https?://[^\s/?#@]+([/?#]\S*)?", re.ASCII)
MOST_SECRET_BYTES = 64 * 1024
_SECRET = frozenset({"urls", "supervisor", "people", "start", "success", "failure"})
_TAKES = {
    "channels": "a list of at least one of stdout, file and apprise",
    "urls": "a list of addresses",
    "people": "a table of names, each with an address",
    "wait_seconds": "a whole number from 0 to 3600",
    "at": "a time between 00:00 and 23:59, two digits each",
    "every": "a whole number of minutes from 1 to 60",
}


class Notify(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``urls`` are told of what is assigned to nobody in ``people``."""

    channels: Annotated[tuple[ChannelName, ...], Meta(min_length=1)] = ("stdout",)
    file: str | None = None
    urls: tuple[str, ...] = ()
    urls_file: str | None = None
    supervisor: str | None = None
    supervisor_file: str | None = None
    people: dict[str, str] = {}


class Daily(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``wait_seconds``: how long a run waits for another one to end."""

    report_dir: str | None = None
    metrics: str | None = None
    wait_seconds: Annotated[int, Meta(ge=0, le=3600)] = 60


class Serve(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``at``: the local time of the daily run; ``every``: minutes between sweeps."""

    at: Annotated[str, Meta(pattern=_TIME)] = "07:00"
    every: Annotated[int, Meta(ge=1, le=60)] = 5


class Ping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Addresses that a dead-man service gave: asked with GET, and nothing is sent along."""

    start: str | None = None
    success: str | None = None
    failure: str | None = None


class Seal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the last checkpoint and the signing key stand, outside the database."""

    state_dir: str | None = None
    key_file: str | None = None


class Operating(Struct, frozen=True, kw_only=True):
    notify: Notify = Notify()
    daily: Daily = Daily()
    serve: Serve = Serve()
    ping: Ping = Ping()
    seal: Seal = Seal()


def load(config: Path | None, env: Mapping[str, str]) -> Operating:
    """The tables of the config file, their secrets read; every problem names its key alone."""
    found = _read(config)
    return replace(found, notify=_notify(found.notify, env), ping=_ping(found.ping, env))


def load_seal(config: Path | None) -> Seal:
    """The table ``seal`` alone: no secret of the others is read."""
    return _read(config, only=("seal",)).seal


def _read(config: Path | None, only: Collection[str] = Operating.__struct_fields__) -> Operating:
    from casetrack.service.settings import default_config, read_tables

    tables = {name: made for name, made in read_tables(config).items() if name in only}
    problems = [p for name, table in tables.items() for p in _problems(name, table)]
    if problems:
        raise Refused(f"{config or default_config()} can't be used", problems)
    return msgspec.convert(tables, Operating)


def _problems(name: str, table: object) -> Iterator[str]:
    """Everything wrong with a table, in words; a value is never repeated."""
    if not isinstance(table, dict):
        yield f"{name} must be a table"
        return
    kind = type(getattr(Operating(), name))
    known = kind.__struct_fields__
    for key, value in table.items():
        if key not in known:
            yield f"{name}: unknown key {key!r}{suggest(key, known)}; known: {', '.join(known)}"
            continue
        try:
            msgspec.convert({key: value}, kind)
        except msgspec.ValidationError:
            yield f"{name}.{key} must be {_TAKES.get(key, 'text')}"


def shown(config: Path | None) -> dict[str, str]:
    """What the tables set, by ``table.key``; an address, or what may be one, is never shown."""
    from casetrack.service.settings import read_tables

    return {
        f"{name}.{key}": str(value) if key in _plain(name) else "(set)"
        for name, table in read_tables(config).items()
        if isinstance(table, dict)
        for key, value in table.items()
    }


def _plain(name: str) -> set[str]:
    """The keys whose values are no secret; one that is mistyped may hold one."""
    return {*getattr(Operating(), name).__struct_fields__} - _SECRET


def _notify(table: Notify, env: Mapping[str, str]) -> Notify:
    urls = (*table.urls, *_secrets(env.get(URLS_FILE) or table.urls_file))
    supervisors = _secrets(env.get(SUPERVISOR_FILE) or table.supervisor_file)
    made = replace(table, urls=urls, supervisor=supervisors[0] if supervisors else table.supervisor)
    if "apprise" in made.channels and not made.urls:
        raise Refused("notify: the channel apprise needs urls, for what nobody in people has")
    if "file" in made.channels and not made.file:
        raise Refused("notify: the channel file needs file, its path")
    return made


def _ping(table: Ping, env: Mapping[str, str]) -> Ping:
    """A file holds the base address, with ``/start`` and ``/fail`` beside it."""
    if env.get(PING_FILE):
        base = next(iter(_secrets(env[PING_FILE])), "").rstrip("/")
        table = Ping(start=f"{base}/start", success=base, failure=f"{base}/fail")
    for name in Ping.__struct_fields__:
        url = getattr(table, name)
        if url is not None and not _HTTP.fullmatch(url):
            raise Refused(f"ping.{name} is no http or https address without a user in it")
    return table


def _secrets(path: str | None) -> tuple[str, ...]:
    """The lines of a secret's file, comments and empty ones left out."""
    if not path:
        return ()
    try:
        with Path(os.path.expanduser(path)).open("rb") as file:  # noqa: PTH111 - a path as typed
            text = file.read(MOST_SECRET_BYTES).decode()
    except (OSError, UnicodeDecodeError):
        raise Refused(f"{path} can't be read as a text file of secrets") from None
    lines = (line.strip() for line in text.split("\n"))
    return tuple(line for line in lines if line and not line.startswith("#"))
