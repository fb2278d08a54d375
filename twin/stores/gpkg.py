"""The embedded store's database: one GeoPackage file through SQLite.

The file is in write-ahead mode while a twin has it open for writing, so readers go on undisturbed, and returns to a
single plain file when the last writer leaves.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    MetaData,
    Table,
    Text,
    create_engine,
    delete,
    event,
    select,
)
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import QueuePool
from sqlalchemy.types import UserDefinedType

from twin.crs import BBox
from twin.errors import InvalidParameter, StoreNotPermitted, StoreReplaced, StoreUnavailable
from twin.layer import Layer
from twin.schema import Field
from twin.store import Finding, SharedCount
from twin.stores import gpkg_meta as meta
from twin.stores.dialect import Values
from twin.stores.gpkg_area import intersects, meets, near
from twin.stores.gpkg_blob import decode_geometries, encode_geometries
from twin.stores.gpkg_file import connect_file, explain_error
from twin.stores.gpkg_index import build_index, keep_index, read_extent
from twin.stores.gpkg_styles import keep_styles
from twin.stores.gpkg_tongue import GpkgTongue
from twin.stores.gpkg_triggers import create_triggers, drop_triggers
from twin.stores.standing import StandingTables
from twin.stores.tables import GEOMETRY, LayerTables, layer_tables

Geometries = npt.NDArray[np.object_]
Fids = npt.NDArray[np.int64]

#: Steps of SQLite between two looks at the clock.
_STEPS = 100_000
#: Keys that a statement looks for.
KEYS = Table("twin_keys", MetaData(), Column("key", Text, primary_key=True), prefixes=["TEMPORARY"])

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
        self.tongue = GpkgTongue()
        self._write = write
        self._file = self._identify()
        self._watching = Lock()
        self._watcher: sqlite3.Connection | None = None
        self._stamp: int | None = None
        self._tables = StandingTables(self.url, _COLUMN_TYPES, _find_columns, _derive)
        # A connection costs little: whoever asks gets one at once, and a few are kept.
        self.engine: Engine = create_engine(
            "sqlite://", creator=self._connect, poolclass=QueuePool, pool_size=8, max_overflow=-1
        )
        event.listen(self.engine, "checkout", self._require_same_file)
        event.listen(self.engine, "begin", _begin)

    @cached_property
    def srs_id(self) -> int:
        """The srs_id under which the storage CRS stands in the file."""
        sql = "SELECT srs_id FROM gpkg_spatial_ref_sys WHERE description = 'storage CRS of the twin'"
        with self.translated(), self.engine.connect() as connection:
            return int(connection.exec_driver_sql(sql).scalar_one())

    def _connect(self) -> sqlite3.Connection:
        self._require_same_file()
        return connect_file(self.path, mode="rw" if self._write else "ro", write_ahead=self._write)

    def _identify(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _require_same_file(self, *_: object) -> None:
        """Refuse to go on with a file that no longer bears the name: what is written to it would be lost."""
        if self._identify() != self._file:
            raise StoreReplaced(f"{self.path} was replaced or removed while it was open; try again")

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn SQLite's errors into `StoreUnavailable` with what to do."""
        try:
            yield
        except IntegrityError:
            raise
        except (OverflowError, UnicodeEncodeError) as error:
            raise InvalidParameter(f"a value does not fit the database: {error}", cause=error) from error
        except OSError as error:
            raise StoreUnavailable(f"{self.path}: {error.strerror}; nothing was changed", cause=error) from error
        except (DBAPIError, sqlite3.Error) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            kind = StoreNotPermitted if "readonly" in str(cause) else StoreUnavailable
            raise kind(f"{self.path}: {explain_error(str(cause))}; nothing was changed", cause=error) from error

    @contextmanager
    def limited(self, connection: Connection, seconds: float) -> Iterator[None]:
        """SQLite asks now and then whether to go on."""
        driver, until = connection.connection.driver_connection, time.monotonic() + seconds
        assert isinstance(driver, sqlite3.Connection)
        driver.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
        try:
            yield
        finally:
            driver.set_progress_handler(None, 0)

    @contextmanager
    def begin_write(self, connection: Connection) -> Iterator[object]:
        """Take the write lock at once, so that what is read before the write still holds at the write."""
        with connection.execution_options(twin_write=True).begin() as transaction:
            yield transaction

    def tables(self, layer: Layer) -> LayerTables:
        """The layer's tables in GeoPackage column types."""
        return self._tables.whole(layer)

    def standing(self, connection: Connection, layer: Layer) -> LayerTables | None:
        """The layer's tables as they stand in the file."""
        return self._tables.standing(connection, layer)

    def prepare(self, connection: Connection, tables: LayerTables) -> None:
        """Create the tables, or add the columns that the layer gained since the file was written."""
        layer, run = tables.layer, connection.exec_driver_sql
        present = self._tables.present(connection, layer)
        if not present:
            tables.current.metadata.create_all(connection)
            meta.register_layer(connection, layer, self.srs_id)
            create_triggers(connection, tables)
        elif len(present) < len(layer.schema):
            drop_triggers(connection, tables)
            for name in (layer.id, tables.past.name):
                for field in layer.schema:
                    if field not in present:
                        run(f'ALTER TABLE "{name}" ADD COLUMN "{field.name}" {_COLUMN_TYPES[field.type]}')
            create_triggers(connection, tables)
        else:
            return
        self.describe(connection, layer)

    def describe(self, connection: Connection, layer: Layer) -> None:
        """Write titles, code lists and ranges of the fields, and styles for QGIS."""
        meta.describe_fields(connection, layer)
        keep_styles(connection, layer)

    def decode(self, values: Sequence[Any]) -> Geometries:
        """GeoPackage blobs as geometries."""
        return decode_geometries(values)

    def ordered(self, key: ColumnElement[str]) -> ColumnElement[str]:
        """SQLite compares text by bytes of UTF-8, which is code point order."""
        return key

    def among(self, connection: Connection, key: ColumnElement[str], keys: Sequence[str]) -> ColumnElement[bool]:
        """By a temporary table, since SQLite takes no more than some thousand parameters."""
        KEYS.create(connection, checkfirst=True)
        connection.execute(delete(KEYS))
        if keys:
            connection.exec_driver_sql(f"INSERT OR IGNORE INTO {KEYS.name} VALUES (?)", [(each,) for each in keys])
        return key.in_(select(KEYS.c.key))

    def intersects(self, rows: FromClause, area: BaseGeometry) -> ColumnElement[bool]:
        """See `twin.stores.gpkg_area`."""
        return intersects(rows, area)

    def meets(self, layer: Layer, rows: FromClause, area: BaseGeometry) -> ColumnElement[bool]:
        """See `twin.stores.gpkg_area`."""
        return meets(layer, rows, area)

    def near(self, layer: Layer, rows: FromClause, box: BBox) -> ColumnElement[bool]:
        """See `twin.stores.gpkg_area`."""
        return near(layer, rows, box)

    def extent(self, connection: Connection, tables: LayerTables) -> BBox | None:
        """The box that gpkg_contents holds."""
        return read_extent(connection, tables)

    def next_fid(self, connection: Connection, tables: LayerTables) -> int:
        """One more than the highest number AUTOINCREMENT ever gave."""
        sql = "SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = ?"
        return int(connection.exec_driver_sql(sql, (tables.layer.id,)).scalar_one())

    def reserve_fids(self, connection: Connection, tables: LayerTables, free: int) -> None:
        """Let AUTOINCREMENT go on from there."""
        run, name = connection.exec_driver_sql, tables.layer.id
        known = run("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (free - 1, name)).rowcount
        if not known:
            run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, free - 1))

    def indexing(
        self, connection: Connection, tables: LayerTables, closed: Fids, opened: Fids, geometries: Geometries
    ) -> AbstractContextManager[None]:
        """Write the R-tree ourselves instead of row by row through its triggers."""
        return keep_index(connection, tables, closed, opened, geometries)

    def insert_rows(
        self,
        connection: Connection,
        layer: Layer,  # noqa: ARG002 every value fits SQLite
        table: Table,
        columns: Sequence[Values],
    ) -> None:
        """One prepared statement for all rows."""
        names = ", ".join(f'"{column.name}"' for column in table.c)
        places = ", ".join("?" * len(table.c))
        values = [
            encode_geometries(np.asarray(given), self.srs_id) if column.name == GEOMETRY else given
            for column, given in zip(table.c, columns, strict=True)
        ]
        connection.exec_driver_sql(
            f'INSERT INTO "{table.name}" ({names}) VALUES ({places})', list(zip(*values, strict=True))
        )

    def filling(self, connection: Connection, tables: LayerTables) -> AbstractContextManager[None]:
        """Pack the R-tree when all rows are there."""
        return build_index(connection, tables)

    def stamp(self) -> int:
        """SQLite's own count of writes, as a connection sees it that lasts as long as this object."""
        self._require_same_file()
        with self._watching:
            try:
                if self._watcher is None:
                    self._watcher = connect_file(self.path, mode="ro", timeout_s=0)
                self._stamp = int(self._watcher.execute("PRAGMA data_version").fetchone()[0])
            except sqlite3.OperationalError as error:
                # Another program is just committing; until it has, what was true is true. Nobody waits for that here.
                if self._stamp is None or "locked" not in str(error):
                    raise
            return self._stamp

    def share_stamp(self, writes: SharedCount) -> None:
        """A write shows in the file before anybody is told of it."""

    def findings(self, connection: Connection) -> list[Finding]:  # noqa: ARG002
        """SQLite's version, and how large the file is."""
        return [("SQLite", f"{sqlite3.sqlite_version}, {self.path.stat().st_size / 1e6:,.1f} MB", True)]

    def close(self) -> None:
        """Release every connection; the last writer turns the file back into a single plain one.

        Where others still have it open, at least everything written is brought into the file itself, so that a copy
        of it is whole.
        """
        self.engine.dispose()
        with self._watching:
            if self._watcher is not None:
                self._watcher.close()
                self._watcher = None
        if self._write and self._identify() == self._file:
            with suppress(sqlite3.Error), closing(connect_file(self.path, mode="rw", timeout_s=0)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.execute("PRAGMA journal_mode = DELETE")


def _derive(layer: Layer, fields: Sequence[Field]) -> LayerTables:
    geometry = "GEOMETRY" if layer.also else layer.geometry.upper()
    return layer_tables(layer, fields, lambda field: _Plain(_COLUMN_TYPES[field.type]), _Plain(geometry))


def _find_columns(connection: Connection, layer: Layer) -> dict[str, str]:
    return {row[1]: row[2] for row in connection.exec_driver_sql(f'PRAGMA table_info("{layer.id}")')}


def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("twin_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
