"""Which segments have less ground above them than GB 50289-2016 asks for what is above: a carriageway, or a footway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from layers.pipelines.axis import has_heights, heights_at
from layers.pipelines.clearance.cover import load_cover_confidences, load_covers
from layers.pipelines.clearance.limits import NO_KIND, TOUCH_M, kinds_of
from layers.pipelines.section import Sections

if TYPE_CHECKING:
    import pandas as pd
    from geopandas import GeoDataFrame

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]


def find_shallow_covers(segments: GeoDataFrame, roads: GeoDataFrame) -> pd.DataFrame:
    """Find all segments with less ground above their outer top than what is above them asks for.

    Carriageways are what is within half the width of a road of its centre line; a road of unknown width has none.
    Everywhere else the cover of a footway is asked for. The cover changes evenly between the ends of a segment, so it
    is least at its ends or where it enters or leaves a carriageway. Segments with one depth only are left out.

    Parameters
    ----------
    segments, roads
        Rows of ``pipe_segments`` and ``roads`` in a CRS in metres.

    Returns
    -------
    DataFrame
        As of `layers.pipelines.clearance.pairs.find_conflicts`, ``rule`` is ``COVER``: one row for a segment, where it
        lacks most; ``second`` are positions of roads, -1 where no carriageway is above.

    References
    ----------
    GB 50289-2016, Table 4.1.1.
    """
    import pandas as pd

    kinds, sections = kinds_of(segments), Sections.of(segments)
    depths = (segments[f"{end}_depth_m"].to_numpy(dtype=float, na_value=np.nan) for end in ("from", "to"))
    covers = np.column_stack([sections.cover_m(depth, segments["depth_ref"]) for depth in depths])
    wanted = {
        above: np.where(kinds == NO_KIND, np.nan, load_covers(above)[kinds]) for above in ("footway", "vehicle_lane")
    }
    lowest = covers.min(axis=1)
    rows = np.flatnonzero(lowest < np.fmax(wanted["footway"], wanted["vehicle_lane"]) - TOUCH_M)
    lines = shapely.force_2d(segments.geometry.to_numpy())
    parts = [_whole(rows, covers, wanted["footway"]), _below_lanes(rows, lines, covers, wanted["vehicle_lane"], roads)]
    found = pd.concat(parts, ignore_index=True)
    found = found[found["measured_m"] < found["limit_m"] - TOUCH_M]
    lacks = (found["measured_m"] - found["limit_m"]).to_numpy()
    found = found.iloc[np.lexsort((found["second"], lacks, found["first"]))].drop_duplicates("first", ignore_index=True)
    return _place(found.assign(confidence=load_cover_confidences()[kinds[found["first"]]]), segments, lines)


def _whole(rows: Numbers, covers: Floats, wanted_m: Floats) -> pd.DataFrame:
    """The least covers of segments."""
    import pandas as pd

    return pd.DataFrame(
        {
            "first": rows,
            "second": -1,
            "measured_m": covers[rows].min(axis=1),
            "limit_m": wanted_m[rows],
            "share": covers[rows].argmin(axis=1).astype(float),
        }
    )


def _below_lanes(
    rows: Numbers, lines: Geometries, covers: Floats, wanted_m: Floats, roads: GeoDataFrame
) -> pd.DataFrame:
    """The least covers of segments below each carriageway."""
    import pandas as pd

    width_m = roads["width_m"].to_numpy(dtype=float, na_value=np.nan)
    wide = np.flatnonzero(width_m > 0)
    lanes = shapely.buffer(roads.geometry.to_numpy()[wide], width_m[wide] / 2)
    lane, row = shapely.STRtree(lines[rows]).query(lanes, predicate="intersects")
    inside, pair = shapely.get_coordinates(shapely.intersection(lines[rows[row]], lanes[lane]), return_index=True)
    pipe = rows[row[pair]]
    share = shapely.line_locate_point(lines[pipe], shapely.points(inside), normalized=True)
    return pd.DataFrame(
        {
            "first": pipe,
            "second": wide[lane[pair]],
            "measured_m": covers[pipe, 0] + share * (covers[pipe, 1] - covers[pipe, 0]),
            "limit_m": wanted_m[pipe],
            "share": share,
        }
    )


def _place(found: pd.DataFrame, segments: GeoDataFrame, lines: Geometries) -> pd.DataFrame:
    """Say where on the axis it is, and by which table."""
    pipe = found["first"].to_numpy(np.int64)
    axes, along_m = segments.iloc[pipe], found.pop("share").to_numpy() * shapely.length(lines[pipe])
    x, y = shapely.get_coordinates(shapely.line_interpolate_point(lines[pipe], along_m)).T
    z = np.where(has_heights(axes), heights_at(axes.geometry.to_numpy(), along_m), np.nan)
    found.insert(0, "rule", "COVER")
    for side in ("first", "second"):
        found[f"{side}_x"], found[f"{side}_y"], found[f"{side}_z"] = x, y, z
    return found.assign(source="GB 50289-2016, Table 4.1.1")
