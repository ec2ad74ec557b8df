"""Output: data on stdout, messages on stderr, colour on a terminal alone."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from io import TextIOWrapper
from typing import IO, Protocol

import typer

from casetrack.errors import CasetrackError

_TONES: Mapping[str, dict[str, object]] = {
    "head": {"bold": True},
    "bad": {"fg": "red", "bold": True},
    "warn": {"fg": "yellow"},
    "good": {"fg": "green"},
    "dim": {"dim": True},
}


class Toned(Protocol):
    """A line of text with the tone it is said in."""

    @property
    def text(self) -> str: ...

    @property
    def tone(self) -> str: ...


def utf8(*streams: object) -> None:
    """Write UTF-8, whatever cron's locale: a checkpoint in any other bytes is none."""
    for stream in streams:
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def coloured(stream: IO[str]) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def lines(content: Iterable[str | Toned]) -> None:
    """Print lines, made safe for a terminal; toned ones are already."""
    from casetrack.reports.sinks import terminal

    paint = coloured(sys.stdout)
    for line in content:
        text = terminal(line) if isinstance(line, str) else line.text
        style = {} if isinstance(line, str) or not paint else _TONES.get(line.tone, {})
        sys.stdout.write((typer.style(text, **style) if style else text) + "\n")  # type: ignore[arg-type]


def data(name: str, content: Mapping[str, object]) -> None:
    """Print one JSON object that names its schema."""
    sys.stdout.write(
        json.dumps({"schema": f"casetrack.{name}/1", **content}, ensure_ascii=False, default=str)
        + "\n"
    )


def stream(
    name: str,
    member: str,
    items: Iterable[Mapping[str, object]],
    rest: Callable[[], Mapping[str, object]],
) -> None:
    """As ``data``, each item of one member printed when it is made; ``rest`` is asked last."""
    sys.stdout.write(f'{{"schema": "casetrack.{name}/1", "{member}": [')
    for number, item in enumerate(items):
        sys.stdout.write(", " if number else "")
        sys.stdout.write(json.dumps(item, ensure_ascii=False, default=str))
    told = json.dumps(rest(), ensure_ascii=False, default=str)
    sys.stdout.write(f"], {told[1:]}\n")


def say(text: str) -> None:
    """A message beside the data, made safe for a terminal."""
    from casetrack.reports.sinks import terminal

    _err(terminal(text))


def deliver(line: str) -> None:
    """As ``say``, for what has to be out when this returns; raises ``OSError``."""
    sys.stderr.write(line + "\n")


def _err(line: str) -> None:
    # A full disk may take neither what is printed nor this: the exit code still tells.
    with suppress(OSError):
        deliver(line)


def failure(error: CasetrackError, *, as_json: bool) -> None:
    """An error: its message, then each reason."""
    if as_json:
        content = {
            "schema": "casetrack.error/1",
            "code": error.exit_code,
            "kind": error.kind,
            "message": error.message,
            "reasons": list(error.reasons),
        }
        _err(json.dumps(content, ensure_ascii=False))
        return
    from casetrack.reports.lines import row
    from casetrack.reports.sinks import terminal

    first, *more = row([("error:", 6)], terminal(error.message), indent=0)
    _err((typer.style("error:", fg="red") if coloured(sys.stderr) else "error:") + first[6:])
    for line in (*more, *(text for r in error.reasons for text in row([("-", 1)], terminal(r)))):
        _err(line)
