"""Whom a ledger on a server lets do what: the SQL for its administrator."""

import re

from msgspec import Struct

from casetrack.errors import Refused, Unparsable
from casetrack.ledger import grants as roles
from casetrack.ledger.place import is_server

_PREFIX = re.compile(r"(?!pg(_|\Z))[a-z][a-z0-9_]{0,39}")


class Named(Struct, frozen=True, kw_only=True):
    """A role, what the server calls it, and what it is for."""

    role: str
    name: str
    does: str


class Grants(Struct, frozen=True, kw_only=True):
    roles: tuple[Named, ...]
    sql: str


def grants(url: str, prefix: str) -> Grants:
    """The roles and the SQL that makes them; no database is asked. ``Refused`` for a file."""
    if not is_server(url):
        raise Refused(
            "a ledger in a file has no roles: whoever may write the file may do all;"
            " give --db postgresql+psycopg://..., and see 'casetrack db grants --help'"
        )
    if not _PREFIX.fullmatch(prefix):
        raise Unparsable(
            "a prefix has 1 to 40 lower-case letters, digits and '_', a letter first, and is not"
            " the server's own 'pg'"
        )
    named = (Named(role=r.name, name=roles.role(r.name, prefix), does=r.does) for r in roles.ROLES)
    return Grants(roles=tuple(named), sql=roles.script(prefix))
