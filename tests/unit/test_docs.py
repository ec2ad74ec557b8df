"""The documents tell the truth: every command is described, every count shown is carried out."""

import json
import re
import shlex
import tomllib
import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import click
import pytest

with warnings.catch_warnings():
    # Typer 0.24 imports names that Click 8.5 deprecates.
    warnings.simplefilter("ignore", DeprecationWarning)
    import typer

from casetrack.catalog import calendars, workflows
from casetrack.cli.app import app, run

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = (DOCS / "reference" / "command-line.md").read_text("utf-8")
COUNTING = (DOCS / "explanation" / "counting.md").read_text("utf-8")
REGIMES = (DOCS / "explanation" / "regimes.md").read_text("utf-8")
CALENDARS = (DOCS / "reference" / "calendars.md").read_text("utf-8")
FIELDS = {"due": "due_on", "law": "law_by", "act by": "act_by"}

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_DAY = re.compile(r"\b(?:(Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?([0-9]{4}-[0-9]{2}-[0-9]{2})\b")


def commands(group: click.Group, above: str = "casetrack") -> Iterator[tuple[str, click.Command]]:
    """Every command that can be typed, with all its words."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{above} {name}")
        else:
            yield f"{above} {name}", command


def registered() -> list[tuple[str, click.Command]]:
    made = typer.main.get_command(app)
    assert isinstance(made, click.Group)
    return list(commands(made))


def section(command: str) -> str:
    """What the reference says of a command, from its heading to the next one."""
    _, _, after = REFERENCE.partition(f"### `{command}`\n")
    return re.split(r"^##", after, maxsplit=1, flags=re.MULTILINE)[0]


class Shown(NamedTuple):
    """A command as it stands in a document, and the lines shown below it."""

    command: str
    output: tuple[str, ...]


def shown(text: str) -> list[Shown]:
    found = []
    for block in _BLOCK.findall(text):
        for part in block.split("$ ")[1:]:
            command, *output = part.splitlines()
            found.append(Shown(command, tuple(output)))
    return found


CALCS = [example for example in shown(COUNTING) if example.command.startswith("casetrack calc ")]


@pytest.mark.parametrize("command", [name for name, _ in registered()])
def test_every_command_has_its_section_in_the_reference(command: str) -> None:
    assert f"\n$ {command}" in section(command)


def test_the_reference_describes_no_command_that_there_is_not() -> None:
    described = re.findall(r"^### `(casetrack [^`]+)`$", REFERENCE, re.MULTILINE)

    assert sorted(described) == sorted(name for name, _ in registered())


@pytest.mark.parametrize(("name", "command"), registered())
def test_every_option_of_a_command_stands_in_its_section(name: str, command: click.Command) -> None:
    told = set(re.findall(r"--[a-z][a-z-]*", section(name)))

    options = [p.opts[-1] for p in command.params if isinstance(p, click.Option)]

    assert [option for option in options if option not in told | {"--help"}] == []


@pytest.mark.parametrize("example", CALCS, ids=lambda example: example.command)
def test_every_count_in_the_explanation_comes_out_as_shown(
    example: Shown, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = shlex.split(example.command)[1:]

    assert run(arguments) == 0
    output = capsys.readouterr().out

    days = [day for line in example.output for _, day in _DAY.findall(line)]
    assert days
    assert [day for day in days if day not in output] == []


@pytest.mark.parametrize("example", CALCS, ids=lambda example: example.command)
def test_every_date_stands_beside_its_own_name(
    example: Shown, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*shlex.split(example.command)[1:], "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)

    for line in example.output:
        label, value = re.split(r" {2,}", line.strip(), maxsplit=1)
        if label in FIELDS:
            assert value.split()[1] == answer[FIELDS[label]]


def test_every_weekday_in_the_explanation_is_right() -> None:
    named = [(weekday, day) for weekday, day in _DAY.findall(COUNTING) if weekday]

    assert named
    assert [pair for pair in named if f"{date.fromisoformat(pair[1]):%a}" != pair[0]] == []


def test_the_worked_examples_are_all_there() -> None:
    worked = {
        "2026-12-03", "2026-12-16", "2026-11-27", "2026-11-08", "2026-11-06", "2026-11-03",
        "2026-11-02", "2026-12-05", "2026-11-30", "2027-02-28", "2027-03-02", "2027-02-26",
        "2026-12-04", "2026-04-06", "2026-04-03", "2026-12-28",
    }  # fmt: skip

    assert worked <= {day for example in CALCS for _, day in _DAY.findall(" ".join(example.output))}


def test_the_table_of_regimes_gives_each_clock_the_lengths_of_its_workflow() -> None:
    rows = re.findall(r"^\| `(\w+)`: [^|]*\|(.*)\|$", REGIMES, re.MULTILINE)
    columns = [workflows.load(id) for id in ("humana-il-guide", "ma-part-b-drug", "il-commercial")]

    assert len(rows) == 21
    for name, told in rows:
        for w, cell in zip(columns, told.split("|"), strict=True):
            clock = w.clocks.get(name)
            found = [text for text in (clock.length, clock.expedited) if text] if clock else []
            assert re.findall(r"`([0-9]+[a-z]+)`", cell) == found
            assert (cell.strip() == "-") == (clock is None)


def test_the_table_of_regimes_leaves_out_no_clock_of_the_law() -> None:
    told = set(re.findall(r"^\| `(\w+)`: ", REGIMES, re.MULTILINE))
    prose = {"refusal_notice", "forwarding_expedited", "forwarding_missed",
             "approval_validity_short", "deemed_validity_short", "informed_decision"}  # fmt: skip

    law = {
        name
        for id in ("ma-part-b-drug", "il-commercial")
        for name, clock in workflows.load(id).clocks.items()
        if not clock.source.startswith("ours")
    }
    assert law - prose <= told


def test_the_calendar_file_in_the_reference_is_sound() -> None:
    sample = CALENDARS.split("```toml\n")[1].split("```")[0]

    assert calendars.parse(tomllib.loads(sample), "my-office.toml").id == "my-office"


def test_the_three_lists_differ_as_the_reference_says() -> None:
    lists = [calendars.load(id) for id in ("illinois-state", "illinois-statutory", "us-federal")]
    rows = re.findall(r"^\| (\w{3}) ([0-9-]{10}),[^|]*\|(.*)\|$", CALENDARS, re.MULTILINE)

    assert len(rows) == 6
    for weekday, text, told in rows:
        day = date.fromisoformat(text)
        assert f"{day:%a}" == weekday
        found = ["open" if one.is_business_day(day) else "closed" for one in lists]
        assert found == [cell.strip() for cell in told.split("|")]
