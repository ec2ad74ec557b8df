"""What a server says that turns a connection away: known by its code, in whatever language."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from psycopg import pq
from sqlalchemy import make_url

from casetrack.errors import BadDatabase, Busy, CasetrackError
from casetrack.ledger import server_failures
from casetrack.ledger.sql import open_ledger
from tests.fakes import fixed_sources

CANARY = "s3cret"
ENCRYPTION = {80877103, 80877104}  # what a client asks for before it says who it is


@contextmanager
def answering(code: str, said: str) -> Iterator[str]:
    """The URL of what speaks as a server does that turns everybody away."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)
        # Another process, for this one stands still while libpq asks.
        arguments = (listening, _fatal(code, said))
        process = get_context("fork").Process(target=_answered, args=arguments)
        process.start()
        port = listening.getsockname()[1]
        try:
            yield f"postgresql+psycopg://kim:{CANARY}@127.0.0.1:{port}/clinic"
        finally:
            process.kill()
            process.join()


def _fatal(code: str, said: str) -> bytes:
    parts = {"S": "FATAL", "V": "FATAL", "C": code, "M": said}
    text = b"".join(f"{kind}{value}".encode() + b"\0" for kind, value in parts.items()) + b"\0"
    return b"E" + struct.pack("!i", 4 + len(text)) + text


def _answered(listening: socket.socket, fatal: bytes) -> None:
    with suppress(OSError):
        while True:
            client, _ = listening.accept()
            with client, suppress(OSError, struct.error):
                while struct.unpack("!ii", client.recv(8))[1] in ENCRYPTION:
                    client.sendall(b"N")
                client.sendall(fatal)
                client.shutdown(socket.SHUT_WR)
                client.recv(4096)


@pytest.mark.parametrize(
    ("code", "said", "kind", "words"),
    [
        ("57P03", "das Datenbanksystem startet", Busy, "starts, stops or has no connection left"),
        ("57P03", "the database system is starting up", Busy, "starts, stops or has no connection"),
        ("53300", "sorry, too many clients already", Busy, "starts, stops or has no connection"),
        ("53300", "schon zu viele Verbindungen", BadDatabase, "how many connections it allows"),
        ("28P01", "Passwort-Authentifizierung fehlgeschlagen", BadDatabase, "turns this session"),
        ("3D000", 'database "clinic" does not exist', BadDatabase, "turns this session away"),
        ("28000", "kein pg_hba.conf-Eintrag", BadDatabase, "answers and turns this session away"),
    ],
)  # fmt: skip
def test_a_server_that_answers_is_understood_in_any_language(
    code: str, said: str, kind: type[CasetrackError], words: str
) -> None:
    with answering(code, said) as url, pytest.raises(CasetrackError) as caught:
        open_ledger(url, fixed_sources())
    assert type(caught.value) is kind
    assert words in caught.value.message
    assert CANARY not in caught.value.message
    assert said not in caught.value.message


@pytest.mark.parametrize(
    "place",
    ["nohost.invalid/clinic", "127.0.0.1/clinic?foo=bar", "127.0.0.1/clinic?connect_timeout=soon"],
)
def test_an_address_that_leads_nowhere_is_no_connection_that_broke(place: str) -> None:
    with pytest.raises(BadDatabase, match="cannot be reached"):
        open_ledger(f"postgresql+psycopg://kim:{CANARY}@{place}", fixed_sources())


def test_one_that_was_away_for_a_moment_is_not_said_to_have_turned_anybody_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It answers again by the time that it is asked whether it does."""
    monkeypatch.setattr(server_failures, "_pinged", lambda _: pq.Ping.OK)
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"postgresql+psycopg://kim@127.0.0.1:{gone.getsockname()[1]}/clinic"
    with pytest.raises(BadDatabase, match="cannot be reached"):
        open_ledger(url, fixed_sources())


ASKS_FOR_A_PASSWORD = b"R" + struct.pack("!ii", 8, 3)


def test_the_password_comes_from_the_file_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, heard = Pipe(duplex=False)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        process = get_context("fork").Process(target=_hearing, args=(listening, heard))
        process.start()
        kept = tmp_path / "pass"
        kept.write_text(f"127.0.0.1:{port}:clinic:kim:{CANARY}\n", encoding="utf-8")
        kept.chmod(0o600)
        monkeypatch.setenv("PGPASSFILE", str(kept))
        with pytest.raises(CasetrackError) as caught:
            open_ledger(f"postgresql+psycopg://kim@127.0.0.1:{port}/clinic", fixed_sources())
        assert told.poll(30)
        assert told.recv_bytes() == f"{CANARY}\0".encode()
        process.kill()
        process.join()
    assert CANARY not in caught.value.message


def _hearing(listening: socket.socket, heard: Connection) -> None:
    """Asks the first that comes for a password, and passes it on."""
    client, _ = listening.accept()
    with client:
        while struct.unpack("!ii", client.recv(8))[1] in ENCRYPTION:
            client.sendall(b"N")
        client.sendall(ASKS_FOR_A_PASSWORD)
        text = b""
        while not text.endswith(f"{CANARY}\0".encode()):
            text += client.recv(4096)
        heard.send_bytes(text[-len(CANARY) - 1 :])
        client.sendall(_fatal("28P01", "no"))


def test_where_nobody_answers_it_is_said_to_be_out_of_reach() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"postgresql+psycopg://kim@127.0.0.1:{gone.getsockname()[1]}/clinic"
    with pytest.raises(BadDatabase, match="cannot be reached; is the server running"):
        open_ledger(url, fixed_sources())


def test_a_server_that_is_not_let_into_by_this_user_is_not_called_out_of_reach(
    database: str,
) -> None:
    url = make_url(database).set(username="nobody_there").render_as_string(hide_password=False)
    with pytest.raises(BadDatabase, match="answers and turns this session away"):
        open_ledger(url, fixed_sources())
    url = make_url(database).set(database="not_there").render_as_string(hide_password=False)
    with pytest.raises(BadDatabase, match="answers and turns this session away"):
        open_ledger(url, fixed_sources())
