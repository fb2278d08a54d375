"""Real QGIS, in two versions, opens the project of a county from every source, and its offline edition.

What each of these tests proves of what QGIS users were promised is listed in ``docs/conformance.md``.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.request import urlopen

import pytest
import shapely

import layers
from tests_cli import twin
from tests_qgis import VERSIONS, run_in_qgis
from tests_server import serving
from twin.area import ellipsoidal_area_m2
from twin.crs import parse_crs
from twin.engine import evaluate
from twin.expressions import compare
from twin.layer import Layer
from twin.parts import kinds_of
from twin.query import Query
from twin.store import Changes
from twin.stores import create_store, open_store

LOOK = Path(__file__).parents[1] / "support" / "look_in_qgis.py"
CATALOG = layers.catalog()
#: The county of the tests has no models of buildings, and no clashes of them.
WITHOUT = ("building_models", "building_elements", "building_clashes")
LAYERS = {name: layer for name, layer in CATALOG.layers.items() if name not in WITHOUT}
TITLE = "Yinan synthetic sample 沂南示例县(合成数据)"
#: A block of houses, offices and shops in the middle of the sample town, and the evidence around it.
TOWN = {"center": [497_500, 3_936_233], "scale": 5000}
HOUSES = TOWN | {"draw": ["twin_roads_multilinestring", "twin_buildings_multipolygon"]}
BASE = TOWN | {"draw": ["twin_base_map"]}
EVIDENCE = TOWN | {"draw": ["twin_key_place_5g_areas_multipolygon"]}
#: On the paper of the web map, #f6f4ee: areas a third paper and four fifths opaque, 0.8 * (0.65 * 0xc8 + 0.35 * 0xf6)
#: + 0.2 * 0xf6 = 0xde for houses of #c8a97e, and so on; lines as they are.
ON_THE_MAP = {"residential": "#decdb4", "office": "#afbfd1", "arterial": "#e08a3c", "secondary": "#e7b84e"}
#: Of evidence 0.35 * (0.65 * 0x1b + 0.35 * 0xf6) + 0.65 * 0xf6 = 0xc4, and so on.
COVERED = "#c4dcc9"
TALL = {"layer": "twin_buildings_multipolygon", "filter": '"floors" > 15', "value": "building_id"}
AREA = {"layer": "twin_planning_areas_multipolygon", "where": "area_id = 'planning-2018-2035'", "value": "$area"}


@pytest.fixture(scope="module")
def county(sample_store, tmp_path_factory):
    """The sample county with three places that are known only as points, before all others."""
    path = Path(shutil.copy(sample_store, tmp_path_factory.mktemp("county") / "county.gpkg"))
    places = LAYERS["key_places"]
    with open_store(path, write=True) as store:
        rows = store.read(places, Query(limit=3)).data
        rows.index = rows[places.key] = [f"0-point-{number}" for number in range(3)]
        store.write(places, Changes(insert=rows.set_geometry(rows.centroid)), author="survey", reason="three points")
    return path


@pytest.fixture(scope="module", params=VERSIONS)
def version(request):
    return request.param


@pytest.fixture(scope="module")
def service(county):
    with serving(county, log=county.with_name("log")) as (_, root):  # a pipe that nobody reads would fill
        yield root


@pytest.fixture(scope="module")
def database(county, cluster):
    schema = f"twin_{secrets.token_hex(4)}"
    twin("copy", str(county), cluster.address(schema))
    yield cluster.address(schema, secret="Xw7.qLz-91")
    cluster.sql(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture(
    scope="module", params=["file", "edition", pytest.param("postgis", marks=pytest.mark.needs("postgis")), "api"]
)
def seen(request, county, version, tmp_path_factory):
    """What QGIS makes of the project of a county, by where it takes the layers from."""
    place = tmp_path_factory.mktemp("project")
    project = str(place / "county.qgz")
    match request.param:
        case "file":
            twin("qgis", project, "--store", str(county))
        case "edition":
            twin("qgis", str(place / "field.gpkg"), "--store", str(county))
            project = f"geopackage:{place / 'field.gpkg'}?projectName={TITLE}"
        case "postgis":
            twin("qgis", project, "--store", request.getfixturevalue("database"))
        case "api":
            with urlopen(f"{request.getfixturevalue('service')}/qgis/project.qgz") as answer:
                Path(project).write_bytes(answer.read())
    asked = {"project": project, "ask": [TALL, AREA], "maps": [HOUSES, EVIDENCE, BASE]}
    return run_in_qgis(LOOK, asked, version=version)


def test_every_layer_is_there_with_all_its_features(seen, county):
    assert (seen["read"], seen["error"], seen["title"]) == (True, "", TITLE)
    assert all(layer["valid"] for layer in seen["layers"].values())
    with open_store(county) as store:
        for layer in LAYERS.values():
            of_layer = [seen["layers"][f"twin_{layer.id}_{kind.lower()}"] for kind in kinds_of(layer)]
            assert [sum(each[number] for each in of_layer) for number in ("count", "read")] == [store.count(layer)] * 2
            assert of_layer[0]["title"] == layer.title_zh
            assert of_layer[0]["abstract"].startswith(f"{layer.title}. {layer.about}")
    places = [seen["layers"][f"twin_key_places_{kind}"]["read"] for kind in ("multipolygon", "point")]
    assert places == [145, 3]
    assert seen["layers"]["twin_key_places_point"]["title"] == "重点公共区域（点）"


def test_codes_are_shown_by_their_titles(seen):
    for layer in LAYERS.values():
        found = seen["layers"][f"twin_{layer.id}_{layer.geometry.lower()}"]
        if found["provider"] == "OAPIF" and not found["read"]:
            continue  # QGIS 3.22 learns the fields of a collection from its features
        assert set(found["codes"]) == {field.name for field in layer.schema if field.codes}
        assert [label for _, label, _ in found["categories"]] == _labels(layer)
    assert {"Motorway 高速公路": "motorway"} in seen["layers"]["twin_roads_multilinestring"]["codes"]["class"]


def _labels(layer: Layer) -> list[str]:
    codes = () if layer.style.by is None else layer.schema[layer.style.by].codes
    return [*(f"{code.title} {code.title_zh}" for code in codes), "Other 其他"]


def test_the_list_has_groups_and_evidence_waits_to_be_switched_on(seen):
    names = [name for name, _ in seen["groups"]]
    assert names == [
        *dict.fromkeys(f"{layer.group[1]} {layer.group[0]}" for layer in LAYERS.values()),
        "指标 Indicators",
    ]
    evidence = set(dict(seen["groups"])["指标 Indicators"])
    assert {name.removeprefix("twin_").rpartition("_")[0].rpartition("_")[0] for name in evidence} == set(
        CATALOG.indicators
    )
    assert set(seen["shown"]) == set(seen["layers"]) - evidence
    assert seen["layers"]["twin_topographic_coverage_areas_multipolygon"]["read"] > 250


def test_the_map_is_in_the_storage_crs_and_shows_the_county(seen, county):
    for part in ("+proj=tmerc", "+lon_0=118.5", "+x_0=500000", "+ellps=GRS80"):
        assert part in seen["crs"]
    with open_store(county) as store:
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


def test_a_filter_finds_what_the_twin_finds(seen, county):
    with open_store(county) as store:
        tall = store.read(LAYERS["buildings"], Query(where=compare("floors", ">", 15))).data.index.tolist()
    assert len(tall) > 20
    assert seen["ask"][0] == sorted(tall)


def test_an_area_is_measured_as_the_indicator_measures_it(seen, county):
    """On the ellipsoid of CGCS2000, whatever CRS the layer has: 78 km² to half a square metre."""
    with open_store(county) as store:
        planned = evaluate(CATALOG.indicator("topographic_coverage"), CATALOG, store).measure.denominator
        shape = store.read(LAYERS["planning_areas"], Query(ids=("planning-2018-2035",))).data.geometry.iloc[0]
        assert abs(shape.area - planned) > 10  # in the plane of the map it is another one
        assert ellipsoidal_area_m2([shape], store.crs)[0] == pytest.approx(planned)
    assert seen["ask"][1] == [pytest.approx(planned, abs=0.5)]


def test_the_map_has_the_colours_of_the_codes_and_of_the_evidence(seen):
    houses, evidence, _ = seen["maps"]
    assert houses["errors"] == evidence["errors"] == []
    assert _found(houses) == set(ON_THE_MAP)
    assert _count(evidence["pixels"], COVERED) > 1000


def test_a_service_gives_a_base_map_of_tiles_that_looks_the_same(seen):
    by_service = seen["layers"]["twin_roads_multilinestring"]["provider"] == "OAPIF"
    assert ("twin_base_map" in seen["valid"]) == by_service
    *_, base = seen["maps"]
    # Houses stand on more than paper here, roads cover what is below them.
    assert _found(base) == ({"arterial", "secondary"} if by_service else set())


def _found(drawn: Mapping[str, Mapping[str, int]]) -> set[str]:
    """The codes whose colours a map has."""
    return {code for code, color in ON_THE_MAP.items() if _count(drawn["pixels"], color) > 1000}


def _count(pixels: Mapping[str, int], color: str) -> int:
    """How many pixels have a colour, or one that rounding makes of it."""
    wanted = bytes.fromhex(color[1:])
    near = [
        each for each in pixels if max(abs(a - b) for a, b in zip(bytes.fromhex(each[1:]), wanted, strict=True)) < 2
    ]
    return sum(pixels[each] for each in near)


@pytest.fixture(scope="module")
def neighbour(county, tmp_path_factory):
    """The places of the county in a store of EPSG:4548, as places of a neighbour that has this CRS."""
    path = tmp_path_factory.mktemp("neighbour") / "places.gpkg"
    places = LAYERS["key_places"]
    with open_store(county) as source, create_store(path, crs=parse_crs("EPSG:4548"), title="Neighbour") as store:
        rows = source.read(places).data.set_crs("EPSG:4548", allow_override=True)
        store.write(places, Changes(insert=rows), author="survey", reason="taken over")
    with serving(path, log=path.with_name("log")) as (_, root):
        yield path, root


#: For which version a project is written, and which opens it: the older one not that of the newer.
WRITTEN_FOR = [pytest.param(wanted, *each.values, id=f"{wanted}-{each.id}", marks=each.marks)
               for wanted, each in [("3.22", VERSIONS[0]), ("3.22", VERSIONS[1]), ("3.40", VERSIONS[1])]]  # fmt: skip


@pytest.mark.parametrize(("wanted", "opened_by"), WRITTEN_FOR)
def test_from_the_service_each_version_gets_the_crs_that_it_reads_right(neighbour, opened_by, tmp_path, wanted):
    path, root = neighbour
    project = str(tmp_path / "county.qgz")
    twin("qgis", project, "--source", "api", "--api", root, "--qgis", wanted, "--store", str(path))
    area = {"layer": "twin_key_places_multipolygon", "value": "place_id"}
    with open_store(path) as store:
        first = store.read(LAYERS["key_places"], Query(ids=("0-point-0",))).data.geometry.iloc[0]
    seen = run_in_qgis(LOOK, {"project": project, "ask": [area, PLACE]}, version=opened_by)
    assert [seen["layers"][f"twin_key_places_{kind}"]["read"] for kind in ("multipolygon", "point")] == [145, 3]
    assert seen["layers"]["twin_key_places_point"]["crs_id"] == ("EPSG:4548" if wanted == "3.40" else "EPSG:4326")
    place = shapely.from_wkt(seen["ask"][1][0])
    assert (place.x, place.y) == pytest.approx((first.x, first.y), abs=1e-3)


#: Where a point is in the CRS of the map.
PLACE = {
    "layer": "twin_key_places_point",
    "where": "place_id = '0-point-0'",
    "value": "geom_to_wkt(transform($geometry, @layer_crs, 'EPSG:4548'), 4)",
}
