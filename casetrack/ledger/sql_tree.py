"""Leaves, frontiers and checkpoints in a database."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select

from casetrack.ledger import tables as t
from casetrack.ledger.trees import Leaf

_e, _l, _u = t.ledger.c, t.leaf.c, t.unsealed.c
# Asked row by row, so that only what waits is looked up and nothing older is read.
OLDEST = select(
    func.min(
        select(_e.recorded_at)
        .where(_e.case_id == _u.case_id, _e.version == _u.version)
        .correlate(t.unsealed)
        .scalar_subquery()
    )
).select_from(t.unsealed)
# The index by time has this order, so that nothing is sorted, and no body held to be.
PENDING = (
    select(_e.case_id, _e.version, _e.body)
    .where(
        _e.recorded_at >= bindparam("oldest"),
        exists().where(_u.case_id == _e.case_id, _u.version == _e.version),
    )
    .order_by(_e.recorded_at, _e.case_id, _e.version)
)
_DEQUEUED = delete(t.unsealed).where(
    _u.case_id == bindparam("case_id"), _u.version == bindparam("version")
)
_LEAVES = select(_l.leaf_index, _l.case_id, _l.version, _l.hash)
_NOTES = select(t.checkpoint.c.size, t.checkpoint.c.note)


class SqlTree:
    """``Tree`` with the ledger's own ways to read and to write."""

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[Connection]],
        writing: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._reading = reading
        self._writing = writing

    def unsealed(self) -> int:
        with self._reading() as connection:
            return connection.execute(select(func.count()).select_from(t.unsealed)).scalar_one()

    def pending(self) -> Iterator[tuple[str, int, str]]:
        with self._reading() as connection:
            oldest = connection.execute(OLDEST).scalar_one()
            for row in connection.execute(PENDING, {"oldest": oldest}):
                yield row[0], row[1], row[2]

    def size(self) -> int:
        with self._reading() as connection:
            last = connection.execute(select(func.max(_l.leaf_index))).scalar_one()
        return 0 if last is None else last + 1

    def keep(self, leaves: Sequence[Leaf]) -> None:
        rows = [
            {"leaf_index": x.index, "case_id": x.case_id, "version": x.version, "hash": x.hash}
            for x in leaves
        ]
        if rows:
            with self._writing() as connection:
                connection.execute(insert(t.leaf), rows)
                connection.execute(_DEQUEUED, rows)

    def frontier(self) -> tuple[int, bytes]:
        c = t.frontier.c
        found = select(c.size, c.hashes).order_by(c.size.desc()).limit(1)
        with self._reading() as connection:
            row = connection.execute(found).one_or_none()
        return (0, b"") if row is None else (row[0], row[1])

    def frontier_at(self, size: int) -> bytes | None:
        found = select(t.frontier.c.hashes).where(t.frontier.c.size == size)
        with self._reading() as connection:
            hashes: bytes | None = connection.execute(found).scalar_one_or_none()
        return hashes

    def keep_frontier(self, size: int, hashes: bytes) -> None:
        with self._writing() as connection:
            connection.execute(insert(t.frontier).values(size=size, hashes=hashes))

    def leaf(self, case_id: str, version: int) -> Leaf | None:
        found = _LEAVES.where(_l.case_id == case_id, _l.version == version)
        with self._reading() as connection:
            row = connection.execute(found).one_or_none()
        return None if row is None else _leaf(*row)

    def leaves(self, first: int = 0, count: int | None = None) -> Iterator[Leaf]:
        found = _LEAVES.where(_l.leaf_index >= first).order_by(_l.leaf_index).limit(count)
        with self._reading() as connection:
            for row in connection.execute(found):
                yield _leaf(*row)

    def checkpoint(self) -> tuple[int, str] | None:
        with self._reading() as connection:
            row = connection.execute(_NOTES.order_by(t.checkpoint.c.size.desc()).limit(1)).first()
        return None if row is None else (row[0], row[1])

    def checkpoints(self) -> Iterator[tuple[int, str]]:
        with self._reading() as connection:
            for row in connection.execute(_NOTES.order_by(t.checkpoint.c.size)):
                yield row[0], row[1]

    def keep_checkpoint(self, size: int, note: str) -> None:
        with self._writing() as connection:
            connection.execute(insert(t.checkpoint).values(size=size, note=note))


def _leaf(index: int, case_id: str, version: int, found: bytes) -> Leaf:
    return Leaf(index=index, case_id=case_id, version=version, hash=found)
