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

#: How wrong a sum of products of coordinates may be, as a part of the largest of them; more than enough.
_ROUNDING = 1e-12

#: Steps of the curve along one axis, as a power of two: a box of the size of the Earth in centimetres.
_ORDER = 31

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
#: West, south, east, north.
Box = tuple[float, float, float, float]


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
def sift_rows(bounds: Floats, leaves: Floats, rows: Integers, outer: Box, sides: Floats) -> tuple[Integers, Integers]:
    """Find the features that meet an area, as far as their boxes tell.

    A geometry touches each side of its box: it meets the area for certain where one of these lies in that.

    Parameters
    ----------
    bounds, leaves
        As for `rows_in_box`.
    rows
        n positions, one for each box.
    outer, sides
        A box around the area, and its sides as `sides_of_ring` gives them; none where nothing is known of them.

    Returns
    -------
    Positions of the features that do, and of those that may.
    """
    near = rows_in_box(bounds, leaves, outer[0], outer[1], outer[2], outer[3])
    certain, others = np.empty(len(near), dtype=np.int64), np.empty(len(near), dtype=np.int64)
    count, left = 0, 0
    for row in near:
        west, south, east, north = bounds[row, 0], bounds[row, 1], bounds[row, 2], bounds[row, 3]
        beyond = False
        on_west = on_south = on_east = on_north = len(sides) > 0
        for side in range(len(sides)):
            right, up, inside, outside = sides[side, 0], sides[side, 1], sides[side, 2], sides[side, 3]
            of_west, of_south, of_east, of_north = right * west, up * south, right * east, up * north
            low_x, high_x = min(of_west, of_east), max(of_west, of_east)
            low_y, high_y = min(of_south, of_north), max(of_south, of_north)
            beyond |= low_x + low_y > outside
            on_west &= of_west + high_y <= inside
            on_east &= of_east + high_y <= inside
            on_south &= high_x + of_south <= inside
            on_north &= high_x + of_north <= inside
        if on_west | on_south | on_east | on_north:
            certain[count] = rows[row]
            count += 1
        elif not beyond:
            others[left] = rows[row]
            left += 1
    return certain[:count], others[:left]


@compiled
def follow_sides(box: Box, step: float) -> tuple[Floats, Floats]:
    """Go once around a box: its corners, and places between them that are no farther apart than a step.

    Returns
    -------
    n x and n y, the last ones those of the first place.
    """
    west, south, east, north = box
    across, along = max(1, int(np.ceil((east - west) / step))), max(1, int(np.ceil((north - south) / step)))
    half = across + along
    x, y = np.empty(2 * half + 1), np.empty(2 * half + 1)
    for place in range(across):
        x[place], y[place] = west + place * (east - west) / across, south
        x[half + place], y[half + place] = east - place * (east - west) / across, north
    for place in range(along):
        x[across + place], y[across + place] = east, south + place * (north - south) / along
        x[half + across + place], y[half + across + place] = west, north - place * (north - south) / along
    x[2 * half], y[2 * half] = west, south
    return x, y


@compiled
def sides_of_ring(x: Floats, y: Floats, moved_x: Floats, moved_y: Floats) -> tuple[Box, Floats]:
    """Measure a ring that is a box in another CRS, by whose sides, a little bent, features are told apart.

    Parameters
    ----------
    x, y
        n places on the ring in that CRS, as `follow_sides` gives them.
    moved_x, moved_y
        The same places.

    Returns
    -------
    A box around it: west, south, east, north. (4, 4) for each side: x and y of a direction away from the ring; how far
    in that direction a place may lie for the side not to be reached, and how far to be out of the ring's reach.
    """
    count = len(x) - 1
    on = np.empty((4, count), dtype=np.bool_)  # the southern side, and on counter-clockwise
    on[0], on[1], on[2], on[3] = y[:-1] == y.min(), x[:-1] == x.max(), y[:-1] == y.max(), x[:-1] == x.min()
    doubt = _ROUNDING * max(np.abs(moved_x).max(), np.abs(moved_y).max())
    sides = np.empty((4, 4))
    for side in range(4):
        begin, end = np.argmax(on[side - 1] & on[side]), np.argmax(on[side] & on[(side + 1) % 4])
        right, up = moved_y[end] - moved_y[begin], moved_x[begin] - moved_x[end]
        length = np.hypot(right, up)
        right, up = right / length, up / length
        inside, outside = np.inf, -np.inf
        for place in range(count):
            away = right * moved_x[place] + up * moved_y[place]
            outside = max(outside, away)
            if on[side, place]:
                inside = min(inside, away)
        sides[side, 0], sides[side, 1], sides[side, 2], sides[side, 3] = right, up, inside - doubt, outside + doubt
    return (moved_x.min(), moved_y.min(), moved_x.max(), moved_y.max()), sides
