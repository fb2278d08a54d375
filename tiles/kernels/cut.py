"""Features that reach beyond the buffer of one tile, cut to it and snapped to its grid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tiles.kernels.clip import MOST_TIMES, clip_line, clip_points, clip_ring
from tiles.kernels.sketch import (
    HIGH,
    LOW,
    Features,
    Floats,
    Integers,
    Place,
    Rules,
    Sketch,
    finish_path,
    judge,
)
from twin.compiled import compiled, step


class Scratch(NamedTuple):
    """Room to cut a path: its vertices, as many again, and where the pieces begin that it is cut into."""

    one: Floats
    other: Floats
    begins: Integers


@compiled
def make_scratch(vertices: int) -> Scratch:
    """Set room aside for paths of so many vertices; what is not drawn on costs nothing."""
    room = MOST_TIMES * vertices
    return Scratch(np.empty((room, 2)), np.empty((room, 2)), np.zeros(vertices + 1, dtype=np.int64))


@step
def is_long(row: int, features: Features, scratch: Scratch) -> bool:
    """Whether a feature has a path for which there is not enough room."""
    return longest_path(row, features) >= len(scratch.begins)


@step
def cut_feature(
    row: int, features: Features, place: Place, rules: Rules, where: Floats, sketch: Sketch, scratch: Scratch
) -> int:
    """Draw what shows of a feature that may reach beyond the buffer; say what becomes of it, and where it shows.

    Not a number where it does not show. There is room for all of it.
    """
    kind, begin = features.dimension[row], sketch.used[0]
    one, other, begins = scratch.one, scratch.other, scratch.begins
    where[0] = where[1] = np.nan
    sure, standing = True, False
    for path in range(features.first_path[row], features.first_path[row + 1]):
        hole, before = features.hole[path], sketch.used[0]
        if hole and not standing:
            continue
        count, pieces = _to_units(features, path, place, rules, one), 1
        if kind == 1:
            pieces = clip_line(one, count, other, begins, LOW, HIGH)
            for vertex in range(begins[pieces]):
                one[vertex, 0], one[vertex, 1] = other[vertex, 0], other[vertex, 1]
        elif kind == 2:
            begins[1] = clip_ring(one, count, other, LOW, HIGH)
        else:
            begins[1] = clip_points(one, count, LOW, HIGH)
        for piece in range(pieces):
            first, size = begins[piece], begins[piece + 1] - begins[piece]
            _snap(one, first, size, sketch)
            sure &= finish_path(sketch, size, kind, hole)
            if size > 0 and np.isnan(where[0]):
                where[0], where[1] = _find_inside(one, size) if kind == 2 else (one[first, 0], one[first, 1])
        standing = standing if hole else sketch.used[0] > before
    return judge(sketch, begin, kind, sure, not np.isnan(where[0]))


@step
def longest_path(row: int, features: Features) -> int:
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
