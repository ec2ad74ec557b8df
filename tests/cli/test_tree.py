"""The tree of commands that is made as it is walked is the one that Typer would make at once."""

import click
import pytest
import typer

from casetrack.cli.app import app
from casetrack.cli.tree import Grown, grown
from tests.cli.driver import commands

WHOLE = dict(commands(typer.main.get_command(app)))


def walked(path: tuple[str, ...]) -> click.Command:
    found: click.Command | None = grown(app)
    for name in path:
        assert isinstance(found, click.Group)
        found = found.get_command(click.Context(found), name)
    assert found is not None
    return found


def told(command: click.Command) -> list[object]:
    shown = [command.name, command.get_help(click.Context(command, info_name=command.name))]
    return [*shown, *(param.to_info_dict() for param in command.params)]


@pytest.mark.parametrize("path", list(WHOLE), ids=" ".join)
def test_each_command_is_as_typer_makes_it(path: tuple[str, ...]) -> None:
    assert told(walked(path)) == told(WHOLE[path])


def test_groups_have_the_commands_that_typer_gives_them_in_its_order() -> None:
    for path, command in WHOLE.items():
        if isinstance(command, click.Group):
            mine = walked(path)
            assert isinstance(mine, click.Group)
            assert mine.list_commands(click.Context(mine)) == list(command.commands)


def test_only_what_is_asked_for_is_made() -> None:
    fresh = grown.__wrapped__(app)
    assert isinstance(fresh, Grown)
    assert list(fresh.commands) == []
    fresh(["calc", "5bd", "--from", "2026-11-24"], standalone_mode=False)
    assert list(fresh.commands) == ["calc"]
