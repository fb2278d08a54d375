"""Reading GeoParquet, which GDAL has no driver for in the wheels."""

from __future__ import annotations

import json
from collections.abc import Sequence

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
        It is not Parquet, or its geometry is not in WKB.

    References
    ----------
    GeoParquet 1.1: without a ``crs`` member coordinates are OGC:CRS84; null means unknown.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        schema = parquet.read_schema(staged.path)
        rows = parquet.read_metadata(staged.path).num_rows
    except (pa.ArrowInvalid, OSError) as error:
        raise SourceError(f"{staged.name} is not a Parquet file: {error}", cause=error) from error
    geo = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
    name = geo.get("primary_column")
    column = geo.get("columns", {}).get(name, {})
    if name is not None and column.get("encoding") != "WKB":
        raise SourceError(f"{staged.name} has geometry in {column.get('encoding')}: write it as WKB")
    nested = tuple(
        f.name for f in schema if pa.types.is_nested(f.type) or (pa.types.is_binary(f.type) and f.name != name)
    )
    crs = column.get("crs", "OGC:CRS84") if name is not None else None

    def read(columns: Sequence[str]) -> Table:
        table = parquet.read_table(staged.path, columns=[*columns, *([name] if name else [])])
        geometry, unreadable = decode_geometry(table.column(name)) if name else (None, np.zeros(rows, dtype=bool))
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
        crs_said="the file says so" if "crs" in column else "GeoParquet without a crs" if crs else "",
        has_geometry=name is not None,
        read=read,
    )
