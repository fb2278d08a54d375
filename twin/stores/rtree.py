"""Fill an SQLite R-tree in one go, packed by sort-tile-recursive order.

SQLite inserts into an R-tree one row at a time, splitting nodes as it goes; writing finished nodes into the
virtual table's shadow tables is more than ten times faster and gives a tighter tree. The node format is SQLite's own:
big-endian, depth and cell count (2 bytes each), then per cell a 64-bit id and the box in 32-bit floats.

References
----------
SQLite, R*Tree module, "Shadow tables"; Leutenegger et al. (1997), STR: a simple and efficient algorithm for
R-tree packing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_CELL = np.dtype([("id", ">i8"), ("minx", ">f4"), ("maxx", ">f4"), ("miny", ">f4"), ("maxy", ">f4")])
_HEADER = np.dtype([("depth", ">u2"), ("cells", ">u2")])
_ROOT = 1


def rebuild_rtree(connection: Connection, name: str, ids: Ints, bounds: Floats) -> None:
    """Replace the content of the R-tree table `name`.

    Parameters
    ----------
    connection
        An open write transaction.
    name
        The virtual table; it must exist.
    ids
        n row ids.
    bounds
        (n, 4) boxes: west, south, east, north; rounded outward to 32 bits.
    """
    run = connection.exec_driver_sql
    size = run(f'SELECT length(data) FROM "{name}_node" WHERE nodeno = {_ROOT}').scalar_one()
    for table in ("node", "rowid", "parent"):
        run(f'DELETE FROM "{name}_{table}"')
    if not len(ids):
        run(f'INSERT INTO "{name}_node" VALUES ({_ROOT}, zeroblob({size}))')
        return
    nodes: list[tuple[int, bytes]] = []
    parents: list[tuple[int, int]] = []
    rowids: list[tuple[int, int]] = []
    for level in _levels(ids, _round_outward(bounds), (size - _HEADER.itemsize) // _CELL.itemsize):
        for number, depth, cells in level:
            head = np.array([(depth if number == _ROOT else 0, len(cells))], dtype=_HEADER).tobytes()
            nodes.append((number, (head + cells.tobytes()).ljust(size, b"\0")))
            members = cells["id"].tolist()
            (rowids if depth == 0 else parents).extend((member, number) for member in members)
    run(f'INSERT INTO "{name}_node" VALUES (?, ?)', nodes)
    run(f'INSERT INTO "{name}_rowid" VALUES (?, ?)', sorted(rowids))
    if parents:
        run(f'INSERT INTO "{name}_parent" VALUES (?, ?)', parents)


def _levels(
    ids: Ints, boxes: npt.NDArray[np.float32], capacity: int
) -> Iterator[list[tuple[int, int, npt.NDArray[np.void]]]]:
    """Pack level after level, leaves first, until one node holds all: (node number, height above leaves, cells)."""
    number, depth = _ROOT + 1, 0
    while True:
        groups = _tiles(boxes, capacity)
        cells = np.empty(len(ids), dtype=_CELL)
        cells["id"] = ids
        cells["minx"], cells["miny"], cells["maxx"], cells["maxy"] = boxes.T
        if len(groups) == 1:
            yield [(_ROOT, depth, cells)]
            return
        yield [(number + i, depth, cells[group]) for i, group in enumerate(groups)]
        ids = np.arange(number, number + len(groups), dtype=np.int64)
        boxes = np.array(
            [(*boxes[group, :2].min(axis=0), *boxes[group, 2:].max(axis=0)) for group in groups], dtype=np.float32
        )
        number, depth = number + len(groups), depth + 1


def _tiles(boxes: npt.NDArray[np.float32], capacity: int) -> list[npt.NDArray[np.intp]]:
    """Group boxes into evenly filled tiles: vertical slices by x, each cut by y."""
    count = math.ceil(len(boxes) / capacity)
    slices = math.ceil(math.sqrt(count))
    x, y = boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]
    tiles: list[npt.NDArray[np.intp]] = []
    for strip in np.array_split(np.argsort(x, kind="stable"), slices):
        inner = strip[np.argsort(y[strip], kind="stable")]
        tiles.extend(np.array_split(inner, math.ceil(len(inner) / capacity)))
    return tiles


def _round_outward(bounds: Floats) -> npt.NDArray[np.float32]:
    """Round boxes to 32 bits without ever shrinking them."""
    single = bounds.astype(np.float32)
    low, high = single[:, :2], single[:, 2:]
    single[:, :2] = np.where(low > bounds[:, :2], np.nextafter(low, np.float32(-np.inf)), low)
    single[:, 2:] = np.where(high < bounds[:, 2:], np.nextafter(high, np.float32(np.inf)), high)
    return single
