"""Which features of a layer share a point with an area."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from api.crs import Geometries, NamedCrs
from api.features.area import Area, Reach
from api.features.splice import Splice, without
from tiles.kernels.index import hilbert_distance, leaf_bounds, sift_rows
from twin.crs import CRS, BBox

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: What came after an edit stands behind the rest until it is this part of all.
_LOOSE_SHARE = 0.02


@dataclass(frozen=True, kw_only=True, eq=False)
class Places:
    """n features with m geometries, neighbours close to each other.

    Parameters
    ----------
    crs
        The storage CRS.
    geometries
        n geometries; None where there is none.
    rows
        m positions of the features that have a geometry.
    bounds, leaves
        (m, 4) the box of each, and of each run of neighbours.
    loose
        How many of them, the last ones, do not stand in order.
    """

    crs: CRS
    geometries: Geometries
    rows: Integers
    bounds: Floats
    leaves: Floats
    loose: int = 0

    @classmethod
    def of(cls, geometries: Geometries, crs: CRS) -> Places:
        """Put geometries of the storage CRS in order."""
        bounds = shapely.bounds(geometries)
        rows = np.flatnonzero(~np.isnan(bounds[:, 0]))
        return cls._in_order(geometries, crs, rows, bounds[rows])

    @classmethod
    def _in_order(cls, geometries: Geometries, crs: CRS, rows: Integers, bounds: Floats) -> Places:
        middle = (bounds[:, :2] + bounds[:, 2:]) / 2
        low = middle.min(axis=0, initial=np.inf)
        side = max(np.finfo(float).tiny, float((middle.max(axis=0, initial=-np.inf) - low).max(initial=0)))
        share = (middle - low) / side
        order = np.argsort(hilbert_distance(share[:, 0], share[:, 1]), kind="stable")
        ordered = bounds[order]
        return cls(crs=crs, geometries=geometries, rows=rows[order], bounds=ordered, leaves=leaf_bounds(ordered))

    def reach(self, named: NamedCrs) -> Reach | None:
        """Where they all are, for areas in a CRS; None where there are none."""
        if len(self.leaves) == 0:
            return None
        if named.uri not in self._reaches:
            low, high = self.leaves[:, :2].min(axis=0), self.leaves[:, 2:].max(axis=0)
            self._reaches[named.uri] = Reach.of(BBox(*low.tolist(), *high.tolist()), self.crs, named.crs)
        return self._reaches[named.uri]

    @cached_property
    def _reaches(self) -> dict[str, Reach]:
        return {}

    def meeting(self, area: Area) -> Integers:
        """Positions of the features that share a point with an area, ascending."""
        certain, others = sift_rows(self.bounds, self.leaves, self.rows, area.outer, area.sides)
        if len(others):
            shapely.prepare(area.geometry)
            met = shapely.intersects(area.geometry, self.geometries[others])
            certain = np.concatenate((certain, others[met]))
        certain.sort()
        return certain

    def spliced(self, come: Geometries, splice: Splice) -> Places:
        """Follow an edit by which some geometries come."""
        lost, rows = splice.follow(self.rows)
        bounds = shapely.bounds(come)
        there = np.flatnonzero(~np.isnan(bounds[:, 0]))
        rows = np.concatenate((rows, splice.come[there]))
        bounds = np.concatenate((without(self.bounds, lost), bounds[there]))
        geometries = splice.of(self.geometries, come)
        loose = self.loose + len(there)
        if loose > _LOOSE_SHARE * len(rows):
            return self._in_order(geometries, self.crs, rows, bounds)
        return Places(
            crs=self.crs, geometries=geometries, rows=rows, bounds=bounds, leaves=leaf_bounds(bounds), loose=loose
        )
