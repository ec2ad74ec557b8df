"""Taking a value back: its disclosure goes, the views follow, and no old page keeps it."""

import sqlite3
from collections.abc import Sequence

from sqlalchemy import Connection, Engine, delete

from casetrack.domain.case import Case
from casetrack.domain.events import Target
from casetrack.domain.fold import replay
from casetrack.errors import Busy
from casetrack.ledger import reading
from casetrack.ledger import tables as t
from casetrack.ledger.limits import nothing_to_redact
from casetrack.ledger.view_writing import erase_views, write_views

_STILL_READ = (
    "what was redacted is out of the ledger, but another process still reads older pages of the"
    " file: end it, then run 'casetrack db rebuild' to erase those too"
)


def erase(connection: Connection, case_id: str, targets: Sequence[Target]) -> Case:
    """Delete the disclosures and make the case's views again from what is left."""
    c = t.disclosure.c
    for target in targets:
        chosen = (c.case_id == case_id, c.version == target.version, c.name == target.name)
        if connection.execute(delete(t.disclosure).where(*chosen)).rowcount != 1:
            raise nothing_to_redact(target)
    erase_views(connection, case_id)
    found = next(entries for _, entries in reading.entries(connection, case_id, case_id))
    case = replay(case_id, found)
    write_views(connection, [(Case(id=case_id), case)])
    return case


def scrub(engine: Engine) -> None:
    """Write the file anew and empty the write-ahead log.

    ``secure_delete`` alone is not enough: a page that SQLite has split keeps copies of moved rows
    in its unused part, out of reach of a later delete.
    """
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        # The copy may be larger than memory; it holds nothing that was erased.
        cursor.execute("PRAGMA temp_store=FILE")
        cursor.execute("VACUUM")
        blocked, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        blocked = True
    finally:
        connection.invalidate()
    if blocked:
        raise Busy(_STILL_READ)
