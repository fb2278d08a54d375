"""The cross section at a line: what a trench dug there would show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from layers.pipelines.axis import walk_m
from layers.pipelines.sections.cuts import Cut, cut_along
from twin.errors import InvalidParameter

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from shapely import LineString


@dataclass(frozen=True, kw_only=True)
class CrossSection:
    """A cross section: its length in plan, metres, and the pipes that are cut, in the order of the line."""

    length_m: float
    cuts: tuple[Cut, ...]


def make_cross_section(segments: GeoDataFrame, line: LineString) -> CrossSection:
    """Cut segments at a line.

    Parameters
    ----------
    segments
        Rows of ``pipe_segments`` in the storage CRS, indexed by their keys.
    line
        Where to cut, in the storage CRS; it may have bends.

    Raises
    ------
    InvalidParameter
        If the line has no length.
    """
    if not line.length:
        raise InvalidParameter("the line of a cross section has no length")
    vertices = shapely.get_coordinates(line)
    along = walk_m(vertices)
    cuts = cut_along(np.column_stack([vertices, along]), segments)
    return CrossSection(length_m=float(along[-1]), cuts=tuple(cuts))
