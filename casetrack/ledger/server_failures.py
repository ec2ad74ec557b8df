"""PostgreSQL's errors in our own words: its messages and details hold values, and are not shown."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo
from sqlalchemy.exc import DBAPIError

from casetrack.errors import BadDatabase, Busy, CasetrackError, Corrupt
from casetrack.ledger import grants
from casetrack.ledger import server_schema as guards
from casetrack.ledger.refusals import key_taken, moved_on, reference_taken
from casetrack.ledger.tables import KEY_TAKEN, NOT_NEXT, metadata

_WORD = re.compile(r"\w+")
_TAKEN = {"case_by_reference": reference_taken, "ledger_case_id_key_key": key_taken}
_ENTRIES = (
    "writer (phi_reader for --phi and exports, sealer for seals and keys, redactor to redact)"
)
_REFUSALS = {
    guards.WRONG_WRITER: "the server knows this session as another user; log in as the writer",
    guards.WRONG_TIME: (
        "this machine's clock and the database server's differ by more than five minutes; set them"
    ),
    guards.WRONG_KIND: (
        f"the server takes no such entry from the session's user: it takes the role {_ENTRIES}"
    ),
    guards.WRONG_VALUE: (
        "the server takes no typed value of a case from the session's user; log in as a writer"
    ),
    guards.NOT_SEALED: "the server takes no typed value but the one that its entry sealed",
}
_NOT_ALLOWED = "{} does not allow this to the session's user: it takes the role {}"
_BY_CLASS: dict[str, tuple[type[CasetrackError], str]] = {
    "08": (BadDatabase, "{} cannot be reached; is the server running, and the address right?"),
    "25": (BadDatabase, "{} takes no writes now; use the primary server"),
    "28": (BadDatabase, "{} does not let this user in; see the password file and pg_hba.conf"),
    "3D": (BadDatabase, "{} is not on the server; make the database first"),
    "3F": (BadDatabase, "no ledger at {}; run 'casetrack db init'"),
    "42": (BadDatabase, "{} holds no ledger, or one that was changed by hand"),
    "53": (BadDatabase, "{} has no room left; see the server's log"),
    "55": (Busy, "{} is in use by another process; try again"),
}
_BROKE = "the connection to {} broke; look whether it was recorded, and try again if not"
_NOT_NOW = "{} starts, stops or has no connection left; try again"
_TURNED_AWAY = (
    "{} answers and turns this session away: look at the user, the password file, pg_hba.conf, the"
    " database's name, and how many connections it allows; the server's log says which"
)
_BY_STATE: dict[str, tuple[type[CasetrackError], str]] = {
    "08004": (BadDatabase, _TURNED_AWAY),
    "25P03": (Busy, _BROKE),
    "53300": (Busy, _NOT_NOW),
    "57014": (Busy, "{} took too long; try again"),
    "57P01": (Busy, _BROKE),
    "57P02": (Busy, _BROKE),
    "57P03": (Busy, _NOT_NOW),
    "57P05": (Busy, _BROKE),
}
_DAMAGED = (Corrupt, "{} is damaged or was changed by hand")
# What a server says that takes no connection yet, or no more: the driver hands no code on.
_NOT_YET = (
    "starting up", "shutting down", "recovery", "too many clients", "too many connections",
    "reserved for",
)  # fmt: skip
_NO_SUCH_HOST = "failed to resolve host"  # the words are the driver's, in English always
# What the driver itself says of a server that did not answer; it may since be back.
_NO_ANSWER = (
    "Connection refused", "Connection reset", "Broken pipe", "No such file",
    "closed the connection unexpectedly",
)  # fmt: skip
# It may say so in another language, but tells any client by the code whether it takes connections.
_BY_PING = {pq.Ping.OK: "08004", pq.Ping.REJECT: "57P03"}
_PING_SECONDS = 3
_PINGED = {b"host", b"hostaddr", b"port", b"sslmode", b"sslrootcert"}


@contextmanager
def reworded(name: str) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise explained(error.orig, name, error.statement or "") from None
    except psycopg.Error as error:
        raise explained(error, name) from None


def explained(error: BaseException | None, name: str, statement: str = "") -> CasetrackError:
    """What the driver's error means."""
    if not isinstance(error, psycopg.Error):
        return Corrupt(f"{name} answered what was not understood")
    state, diag = error.sqlstate or _stateless(error), error.diag
    if state == guards.REFUSED:
        return _refused(diag.message_primary or "")
    if state == "23505":
        return _TAKEN.get(diag.constraint_name or "", moved_on)()
    if state in {"40001", "40P01"}:
        return moved_on()
    if state == "42501":
        return BadDatabase(_NOT_ALLOWED.format(name, _roles(diag.message_primary or "", statement)))
    kind, message = _BY_STATE.get(state) or _BY_CLASS.get(state[:2], _DAMAGED)
    return kind(message.format(name))


def _stateless(error: psycopg.Error) -> str:
    """The code that the driver left out: there was no connection, or there is none any more."""
    if error.pgconn is None:
        return "08006" if _never_tried(error) else "57P01"
    if any(word in str(error) for word in _NOT_YET):
        return "57P03"
    silent = any(word in str(error) for word in _NO_ANSWER)
    if silent or isinstance(error, psycopg.errors.ConnectionTimeout):
        return "08006"
    return _BY_PING.get(_pinged(error.pgconn), "08006")


def _never_tried(error: psycopg.Error) -> bool:
    """The address has an option that there is none of, or a name that none goes by."""
    return isinstance(error, psycopg.ProgrammingError) or _NO_SUCH_HOST in str(error)


def _pinged(attempt: pq.abc.PGconn) -> pq.Ping:
    """Whether the server that was tried takes connections; it is told of no user or password."""
    known = {
        option.keyword.decode(): option.val.decode()
        for option in attempt.info
        if option.keyword in _PINGED and option.val
    }
    asked = make_conninfo(**known, connect_timeout=_PING_SECONDS)
    return pq.Ping(pq.PGconn.ping(asked.encode()))


def _roles(said: str, statement: str) -> str:
    """The roles whom the server would have let, by the table that it names."""
    act = (statement.split() or ["SELECT"])[0].upper()
    tables = [word for word in _WORD.findall(said) if word in metadata.tables]
    if act == "INSERT" and tables[-1:] == ["ledger"]:
        return _ENTRIES
    *others, last = grants.may(act, tables[-1]) if tables else ("owner",)
    return f"{', '.join(others)} or {last}" if others else last


def _refused(why: str) -> CasetrackError:
    if why == NOT_NEXT:
        return moved_on()
    if why == KEY_TAKEN:
        return key_taken()
    if why in _REFUSALS:
        return BadDatabase(_REFUSALS[why])
    return Corrupt("the database refused a change to what was recorded")
