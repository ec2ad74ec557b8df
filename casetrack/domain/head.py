"""How far a ledger is sealed, for reports."""

from msgspec import Struct


class Head(Struct, frozen=True, kw_only=True):
    """How many entries the ledger's last checkpoint covers, and the base64 of their tree's root."""

    size: int
    root: str
