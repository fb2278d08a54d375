"""The features of one tile as paths of whole numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tiles.kernels.compiled import compiled
from tiles.kernels.cut import cut_feature
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

#: Vertices of the square that stands for what is smaller than a pixel.
_SQUARE = 4


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
    sketch, bench = empty_sketch(2 * len(rows), 16 * len(rows)), set_up_bench()
    state = np.empty(len(rows), dtype=np.uint8)
    counts = np.zeros(DOUBTFUL + 1, dtype=np.int64)
    first_path = np.zeros(len(rows) + 1, dtype=np.int64)
    where = np.empty((len(rows), 2))
    cells = (EXTENT + 2 * BUFFER) // max(1, rules.pixel)
    taken = np.empty(0, dtype=np.bool_)
    for position in range(len(rows)):
        row, begin = rows[position], sketch.used[0]
        first, last = features.first_path[row], features.first_path[row + 1]
        vertices = max(_SQUARE, features.first_vertex[last] - features.first_vertex[first])
        if not has_room(sketch, last - first, vertices):
            sketch = make_room(sketch, last - first, vertices)
        box = box_in_units(features.bounds[row], place)
        if features.dimension[row] == 2 and box[2] < rules.pixel and box[3] < rules.pixel:
            if len(taken) == 0:
                taken = np.zeros(cells * cells, dtype=np.bool_)
            becomes = draw_pixel(box[0], box[1], rules.pixel, cells, taken, sketch)
        elif is_inside(box):
            becomes = fit_feature(row, features, place, rules, where[position], sketch)
        else:
            becomes, sketch = cut_feature(row, features, place, rules, where[position], sketch)
        if becomes == DOUBTFUL:
            becomes, sketch = mend_area(begin, sketch, bench)
            if becomes == COLLAPSED and np.isnan(where[position, 0]):
                becomes = NOTHING
        state[position] = becomes
        counts[becomes] += 1
        first_path[position + 1] = sketch.used[0]
    return Drawn(state, counts, first_path, where, sketch)
