"""References that casetrack makes: ``C-`` and eight letters that are hard to misread."""

from base64 import b32encode
from collections.abc import Callable


def new_reference(randomness: Callable[[int], bytes]) -> str:
    """40 random bits in base32; a clash is refused by the ledger."""
    return "C-" + b32encode(randomness(5)).decode("ascii")
