"""What a database must bring to be a twin's store: everything that is not the same SQL everywhere."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Connection, Engine, FromClause, Table

from twin.crs import BBox
from twin.layer import Layer
from twin.store import Finding, SharedCount
from twin.stores.tables import LayerTables
from twin.stores.where import Tongue

Geometries = npt.NDArray[np.object_]
Fids = npt.NDArray[np.int64]
#: The values of a column, or its geometries.
Values = Sequence[Any] | Geometries


class Dialect(Protocol):
    """One database behind `twin.stores.sql_store.SqlStore`."""

    @property
    def engine(self) -> Engine:
        """Connections; each begins a snapshot of its own."""
        ...

    @property
    def url(self) -> str:
        """Where the database is, without secrets."""
        ...

    @property
    def tongue(self) -> Tongue:
        """How it says conditions."""
        ...

    def translated(self) -> AbstractContextManager[None]:
        """Turn the driver's errors into `TwinError`; a broken constraint passes as SQLAlchemy's `IntegrityError`."""
        ...

    def limited(self, connection: Connection, seconds: float) -> AbstractContextManager[object]:
        """Have what the block asks the database cancelled after some time."""
        ...

    def begin_write(self, connection: Connection) -> AbstractContextManager[object]:
        """Begin a transaction that excludes other writers; commit at the end, roll back on any error."""
        ...

    def tables(self, layer: Layer) -> LayerTables:
        """The layer's tables in this database's types."""
        ...

    def standing(self, connection: Connection, layer: Layer) -> LayerTables | None:
        """The layer's tables as they stand, without fields that the layer gained since; None before they stand."""
        ...

    def prepare(self, connection: Connection, tables: LayerTables) -> None:
        """Create the layer's tables or add missing columns, and describe them to other programs."""
        ...

    def describe(self, connection: Connection, layer: Layer) -> None:
        """Describe a layer whose tables stand to other programs anew: titles, code lists, styles for QGIS."""
        ...

    def decode(self, values: Sequence[Any]) -> Geometries:
        """Geometries as the driver gives them."""
        ...

    def stamp(self) -> Hashable:
        """See `twin.store.Store.stamp`."""
        ...

    def share_stamp(self, writes: SharedCount) -> None:
        """See `twin.store.Store.share_stamp`."""
        ...

    def ordered(self, key: ColumnElement[str]) -> ColumnElement[str]:
        """The key in code point order, the order of paging."""
        ...

    def among(self, connection: Connection, key: ColumnElement[str], keys: Sequence[str]) -> ColumnElement[bool]:
        """Whether a key is one of many; the test holds until the next one is asked for on this connection."""
        ...

    def intersects(self, rows: FromClause, area: BaseGeometry) -> ColumnElement[bool]:
        """Whether a row's geometry shares a point with an area, exactly."""
        ...

    def meets(self, layer: Layer, rows: FromClause, area: BaseGeometry) -> ColumnElement[bool]:
        """The same for current rows, with the help of the spatial index."""
        ...

    def near(self, layer: Layer, rows: FromClause, box: BBox) -> ColumnElement[bool]:
        """Whether a current row's own box shares a point with a box, or nearly; by the spatial index alone."""
        ...

    def extent(self, connection: Connection, tables: LayerTables) -> BBox | None:
        """The box around the current rows."""
        ...

    def next_fid(self, connection: Connection, tables: LayerTables) -> int:
        """The first number no feature of the layer ever had."""
        ...

    def reserve_fids(self, connection: Connection, tables: LayerTables, free: int) -> None:
        """Have no feature get a number below this one any more."""
        ...

    def indexing(
        self, connection: Connection, tables: LayerTables, closed: Fids, opened: Fids, geometries: Geometries
    ) -> AbstractContextManager[None]:
        """Keep the spatial index and extent true around the writes in its block: these rows go, those come."""
        ...

    def insert_rows(self, connection: Connection, layer: Layer, table: Table, columns: Sequence[Values]) -> None:
        """Insert rows in bulk into a table of a layer: n plain values, or geometries, for each column."""
        ...

    def filling(self, connection: Connection, tables: LayerTables) -> AbstractContextManager[None]:
        """Put off what costs less once than row by row, while a block fills empty tables by `insert_rows`."""
        ...

    def findings(self, connection: Connection) -> list[Finding]:
        """What an operator should know of the database."""
        ...

    def close(self) -> None:
        """Release every connection."""
        ...
