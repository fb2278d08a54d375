"""What kernels draw on: features and rules in, paths of whole numbers out.

A tile is `EXTENT` units wide, x to the east and y to the south from its north-west corner, and carries what lies up to
`BUFFER` units outside, so that outlines and symbols do not show where tiles meet.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tiles.kernels.rings import (
    are_proved_apart,
    is_proved_simple,
    measure_ring,
    reverse_ring,
    straighten_line,
    straighten_ring,
)
from twin.compiled import compiled, step

EXTENT = 4096
BUFFER = 64
LOW, HIGH = float(-BUFFER), float(EXTENT + BUFFER)

#: What becomes of a feature: it lies outside; it comes to nothing on the grid; it stands in a pixel that another one
#: draws; it is drawn; it is drawn once GEOS has looked at it.
NOTHING, COLLAPSED, SHARED, DRAWN, DOUBTFUL = 0, 1, 2, 3, 4

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Vertices = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]


class Features(NamedTuple):
    """n features with p paths and v vertices in the CRS of the grid, see `tiles.paths.Paths` and `tiles.columns`."""

    dimension: Bytes
    first_path: Integers
    first_vertex: Integers
    hole: Flags
    xy: Floats
    bounds: Floats


class Place(NamedTuple):
    """Where a tile lies: its north-west corner in the CRS of the grid, and its units to one of the CRS."""

    west: float
    north: float
    scale: float


class Rules(NamedTuple):
    """What is left out.

    Parameters
    ----------
    pixel
        Side of a pixel in units of the tile; areas narrower than that both ways are drawn as the pixel in which their
        middle lies, once for all of them there. 0: areas are drawn however small they are.
    importance, tolerance
        Vertices that matter less than the tolerance are left out (`tiles.kernels.simplify`, units of the CRS); none
        are if the array is empty.
    """

    pixel: int
    importance: Singles
    tolerance: float


class Sketch(NamedTuple):
    """The paths drawn so far: where each begins and the last ends, which are holes, the vertices; with room for more.

    `used` holds how many paths and how many vertices count.
    """

    first_vertex: Integers
    hole: Flags
    xy: Vertices
    used: Integers


@compiled
def empty_sketch(paths: int, vertices: int) -> Sketch:
    """Set room aside for so many paths and vertices; what is not drawn on costs nothing."""
    first_vertex = np.empty(paths + 1, dtype=np.int64)
    first_vertex[0] = 0
    return Sketch(
        first_vertex,
        np.empty(paths, dtype=np.bool_),
        np.empty((vertices, 2), dtype=np.int32),
        np.zeros(2, dtype=np.int64),
    )


@step
def has_room(sketch: Sketch, paths: int, vertices: int) -> bool:
    """Whether there is room for some more."""
    return sketch.used[0] + paths <= len(sketch.hole) and sketch.used[1] + vertices <= len(sketch.xy)


@compiled
def make_room(sketch: Sketch, paths: int, vertices: int) -> Sketch:
    """Return the sketch with room for some more; what has to grow becomes twice as large."""
    first_vertex, hole, xy = sketch.first_vertex, sketch.hole, sketch.xy
    drawn, reached = sketch.used
    if drawn + paths > len(hole):
        most = 2 * len(hole) + paths
        first_vertex, hole = np.empty(most + 1, dtype=np.int64), np.empty(most, dtype=np.bool_)
        first_vertex[: drawn + 1], hole[:drawn] = sketch.first_vertex[: drawn + 1], sketch.hole[:drawn]
    if reached + vertices > len(xy):
        xy = np.empty((2 * len(xy) + vertices, 2), dtype=np.int32)
        xy[:reached] = sketch.xy[:reached]
    return Sketch(first_vertex, hole, xy, sketch.used)


@step
def add_path(sketch: Sketch, vertices: int, is_hole: bool) -> None:
    """Count a path whose vertices have been written behind the last ones."""
    paths, before = sketch.used[0], sketch.used[1]
    sketch.hole[paths] = is_hole
    sketch.first_vertex[paths + 1] = before + vertices
    sketch.used[0], sketch.used[1] = paths + 1, before + vertices


@step
def box_in_units(bounds: Floats, place: Place) -> tuple[float, float, float, float]:
    """The middle, width and height of a box in units of the tile."""
    x, y = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    width, height = (bounds[2] - bounds[0]) * place.scale, (bounds[3] - bounds[1]) * place.scale
    return (x - place.west) * place.scale, (place.north - y) * place.scale, width, height


@step
def is_inside(box: tuple[float, float, float, float]) -> bool:
    """Whether a box, as `box_in_units` gives it, lies in the tile or its buffer as a whole."""
    x, y, width, height = box
    return max(abs(x - EXTENT / 2) + width / 2, abs(y - EXTENT / 2) + height / 2) <= EXTENT / 2 + BUFFER


@step
def draw_square(sketch: Sketch, x: int, y: int, side: int) -> None:
    """Draw a square."""
    xy = sketch.xy[sketch.used[1] : sketch.used[1] + 4]
    xy[0, 0], xy[0, 1] = x, y
    xy[1, 0], xy[1, 1] = x + side, y
    xy[2, 0], xy[2, 1] = x + side, y + side
    xy[3, 0], xy[3, 1] = x, y + side
    add_path(sketch, 4, False)


@step
def finish_path(sketch: Sketch, count: int, kind: int, is_hole: bool) -> bool:
    """Take a path that has been written, unless nothing is left of it; return whether it is known to be simple.

    Rings are wound as the specification says.
    """
    path = sketch.xy[sketch.used[1] : sketch.used[1] + count]
    simple = True
    if kind == 1:
        count = straighten_line(path, count)
        count = count if count > 1 else 0
    elif kind == 2:
        count = straighten_ring(path, count)
        if count:
            area, convex = measure_ring(path, count)
            if (area > 0) == is_hole:
                reverse_ring(path, count)
            simple = convex or is_proved_simple(path, count)
    if count:
        add_path(sketch, count, is_hole)
    return simple


@step
def judge(sketch: Sketch, begin: int, kind: int, sure: bool, seen: bool) -> int:
    """Say what becomes of a feature whose paths have been drawn."""
    end = sketch.used[0]
    if end == begin:
        return COLLAPSED if seen else NOTHING
    if sure and kind == 2 and end > begin + 1:
        sure = are_proved_apart(sketch.xy, sketch.first_vertex, sketch.hole, begin, end)
    return DRAWN if sure else DOUBTFUL
