"""Where reminders go: lines for standard output, a file, or Apprise's many services.

A channel either takes a reminder or raises ``Undelivered``. No address is ever shown.
"""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from casetrack.domain.reminders import supervised
from casetrack.errors import Refused, Undelivered
from casetrack.reports import notices
from casetrack.reports.notices import Notice
from casetrack.reports.sinks import terminal
from casetrack.service.operating import Notify

if TYPE_CHECKING:
    import apprise

Say = Callable[[str], None]


class Channel(Protocol):
    @property
    def name(self) -> str: ...

    def deliver(self, notice: Notice) -> None:
        """Hand it over; when this returns, it is out of our hands."""

    def tell(self, subject: str, body: str) -> None:
        """Hand over something that is no reminder."""


class Printed:
    """A line each on standard output, which cron mails; ``say`` writes it out at once."""

    name = "stdout"

    def __init__(self, say: Say) -> None:
        self._say = say

    def deliver(self, notice: Notice) -> None:
        self._say(terminal(notices.line(notice)))

    def tell(self, subject: str, body: str) -> None:
        """Whoever reads standard output has it before them."""


class Filed:
    """A line each at the end of a file of mode 0600, on the disk when ``deliver`` returns."""

    name = "file"

    def __init__(self, path: Path) -> None:
        self._path = path

    def deliver(self, notice: Notice) -> None:
        self._append(terminal(notices.line(notice)))

    def tell(self, subject: str, body: str) -> None:
        self._append(terminal(f"{subject}; {body}"))

    def _append(self, line: str) -> None:
        flags = os.O_CREAT | os.O_APPEND | os.O_WRONLY
        try:
            handle = os.open(self._path, flags, 0o600)
            try:
                os.write(handle, f"{line}\n".encode())
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            reason = (error.strerror or "no reason given").lower()
            raise Undelivered(f"the file of reminders can't be written: {reason}") from None


class Sent:
    """Through Apprise: to the assignee, or to the desk; late ones to the supervisor too."""

    name = "apprise"

    def __init__(self, table: Notify) -> None:
        self._table = table
        for place, url in _addresses(table):
            _hub([(place, url)])

    def deliver(self, notice: Notice) -> None:
        self._send(self._route(notice), notices.subject(notice), "\n".join(notices.lines(notice)))

    def tell(self, subject: str, body: str) -> None:
        self._send(list(_numbered(self._table)), subject, body)

    def _route(self, notice: Notice) -> list[tuple[str, str]]:
        person = self._table.people.get(notice.assignee or "")
        found = [("notify.people", person)] if person else list(_numbered(self._table))
        if self._table.supervisor and supervised(notice.rung):
            found.append(("notify.supervisor", self._table.supervisor))
        return found

    def _send(self, addresses: Sequence[tuple[str, str]], subject: str, body: str) -> None:
        text = terminal(body, multiline=True)
        # Said to be text, its lines stay lines where a service sends HTML, as mail does.
        if not _hub(addresses).notify(body=text, title=terminal(subject), body_format="text"):
            raise Undelivered("a service did not take the message")


def _numbered(table: Notify) -> list[tuple[str, str]]:
    return [(f"notify.urls, number {n}", url) for n, url in enumerate(table.urls, 1)]


def _addresses(table: Notify) -> list[tuple[str, str]]:
    people = [("notify.people", url) for url in table.people.values()]
    above = [("notify.supervisor", table.supervisor)] if table.supervisor else []
    return [*_numbered(table), *people, *above]


def _hub(addresses: Sequence[tuple[str, str]]) -> "apprise.Apprise":
    """An Apprise object; its own log, which may name an address, is kept quiet."""
    try:
        import apprise
    except ImportError:
        raise Refused(
            "the channel apprise needs the extra 'notify': pip install 'casetrack[notify]'"
        ) from None
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    hub = apprise.Apprise()
    for place, url in addresses:
        if not hub.add(url):
            raise Refused(f"{place} is no address that Apprise knows; it is not shown here")
    return hub


def channels(table: Notify, say: Say, *, practice: bool) -> tuple[Channel, ...]:
    """The channels set up, those that may fail first; nothing of a practice ledger leaves here.

    Raises ``Refused`` for an address that means nothing.
    """
    makers: Mapping[str, Callable[[], Channel]] = {
        "apprise": lambda: Sent(table),
        "file": lambda: Filed(Path(os.path.expanduser(table.file or ""))),  # noqa: PTH111 - as typed
        "stdout": lambda: Printed(say),
    }
    wanted = [name for name in makers if name in table.channels]
    if practice:
        wanted = [name for name in wanted if name != "apprise"] or ["stdout"]
    return tuple(makers[name]() for name in wanted)
