"""Which features lie in a box: features along a Hilbert curve, neighbours in leaves, these in branches, a box for each.

References
----------
Kamel, Faloutsos: Hilbert R-tree, VLDB 1994; two levels of it are enough for a county.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from twin.compiled import compiled, step

#: Features in a leaf.
LEAF = 64

#: Steps of the curve along one axis, as a power of two: a box of the size of the Earth in centimetres.
_ORDER = 31

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@compiled
def feature_bounds(xy: Floats, first_vertex: Integers, first_path: Integers) -> Floats:
    """Measure the box around each feature.

    Parameters
    ----------
    xy, first_vertex, first_path
        As in `tiles.paths.Paths`.

    Returns
    -------
    (n, 4): west, south, east, north; inf, inf, -inf, -inf for a feature without vertices.
    """
    count = len(first_path) - 1
    bounds = np.empty((count, 4))
    for feature in range(count):
        west, south, east, north = np.inf, np.inf, -np.inf, -np.inf
        for vertex in range(first_vertex[first_path[feature]], first_vertex[first_path[feature + 1]]):
            x, y = xy[vertex, 0], xy[vertex, 1]
            west, east = min(west, x), max(east, x)
            south, north = min(south, y), max(north, y)
        bounds[feature, 0], bounds[feature, 1] = west, south
        bounds[feature, 2], bounds[feature, 3] = east, north
    return bounds


@compiled
def hilbert_distance(x: Floats, y: Floats) -> Integers:
    """Find how far along the Hilbert curve of the unit square points lie, in steps of 2^-31; outside: at its edge."""
    side = 1 << _ORDER
    distance = np.empty(len(x), dtype=np.int64)
    for point in range(len(x)):
        # Written so that a place that is not a number counts as 0.
        column = int(x[point] * side) if 0 < x[point] < 1 else (side - 1 if x[point] >= 1 else 0)
        row = int(y[point] * side) if 0 < y[point] < 1 else (side - 1 if y[point] >= 1 else 0)
        along = 0
        step = side >> 1
        while step > 0:
            right = (column & step) > 0
            upper = (row & step) > 0
            along += step * step * ((3 * right) ^ upper)
            if not upper:
                if right:
                    column, row = side - 1 - column, side - 1 - row
                column, row = row, column
            step >>= 1
        distance[point] = along
    return distance


@compiled
def leaf_bounds(bounds: Floats) -> Floats:
    """Measure the box around every `LEAF` features, and behind these the box around every `LEAF` leaves."""
    leaves = _count_runs(len(bounds))
    boxes = np.empty((leaves + _count_runs(leaves), 4))
    _measure_runs(bounds, boxes[:leaves])
    _measure_runs(boxes[:leaves], boxes[leaves:])
    return boxes


@step
def _count_runs(count: int) -> int:
    return (count + LEAF - 1) // LEAF


@step
def _measure_runs(bounds: Floats, boxes: Floats) -> None:
    for run in range(len(boxes)):
        west, south, east, north = np.inf, np.inf, -np.inf, -np.inf
        for row in range(run * LEAF, min(len(bounds), (run + 1) * LEAF)):
            west, south = min(west, bounds[row, 0]), min(south, bounds[row, 1])
            east, north = max(east, bounds[row, 2]), max(north, bounds[row, 3])
        boxes[run, 0], boxes[run, 1], boxes[run, 2], boxes[run, 3] = west, south, east, north


@compiled
def widen_boxes(
    boxes: Floats, bounds: Floats, leaves: Floats, xy: Floats, first_vertex: Integers, first_path: Integers
) -> Floats:
    """Widen boxes to hold all features that have a vertex in them."""
    wide = boxes.copy()
    for box in range(len(boxes)):
        west, south, east, north = boxes[box, 0], boxes[box, 1], boxes[box, 2], boxes[box, 3]
        for row in rows_in_box(bounds, leaves, west, south, east, north):
            for vertex in range(first_vertex[first_path[row]], first_vertex[first_path[row + 1]]):
                if west <= xy[vertex, 0] <= east and south <= xy[vertex, 1] <= north:
                    wide[box, 0], wide[box, 1] = min(wide[box, 0], bounds[row, 0]), min(wide[box, 1], bounds[row, 1])
                    wide[box, 2], wide[box, 3] = max(wide[box, 2], bounds[row, 2]), max(wide[box, 3], bounds[row, 3])
                    break
    return wide


class Sight(NamedTuple):
    """What is to be seen in a box.

    Parameters
    ----------
    rows
        Positions of the features whose boxes share a point with it, ascending.
    latest
        The last of the revisions that wrote them; 0 if there are none.
    vertices
        How many they have.
    """

    rows: Integers
    latest: int
    vertices: int


@compiled
def look_into_box(
    bounds: Floats,
    leaves: Floats,
    opened: Integers,
    first_path: Integers,
    first_vertex: Integers,
    west: float,
    south: float,
    east: float,
    north: float,
) -> Sight:
    """See what is in a box, by the columns of `tiles.columns.Columns`."""
    rows = rows_in_box(bounds, leaves, west, south, east, north)
    latest, vertices = 0, 0
    for row in rows:
        latest = max(latest, opened[row])
        vertices += first_vertex[first_path[row + 1]] - first_vertex[first_path[row]]
    return Sight(rows, latest, vertices)


@compiled
def latest_within(bounds: Floats, revisions: Integers, west: float, south: float, east: float, north: float) -> int:
    """Find the last of the revisions whose boxes share a point with a box; 0 if there is none."""
    latest = 0
    for row in range(len(bounds)):
        if _meets(bounds[row], west, south, east, north):
            latest = max(latest, revisions[row])
    return latest


@compiled
def rows_in_box(bounds: Floats, leaves: Floats, west: float, south: float, east: float, north: float) -> Integers:
    """Find the rows whose boxes share a point with a box, ascending; `leaves` as `leaf_bounds` measures them."""
    rows = np.empty(1024, dtype=np.int64)
    count, last = 0, _count_runs(len(bounds))
    for branch in range(_count_runs(last)):
        if not _meets(leaves[last + branch], west, south, east, north):
            continue
        for leaf in range(branch * LEAF, min(last, (branch + 1) * LEAF)):
            if not _meets(leaves[leaf], west, south, east, north):
                continue
            if count + LEAF > len(rows):
                more = np.empty(2 * len(rows), dtype=np.int64)
                more[:count] = rows[:count]
                rows = more
            for row in range(leaf * LEAF, min(len(bounds), (leaf + 1) * LEAF)):
                if _meets(bounds[row], west, south, east, north):
                    rows[count] = row
                    count += 1
    return rows[:count]


@step
def _meets(box: Floats, west: float, south: float, east: float, north: float) -> bool:
    """Whether two boxes share a point."""
    return bool((box[0] <= east) & (box[2] >= west) & (box[1] <= north) & (box[3] >= south))


@compiled
def inner_box(box: Floats, moved: Floats) -> tuple[float, float, float, float]:
    """Find a box into which no side of a ring reaches that is a box in another CRS.

    Parameters
    ----------
    box
        (n, 2) the places on the ring in that CRS, corners and others.
    moved
        (n, 2) the same places.

    Returns
    -------
    West, south, east, north; the first is not less than the third where there is none.
    """
    low_x, low_y, high_x, high_y = np.inf, np.inf, -np.inf, -np.inf
    for place in range(len(box)):
        low_x, high_x = min(low_x, box[place, 0]), max(high_x, box[place, 0])
        low_y, high_y = min(low_y, box[place, 1]), max(high_y, box[place, 1])
    west, south, east, north = -np.inf, -np.inf, np.inf, np.inf
    for place in range(len(box)):
        (x, y), outside = box[place], True
        if x == low_x:
            west, outside = max(west, moved[place, 0]), False
        if x == high_x:
            east, outside = min(east, moved[place, 0]), False
        if y == low_y:
            south, outside = max(south, moved[place, 1]), False
        if y == high_y:
            north, outside = min(north, moved[place, 1]), False
        if outside:
            return 0.0, 0.0, 0.0, 0.0
    return west, south, east, north
