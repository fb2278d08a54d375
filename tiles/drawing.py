"""The features of one tile as whole numbers: cut to the tile, snapped to its grid, generalised, valid.

| rule | what it does |
|---|---|
| simplify | leaves out vertices that move no line by more than half a pixel; shared borders stay shared |
| pixel | draws areas smaller than a pixel as the pixel they lie in, once for all that lie there |
| collapsed | leaves out what has no length or area on the grid of the tile |
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely

from tiles.columns import Columns
from tiles.kernels.draw import Drawn, draw_features
from tiles.kernels.sketch import (
    COLLAPSED,
    DOUBTFUL,
    DRAWN,
    EXTENT,
    HIGH,
    LOW,
    NOTHING,
    SHARED,
    Place,
    Rules,
)
from tiles.kernels.write import TilePaths
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


#: By which rule a feature that has a part in a tile is not drawn.
_RULES = {"pixel": SHARED, "collapsed": COLLAPSED}


class TakesLonger(Exception):
    """An area has to be mended by GEOS, for which nobody wants to wait."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawing:
    """The k features that may show in a tile, those that do as paths of whole numbers.

    Parameters
    ----------
    rows
        k positions of the features in their columns, ascending.
    state
        k: what becomes of each, see `tiles.kernels.sketch`; none is doubtful any more.
    counts
        How many features there are of each state.
    paths
        In tile units.
    place
        Where the tile lies.
    """

    rows: Integers
    state: States
    counts: Integers
    paths: TilePaths
    place: Place

    @property
    def drawn(self) -> Integers:
        """Positions of the features that are drawn among the k."""
        return np.flatnonzero(self.state == DRAWN)

    def left_out(self) -> dict[str, Integers]:
        """By rule, positions in the columns of the features that have a part in the tile and are not drawn."""
        return {rule: self.rows[self.state == state] for rule, state in _RULES.items() if self.counts[state]}

    def without(self, features: Integers) -> Drawing:
        """The same drawing without some features, by their positions among the k."""
        state = self.state.copy()
        state[features] = NOTHING
        return replace(self, state=state, counts=_count(state))


def draw(columns: Columns, box: BBox, rows: Integers, *, generalise: bool, patient: bool = True) -> Drawing:
    """Draw the features that show in a tile or in its buffer.

    Parameters
    ----------
    columns
        All features.
    box
        The square of the tile, in the CRS of the columns.
    rows
        Positions of the features whose boxes share a point with the tile or its buffer, ascending.
    generalise
        Apply the rules of this module; if not, every feature is drawn, one unit wide where it comes to nothing.
    patient
        Whether there is time for GEOS to mend areas: a second for one of a thousand vertices that cross each other.

    Raises
    ------
    TakesLonger
        There is not, and one has to be mended.
    """
    place, rules = place_and_rules(columns, box, generalise=generalise)
    drawn = draw_features(rows, columns.features, place, rules)
    state, counts, first_path, _, sketch = drawn
    paths = TilePaths(first_path[:-1], first_path[1:], sketch.first_vertex, sketch.xy)
    if counts[DOUBTFUL] or (counts[COLLAPSED] and not generalise):
        state, paths = _finish(drawn, columns.features.dimension[rows], with_stubs=not generalise, patient=patient)
        counts = _count(state)
    return Drawing(rows=rows, state=state, counts=counts, paths=paths, place=place)


def place_and_rules(columns: Columns, box: BBox, *, generalise: bool) -> tuple[Place, Rules]:
    """Say where a tile lies, and what is left out of it; see `draw`."""
    scale = EXTENT / (box.east - box.west)
    rules = Rules(PIXEL, columns.importance, _HALF_PIXEL / scale) if generalise else _EVERYTHING
    return Place(float(box.west), float(box.north), scale), rules


def _count(state: States) -> Integers:
    return np.bincount(state, minlength=DOUBTFUL + 1)


def _finish(drawn: Drawn, kinds: States, *, with_stubs: bool, patient: bool) -> tuple[States, TilePaths]:
    """Have GEOS look at what is doubtful, and draw stubs of what comes to nothing where they are wanted."""
    state, paths = drawn.state, _Paths.of(drawn)
    doubtful = np.flatnonzero(state == DOUBTFUL)
    if len(doubtful):
        state[doubtful], mended = _mend_with_geos(paths.take(doubtful), patient=patient)
        paths = paths.replace(doubtful, mended)
    collapsed = np.flatnonzero(state == COLLAPSED)
    hidden = np.isnan(drawn.where[collapsed, 0])
    state[collapsed[hidden]] = NOTHING
    stubs = collapsed[~hidden]
    if with_stubs and len(stubs):
        paths = paths.replace(stubs, _draw_stubs(kinds[stubs], drawn.where[stubs]))
        state[stubs] = DRAWN
    return state, TilePaths(paths.first_path, paths.last_path, paths.first_vertex, paths.xy)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Paths:
    """The paths of k features, and which of them belong to each."""

    first_path: Integers
    last_path: Integers
    first_vertex: Integers
    hole: Flags
    xy: Coordinates

    @classmethod
    def of(cls, drawn: Drawn) -> _Paths:
        sketch = drawn.sketch
        paths, vertices = sketch.used
        return cls(
            first_path=drawn.first_path[:-1],
            last_path=drawn.first_path[1:],
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


def _mend_with_geos(drawn: _Paths, *, patient: bool) -> tuple[States, _Paths]:
    """Make any areas valid, and say what becomes of each.

    Where a polygon touches or crosses itself, the area it encloses is taken, snapped with noding.
    """
    areas = drawn.areas()
    broken = np.flatnonzero(~shapely.is_valid(areas))
    if len(broken) and not patient:
        raise TakesLonger
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
