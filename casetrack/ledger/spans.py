"""Ranges of cases, by their ids: what an audit is cut into."""

from typing import NamedTuple


class Span(NamedTuple):
    """Case ids from ``first``, and up to ``before`` without it; None: to the last."""

    first: bytes = b""
    before: bytes | None = None

    @classmethod
    def of(cls, case: bytes) -> "Span":
        """That case alone."""
        return cls(case, case + b"\0")


EVERY = Span()
