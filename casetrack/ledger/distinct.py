"""What different values an index begins with, told without reading all of it."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, bindparam, select, tuple_


def distinct(
    connection: Connection, *columns: Column[Any], where: ColumnElement[bool]
) -> Iterator[tuple[Any, ...]]:
    """Each combination of these columns, in order, by a look-up each.

    They are the first ones of an index of the rows ``where``, and none of them is ever null.
    """
    first = select(*columns).where(where).order_by(*columns).limit(1)
    last = tuple_(*(bindparam(column.name) for column in columns))
    after = first.where(tuple_(*columns) > last)
    row = connection.execute(first).one_or_none()
    while row is not None:
        yield tuple(row)
        row = connection.execute(after, row._asdict()).one_or_none()
