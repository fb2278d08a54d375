"""Features that reach beyond the buffer of one tile, cut to it and snapped to its grid."""

from __future__ import annotations

import numpy as np

from tiles.kernels.clip import clip_line, clip_points, clip_ring
from tiles.kernels.compiled import compiled, step
from tiles.kernels.sketch import (
    HIGH,
    LOW,
    Bytes,
    Features,
    Floats,
    Integers,
    Place,
    Rules,
    Sketch,
    begin_sketch,
    finish_path,
    judge,
)


@compiled
def cut_features(
    rows: Integers, features: Features, place: Place, rules: Rules
) -> tuple[Bytes, Integers, Floats, Sketch]:
    """Draw what shows of features that may reach beyond the buffer; parameters and results as of `fit_features`.

    The place of a feature is where it shows; not a number if it does not.
    """
    sketch = begin_sketch(rows, features)
    state = np.empty(len(rows), dtype=np.uint8)
    first_path = np.zeros(len(rows) + 1, dtype=np.int64)
    where = np.full((len(rows), 2), np.nan)
    longest = 1
    for row in rows:
        for path in range(features.first_path[row], features.first_path[row + 1]):
            longest = max(longest, features.first_vertex[path + 1] - features.first_vertex[path])
    scratch = np.empty((longest, 2))
    for position in range(len(rows)):
        state[position], sketch = _draw_feature(
            rows[position], features, place, rules, scratch, where[position], sketch
        )
        first_path[position + 1] = sketch.used[0]
    return state, first_path, where, sketch


@compiled
def _draw_feature(
    row: int, features: Features, place: Place, rules: Rules, scratch: Floats, where: Floats, sketch: Sketch
) -> tuple[int, Sketch]:
    """Draw what shows of a feature that may reach beyond the buffer; say what becomes of it, and where it shows."""
    kind, begin = features.dimension[row], sketch.used[0]
    sure, standing = True, False
    ends = np.zeros(2, dtype=np.int64)
    for path in range(features.first_path[row], features.first_path[row + 1]):
        hole, before = features.hole[path], sketch.used[0]
        if hole and not standing:
            continue
        count = _to_units(features, path, place, rules, scratch)
        pieces = scratch
        if kind == 1:
            pieces, ends = clip_line(scratch, count, LOW, HIGH)
        elif kind == 2:
            pieces, ends[1] = clip_ring(scratch, count, LOW, HIGH)
        else:
            ends[1] = clip_points(scratch, count, LOW, HIGH)
        sketch = _make_room(sketch, len(ends), ends[-1])
        for piece in range(len(ends) - 1):
            first, size = ends[piece], ends[piece + 1] - ends[piece]
            for vertex in range(size):
                sketch.xy[sketch.used[1] + vertex, 0] = np.int32(np.rint(pieces[first + vertex, 0]))
                sketch.xy[sketch.used[1] + vertex, 1] = np.int32(np.rint(pieces[first + vertex, 1]))
            sure &= finish_path(sketch, size, kind, hole)
            if size > 0 and np.isnan(where[0]):
                where[0], where[1] = _find_inside(pieces, size) if kind == 2 else (pieces[first, 0], pieces[first, 1])
        standing = standing if hole else sketch.used[0] > before
    return judge(sketch, begin, kind, sure, not np.isnan(where[0])), sketch


@step
def _to_units(features: Features, path: int, place: Place, rules: Rules, units: Floats) -> int:
    """Write the vertices of a path that matter in units of the tile; return how many."""
    count, all_matter = 0, len(rules.importance) == 0
    for vertex in range(features.first_vertex[path], features.first_vertex[path + 1]):
        if all_matter or rules.importance[vertex] >= rules.tolerance:
            units[count, 0] = (features.xy[vertex, 0] - place.west) * place.scale
            units[count, 1] = (place.north - features.xy[vertex, 1]) * place.scale
            count += 1
    return count


@compiled
def _make_room(sketch: Sketch, paths: int, vertices: int) -> Sketch:
    """Return the sketch with room for some more; what has to grow becomes twice as large."""
    first_vertex, hole, xy = sketch.first_vertex, sketch.hole, sketch.xy
    if sketch.used[0] + paths > len(hole):
        more = paths + len(hole)
        first_vertex = np.concatenate((first_vertex, np.empty(more, dtype=np.int64)))
        hole = np.concatenate((hole, np.empty(more, dtype=np.bool_)))
    if sketch.used[1] + vertices > len(xy):
        xy = np.concatenate((xy, np.empty((vertices + len(xy), 2), dtype=np.int32)))
    return Sketch(first_vertex, hole, xy, sketch.used)


@step
def _find_inside(ring: Floats, count: int) -> tuple[float, float]:
    """Find a place where the outline of an area shows: the middle of an edge that does not run along the square.

    Not a number if there is none; then the ring does not show, or it is the square.
    """
    last = count - 1
    for vertex in range(count):
        x, y = (ring[last, 0] + ring[vertex, 0]) / 2, (ring[last, 1] + ring[vertex, 1]) / 2
        if LOW < x < HIGH and LOW < y < HIGH:
            return x, y
        last = vertex
    return np.nan, np.nan
