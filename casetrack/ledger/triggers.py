"""Triggers of the sealed tree and of the views, as statements for a new ledger."""


def refusing(name: str, act: str, why: str, when: str = "") -> str:
    """A trigger that lets nobody do it, or nobody when the condition holds."""
    return f"CREATE TRIGGER {name} BEFORE {act} {when}BEGIN SELECT RAISE(ABORT, '{why}'); END"


def _touching(table: str, act: str, rows: str) -> str:
    fresh = f"SELECT case_id FROM ({rows}) WHERE case_id NOT IN touched"  # noqa: S608 - our own names
    return (
        f"CREATE TRIGGER {table}_{act.lower()} AFTER {act} ON {table}"
        f" BEGIN INSERT INTO touched (case_id) {fresh}; END"
    )


def _displacing(act: str) -> str:
    """OR REPLACE takes away, without a delete trigger, the row that has the same reference."""
    other = (
        "SELECT case_id FROM case_view WHERE reference = NEW.reference AND case_id <> NEW.case_id"
    )
    return (
        f"CREATE TRIGGER case_view_displacing_{act.lower()} BEFORE {act} ON case_view"
        f" WHEN EXISTS ({other}) BEGIN INSERT INTO touched (case_id) {other}"
        " AND case_id NOT IN touched; END"
    )


_NEW, _OLD = "SELECT NEW.case_id AS case_id", "SELECT OLD.case_id AS case_id"
TOUCHING = (
    *(
        _touching(table, act, rows)
        for table in ("case_view", "deadline_view")
        for act, rows in (("INSERT", _NEW), ("UPDATE", f"{_NEW} UNION {_OLD}"), ("DELETE", _OLD))
    ),
    _displacing("INSERT"),
    _displacing("UPDATE"),
)

SEALING = (
    refusing(
        "leaf_insert", "INSERT ON leaf", "leaves follow each other",
        "WHEN NEW.leaf_index <> 1 + coalesce((SELECT max(leaf_index) FROM leaf), -1)"
        " OR EXISTS (SELECT 1 FROM leaf"
        " WHERE case_id = NEW.case_id AND version = NEW.version) ",
    ),
    refusing("leaf_update", "UPDATE ON leaf", "leaves are never changed"),
    refusing("leaf_delete", "DELETE ON leaf", "leaves are never deleted"),
    *(
        refusing(
            f"{table}_insert", f"INSERT ON {table}", f"a {table} follows a smaller one",
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE size >= NEW.size) ",  # noqa: S608 - ours
        )
        for table in ("frontier", "checkpoint")
    ),
    *(
        refusing(f"{table}_{act.lower()}", f"{act} ON {table}", f"a {table} is never {done}")
        for table in ("frontier", "checkpoint")
        for act, done in (("UPDATE", "changed"), ("DELETE", "deleted"))
    ),
    refusing(
        "unsealed_insert", "INSERT ON unsealed", "an entry waits once, until it is a leaf",
        "WHEN EXISTS (SELECT 1 FROM unsealed WHERE sequence = NEW.sequence)"
        " OR EXISTS (SELECT 1 FROM unsealed"
        " WHERE case_id = NEW.case_id AND version = NEW.version)"
        " OR EXISTS (SELECT 1 FROM leaf"
        " WHERE case_id = NEW.case_id AND version = NEW.version) ",
    ),
    refusing("unsealed_update", "UPDATE ON unsealed", "what waits to be sealed is never changed"),
    refusing(
        "unsealed_delete", "DELETE ON unsealed", "an entry waits until it is a leaf",
        "WHEN NOT EXISTS (SELECT 1 FROM leaf"
        " WHERE case_id = OLD.case_id AND version = OLD.version) ",
    ),
)  # fmt: skip
