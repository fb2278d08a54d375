"""Rows and boxes in metres, whatever the storage CRS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.bbox import BBox
from twin.crs import CRS, metric_plane, reproject, reproject_bbox
from twin.frame import Frame

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


def in_metres(*frames: Frame) -> list[GeoDataFrame]:
    """The rows of layers of one store in one plane in metres about the first; the storage CRS where it is one."""
    first = frames[0]
    plane = metric_plane(first.crs, BBox.around(first.geometry)) if len(first) else first.crs
    return [
        frame.data
        if plane == frame.crs
        else frame.data.set_geometry(reproject(frame.geometry, frame.crs, plane), crs=plane)
        for frame in frames
    ]


def widen(box: BBox, crs: CRS, reach_m: float) -> BBox:
    """A box of a CRS with what is within some metres of it."""
    plane = metric_plane(crs, box)
    return reproject_bbox(reproject_bbox(box, crs, plane).buffer(reach_m), plane, crs)
