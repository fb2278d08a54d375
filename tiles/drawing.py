"""The features of one tile as whole numbers: cut to the tile, snapped to its grid, generalised, valid.

| rule | what it does |
|---|---|
| simplify | leaves out vertices that move no line by more than half a pixel; shared borders stay shared |
| pixel | draws areas smaller than a pixel as the pixel they lie in, once for all that lie there |
| collapsed | leaves out what has no length or area on the grid of the tile |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely

from tiles.columns import Columns
from tiles.kernels.cut import cut_features
from tiles.kernels.fit import fit_features
from tiles.kernels.mend import mend_areas
from tiles.kernels.sketch import (
    BUFFER,
    COLLAPSED,
    DOUBTFUL,
    DRAWN,
    EXTENT,
    HIGH,
    LOW,
    NOTHING,
    SHARED,
    UNCUT,
    Place,
    Rules,
    Sketch,
)
from tiles.paths import Paths, runs
from twin.crs import BBox

Geometries = npt.NDArray[np.object_]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
States = npt.NDArray[np.uint8]
Coordinates = npt.NDArray[np.int32]

#: Side of a pixel in units of the tile, on a map that draws a tile 512 pixels wide.
PIXEL = 8
_HALF_PIXEL = PIXEL / 2
_SQUARE = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], dtype=np.int32)
_EVERYTHING = Rules(0, np.empty(0, dtype=np.float32), 0.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawing:
    """The k features of a tile that are drawn, as paths of whole numbers.

    Parameters
    ----------
    rows
        k positions of the features in their columns, ascending.
    first_path, last_path
        k: which paths belong to a feature, the last one not included.
    first_vertex, xy
        As in `tiles.paths.Paths`, in tile units.
    left_out
        By rule, positions of the features that have a part in the tile and are not drawn.
    place
        Where the tile lies.
    """

    rows: Integers
    first_path: Integers
    last_path: Integers
    first_vertex: Integers
    xy: Coordinates
    left_out: Mapping[str, Integers]
    place: Place

    def take(self, features: Integers) -> Drawing:
        """The same drawing with only some features, by their positions."""
        return replace(
            self,
            rows=self.rows[features],
            first_path=self.first_path[features],
            last_path=self.last_path[features],
        )


def draw(columns: Columns, box: BBox, *, generalise: bool) -> Drawing:
    """Draw the features that show in a tile or in its buffer.

    Parameters
    ----------
    columns
        All features.
    box
        The square of the tile, in the CRS of the columns.
    generalise
        Apply the rules of this module; if not, every feature is drawn, one unit wide where it comes to nothing.
    """
    scale = EXTENT / (box.east - box.west)
    rows = columns.rows_in(box.buffer(BUFFER / scale))
    features = columns.features
    place = Place(float(box.west), float(box.north), scale)
    rules = Rules(PIXEL, columns.importance, _HALF_PIXEL / scale) if generalise else _EVERYTHING
    state, path, where, sketch = fit_features(rows, features, place, rules)
    drawn = _Paths.of(path, sketch)
    uncut = np.flatnonzero(state == UNCUT)
    if len(uncut):
        state[uncut], path, where[uncut], sketch = cut_features(rows[uncut], features, place, rules)
        drawn = drawn.replace(uncut, _Paths.of(path, sketch))
    for mend in (_mend_on_grid, _mend_with_geos):
        doubtful = np.flatnonzero(state == DOUBTFUL)
        if len(doubtful):
            state[doubtful], mended = mend(drawn.take(doubtful))
            sure = np.flatnonzero(state[doubtful] != DOUBTFUL)
            drawn = drawn.replace(doubtful[sure], mended.take(sure))
    collapsed = np.flatnonzero(state == COLLAPSED)
    hidden = np.isnan(where[collapsed, 0])
    state[collapsed[hidden]] = NOTHING
    if not generalise and not hidden.all():
        stubs = collapsed[~hidden]
        drawn = drawn.replace(stubs, _draw_stubs(features.dimension[rows[stubs]], where[stubs]))
        state[stubs] = DRAWN
    shown = np.flatnonzero(state >= DRAWN)
    return Drawing(
        rows=rows[shown],
        first_path=drawn.first_path[shown],
        last_path=drawn.last_path[shown],
        first_vertex=drawn.first_vertex,
        xy=drawn.xy,
        left_out={"pixel": rows[state == SHARED], "collapsed": rows[state == COLLAPSED]},
        place=place,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Paths:
    """The paths of k features, and which of them belong to each."""

    first_path: Integers
    last_path: Integers
    first_vertex: Integers
    hole: Flags
    xy: Coordinates

    @classmethod
    def of(cls, path: Integers, sketch: Sketch) -> _Paths:
        paths, vertices = sketch.used
        return cls(
            first_path=path[:-1],
            last_path=path[1:],
            first_vertex=sketch.first_vertex[: paths + 1],
            hole=sketch.hole[:paths],
            xy=sketch.xy[:vertices],
        )

    def replace(self, features: Integers, others: _Paths) -> _Paths:
        """Give some features other paths; the old ones stay where they are, and nobody refers to them."""
        first_path, last_path = self.first_path.copy(), self.last_path.copy()
        first_path[features] = others.first_path + len(self.hole)
        last_path[features] = others.last_path + len(self.hole)
        return _Paths(
            first_path=first_path,
            last_path=last_path,
            first_vertex=np.concatenate((self.first_vertex[:-1], others.first_vertex + len(self.xy))),
            hole=np.concatenate((self.hole, others.hole)),
            xy=np.concatenate((self.xy, others.xy)),
        )

    def take(self, features: Integers) -> _Paths:
        """The same paths, of which only those of some features are referred to."""
        return replace(self, first_path=self.first_path[features], last_path=self.last_path[features])

    def areas(self) -> Geometries:
        """Build the multi polygon of each feature; a hole belongs to the exterior before it."""
        rings, begins = runs(self.first_path, self.last_path)
        vertices, starts = runs(self.first_vertex[rings], self.first_vertex[rings + 1])
        lines = shapely.linearrings(self.xy[vertices], indices=np.repeat(np.arange(len(rings)), np.diff(starts)))
        exterior = ~self.hole[rings]
        polygons = shapely.polygons(np.asarray(lines), indices=np.cumsum(exterior) - 1)
        owner = np.repeat(np.arange(len(self.first_path)), np.diff(begins))[exterior]
        return np.asarray(shapely.multipolygons(np.asarray(polygons), indices=owner))


def _draw_stubs(kinds: States, where: npt.NDArray[np.float64]) -> _Paths:
    """Draw one unit in the place of each line or area that comes to nothing: an edge or a square."""
    corners = np.floor(np.clip(where, LOW, HIGH - 1)).astype(np.int32)[:, None] + _SQUARE
    sizes = np.where(kinds == 1, 2, 4)
    begins = np.concatenate(([0], np.cumsum(sizes)))
    path = np.arange(len(kinds) + 1)
    return _Paths(
        first_path=path[:-1],
        last_path=path[1:],
        first_vertex=begins,
        hole=np.zeros(len(kinds), dtype=bool),
        xy=corners[np.arange(4) < sizes[:, None]],
    )


def _mend_on_grid(drawn: _Paths) -> tuple[States, _Paths]:
    """Make areas valid, and say what becomes of each; large ones, and those whose edges cross off the grid, stay."""
    state, path, sketch = mend_areas(drawn.first_path, drawn.last_path, drawn.first_vertex, drawn.hole, drawn.xy)
    return state, _Paths.of(path, sketch)


def _mend_with_geos(drawn: _Paths) -> tuple[States, _Paths]:
    """Make any areas valid, and say what becomes of each.

    Where a polygon touches or crosses itself, the area it encloses is taken, snapped with noding.
    """
    areas = drawn.areas()
    broken = np.flatnonzero(~shapely.is_valid(areas))
    with np.errstate(all="ignore"):  # GEOS divides by lengths that are next to nothing
        try:
            valid = shapely.make_valid(areas[broken], method="structure", keep_collapsed=False)
        except shapely.GEOSException:  # what this way cannot do, the older one can
            valid = shapely.make_valid(areas[broken])
        xy, area = shapely.get_coordinates(valid, return_index=True)
        off_grid = np.unique(area[(xy != np.rint(xy)).any(axis=1)])  # where edges crossed
        valid[off_grid] = shapely.set_precision(valid[off_grid], 1)
    parts, owner = shapely.get_parts(valid, return_index=True)
    solid = (shapely.get_dimensions(parts) == 2) & (shapely.area(parts) > 0)
    areas[broken] = shapely.MultiPolygon()
    shapely.multipolygons(shapely.orient_polygons(parts[solid]), indices=broken[owner[solid]], out=areas)
    paths = Paths.of(areas)
    mended = _Paths(
        first_path=paths.first_path[:-1],
        last_path=paths.first_path[1:],
        first_vertex=paths.first_vertex,
        hole=paths.hole,
        xy=np.rint(paths.xy).astype(np.int32),
    )
    return np.where(mended.first_path == mended.last_path, COLLAPSED, DRAWN).astype(np.uint8), mended
