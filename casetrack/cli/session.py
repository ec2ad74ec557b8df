"""What every command shares: the settings, the clock, and the ledger opened on first use."""

import os
import sys
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from casetrack.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from casetrack.catalog.shelf import Shelf
    from casetrack.service.settings import Setting
    from casetrack.service.tracker import Tracker


class Session:
    """One run of the command line."""

    def __init__(self, options: dict[str, str | None], config: Path | None) -> None:
        self._options = options
        self._config = config
        self._settings: dict[str, Setting] | None = None
        self._shelf: Shelf | None = None

    @property
    def config(self) -> Path | None:
        """The config file that was asked for by name."""
        return self._config

    @property
    def settings(self) -> "dict[str, Setting]":
        if self._settings is None:
            from casetrack.service.settings import resolve

            self._settings = resolve(self._options, os.environ, self._config)
        return self._settings

    def value(self, name: str) -> str | None:
        return self.settings[name].value

    @property
    def db(self) -> str:
        return self.value("db") or ""

    @property
    def actor(self) -> str:
        return self.value("actor") or ""

    @property
    def shelf(self) -> "Shelf":
        """The definitions that there are; a folder of one's own is read when first needed."""
        if self._shelf is None:
            from casetrack.catalog.shelf import Shelf

            self._shelf = Shelf(*self.folders.values())
        return self._shelf

    @property
    def folders(self) -> "dict[str, Path | None]":
        """The folders of one's own definitions, by their options."""
        from casetrack.service.settings import FOLDERS, folder

        return {f"--{name}": folder(self.settings[name]) for name in FOLDERS}

    def now(self) -> datetime:
        return self.clock()()

    def clock(self) -> "Callable[[], datetime]":
        """The real clock, or one that stands where ``--now`` set it."""
        from casetrack.service.bootstrap import fixed, system_clock

        given = self.set_now()
        return fixed(given) if given else system_clock

    def clock_for_new(self, practice: bool) -> "Callable[[], datetime]":
        """A new ledger's clock; only a practice ledger may be opened at a set time."""
        if self.set_now() is not None and not practice:
            raise Refused("--now is set, and a real ledger takes the real time; add --practice")
        return self.clock()

    def set_now(self) -> datetime | None:
        text = self.value("now")
        if text is None:
            return None
        from casetrack.catalog.defaults import ZONE
        from casetrack.domain.dates import parse_instant

        return parse_instant(text, ZONE)

    def reading(self) -> "Tracker":
        """A tracker that will write nothing."""
        return _warned(self._tracker())

    def writing(self) -> "Tracker":
        """A tracker that may write; a set clock is for practice ledgers alone."""
        return _warned(self.unattended())

    def unattended(self, *, reads_only: bool = False, db: str | None = None) -> "Tracker":
        """As ``writing``, for what itself tells of the runs that others are warned to miss.

        ``db``: another ledger than the settings name.
        """
        tracker = self._tracker(db)
        if reads_only:
            return tracker
        if self.set_now() is not None and not tracker.ledger.practice:
            tracker.ledger.close()
            raise Refused(
                "--now (or CASETRACK_NOW) is set, and a real ledger's entries take the real time; "
                "leave it out, or use a practice ledger ('casetrack db init --practice')"
            )
        return tracker

    def _tracker(self, db: str | None = None) -> "Tracker":
        from casetrack.service.setup import opened
        from casetrack.service.tracker import Tracker

        clock = self.clock()
        return Tracker(opened(db or self.db, clock), clock(), self.actor, shelf=self.shelf)

    @contextmanager
    def beginning(self) -> "Iterator[Tracker]":
        """As ``writing``; a ledger not there yet is made, and stays only if all goes well."""
        from casetrack.cli.render import say
        from casetrack.service.setup import create_if_absent, remove

        made = self.set_now() is None and create_if_absent(self.db)
        try:
            yield self.writing()
        except BaseException:
            if made:
                remove(self.db)
            raise
        if made:
            say(f"made a new ledger: {self.db}")


def _warned(tracker: "Tracker") -> "Tracker":
    """At a terminal, a word if the unattended runs have stopped."""
    if interactive():
        from casetrack.cli.render import say
        from casetrack.service.health import stale

        warning = stale(tracker)
        if warning:
            say(warning)
    return tracker


def session(ctx: typer.Context) -> Session:
    found = ctx.find_object(Session)
    if found is None:
        raise typer.BadParameter("casetrack was started without its options")
    return found


def interactive() -> bool:
    return sys.stdin.isatty()
