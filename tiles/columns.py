"""What all tiles of a frame in one CRS are made from: paths, boxes and attributes, in the order of a Hilbert curve."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import shapely

from tiles.attributes import Attributes, encode_attributes
from tiles.kernels.chains import Members, count_members
from tiles.kernels.index import (
    Sight,
    feature_bounds,
    hilbert_distance,
    leaf_bounds,
    look_into_box,
    rows_in_box,
    widen_boxes,
)
from tiles.kernels.simplify import vertex_importance
from tiles.kernels.sketch import Features, Place
from tiles.kernels.write import Tags
from tiles.paths import Paths
from twin.crs import CRS, BBox, transform
from twin.errors import CrsError
from twin.frame import Frame

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
T = TypeVar("T", bound=np.generic)

#: Half the side of the square in which the Hilbert curve runs: any county in metres, any place in degrees.
_REACH_M, _REACH_DEG = 5e7, 360.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Columns:
    """n features, neighbours close to each other; features in the same place stand in the order of their keys.

    The order depends on the place of a feature only, so that a part of a frame and the whole have the same.

    Parameters
    ----------
    crs
        Of the tiles.
    paths
        Their geometry in it.
    along
        n: how far along the curve they lie.
    bounds, leaves
        (n, 4) the box of each, and of runs of neighbours, see `tiles.kernels.index.leaf_bounds`.
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
        Keys of the features whose geometry cannot be read or has no place in the CRS of the tiles: coordinates that are
        not finite, or outside of what it can show.
    simplify
        Whether vertices may be left out.
    members
        The features of the layer of which these are made, where lines are joined (`tiles.chains`).
    """

    crs: CRS
    paths: Paths
    along: Integers
    bounds: Floats
    leaves: Floats
    fid: Integers
    opened: Integers
    attributes: Attributes
    rank: Floats
    broken: tuple[str, ...]
    simplify: bool
    members: Members | None = None

    def __len__(self) -> int:
        return len(self.fid)

    @cached_property
    def importance(self) -> npt.NDArray[np.float32]:
        """For each vertex the tolerance up to which it has to be kept, units of the CRS; empty where all are kept."""
        paths = self.paths
        if not self._drops_vertices:
            return np.empty(0, dtype=np.float32)
        ring = np.repeat(paths.dimension == 2, np.diff(paths.first_path))
        importance = vertex_importance(paths.xy, paths.first_vertex, ring)
        point = np.repeat(paths.dimension == 0, np.diff(paths.first_path))
        importance[np.repeat(point, np.diff(paths.first_vertex))] = np.inf
        return importance

    @cached_property
    def features(self) -> Features:
        """The features as kernels take them."""
        paths = self.paths
        return Features(paths.dimension, paths.first_path, paths.first_vertex, paths.hole, paths.xy, self.bounds)

    @cached_property
    def tags(self) -> Tags:
        """Numbers and attributes as kernels take them."""
        attributes = self.attributes
        keys = np.frombuffer(attributes.key_fields, dtype=np.uint8)
        return Tags(self.fid, attributes.codes, attributes.values, attributes.begins, keys)

    @property
    def is_entwined(self) -> bool:
        """Whether a feature may be drawn in another way because its neighbour changed."""
        return self.members is not None or self._drops_vertices

    @property
    def _drops_vertices(self) -> bool:
        return self.simplify and bool(self.paths.dimension.any())

    def widen(self, boxes: Floats) -> Floats:
        """Widen boxes of features to hold all features that they meet, where those may be drawn in another way.

        A border is judged between the places where it meets others, and lines are joined at their ends.
        """
        if not self.is_entwined:
            return boxes
        paths = self.paths
        return widen_boxes(boxes, self.bounds, self.leaves, paths.xy, paths.first_vertex, paths.first_path)

    def count(self, rows: Integers, place: Place) -> int:
        """Count the features of the layer that have a part in a tile, by the positions of those that have."""
        return len(rows) if self.members is None else count_members(rows, self.members, self.features, place)

    def rows_in(self, box: BBox) -> Integers:
        """Positions of the features whose boxes share a point with a box, ascending."""
        return rows_in_box(self.bounds, self.leaves, *box)

    def look_into(self, box: BBox) -> Sight:
        """See which features are in a box, who wrote them last, and how many vertices they have."""
        paths = self.paths
        return look_into_box(self.bounds, self.leaves, self.opened, paths.first_path, paths.first_vertex, *box)

    def take(self, rows: Integers) -> Columns:
        """Only the features at some positions, ascending, in memory of their own."""
        bounds = self.bounds[rows]
        return replace(
            self,
            paths=self.paths.take(rows),
            along=self.along[rows],
            bounds=bounds,
            leaves=leaf_bounds(bounds),
            fid=self.fid[rows],
            opened=self.opened[rows],
            attributes=self.attributes.take(rows),
            rank=self.rank[rows],
        )

    def places_of(self, others: Columns) -> Integers:
        """Find the feature, by its position, before which each of others is to stand."""
        places, ends = (np.searchsorted(self.along, others.along, side=side) for side in ("left", "right"))
        for other in np.flatnonzero(places < ends).tolist():  # in the same place the key decides
            wanted, key_of = others.attributes.key_of(other), self.attributes.key_of
            places[other] = bisect_left(range(len(self)), wanted, places[other], ends[other], key=key_of)
        return places

    def spliced(self, stay: Integers, others: Columns, places: Integers) -> Columns:
        """Take some of these features, and put others between them.

        Parameters
        ----------
        stay
            Ascending positions of those to take.
        others, places
            Other features, and ascending positions of those before which they are to stand.
        """
        order = np.insert(stay, np.searchsorted(stay, places), len(self) + np.arange(len(others)))

        def spliced(one: npt.NDArray[T], other: npt.NDArray[T]) -> npt.NDArray[T]:
            return np.concatenate((one, other))[order]

        bounds = spliced(self.bounds, others.bounds)
        return replace(
            self,
            paths=self.paths.joined(others.paths).take(order),
            along=spliced(self.along, others.along),
            bounds=bounds,
            leaves=leaf_bounds(bounds),
            fid=spliced(self.fid, others.fid),
            opened=spliced(self.opened, others.opened),
            attributes=self.attributes.joined(others.attributes).take(order),
            rank=spliced(self.rank, others.rank),
        )


def make_columns(frame: Frame, crs: CRS) -> Columns:
    """Take the features of a frame apart for tiles in a CRS."""
    geometries = frame.geometry
    drawn = np.flatnonzero(~(shapely.is_missing(geometries) | shapely.is_empty(geometries)))
    paths = Paths.of(geometries[drawn])
    paths = replace(paths, xy=_move(paths.xy, frame.crs, crs))
    placed = _placed(paths, _reach(crs))
    broken = frame.data.index[drawn[~placed]]
    if not placed.all():
        paths = paths.take(np.flatnonzero(placed))
    bounds = feature_bounds(paths.xy, paths.first_vertex, paths.first_path)
    row = drawn[placed]
    middle = (bounds[:, :2] + bounds[:, 2:]) / (4 * _reach(crs)) + 0.5
    along = hilbert_distance(middle[:, 0], middle[:, 1])
    order = np.lexsort((row, along))
    bounds, row = bounds[order], row[order]
    return Columns(
        crs=crs,
        paths=paths.take(order),
        along=along[order],
        bounds=bounds,
        leaves=leaf_bounds(bounds),
        fid=frame.fid[row],
        opened=np.full(len(row), frame.revision) if frame.opened is None else frame.opened[row],
        attributes=encode_attributes(frame, row),
        rank=rank_features(frame.fid[row], paths.dimension[order], bounds),
        simplify=frame.layer.simplify,
        broken=(*frame.unreadable, *broken),
    )


def _move(xy: Floats, source: CRS, target: CRS) -> Floats:
    """Reproject n places, (n, 2); those that have no place in the target are not numbers."""
    try:
        return np.column_stack(transform(xy[:, 0], xy[:, 1], source, target))
    except CrsError:
        if len(xy) == 1:
            return np.full((1, 2), np.nan)
        half = len(xy) // 2
        return np.concatenate((_move(xy[:half], source, target), _move(xy[half:], source, target)))


def _placed(paths: Paths, reach: float) -> npt.NDArray[np.bool_]:
    """Whether each feature has vertices, and all of them lie where the CRS can show them."""
    placed = paths.first_path[1:] > paths.first_path[:-1]
    # Written so that a coordinate that is not a number is off as well.
    off = np.flatnonzero(~(np.abs(paths.xy) <= reach).all(axis=1))
    placed[np.searchsorted(paths.first_vertex[paths.first_path], off, side="right") - 1] = False
    return placed


def _reach(crs: CRS) -> float:
    return _REACH_DEG if crs.is_geographic else _REACH_M


def rank_features(fid: Integers, dimension: npt.NDArray[np.uint8], bounds: Floats) -> Floats:
    """Say which features to keep where there is no room for all, see `Columns`."""
    width, height = bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]
    mixed = fid.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ mixed >> np.uint64(32)) * np.uint64(0xD6E8FEB86659FD93)
    return np.select(
        [dimension == 0, dimension == 1], [(mixed >> np.uint64(11)) * 2.0**-53, np.hypot(width, height)], width * height
    )


def is_among(numbers: Integers, some: Integers) -> npt.NDArray[np.bool_]:
    """Whether each number is among some others; faster than by hashing where either are few."""
    if len(some) == 0:
        return np.zeros(len(numbers), dtype=bool)
    order = np.sort(some)
    found: npt.NDArray[np.bool_] = order[np.searchsorted(order, numbers).clip(max=len(order) - 1)] == numbers
    return found
