"""A dead-man service is told that a run began and how it ended: by GET, with nothing in it."""

from email.message import Message
from typing import IO
from urllib.request import HTTPRedirectHandler, Request, build_opener

from casetrack.service.patience import within

TIMEOUT = 10.0  # seconds, for each step and for the whole


class _Nowhere(HTTPRedirectHandler):
    """The address that was set up is the only one that is asked."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        del req, fp, code, msg, headers, newurl


def ping(url: str | None) -> bool:
    """Whether the address, http or https as ``operating`` saw to, took it; None has no need to."""
    if url is None:
        return True
    return within(TIMEOUT, lambda: _taken(url))


def _taken(url: str) -> bool:
    request = Request(url, headers={"User-Agent": "casetrack"})  # noqa: S310 - checked when read
    with build_opener(_Nowhere).open(request, timeout=TIMEOUT) as answer:
        return 200 <= int(answer.status) < 300
