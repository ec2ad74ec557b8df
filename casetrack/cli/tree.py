"""The commands' tree, made as it is walked: working out the options of all takes time."""

from collections.abc import Callable
from copy import copy
from functools import cache

import click
import typer
from typer.core import TyperGroup
from typer.main import get_command, get_command_from_info, get_group


class Grown(TyperGroup):
    """A group that makes a command when it is first asked for, and keeps it."""

    app: typer.Typer

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        names = [command.name for command in self.app.registered_commands]
        names += [group.name for group in self.app.registered_groups]
        return [name for name in names if name is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in self.commands and (made := _made(self.app, cmd_name)):
            self.commands[cmd_name] = made
        return self.commands.get(cmd_name)


@cache
def grown(app: typer.Typer) -> click.Command:
    """The command line of an app whose commands and groups all have names."""
    return _grown(app, get_command)


def _grown(app: typer.Typer, make: Callable[[typer.Typer], click.Command]) -> click.Command:
    bare = copy(app)
    bare.info = copy(app.info)
    bare.info.cls = Grown
    bare.registered_commands, bare.registered_groups = [], []
    made = make(bare)
    if isinstance(made, Grown):
        made.app = app
    return made


def _made(app: typer.Typer, name: str) -> click.Command | None:
    for command in app.registered_commands:
        if command.name == name:
            return get_command_from_info(
                command, pretty_exceptions_short=True, rich_markup_mode=None
            )
    for group in app.registered_groups:
        if group.name == name and group.typer_instance is not None:
            made = _grown(group.typer_instance, get_group)
            made.name = name
            return made
    return None
