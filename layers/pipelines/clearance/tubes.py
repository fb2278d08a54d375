"""Segments as what takes room in the ground: straight pieces about an axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from layers.pipelines.axis import has_heights
from layers.pipelines.clearance.limits import NO_KIND, kinds_of
from layers.pipelines.section import Sections

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Tubes:
    """The straight pieces of m segments, n together.

    Parameters
    ----------
    edges
        (n, 6) x, y, z of start and end of each piece of axis, in the storage CRS, from `origin`; z is NaN where the
        depth of the segment is unknown.
    origin
        What was taken off x and y, so that nothing is lost to large coordinates.
    owners
        (n,) the segment of each piece; pieces of a segment stand together in its direction.
    sizes
        (m, 2) half of the outer width and height, metres; 0 where the section is unknown.
    is_round, kinds, ends
        (m,), (m,) numbers of `limits.KINDS`, (m, 2) numbers of the nodes that a segment starts and ends at.
    """

    edges: Floats
    origin: tuple[float, float]
    owners: Numbers
    sizes: Floats
    is_round: npt.NDArray[np.bool_]
    kinds: Numbers
    ends: Numbers

    @property
    def is_first(self) -> npt.NDArray[np.bool_]:
        """(n,) whether a piece begins its segment."""
        return np.asarray(np.diff(self.owners, prepend=-1) != 0)

    @property
    def is_last(self) -> npt.NDArray[np.bool_]:
        """(n,) whether a piece ends its segment."""
        return np.asarray(np.diff(self.owners, append=len(self.sizes)) != 0)

    def place(self, edges: Numbers, share: Floats) -> Floats:
        """Points on pieces, (r, 3) x, y, z, for r pieces and the shares of the way along each."""
        ends = self.edges[edges]
        points: Floats = ends[:, :3] + share[:, None] * (ends[:, 3:] - ends[:, :3])
        points[:, :2] += self.origin
        return points


def tubes_of(segments: GeoDataFrame) -> Tubes:
    """Take what lies in the ground and the tables of clearances know out of rows of ``pipe_segments``.

    Segments out of use stay: what lies there is in the way. The others have no pieces, but keep their numbers.

    Parameters
    ----------
    segments
        m rows in the storage CRS; the z of lines is that of the axis.
    """
    kinds = kinds_of(segments)
    sections = Sections.of(segments)
    sizes = np.column_stack([sections.width_m / 2 + sections.wall_m, sections.height_m / 2 + sections.wall_m])
    nodes = np.unique(segments[["from_node", "to_node"]].to_numpy(dtype=str), return_inverse=True)[1]

    coordinates, rows = shapely.get_coordinates(segments.geometry.to_numpy(), include_z=True, return_index=True)
    coordinates[~has_heights(segments)[rows], 2] = np.nan
    origin = coordinates[:, :2].mean(axis=0) if len(coordinates) else np.zeros(2)
    coordinates[:, :2] -= origin
    starts = np.flatnonzero((np.diff(rows) == 0) & (kinds[rows[:-1]] != NO_KIND))
    return Tubes(
        edges=np.hstack([coordinates[starts], coordinates[starts + 1]]),
        origin=(float(origin[0]), float(origin[1])),
        owners=rows[starts].astype(np.int64),
        sizes=np.nan_to_num(sizes),
        is_round=sections.is_round,
        kinds=kinds,
        ends=nodes.reshape(-1, 2).astype(np.int64),
    )
