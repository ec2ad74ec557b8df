"""A bar on standard error for long work, on a terminal alone."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def progress(label: str, total: Callable[[], int]) -> Iterator[Callable[[int], None] | None]:
    """What to tell how much more is done; None where nobody watches, and nothing is counted."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=total(), label=label, file=sys.stderr) as bar:
        yield bar.update
