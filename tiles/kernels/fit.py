"""Features that lie inside one tile and its buffer, snapped to its grid."""

from __future__ import annotations

import numpy as np

from tiles.kernels.clip import outside
from tiles.kernels.sketch import (
    BUFFER,
    DRAWN,
    HIGH,
    LOW,
    NOTHING,
    SHARED,
    Features,
    Flags,
    Floats,
    Place,
    Rules,
    Sketch,
    draw_square,
    finish_path,
    judge,
)
from twin.compiled import step


@step
def draw_pixel(x: float, y: float, pixel: int, cells: int, taken: Flags, sketch: Sketch) -> int:
    """Draw the pixel in which a place lies, unless it is drawn already; say what becomes of the feature."""
    if outside(x, y, LOW, HIGH):
        return NOTHING
    column, line = min(int((x + BUFFER) // pixel), cells - 1), min(int((y + BUFFER) // pixel), cells - 1)
    if taken[column * cells + line]:
        return SHARED
    taken[column * cells + line] = True
    draw_square(sketch, column * pixel - BUFFER, line * pixel - BUFFER, pixel)
    return DRAWN


@step
def fit_feature(row: int, features: Features, place: Place, rules: Rules, where: Floats, sketch: Sketch) -> int:
    """Draw a feature that lies inside the buffer; say what becomes of it, and give a place that is part of it."""
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
    vertex = features.first_vertex[features.first_path[row]]
    where[0] = (features.xy[vertex, 0] - place.west) * place.scale
    where[1] = (place.north - features.xy[vertex, 1]) * place.scale
    return judge(sketch, begin, kind, sure, True)
