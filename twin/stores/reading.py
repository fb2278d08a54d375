"""Connections that read for as long as somebody waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from sqlalchemy import Connection

from twin.deadline import seconds_left
from twin.errors import StoreUnavailable, TookTooLong
from twin.stores.dialect import Dialect


@contextmanager
def read_in_time(dialect: Dialect, *, at_length: bool = False) -> Iterator[Connection]:
    """Read from a database, until nobody waits any longer (see `twin.deadline`), or at any length.

    Raises
    ------
    TookTooLong
        It was told to stop.
    """
    left = None if at_length else seconds_left()
    try:
        with (
            dialect.translated(),
            dialect.engine.connect() as connection,
            nullcontext() if left is None else dialect.limited(connection, left),
        ):
            yield connection
    except StoreUnavailable as error:
        if left is None or (seconds_left() or 0.0) > 0:
            raise
        raise TookTooLong("the store worked for as long as it may for one request; ask for less") from error
