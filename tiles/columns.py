"""What all tiles of a frame in one CRS are made from: paths, boxes and attributes, in the order of a Hilbert curve."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from tiles.attributes import Attributes, encode_attributes
from tiles.kernels.index import feature_bounds, hilbert_distance, leaf_bounds, rows_in_box
from tiles.kernels.simplify import vertex_importance
from tiles.paths import Paths
from twin.crs import CRS, BBox
from twin.errors import CrsError
from twin.frame import Frame
from twin.ragged import reproject_ragged

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: Half the side of the square in which the Hilbert curve runs: any county in metres, any place in degrees.
_REACH_M, _REACH_DEG = 5e7, 360.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Columns:
    """n features, neighbours close to each other; features in the same place stand in the order of their keys.

    The order depends on the place of a feature only, so that a part of a frame and the whole have the same.

    Parameters
    ----------
    paths
        Their geometry in the CRS of the tiles.
    bounds, leaves
        (n, 4) the box of each, and of each run of neighbours.
    fid
        n feature ids.
    opened
        n revisions that wrote the features.
    attributes
        Their attributes.
    rank
        n: which features to keep where there is no room for all, the highest first. Large areas and long lines before
        small ones; points by a number that has nothing to do with their place, and is theirs at every zoom.
    broken
        Keys of the features that have no place in the CRS of the tiles: coordinates that are not finite, or outside
        of what it can show.
    simplify
        Whether vertices may be left out.
    """

    paths: Paths
    bounds: Floats
    leaves: Floats
    fid: Integers
    opened: Integers
    attributes: Attributes
    rank: Floats
    broken: tuple[str, ...]
    simplify: bool

    @cached_property
    def importance(self) -> npt.NDArray[np.float32]:
        """For each vertex the tolerance up to which it has to be kept, units of the CRS; empty where all are kept."""
        paths = self.paths
        if not self.simplify or not paths.dimension.any():
            return np.empty(0, dtype=np.float32)
        ring = np.repeat(paths.dimension == 2, np.diff(paths.first_path))
        importance = vertex_importance(paths.xy, paths.first_vertex, ring)
        point = np.repeat(paths.dimension == 0, np.diff(paths.first_path))
        importance[np.repeat(point, np.diff(paths.first_vertex))] = np.inf
        return importance

    @cached_property
    def reach(self) -> Floats:
        """(n, 4) boxes: how far a change of each feature may be seen where vertices are left out."""
        return self.widen(self.bounds)

    def widen(self, boxes: Floats) -> Floats:
        """Widen boxes to hold all features that they meet, where vertices are left out.

        A border is judged between the places where it meets others, so a change may be seen as far as neighbours lie.
        """
        if len(self.importance) == 0:
            return boxes
        wide = boxes.copy()
        for row, (west, south, east, north) in enumerate(boxes.tolist()):
            near = self.bounds[rows_in_box(self.bounds, self.leaves, west, south, east, north)]
            wide[row, :2] = np.minimum(wide[row, :2], near[:, :2].min(axis=0, initial=np.inf))
            wide[row, 2:] = np.maximum(wide[row, 2:], near[:, 2:].max(axis=0, initial=-np.inf))
        return wide

    def rows_in(self, box: BBox) -> Integers:
        """Positions of the features whose boxes share a point with a box, ascending."""
        return rows_in_box(self.bounds, self.leaves, *box)


def columns_of(frame: Frame, crs: CRS) -> Columns:
    """Take the features of a frame apart for tiles in a CRS; done once, then kept with the frame."""
    return frame.keep(f"tiles {crs.srs}", lambda: _prepare(frame, crs))


def is_prepared(frame: Frame, crs: CRS) -> bool:
    """Whether a frame has been taken apart for tiles in a CRS."""
    return frame.keeps(f"tiles {crs.srs}")


def _prepare(frame: Frame, crs: CRS) -> Columns:
    geometries = frame.geometry
    drawn = np.flatnonzero(~(shapely.is_missing(geometries) | shapely.is_empty(geometries)))
    rows, parts, lost = [], [], []
    dimension = shapely.get_dimensions(geometries)
    for each in range(3):
        given = drawn[dimension[drawn] == each]
        placed, paths = _place(geometries, given, frame.crs, crs)
        rows.append(placed)
        parts.extend(paths)
        lost.append(np.setdiff1d(given, placed))
    joined, row = Paths.joined(parts), np.concatenate(rows)
    bounds = feature_bounds(joined.xy, joined.first_vertex, joined.first_path)
    middle = (bounds[:, :2] + bounds[:, 2:]) / (4 * _reach(crs)) + 0.5
    order = np.lexsort((row, hilbert_distance(middle[:, 0], middle[:, 1])))
    bounds, row = bounds[order], row[order]
    return Columns(
        paths=joined.take(order),
        bounds=bounds,
        leaves=leaf_bounds(bounds),
        fid=frame.fid[row],
        opened=np.full(len(row), frame.revision) if frame.opened is None else frame.opened[row],
        attributes=encode_attributes(frame, row),
        rank=_rank(frame.fid[row], joined.dimension[order], bounds),
        simplify=frame.layer.simplify,
        broken=tuple(frame.data.index[np.sort(np.concatenate(lost))]),
    )


def _place(
    geometries: npt.NDArray[np.object_], rows: Integers, source: CRS, target: CRS
) -> tuple[Integers, list[Paths]]:
    """Reproject geometries of one dimension; those that have no place in the target are left out."""
    if len(rows) == 0:
        return rows, []
    try:
        paths = Paths.of(reproject_ragged(geometries[rows], source, target))
        # Written so that a coordinate that is not a number is off as well.
        off = np.flatnonzero(~(np.abs(paths.xy) <= _reach(target)).all(axis=1))
        if len(off) == 0:
            return rows, [paths]
        owner = np.searchsorted(paths.first_vertex[paths.first_path], off, side="right") - 1
        fine = np.setdiff1d(np.arange(len(rows)), owner)
        return rows[fine], [paths.take(fine)]
    except CrsError:
        if len(rows) == 1:
            return rows[:0], []
        half = len(rows) // 2
        first, one = _place(geometries, rows[:half], source, target)
        second, other = _place(geometries, rows[half:], source, target)
        return np.concatenate((first, second)), [*one, *other]


def _reach(crs: CRS) -> float:
    return _REACH_DEG if crs.is_geographic else _REACH_M


def _rank(fid: Integers, dimension: npt.NDArray[np.uint8], bounds: Floats) -> Floats:
    width, height = bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]
    mixed = fid.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ mixed >> np.uint64(32)) * np.uint64(0xD6E8FEB86659FD93)
    return np.select(
        [dimension == 0, dimension == 1], [(mixed >> np.uint64(11)) * 2.0**-53, np.hypot(width, height)], width * height
    )


def latest_within(bounds: Floats, revisions: Integers, box: BBox) -> int:
    """Find the last of the revisions whose boxes share a point with a box; 0 if there is none."""
    west, south, east, north = bounds.T
    near = (west <= box.east) & (east >= box.west) & (south <= box.north) & (north >= box.south)
    return int(revisions[near].max(initial=0))
