"""Real QGIS, in two versions, opens the layers of a twin from a database and from a file as a planner does."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
import shapely

import layers
from tests_cli import twin
from tests_qgis import VERSIONS, run_in_qgis
from twin.layer import Layer
from twin.query import Query
from twin.stores import open_store, roles_of

pytestmark = pytest.mark.needs("postgis")

LOOK = Path(__file__).parents[1] / "support" / "look_in_qgis.py"
LAYERS = layers.catalog().layers
#: A block of houses, offices and shops in the middle of the sample town, and roads of three classes around it.
TOWN = {"center": [497_500, 3_936_233], "scale": 5000, "draw": ["roads", "buildings"]}
#: Colours of codes as they come out on white: areas a third paper and four fifths opaque, lines as they are.
ON_THE_MAP = {
    "residential": "#e0cfb7",  # of #c8a97e: 0.8 * (0.65 * 0xc8 + 0.35 * 0xf6) + 0.2 * 0xff = 0xe0, and so on
    "commercial": "#e5ae9d",
    "office": "#b1c1d4",
    "culture": "#b7a6cc",
    "arterial": "#e08a3c",
    "secondary": "#e7b84e",
    "local": "#c4c2ba",
}


@pytest.fixture(scope="module")
def county(cluster):
    """The sample county in a database, with roles and one place that is known only as a point."""
    schema = f"twin_{secrets.token_hex(4)}"
    twin("sample", cluster.address(schema), "--without-models")
    roles_of(cluster.address(schema), create=True)
    cluster.sql(
        f"INSERT INTO {schema}.key_places (geom, place_id, name, category)"
        f" SELECT ST_Centroid(geom), 'a-point', '点', category FROM {schema}.key_places LIMIT 1"
    )
    yield schema
    roles = f"{schema}_reader, {schema}_editor, {schema}_writer"
    cluster.sql(f"DROP SCHEMA {schema} CASCADE; DROP OWNED BY {roles}; DROP ROLE {roles}")


@pytest.fixture(scope="module", params=VERSIONS)
def version(request):
    return request.param


def planner(cluster, schema, role):
    """Where a planner connects, and as whom."""
    return {"connection": f"dbname='postgres' host='{cluster.folder}' user='{schema}_{role}'", "schema": schema}


@pytest.fixture(scope="module")
def in_database(county, cluster, version):
    return run_in_qgis(LOOK, {**planner(cluster, county, "reader"), "maps": [TOWN]}, version=version)


@pytest.fixture(scope="module")
def in_file(sample_store, version):
    return run_in_qgis(LOOK, {"file": str(sample_store), "maps": [TOWN]}, version=version)


@pytest.fixture(scope="module")
def looks(in_database, in_file):
    """What QGIS saw of either kind of store."""
    return in_database, in_file


def test_two_versions_look(version, in_database):
    major, minor, _ = in_database["version"].split(".")
    assert (int(major), int(minor)) >= ((3, 22) if version is None else (3, 40))


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_a_table_is_opened_without_a_question(layer, in_database, county, cluster):
    """Key, type, CRS and rights are found by QGIS itself."""
    with open_store(cluster.address(county)) as store:
        data = store.read(layer).data
    of_type = {shape.geom_type for shape in data.geometry if shape is not None}
    seen = {found["type"]: found for found in in_database["layers"][layer.id]}
    # An empty table has the type that its layer says.
    assert set(seen) == {kind + ("Z" if layer.has_z else "") for kind in of_type or {layer.geometry}}
    for kind, found in seen.items():
        assert found["valid"]
        assert found["key"] == ["fid"]
        assert found["count"] == sum(shape.geom_type == kind.removesuffix("Z") for shape in data.geometry)
        for part in ("+proj=tmerc", "+lon_0=118.5", "+k=1 ", "+x_0=500000", "+ellps=GRS80"):
            assert part in found["crs"]
        assert found["comment"].startswith(f"{layer.title} {layer.title_zh}. ")
        assert not found["editable"]  # by the reader


def test_the_history_is_titled_too(in_database):
    (past,) = in_database["layers"]["topo_sheets_history"]
    assert past["comment"].startswith("Topographic sheets, history 地形图图幅历史. ")
    assert past["valid"]


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_a_layer_comes_with_titles_codes_and_colours(layer: Layer, looks):
    for found in (found for seen in looks for found in seen["layers"][layer.id]):
        assert found["valid"]
        titles = {field.name: field.title for field in layer.schema}
        assert {name: alias[: len(titles[name])] for name, alias in found["aliases"].items() if alias} == titles
        assert {name: {next(iter(entry.values())) for entry in codes} for name, codes in found["codes"].items()} == {
            field.name: {str(code.value) for code in field.codes} for field in layer.schema if field.codes
        }
        assert found["hidden"] == ["fid", "opened"]
        assert found["columns"] == [field.name for field in layer.schema]
        assert (found["by"] or None) == layer.style.by
        assert found["label"] == layer.style.label
        if layer.style.by is None:
            continue
        *codes, other = found["categories"]
        assert [value for value, *_ in codes] == [str(code.value) for code in layer.schema[layer.style.by].codes]
        assert other[:2] == ["", "Other 其他"]
        if "Polygon" not in found["type"]:  # areas are lighter than their colour
            assert {value: color for value, _, color in codes if value in layer.style.colors} == layer.style.colors
        assert found["named"] or layer.style.label is None or not found["count"]


def test_titles_of_fields_and_codes_are_in_both_languages(in_database):
    (roads,) = in_database["layers"]["roads"]
    assert roads["aliases"]["width_m"] == "Carriageway width 路宽 (m)"
    assert {"Motorway 高速公路": "motorway"} in roads["codes"]["class"]
    assert ["motorway", "Motorway 高速公路", "#b23a6b"] in roads["categories"]
    assert roads["ranges"]["width_m"]["Precision"] == 3
    assert 'represent_value("class")' in roads["tip"]


def test_a_layer_of_areas_and_points_has_a_style_for_each(in_database):
    styles = {found["type"]: found["styles"] for found in in_database["layers"]["key_places"]}
    assert styles == {"MultiPolygon": ["Standard 标准"], "Point": ["Standard, points 标准（点）"]}


def test_the_map_has_the_colours_of_the_codes(looks):
    for drawn in (seen["maps"][0] for seen in looks):
        assert drawn["errors"] == []
        assert {code for code, color in ON_THE_MAP.items() if drawn["pixels"].get(color, 0) > 1000} == set(ON_THE_MAP)


def test_either_store_is_drawn_alike(looks):
    in_database, in_file = (seen["maps"][0]["pixels"] for seen in looks)
    areas = {color for color, pixels in in_database.items() if pixels > 1000}
    assert {color: in_file[color] for color in areas} == pytest.approx(
        {color: in_database[color] for color in areas}, rel=0.01
    )


def test_edits_are_revisions_of_who_made_them(county, cluster, version):
    with open_store(cluster.address(county)) as store:
        before = store.latest()
        shapes = store.read(LAYERS["buildings"], Query(limit=2)).data.geometry
    changed, deleted = shapes.index
    edits = [
        {"add": [[{"building_id": "drawn-in-qgis"}, shapely.to_wkt(shapes[changed], rounding_precision=9)]]},
        {"change": [[f"building_id = '{changed}'", {"name": "改名"}]]},
        {"delete": [f"building_id = '{deleted}'"]},
    ]
    asked = planner(cluster, county, "editor") | {"edit": [{"layer": "buildings", **each} for each in edits]}
    seen = run_in_qgis(LOOK, asked, version=version)
    assert seen["layers"]["buildings"][0]["editable"]
    assert [done for done, _ in seen["edit"]] == [True, True, True], seen["edit"]
    with open_store(cluster.address(county), write=True) as store:
        made = [revision for revision in store.revisions(LAYERS["buildings"]) if revision.number > before]
        assert [(each.inserted, each.updated, each.deleted) for each in made] == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
        assert {each.author for each in made} == {f"{county}_editor"}
        data = store.read(LAYERS["buildings"]).data
        assert data.loc[changed, "name"] == "改名"
        assert deleted not in data.index
        assert shapely.equals_exact(data.geometry["drawn-in-qgis"], shapes[changed], tolerance=1e-6)
    cluster.sql(f"DELETE FROM {county}.buildings WHERE building_id = 'drawn-in-qgis'")


def test_the_style_that_a_planner_makes_the_default_stays_so(county, cluster, version):
    asked = {**planner(cluster, county, "editor"), "save": "road_nodes", "name": "Mine 我的"}
    assert not run_in_qgis(LOOK, asked, version=version)["save"]
    twin("upgrade", "--store", cluster.address(county))
    seen = run_in_qgis(LOOK, planner(cluster, county, "reader"), version=version)
    (nodes,) = seen["layers"]["road_nodes"]
    assert nodes["styles"] == ["Mine 我的", "Standard 标准"]
    assert nodes["categories"] == []
    cluster.sql(
        "DELETE FROM layer_styles WHERE stylename = 'Mine 我的';"
        f"UPDATE layer_styles SET useasdefault = true WHERE f_table_schema = '{county}'"
    )
