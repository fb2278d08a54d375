"""Buildings over HTTP, on the school of the sample county, of which every number is known by its plan."""

from __future__ import annotations

import http.client
import shutil
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

import layers
from api.app import create_app
from bim.plan_sheet import draw_plan
from sample_gis.models.loading import load_models
from tests_server import get as get_from
from tests_server import run_server
from twin.catalog import Catalog
from twin.ingest import ingest_rows
from twin.settings import Settings
from twin.store import Changes
from twin.stores import create_store, open_store

SURVEYED = datetime(2021, 9, 30, tzinfo=UTC)
SCHOOL, GROUND_M, HIGH_M = "B005989", 126.366, 3.6
#: Sides of the outline in metres: width, depth, where the yard is in x, and how deep.
WIDTH, DEPTH, YARD_WEST, YARD_EAST, YARD = 45.525, 26.042, 13.658, 31.868, 15.626
SLAB_M2 = WIDTH * DEPTH - (YARD_EAST - YARD_WEST) * YARD


@pytest.fixture(scope="module")
def stored(sample_county, sample_models, tmp_path_factory):
    """A twin with the school and one building of which there is no model."""
    path, catalog = tmp_path_factory.mktemp("buildings") / "twin.gpkg", layers.catalog()
    buildings = sample_county.layers["buildings"].set_index("building_id", drop=False)
    with create_store(path, crs=sample_county.crs, area=sample_county.area) as store:
        for layer in catalog.layers.values():
            store.prepare(layer)
        rows = buildings.loc[[SCHOOL, "B000001"]].reset_index(drop=True)
        ingest_rows(store, catalog.layer("buildings"), rows, author="t", reason="t", effective=SURVEYED)
        load_models(store, catalog, tuple(model for model in sample_models if model.name == "school"))
    return path


@pytest.fixture
def client(stored):
    with open_store(stored) as store:
        yield TestClient(create_app(Settings(), store, layers.catalog()))


def get(client, path, **params):
    answer = client.get(path, params=params or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


def href(document, rel):
    return next(link["href"] for link in document["links"] if link["rel"] == rel)


def test_the_list_has_the_buildings_with_models(client):
    document = get(client, "/buildings")
    (school,) = document["buildings"]
    assert (school["id"], school["name"], school["floors"]) == (SCHOOL, "第一中学（示例）教学楼", 5)
    assert get(client, href(school, "item"))["id"] == SCHOOL
    assert any(link["href"].endswith("/buildings") for link in get(client, "/")["links"])


def test_a_building_tells_its_models_and_why_it_has_its_level(client):
    document = get(client, f"/buildings/{SCHOOL}")
    (model,) = document["models"]
    assert (model["schema"], model["georeference_level"], model["elements"]) == ("IFC4", 50, 1482)
    assert document["cim_level"] == model["cim_level"] == 6
    assert "80 spaces" in document["cim_reason"]
    assert "delivered" not in model


def test_a_building_without_a_model_has_no_storeys(client):
    document = get(client, "/buildings/B000001")
    assert (document["models"], document["storeys"]) == ([], [])
    assert "surveyed" in document["cim_reason"]


def test_floors_of_storeys_are_at_their_heights_above_the_ground(client):
    storeys = get(client, f"/buildings/{SCHOOL}/storeys")["storeys"]
    assert [storey["name"] for storey in storeys] == ["基础", "1F", "2F", "3F", "4F", "5F", "屋面"]
    # In metres of the map's height, 0.02 % more than those of the model: 4 mm in 18 m.
    expected = [GROUND_M - 1.5, *(GROUND_M + n * HIGH_M for n in range(6))]
    assert [storey["floor_m"] for storey in storeys] == pytest.approx(expected, abs=0.005)


def test_a_storey_has_its_rooms_with_areas_between_walls(client):
    document = get(client, f"/buildings/{SCHOOL}/storeys/2F")
    areas = {room["name"]: room["area_m2"] for room in document["rooms"]}
    assert len(areas) == 16
    # Outer walls of 240 mm at both ends and one side of the gallery, an inner one of 200 mm at the other side: 2.4 m
    # from axis to axis.
    assert areas["201 走廊"] == pytest.approx((WIDTH - 0.48) * (2.4 - 0.12 - 0.1), abs=1e-6)
    assert document["room_area_m2"] == pytest.approx(sum(areas.values()), abs=0.001)
    assert document["elements"]["IfcColumn"] == 26
    room = get(client, next(each["href"] for each in document["rooms"] if each["name"] == "201 走廊"))
    assert room["quantities"]["Qto_SpaceBaseQuantities"]["NetFloorArea"] == areas["201 走廊"]
    assert room["properties"]["Pset_SpaceCommon"] == {"Reference": "corridor", "IsExternal": False}


def test_a_storey_is_found_by_its_element_too(client):
    (key,) = get(client, f"/buildings/{SCHOOL}/storeys/3F")["element_ids"]
    assert get(client, f"/buildings/{SCHOOL}/storeys/{key}")["name"] == "3F"


def test_elements_are_found_by_class_storey_kind_and_property(client):
    def count(**params):
        return get(client, f"/buildings/{SCHOOL}/elements", limit=1, **params)["numberMatched"]

    assert count() == 1482
    assert count(**{"class": "IfcColumn", "storey": "2F"}) == 26
    assert count(kind="space") == 5 * 16
    # Every door but the one of the listed fault has a rating.
    assert count(**{"class": "IfcDoor"}) == 86
    assert count(**{"class": "IfcDoor", "property": "Pset_DoorCommon.FireRating"}) == 85
    assert count(**{"class": "IfcDoor", "property": "FireRating=乙级 1.00h"}) == 9
    assert count(property="Pset_BuildingCommon.NumberOfStoreys=5") == 1
    assert count(property="Pset_DoorCommon.FireRating=3h") == 0
    assert count(property="Pset_DoorCommon.FireRating<>3h") == 85
    assert count(property="Pset_BuildingCommon.NumberOfStoreys>=5; NumberOfStoreys<6") == 1
    assert count(property="Pset_BuildingCommon.NumberOfStoreys>5") == 0


def test_pages_of_elements_follow_one_another(client):
    first = get(client, f"/buildings/{SCHOOL}/elements", **{"class": "IfcStair", "limit": 5})
    second = get(client, href(first, "next"))
    assert (first["numberReturned"], second["numberReturned"]) == (5, 3)
    assert all(link["rel"] != "next" for link in second["links"])
    keys = [each["element_id"] for page in (first, second) for each in page["elements"]]
    assert len(set(keys)) == 8


def test_pages_of_what_has_a_property_follow_one_another(client):
    asked = {"property": "Pset_StairCommon.NumberOfRiser=24", "limit": 5}
    first = get(client, f"/buildings/{SCHOOL}/elements", **asked)
    second = get(client, href(first, "next"))
    assert (first["numberMatched"], first["numberReturned"], second["numberReturned"]) == (8, 5, 3)


def test_an_element_is_found_by_its_global_id_and_by_its_key(client):
    listed = get(client, f"/buildings/{SCHOOL}/elements", **{"class": "IfcSlab", "storey": "2F", "limit": 100})
    slab = next(each for each in listed["elements"] if each["predefined_type"] == "FLOOR")
    document = get(client, f"/buildings/{SCHOOL}/elements/{slab['global_id']}")
    assert document == get(client, f"/buildings/{SCHOOL}/elements/{slab['global_id']}")
    sizes = document["quantities"]["Qto_SlabBaseQuantities"]
    assert sizes["GrossArea"] == pytest.approx(SLAB_M2, abs=1e-4)
    assert sizes["GrossVolume"] == pytest.approx(SLAB_M2 * 0.12, abs=1e-4)
    assert document["top_m"] == pytest.approx(GROUND_M + HIGH_M, abs=0.002)
    assert "GB/T 51269" in document["classification"]
    above = get(client, href(document, "up"))
    assert (above["class"], above["name"]) == ("IfcBuildingStorey", "2F")


def test_quantities_are_summed_by_storey_and_class(client):
    document = get(client, f"/buildings/{SCHOOL}/quantities")
    by_storey = {each["storey"]: {one["class"]: one for one in each["classes"]} for each in document["storeys"]}
    # 26 columns of 0.5 m by 0.5 m under a slab of 0.12 m; as many footings of 1.8 m by 1.8 m by 0.6 m.
    assert by_storey["2F"]["IfcColumn"]["volume_m3"] == pytest.approx(26 * 0.25 * (HIGH_M - 0.12), abs=0.001)
    assert by_storey["基础"]["IfcFooting"]["volume_m3"] == pytest.approx(26 * 1.8 * 1.8 * 0.6, abs=0.001)
    assert by_storey["屋面"]["IfcSlab"]["area_m2"] == pytest.approx(SLAB_M2, abs=0.001)
    total = {one["class"]: one for one in document["total"]}
    assert total["IfcSpace"]["count"] == 80
    assert total["IfcWindow"]["area_m2"] == pytest.approx(228 * 1.8 * 1.7, abs=0.001)


def test_a_plan_shows_the_rooms_of_the_storey_to_scale(client):
    answer = client.get(f"/buildings/{SCHOOL}/storeys/2F/plan.svg")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    for words in ("第一中学（示例）教学楼 2F", "201 走廊", "98.2", "开放阅读区", "1:150", "Stairs 楼梯"):
        assert words in answer.text, words
    assert "101 走廊" not in answer.text
    again = client.get(f"/buildings/{SCHOOL}/storeys/2F/plan.svg", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_a_plan_is_drawn_once_until_something_is_written(stored, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "api.buildings.routes.draw_plan", lambda *said, **options: drawn.append(1) or draw_plan(*said, **options)
    )
    own = tmp_path / "twin.gpkg"
    shutil.copy(stored, own)
    with open_store(own, write=True) as store, run_server(create_app(Settings(), store, layers.catalog())) as address:
        connection = http.client.HTTPConnection(urlsplit(address).netloc)
        for _ in range(3):
            status, headers, body = get_from(connection, f"/buildings/{SCHOOL}/storeys/2F/plan.svg")
            assert (status, headers["content-type"], b"<svg" in body) == (200, "image/svg+xml", True)
        assert len(drawn) == 1
        store.write(layers.catalog().layer("buildings"), Changes(delete=("B000001",)), author="t", reason="gone")
        get_from(connection, f"/buildings/{SCHOOL}/storeys/2F/plan.svg")
        assert len(drawn) == 2
        connection.close()


def test_the_plan_of_the_roof_shows_its_parapet(client):
    answer = client.get(f"/buildings/{SCHOOL}/storeys/屋面/plan.svg")
    assert answer.status_code == 200
    assert "Columns 柱" not in answer.text


def test_before_the_model_was_there_the_building_had_none(client):
    before = get(client, f"/buildings/{SCHOOL}", datetime="2022-02-01")
    assert before["models"] == []
    assert get(client, "/buildings", datetime="2022-02-01")["numberMatched"] == 0
    answer = client.get(f"/buildings/{SCHOOL}/storeys/2F", params={"datetime": "2022-02-01"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_links_stay_at_the_moment_that_was_asked_for(client):
    document = get(client, f"/buildings/{SCHOOL}", datetime="2022-06-01")
    assert all("datetime=2022-06-01" in link["href"] for link in document["storeys"][0]["links"])


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/buildings/B999999", "no feature"),
        (f"/buildings/{SCHOOL}/storeys/9F", "there are: 基础, 1F"),
        (f"/buildings/{SCHOOL}/storeys/9F/plan.svg", "no storey 9F"),
        (f"/buildings/{SCHOOL}/elements/2O2Fr$t4X7Zf8NOew3FNr2", "no element"),
        (f"/buildings/{SCHOOL}/elements?storey=9F", "no storey 9F"),
    ],
)
def test_what_there_is_not_is_a_problem_that_names_it(client, path, words):
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert words in answer.json()["detail"]


def test_a_footprint_leads_to_its_building(client):
    feature = get(client, f"/collections/buildings/items/{SCHOOL}")
    assert get(client, href(feature, "related"))["id"] == SCHOOL


def test_everything_is_a_page_too(client):
    element = get(client, f"/buildings/{SCHOOL}/elements", limit=1)["elements"][0]["element_id"]
    for path, words in {
        "/buildings": "有模型的建筑",
        f"/buildings/{SCHOOL}": "等级依据",
        "/buildings/B000001": "此建筑没有模型",
        f"/buildings/{SCHOOL}/storeys": "plan 平面图",
        f"/buildings/{SCHOOL}/storeys/2F": "开放阅读区",
        f"/buildings/{SCHOOL}/elements?class=IfcDoor&limit=3": "Next page",
        f"/buildings/{SCHOOL}/elements/{element}": "GlobalId",
        f"/buildings/{SCHOOL}/quantities": "IfcFooting",
        f"/collections/buildings/items/{SCHOOL}": f"/buildings/{SCHOOL}",
    }.items():
        answer = client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 200, path
        assert words in answer.text, path


def test_the_openapi_document_has_the_paths(client):
    paths = get(client, "/api")["paths"]
    assert "/buildings/{building_id}/storeys/{storey}/plan.svg" in paths
    names = {each["name"] for each in paths["/buildings/{building_id}/elements"]["get"]["parameters"]}
    assert {"class", "storey", "kind", "property", "limit", "offset", "datetime"} <= names


def test_a_service_without_the_layers_has_no_buildings(stored):
    with open_store(stored) as store:
        bare = TestClient(create_app(Settings(), store, Catalog.of([layers.catalog().layer("roads")], [])))
        assert bare.get("/buildings").status_code == 404
