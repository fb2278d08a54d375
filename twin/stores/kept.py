"""Bytes that a twin keeps beside its rows, each once, by their SHA-256: delivered models, and what was made of them.

Rows name them by that digest, so history keeps them by reference: what a past row names is still there. Nothing is ever
changed or removed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, insert, inspect, select

from twin.errors import StoreUnavailable
from twin.stores.tables import KEPT


def keep_bytes(connection: Connection, pieces: Iterable[bytes]) -> None:
    """Keep pieces that are not kept yet, in the transaction of the connection."""
    for data in pieces:
        digest = hashlib.sha256(data).hexdigest()
        _stand(connection)
        if connection.execute(select(KEPT.c.fid).where(KEPT.c.sha256 == digest)).first() is None:
            connection.execute(insert(KEPT).values(sha256=digest, size=len(data), data=data))


def find_bytes(connection: Connection, digest: str, *, place: str) -> bytes:
    """Find a piece.

    Raises
    ------
    StoreUnavailable
        It is not there, though a row names it: something was removed from the store.
    """
    data = None
    if _stands(connection):
        data = connection.execute(select(KEPT.c.data).where(KEPT.c.sha256 == digest)).scalar()
    if data is None:
        raise StoreUnavailable(f"{place} does not keep the bytes {digest[:12]}… that a row names: restore a backup")
    return bytes(data)


def list_bytes(connection: Connection) -> Iterator[bytes]:
    """Give every piece, one at a time, in the order of their coming."""
    if _stands(connection):
        for fid in connection.execute(select(KEPT.c.fid).order_by(KEPT.c.fid)).scalars().all():
            yield bytes(connection.execute(select(KEPT.c.data).where(KEPT.c.fid == fid)).scalar_one())


def _stands(connection: Connection) -> bool:
    return inspect(connection).has_table(KEPT.name)


def _stand(connection: Connection) -> None:
    """Make the table in a file that has none; a database has it from its version on."""
    if not _stands(connection):
        KEPT.create(connection)
        connection.exec_driver_sql(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description)"
            f" VALUES ('{KEPT.name}', 'attributes', '{KEPT.name}', 'Bytes that rows name by their SHA-256')"
        )
