"""What going over to another definition did to each deadline: format 1, as recorded."""

from typing import Literal

from msgspec import Struct

from casetrack.domain.workflow import Kind, Owner

Why = Literal["unknown_clock", "not_armed", "not_alive", "ended", "superseded"]


class Renamed(Struct, frozen=True, kw_only=True, rename={"origin": "from"}):
    """A state of the definition that was left, and what it is called in the one adopted."""

    origin: str
    to: str


class Kept(Struct, frozen=True, kw_only=True):
    """A deadline that runs on as a clock of the definition adopted."""

    deadline: str
    owner: Owner
    kind: Kind
    alive_in: tuple[str, ...]


class Ground(Struct, frozen=True, kw_only=True):
    """The entry by whose fact the definition adopted arms a deadline.

    ``unproven``: what the deadline asks for was filed, and that it arrived is not shown.
    """

    deadline: str
    version: int
    unproven: bool = False


class Dropped(Struct, frozen=True, kw_only=True):
    """Why the definition adopted does not hold a deadline that was open."""

    deadline: str
    why: Why
