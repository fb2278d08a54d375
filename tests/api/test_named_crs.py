"""CRS by the URIs that name them: which a twin offers, in which order of axes, and where they are listed."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from fastapi.testclient import TestClient
from pyproj import CRS

from api.app import create_app
from api.crs import find_crs, offer_crs
from tests_support import LAYER
from twin.crs import parse_crs, transverse_mercator
from twin.errors import InvalidParameter
from twin.settings import Settings
from twin.stores import create_store

BASE = "http://twin.example/maps"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def offered(crs, area=None):
    return offer_crs(SimpleNamespace(crs=parse_crs(crs), area=area))


def test_without_an_outline_every_cgcs2000_code_is_offered_north_first_as_the_register_has_it():
    found = {each.uri: each for each in offered("EPSG:4548")}
    assert len(found) == 1 + 2 + 65  # CRS84, EPSG:4326 and 3857, EPSG:4490 to 4554
    for code in range(4490, 4555):
        named = found[f"{EPSG}{code}"]
        assert named.crs == CRS.from_epsg(code)
        assert named.north_first
    assert not found[CRS84].north_first
    assert not found[f"{EPSG}3857"].north_first
    assert found[f"{EPSG}4326"].north_first


def test_with_an_outline_those_zones_are_offered_that_hold_the_county():
    local = transverse_mercator(118.5, name="Yinan local")
    area = shapely.box(470_000, 3_900_000, 520_000, 3_950_000)  # 118.17 to 118.72 degrees east
    codes = [each.uri.removeprefix(EPSG) for each in offered(local, area) if each.uri.startswith(EPSG)]
    # Central meridians of 6-degree zones: 117, 123; of 3-degree zones: 114, 117, 120, 123; with and without prefix.
    assert codes == [
        *("4326", "4490", "3857"),
        *("4498", "4499", "4509", "4510"),
        *("4526", "4527", "4528", "4529", "4547", "4548", "4549", "4550"),
    ]


def test_axes_are_brought_into_their_order_and_back_with_heights():
    named = find_crs(f"{EPSG}4548", LAYER, offered("EPSG:4548"), BASE)
    geometries = np.array([shapely.Point(500_000, 3_900_000, 7), shapely.Point(1, 2), None], dtype=object)
    ordered = named.ordered(geometries)
    assert shapely.to_wkt(ordered).tolist() == ["POINT Z (3900000 500000 7)", "POINT (2 1)", None]
    assert shapely.equals_identical(named.to_storage(ordered, named.crs), geometries).tolist() == [True, True, False]


def test_a_storage_crs_without_a_code_has_the_address_where_it_is_described():
    crs = offered(transverse_mercator(118.5))
    named = find_crs(f"{BASE}/crs/storage", LAYER, crs, BASE)
    assert named.crs == transverse_mercator(118.5)
    assert named.header(BASE) == {"Content-Crs": "<http://twin.example/maps/crs/storage>"}
    assert not named.north_first


@pytest.mark.parametrize(
    "uri", ["EPSG:4548", "urn:ogc:def:crs:EPSG::4548", f"{EPSG}4549x", f"{EPSG}2343", f"{BASE}/crs/storage", ""]
)
def test_anything_but_a_listed_uri_is_refused(uri):
    with pytest.raises(InvalidParameter, match="bbox-crs must be a URI"):
        find_crs(uri, LAYER, offered("EPSG:4548"), BASE, parameter="bbox-crs")


def test_the_default_has_a_second_name_where_there_are_heights_and_nowhere_else(client):
    assert find_crs(None, LAYER, offered("EPSG:4548"), BASE).uri == CRS84
    document = client.get("/collections").json()
    flat, solid = document["collections"]
    assert (flat["crs"], solid["crs"]) == (["#/crs"], ["#/crs", "http://www.opengis.net/def/crs/OGC/0/CRS84h"])
    assert client.get("/collections/parcels").json()["crs"] == document["crs"]
    assert client.get("/collections/wells").json()["crs"] == [*document["crs"], solid["crs"][1]]


def test_the_storage_crs_is_in_the_list_and_its_address_defines_it(client, store):
    collection = client.get("/collections/parcels").json()
    (own,) = (uri for uri in collection["crs"] if uri.endswith("/crs/storage"))
    assert CRS.from_json_dict(client.get(own).json()) == store.crs
    assert "Yinan local" in client.get(own, headers={"Accept": "text/html"}).text
    assert "storageCrs" not in collection  # by which GDAL would ask, and not know where it is


def test_a_storage_crs_that_everybody_knows_is_said_in_the_words_of_the_standard(tmp_path, catalog):
    with create_store(tmp_path / "known.gpkg", crs=parse_crs(4548)) as store:
        document = TestClient(create_app(Settings(), store, catalog)).get("/collections").json()
    assert {collection["storageCrs"] for collection in document["collections"]} == {f"{EPSG}4548"}
    assert f"{EPSG}4548" in document["crs"]


def test_the_parameters_of_a_datum_are_not_told(tmp_path, catalog):
    xian80 = "+proj=tmerc +lon_0=117 +x_0=500000 +a=6378140 +rf=298.257 +towgs84=24,-123,-94,0,0,0,0 +type=crs"
    with create_store(tmp_path / "old.gpkg", crs=parse_crs(xian80)) as store:
        client = TestClient(create_app(Settings(), store, catalog))
        described = client.get("/crs/storage")
        grid = client.get("/tileMatrixSets/StorageQuad")
        server = client.get("/arcgis/rest/services/StorageQuad/map/VectorTileServer?f=json")
    assert described.json()["type"] == "ProjectedCRS"
    for answer in (described, grid, server):
        assert answer.status_code == 200
        assert "6378140" in answer.text
        assert "-123" not in answer.text
