"""The picture of a conflict: the plan about its place, true to scale, the features that it is about named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import shapely

from layers.pipelines.axis import has_heights, heights_at
from layers.pipelines.codes.classes import COLORS
from layers.pipelines.section import Sections
from twin.paper import Paper

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from shapely import Point
    from shapely.geometry.base import BaseGeometry

#: The sheet, what is shown of the ground on it in metres, and the scale.
_WIDTH_MM, _HEIGHT_MM, _TOP_MM, _EDGE_MM = 120.0, 104.0, 20.0, 5.0
_WIDE_M, _HIGH_M, _MM_PER_M = 11.0, 7.8, 10.0
_LEAST_MM = 0.4
_BUILDING, _MARK, _FRAME = "#cfc8bd", "#c4161c", "#777777"


def draw_plan(title: str, place: Point, segments: GeoDataFrame, buildings: GeoDataFrame, keys: Sequence[str]) -> Paper:
    """Draw the plan about a place.

    Parameters
    ----------
    title
        What stands above.
    place
        The middle.
    segments, buildings
        Rows of ``pipe_segments`` and ``buildings`` in a CRS in metres.
    keys
        Of the segments that are named, with size and height of the axis.
    """
    window = shapely.box(
        place.x - _WIDE_M / 2, place.y - _HIGH_M / 2, place.x + _WIDE_M / 2, place.y + _HIGH_M / 2
    )  # fmt: skip
    paper = Paper(_WIDTH_MM, _HEIGHT_MM, title=title)
    paper.text(_EDGE_MM, 6, title, size_mm=3)

    def on_paper(points: BaseGeometry) -> list[tuple[float, float]]:
        x, y = shapely.get_coordinates(points).T
        west, _, _, north = window.bounds
        return list(zip(_EDGE_MM + (x - west) * _MM_PER_M, _TOP_MM + (north - y) * _MM_PER_M, strict=True))

    for part in shapely.get_parts(_within(buildings, window).geometry.intersection(window)):
        if part.geom_type == "Polygon":
            paper.area(on_paper(part.exterior), fill=_BUILDING, color=_FRAME)
    near = _within(segments, window)
    widths_m = np.nan_to_num(Sections.of(near).width_m + 2 * Sections.of(near).wall_m)
    for line, name, width_m in zip(near.geometry, near["class"], widths_m, strict=True):
        for part in shapely.get_parts(shapely.intersection(shapely.force_2d(line), window)):
            if part.geom_type == "LineString":
                paper.line(on_paper(part), color=COLORS[name], width_mm=max(width_m * _MM_PER_M, _LEAST_MM))
    ((x, y),) = on_paper(place)
    paper.ellipse(x, y, 4, 4, fill="none", color=_MARK, width_mm=0.5)
    paper.line([*(on_paper(window.exterior)[at] for at in range(5))], color=_FRAME, width_mm=0.2)
    for number, words in enumerate(_name(segments.loc[list(keys)], place)):
        paper.text(_EDGE_MM, 11 + 4 * number, words, size_mm=2.6)
    paper.text(_WIDTH_MM - _EDGE_MM, _HEIGHT_MM - 1.5, "1:100", size_mm=2.6, anchor="end", color=_FRAME)
    return paper


def _within(rows: GeoDataFrame, window: shapely.Polygon) -> GeoDataFrame:
    return rows.iloc[np.sort(rows.sindex.query(window, predicate="intersects"))]


def _name(rows: GeoDataFrame, place: Point) -> list[str]:
    """What segments are, and how high their axes are at a place."""
    along_m = shapely.line_locate_point(shapely.force_2d(rows.geometry.to_numpy()), place)
    heights = np.where(has_heights(rows), heights_at(rows.geometry.to_numpy(), along_m), np.nan)
    return [
        f"{key}  {name} {size}  " + ("depth unknown 埋深不明" if np.isnan(height) else f"axis 中心 {height:.2f} m")
        for key, name, size, height in zip(rows.index, rows["class"], Sections.of(rows).labels(), heights, strict=True)
    ]
