"""What different values an index begins with, told without reading all of it."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, bindparam, select


def distinct(
    connection: Connection, *columns: Column[Any], where: ColumnElement[bool]
) -> Iterator[tuple[Any, ...]]:
    """Each combination of these columns, in order, by no more look-ups each than there are columns.

    They are the first ones of an index of the rows ``where``, and none of them is ever null.
    Each look-up compares one column alone: SQLite would read all rows that equal the last one, had
    it to find what is greater than several together.
    """
    first = select(*columns).where(where).order_by(*columns).limit(1)
    nearest = [
        first.where(*(c == bindparam(c.name) for c in same), column > bindparam(column.name))
        for *same, column in (columns[:n] for n in range(len(columns), 0, -1))
    ]
    row = connection.execute(first).one_or_none()
    while row is not None:
        yield tuple(row)
        values = row._asdict()
        found = (connection.execute(after, values).one_or_none() for after in nearest)
        row = next((one for one in found if one is not None), None)
