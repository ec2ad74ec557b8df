"""Triggers of the sealed tree and of the views, as statements for a new ledger."""


def refusing(name: str, act: str, why: str, when: str = "") -> str:
    """A trigger that lets nobody do it, or nobody when the condition holds."""
    return f"CREATE TRIGGER {name} BEFORE {act} {when}BEGIN SELECT RAISE(ABORT, '{why}'); END"


def _touching(table: str, act: str, row: str) -> str:
    known = f"SELECT 1 FROM touched WHERE case_id = {row}.case_id"  # noqa: S608 - our own names
    return (
        f"CREATE TRIGGER {table}_{act.lower()} AFTER {act} ON {table} BEGIN INSERT INTO"
        f" touched (case_id) SELECT {row}.case_id WHERE NOT EXISTS ({known}); END"
    )


TOUCHING = tuple(
    _touching(table, act, row)
    for table in ("case_view", "deadline_view")
    for act, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
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
