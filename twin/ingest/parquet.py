"""Reading GeoParquet, which GDAL has no driver for in the wheels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from twin.crs import parse_crs
from twin.errors import SourceError
from twin.ingest.arrow import decode_geometry, frame_of
from twin.ingest.source import Source, Table
from twin.ingest.stage import Staged


def open_parquet(staged: Staged) -> Source:
    """Open a GeoParquet file, or a plain Parquet table with coordinate columns.

    Raises
    ------
    SourceError
        It is not Parquet, or its metadata makes no sense.

    References
    ----------
    GeoParquet 1.1: without a ``crs`` member coordinates are OGC:CRS84; null means unknown.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        schema = parquet.read_schema(staged.path)
        rows = parquet.read_metadata(staged.path).num_rows
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{staged.name} is not a Parquet file: {error}", cause=error) from error
    name, column = _geometry_column(staged, schema)
    nested = tuple(
        f.name for f in schema if pa.types.is_nested(f.type) or (pa.types.is_binary(f.type) and f.name != name)
    )
    crs = column.get("crs", "OGC:CRS84") if name is not None else None
    native = column.get("encoding") != "WKB"

    def read(columns: Sequence[str]) -> Table:
        geometry, unreadable = None, np.zeros(rows, dtype=bool)
        try:
            if native and name is not None:
                import geopandas as gpd

                table = parquet.read_table(staged.path, columns=list(columns))
                geometry = gpd.read_parquet(staged.path, columns=[name]).geometry.to_numpy()
            else:
                table = parquet.read_table(staged.path, columns=[*columns, *([name] if name else [])])
        except (pa.ArrowException, OSError, ValueError) as error:
            raise SourceError(f"{staged.name} is damaged: {error}", cause=error) from error
        if name is not None and not native:
            geometry, unreadable = decode_geometry(table.column(name))
        arrays = [table.column(column) for column in columns]
        return Table(
            columns=frame_of(columns, arrays, rows),
            geometry=geometry,
            number=np.arange(1, rows + 1),
            unreadable=unreadable,
        )

    return Source(
        name=staged.name,
        format="Parquet",
        columns=tuple(f.name for f in schema if f.name != name and f.name not in nested),
        nested=nested,
        crs=None if crs is None else parse_crs(crs),
        crs_said="" if crs is None else "the file says so" if "crs" in column else "GeoParquet without a crs",
        has_geometry=name is not None,
        read=read,
    )


def _geometry_column(staged: Staged, schema: Any) -> tuple[str | None, dict[str, Any]]:
    """The main column of geometry and what the metadata say of it; none in a plain table."""
    text = (schema.metadata or {}).get(b"geo")
    if text is None:
        return None, {}
    try:
        geo = json.loads(text)
        name = geo["primary_column"]
        column = geo["columns"][name]
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(f"the GeoParquet metadata of {staged.name} make no sense", cause=error) from error
    if name not in schema.names or not isinstance(column, dict):
        raise SourceError(f"the GeoParquet metadata of {staged.name} name a column {name} that it does not have")
    return name, column
