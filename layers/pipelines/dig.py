"""What is in the ground where somebody wants to dig."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from layers.pipelines.codes.attributes import ABOVE_GROUND
from layers.pipelines.section import Sections

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    Floats = NDArray[np.float64]

#: Classes by what a cut does to people, the worst first: fire and explosion, current, scalding, then supply.
DANGER = ("RQ", "DL", "GY", "RL", "JS", "QT", "TX", "PS")


@dataclass(frozen=True, kw_only=True)
class Buried:
    """A segment under the ground that is dug up; metres, NaN where its depth is unknown.

    Parameters
    ----------
    segment_id
        Which.
    cover_m
        Least ground above its outer top within the area.
    reached
        Whether digging comes as deep as its outer top; taken for true where its depth is unknown.
    """

    segment_id: str
    cover_m: float
    reached: bool


@dataclass(frozen=True, kw_only=True)
class Founded:
    """A building within reach of a dig.

    Parameters
    ----------
    building_id
        Which.
    distance_m
        From the dig to its footprint on the plan, 0 where it is dug into.
    foundation_depth_m
        How deep its foundation goes; NaN where nobody knows.
    undermined
        Whether the dig goes deeper, and nearer than the soil spreads what it carries; None where nobody knows.
    """

    building_id: str
    distance_m: float
    foundation_depth_m: float
    undermined: bool | None


def find_founded(
    buildings: GeoDataFrame, area: BaseGeometry, depth_m: float, *, reach_m: float, soil_deg: float
) -> list[Founded]:
    """Find buildings near a dig, the most endangered first: those undermined, those nobody knows, then by distance.

    Parameters
    ----------
    buildings
        Rows of ``buildings`` in a CRS in metres, indexed by their keys.
    area, depth_m
        Where somebody digs, in that CRS, and how deep.
    reach_m
        How near they are.
    soil_deg
        Angle of friction of the soil, by which it spreads what a foundation carries.
    """
    outlines = shapely.force_2d(buildings.geometry.to_numpy())
    rows = np.flatnonzero(shapely.dwithin(outlines, area, reach_m))
    depths = buildings["foundation_depth_m"].iloc[rows].to_numpy(dtype=float, na_value=np.nan)
    distances = shapely.distance(outlines[rows], area)
    deeper_m = (depth_m - depths) / math.tan(math.radians(soil_deg))
    found = [
        Founded(
            building_id=str(name),
            distance_m=float(distance),
            foundation_depth_m=float(depth),
            undermined=None if math.isnan(depth) else bool(distance < deeper),
        )
        for name, distance, depth, deeper in zip(buildings.index[rows], distances, depths, deeper_m, strict=True)
    ]
    order = (True, None, False)
    return sorted(found, key=lambda each: (order.index(each.undermined), each.distance_m, each.building_id))


def find_buried(segments: GeoDataFrame, area: BaseGeometry, depth_m: float) -> list[Buried]:
    """Find what lies under an area, the most dangerous first: what is reached, then by class, then by cover.

    Parameters
    ----------
    segments
        Rows of ``pipe_segments`` in the storage CRS, indexed by their keys.
    area
        Where somebody digs, in the storage CRS.
    depth_m
        How deep.
    """
    lines = shapely.force_2d(segments.geometry.to_numpy())
    width = Sections.of(segments).width_m
    half = np.nan_to_num(width / 2 + Sections.of(segments).wall_m)
    in_ground = ~segments["embedding"].isin(ABOVE_GROUND).to_numpy(bool)
    rows = np.flatnonzero(in_ground & (shapely.distance(lines, area) <= half))
    covers = _least_covers(segments.iloc[rows], lines[rows], area)
    found = [
        Buried(segment_id=str(name), cover_m=float(cover), reached=not cover > depth_m)
        for name, cover in zip(segments.index[rows], covers, strict=True)
    ]
    classes = dict(zip(segments.index[rows], segments["class"].iloc[rows], strict=True))
    return sorted(
        found,
        key=lambda each: (
            not each.reached,
            DANGER.index(classes[each.segment_id]),
            math.inf if math.isnan(each.cover_m) else each.cover_m,
            each.segment_id,
        ),
    )


def _least_covers(rows: GeoDataFrame, lines: NDArray[np.object_], area: BaseGeometry) -> Floats:
    """Least cover of segments within an area; depth is straight between the ends."""
    depths = rows[["from_depth_m", "to_depth_m"]].to_numpy(dtype=float, na_value=np.nan)
    sections = Sections.of(rows)
    ends = np.column_stack([sections.cover_m(depths[:, end], rows["depth_ref"]) for end in (0, 1)])
    least = np.empty(len(rows))
    for number, line in enumerate(lines):
        inside = shapely.intersection(line, area)
        if shapely.is_empty(inside):  # only its wall is
            inside = shapely.get_point(shapely.shortest_line(line, area), 0)
        along = shapely.line_locate_point(line, shapely.points(shapely.get_coordinates(inside))) / line.length
        least[number] = (ends[number, 0] + along * (ends[number, 1] - ends[number, 0])).min()
    return least
