"""Open a twin in a GeoPackage."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from twin.errors import StoreNotPermitted, StoreUnavailable
from twin.stores.gpkg import GpkgDialect
from twin.stores.gpkg_file import holds_twin
from twin.stores.sql_store import SqlStore


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
        raise StoreNotPermitted(f"{path} is read-only; make the file writable")
    dialect = GpkgDialect(path, write=write)
    try:
        with dialect.translated():
            if not holds_twin(path):
                raise StoreUnavailable(f"{path} is not a twin's store; create one with: twin init NEW.gpkg --crs …")
        return SqlStore(dialect)
    except BaseException:
        dialect.engine.dispose()
        raise
