"""Which cells give 5G on a day, and the sectors they are stated to serve."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import shapely

from twin.crs import CRS, reproject
from twin.frame import Frame
from twin.sectors import build_sectors
from twin.service_life import find_in_service


@dataclass(frozen=True, kw_only=True, eq=False)
class Serving:
    """What cells in service are stated to serve with 5G, and what their rows leave open.

    Parameters
    ----------
    sectors
        n polygons in a plane.
    unsaid
        Cells that say neither technology nor band, so that nobody knows whether they give 5G.
    undrawn
        5G cells that say too little to draw their sector.
    circles
        5G cells that state a radius, but neither angle nor azimuth: their sector is the circle.
    """

    sectors: npt.NDArray[np.object_]
    unsaid: int
    undrawn: int
    circles: int

    @property
    def is_evidence(self) -> bool:
        """Whether a place without a sector can be called not covered: some sector is known, or no cell gives 5G."""
        return len(self.sectors) > 0 or not (self.unsaid or self.undrawn)

    def tell(self) -> Iterator[str]:
        """Say what the rows leave open and what came of it."""
        if self.unsaid:
            yield f"{self.unsaid} cells in service say neither technology nor band and were left out."
        if self.undrawn:
            yield f"{self.undrawn} 5G cells in service lack a radius, an angle or an azimuth and were left out."
        if self.circles:
            yield f"{self.circles} 5G cells in service state only a radius and were taken as circles."


def build_serving(
    cell_sites: Frame, plane: CRS, *, operator: str | None, on_date: date | None, radius_scale: float
) -> Serving:
    """Draw the sectors that cells are stated to serve with 5G.

    A cell counts when it is in service on the day (None: by its status alone) and of the operator (None: any). It
    gives 5G when its technology says so; where that is empty, when its band is an n-band. Its sector needs a radius
    and an angle, and unless that is 360 degrees an azimuth; a cell with neither angle nor azimuth serves a circle.

    Parameters
    ----------
    cell_sites
        n cells.
    plane
        CRS of the sectors, in metres.
    operator, on_date
        Which cells count.
    radius_scale
        Factor on every stated radius.
    """
    serving = find_in_service(cell_sites.data, on_date)
    if operator is not None:
        serving = serving & (cell_sites.data["operator"] == operator).to_numpy(bool)
    cells = cell_sites.take(serving)
    technology, band = (cells.data[name].fillna("").to_numpy(str) for name in ("technology", "band"))
    gives_5g = (technology == "5G") | ((technology == "") & np.char.startswith(band, "n"))
    unsaid = int(((technology == "") & (band == "")).sum())

    cells = cells.take(gives_5g)
    azimuth, angle, radius = (cells.data[name].to_numpy(float) for name in ("azimuth_deg", "beamwidth_deg", "radius_m"))
    circle = np.isnan(azimuth) & np.isnan(angle)
    angle = np.where(circle, 360.0, angle)
    drawn = (radius > 0) & ((angle >= 360) | ((angle > 0) & ~np.isnan(azimuth)))
    at = shapely.get_coordinates(reproject(cells.geometry[drawn], cells.crs, plane))
    sectors = build_sectors(
        at[:, 0],
        at[:, 1],
        azimuth_deg=azimuth[drawn],
        angle_deg=angle[drawn],
        radius_m=radius[drawn] * radius_scale,
        crs=plane,
    )
    return Serving(sectors=sectors, unsaid=unsaid, undrawn=int((~drawn).sum()), circles=int((drawn & circle).sum()))
