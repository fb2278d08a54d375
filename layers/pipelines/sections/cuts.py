"""Where a way over the ground cuts pipelines, and what is cut there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from layers.pipelines.axis import has_heights, heights_at
from layers.pipelines.codes.classes import NAMES
from layers.pipelines.section import Sections

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A segment where a way crosses it; metres, NaN where the depth or the section is unknown.

    Parameters
    ----------
    segment_id, pipe_class, subclass, size, is_round
        Which segment, its class and sub-class (empty where unknown), its section in words and whether that is round.
    at_m
        Distance along the way.
    axis_m, invert_m, cover_m
        Heights of the axis and of the inner bottom there, and ground above the outer top.
    width_m, height_m
        Of the section, walls included.
    angle_deg
        Between the two in plan, 0 to 90.
    """

    segment_id: str
    pipe_class: str
    subclass: str
    size: str
    is_round: bool
    at_m: float
    axis_m: float
    invert_m: float
    cover_m: float
    width_m: float
    height_m: float
    angle_deg: float

    @property
    def kind(self) -> str:
        """Its sub-class, or its class where that is unknown: the code and the Chinese name."""
        code = self.subclass or self.pipe_class
        return f"{code} {NAMES[code]}"

    @property
    def ground_m(self) -> float:
        """Height of the ground above it, by its own depth."""
        return self.axis_m + self.height_m / 2 + self.cover_m


def cut_along(way: Floats, segments: GeoDataFrame) -> list[Cut]:
    """Find where segments cross a way, in the order of the way.

    Parameters
    ----------
    way
        (n, 3) x and y in the storage CRS, and the distance along the way in metres, of its vertices.
    segments
        Rows of ``pipe_segments`` in the storage CRS, indexed by their keys.
    """
    lines = shapely.force_2d(segments.geometry.to_numpy())
    pieces = np.asarray(shapely.linestrings(np.stack([way[:-1, :2], way[1:, :2]], axis=1)), dtype=object)
    piece, row = shapely.STRtree(lines).query(pieces, predicate="intersects")
    points, which = shapely.get_parts(shapely.intersection(pieces[piece], lines[row]), return_index=True)
    is_point = shapely.get_type_id(points) == shapely.GeometryType.POINT  # not where one runs along the other
    points, piece, row = points[is_point], piece[which[is_point]], row[which[is_point]]

    cut, along = segments.iloc[row], shapely.line_locate_point(lines[row], points)
    sections = Sections.of(cut)
    depths = cut[["from_depth_m", "to_depth_m"]].to_numpy(dtype=float, na_value=np.nan)
    depth = depths[:, 0] + along / shapely.length(lines[row]) * (depths[:, 1] - depths[:, 0])
    cover = sections.cover_m(depth, cut["depth_ref"])
    axis = np.where(~has_heights(cut), np.nan, heights_at(cut.geometry.to_numpy(), along))
    columns = {
        "segment_id": cut.index,
        "pipe_class": cut["class"],
        "subclass": cut["subclass"].astype(object).where(cut["subclass"].notna(), ""),
        "size": sections.labels(),
        "is_round": sections.is_round,
        "at_m": way[piece, 2] + shapely.line_locate_point(pieces[piece], points),
        "axis_m": axis,
        "invert_m": sections.inner_bottom_m(axis),
        "cover_m": cover,
        "width_m": sections.width_m + 2 * sections.wall_m,
        "height_m": sections.height_m + 2 * sections.wall_m,
        "angle_deg": _angles(pieces[piece], lines[row], along),
    }
    cuts = [
        Cut(**dict(zip(columns, values, strict=True)))
        for values in zip(*(np.asarray(each).tolist() for each in columns.values()), strict=True)
    ]
    # At a vertex of the way both of its pieces cut there.
    once = {(each.segment_id, round(each.at_m, 6)): each for each in cuts}
    return sorted(once.values(), key=lambda each: (each.at_m, each.segment_id))


def _angles(pieces: NDArray[np.object_], lines: NDArray[np.object_], along_m: Floats) -> Floats:
    """Angles between pieces and the directions of lines at distances along them, degrees."""
    step = np.minimum(0.01, shapely.length(lines) / 2)
    before = shapely.line_interpolate_point(lines, np.maximum(along_m - step, 0))
    after = shapely.line_interpolate_point(lines, along_m + step)
    ends = shapely.get_coordinates(pieces).reshape(-1, 4)
    ux, uy = ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1]
    vx, vy = shapely.get_x(after) - shapely.get_x(before), shapely.get_y(after) - shapely.get_y(before)
    angles: Floats = np.degrees(np.arctan2(np.abs(ux * vy - uy * vx), np.abs(ux * vx + uy * vy)))
    return angles
