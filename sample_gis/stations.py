"""Weather stations: two automatic ones in service in the urban area, and others that do not count there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from sample_gis.boundary import Division
from sample_gis.dice import Dice, Floats
from sample_gis.names import TOWN_NAMES
from sample_gis.place import ORIGIN, millimetres, to_storage
from sample_gis.terrain import Terrain

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: Where the stations of the seat stand, metres east and north of it.
_URBAN = (
    ("沂城国家气象观测站", (-900.0, 700.0), "automatic", "in_service"),
    ("沂城东区域气象站", (1_500.0, -400.0), "automatic", "in_service"),
    ("沂城人工观测点", (100.0, -1_300.0), "manual", "in_service"),
    ("沂城老城区域气象站", (-300.0, -200.0), "automatic", "out_of_service"),
    ("沂城新区区域气象站", (300.0, 1_900.0), "automatic", "planned"),
)

_FULL_SET, _SHORT_SET = "气温、气压、湿度、风向风速、降水、能见度", "气温、降水、风向风速"


@dataclass(frozen=True, kw_only=True, eq=False)
class Station:
    """A weather station; `urban` says whether it was put into the urban area."""

    station_id: str
    name: str
    point: Floats
    kind: str
    status: str
    urban: bool


def place_stations(seed: int, division: Division) -> tuple[Station, ...]:
    """Place the stations of the seat and one in each town."""
    dice = Dice(seed, "weather stations")
    seat = [
        Station(
            station_id="54936" if number == 0 else f"D{2100 + number}",
            name=f"{name}（示例）",
            point=np.array(point),
            kind=kind,
            status=status,
            urban=True,
        )
        for number, (name, point, kind, status) in enumerate(_URBAN)
    ]
    towns = [
        Station(
            station_id=f"D{2110 + town}",
            name=f"{TOWN_NAMES[town]}区域气象站（示例）",
            point=division.seats[town] + dice.between(-900.0, 900.0, 2),
            kind="automatic",
            status="in_service",
            urban=False,
        )
        for town in range(1, len(division.seats))
    ]
    return tuple(seat + towns)


def station_rows(stations: tuple[Station, ...], terrain: Terrain) -> GeoDataFrame:
    """Rows of the layer ``weather_stations``."""
    import geopandas as gpd

    at = millimetres(np.array([station.point for station in stations]))
    ground = millimetres(terrain.height_m(*(at + ORIGIN).T))
    status = np.array([station.status for station in stations], dtype=object)
    since = np.array([np.datetime64("2012-05-01") + 97 * number for number in range(len(stations))])
    never = np.datetime64("NaT")
    return gpd.GeoDataFrame(
        {
            "station_id": [station.station_id for station in stations],
            "name": [station.name for station in stations],
            "kind": [station.kind for station in stations],
            "elements": [_FULL_SET if station.urban else _SHORT_SET for station in stations],
            "status": status,
            "in_service_since": np.where(status == "planned", never, since).astype("datetime64[s]"),
            "in_service_until": np.where(status == "out_of_service", np.datetime64("2021-06-30"), never).astype(
                "datetime64[s]"
            ),
        },
        geometry=shapely.points(np.column_stack([to_storage(at), ground])),
    )
