"""The embedded store's database: one GeoPackage file through SQLite.

The file is in write-ahead mode while a twin has it open for writing, so readers go on undisturbed, and returns to a
single plain file when the last writer leaves.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import ColumnElement, Connection, Engine, create_engine, event, inspect, select, table
from sqlalchemy import column as sql_column
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import QueuePool
from sqlalchemy.types import UserDefinedType

from twin.crs import BBox
from twin.errors import StoreUnavailable
from twin.layer import Layer
from twin.schema import Field
from twin.stores import gpkg_meta as meta
from twin.stores.gpkg_blob import decode_geometries, encode_geometries
from twin.stores.gpkg_file import connect_file, explain_error
from twin.stores.rtree import rebuild_rtree
from twin.stores.tables import GEOMETRY, KEYS, LayerTables, layer_tables

Geometries = npt.NDArray[np.object_]
Fids = npt.NDArray[np.int64]

_COLUMN_TYPES = {
    "text": "TEXT",
    "integer": "INTEGER",
    "real": "REAL",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "DATETIME",
}


class _Plain(UserDefinedType[Any]):
    """A column whose values pass as the driver gives them."""

    cache_ok = True

    def __init__(self, spec: str) -> None:
        self.spec = spec

    def get_col_spec(self, **_: Any) -> str:
        return self.spec


class GpkgDialect:
    """GeoPackage through Python's sqlite3.

    Parameters
    ----------
    path
        The file; it must exist.
    write
        Whether the file will be written; otherwise it is opened read-only.
    """

    def __init__(self, path: Path, *, write: bool) -> None:
        self.path = path
        self.url = str(path)
        self._write = write
        self.engine: Engine = create_engine("sqlite://", creator=self._connect, poolclass=QueuePool)
        event.listen(self.engine, "begin", _begin)

    @cached_property
    def srs_id(self) -> int:
        """The srs_id under which the storage CRS stands in the file."""
        sql = "SELECT srs_id FROM gpkg_spatial_ref_sys WHERE description = 'storage CRS of the twin'"
        with self.translated(), self.engine.connect() as connection:
            return int(connection.exec_driver_sql(sql).scalar_one())

    def _connect(self) -> sqlite3.Connection:
        connection = connect_file(self.path, mode="rw" if self._write else "ro")
        if self._write and connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            with suppress(sqlite3.OperationalError):  # somebody reads just now: the rollback journal does as well
                connection.execute("PRAGMA journal_mode = WAL")
        return connection

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn SQLite's errors into `StoreUnavailable` with what to do."""
        try:
            yield
        except IntegrityError:
            raise
        except (DBAPIError, sqlite3.Error) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise StoreUnavailable(
                f"{self.path}: {explain_error(str(cause))}; nothing was changed", cause=error
            ) from error

    @contextmanager
    def begin_write(self, connection: Connection) -> Iterator[object]:
        """Take the write lock at once, so that what is read before the write still holds at the write."""
        with connection.execution_options(twin_write=True).begin() as transaction:
            yield transaction

    def tables(self, layer: Layer) -> LayerTables:
        """The layer's tables in GeoPackage column types."""
        return layer_tables(layer, lambda field: _Plain(_COLUMN_TYPES[field.type]), _Plain(_geometry_spec(layer)))

    def has_layer(self, connection: Connection, layer: Layer) -> bool:
        """Whether the feature table stands with every column of the layer."""
        return not self._missing(connection, layer)

    def _missing(self, connection: Connection, layer: Layer) -> list[Field]:
        present = {row[1] for row in connection.exec_driver_sql(f'PRAGMA table_info("{layer.id}")')}
        return [field for field in layer.schema if field.name not in present]

    def prepare(self, connection: Connection, tables: LayerTables) -> None:
        """Create the tables, or add the columns that the layer gained since the file was written."""
        layer = tables.layer
        missing = self._missing(connection, layer)
        if not missing:
            return
        if not inspect(connection).has_table(layer.id):
            tables.current.metadata.create_all(connection)
            meta.register_layer(connection, layer, self.srs_id, GEOMETRY)
            return
        for name in (layer.id, tables.past.name):
            for field in missing:
                connection.exec_driver_sql(
                    f'ALTER TABLE "{name}" ADD COLUMN "{field.name}" {_COLUMN_TYPES[field.type]}'
                )
        meta.describe_fields(connection, layer)

    def encode(self, geometries: Geometries) -> Sequence[Any]:
        """Geometries as GeoPackage blobs."""
        return encode_geometries(geometries, self.srs_id)

    def decode(self, values: Sequence[Any]) -> Geometries:
        """GeoPackage blobs as geometries."""
        return decode_geometries(values)

    def ordered(self, key: ColumnElement[str]) -> ColumnElement[str]:
        """SQLite compares text by bytes of UTF-8, which is code point order."""
        return key

    def load_keys(self, connection: Connection, keys: Sequence[str]) -> None:
        """Pass all keys as one JSON array."""
        sql = f"INSERT INTO {KEYS.name} SELECT value FROM json_each(?)"
        connection.exec_driver_sql(sql, (json.dumps(keys),))

    def near(self, tables: LayerTables, bbox: BBox) -> ColumnElement[bool]:
        """Rows whose R-tree box meets the box."""
        tree = table(
            meta.rtree_name(tables.layer, GEOMETRY),
            *(sql_column(name) for name in ("id", "minx", "maxx", "miny", "maxy")),
        )
        meets = (
            (tree.c.minx <= bbox.east)
            & (tree.c.maxx >= bbox.west)
            & (tree.c.miny <= bbox.north)
            & (tree.c.maxy >= bbox.south)
        )
        return tables.current.c.fid.in_(select(tree.c.id).where(meets))

    def extent(self, connection: Connection, tables: LayerTables) -> BBox | None:
        """The box that gpkg_contents holds."""
        sql = "SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = ?"
        box = connection.exec_driver_sql(sql, (tables.layer.id,)).one()
        return None if box[0] is None else BBox(*box)

    def next_fid(self, connection: Connection, tables: LayerTables) -> int:
        """One more than the highest number AUTOINCREMENT ever gave."""
        sql = "SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = ?"
        return int(connection.exec_driver_sql(sql, (tables.layer.id,)).scalar_one())

    @contextmanager
    def indexing(
        self, connection: Connection, tables: LayerTables, closed: Fids, opened: Fids, geometries: Geometries
    ) -> Iterator[None]:
        """Write the R-tree ourselves instead of row by row through its triggers."""
        layer, run = tables.layer, connection.exec_driver_sql
        tree = meta.rtree_name(layer, GEOMETRY)
        meta.drop_rtree_triggers(connection, layer, GEOMETRY)
        yield
        bounds = shapely.bounds(geometries).reshape(-1, 4)
        total = run(f'SELECT count(*) FROM "{layer.id}"').scalar_one()
        if len(opened) * 4 > total:
            opened, bounds = self._all_bounds(connection, tables) if total > len(opened) else (opened, bounds)
            placed = np.isfinite(bounds[:, 0])
            rebuild_rtree(connection, tree, opened[placed], bounds[placed])
            box = _around(bounds)
        else:
            run(f'DELETE FROM "{tree}" WHERE id IN (SELECT value FROM json_each(?))', (str(closed.tolist()),))
            placed = np.isfinite(bounds[:, 0])
            rows = np.column_stack([opened[placed].astype(object), bounds[placed][:, [0, 2, 1, 3]]]).tolist()
            if rows:
                run(f'INSERT INTO "{tree}" VALUES (?, ?, ?, ?, ?)', [tuple(row) for row in rows])
            box = _around(
                self._all_bounds(connection, tables)[1] if len(closed) else self._grown(connection, tables, bounds)
            )
        meta.create_rtree_triggers(connection, layer, GEOMETRY)
        run(
            "UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ?,"
            " last_change = strftime('%Y-%m-%dT%H:%M:%fZ','now') WHERE table_name = ?",
            (*(box or (None, None, None, None)), layer.id),
        )

    def _all_bounds(self, connection: Connection, tables: LayerTables) -> tuple[Fids, npt.NDArray[np.float64]]:
        rows = connection.execute(select(tables.current.c.fid, tables.current.c[GEOMETRY])).all()
        fids, blobs = zip(*rows, strict=True) if rows else ((), ())
        return np.array(fids, dtype=np.int64), shapely.bounds(decode_geometries(blobs)).reshape(-1, 4)

    def _grown(
        self, connection: Connection, tables: LayerTables, bounds: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        extent = self.extent(connection, tables)
        return bounds if extent is None else np.vstack([bounds, [*extent]])

    def insert_rows(
        self,
        connection: Connection,
        tables: LayerTables,
        fids: Sequence[int],
        geometries: Sequence[Any],
        columns: Sequence[Sequence[Any]],
        revision: int,
    ) -> None:
        """One prepared statement for all rows."""
        names = ", ".join(f'"{column.name}"' for column in tables.current.c)
        places = ", ".join("?" * (len(tables.current.c) - 1))
        connection.exec_driver_sql(
            f'INSERT INTO "{tables.layer.id}" ({names}) VALUES ({places}, {revision:d})',
            list(zip(fids, geometries, *columns, strict=True)),
        )

    def close(self) -> None:
        """Release every connection; the last writer turns the file back into a single plain one."""
        self.engine.dispose()
        if self._write and self.path.exists():
            with suppress(sqlite3.Error), closing(connect_file(self.path, mode="rw", timeout_s=0)) as connection:
                connection.execute("PRAGMA journal_mode = DELETE")


def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("twin_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _geometry_spec(layer: Layer) -> str:
    return "GEOMETRY" if layer.also else layer.geometry.upper()


def _around(bounds: npt.NDArray[np.float64]) -> tuple[float, float, float, float] | None:
    bounds = bounds[np.isfinite(bounds[:, 0])]
    if not len(bounds):
        return None
    west, south = bounds[:, :2].min(axis=0).tolist()
    east, north = bounds[:, 2:].max(axis=0).tolist()
    return west, south, east, north
