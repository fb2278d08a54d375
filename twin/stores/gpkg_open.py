"""Open a twin in a GeoPackage, or create one."""

from __future__ import annotations

import os
from pathlib import Path

from shapely.geometry.base import BaseGeometry
from sqlalchemy import insert, inspect

from twin.crs import CRS
from twin.errors import StoreExists, StoreUnavailable
from twin.stores import gpkg_meta as meta
from twin.stores.gpkg import GpkgDialect
from twin.stores.gpkg_file import connect_file
from twin.stores.sql_store import SqlStore, twin_facts
from twin.stores.tables import META, REVISIONS


def open_gpkg(path: Path, *, write: bool) -> SqlStore:
    """Open an existing twin in a GeoPackage.

    Raises
    ------
    StoreUnavailable
        The file is absent, not a twin, damaged, locked or not writable.
    """
    if not path.is_file():
        raise StoreUnavailable(f"there is no store {path}; create one with: twin init {path} --crs …")
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
    if path.exists():
        raise StoreExists(f"{path} is already there; nothing was changed")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    dialect = GpkgDialect(draft, write=True)
    try:
        with dialect.translated():
            connect_file(draft, mode="rwc").close()
            with dialect.engine.connect() as connection, dialect.begin_write(connection):
                meta.create_geopackage(connection, crs)
                META.metadata.create_all(connection, tables=[META, REVISIONS])
                connection.execute(insert(META), twin_facts(crs, title, area))
                for name, purpose in ((META.name, "Facts about the twin"), (REVISIONS.name, "Every write of the twin")):
                    sql = (
                        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description)"
                        " VALUES (?, 'attributes', ?, ?)"
                    )
                    connection.exec_driver_sql(sql, (name, name, purpose))
            dialect.close()
            _publish(draft, path)
    finally:
        dialect.engine.dispose()
        for leftover in path.parent.glob(f"{draft.name}*"):
            leftover.unlink()
    return open_gpkg(path, write=True)


def _publish(draft: Path, path: Path) -> None:
    """Give a finished file its name, unless somebody else took it meanwhile."""
    try:
        os.link(draft, path)
    except FileExistsError as error:
        raise StoreExists(f"{path} is already there; nothing was changed") from error
    except OSError:  # a file system without hard links
        draft.rename(path)
