"""A new ledger file: its lasting settings, its tables and triggers, its revision."""

from sqlalchemy import Connection, Engine

from casetrack.ledger.connect import PAGE_SIZE
from casetrack.ledger.tables import APPLICATION_ID, REVISION, TRIGGERS, metadata

# What Alembic keeps, so that it finds a new ledger up to date.
_VERSION_TABLE = """
CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)"""
_STAMP = (
    _VERSION_TABLE,
    f"INSERT INTO alembic_version (version_num) VALUES ('{REVISION}')",  # noqa: S608 - ours
)


def set_up(engine: Engine) -> None:
    """The settings that an empty file takes once and keeps."""
    connection = engine.raw_connection()
    try:
        for pragma in (f"page_size={PAGE_SIZE}", "journal_mode=WAL"):
            connection.cursor().execute(f"PRAGMA {pragma}")
    finally:
        connection.close()


def create_schema(connection: Connection) -> None:
    metadata.create_all(connection)
    marked = f"PRAGMA application_id={APPLICATION_ID}"
    for statement in (*TRIGGERS, marked, *_STAMP):
        connection.exec_driver_sql(statement)
