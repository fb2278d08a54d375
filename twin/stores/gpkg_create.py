"""Create a twin in a GeoPackage: made as a draft beside its place, which gets its name when it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from shapely.geometry.base import BaseGeometry
from sqlalchemy import create_engine, insert
from sqlalchemy.pool import NullPool

from twin.crs import CRS
from twin.drafts import drafting
from twin.errors import StoreExists, StoreUnavailable
from twin.stores import gpkg_meta as meta
from twin.stores.facts import twin_facts
from twin.stores.gpkg_open import open_gpkg
from twin.stores.sql_store import SqlStore
from twin.stores.tables import META, REVISIONS


def create_gpkg(path: Path, *, crs: CRS, title: str, area: BaseGeometry | None) -> SqlStore:
    """Create an empty twin in a new GeoPackage and open it; the file appears whole or not at all.

    Raises
    ------
    StoreExists
        There is a file already.
    StoreUnavailable
        The folder is absent, read-only or full, or another program is creating the same store.
    """
    content = _empty_geopackage(crs, title, area)
    with _drafting(path) as draft:
        _write(content, draft)
    return open_gpkg(path, write=True)


@contextmanager
def build_gpkg(
    path: Path, *, crs: CRS, title: str, area: BaseGeometry | None, created_at: datetime | None = None
) -> Iterator[SqlStore]:
    """Create a twin for a block to fill; the file appears when the block ends, whole or not at all.

    Raises
    ------
    StoreExists, StoreUnavailable
        As in `create_gpkg`.
    """
    content = _empty_geopackage(crs, title, area, created_at)
    with _drafting(path) as draft:
        _write(content, draft)
        with open_gpkg(draft, write=True) as store:
            yield store
        if Path(f"{draft}-wal").exists():
            raise StoreUnavailable(f"{path} cannot be created: the disk is full or failed")


def _empty_geopackage(crs: CRS, title: str, area: BaseGeometry | None, created_at: datetime | None = None) -> bytes:
    with create_engine("sqlite://", poolclass=NullPool).connect() as connection:
        meta.create_geopackage(connection, crs)
        META.metadata.create_all(connection, tables=[META, REVISIONS])
        connection.execute(insert(META), twin_facts(crs, title, area, created_at))
        for name, purpose in ((META.name, "Facts about the twin"), (REVISIONS.name, "Every write of the twin")):
            sql = (
                "INSERT INTO gpkg_contents (table_name, data_type, identifier, description)"
                " VALUES (?, 'attributes', ?, ?)"
            )
            connection.exec_driver_sql(sql, (name, name, purpose))
        connection.commit()
        driver: Any = connection.connection.driver_connection
        content: bytes = driver.serialize()
        return content


@contextmanager
def _drafting(path: Path) -> Iterator[Path]:
    try:
        with drafting(path) as draft:
            yield draft
    except FileExistsError as error:
        if os.path.lexists(path):
            raise StoreExists(f"{path} is already there; nothing was changed") from error
        detail = f"a log of an earlier {path} is there, which SQLite would take for one of the new; nothing was changed"
        raise StoreExists(f"{detail}: end what has that open, or remove {path}-wal, -shm and -journal") from error
    except BlockingIOError as error:
        raise StoreUnavailable(f"another program is creating {path} just now", cause=error) from error
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be created: {error.strerror}", cause=error) from error


def _write(content: bytes, path: Path) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
