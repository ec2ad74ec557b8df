"""Wiring, in one place: the real clock, randomness and account, the ledger, the definitions."""

import os
import pwd
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache

from msgspec import MsgspecError

from casetrack.catalog import calendars, workflows
from casetrack.catalog.defaults import CALENDAR, ZONE
from casetrack.catalog.shelf import Shelf
from casetrack.domain.calendar import Calendar
from casetrack.domain.events import Effects, Event
from casetrack.domain.former import with_former
from casetrack.domain.workflow import Workflow
from casetrack.errors import BadDefinition, Corrupt, UnknownName
from casetrack.ledger.store import Ledger, Sources

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class ShippedCalendars(Shelf):
    """The shipped calendars by id, and no others."""


class KeptCalendars(Mapping[str, Calendar]):
    """The calendars of today; of one that is not to be had, the newest edition in the ledger.

    For reading and for warnings, which may not stop because a folder is missing.
    """

    def __init__(self, today: Mapping[str, Calendar], ledger: Ledger) -> None:
        self._today = today
        self._ledger = ledger

    def __getitem__(self, name: str) -> Calendar:
        try:
            return self._today[name]
        except (KeyError, UnknownName, BadDefinition):
            kept = list(self._editions(name))
            return max(kept, key=lambda c: c.edition) if kept else calendars.load(CALENDAR)

    def _editions(self, name: str) -> Iterator[Calendar]:
        for use in {use for uses in self._ledger.calendars() for use in uses}:
            id, _, digest = use.partition(":")
            with suppress(Corrupt, MsgspecError):
                if id == name:
                    yield calendars.from_text(self._ledger.definition(digest))

    def __iter__(self) -> Iterator[str]:
        try:
            return iter(list(self._today))
        except BadDefinition:
            return iter(calendars.available())

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Definitions:
    """Workflows: the current edition by id, and any edition a case has pinned, by digest."""

    def __init__(self, ledger: Ledger, shelf: Shelf | None = None) -> None:
        self._ledger = ledger
        self._shelf = Shelf() if shelf is None else shelf
        self._pinned: dict[str, Workflow] = {}
        self._texts: dict[str, str] = {}
        self._current: dict[str, tuple[Workflow, str, str]] = {}
        self._following: dict[tuple[str, ...], Workflow] = {}

    def current(self, name: str) -> tuple[Workflow, str, str]:
        """(workflow, digest, text) of the edition that there is now."""
        workflow = self._shelf.workflow(name)
        known = self._current.get(name)
        if known is None or known[0] is not workflow:
            text = workflows.definition_text(workflow)
            known = self._current[name] = workflow, workflows.digest(text), text
        _, digest, text = known
        self._texts[digest] = text
        return self._pinned.setdefault(digest, workflow), digest, text

    def named(self, name: str) -> tuple[Workflow, str, str]:
        """As ``current``; by its digest also any definition that the ledger keeps."""
        if not _DIGEST.fullmatch(name):
            return self.current(name)
        try:
            return self.pinned(name), name, self._ledger.definition(name)
        except Corrupt:
            raise UnknownName("the ledger keeps no workflow under that digest") from None

    def texts(self, digest: str) -> dict[str, str]:
        """A current definition's text by its digest; any other the ledger has anyway."""
        return {digest: self._texts[digest]} if digest in self._texts else {}

    def following(self, definition: str, left: Sequence[str]) -> Workflow:
        """A pinned workflow, which still knows what is on record from those left for it."""
        if not left:
            return self.pinned(definition)
        key = definition, *left
        if key not in self._following:
            before = [self.pinned(digest) for digest in dict.fromkeys(left)]
            self._following[key] = with_former(self.pinned(definition), before)
        return self._following[key]

    def every(self) -> tuple[Workflow, ...]:
        """Every definition that there is or was asked for here, and those of open cases."""
        with suppress(BadDefinition):
            for name in self._shelf.workflow_ids():
                self.current(name)
        for digest in self._ledger.pinned():
            with suppress(Corrupt):
                self.pinned(digest)
        shipped = [self.current(name)[0] for name in workflows.available()]
        return (*shipped, *(w for w in self._pinned.values() if w not in shipped))

    def pinned(self, digest: str) -> Workflow:
        if digest not in self._pinned:
            self._pinned[digest] = workflows.from_text(self._ledger.definition(digest))
        return self._pinned[digest]


def calendar_texts(event: Event, known: Mapping[str, Calendar]) -> dict[str, str]:
    """By digest, the text of each calendar of today that the event's dates rest on."""
    data = event.data
    if not isinstance(data, Effects):
        return {}
    made = [*(d.reading for d in data.armed), *(m.reading for m in data.moved)]
    named = {use.id: use.digest for reading in made for use in reading.calendars}
    return {digest: text for name, digest in named.items() if (text := _text(name, digest, known))}


def _text(name: str, digest: str, known: Mapping[str, Calendar]) -> str:
    """Empty where that edition is not to be had."""
    try:
        calendar = known[name]
    except (KeyError, UnknownName, BadDefinition):
        return ""
    return _proven_text(calendar) if digest == calendar.digest else ""


@lru_cache(maxsize=64)
def _proven_text(calendar: Calendar) -> str:
    text = calendars.text_of(calendar)
    return text if calendar.digest == workflows.digest(text) else ""


def account() -> str:
    """Who really runs this, from the uid and not from the environment."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    return f"os:{name}@{os.uname().nodename}"


def system_clock() -> datetime:
    return datetime.now(UTC)


def sources(clock: Callable[[], datetime] = system_clock) -> Sources:
    return Sources(now=clock, randomness=secrets.token_bytes, account=account(), zone=ZONE)


def fixed(now: datetime) -> Callable[[], datetime]:
    """A clock that stands still, for ``--now``."""
    return lambda: now
