"""Bringing a ledger to today's schema. Alembic is loaded here alone."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from casetrack.ledger import database as databases
from casetrack.ledger.connect import engine_for, existing, other, revision_of, writing
from casetrack.ledger.failures import reworded
from casetrack.ledger.place import database_path, is_server
from casetrack.ledger.tables import REVISION
from casetrack.ledger.view_writing import rebuild_views


def upgrade(url: str) -> tuple[str, str]:
    """The revision found and the one reached; all in one transaction, nothing if it fails.

    Views, which a migration may leave empty, are made again from the entries.
    """
    if is_server(url):
        return _on_server(url)
    path = existing(database_path(url))
    engine = engine_for(path)
    try:
        found = revision_of(engine, path)
        if found > REVISION:
            raise other(path, found)
        if found < REVISION:
            with reworded(path), writing(engine).begin() as connection:
                migrate(connection)
                rebuild_views(connection)
        return found, REVISION
    finally:
        engine.dispose()


def _on_server(url: str) -> tuple[str, str]:
    """There is one schema yet, and a ledger of another is refused as it is opened."""
    database = databases.existing(url)
    try:
        database.opened_body()
    finally:
        database.engine.dispose()
    return REVISION, REVISION


def migrate(connection: Connection) -> None:
    """Run every migration that is missing on a connection whose transaction is open."""
    config = Config()
    folder = Path(__file__).with_name("migrations")
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
