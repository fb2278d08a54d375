"""Features that reach beyond the buffer of one tile, cut to it and snapped to its grid."""

from __future__ import annotations

import numpy as np

from tiles.kernels.clip import clip_line, clip_points, clip_ring
from tiles.kernels.compiled import compiled, step
from tiles.kernels.sketch import (
    HIGH,
    LOW,
    Features,
    Floats,
    Place,
    Rules,
    Sketch,
    finish_path,
    judge,
    make_room,
)


@compiled
def cut_feature(
    row: int, features: Features, place: Place, rules: Rules, where: Floats, sketch: Sketch
) -> tuple[int, Sketch]:
    """Draw what shows of a feature that may reach beyond the buffer; say what becomes of it, and where it shows.

    Not a number where it does not show.
    """
    kind, begin = features.dimension[row], sketch.used[0]
    scratch = np.empty((_longest_path(row, features), 2))
    where[0] = where[1] = np.nan
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
        sketch = make_room(sketch, len(ends), ends[-1])
        for piece in range(len(ends) - 1):
            first, size = ends[piece], ends[piece + 1] - ends[piece]
            _snap(pieces, first, size, sketch)
            sure &= finish_path(sketch, size, kind, hole)
            if size > 0 and np.isnan(where[0]):
                where[0], where[1] = _find_inside(pieces, size) if kind == 2 else (pieces[first, 0], pieces[first, 1])
        standing = standing if hole else sketch.used[0] > before
    return judge(sketch, begin, kind, sure, not np.isnan(where[0])), sketch


@step
def _longest_path(row: int, features: Features) -> int:
    """Count the vertices of the longest path of a feature; 1 if it has none."""
    longest = 1
    for path in range(features.first_path[row], features.first_path[row + 1]):
        longest = max(longest, features.first_vertex[path + 1] - features.first_vertex[path])
    return longest


@step
def _snap(pieces: Floats, first: int, size: int, sketch: Sketch) -> None:
    """Write a piece behind the last path, on the grid of the tile."""
    begin = sketch.used[1]
    for vertex in range(size):
        sketch.xy[begin + vertex, 0] = np.int32(np.rint(pieces[first + vertex, 0]))
        sketch.xy[begin + vertex, 1] = np.int32(np.rint(pieces[first + vertex, 1]))


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
