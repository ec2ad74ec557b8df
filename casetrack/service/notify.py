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
from casetrack.service.patience import within

if TYPE_CHECKING:
    import apprise

Say = Callable[[str], None]
PATIENCE = 60.0  # seconds for all addresses of one message, well within a claim's lease


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
        try:
            self._say(terminal(notices.line(notice)))
        except OSError as error:
            raise _unwritable("standard output", error) from None

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
        try:
            # A pipe that nobody reads would hold the run for ever.
            how = os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_NONBLOCK
            handle = os.open(self._path, how, 0o600)
            # A full disk may take half a line from os.write without a word; a stream goes on.
            with os.fdopen(handle, "wb") as stream:
                stream.write(f"{line}\n".encode())
                stream.flush()
                os.fsync(handle)
        except OSError as error:
            raise _unwritable("the file of reminders", error) from None


def _unwritable(what: str, error: OSError) -> Undelivered:
    return Undelivered(f"{what} can't be written: {(error.strerror or 'no reason given').lower()}")


class Sent:
    """Through Apprise: to the assignee, or to the desk; late ones to the supervisor too."""

    name = "apprise"

    def __init__(self, table: Notify) -> None:
        self._table = table
        for place, url in _addresses(table):
            _service(place, url)

    def deliver(self, notice: Notice) -> None:
        self._send(self._route(notice), notices.subject(notice), "\n".join(notices.lines(notice)))

    def tell(self, subject: str, body: str) -> None:
        self._send(list(_numbered(self._table)), subject, body)

    def _route(self, notice: Notice) -> list[tuple[str, str]]:
        name = notice.assignee or ""
        person = self._table.people.get(name)
        found = [(_of(name), person)] if person else list(_numbered(self._table))
        if self._table.supervisor and supervised(notice.rung):
            found.append(("notify.supervisor", self._table.supervisor))
        return found

    def _send(self, addresses: Sequence[tuple[str, str]], subject: str, body: str) -> None:
        # Said to be text, its lines stay lines where a service sends HTML, as mail does.
        title, text = terminal(subject), terminal(body, multiline=True)
        waiting = [place for place, _ in addresses]

        def sent() -> bool:
            # One after another: each is tried, whatever became of those before it.
            for place, url in addresses:
                service = _service(place, url)
                if service.notify(body=text, title=title, body_format="text"):
                    waiting.remove(place)
            return not waiting

        if not within(PATIENCE, sent):
            raise Undelivered(f"the message was not taken by {'; '.join(waiting)}")


def _numbered(table: Notify) -> list[tuple[str, str]]:
    return [(f"notify.urls, number {n}", url) for n, url in enumerate(table.urls, 1)]


def _of(name: str) -> str:
    return f"notify.people, {name!r}"


def _addresses(table: Notify) -> list[tuple[str, str]]:
    people = [(_of(name), url) for name, url in table.people.items()]
    above = [("notify.supervisor", table.supervisor)] if table.supervisor else []
    return [*_numbered(table), *people, *above]


def _service(place: str, url: str) -> "apprise.Apprise":
    """What Apprise has for an address; its own log, which may name it, is kept quiet.

    It follows no redirect: one turns what is posted into a question without content, and what
    would then be taken is not the message.
    """
    try:
        import apprise
    except ImportError:
        raise Refused(
            "the channel apprise needs the extra 'notify': pip install 'casetrack[notify]'"
        ) from None
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    service = apprise.Apprise(asset=apprise.AppriseAsset(http_redirects=False))
    if not service.add(url):
        raise Refused(f"{place} is no address that Apprise knows; it is not shown here")
    return service


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
