"""Leaves, frontiers and checkpoints, as they first were."""

from alembic import op

revision = "0002"
down_revision = "0001"

SCHEMA = (
    """
    CREATE TABLE leaf (
        leaf_index INTEGER NOT NULL,
        case_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        hash BLOB NOT NULL,
        PRIMARY KEY (leaf_index),
        UNIQUE (case_id, version),
        FOREIGN KEY(case_id, version) REFERENCES ledger (case_id, version),
        CHECK (leaf_index >= 0),
        CHECK (length(hash) = 32)
    ) STRICT
    """,
    """
    CREATE TABLE frontier (
        size INTEGER NOT NULL,
        hashes BLOB NOT NULL,
        PRIMARY KEY (size)
    ) STRICT
    """,
    """
    CREATE TABLE checkpoint (
        size INTEGER NOT NULL,
        note TEXT NOT NULL,
        PRIMARY KEY (size)
    ) STRICT
    """,
    """
    CREATE TRIGGER leaf_insert BEFORE INSERT ON leaf
    WHEN NEW.leaf_index <> 1 + coalesce((SELECT max(leaf_index) FROM leaf), -1)
        OR EXISTS (SELECT 1 FROM leaf
        WHERE case_id = NEW.case_id AND version = NEW.version)
    BEGIN SELECT RAISE(ABORT, 'leaves follow each other'); END
    """,
    """
    CREATE TRIGGER leaf_update BEFORE UPDATE ON leaf
    BEGIN SELECT RAISE(ABORT, 'leaves are never changed'); END
    """,
    """
    CREATE TRIGGER leaf_delete BEFORE DELETE ON leaf
    BEGIN SELECT RAISE(ABORT, 'leaves are never deleted'); END
    """,
    """
    CREATE TRIGGER frontier_insert BEFORE INSERT ON frontier
    WHEN EXISTS (SELECT 1 FROM frontier WHERE size >= NEW.size)
    BEGIN SELECT RAISE(ABORT, 'a frontier follows a smaller one'); END
    """,
    """
    CREATE TRIGGER checkpoint_insert BEFORE INSERT ON checkpoint
    WHEN EXISTS (SELECT 1 FROM checkpoint WHERE size >= NEW.size)
    BEGIN SELECT RAISE(ABORT, 'a checkpoint follows a smaller one'); END
    """,
    """
    CREATE TRIGGER frontier_update BEFORE UPDATE ON frontier
    BEGIN SELECT RAISE(ABORT, 'a frontier is never changed'); END
    """,
    """
    CREATE TRIGGER frontier_delete BEFORE DELETE ON frontier
    BEGIN SELECT RAISE(ABORT, 'a frontier is never deleted'); END
    """,
    """
    CREATE TRIGGER checkpoint_update BEFORE UPDATE ON checkpoint
    BEGIN SELECT RAISE(ABORT, 'a checkpoint is never changed'); END
    """,
    """
    CREATE TRIGGER checkpoint_delete BEFORE DELETE ON checkpoint
    BEGIN SELECT RAISE(ABORT, 'a checkpoint is never deleted'); END
    """,
    """
    CREATE TRIGGER unsealed_insert BEFORE INSERT ON unsealed
    WHEN EXISTS (SELECT 1 FROM unsealed WHERE sequence = NEW.sequence)
        OR EXISTS (SELECT 1 FROM unsealed
        WHERE case_id = NEW.case_id AND version = NEW.version)
        OR EXISTS (SELECT 1 FROM leaf
        WHERE case_id = NEW.case_id AND version = NEW.version)
    BEGIN SELECT RAISE(ABORT, 'an entry waits once, until it is a leaf'); END
    """,
    """
    CREATE TRIGGER unsealed_update BEFORE UPDATE ON unsealed
    BEGIN SELECT RAISE(ABORT, 'what waits to be sealed is never changed'); END
    """,
    """
    CREATE TRIGGER unsealed_delete BEFORE DELETE ON unsealed
    WHEN NOT EXISTS (SELECT 1 FROM leaf
        WHERE case_id = OLD.case_id AND version = OLD.version)
    BEGIN SELECT RAISE(ABORT, 'an entry waits until it is a leaf'); END
    """,
)


def upgrade() -> None:
    for statement in SCHEMA:
        op.execute(statement)
