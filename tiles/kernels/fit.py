"""Features that lie inside one tile and its buffer, snapped to its grid."""

from __future__ import annotations

import numpy as np

from tiles.kernels.clip import outside
from tiles.kernels.compiled import compiled, step
from tiles.kernels.sketch import (
    BUFFER,
    DRAWN,
    EXTENT,
    HIGH,
    LOW,
    NOTHING,
    SHARED,
    UNCUT,
    Bytes,
    Features,
    Flags,
    Floats,
    Integers,
    Place,
    Rules,
    Sketch,
    begin_sketch,
    box_in_units,
    draw_square,
    finish_path,
    is_inside,
    judge,
)


@compiled
def fit_features(
    rows: Integers, features: Features, place: Place, rules: Rules
) -> tuple[Bytes, Integers, Floats, Sketch]:
    """Draw the features that need no cutting.

    Parameters
    ----------
    rows
        k positions of the features that may show.
    features, place, rules
        All features, the tile, and what is left out.

    Returns
    -------
    What becomes of each feature (k), where its paths begin and those of the last one end (k + 1), a place in units
    that is part of it (k, 2; only of features that are not simply drawn), and the paths: rings without their closing
    vertex, exteriors positive and holes negative by the surveyor's formula, holes behind their exterior.
    """
    sketch = begin_sketch(rows, features)
    state = np.empty(len(rows), dtype=np.uint8)
    first_path = np.zeros(len(rows) + 1, dtype=np.int64)
    where = np.empty((len(rows), 2))
    cells = (EXTENT + 2 * BUFFER) // max(1, rules.pixel)
    taken = np.zeros(cells * cells if rules.pixel else 0, dtype=np.bool_)
    for position in range(len(rows)):
        row = rows[position]
        kind = features.dimension[row]
        x, y, width, height = box_in_units(features.bounds[row], place)
        if kind == 2 and width < rules.pixel and height < rules.pixel:
            state[position] = _draw_pixel(x, y, rules.pixel, cells, taken, sketch)
        elif not is_inside((x, y, width, height)):
            state[position] = UNCUT
        else:
            state[position] = _draw_feature(row, features, place, rules, sketch)
            if state[position] != DRAWN:
                vertex = features.first_vertex[features.first_path[row]]
                where[position, 0] = (features.xy[vertex, 0] - place.west) * place.scale
                where[position, 1] = (place.north - features.xy[vertex, 1]) * place.scale
        first_path[position + 1] = sketch.used[0]
    return state, first_path, where, sketch


@step
def _draw_pixel(x: float, y: float, pixel: int, cells: int, taken: Flags, sketch: Sketch) -> int:
    """Draw the pixel in which a place lies, unless it is drawn already."""
    if outside(x, y, LOW, HIGH):
        return NOTHING
    column, line = min(int((x + BUFFER) // pixel), cells - 1), min(int((y + BUFFER) // pixel), cells - 1)
    if taken[column * cells + line]:
        return SHARED
    taken[column * cells + line] = True
    draw_square(sketch, column * pixel - BUFFER, line * pixel - BUFFER, pixel)
    return DRAWN


@step
def _draw_feature(row: int, features: Features, place: Place, rules: Rules, sketch: Sketch) -> int:
    """Draw a feature that lies inside the buffer; say what becomes of it."""
    kind, begin = features.dimension[row], sketch.used[0]
    sure, standing, all_matter = True, False, len(rules.importance) == 0
    for path in range(features.first_path[row], features.first_path[row + 1]):
        hole, before, count = features.hole[path], sketch.used[0], sketch.used[1]
        if hole and not standing:
            continue  # its exterior came to nothing, and so does it
        for vertex in range(features.first_vertex[path], features.first_vertex[path + 1]):
            if all_matter or rules.importance[vertex] >= rules.tolerance:
                sketch.xy[count, 0] = np.int32(np.rint((features.xy[vertex, 0] - place.west) * place.scale))
                sketch.xy[count, 1] = np.int32(np.rint((place.north - features.xy[vertex, 1]) * place.scale))
                count += 1
        sure &= finish_path(sketch, count - sketch.used[1], kind, hole)
        standing = standing if hole else sketch.used[0] > before
    return judge(sketch, begin, kind, sure, True)
