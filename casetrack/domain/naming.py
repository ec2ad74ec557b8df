"""The nearest name to one that is not known."""

from collections.abc import Iterable


def suggest(word: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x'?"`` for the known name nearest to ``word``, empty if none is near."""
    from difflib import get_close_matches

    near = get_close_matches(word[:100].casefold(), known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""
