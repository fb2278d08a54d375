"""Every CGCS2000 code of the register through the API, read back by PROJ, GDAL and OWSLib: the same place, always.

Northing or latitude comes first in all of them, and easting with or without the zone. What is expected is computed by
PROJ from the register's own definitions, in the register's own order of axes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyogrio
import pytest
import shapely
from fastapi.testclient import TestClient
from owslib.ogcapi.features import Features
from pyproj import CRS, Transformer

from api.app import create_app
from tests_gdal import reading_elsewhere
from tests_rows import make_layer_rows
from tests_server import run_server
from tests_transforms import find_transformer
from twin.catalog import Catalog
from twin.crs import parse_crs, same_grid, transverse_mercator
from twin.layer import Layer
from twin.schema import Field
from twin.settings import Settings
from twin.store import Changes
from twin.stores import create_store

MARKS = Layer(
    id="marks",
    title="Survey marks",
    title_zh="测量标志",
    about="Points whose place is known.",
    geometry="Point",
    has_z=True,
    key="mark_id",
    fields=(Field(name="mark_id", title="Mark", title_zh="点号", required=True),),
)
EPSG = "http://www.opengis.net/def/crs/EPSG/0/{}"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
#: Where the towns are, degrees east, and the CRS they keep; together the zones around them are all there are.
TOWNS = {
    78: "EPSG:4491",
    87: "EPSG:4538",
    96: "EPSG:4490",
    105: transverse_mercator(105.7, name="Town plane"),
    114: "EPSG:4526",
    123: "EPSG:4551",
    132: "EPSG:4512",
}
CODES = range(4490, 4555)
HEIGHT_M = 57.125


@dataclass(frozen=True)
class Town:
    """A service, its address, and where its marks are: degrees, longitude first."""

    client: TestClient
    root: str
    lonlat: npt.NDArray[np.float64]
    codes: tuple[int, ...]


@pytest.fixture(scope="module", params=TOWNS)
def town(request, tmp_path_factory) -> Iterator[Town]:
    longitude, crs = request.param, parse_crs(TOWNS[request.param])
    lonlat = np.array([[longitude, 36.5], [longitude + 0.01, 36.5], [longitude, 36.51], [longitude - 0.013, 36.4871]])
    to_storage = find_transformer("EPSG:4490", crs)
    keys = [f"M{number}" for number in range(len(lonlat))]
    points = shapely.points(*to_storage.transform(*lonlat.T), HEIGHT_M)
    rows = make_layer_rows(MARKS, points, crs=crs, mark_id=keys)
    area = shapely.box(*shapely.total_bounds(points))
    path = tmp_path_factory.mktemp("town") / "town.gpkg"
    with create_store(path, crs=crs, area=area) as store:
        store.prepare(MARKS)
        store.write(MARKS, Changes(insert=rows), author="survey", reason="marks")
        app = create_app(Settings(), store, Catalog.of([MARKS], []))
        offered = [uri for uri in TestClient(app).get("/collections").json()["crs"] if "EPSG" in uri]
        codes = tuple(code for code in CODES if EPSG.format(code) in offered)
        with run_server(app) as root:
            yield Town(TestClient(app), root, lonlat, codes)


def in_register_order(lonlat, code):
    """Coordinates as the register orders the axes of a code."""
    return np.column_stack(Transformer.from_crs("EPSG:4490", f"EPSG:{code}").transform(lonlat[:, 1], lonlat[:, 0]))


def tolerance(code):
    return 1e-8 if code == 4490 else 1e-3


def coordinates(collection):
    return np.array([feature["geometry"]["coordinates"] for feature in collection["features"]])


def test_every_zone_of_the_register_that_is_near_is_offered(town):
    """Together the towns are asked for every code: each zone has a town within five degrees of its middle."""
    middles = {code: CRS.from_epsg(code).coordinate_operation.params[1].value for code in CODES[1:]}
    assert all(min(abs(middle - longitude) for longitude in TOWNS) <= 5 for middle in middles.values())
    assert set(town.codes) >= {4490, *(c for c, middle in middles.items() if abs(middle - town.lonlat[0, 0]) <= 5)}


def test_coordinates_stand_in_the_order_of_the_register(town):
    assert {4490} < set(town.codes)
    for code in town.codes:
        answer = town.client.get("/collections/marks/items", params={"crs": EPSG.format(code)})
        assert answer.headers["content-crs"] == f"<{EPSG.format(code)}>"
        found = coordinates(answer.json())
        assert np.abs(found[:, :2] - in_register_order(town.lonlat, code)).max() <= tolerance(code)
        assert (found[:, 2] == HEIGHT_M).all()
        one = town.client.get("/collections/marks/items/M3", params={"crs": EPSG.format(code)})
        assert one.headers["content-crs"] == answer.headers["content-crs"]
        assert one.json()["geometry"]["coordinates"] == found[3].tolist()


def test_a_box_is_read_in_the_order_of_the_register_and_in_no_other(town):
    for code in town.codes:
        half = 1e-5 if code == 4490 else 1.0
        for number, (first, second) in enumerate(in_register_order(town.lonlat, code).tolist()):
            box = f"{first - half!r},{second - half!r},{first + half!r},{second + half!r}"
            params = {"bbox": box, "bbox-crs": EPSG.format(code)}
            features = town.client.get("/collections/marks/items", params=params).json()["features"]
            assert [feature["id"] for feature in features] == [f"M{number}"], (code, box)
            turned = ",".join(box.split(",")[i] for i in (1, 0, 3, 2))
            answer = town.client.get("/collections/marks/items", params=params | {"bbox": turned})
            assert answer.status_code == 400 or answer.json()["features"] == [], (code, turned)


def test_a_box_in_degrees_means_the_same_in_either_order(town):
    (lon, lat), half = town.lonlat[1].tolist(), 1e-5
    lonlat, latlon = ([a - half, b - half, a + half, b + half] for a, b in ((lon, lat), (lat, lon)))
    for uri, box in ((CRS84, lonlat), (EPSG.format(4490), latlon), (EPSG.format(4326), latlon)):
        params = {"bbox": ",".join(map(repr, box)), "bbox-crs": uri, "crs": uri}
        (feature,) = town.client.get("/collections/marks/items", params=params).json()["features"]
        assert feature["id"] == "M1"
        expected = [lon, lat] if uri == CRS84 else [lat, lon]
        assert feature["geometry"]["coordinates"] == pytest.approx([*expected, HEIGHT_M], abs=1e-8)


def test_owslib_reads_the_same_places(town):
    features = Features(town.root)
    for code in town.codes:
        found = coordinates(features.collection_items("marks", crs=EPSG.format(code)))
        lat, lon = Transformer.from_crs(f"EPSG:{code}", "EPSG:4490").transform(found[:, 0], found[:, 1])
        assert np.abs(np.column_stack((lon, lat)) - town.lonlat).max() <= 1e-8


@pytest.fixture(scope="module")
def read_by_gdal():
    with reading_elsewhere() as read:
        yield read


@pytest.mark.skipif("OAPIF" not in pyogrio.list_drivers(), reason="this GDAL has no OAPIF driver")
def test_gdal_reads_the_same_places(town, read_by_gdal):
    found = read_by_gdal(town.root, "marks", [f"EPSG:{code}" for code in town.codes])
    for code, read in zip(town.codes, found, strict=True):
        assert same_grid(read.crs, parse_crs(code))  # of grids with two codes GDAL names the first
        to_degrees = find_transformer(read.crs, "EPSG:4490")
        found = np.column_stack(to_degrees.transform(read.geometry.x, read.geometry.y))
        assert np.abs(found - town.lonlat).max() <= 1e-8
        assert (read.geometry.z == HEIGHT_M).all()
