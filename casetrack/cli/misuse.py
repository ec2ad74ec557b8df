"""Usage errors in our own words: what is wrong and how to go on, never what was typed."""

from collections.abc import Iterable, Iterator

import click

from casetrack.domain.naming import suggest


def worded(error: click.ClickException) -> str:
    """One line for a usage error; option and command names are the only things repeated."""
    match error:
        case click.NoSuchOption():
            return _no_such_option(error)
        case click.MissingParameter():
            return f"{_named(error)} is missing"
        case click.BadParameter() if error.param is not None:
            return f"{_named(error)} can't be read{_expected(error.param)}"
        case click.UsageError():
            return _usage(error)
        case _:
            return "the command line can't be read"


def asked(command: click.Command, arguments: Iterable[str]) -> Iterator[str]:
    """The names of the groups and the command that a command line is about, however it goes on."""
    for argument in arguments:
        if isinstance(command, click.Group) and argument in command.commands:
            command = command.commands[argument]
            yield argument


def _no_such_option(error: click.NoSuchOption) -> str:
    known = [name for p in error.ctx.command.params for name in p.opts] if error.ctx else []
    return f"no such option{suggest(error.option_name, known)}"


def _named(error: click.BadParameter) -> str:
    if error.param is None:
        return "a parameter"
    if isinstance(error.param, click.Argument):
        return error.param.make_metavar(error.ctx or click.Context(click.Command("")))
    return error.param.opts[0]


def _expected(param: click.Parameter) -> str:
    choices = getattr(param.type, "choices", None)
    if choices:
        return f"; it is one of {', '.join(getattr(c, 'value', str(c)) for c in choices)}"
    return f"; it takes {param.type.name}" if param.type.name else ""


def _usage(error: click.UsageError) -> str:
    message = error.message
    context = error.ctx
    if "No such command" in message and context and isinstance(context.command, click.Group):
        typed = message.split("'")[1] if "'" in message else ""
        return f"no such command{suggest(typed, context.command.list_commands(context))}"
    if "unexpected extra argument" in message:
        return "there are more arguments than the command takes; quote text that has spaces"
    if message.startswith("Option") and "requires" in message:
        return message[:1].lower() + message[1:].rstrip(".")
    if "Missing command" in message:
        return "a command is missing"
    return message if message.islower() or message[:1].islower() else _plain(error)


def _plain(error: click.UsageError) -> str:
    """Messages of our own are passed on; Click's others could repeat what was typed."""
    return error.message if isinstance(error, click.BadParameter) else "the arguments don't fit"
