"""Hand-written stand-ins: a clock that is set, randomness that counts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

from casetrack.catalog.defaults import ZONE
from casetrack.ledger.store import Sources

START = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)


class FakeClock:
    """Says the same until it is set or moved."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


class CountingBytes:
    """Its n-th answer is the number n, big-endian, so that every salt, id and key is told apart."""

    def __init__(self) -> None:
        self._numbers: Iterator[int] = count(1)

    def __call__(self, n: int) -> bytes:
        return next(self._numbers).to_bytes(n, "big")


def fixed_sources(clock: FakeClock | None = None, account: str = "os:tester@host") -> Sources:
    """New sources that start alike every time."""
    return Sources(now=clock or FakeClock(), randomness=CountingBytes(), account=account, zone=ZONE)
