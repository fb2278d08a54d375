"""A planner's day in QGIS, as docs/qgis.md tells it, in two versions: office, field, and back."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import shapely
from click.testing import CliRunner

import layers
from tests_cli import twin
from tests_qgis import VERSIONS, run_in_qgis
from tests_support import edit_file
from twin.cli import main_group
from twin.crs import parse_crs, transform
from twin.expressions import compare
from twin.query import Query
from twin.stores import open_store

LOOK = Path(__file__).parents[1] / "support" / "look_in_qgis.py"
ROADS = layers.catalog().layers["roads"]
IN_ROADS, IN_NODES = "twin_roads_multilinestring", "twin_road_nodes_point"
IN_AREAS = "twin_planning_areas_multipolygon"
TITLE = "Yinan synthetic sample 沂南示例县(合成数据)"
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def county(sample_store, tmp_path):
    return Path(shutil.copy(sample_store, tmp_path / "county.gpkg"))


def keys_of(county, layer, number):
    with open_store(county) as store:
        return store.read(layers.catalog().layers[layer], Query(limit=number)).data.index.tolist()


def history(county, layer="roads"):
    told = json.loads(twin("history", layer, "--store", county, "--json"))
    return [tuple(each[name] for name in ("inserted", "updated", "deleted")) for each in told]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_planners_day(county, version, tmp_path):
    # In the office: the project over the twin itself; three features are edited and saved.
    twin("qgis", tmp_path / "county.qgz", "--store", county)
    first, second, third, fourth = keys_of(county, "roads", 4)
    (node,) = keys_of(county, "road_nodes", 1)
    before = history(county)
    office = {
        "layer": IN_ROADS,
        "add": [[{"name": "办公室新路", "class": "local"}, "MultiLineString((497000 3936000, 497300 3936100))"]],
        "change": [[f"road_id = '{first}'", {"name": "文昌路"}]],
        "delete": [f"road_id = '{fourth}'"],
    }
    motorways = {"layer": IN_ROADS, "filter": "\"class\" = 'motorway'", "value": "road_id"}
    planned = {"layer": IN_AREAS, "where": "area_id = 'planning-2018-2035'", "value": "$area"}
    asked = {"project": str(tmp_path / "county.qgz"), "edit": [office], "ask": [motorways, planned]}
    seen = run_in_qgis(LOOK, asked, version=version)
    assert [saved for saved, _ in seen["edit"]] == [True], seen["edit"]
    with open_store(county) as store:
        found = store.read(ROADS, Query(where=compare("class", "=", "motorway"))).data.index.tolist()
    (assessed,) = json.loads(twin("assess", "topographic_coverage", "--store", county, "--json"))
    assert seen["ask"] == [sorted(found), [pytest.approx(assessed["denominator"], abs=0.5)]]
    # Each kind of edit is a revision of its own, which says how many features it changed.
    assert sorted(history(county)[len(before) :]) == [(0, 0, 1), (0, 1, 0), (1, 0, 0)]

    # In the field, without a network: the offline edition, with maps in three CRS.
    field = tmp_path / "field.gpkg"
    twin("qgis", field, "roads", "road_nodes", "--store", county)
    in_zone = transform([497_000, 497_300], [3_935_000, 3_935_100], _plane(county), parse_crs("EPSG:4548"))
    (x1, x2), (y1, y2) = in_zone
    edits = [
        {
            "layer": IN_ROADS,
            "change": [[f"road_id = '{second}'", {"name": "现场名"}]],
            "delete": [f"road_id = '{third}'"],
        },
        {
            "layer": IN_ROADS,
            "crs": "EPSG:4548",
            "add": [[{"road_id": "new", "class": "local"}, f"MultiLineString(({x1} {y1}, {x2} {y2}))"]],
        },
        {
            "layer": IN_ROADS,
            "crs": "EPSG:4490",
            "add": [[{"class": "local"}, "MultiLineString((118.5 35.55, 118.5 35.551))"]],
        },
        {"layer": IN_NODES, "crs": "EPSG:4490", "move": [[f"node_id = '{node}'", "Point(118.5 35.55)"]]},
    ]
    edition = {"project": f"geopackage:{field}?projectName={TITLE}", "edit": edits}
    seen = run_in_qgis(LOOK, edition, version=version)
    assert [saved for saved, _ in seen["edit"]] == [True] * 4, seen["edit"]
    assert seen["layers"][IN_ROADS]["source"].startswith(str(field))

    # Back again: a colleague has named one of the roads meanwhile, in another way.
    edit_file(str(county), "UPDATE roads SET name = '同事名' WHERE road_id = ?", [second])
    at = history(county)
    refused = CliRunner().invoke(main_group, ["merge", str(field), "--store", str(county)])
    assert refused.exit_code == 1
    for word in ("现场名", "同事名", second):
        assert word in refused.output
    assert history(county) == at
    twin("merge", field, "--store", county, "--keep", "mine", "--author", "wang", "--reason", "field work")
    with open_store(county) as store:
        made = [each for each in store.revisions() if each.author == "wang"]
        data = store.read(ROADS).data
        moved = store.read(layers.catalog().layers["road_nodes"], Query(ids=(node,))).data.geometry.iloc[0]
    assert [(each.layer, each.inserted, each.updated, each.deleted) for each in made] == [
        ("roads", 2, 1, 1),
        ("road_nodes", 0, 1, 0),
    ]
    assert data.loc[[first, second], "name"].tolist() == ["文昌路", "现场名"]
    assert not {third, fourth} & set(data.index)
    assert {"办公室新路"} <= set(data["name"].dropna())
    by_form = [key for key in data.index if UUID.fullmatch(key)]  # one in the office, one in the field
    assert len(by_form) == 2
    drawn = shapely.get_coordinates(data.geometry["new"]).ravel()
    assert drawn == pytest.approx([497_000, 3_935_000, 497_300, 3_935_100], abs=1e-3)
    # The central meridian lies on x = 500 km.
    assert moved.x == pytest.approx(500_000, abs=1e-3)
    (in_degrees,) = [key for key in by_form if data.loc[key, "name"] != "办公室新路"]
    assert data.geometry[in_degrees].bounds[:2] == pytest.approx((moved.x, moved.y), abs=1e-3)


def _plane(county):
    with open_store(county) as store:
        return store.crs
