"""Features as tables, written by the libraries of their formats some at a time: FlatGeobuf, GeoParquet, CSV.

In FlatGeobuf and GeoParquet x is east, whatever order of axes the CRS defines: these formats say so, and name the CRS
themselves. In CSV the coordinates stand as ``Content-Crs`` has them.

References
----------
GeoParquet 1.1: coordinate axis order, bbox covering. FlatGeobuf: specification of the header.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from api.forms.geojson import PIECE
from twin.arrow import arrow_schema, arrow_table, geoparquet_metadata, with_boxes
from twin.crs import reproject
from twin.datums import publishable
from twin.schema import GEOMETRY

if TYPE_CHECKING:
    import pyarrow as pa

    from api.features.itempages import ItemsPage
    from api.http.links import Link

_CHUNK = 1_000_000
#: Features of a group of GeoParquet.
_GROUP = 10_000


def write_flatgeobuf(page: ItemsPage, _related: list[Link]) -> Iterator[bytes]:
    """Write a page as FlatGeobuf, by way of a file that is gone afterwards.

    It has no index in space: GDAL would make that at the end, with all boxes in memory, and for 100,000 features let
    nobody else do anything for half a second.
    """
    import pyarrow as pa
    import pyogrio

    layer = page.frame.layer
    batches = (batch for table, _ in _moved(page) for batch in table.to_batches())
    with tempfile.TemporaryDirectory(prefix="twin-") as folder:
        path = Path(folder) / f"{layer.id}.fgb"
        pyogrio.write_arrow(
            pa.RecordBatchReader.from_batches(arrow_schema(layer, page.fields), batches),
            path,
            layer=layer.id,
            driver="FlatGeobuf",
            geometry_name=GEOMETRY,
            geometry_type=page.geometry_type,
            crs=publishable(page.crs.crs).to_wkt(),
            SPATIAL_INDEX="NO",
        )
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk


def write_geoparquet(page: ItemsPage, _related: list[Link]) -> Iterator[bytes]:
    """Write a page as GeoParquet 1.1 with the boxes of its geometries, group by group."""
    from pyarrow import parquet

    types = [] if page.geometry_type.startswith("Unknown") else [page.geometry_type]
    metadata = geoparquet_metadata(publishable(page.crs.crs), types)
    sink, writer = _Sink(), None
    for table, geometries in _moved(page, _GROUP):
        boxed = with_boxes(table, geometries).replace_schema_metadata(metadata)
        writer = writer or parquet.ParquetWriter(sink, boxed.schema, compression="zstd")
        writer.write_table(boxed)
        yield sink.taken()
    assert writer is not None, "an empty page has one piece too"
    writer.close()
    yield sink.taken()


def write_csv(page: ItemsPage, _related: list[Link]) -> Iterator[bytes]:
    """Write a page as CSV in UTF-8, with the mark by which spreadsheets know it; geometries as WKT."""
    import pyarrow as pa
    from pyarrow import csv

    yield "\ufeff".encode()
    for number, rows in enumerate(page.pieces()):
        frame = page.frame.take(rows)
        moved = reproject(frame.geometry, frame.crs, page.crs.crs)
        texts = shapely.to_wkt(page.crs.ordered(moved), rounding_precision=page.crs.digits)
        table = arrow_table(frame, moved, page.fields)
        table = table.set_column(table.num_columns - 1, "WKT", pa.array(texts, type=pa.string()))
        sink = BytesIO()
        csv.write_csv(table, sink, csv.WriteOptions(include_header=number == 0))
        yield sink.getvalue()


def _moved(page: ItemsPage, size: int = PIECE) -> Iterator[tuple[pa.Table, npt.NDArray[np.object_]]]:
    """The features as tables in the CRS of the page, x east, and their geometries."""
    for rows in page.pieces(size):
        frame = page.frame.take(rows)
        moved = reproject(frame.geometry, frame.crs, page.crs.crs)
        yield arrow_table(frame, moved, page.fields), moved


class _Sink(BytesIO):
    """A file of which only the end is kept."""

    def __init__(self) -> None:
        super().__init__()
        self._gone = 0

    def tell(self) -> int:
        """Count what was written from the beginning on."""
        return self._gone + super().tell()

    def taken(self) -> bytes:
        """Take out what was written since it was taken out before."""
        data = self.getvalue()
        self._gone += len(data)
        self.seek(0)
        self.truncate()
        return data
