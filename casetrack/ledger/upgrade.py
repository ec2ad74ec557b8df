"""Bringing a ledger to today's schema. Alembic is loaded here alone."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from casetrack.ledger import database as databases
from casetrack.ledger.database import Database
from casetrack.ledger.tables import REVISION
from casetrack.ledger.view_writing import rebuild_views

_EMPTIED = "0002"  # the last migration that leaves views empty


def upgrade(url: str) -> tuple[str, str]:
    """The revision found and the one reached; all in one transaction, nothing if it fails.

    On a server it takes the owner, and who upgrades at the same time waits. Views that a
    migration leaves empty are made again from the entries.
    """
    database = databases.existing(url)
    try:
        found = database.revision()
        if found > REVISION:
            raise database.other(found)
        if found < REVISION:
            _upgraded(database, found)
        return found, REVISION
    finally:
        database.engine.dispose()


def _upgraded(database: Database, found: str) -> None:
    with database.reworded():
        database.owned()
        with database.writing(settled=False).begin() as connection:
            database.alone(connection)
            migrate(connection)
            if found < _EMPTIED:
                rebuild_views(connection)


def migrate(connection: Connection) -> None:
    """Run every migration that is missing on a connection whose transaction is open."""
    config = Config()
    folder = Path(__file__).with_name("migrations")
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
