"""Which cells give 5G on a day, and the sectors they are stated to serve."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import shapely

from twin.crs import CRS, reproject
from twin.frame import Frame
from twin.sectors import build_sectors
from twin.service_life import find_in_service


def find_5g_in_service(cell_sites: Frame, *, operator: str | None, on_date: date | None) -> npt.NDArray[np.bool_]:
    """Return which of n cells carry 5G for the operator (None: any) and are in service on the day (None: by status).

    A cell carries 5G when its technology says so; where that is empty, when its band is an n-band.
    """
    rows = cell_sites.data
    technology = rows["technology"].fillna("")
    by_band = (technology == "") & rows["band"].fillna("").str.startswith("n")
    found: npt.NDArray[np.bool_] = ((technology == "5G") | by_band).to_numpy(bool) & find_in_service(rows, on_date)
    if operator is not None:
        found &= (rows["operator"] == operator).to_numpy(bool)
    return found


def build_stated_sectors(cells: Frame, plane: CRS, *, radius_scale: float) -> tuple[npt.NDArray[np.object_], int]:
    """Return the sectors that n cells are stated to serve, and how many cells say too little to draw one.

    A cell needs a radius and an angle, and unless the angle is 360 degrees an azimuth: nothing is assumed for it.

    The sectors are in `plane`, a CRS in metres; `radius_scale` is a factor on every stated radius.
    """
    rows = cells.data
    azimuth, angle, radius = (rows[name].to_numpy(float) for name in ("azimuth_deg", "beamwidth_deg", "radius_m"))
    drawable = (radius > 0) & (angle > 0) & (~np.isnan(azimuth) | (angle >= 360))
    at = shapely.get_coordinates(reproject(cells.geometry[drawable], cells.crs, plane))
    sectors = build_sectors(
        at[:, 0],
        at[:, 1],
        azimuth_deg=azimuth[drawable],
        angle_deg=angle[drawable],
        radius_m=radius[drawable] * radius_scale,
        crs=plane,
    )
    return sectors, int((~drawable).sum())
