"""Commands as typed, nothing of them read yet."""

from collections.abc import Sequence

from msgspec import Struct

Pairs = Sequence[tuple[str, str]]


class When(Struct, frozen=True, kw_only=True):
    """The day and instant as typed, not yet read; neither: today."""

    on: str | None = None
    at: str | None = None


TODAY = When()


class Opening(Struct, frozen=True, kw_only=True):
    """A new case as typed; ``reference`` is already chosen. ``follows``: another case's id."""

    workflow: str
    reference: str
    when: When = TODAY
    patient: str | None = None
    pairs: Pairs = ()
    follows: str | None = None


class Firing(Struct, frozen=True, kw_only=True):
    trigger: str
    when: When = TODAY
    pairs: Pairs = ()
    reason: str | None = None
    override: str | None = None


class Recording(Struct, frozen=True, kw_only=True):
    """``file`` is name, size and SHA-256."""

    item: str
    when: When = TODAY
    pairs: Pairs = ()
    file: tuple[str, int, str] | None = None


class Noting(Struct, frozen=True, kw_only=True):
    text: str
    when: When = TODAY
    pairs: Pairs = ()


class Assigning(Struct, frozen=True, kw_only=True):
    """``name`` None: nobody's."""

    name: str | None
    when: When = TODAY


class Planning(Struct, frozen=True, kw_only=True):
    """A deadline of our own; ``due`` is a date as typed, and so is ``to`` below."""

    title: str
    due: str
    when: When = TODAY


class Finishing(Struct, frozen=True, kw_only=True):
    """``name`` is ``plan#n`` or the exact title."""

    name: str
    when: When = TODAY


class Extending(Struct, frozen=True, kw_only=True):
    deadline: str
    to: str
    basis: str
    reason: str
    when: When = TODAY


class Tolling(Struct, frozen=True, kw_only=True):
    deadline: str
    reason: str
    when: When = TODAY


class Resuming(Struct, frozen=True, kw_only=True):
    deadline: str
    reason: str
    when: When = TODAY


class Amending(Struct, frozen=True, kw_only=True):
    """``pairs`` may hold ``on``, ``at`` and ``patient`` beside fields."""

    version: int
    pairs: Pairs
    reason: str


class Voiding(Struct, frozen=True, kw_only=True):
    version: int
    reason: str


class Adopting(Struct, frozen=True, kw_only=True):
    """``workflow`` is an id, or the digest of a definition that the ledger keeps.

    ``states`` are pairs of old and new names.
    """

    workflow: str
    states: Pairs = ()
    when: When = TODAY
    reason: str | None = None


Changing = Planning | Finishing | Extending | Tolling | Resuming
Correcting = Amending | Voiding | Adopting
Typed = Firing | Recording | Noting | Assigning | Changing | Correcting
