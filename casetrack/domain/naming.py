"""The nearest name to one that is not known."""

from collections.abc import Iterable

MOST = 150  # names compared, those of nearly its length: no hint is worth a long wait


def suggest(word: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x'?"`` for the known name nearest to ``word``, empty if none is near."""
    from difflib import get_close_matches

    names = list(known)
    if len(names) > MOST:
        names = sorted(names, key=lambda name: abs(len(name) - len(word)))[:MOST]
    near = get_close_matches(word[:100].casefold(), names, n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""
