"""Keep the R-tree and the extent of a feature table true around a bulk write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import Connection, select

from twin.bbox import BBox
from twin.stores.gpkg_blob import decode_geometries
from twin.stores.gpkg_triggers import create_triggers, drop_triggers, rtree_name
from twin.stores.rtree import rebuild_rtree
from twin.stores.tables import GEOMETRY, LayerTables

Boxes = npt.NDArray[np.float64]
Fids = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]

#: Rows whose geometries are in memory at a time.
_BATCH = 20_000
#: More than what the R-tree's numbers are off by, as a part of themselves: some steps of 32-bit floats.
_ROUNDING = 2.0**-20


@contextmanager
def keep_index(
    connection: Connection, tables: LayerTables, closed: Fids, opened: Fids, geometries: Geometries
) -> Iterator[None]:
    """Write the R-tree ourselves instead of row by row through its triggers; see `twin.stores.dialect`."""
    run, tree = connection.exec_driver_sql, rtree_name(tables.layer)
    drop_triggers(connection, tables)
    extent = read_extent(connection, tables)
    may_shrink = extent is not None and _reaches_edge(connection, tree, closed, extent)
    yield
    bounds = shapely.bounds(geometries).reshape(-1, 4)
    total = run(f'SELECT count(*) FROM "{tables.layer.id}"').scalar_one()
    if (len(opened) + len(closed)) * 4 > total:
        fids, bounds = (opened, bounds) if total == len(opened) else _all_bounds(connection, tables)
        placed = np.isfinite(bounds[:, 0])
        rebuild_rtree(connection, tree, fids[placed], bounds[placed])
    else:
        run(f'DELETE FROM "{tree}" WHERE id IN (SELECT value FROM json_each(?))', (str(closed.tolist()),))
        placed = np.isfinite(bounds[:, 0])
        rows = np.column_stack([opened[placed].astype(object), bounds[placed][:, [0, 2, 1, 3]]]).tolist()
        if rows:
            run(f'INSERT INTO "{tree}" VALUES (?, ?, ?, ?, ?)', [tuple(row) for row in rows])
        if may_shrink:
            bounds = _outermost_bounds(connection, tables)
        elif extent is not None:
            bounds = np.vstack([bounds, [*extent]])
    create_triggers(connection, tables)
    _write_extent(connection, tables, bounds)


@contextmanager
def build_index(connection: Connection, tables: LayerTables) -> Iterator[None]:
    """Make the R-tree and extent of a table that the block fills; what is in memory of it is boxes only."""
    drop_triggers(connection, tables)
    yield
    fids, bounds = _all_bounds(connection, tables)
    placed = np.isfinite(bounds[:, 0])
    rebuild_rtree(connection, rtree_name(tables.layer), fids[placed], bounds[placed])
    create_triggers(connection, tables)
    _write_extent(connection, tables, bounds)


def read_extent(connection: Connection, tables: LayerTables) -> BBox | None:
    """The box that gpkg_contents holds."""
    sql = "SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = ?"
    box = connection.exec_driver_sql(sql, (tables.layer.id,)).one()
    return None if box[0] is None else BBox(*box)


def _reaches_edge(connection: Connection, tree: str, closed: Fids, extent: BBox) -> bool:
    """Whether one of these rows reaches the edge of the extent; R-tree boxes are never too small."""
    sql = (
        f'SELECT min(minx), min(miny), max(maxx), max(maxy) FROM "{tree}" WHERE id IN (SELECT value FROM json_each(?))'
    )
    west, south, east, north = connection.exec_driver_sql(sql, (str(closed.tolist()),)).one()
    return west is not None and (
        west <= extent.west or south <= extent.south or east >= extent.east or north >= extent.north
    )


def _all_bounds(connection: Connection, tables: LayerTables) -> tuple[Fids, Boxes]:
    fids, bounds = [np.empty(0, dtype=np.int64)], [np.empty((0, 4))]
    for batch in connection.execute(select(tables.current.c.fid, tables.current.c[GEOMETRY])).partitions(_BATCH):
        numbers, blobs = zip(*batch, strict=True)
        fids.append(np.array(numbers, dtype=np.int64))
        bounds.append(shapely.bounds(decode_geometries(blobs)))
    return np.concatenate(fids), np.concatenate(bounds)


def _outermost_bounds(connection: Connection, tables: LayerTables) -> Boxes:
    """The boxes of the few rows that may reach the edge of all: by the R-tree, whose numbers are of 32 bits."""
    run, tree = connection.exec_driver_sql, rtree_name(tables.layer)
    edges = run(f'SELECT min(minx), min(miny), max(maxx), max(maxy) FROM "{tree}"').one()
    if edges[0] is None:
        return np.empty((0, 4))
    margin = max(map(abs, edges)) * _ROUNDING
    west, south, east, north = edges
    sides = {"minx <=": west + margin, "miny <=": south + margin, "maxx >=": east - margin, "maxy >=": north - margin}
    near = " UNION ".join(f'SELECT id FROM "{tree}" WHERE {side} ?' for side in sides)
    table, column = tables.layer.id, tables.current.c[GEOMETRY].name
    blobs = run(f'SELECT "{column}" FROM "{table}" WHERE fid IN ({near})', tuple(sides.values())).scalars().all()
    return shapely.bounds(decode_geometries(blobs))


def _write_extent(connection: Connection, tables: LayerTables, bounds: Boxes) -> None:
    connection.exec_driver_sql(
        "UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ?,"
        " last_change = strftime('%Y-%m-%dT%H:%M:%fZ','now') WHERE table_name = ?",
        (*_around(bounds), tables.layer.id),
    )


def _around(bounds: Boxes) -> tuple[float | None, ...]:
    bounds = bounds[np.isfinite(bounds[:, 0])]
    if not len(bounds):
        return None, None, None, None
    return *bounds[:, :2].min(axis=0).tolist(), *bounds[:, 2:].max(axis=0).tolist()
