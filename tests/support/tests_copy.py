"""What stands in the tables of a twin, read without the twin."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import psycopg
import shapely

from twin.stores import is_database
from twin.stores.postgis_url import PostgisPlace

#: What is of the store and not of the twin in it: PostGIS counts its formats and CRS by itself.
_OF_THE_STORE = {"srid", "format"}


def stored_rows(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every table of the twin, in order, geometries as text with every digit."""
    tables = _tables_of_schema(url) if is_database(url) else _tables_of_file(url)
    facts = [row for row in tables["twin_meta"] if row[0] not in _OF_THE_STORE]
    return {name: sorted(rows, key=repr) for name, rows in {**tables, "twin_meta": facts}.items()}


def _tables_of_file(path: str) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.create_function("shape", 1, _wkt_of_blob)
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'gpkg_*' AND name NOT GLOB 'rtree_*'"
            " AND name NOT GLOB 'sqlite_*' AND name <> 'layer_styles'"
        ).fetchall()
        found = {}
        for (name,) in names:
            columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')]
            found[name] = connection.execute(_select(name, columns, 'shape("geom")')).fetchall()
    return found


def _wkt_of_blob(blob: bytes | None) -> str | None:
    return None if blob is None else _wkt(blob[8 + (0, 32, 48, 48, 64)[blob[3] >> 1 & 7] :])


def _tables_of_schema(url: str) -> dict[str, list[tuple[Any, ...]]]:
    place = PostgisPlace.parse(url)
    address = place.database.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as connection:
        listed = connection.execute(
            "SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) FROM information_schema.columns"
            " JOIN information_schema.tables USING (table_schema, table_name)"
            " WHERE table_schema = %s AND table_type = 'BASE TABLE' AND table_name <> 'twin_version'"
            " GROUP BY table_name",
            [place.schema],
        ).fetchall()
        connection.execute(f"SET search_path TO {place.schema}, public")
        found = {}
        for name, columns in listed:
            rows = connection.execute(_select(name, columns, "ST_AsBinary(geom)")).fetchall()
            where = columns.index("geom") if "geom" in columns else None
            found[name] = [_with_text(row, where) for row in rows]
    return found


def _with_text(row: tuple[Any, ...], where: int | None) -> tuple[Any, ...]:
    if where is None:
        return row
    return *row[:where], None if row[where] is None else _wkt(bytes(row[where])), *row[where + 1 :]


def _wkt(wkb: bytes) -> str:
    return shapely.to_wkt(shapely.from_wkb(wkb), rounding_precision=-1, trim=True)


def _select(name: str, columns: list[str], shape: str) -> str:
    # twin_meta numbers its facts for GeoPackage's sake.
    wanted = columns[1:] if name == "twin_meta" else columns
    listed = ", ".join(shape if column == "geom" else f'"{column}"' for column in wanted)
    return f'SELECT {listed} FROM "{name}"'
