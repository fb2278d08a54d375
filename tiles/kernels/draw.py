"""The features of one tile as paths of whole numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tiles.kernels.clip import MOST_TIMES
from tiles.kernels.cut import Scratch, cut_feature, is_long, longest_path, make_scratch
from tiles.kernels.fit import draw_pixel, fit_feature
from tiles.kernels.mend import mend_area, set_up_bench
from tiles.kernels.sketch import (
    BUFFER,
    COLLAPSED,
    DOUBTFUL,
    EXTENT,
    NOTHING,
    Bytes,
    Features,
    Flags,
    Floats,
    Integers,
    Place,
    Rules,
    Sketch,
    box_in_units,
    empty_sketch,
    has_room,
    is_inside,
    make_room,
)
from twin.compiled import compiled, step

#: Vertices of the square that stands for what is smaller than a pixel.
_SQUARE = 4

#: Vertices of paths that most features keep to.
_SHORT = 64


class Drawn(NamedTuple):
    """What becomes of k features, and how.

    Parameters
    ----------
    state
        k: see `tiles.kernels.sketch`.
    counts
        How many features there are of each state.
    first_path
        k + 1: where the paths of each begin, and those of the last one end.
    where
        (k, 2) a place in units where each shows; not a number if it does not.
    sketch
        The paths: rings without their closing vertex, exteriors positive and holes negative by the surveyor's formula,
        holes behind their exterior.
    """

    state: Bytes
    counts: Integers
    first_path: Integers
    where: Floats
    sketch: Sketch


@compiled
def draw_features(rows: Integers, features: Features, place: Place, rules: Rules) -> Drawn:
    """Draw what shows of some features: cut where they reach beyond the buffer, snapped, and valid if that is known.

    Parameters
    ----------
    rows
        k positions of the features that may show.
    features, place, rules
        All features, the tile, and what is left out.
    """
    sketch, bench, scratch = empty_sketch(2 * len(rows), 16 * len(rows)), set_up_bench(), make_scratch(_SHORT)
    state = np.empty(len(rows), dtype=np.uint8)
    counts = np.zeros(DOUBTFUL + 1, dtype=np.int64)
    first_path = np.zeros(len(rows) + 1, dtype=np.int64)
    where = np.empty((len(rows), 2))
    taken = np.empty(0, dtype=np.bool_)
    position = 0
    while True:
        # What makes or replaces arrays stands here, because that is counted in every turn of the loop it stands in.
        position = _draw_some(
            position, rows, features, place, rules, taken, scratch, Drawn(state, counts, first_path, where, sketch)
        )
        if position == len(rows):
            return Drawn(state, counts, first_path, where, sketch)
        row, begin = rows[position], sketch.used[0]
        box = box_in_units(features.bounds[row], place)
        sketch = make_room(sketch, *_room_for(row, features, is_inside(box)))
        if is_long(row, features, scratch):
            scratch = make_scratch(longest_path(row, features))
        if _is_pixel(row, features, box, rules):
            if len(taken) == 0:
                taken = np.zeros(_cells(rules) ** 2, dtype=np.bool_)
            continue
        if is_inside(box):
            becomes = fit_feature(row, features, place, rules, where[position], sketch)
        else:
            becomes = cut_feature(row, features, place, rules, where[position], sketch, scratch)
        if becomes == DOUBTFUL:
            becomes, sketch = mend_area(begin, sketch, bench)
            if becomes == COLLAPSED and np.isnan(where[position, 0]):
                becomes = NOTHING
        state[position] = becomes
        counts[becomes] += 1
        first_path[position + 1] = sketch.used[0]
        position += 1


@step
def _draw_some(
    position: int,
    rows: Integers,
    features: Features,
    place: Place,
    rules: Rules,
    taken: Flags,
    scratch: Scratch,
    drawn: Drawn,
) -> int:
    """Draw features up to one that has to be mended, or finds no room; return its position."""
    sketch = drawn.sketch
    for current in range(position, len(rows)):
        row, paths, vertices = rows[current], sketch.used[0], sketch.used[1]
        box = box_in_units(features.bounds[row], place)
        fits = is_inside(box)
        if not has_room(sketch, *_room_for(row, features, fits)) or (not fits and is_long(row, features, scratch)):
            return current
        if _is_pixel(row, features, box, rules):
            if len(taken) == 0:
                return current
            becomes = draw_pixel(box[0], box[1], rules.pixel, _cells(rules), taken, sketch)
        elif fits:
            becomes = fit_feature(row, features, place, rules, drawn.where[current], sketch)
        else:
            becomes = cut_feature(row, features, place, rules, drawn.where[current], sketch, scratch)
        if becomes == DOUBTFUL:
            sketch.used[0], sketch.used[1] = paths, vertices
            return current
        drawn.state[current] = becomes
        drawn.counts[becomes] += 1
        drawn.first_path[current + 1] = sketch.used[0]
    return len(rows)


@step
def _room_for(row: int, features: Features, fits: bool) -> tuple[int, int]:
    """How many paths and vertices a feature takes at most, which fits into the tile and its buffer or has to be cut."""
    first, last = features.first_path[row], features.first_path[row + 1]
    vertices = features.first_vertex[last] - features.first_vertex[first]
    if fits:
        return last - first, max(_SQUARE, vertices)
    return max(last - first, vertices), MOST_TIMES * max(_SQUARE, vertices)


@step
def _is_pixel(row: int, features: Features, box: tuple[float, float, float, float], rules: Rules) -> bool:
    """Whether a feature is an area smaller than a pixel."""
    return features.dimension[row] == 2 and box[2] < rules.pixel and box[3] < rules.pixel


@step
def _cells(rules: Rules) -> int:
    """How many pixels stand side by side in a tile and its buffer."""
    return (EXTENT + 2 * BUFFER) // max(1, rules.pixel)
