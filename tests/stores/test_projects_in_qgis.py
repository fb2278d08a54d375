"""Real QGIS, in two versions, opens the projects and the offline edition; what a planner edits in it comes back."""

from __future__ import annotations

import re
import secrets
import shutil
from collections import Counter
from pathlib import Path

import pytest

import layers
from tests_cli import twin
from tests_qgis import VERSIONS, run_in_qgis
from tests_server import serving
from twin.layer import Layer
from twin.query import Query
from twin.stores import open_store

OPEN = Path(__file__).parents[1] / "support" / "open_project_in_qgis.py"
LAYERS = layers.catalog().layers
TITLE = "Yinan synthetic sample 沂南示例县(合成数据)"
#: A block of houses, offices and shops in the middle of the sample town, and the evidence around it.
TOWN = {"center": [497_500, 3_936_233], "scale": 5000}
HOUSES = TOWN | {"draw": ["twin_roads_multilinestring", "twin_buildings_multipolygon"]}
BASE = TOWN | {"draw": ["twin_base_map"]}
EVIDENCE = TOWN | {"draw": ["twin_key_place_5g_areas_multipolygon"]}
#: As `test_styles_in_qgis` works them out; of evidence 0.35 * (0.65 * 0x1b + 0.35 * 0xf6) + 0.65 * 0xff = 0xca.
ON_THE_MAP = {"residential": "#e0cfb7", "office": "#b1c1d4", "arterial": "#e08a3c", "secondary": "#e7b84e"}
COVERED = "#cae3d4"
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NEW_ROAD = "((497000 3936000, 497300 3936100))"


@pytest.fixture(scope="module", params=VERSIONS)
def version(request):
    return request.param


@pytest.fixture(scope="module")
def service(sample_store, tmp_path_factory):
    log = tmp_path_factory.mktemp("service") / "log"  # a pipe that nobody reads would fill
    with serving(sample_store, log=log) as (_, root):
        yield root


@pytest.fixture(scope="module")
def database(sample_store, cluster):
    schema = f"twin_{secrets.token_hex(4)}"
    twin("copy", sample_store, cluster.address(schema))
    yield cluster.address(schema, secret="Xw7.qLz-91")
    cluster.sql(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture(scope="module", params=["gpkg", pytest.param("postgis", marks=pytest.mark.needs("postgis")), "api"])
def seen(request, sample_store, version, tmp_path_factory):
    """What QGIS makes of the project of a county, by where it takes the layers from."""
    store, options = sample_store, []
    if request.param == "postgis":
        store = request.getfixturevalue("database")
    elif request.param == "api":
        options = ["--source", "api", "--api", request.getfixturevalue("service")]
    project = tmp_path_factory.mktemp("project") / "county.qgz"
    twin("qgis", project, "--store", store, *options)
    return run_in_qgis(OPEN, {"project": str(project), "maps": [HOUSES, EVIDENCE, BASE]}, version=version)


def test_every_layer_is_there_with_all_its_features(seen, sample_store):
    assert (seen["read"], seen["error"]) == (True, "")
    assert all(layer["valid"] for layer in seen["layers"].values())
    with open_store(sample_store) as store:
        for layer in LAYERS.values():
            of_type = seen["layers"][f"twin_{layer.id}_{layer.geometry.lower()}"]
            assert (of_type["count"], of_type["read"]) == (store.count(layer), store.count(layer))
            assert of_type["title"] == layer.title_zh
            assert of_type["abstract"].startswith(f"{layer.title}. {layer.about}")


def test_codes_are_shown_by_their_titles(seen):
    for layer in LAYERS.values():
        found = seen["layers"][f"twin_{layer.id}_{layer.geometry.lower()}"]
        if found["provider"] == "OAPIF" and not found["read"]:
            continue  # QGIS 3.22 learns the fields of a collection from its features
        assert set(found["codes"]) == {field.name for field in layer.schema if field.codes}
        assert [label for _, label in found["categories"]] == _labels(layer)
    assert {"Motorway 高速公路": "motorway"} in seen["layers"]["twin_roads_multilinestring"]["codes"]["class"]


def _labels(layer: Layer) -> list[str]:
    codes = layer.schema[layer.style.by].codes
    return [*(f"{code.title} {code.title_zh}" for code in codes), "Other 其他"]


def test_the_list_has_groups_and_evidence_waits_to_be_switched_on(seen):
    names = [name for name, _ in seen["groups"]]
    assert names == [
        *dict.fromkeys(f"{layer.group[1]} {layer.group[0]}" for layer in LAYERS.values()),
        "指标 Indicators",
    ]
    evidence = set(dict(seen["groups"])["指标 Indicators"])
    assert {name.removeprefix("twin_").rpartition("_")[0].rpartition("_")[0] for name in evidence} == set(
        layers.catalog().indicators
    )
    assert set(seen["shown"]) == set(seen["layers"]) - evidence
    assert seen["layers"]["twin_topographic_coverage_areas_multipolygon"]["read"] > 250


def test_the_map_is_in_the_storage_crs_and_shows_the_county(seen, sample_store):
    for part in ("+proj=tmerc", "+lon_0=118.5", "+x_0=500000", "+ellps=GRS80"):
        assert part in seen["crs"]
    with open_store(sample_store) as store:
        west, south, east, north = store.area.bounds
    corner, other = ([float(value) for value in each.split(",")] for each in seen["window"].split(" : "))
    assert corner[0] <= west + 1 < east - 1 <= other[0]
    assert corner[1] <= south + 1 < north - 1 <= other[1]
    assert (other[0] - corner[0]) * (other[1] - corner[1]) < 3 * (east - west) * (north - south)
    assert {500.0, 2000.0, 10_000.0, 1_000_000.0} <= set(seen["scales"])


def test_evidence_lies_above_points_above_lines_above_areas(seen):
    order = [name for name in seen["order"] if name != "twin_base_map"]
    assert order == seen["order"][: len(order)]  # the base map lies below everything
    evidence = [name not in seen["shown"] for name in order]
    assert evidence == sorted(evidence, reverse=True)
    kinds = ["Point" in seen["layers"][name]["type"] for name in order if name in seen["shown"]]
    assert kinds == sorted(kinds, reverse=True)
    assert order.index("twin_buildings_multipolygon") < order.index("twin_admin_areas_multipolygon")
    assert all(seen["layers"][name]["fixed"] == (name not in seen["shown"]) for name in order)


def test_the_map_has_the_colours_of_the_codes_and_of_the_evidence(seen):
    houses, evidence, _ = seen["maps"]
    assert houses["errors"] == evidence["errors"] == []
    assert {code for code, color in ON_THE_MAP.items() if houses["pixels"].get(color, 0) > 1000} == set(ON_THE_MAP)
    assert evidence["pixels"].get(COVERED, 0) > 1000, Counter(evidence["pixels"]).most_common(3)


def test_a_service_gives_a_base_map_of_tiles_that_looks_the_same(seen):
    by_service = seen["layers"]["twin_roads_multilinestring"]["provider"] == "OAPIF"
    assert ("twin_base_map" in seen["valid"]) == by_service
    *_, base = seen["maps"]
    # Houses stand on more than white here, roads cover what is below them.
    found = {code for code, color in ON_THE_MAP.items() if base["pixels"].get(color, 0) > 1000}
    assert found == ({"arterial", "secondary"} if by_service else set())


def test_edits_in_the_offline_edition_come_back_as_one_revision(sample_store, version, tmp_path):
    """Added, moved, changed and removed, with the map in the storage CRS and in degrees of CGCS2000."""
    store_copy, file = shutil.copy(sample_store, tmp_path / "county.gpkg"), tmp_path / "field.gpkg"
    twin("qgis", file, "roads", "road_nodes", "--store", store_copy)
    with open_store(store_copy) as store:
        keys = store.read(LAYERS["roads"], Query(limit=3)).data.index.tolist()
        nodes = store.read(LAYERS["road_nodes"], Query(limit=1)).data.index.tolist()
    roads = {
        "layer": "twin_roads_multilinestring",
        "add": [
            [{"road_id": "new", "name": "新路", "class": "local"}, "MultiLineString((497000 3936000, 497300 3936100))"]
        ],
        "change": [[f"road_id = '{keys[0]}'", {"name": "改名路"}]],
        "delete": [f"road_id = '{keys[1]}'"],
    }
    degrees = {
        "layer": "twin_roads_multilinestring",
        "crs": "EPSG:4490",
        "add": [[{"class": "local"}, "MultiLineString((118.5 35.55, 118.5 35.551))"]],
    }
    moved = {
        "layer": "twin_road_nodes_point",
        "crs": "EPSG:4490",
        "move": [[f"node_id = '{nodes[0]}'", "Point(118.5 35.55)"]],
    }
    asked = {"project": f"geopackage:{file}?projectName={TITLE}", "edit": [roads, degrees, moved]}
    seen = run_in_qgis(OPEN, asked, version=version)
    assert [saved for saved, _ in seen["edit"]] == [True, True, True], seen["edit"]
    assert all(layer["valid"] for layer in seen["layers"].values())
    assert seen["layers"]["twin_roads_multilinestring"]["source"].startswith(str(file))
    twin("merge", file, "--store", store_copy, "--author", "wang")
    with open_store(store_copy) as store:
        made = [each for each in store.revisions() if each.author == "wang"]
        assert [(each.layer, each.inserted, each.updated, each.deleted) for each in made] == [
            ("roads", 2, 1, 1),
            ("road_nodes", 0, 1, 0),
        ]
        data = store.read(LAYERS["roads"]).data
        (made_key,) = [key for key in data.index if UUID.fullmatch(key)]  # by the form, as the API makes keys
        assert data.loc[["new", keys[0]], "name"].tolist() == ["新路", "改名路"]
        assert keys[1] not in data.index
        assert data.geometry["new"].wkt == f"MULTILINESTRING {NEW_ROAD}"
        # The central meridian lies on x = 500 km.
        node = store.read(LAYERS["road_nodes"]).data.geometry[nodes[0]]
        assert node.x == pytest.approx(500_000, abs=1e-3)
        assert data.geometry[made_key].bounds[:2] == pytest.approx((node.x, node.y), abs=1e-3)
