"""Buildings over HTTP as CityJSON: valid, the same as `twin cityjson` writes, page by page, and of no other layer."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient

import layers
from api.app import create_app
from bim.cityjson.exporting import export_buildings
from bim.georeference.choosing import declare_place
from bim.georeference.declared import Declaration
from bim.ifc.reading import read_ifc
from bim.importing import Order, import_model
from cityjson_schemas import break_schema
from tests_models import survey_building, write_building
from twin.crs import parse_crs, transverse_mercator
from twin.ingest import ingest_rows
from twin.settings import Settings
from twin.stores import create_store

CATALOG = layers.catalog()
ITEMS = "/collections/buildings/items"
CRS_URI = "http://www.opengis.net/def/crs/EPSG/0/{}"
EAST_M, NORTH_M = 632_885.0, 3_936_656.0
PLACE = Declaration(name="a.toml", crs="EPSG:4548", easting_m=EAST_M, northing_m=NORTH_M, height_m=120.0, scale="grid")
#: Beside the building that has a model: houses of 10 m by 10 m, 9 m high, each 50 m farther to the east.
HOUSES = ("H1", "H2", "H3", "H4")


def enter_houses(store):
    outlines = [
        shapely.force_3d(shapely.box(EAST_M + at, NORTH_M, EAST_M + at + 10, NORTH_M + 10), z=120.0)
        for at in range(50, 201, 50)
    ]
    rows = [
        survey_building(key, outline, name=f"楼{key}", height_m=9.0, floors=floors)
        for floors, (key, outline) in enumerate(zip(HOUSES, outlines, strict=True), start=1)
    ]
    ingest_rows(store, CATALOG.layer("buildings"), pd.concat(rows).to_crs(store.crs), author="t", reason="t")


def enter_model(store, path, **options):
    file = write_building(path, **options)
    model = read_ifc(file)
    import_model(store, CATALOG, file, model, declare_place(model.levels, PLACE), Order(author="t"))


@pytest.fixture
def store(tmp_path):
    with create_store(tmp_path / "twin.gpkg", crs=parse_crs("EPSG:4548")) as store:
        for layer in CATALOG.layers.values():
            store.prepare(layer)
        enter_houses(store)
        yield store


@pytest.fixture
def modelled(store, tmp_path):
    enter_model(store, tmp_path / "school.ifc")
    return store


def serve(store):
    return TestClient(create_app(Settings(), store, CATALOG))


@pytest.fixture
def client(store):
    return serve(store)


def lines_of(answer):
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def buildings_of(said):
    return [
        name
        for one in said
        for name, each in one["CityObjects"].items()
        if each["type"] == "Building" and "parents" not in each
    ]


def corners_of(said):
    """Corners of all features in metres, each once, in order."""
    transform = said[0]["transform"]
    points = np.concatenate([np.reshape(one["vertices"], (-1, 3)) for one in said])
    return np.unique(np.round(points * transform["scale"] + transform["translate"], 4), axis=0)


@pytest.mark.parametrize(
    ("f", "suffix", "kind"),
    [
        ("cityjson", ".city.json", "application/city+json"),
        ("cityjsonseq", ".city.jsonl", "application/city+json-seq"),
    ],
)
def test_items_are_what_the_command_writes_with_shapes_of_models(modelled, tmp_path, f, suffix, kind):
    path = tmp_path / f"all{suffix}"
    done = export_buildings(modelled, CATALOG, path)
    expected = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    client = serve(modelled)
    answer = client.get(ITEMS, params={"f": f})
    said = lines_of(answer)

    assert answer.headers["content-type"].partition(";")[0] == kind
    assert answer.headers["content-disposition"] == f'attachment; filename="buildings{suffix}"'
    assert [break_schema(one) for one in said] == [[]] * len(said)
    assert (done.buildings, done.modelled) == (5, 1)
    assert [one["CityObjects"] for one in said] == [one["CityObjects"] for one in expected]
    assert corners_of(said).tolist() == corners_of(expected).tolist()
    by_header = client.get(ITEMS, headers={"Accept": f"{kind}, text/html;q=0.5"})
    assert lines_of(by_header) == said


def test_one_building_comes_with_its_elements(modelled):
    client = serve(modelled)
    keys = {feature["id"] for feature in client.get(ITEMS).json()["features"]} - set(HOUSES)
    (said,) = lines_of(client.get(f"{ITEMS}/{keys.pop()}", params={"f": "cityjson"}))
    assert break_schema(said) == []
    kinds = [each["type"] for each in said["CityObjects"].values()]
    # Four walls, a floor and a roof; a space; two storeys.
    assert [kinds.count(f"Building{kind}") for kind in ("ConstructiveElement", "Room", "Storey")] == [6, 1, 2]


@pytest.mark.parametrize("f", ["cityjson", "cityjsonseq"])
def test_pages_follow_one_another(client, f):
    first = client.get(ITEMS, params={"f": f, "limit": 3})
    assert (first.headers["ogc-numberreturned"], first.headers["ogc-numbermatched"]) == ("3", "4")
    second = client.get(first.links["next"]["url"])
    assert second.headers["content-type"] == first.headers["content-type"]
    assert [buildings_of(lines_of(page)) for page in (first, second)] == [["H1", "H2", "H3"], ["H4"]]
    assert "next" not in second.links


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ({"floors": "2"}, ["H2"]),
        ({"filter": "floors >= 3"}, ["H3", "H4"]),
        ({"sortby": "-floors", "limit": "2"}, ["H4", "H3"]),
        ({"bbox": f"{NORTH_M},{EAST_M + 95},{NORTH_M + 5},{EAST_M + 120}", "bbox-crs": CRS_URI.format(4548)}, ["H2"]),
        ({"floors": "9"}, []),
        ({"datetime": "1990-01-01"}, []),
    ],
)
def test_what_is_asked_for_is_what_comes(client, asked, keys):
    (said,) = lines_of(client.get(ITEMS, params={"f": "cityjson"} | asked))
    assert break_schema(said) == []
    assert buildings_of([said]) == keys


def test_chosen_fields_are_the_attributes_and_the_block_is_the_same(client):
    def get(**asked):
        (said,) = lines_of(client.get(ITEMS, params={"f": "cityjson", "limit": 1, **asked}))
        return said["CityObjects"]["H1"], said["vertices"]

    (whole, corners), (part, same) = get(), get(properties="name")
    assert part["attributes"] == {"name": "楼H1"}
    assert (part["geometry"], same) == (whole["geometry"], corners)
    assert max(z for _, _, z in corners) - min(z for _, _, z in corners) == 90_000  # 9 m in tenths of a millimetre


def test_a_box_stands_in_metres_of_the_crs_that_is_asked_for(client, store):
    (said,) = lines_of(client.get(f"{ITEMS}/H1", params={"f": "cityjson"}))
    assert said["metadata"]["referenceSystem"].endswith("/EPSG/0/4548")
    assert corners_of([said]).min(axis=0).tolist() == [EAST_M + 50, NORTH_M, 120.0]
    answer = client.get(f"{ITEMS}/H1", params={"f": "cityjson", "crs": CRS_URI.format(4549)})
    assert answer.headers["content-crs"] == f"<{CRS_URI.format(4549)}>"
    assert lines_of(answer)[0]["metadata"]["referenceSystem"].endswith("/EPSG/0/4549")
    for path in (ITEMS, f"{ITEMS}/H1"):
        refused = client.get(path, params={"f": "cityjson", "crs": CRS_URI.format(4490)})
        assert refused.status_code == 400
        assert "EPSG:4548" in refused.json()["detail"]


def test_a_twin_whose_crs_has_no_code_gives_the_nearest_zone(tmp_path):
    with create_store(tmp_path / "own.gpkg", crs=transverse_mercator(117.3, name="own")) as store:
        for layer in CATALOG.layers.values():
            store.prepare(layer)
        enter_houses(store)
        answer = serve(store).get(f"{ITEMS}/H1", params={"f": "cityjson"})
        assert answer.headers["content-crs"] == f"<{CRS_URI.format(4548)}>"
        assert corners_of(lines_of(answer)).min(axis=0) == pytest.approx([EAST_M + 50, NORTH_M, 120.0], abs=2e-4)


@pytest.mark.parametrize("path", ["", "/any"])
def test_other_layers_have_no_cityjson(client, path):
    items = f"/collections/topo_sheets/items{path}"
    refused = client.get(items, params={"f": "cityjson"})
    assert refused.status_code == 400
    assert "topo_sheets is not given as cityjson" in refused.json()["detail"]
    assert client.get(items, headers={"Accept": "application/city+json"}).status_code == 406


def test_links_and_the_description_offer_it_for_buildings_alone(client):
    paths = client.get("/api").json()["paths"]
    for layer, offered in (("buildings", True), ("topo_sheets", False)):
        address = f"/collections/{layer}/items"
        kinds = {link["type"] for link in client.get(address).json()["links"]}
        assert {"application/city+json", "application/city+json-seq"} <= kinds or not offered
        assert any("city+json" in kind for kind in kinds) == offered
        assert ("f=cityjson" in client.get(address, params={"f": "html"}).text) == offered
        for path in (address, f"{address}/{{feature_id}}"):
            operation = paths[path]["get"]
            (form,) = (each for each in operation["parameters"] if each["name"] == "f")
            assert ({"cityjson", "cityjsonseq"} <= set(form["schema"]["enum"])) == offered
            assert ("application/city+json" in operation["responses"]["200"]["content"]) == offered


@pytest.mark.parametrize("one", [False, True])
def test_a_client_that_has_it_is_told_so_until_a_model_changes(modelled, tmp_path, one):
    client = serve(modelled)
    (key,) = {feature["id"] for feature in client.get(ITEMS).json()["features"]} - set(HOUSES)
    address = f"{ITEMS}/{key}?f=cityjson" if one else f"{ITEMS}?f=cityjson"
    before = client.get(address)
    asked = {"If-None-Match": before.headers["etag"]}
    assert client.get(address, headers=asked).status_code == 304

    enter_model(modelled, tmp_path / "school.ifc", wall_names={"South": "南墙"})

    after = client.get(address, headers=asked)
    assert after.status_code == 200
    assert ("南墙" in after.text, "南墙" in before.text) == (True, False)
