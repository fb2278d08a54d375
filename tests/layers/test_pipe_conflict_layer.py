"""Conflicts as an answer, as a layer that follows what is mended, and as topics: a crossroads known by hand."""

from __future__ import annotations

import json

import bcf.v2.bcfxml
import bcf.v3.bcfxml
import geopandas
import pyogrio
import pytest
import shapely
from click.testing import CliRunner

from layers import catalog
from layers.pipelines import PIPE_CONFLICTS, pipe_conflicts
from tests_frames import make_frame
from twin.asking import ask
from twin.cli import main_group
from twin.crs import parse_crs, reproject
from twin.errors import InvalidParameter
from twin.keeping import keep_reply
from twin.query import Query
from twin.replies import write_reply
from twin.store import Changes
from twin.stores import create_store, open_store

E, N = 500_000.0, 3_930_000.0
WATER = {"class": "JS", "diameter_mm": 200, "depth_ref": "outer_top", "from_depth_m": 1.2, "to_depth_m": 1.2}
GAS = {"class": "RQ", "diameter_mm": 100, "depth_ref": "outer_top", "from_depth_m": 1.0, "to_depth_m": 1.0}
POWER = {"class": "DL", "diameter_mm": 50, "depth_ref": "outer_top", "from_depth_m": 0.8, "to_depth_m": 0.8}


def line(*vertices):
    return shapely.LineString([(E + x, N + y, z) for x, y, z in vertices])


ROWS = {
    "pipe_segments": [
        # Tops 1.2 m deep: the axis of DN200 is at 98.7, its top at 98.8. The bottom of the gas pipe is at 98.9.
        WATER | {"segment_id": "w", "from_node": "W1", "to_node": "W2", "geometry": line((0, 0, 98.7), (80, 0, 98.7))},
        GAS | {"segment_id": "g", "from_node": "G1", "to_node": "G2",
               "geometry": line((60, -20, 98.95), (60, 20, 98.95))},
        # A cable 0.8 m deep: enough beside the road, not under the lane that begins at x = 30.
        POWER | {"segment_id": "p", "from_node": "P1", "to_node": "P2", "embedding": "ZM",
                 "geometry": line((0, 10, 99.175), (50, 10, 99.175))},
    ],
    "buildings": [
        # 0.9 m beside the wall of the water pipe, which wants 1.0 m; its foundation is not known.
        {"building_id": "near", "geometry": shapely.force_3d(shapely.MultiPolygon(
            [shapely.box(E + 10, N - 8, E + 20, N - 1)]))},
        # Over the gas pipe, with a foundation from 100 to 98.
        {"building_id": "over", "ground_m": 100.0, "foundation_depth_m": 2.0,
         "geometry": shapely.force_3d(shapely.MultiPolygon([shapely.box(E + 57, N - 16, E + 63, N - 12)]))},
    ],
    "roads": [
        {"road_id": "r", "class": "local", "width_m": 10.0,
         "geometry": shapely.MultiLineString([[(E + 35, N - 50), (E + 35, N + 50)]])},
        {"road_id": "lane", "class": "local", "geometry": shapely.MultiLineString([[(E, N + 10), (E + 20, N + 10)]])},
    ],
}  # fmt: skip

FOUND = {
    ("CLASH", "g", "over"): (-0.05, 0.0),
    ("CLR-H", "w", "near"): (0.9, 1.0),
    ("CLR-V", "g", "w"): (0.10, 0.15),
    ("COVER", "p", "r"): (0.8, 1.0),
}


def make(path, crs="EPSG:4549"):
    found = catalog()
    with create_store(path, crs=parse_crs(crs)) as store:
        for name, rows in ROWS.items():
            data = make_frame(found.layer(name), rows, "EPSG:4549").data
            moved = data.set_geometry(reproject(data.geometry.to_numpy(), data.crs, store.crs), crs=store.crs)
            store.write(found.layer(name), Changes(insert=moved), author="zhang", reason="survey")
    return path


@pytest.fixture
def store(tmp_path):
    with open_store(make(tmp_path / "twin.gpkg"), write=True) as store:
        yield store


def ask_conflicts(store, **parameters):
    return ask(pipe_conflicts, catalog(), store, parameters=parameters)


def numbers(reply):
    told = [shape.properties for shape in reply.answer.shapes]
    return {(one["rule"], one["first_id"], one["second_id"]): (one["measured_m"], one["limit_m"]) for one in told}


def test_conflicts_are_told_with_what_they_lack(store):
    reply = ask_conflicts(store)
    assert numbers(reply) == {key: pytest.approx(value, abs=1e-4) for key, value in FOUND.items()}
    assert reply.answer.figures == {"CLASH": 1, "CLR-H": 1, "CLR-V": 1, "COVER": 1, "with_buildings": 2}
    assert reply.answer.features["CLASH"] == {"pipe_segments": ("g",), "buildings": ("over",)}
    assert "1 of 2 buildings have no known foundation" in reply.answer.note
    assert "1 of 2 roads have no known width" in reply.answer.note
    (crossing,) = ask_conflicts(store, rule="CLR-V").answer.shapes
    assert shapely.get_coordinates(crossing.geometry, include_z=True).tolist() == [
        pytest.approx([E + 60, N, (98.95 + 98.7) / 2])
    ]
    with pytest.raises(InvalidParameter, match="soil_deg"):
        ask_conflicts(store, soil_deg=90)


def test_of_a_store_in_degrees_the_same_is_found_in_metres(tmp_path):
    with open_store(make(tmp_path / "degrees.gpkg", "EPSG:4490")) as store:
        reply = ask_conflicts(store)
    assert numbers(reply) == {key: pytest.approx(value, abs=2e-3) for key, value in FOUND.items()}
    assert {round(shape.geometry.x) for shape in reply.answer.shapes} == {120}


def test_the_layer_follows_what_is_found_and_keeps_what_people_say(store):
    def keep():
        return keep_reply(ask_conflicts(store), store, PIPE_CONFLICTS, author="li")

    first = keep()
    assert (first.inserted, first.updated, first.deleted) == (4, 0, 0)
    assert "pipe_segments at revision 1, buildings at revision 2, roads at revision 3" in first.source
    assert keep() is None

    rows = store.read(PIPE_CONFLICTS).data
    crossing = rows[rows["rule"] == "CLR-V"].assign(state="accepted", remark="套管保护")
    store.write(PIPE_CONFLICTS, Changes(update=crossing), author="wang", reason="looked at")
    assert keep() is None

    segments = catalog().layer("pipe_segments")
    data = store.read(segments).data
    raised = data.loc[["g"]].assign(geometry=[line((60, -20, 98.96), (60, 20, 98.96))])
    deeper = data.loc[["p"]].assign(from_depth_m=1.1, to_depth_m=1.1)
    changed = geopandas.pd.concat([raised, deeper])
    store.write(segments, Changes(update=changed), author="zhang", reason="mended")
    then = keep()
    assert (then.inserted, then.updated, then.deleted) == (0, 2, 1)  # gas is higher, the cable is deep enough
    kept = store.read(PIPE_CONFLICTS).data.set_index("rule")
    assert kept.loc["CLR-V", ["measured_m", "state", "remark"]].tolist() == [
        pytest.approx(0.11, abs=1e-4),
        "accepted",
        "套管保护",
    ]
    assert len(store.read(PIPE_CONFLICTS, Query(as_of=first.number))) == 4


def test_a_part_of_what_is_found_is_not_the_layer(store):
    keep_reply(ask_conflicts(store), store, PIPE_CONFLICTS, author="li")
    with pytest.raises(InvalidParameter, match="rule=CLR-V asks for a part"):
        keep_reply(ask_conflicts(store, rule="CLR-V"), store, PIPE_CONFLICTS, author="li")
    assert len(store.read(PIPE_CONFLICTS).data) == 4


def test_when_everything_is_mended_nothing_is_left(store):
    keep_reply(ask_conflicts(store), store, PIPE_CONFLICTS, author="li")
    segments = catalog().layer("pipe_segments")
    keys = tuple(store.read(segments).data.index)
    store.write(segments, Changes(delete=keys), author="zhang", reason="dug out")
    assert keep_reply(ask_conflicts(store), store, PIPE_CONFLICTS, author="li").deleted == 4
    with pytest.raises(InvalidParameter, match="past"):
        keep_reply(ask(pipe_conflicts, catalog(), store, as_of=3), store, PIPE_CONFLICTS, author="li")


@pytest.mark.parametrize(("name", "reader"), [("c.bcfzip", bcf.v2.bcfxml.BcfXml), ("c.bcf", bcf.v3.bcfxml.BcfXml)])
def test_each_conflict_is_a_topic_with_a_picture(store, tmp_path, name, reader):
    reply = ask_conflicts(store)
    write_reply(reply, catalog(), tmp_path / name)
    book = reader(tmp_path / name)
    assert set(book.topics) == {shape.properties["conflict_id"] for shape in reply.answer.shapes}
    titles = {each.topic.title: each for each in book.topics.values()}
    clash = titles["CLASH Share room 空间碰撞: g – over"]
    assert (clash.topic.topic_type, clash.topic.priority) == ("Clash", "Critical")
    assert "Measured 实测 -0.050 m, limit 限值 0.000 m" in clash.topic.description
    assert "Building 建筑物: over" in clash.topic.description
    for handler in book.topics.values():
        ((_, view),) = handler.viewpoints.items()
        assert view.snapshot.startswith(b"\x89PNG")


def test_the_command_writes_every_form_and_keeps_the_layer(tmp_path):
    path = make(tmp_path / "twin.gpkg")

    def run(*words):
        return CliRunner().invoke(main_group, ["ask", *words, "--store", str(path)])

    kept = run("pipe_conflicts", "--keep", "--out", str(tmp_path / "c.gpkg"))
    assert (kept.exit_code, "4 inserted, 0 changed, 0 retired" in kept.output) == (0, True)
    assert "nothing is other than before" in run("pipe_conflicts", "--keep").output
    table = pyogrio.read_dataframe(tmp_path / "c.gpkg", layer="pipe_conflicts")
    assert dict(zip(table["rule"], table["state"], strict=True)) == dict.fromkeys((rule for rule, *_ in FOUND), "open")
    assert run("pipe_conflicts", "--out", str(tmp_path / "c.geojson")).exit_code == 0
    collection = json.loads((tmp_path / "c.geojson").read_text("utf-8"))
    assert sum("conflict_id" in each["properties"] for each in collection["features"]) == 4
    for words in (("dead_ends", "--out", str(tmp_path / "e.gpkg")), ("dead_ends", "--keep")):
        assert "nothing that is kept as a layer" in str(run(*words).exception)
    assert "raises no topics" in str(run("dead_ends", "--out", str(tmp_path / "e.bcf")).exception)
    assert not list(tmp_path.glob("e.*"))
