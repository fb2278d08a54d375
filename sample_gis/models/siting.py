"""Where the files say that their buildings stand: each in another way, one of them badly.

The county's own CRS has no code in the EPSG register, and files of IFC4 must name one (GRF002), so all of them are in
the national zone of the county's seat. The factor of the grid, 2 cm in 100 m, stands in the scale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sample_gis.models.author import Author, Entity
from sample_gis.models.lot import Lot
from twin.crs import CRS, parse_crs, transform

#: The national zone of the seat, and what its heights are above.
_RADIUS_M = 6_371_000.0
MAP_CRS, HEIGHTS = "EPSG:4548", "EPSG:5737"


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where local coordinates of a lot start on the map.

    Parameters
    ----------
    easting_m, northing_m, height_m
        The corner of the outline on the ground, to a tenth of a millimetre.
    axis
        Unit vector in which local x runs on the map, to nine digits.
    factor
        Metres of the map in a metre of the ground.
    latitude_deg, longitude_deg
        The corner on CGCS2000.
    """

    easting_m: float
    northing_m: float
    height_m: float
    axis: tuple[float, float]
    factor: float
    latitude_deg: float
    longitude_deg: float


def find_position(lot: Lot, storage: CRS) -> Position:
    """Put a lot on the map of the national zone."""
    width, _ = lot.size_mm
    (x, y), (far_x, far_y) = lot.locate(0, 0), lot.locate(width, 0)
    east, north = transform([x, far_x], [y, far_y], storage, parse_crs(MAP_CRS))
    lon, lat = transform([x], [y], storage, parse_crs("EPSG:4490"))
    length = math.hypot(east[1] - east[0], north[1] - north[0])
    return Position(
        easting_m=round(float(east[0]), 4),
        northing_m=round(float(north[0]), 4),
        height_m=lot.ground_m,
        axis=(round(float(east[1] - east[0]) / length, 9), round(float(north[1] - north[0]) / length, 9)),
        # What is 1 m on the ground is less at the level of the ellipsoid.
        factor=round(length / width * 1000 / (1 + lot.ground_m / _RADIUS_M), 9),
        latitude_deg=round(float(lat[0]), 9),
        longitude_deg=round(float(lon[0]), 9),
    )


def convert(author: Author, position: Position) -> None:
    """Say it by a map conversion, as IFC4 does."""
    make = author.file.create_entity
    metre = make("IfcSIUnit", None, "LENGTHUNIT", None, "METRE")
    target = make(
        "IfcProjectedCRS", Name=MAP_CRS, Description="CGCS2000 / 3-degree Gauss-Kruger CM 117E",
        GeodeticDatum="EPSG:1043", VerticalDatum=HEIGHTS, MapProjection="Gauss-Kruger", MapZone="CM 117E",
        MapUnit=metre,
    )  # fmt: skip
    make(
        "IfcMapConversion", author.context, target, position.easting_m, position.northing_m, position.height_m,
        *position.axis, round(position.factor / author.per_m, 12),
    )  # fmt: skip


def convert_by_properties(author: Author, position: Position, site: Entity) -> None:
    """Say it by property sets of the site, as files of IFC2X3 do."""
    author.describe(
        "ePSet_MapConversion",
        {
            "TargetCRS": MAP_CRS,
            "Eastings": position.easting_m,
            "Northings": position.northing_m,
            "OrthogonalHeight": position.height_m,
            "XAxisAbscissa": position.axis[0],
            "XAxisOrdinate": position.axis[1],
            "Scale": round(position.factor / author.per_m, 12),
        },
        site,
    )
    author.describe("ePSet_ProjectedCRS", {"Name": MAP_CRS, "VerticalDatum": HEIGHTS, "MapUnit": "METRE"}, site)


def latitude_and_longitude(author: Author, position: Position, site: Entity) -> None:
    """Say it once more by the latitude and longitude of the site."""
    site.RefLatitude = _angle(position.latitude_deg)
    site.RefLongitude = _angle(position.longitude_deg)
    site.RefElevation = author.length(position.height_m * 1000)


def _angle(degrees: float) -> tuple[int, int, int, int]:
    """Degrees, minutes, seconds and millionths of a second."""
    millionths = round(degrees * 3_600_000_000)
    seconds, rest = divmod(millionths, 1_000_000)
    return seconds // 3600, seconds // 60 % 60, seconds % 60, rest
