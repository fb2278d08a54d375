"""What an offline edition has besides a twin's tables: where its rows come from, and a project for QGIS.

References
----------
``QgsGeoPackageProjectStorage`` of QGIS: the table ``qgis_projects``, whose content is a ``.qgz`` in hexadecimal.
"""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from twin.stores.gpkg_file import connect_file

_PROJECTS = "CREATE TABLE IF NOT EXISTS qgis_projects (name TEXT PRIMARY KEY, metadata BLOB, content BLOB)"
#: Under which key of the twin's facts it stands.
_ORIGIN = "origin"


def write_origin(path: Path, origin: dict[str, Any]) -> None:
    """Note where the rows of a file come from, as JSON."""
    with closing(connect_file(path, mode="rw")) as connection:
        connection.execute("INSERT INTO twin_meta (key, value) VALUES (?, ?)", (_ORIGIN, json.dumps(origin)))


def read_origin(path: Path) -> dict[str, Any] | None:
    """Return what was noted of where the rows come from; None for a twin that is not an edition of another."""
    with closing(connect_file(path, mode="ro")) as connection:
        found = connection.execute("SELECT value FROM twin_meta WHERE key = ?", (_ORIGIN,)).fetchone()
    return None if found is None else json.loads(found[0])


def list_columns(path: Path) -> dict[str, list[str]]:
    """List the columns of the tables that GIS programs see in a file."""
    with closing(connect_file(path, mode="ro")) as connection:
        tables = [name for (name,) in connection.execute("SELECT table_name FROM gpkg_contents ORDER BY table_name")]
        named = "SELECT name FROM pragma_table_info(?)"
        return {table: [name for (name,) in connection.execute(named, (table,))] for table in tables}


def write_qgis_project(path: Path, name: str, packed: bytes) -> None:
    """Put a project into a GeoPackage, where QGIS lists it under its name."""
    said = {"last_modified_time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}", "last_modified_user": ""}
    with closing(connect_file(path, mode="rw")) as connection:
        connection.execute(_PROJECTS)
        connection.execute("INSERT INTO qgis_projects VALUES (?, ?, ?)", (name, json.dumps(said), packed.hex()))
