"""Weather stations: rows of a layer that the service knows, and the tile they are in."""

from __future__ import annotations

import shapely
from geopandas import GeoDataFrame

from layers import catalog
from tests_rows import make_layer_rows
from twin.crs import parse_crs
from twin.store import Changes, Store
from twin.stores import create_store

CRS = parse_crs("EPSG:4548")
STATIONS = catalog().layer("weather_stations")
#: All of `station_rows` are in it.
TILE = "/tiles/weather_stations/8/212/100.mvt"
ITEMS = "/collections/weather_stations/items"


def station_rows(**names: str) -> GeoDataFrame:
    """Stations by number, with these names, 10 m from each other."""
    count = len(names)
    return make_layer_rows(
        STATIONS,
        [shapely.Point(632_000 + 10 * i, 3_936_000, 100) for i in range(count)],
        crs=CRS,
        station_id=list(names),
        name=list(names.values()),
        kind=["manual"] * count,
        status=["in_service"] * count,
    )


def create_county(address: str) -> Store:
    """A twin with the two stations S1 and S2."""
    store = create_store(address, crs=CRS, title="Served county")
    add_stations(store, S1="North", S2="East")
    return store


def add_stations(store: Store, **names: str) -> None:
    """Insert stations by number."""
    store.write(STATIONS, Changes(insert=station_rows(**names)), author="weather", reason="register")
