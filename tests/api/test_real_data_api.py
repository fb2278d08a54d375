"""Real deliveries, ingested into a county's own grid and read back over HTTP: nothing moves, nothing is lost."""

from __future__ import annotations

import numpy as np
import pyogrio
import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from layers import catalog
from twin.crs import transverse_mercator
from twin.ingest import ingest_files
from twin.settings import Settings
from twin.stores import create_store

LINYI = "boundaries/tianditu_cgcs2000_linyi_counties.geojson"
ANHUI = "vector/gbk_anhui_counties/chinese_encoding.shp"
URL = "/collections/admin_areas/items"


@pytest.fixture
def served(tmp_path):
    """A service over an empty twin at 118.5°E, and how to fill it."""
    layers = catalog()
    with create_store(tmp_path / "real.gpkg", crs=transverse_mercator(118.5)) as store:

        def take(path, **how):
            return ingest_files(store, layers.layer("admin_areas"), [path], author="test", **how)

        with TestClient(create_app(Settings(), store, layers)) as client:
            yield client, take


def shapes_by(features, name):
    return {feature["properties"][name]: shapely.geometry.shape(feature["geometry"]) for feature in features}


def test_counties_come_back_where_the_file_has_them(served, shared_data):
    client, take = served
    fields = {"area_id": "district_adcode", "name": "district_name", "level": {"constant": "county"}}
    take(shared_data / LINYI, mapping={"fields": fields})
    delivered = pyogrio.read_dataframe(shared_data / LINYI).set_index("district_name").geometry
    served_shapes = shapes_by(client.get(f"{URL}?limit=1000").json()["features"], "name")
    assert set(served_shapes) == set(delivered.index)
    for name, shape in served_shapes.items():
        assert shapely.hausdorff_distance(shape, delivered[name]) < 2e-9  # two roundings to the ninth digit
        assert shape.geom_type == "MultiPolygon"


def test_a_box_finds_the_same_counties_as_a_test_in_degrees(served, shared_data):
    client, take = served
    fields = {"area_id": "district_adcode", "name": "district_name", "level": {"constant": "county"}}
    take(shared_data / LINYI, mapping={"fields": fields})
    delivered = pyogrio.read_dataframe(shared_data / LINYI).set_index("district_name").geometry
    for west, south in np.random.default_rng(5).uniform((117.3, 34.3), (119.1, 36.2), (20, 2)).round(3):
        box = shapely.box(west, south, west + 0.1, south + 0.1)
        found = client.get(f"{URL}?bbox={','.join(map(str, box.bounds))}").json()
        expected = set(delivered.index[delivered.intersects(box)])
        assert {feature["properties"]["name"] for feature in found["features"]} == expected
        assert found["numberMatched"] == len(expected)


def test_chinese_names_of_a_gbk_shapefile_can_be_asked_for(served, shared_data):
    client, take = served
    fields = {"area_id": {"sequence": "AH"}, "name": "NAME9704", "level": {"constant": "county"}}
    take(shared_data / ANHUI, mapping={"fields": fields}, crs="EPSG:4490")
    every = client.get(f"{URL}?limit=100").json()
    assert every["numberMatched"] == 78
    found = client.get(URL, params={"name": "天长市"}).json()["features"]
    assert [feature["properties"]["name"] for feature in found] == ["天长市"]
    west, south, east, north = shapely.geometry.shape(found[0]["geometry"]).bounds
    assert west < 119.0 < east  # where Tianchang lies
    assert south < 32.7 < north
