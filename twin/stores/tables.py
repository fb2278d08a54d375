"""SQL tables derived from Layers: the current rows, the past rows beside them, and the revisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.types import TypeEngine

from twin.layer import Layer
from twin.schema import Field

#: Column of the feature tables that names the geometry.
GEOMETRY = "geom"

_system = MetaData()

#: Facts about the twin itself: format, crs, title, area.
META = Table(
    "twin_meta",
    _system,
    Column("fid", Integer, primary_key=True),  # GeoPackage asks for it (OGC 12-128r18, requirement 119)
    Column("key", Text, nullable=False, unique=True),
    Column("value", Text, nullable=False),
)

#: One row a write. Instants are ISO 8601 UTC with microseconds, so text order is time order.
REVISIONS = Table(
    "twin_revisions",
    _system,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("layer", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("effective", Text, nullable=False),
    Column("inserted", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Column("deleted", Integer, nullable=False),
    Column("source", Text),
    Column("sha256", Text),
    Index("twin_revisions_layer", "layer", "number"),
    sqlite_autoincrement=True,
)

#: Bytes that rows name by their digest, see `twin.stores.kept`.
KEPT = Table(
    "twin_kept",
    _system,
    Column("fid", Integer, primary_key=True, autoincrement=True),
    Column("sha256", Text, nullable=False, unique=True),
    Column("size", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
)


@dataclass(frozen=True)
class LayerTables:
    """The two tables of a layer.

    `current` has one row a feature and is what other programs open; `opened` is the revision that wrote the row.
    `past` has every superseded row with the revision that `closed` it.
    """

    layer: Layer
    current: Table
    past: Table

    @property
    def key(self) -> Column[str]:
        """Key column of the current rows."""
        return self.current.c[self.layer.key]


def layer_tables(
    layer: Layer,
    fields: Iterable[Field],
    column_type: Callable[[Field], TypeEngine[object]],
    geometry_type: TypeEngine[object],
) -> LayerTables:
    """Derive a layer's tables with these of its fields; types are the database's, given by its module."""
    fields = tuple(fields)

    def columns() -> list[Column[object]]:
        return [
            Column(GEOMETRY, geometry_type),
            *(Column(f.name, column_type(f), nullable=not (f.required or f.name == layer.key)) for f in fields),
            Column("opened", Integer, nullable=False, server_default="0"),
        ]

    metadata = MetaData()
    current = Table(
        layer.id,
        metadata,
        Column("fid", Integer, primary_key=True, autoincrement=True),
        *columns(),
        sqlite_autoincrement=True,
    )
    Index(f"{layer.id}_key", current.c[layer.key], unique=True)
    Index(f"{layer.id}_opened", current.c.opened)
    past = Table(
        f"{layer.id}_history",
        metadata,
        Column("fid", Integer, nullable=False),
        *columns(),
        Column("closed", Integer, nullable=False),
    )
    Index(f"{layer.id}_history_key", past.c[layer.key])
    Index(f"{layer.id}_history_closed", past.c.closed)
    return LayerTables(layer=layer, current=current, past=past)
