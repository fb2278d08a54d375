"""Cell sites: three sectors a band, on every served place, over the seat, in the towns and along the roads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from sample_gis.boundary import Division
from sample_gis.dice import Dice, Floats
from sample_gis.place import ORIGIN, millimetres, to_storage
from sample_gis.reception import OFFSET_M, RADII_M, Design, Reason, needed_radius_m
from sample_gis.terrain import Terrain

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

_OPERATORS = {
    "n78": ("china_telecom", "china_unicom"),
    "n41": ("china_mobile",),
    "n28": ("china_mobile", "china_broadnet"),
    "B3": ("china_unicom", "china_telecom"),
}
_POWER_W = {"n78": 200.0, "n41": 240.0, "n28": 160.0, "B3": 80.0}


@dataclass(frozen=True, kw_only=True, eq=False)
class Site:
    """A base station: where, in metres from the seat, the radius of each band, and its status."""

    point: Floats
    radii_m: dict[str, float]
    reason: Reason | None = None


def place_sites(seed: int, design: Design, division: Division, villages: Floats, roadside: Floats) -> list[Site]:
    """Place all sites; those in service leave the dark places dark.

    Parameters
    ----------
    seed
        Seed of the county.
    design
        Which places are to be served.
    division
        The areas of the county.
    villages
        (k, 2) hearts of the villages.
    roadside
        (m, 2) points along the main roads and motorways.
    """
    dice = Dice(seed, "cell sites")
    sites = list(_on_places(dice, design))
    urban = _triangular_points(470.0, division) + dice.between(-60.0, 60.0, 1, 2)
    country = np.concatenate([villages[::4], roadside[::3]])
    wishes = [
        *((point, {"n41": 400.0, "n78": 300.0}) for point in urban),
        *((seat + 150.0, {"n28": 2_000.0, "n41": 700.0}) for seat in division.seats[1:]),
        *((point, {"n28": 2_000.0}) for point in country),
    ]
    for point, radii in wishes:
        radii_clear = {band: radius for band, radius in radii.items() if design.is_clear(point, radius)}
        if radii_clear:
            sites.append(Site(point=point, radii_m=radii_clear))
    return sites


def _on_places(dice: Dice, design: Design) -> Iterator[Site]:
    for index, place in enumerate(design.places):
        point = place.center + dice.between(-OFFSET_M / 2, OFFSET_M / 2, 2)
        reason = design.dark.get(index)
        needed = needed_radius_m(place)
        options = sorted((radius, band) for band, radii in RADII_M.items() for radius in radii if radius >= needed)
        if reason is None:
            radius, band = next((radius, band) for radius, band in options if design.is_clear(point, radius))
            yield Site(point=point, radii_m={band: radius})
        elif reason == "only_4g":
            yield Site(point=point, radii_m={"B3": 1_000.0}, reason=reason)
        elif reason != "too_far":
            yield Site(point=point, radii_m={options[0][1]: options[0][0]}, reason=reason)


def _triangular_points(step_m: float, division: Division) -> Floats:
    """Points of a triangular grid over the urban area."""
    row, column = (grid.ravel() for grid in np.meshgrid(np.arange(-14, 15), np.arange(-14, 15), indexing="ij"))
    points = np.stack([(column + (row % 2) / 2) * step_m, row * step_m * 0.866], axis=1)
    return points[division.urban[division.mesh.locate(points)]]


def cell_rows(seed: int, sites: list[Site], terrain: Terrain) -> GeoDataFrame:
    """Rows of the layer ``cell_sites``: one for each sector of each band."""
    import geopandas as gpd
    import pandas as pd

    dice = Dice(seed, "cell sectors")
    table = pd.DataFrame([row for number, site in enumerate(sites, start=1) for row in _sectors(dice, number, site)])
    at = np.array([sites[number].point for number in table.pop("site").tolist()])
    ground = millimetres(terrain.height_m(*(at + ORIGIN).T))
    return gpd.GeoDataFrame(
        table.astype({"in_service_since": "datetime64[s]", "in_service_until": "datetime64[s]"}),
        geometry=shapely.points(np.column_stack([to_storage(at), ground])),
    )


def _sectors(dice: Dice, number: int, site: Site) -> Iterator[dict[str, object]]:
    """Three sectors a band, a third of a circle each."""
    first, mast_m = int(dice.integers(0, 120, 1)[0]), float(dice.integers(22, 46, 1)[0])
    # 5G in the county began in the autumn of 2019.
    since = np.datetime64("2019-11-01") + dice.integers(0, 1_050, 1)[0]
    status = site.reason if site.reason in ("planned", "out_of_service") else "in_service"
    for band, radius_m in site.radii_m.items():
        for sector in range(3):
            yield {
                "site": number - 1,
                "cell_id": f"C{number:04d}-{band}-{sector + 1}",
                "site_id": f"C{number:04d}",
                "name": f"示例基站{number:04d}",
                "operator": _OPERATORS[band][number % len(_OPERATORS[band])],
                "technology": "4G" if band.startswith("B") else "5G",
                "band": band,
                "azimuth_deg": float(first + 120 * sector),
                "beamwidth_deg": 120.0,
                "height_m": mast_m,
                "power_w": _POWER_W[band],
                "radius_m": radius_m,
                "status": status,
                "in_service_since": None if status == "planned" else since,
                "in_service_until": np.datetime64("2022-09-30") if status == "out_of_service" else None,
            }
