"""Rows that lie nowhere near the county: of a delivery in the wrong zone all of them do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from twin.crs import CRS, geodesic_distance_m, horizontal
from twin.errors import Fault
from twin.ingest.faults import Faults, Rows

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from shapely.geometry.base import BaseGeometry

#: What lies this near belongs to the neighbourhood, such as the stations of the next county.
NEAR_M = 10_000.0

_EARTH_RADIUS_M = 6_378_137.0


def judge_places(
    rows: GeoDataFrame,
    origin: Rows,
    area: BaseGeometry | None,
    crs: CRS,
    faults: Faults,
    *,
    remedy: str = "check --crs",
) -> tuple[str, ...]:
    """Tell the rows that lie more than `NEAR_M` outside the county's outline; a file of nothing else is a fault.

    Parameters
    ----------
    rows
        n rows indexed by key, each with a geometry in the storage CRS.
    origin
        Where they come from.
    area
        The county's outline in the storage CRS; without one nothing is judged.
    crs
        The storage CRS.
    faults
        Gets the files of which no row is near.
    remedy
        What to do about it.

    Returns
    -------
    tuple
        A notice for each file of which some rows are far.
    """
    if area is None or not len(rows):
        return ()
    geometry = np.asarray(rows.geometry.to_numpy(), dtype=object)
    shapely.prepare(area)
    far = ~shapely.intersects(area, geometry)
    far[far] = ~shapely.dwithin(area, geometry[far], NEAR_M / _metres_per_unit(crs))
    notices = []
    for number, name in enumerate(origin.files):
        mine = origin.file == number
        lost = np.flatnonzero(far & mine)
        if not lost.size:
            continue
        count = np.count_nonzero(mine)
        first = f"first: {rows.index[lost[0]]}, {_distance_m(geometry[lost[0]], area, crs) / 1000:,.0f} km away"
        if lost.size == count:
            what = f"all {count:,} rows lie outside the county's outline ({first}); {remedy}"
            faults.add(Fault(what=what, file=name, field="geometry"))
        else:
            which = f" of {name}" if name and len(origin.files) > 1 else ""
            notices.append(
                f"{lost.size:,} of {count:,} rows{which} lie outside the county's outline ({first}); {remedy}"
            )
    return tuple(notices)


def _metres_per_unit(crs: CRS) -> float:
    """Metres of a unit of the CRS; of a degree along the meridian, the longest it can be."""
    flat = horizontal(crs)
    factor = float(flat.axis_info[0].unit_conversion_factor)
    return factor * _EARTH_RADIUS_M if flat.is_geographic else factor


def _distance_m(geometry: BaseGeometry, area: BaseGeometry, crs: CRS) -> float:
    (x1, y1), (x2, y2) = shapely.get_coordinates(shapely.shortest_line(geometry, area))
    return float(geodesic_distance_m(x1, y1, x2, y2, crs))
