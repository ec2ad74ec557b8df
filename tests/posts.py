"""Real servers on loopback that take messages: SMTP and HTTP."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Mailbox:
    """Mails as they came; ``refusing`` turns every one away."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], Message]] = []
        self.refusing = False
        self.port = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        del server, session
        if self.refusing:
            return "554 no"
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.mails.append((list(envelope.rcpt_tos), message_from_bytes(content, policy=default)))
        return "250 taken"

    def url(self, to: str) -> str:
        return (
            f"mailto://127.0.0.1:{self.port}/?from=casetrack@clinic.example&to={to}&mode=insecure"
        )


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        box.port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


class Web:
    """Requests as they came: method, path, body. ``answers`` gives the status by path, else 200.

    Until ``hurry`` is set, what is asked at ``/slow`` is answered a byte at a time, and what is
    asked at a ``late`` path not at all.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.hurry = threading.Event()
        self.late: set[str] = set()
        self.asked: list[tuple[str, str, bytes]] = []
        self.answers: dict[str, tuple[int, dict[str, str]]] = {}

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def posted(self) -> list[Any]:
        return [json.loads(body) for method, _, body in self.asked if method == "POST"]


@contextmanager
def web() -> Iterator[Web]:
    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            found.asked.append((self.command, self.path, self.rfile.read(length)))
            if self.path in found.late:
                found.hurry.wait()
            status, headers = found.answers.get(self.path, (200, {}))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            slow = 1000 if self.path == "/slow" else 0
            self.send_header("Content-Length", str(slow))
            self.end_headers()
            while slow and not found.hurry.wait(0.1):
                self.wfile.write(b".")

        do_GET = do_POST = _take  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the same
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Web(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        found.hurry.set()
        server.shutdown()
        thread.join()
        server.server_close()
