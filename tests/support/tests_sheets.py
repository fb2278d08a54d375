"""Planning areas and topographic sheets by hand. Areas to compare with are PROJ's geodesic polygons on dense edges."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from layers.admin_areas import ADMIN_AREAS
from layers.planning_areas import PLANNING_AREAS
from layers.topo_sheets import TOPO_SHEETS, topographic_coverage
from tests_transforms import find_transformer
from twin.indicator import Measure

CRS = "EPSG:4548"
EAST, NORTH = 632_000, 3_936_000
Row = dict[str, Any]


def square(east: float, north: float, side: float) -> BaseGeometry:
    """A square with its corner so many metres from the south-west corner of the planning area."""
    return shapely.box(EAST + east, NORTH + north, EAST + east + side, NORTH + north + side)


def sheet(east: float, north: float, scale: int = 2000, *, side: float = 0, **fields: Any) -> Row:
    side = side or scale / 2
    no = f"{(NORTH + north) / 1000:.1f}-{(EAST + east) / 1000:.1f}"
    plain = {"scheme": "rectangular_50x50", "status": "accepted", "geometry": square(east, north, side)}
    return {"sheet_id": f"{scale}/{no}", "sheet_no": no, "scale": scale, **plain, **fields}


def area(geometry: BaseGeometry, area_id: str = "P", **fields: Any) -> Row:
    plain = {"name": area_id, "kind": "planning", "version": "2018-2035", "status": "in_force"}
    return {"area_id": area_id, "geometry": geometry, **plain, **fields}


NINE = [sheet(east, north) for north in (0, 1000, 2000) for east in (0, 1000, 2000)]
EIGHT, NINTH = NINE[:8], NINE[8]
PLANNING = area(square(0, 0, 3000))


def measure_sheets(
    frame: Any,
    sheets: Iterable[Row],
    areas: Iterable[Row] = (PLANNING,),
    towns: Iterable[Row] = (),
    crs: Any = CRS,
    **params: Any,
) -> Measure:
    """The indicator on rows written by hand; `frame` is the fixture of that name."""
    frames = (frame(TOPO_SHEETS, sheets, crs), frame(PLANNING_AREAS, areas, crs), frame(ADMIN_AREAS, towns, crs))
    return topographic_coverage.function(*frames, **params)


def geodesic_area_m2(polygon: BaseGeometry, crs: str = CRS, *, step: float = 25.0) -> float:
    to_degrees = find_transformer(crs, "EPSG:4490")
    lon, lat = to_degrees.transform(*shapely.get_coordinates(shapely.segmentize(polygon, step)).T)
    return abs(pyproj.Geod(a=6378137, rf=298.257222101).polygon_area_perimeter(lon, lat)[0])


def missing(found: Measure) -> list[str]:
    return [missing["sheet_no"] for missing in found.details["missing_sheets"]]
