"""What the shell offers: references, and only the triggers that are legal for that case.

Reads the database with the standard library alone and never fails: no offer is the answer then.
"""

import os
from pathlib import Path

import typer


def _database(ctx: typer.Context) -> Path | None:
    from casetrack.service.settings import resolve

    given = ctx.find_root().params.get("db")
    try:
        url = resolve({"db": given}, os.environ, None)["db"].value or ""
    except Exception:  # noqa: BLE001  # a broken config must not break the prompt
        return None
    return Path(url.removeprefix("sqlite:///"))


def cases(ctx: typer.Context, incomplete: str) -> list[str]:
    from casetrack.ledger.peek import references

    path = _database(ctx)
    return references(path, incomplete) if path else []


def _case(ctx: typer.Context) -> str:
    """The reference as typed; while an option lacks its value, Click has not named it yet."""
    return str(ctx.params.get("case") or next(iter(ctx.args), ""))


def _pinned(ctx: typer.Context) -> tuple[str, str] | None:
    from casetrack.ledger.peek import state_and_definition

    path = _database(ctx)
    return state_and_definition(path, _case(ctx)) if path else None


def triggers(ctx: typer.Context, incomplete: str) -> list[str]:
    """The triggers that lead out of, or stay in, the case's state."""
    found = _pinned(ctx)
    if found is None:
        return []
    from casetrack.catalog.workflows import from_text

    state, text = found
    arcs = from_text(text).arcs()
    names = dict.fromkeys(name for name, origin, _ in arcs if origin == state)
    return [name for name in names if name.startswith(incomplete)]


def deadlines(ctx: typer.Context, incomplete: str) -> list[str]:
    """The open deadlines of the case."""
    from casetrack.ledger.peek import open_deadlines

    path = _database(ctx)
    found = open_deadlines(path, _case(ctx)) if path else []
    return [name for name in found if name.startswith(incomplete)]


def items(ctx: typer.Context, incomplete: str) -> list[str]:
    found = _pinned(ctx)
    if found is None:
        return []
    from casetrack.catalog.workflows import from_text

    return [name for name in from_text(found[1]).items if name.startswith(incomplete)]


def workflows(ctx: typer.Context, incomplete: str) -> list[str]:
    from casetrack.catalog.resources import workflow_ids

    return _starting([*workflow_ids(), *_own(ctx, "states")], incomplete)


def calendars(ctx: typer.Context, incomplete: str) -> list[str]:
    from casetrack.catalog.resources import calendar_ids

    return _starting([*calendar_ids(), *_own(ctx, "calendars")], incomplete)


def _starting(names: list[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _own(ctx: typer.Context, name: str) -> list[str]:
    """The names of the files in a folder of one's own; none of them is opened."""
    from casetrack.service.settings import folder, resolve

    given = ctx.find_root().params.get(name)
    try:
        found = folder(resolve({name: given}, os.environ, None)[name])
        return sorted(path.stem for path in found.glob("*.toml")) if found else []
    except Exception:  # noqa: BLE001  # a broken config or folder must not break the prompt
        return []
