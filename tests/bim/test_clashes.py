"""Clashes of two models of a building, of a pipe and of a neighbour: as an answer, a layer, GeoJSON and topics."""

from __future__ import annotations

import json
import shutil

import bcf.v2.bcfxml
import bcf.v3.bcfxml
import pytest
import shapely
from click.testing import CliRunner

from bim.clash import building_clashes
from clash_models import FOUND, E, N, Z, global_id, make_store
from layers import catalog
from layers.building_clashes import BUILDING_CLASHES
from twin.asking import ask
from twin.cli import main_group
from twin.errors import InvalidParameter
from twin.keeping import keep_reply
from twin.replies import write_reply
from twin.store import Changes
from twin.stores import open_store


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("clashes") / "twin.gpkg")


@pytest.fixture
def store(made, tmp_path):
    with open_store(shutil.copy(made, tmp_path / "twin.gpkg"), write=True) as store:
        yield store


def ask_clashes(store, **parameters):
    return ask(building_clashes, catalog(), store, parameters=parameters)


def pairs(reply):
    told = [shape.properties for shape in reply.answer.shapes]
    return {(each["first_id"], each["second_id"]): each["measured_m"] for each in told}


def test_what_shares_room_is_told_with_thickness_and_volume(store):
    reply = ask_clashes(store)
    assert pairs(reply) == {pair: pytest.approx(thick, abs=2e-4) for pair, (thick, _) in FOUND.items()}
    volumes = {shape.properties["second_id"]: shape.properties["shared_m3"] for shape in reply.answer.shapes
               if shape.properties["first_id"] == "arch.wall"}  # fmt: skip
    assert volumes == {"mep.duct": pytest.approx(0.002, abs=1e-5), "next": pytest.approx(0.06, abs=1e-4)}
    figures = dict(reply.answer.figures)
    assert figures.pop("by_class")[0] == {
        "rule": "CLASH",
        "first": "IfcColumn",
        "second": "IfcWallStandardCase",
        "pairs": 1,
    }
    assert figures == {"CLASH": 5, "CLEAR": None, "elements": 8, "open_elements": 0}
    assert reply.answer.features["CLASH"] == {
        "building_elements": ("arch.column", "arch.slab", "arch.wall", "mep.duct"),
        "pipe_segments": ("p",),
        "buildings": ("next",),
    }
    (crossing,) = (one.geometry for one in reply.answer.shapes if one.properties["second_id"] == "mep.duct")
    assert shapely.get_coordinates(crossing, include_z=True).tolist() == [
        pytest.approx([E + 4.05, N + 0.1, Z + 2.05], abs=1e-3)
    ]


def test_a_tolerance_leaves_out_what_is_thinner(store):
    assert set(pairs(ask_clashes(store, tolerance_m=0.06))) == FOUND.keys() - {("arch.slab", "p")}
    assert set(pairs(ask_clashes(store, tolerance_m=0.15))) == {("arch.column", "arch.wall")}


def test_a_clearance_tells_what_is_too_near(store):
    """The lamp hangs 30 mm beside the column; everything that touches is nearer."""
    near = ask_clashes(store, clearance_m=0.031, first_class="IfcLamp")
    assert pairs(near) == {("arch.lamp", "arch.column"): pytest.approx(0.03, abs=1e-4)}
    assert near.answer.figures["CLEAR"] == 1
    assert pairs(ask_clashes(store, clearance_m=0.029, first_class="IfcLamp")) == {}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"model": "mep"}, {("mep.duct", "arch.wall")}),
        ({"against": "pipes"}, {("arch.slab", "p")}),
        ({"against": "buildings"}, {("arch.slab", "next"), ("arch.wall", "next")}),
        ({"against": "elements", "first_class": "IfcWall"}, {("arch.wall", "arch.column"), ("arch.wall", "mep.duct")}),
        ({"first_class": "IfcColumn", "second_class": "IfcWall"}, {("arch.column", "arch.wall")}),
        ({"second_class": "IfcWall"}, {("arch.column", "arch.wall"), ("mep.duct", "arch.wall")}),
        ({"building": "own"}, FOUND.keys()),
        ({"building": "next"}, set()),
        ({"model": "none"}, set()),
    ],
)
def test_only_what_is_asked_for_is_told(store, asked, found):
    reply = ask_clashes(store, **asked)
    assert {frozenset(pair) for pair in pairs(reply)} == {frozenset(pair) for pair in found}
    if "first_class" in asked or "model" in asked:
        assert set(pairs(reply)) == set(found)


@pytest.mark.parametrize("asked", [{"tolerance_m": -0.01}, {"clearance_m": 11}, {"time_s": 0}, {"against": "trees"}])
def test_what_makes_no_sense_is_refused(store, asked):
    with pytest.raises(InvalidParameter, match=next(iter(asked))):
        ask_clashes(store, **asked)


def test_of_a_store_in_degrees_the_same_is_found(tmp_path):
    with open_store(make_store(tmp_path / "degrees.gpkg", "EPSG:4490")) as store:
        reply = ask_clashes(store)
    assert pairs(reply) == {pair: pytest.approx(thick, abs=1e-3) for pair, (thick, _) in FOUND.items()}
    assert {round(shape.geometry.x, 3) for shape in reply.answer.shapes} == {120.0}


def test_the_layer_follows_what_is_found_and_keeps_what_people_say(store):
    def keep():
        return keep_reply(ask_clashes(store), store, BUILDING_CLASHES, author="li")

    assert keep().inserted == 5
    rows = store.read(BUILDING_CLASHES).data
    below = rows[rows["second_id"] == "p"].assign(state="accepted", remark="已设套管")
    store.write(BUILDING_CLASHES, Changes(update=below), author="wang", reason="looked at")
    assert keep() is None
    store.write(catalog().layer("buildings"), Changes(delete=("next",)), author="zhang", reason="torn down")
    then = keep()
    assert (then.inserted, then.updated, then.deleted) == (0, 0, 2)
    kept = store.read(BUILDING_CLASHES).data.set_index("second_id")
    assert kept.loc["p", ["state", "remark", "limit_m"]].tolist() == ["accepted", "已设套管", -0.01]
    with pytest.raises(InvalidParameter, match="model=arch asks for a part"):
        keep_reply(ask_clashes(store, model="arch"), store, BUILDING_CLASHES, author="li")


@pytest.mark.parametrize(("name", "reader"), [("c.bcfzip", bcf.v2.bcfxml.BcfXml), ("c.bcf", bcf.v3.bcfxml.BcfXml)])
def test_each_clash_is_a_topic_that_selects_both(store, tmp_path, name, reader):
    reply = ask_clashes(store)
    write_reply(reply, catalog(), tmp_path / name)
    book = reader(tmp_path / name)
    assert set(book.topics) == {shape.properties["clash_id"] for shape in reply.answer.shapes}
    titles = {each.topic.title: each for each in book.topics.values()}
    crossing = titles["CLASH Share room 空间碰撞: IfcWallStandardCase wall 1 – IfcDuctSegment duct 1"]
    assert "Measured 实测 -0.100 m, limit 限值 -0.010 m" in crossing.topic.description
    ((_, view),) = crossing.viewpoints.items()
    info = view.visualization_info
    assert [each.ifc_guid for each in info.components.selection.component] == [global_id(1), global_id(101)]
    at, way = info.perspective_camera.camera_view_point, info.perspective_camera.camera_direction
    distance = 6.0
    assert (at.x + distance * way.x, at.y + distance * way.y, at.z + distance * way.z) == pytest.approx(
        (E + 4.05, N + 0.1, Z + 2.05), abs=1e-3
    )
    ((_, view),) = titles["CLASH Share room 空间碰撞: IfcSlab slab 1 – JS p"].viewpoints.items()
    selected = view.visualization_info.components.selection.component
    assert [(each.ifc_guid, each.authoring_tool_id) for each in selected] == [
        (global_id(5), None),
        (None, "pipe_segments/p"),
    ]


def test_the_command_writes_geojson_and_keeps_the_layer(made, tmp_path):
    path = shutil.copy(made, tmp_path / "twin.gpkg")
    words = ["ask", "building_clashes", "--keep", "--out", str(tmp_path / "c.geojson"), "--store", str(path)]
    said = CliRunner().invoke(main_group, words)
    assert (said.exit_code, "kept in building_clashes: revision" in said.output) == (0, True)
    features = json.loads((tmp_path / "c.geojson").read_text("utf-8"))["features"]
    clashes = [each for each in features if "clash_id" in each["properties"]]
    assert len(clashes) == 5
    assert {round(each["geometry"]["coordinates"][0], 2) for each in clashes} == {120.0}
