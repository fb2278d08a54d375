"""Open a twin in a GeoPackage, or create one."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any
from uuid import uuid4

from shapely.geometry.base import BaseGeometry
from sqlalchemy import create_engine, insert, inspect
from sqlalchemy.pool import NullPool

from twin.crs import CRS
from twin.errors import StoreExists, StoreUnavailable
from twin.stores import gpkg_meta as meta
from twin.stores.gpkg import GpkgDialect
from twin.stores.sql_store import SqlStore, twin_facts
from twin.stores.tables import META, REVISIONS


def open_gpkg(path: Path, *, write: bool) -> SqlStore:
    """Open an existing twin in a GeoPackage.

    Raises
    ------
    StoreUnavailable
        The file is absent, not a twin, damaged, locked or not writable.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StoreUnavailable(f"there is no store {path}; create one with: twin init {path} --crs …") from error
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be opened: {error.strerror}", cause=error) from error
    if not stat.S_ISREG(mode):
        raise StoreUnavailable(f"{path} is not a file")
    if write and not os.access(path, os.W_OK):
        raise StoreUnavailable(f"{path} is read-only; make the file writable")
    dialect = GpkgDialect(path, write=write)
    try:
        with dialect.translated(), dialect.engine.connect() as connection:
            if not inspect(connection).has_table(META.name):
                raise StoreUnavailable(f"{path} is not a twin's store; create one with: twin init NEW.gpkg --crs …")
        return SqlStore(dialect)
    except BaseException:
        dialect.engine.dispose()
        raise


def create_gpkg(path: Path, *, crs: CRS, title: str, area: BaseGeometry | None) -> SqlStore:
    """Create a twin in a new GeoPackage; the file appears whole or not at all.

    Raises
    ------
    StoreExists
        There is a file already.
    StoreUnavailable
        The folder is absent, read-only or full.
    """
    content = _empty_geopackage(crs, title, area)
    try:
        _publish(content, path)
    except FileExistsError as error:
        raise StoreExists(f"{path} is already there; nothing was changed") from error
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be created: {error.strerror}", cause=error) from error
    return open_gpkg(path, write=True)


def _empty_geopackage(crs: CRS, title: str, area: BaseGeometry | None) -> bytes:
    with create_engine("sqlite://", poolclass=NullPool).connect() as connection:
        meta.create_geopackage(connection, crs)
        META.metadata.create_all(connection, tables=[META, REVISIONS])
        connection.execute(insert(META), twin_facts(crs, title, area))
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


def _publish(content: bytes, path: Path) -> None:
    """Write a file beside its place, then give it its name unless something bears it already."""
    if os.path.lexists(path):
        raise FileExistsError(path)
    draft = path.with_name(f".{uuid4().hex}.draft")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
