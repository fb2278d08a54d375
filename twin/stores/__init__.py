"""Stores: one line per kind of place that can keep a twin."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import InvalidParameter, StoreExists
from twin.place import Place, hide_passwords
from twin.store import Store

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from twin.crs import CRS
    from twin.layer import Layer


def open_store(url: str | Path | Place, *, write: bool = False) -> Store:
    """Open the twin at a place, read-only unless asked otherwise.

    Parameters
    ----------
    url
        A path ending in ``.gpkg``, or ``postgresql://user@host/database?schema=name``.
    write
        Whether it will be written.

    Raises
    ------
    StoreUnavailable
        It is absent, damaged, locked or not writable.
    """
    if is_database(url):
        from twin.stores.postgis_open import open_postgis
        from twin.stores.postgis_url import PostgisPlace

        return open_postgis(PostgisPlace.parse(_written(url)))
    from twin.stores.gpkg_open import open_gpkg

    return open_gpkg(_gpkg_path(url), write=write)


def create_store(url: str | Path | Place, *, crs: CRS, title: str = "", area: BaseGeometry | None = None) -> Store:
    """Create an empty twin and open it for writing.

    Parameters
    ----------
    url
        A path ending in ``.gpkg`` where nothing stands yet, or the address of a PostGIS database with a schema that is
        not there yet.
    crs
        The storage CRS.
    title
        What the twin is called.
    area
        The county's outline, polygon in the storage CRS.

    Raises
    ------
    StoreExists
        Something stands there.
    """
    from twin.crs import require_storage_crs

    require_storage_crs(crs)
    if is_database(url):
        from twin.stores.postgis_open import create_postgis
        from twin.stores.postgis_url import PostgisPlace

        return create_postgis(PostgisPlace.parse(_written(url)), crs=crs, title=title, area=area)
    from twin.stores.gpkg_create import create_gpkg

    return create_gpkg(_gpkg_path(url), crs=crs, title=title, area=area)


def build_store(
    url: str | Path | Place,
    *,
    crs: CRS,
    title: str = "",
    area: BaseGeometry | None = None,
    created_at: datetime | None = None,
) -> AbstractContextManager[Store]:
    """Create a twin and fill it in a ``with`` block: it appears when the block ends, whole or not at all.

    Parameters
    ----------
    url, crs, title, area
        As in `create_store`.
    created_at
        When the twin was created, where it is one that was elsewhere before; now by default.

    Raises
    ------
    StoreExists
        Something stands there.
    """
    from twin.crs import require_storage_crs

    require_storage_crs(crs)
    if is_database(url):
        from twin.stores.postgis_open import build_postgis
        from twin.stores.postgis_url import PostgisPlace

        return build_postgis(PostgisPlace.parse(_written(url)), crs=crs, title=title, area=area, created_at=created_at)
    from twin.stores.gpkg_create import build_gpkg

    return build_gpkg(_gpkg_path(url), crs=crs, title=title, area=area, created_at=created_at)


def upgrade_store(url: str | Path | Place, layers: Iterable[Layer] = ()) -> tuple[str, str] | None:
    """Bring the tables of a twin in a database to the version of this program; a file has nothing to be upgraded.

    Parameters
    ----------
    url
        Its place.
    layers
        Layers whose tables, where they stand, get the limits and triggers of this version as well.

    Returns
    -------
    The versions before and after.

    Raises
    ------
    StoreUnavailable
        There is no twin, it is newer than this program, this user does not own it, or rows break a limit of theirs.
    """
    if not is_database(url):
        return None
    from twin.stores.postgis_open import upgrade_postgis
    from twin.stores.postgis_url import PostgisPlace

    return upgrade_postgis(PostgisPlace.parse(_written(url)), layers)


def is_database(url: str | Path | Place) -> bool:
    """Whether a place is a PostgreSQL database rather than a file."""
    return _written(url).startswith(("postgresql://", "postgres://"))


def require_free(url: str | Path | Place) -> None:
    """Refuse a place where something stands, before work is done for it.

    Raises
    ------
    StoreExists
        Something stands there.
    StoreUnavailable
        The database cannot be reached.
    """
    if is_database(url):
        from twin.stores.postgis_open import require_free_schema
        from twin.stores.postgis_url import PostgisPlace

        require_free_schema(PostgisPlace.parse(_written(url)))
    elif _gpkg_path(url).exists():
        raise StoreExists(f"{url} is already there; nothing was changed")


def roles_of(url: str | Path | Place, *, create: bool = False) -> list[str]:
    """Write the SQL that makes the roles of a twin in a database and gives them their rights; run it too, if asked.

    Raises
    ------
    InvalidParameter
        A file has no roles.
    StoreUnavailable
        There is no twin, or this user may not create roles.
    """
    if not is_database(url):
        raise InvalidParameter("a file has no roles; its rights are those of the file", parameter="store")
    from twin.stores import postgis_open
    from twin.stores.postgis_url import PostgisPlace

    return postgis_open.roles_of(PostgisPlace.parse(_written(url)), create=create)


def is_store(path: Path) -> bool:
    """Whether a file is a twin's store, whatever its name; one that is locked or damaged may be, and counts."""
    import sqlite3

    from twin.stores.gpkg_file import holds_twin

    try:
        return path.is_file() and holds_twin(path)
    except sqlite3.Error as error:
        return error.sqlite_errorcode != sqlite3.SQLITE_NOTADB


def _gpkg_path(url: str | Path | Place) -> Path:
    path = Path(_written(url))
    if path.suffix.lower() != ".gpkg":
        shown = hide_passwords(str(path)).rpartition("@")[2]
        raise InvalidParameter(f"a store is a path ending in .gpkg or postgresql://…, not {shown}", parameter="store")
    return path


def _written(url: str | Path | Place) -> str:
    return url.text if isinstance(url, Place) else str(url)
