"""Wiring, in one place: the real clock, randomness and account, the ledger, the definitions."""

import os
import pwd
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from casetrack.catalog import calendars, workflows
from casetrack.domain.calendar import Calendar
from casetrack.domain.events import Effects, Event
from casetrack.domain.former import with_former
from casetrack.domain.workflow import Workflow
from casetrack.errors import Corrupt, UnknownName
from casetrack.ledger.store import Ledger, Sources

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class ShippedCalendars(Mapping[str, Calendar]):
    """The shipped calendars by id, each read when first asked for."""

    def __getitem__(self, name: str) -> Calendar:
        return calendars.load(name)

    def __iter__(self) -> Iterator[str]:
        return iter(calendars.available())

    def __len__(self) -> int:
        return len(calendars.available())


class Definitions:
    """Workflows: the current edition by id, and any edition a case has pinned, by digest."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._pinned: dict[str, Workflow] = {}
        self._texts: dict[str, str] = {}
        self._following: dict[tuple[str, ...], Workflow] = {}

    def current(self, name: str) -> tuple[Workflow, str, str]:
        """(workflow, digest, text) of the edition that is shipped now."""
        workflow = workflows.load(name)
        text = workflows.definition_text(workflow)
        digest = workflows.digest(text)
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
        """The shipped definitions, and every other one that was asked for here."""
        shipped = [self.current(name)[0] for name in workflows.available()]
        return (*shipped, *(w for w in self._pinned.values() if w not in shipped))

    def pinned(self, digest: str) -> Workflow:
        if digest not in self._pinned:
            self._pinned[digest] = workflows.from_text(self._ledger.definition(digest))
        return self._pinned[digest]


def calendar_texts(event: Event) -> dict[str, str]:
    """By digest, the text of each shipped calendar that the event's dates rest on."""
    data = event.data
    if not isinstance(data, Effects):
        return {}
    made = [*(d.reading for d in data.armed), *(m.reading for m in data.moved)]
    named = {use.id: use.digest for reading in made for use in reading.calendars}
    shipped = [(digest, calendars.shipped_text(name)) for name, digest in named.items()]
    return dict(found for digest, found in shipped if found and found[0] == digest)


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
    return Sources(now=clock, randomness=secrets.token_bytes, account=account())


def fixed(now: datetime) -> Callable[[], datetime]:
    """A clock that stands still, for ``--now``."""
    return lambda: now
