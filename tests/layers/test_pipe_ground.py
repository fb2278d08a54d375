"""Sections, conflicts and digs as analyses: a small crossroads whose numbers are worked out by hand."""

from __future__ import annotations

import json

import pytest
import shapely
from click.testing import CliRunner

from layers import catalog
from tests_frames import make_frame
from twin.asking import ask
from twin.cli import main_group
from twin.crs import parse_crs
from twin.errors import InvalidParameter
from twin.store import Changes
from twin.stores import create_store, open_store

E, N = 500_000.0, 3_930_000.0


def at(x, y, z):
    return f"POINT Z ({E + x} {N + y} {z})"


def line(*vertices):
    return shapely.LineString([(E + x, N + y, z) for x, y, z in vertices])


WATER = {
    "class": "JS",
    "diameter_mm": 200,
    "depth_ref": "outer_top",
    "from_depth_m": 1.2,
    "to_depth_m": 1.2,
    "owner": "自来水公司",
}
GAS = {"class": "RQ", "diameter_mm": 100, "depth_ref": "outer_top", "from_depth_m": 1.0, "to_depth_m": 1.0}
ROWS = {
    "pipe_nodes": [
        {"node_id": "S", "class": "JS", "appurtenance": "waterworks", "geometry": at(0, 0, 100)},
        {"node_id": "V", "class": "JS", "appurtenance": "valve", "geometry": at(40, 0, 100)},
        {"node_id": "C", "class": "JS", "geometry": at(80, 0, 100)},
        {"node_id": "G1", "class": "RQ", "geometry": at(60, -20, 100)},
        {"node_id": "G2", "class": "RQ", "geometry": at(60, 20, 100)},
    ],
    "pipe_segments": [
        # Tops 1.2 m deep: the axis of DN200 is at 98.7, its top at 98.8. The bottom of the gas pipe is at 98.9.
        WATER | {"segment_id": "w1", "from_node": "S", "to_node": "V", "geometry": line((0, 0, 98.7), (40, 0, 98.7))},
        WATER | {"segment_id": "w2", "from_node": "V", "to_node": "C", "geometry": line((40, 0, 98.7), (80, 0, 98.7))},
        GAS | {"segment_id": "g", "from_node": "G1", "to_node": "G2",
               "geometry": line((60, -20, 98.95), (60, 20, 98.95))},
        {"segment_id": "old", "from_node": "T1", "to_node": "T2", "class": "TX", "depth_ref": "outer_top",
         "geometry": line((62, -20, 0), (62, 20, 0))},
    ],
    "buildings": [
        {"building_id": "b",
         "geometry": shapely.force_3d(shapely.MultiPolygon([shapely.box(E + 72, N, E + 80, N + 9)]))},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def store_path(tmp_path_factory):
    path, found = tmp_path_factory.mktemp("ground") / "twin.gpkg", catalog()
    with create_store(path, crs=parse_crs("EPSG:4549")) as store:
        for name, rows in ROWS.items():
            layer = found.layer(name)
            data = make_frame(layer, rows, "EPSG:4549").data
            store.write(layer, Changes(insert=data), author="zhang", reason="survey")
    return path


@pytest.fixture
def reply(store_path):
    def reply(name, **parameters):
        with open_store(store_path) as store:
            return ask(catalog().analysis(name), catalog(), store, parameters=parameters)

    return reply


def test_a_long_section_goes_the_shortest_way(reply):
    figures = reply("long_section", from_node="S", to_node="C").to_dict()["figures"]
    assert figures["length_m"] == pytest.approx(80)
    assert [each["node_id"] for each in figures["stations"]] == ["S", "V", "C"]
    gas, unknown = figures["crossings"]
    assert (gas["segment_id"], gas["at_m"], gas["above"]) == ("g", pytest.approx(60), True)
    assert gas["clearance_m"] == pytest.approx(98.95 - 98.7 - 0.05 - 0.1)
    assert (unknown["segment_id"], unknown["clearance_m"], unknown["axis_m"]) == ("old", None, None)
    with pytest.raises(InvalidParameter, match="no way from S to G1"):
        reply("long_section", from_node="S", to_node="G1")


def test_a_cross_section_is_cut_at_a_line_in_degrees_or_of_the_store(reply):
    here = reply("cross_section", line=f"LINESTRING ({E + 50} {N - 5}, {E + 50} {N + 5})", coordinates="storage")
    assert [cut["segment_id"] for cut in here.to_dict()["figures"]["cuts"]] == ["w2"]
    # 120°E is the central meridian; 3 930 000 m north is 35.4979°N, where 0.0001° is 9.07 m.
    degrees = reply("cross_section", line="LINESTRING (120.0003 35.4, 120.0003 35.6)").to_dict()["figures"]
    assert [cut["segment_id"] for cut in degrees["cuts"]] == ["w1"]
    for text in ("LINESTRING", "POINT (1 2)", "LINESTRING EMPTY"):
        with pytest.raises(InvalidParameter, match="line"):
            reply("cross_section", line=text)


def test_a_dig_finds_what_is_in_the_way_the_worst_first(reply):
    area = shapely.box(E + 55, N - 5, E + 70, N + 5).wkt
    found = reply("dig", area=area, depth_m=1.1, coordinates="storage").to_dict()
    # Gas at 1.0 m and cables of unknown depth are reached, water at 1.2 m is not.
    assert [pipe["segment_id"] for pipe in found["figures"]["pipes"]] == ["g", "old", "w2"]
    assert found["features"]["reached"] == {"pipe_segments": ["g", "old"]}
    assert found["features"]["building"] == {"buildings": []}
    deep = reply("dig", area=area, depth_m=2.5, coordinates="storage").to_dict()
    assert [pipe["segment_id"] for pipe in deep["figures"]["pipes"]] == ["g", "w2", "old"]
    water = deep["figures"]["pipes"][1]
    assert (water["cover_m"], water["owner"], water["valves"]) == (pytest.approx(1.2), "自来水公司", ["V"])
    assert deep["features"]["close"] == {"pipe_nodes": ["V"]}
    assert deep["features"]["building"] == {"buildings": ["b"]}  # 2 m away, its foundation is not known
    assert deep["features"]["undermined"] == {"buildings": []}
    (building,) = deep["figures"]["buildings"]
    assert (building["building_id"], building["undermined"], building["foundation_depth_m"]) == ("b", None, None)
    assert building["distance_m"] == pytest.approx(2)
    with pytest.raises(InvalidParameter, match="soil_deg"):
        reply("dig", area=area, depth_m=1, soil_deg=0, coordinates="storage")
    with pytest.raises(InvalidParameter, match="more than 0"):
        reply("dig", area=area, depth_m=0, coordinates="storage")


def test_drawings_are_written_by_the_command(store_path, tmp_path):
    def run(*words):
        return CliRunner().invoke(main_group, ["ask", *words, "--store", str(store_path)])

    for name in ("section.svg", "section.png", "section.geojson"):
        assert run("long_section", "from_node=S", "to_node=C", "--out", str(tmp_path / name)).exit_code == 0
    assert (tmp_path / "section.svg").read_text("utf-8").startswith("<svg")
    assert (tmp_path / "section.png").read_bytes().startswith(b"\x89PNG")
    roles = [
        each["properties"]["role"] for each in json.loads((tmp_path / "section.geojson").read_text("utf-8"))["features"]
    ]
    assert sorted(set(roles)) == ["crossing", "path"]
    refused = run("dead_ends", "--out", str(tmp_path / "ends.svg"))
    assert refused.exit_code == 1
    assert not (tmp_path / "ends.svg").exists()


def test_the_command_shows_the_pipes_of_a_dig_as_a_table(store_path):
    area = shapely.box(E + 55, N - 5, E + 70, N + 5).wkt
    words = ["dig", f"area={area}", "depth_m=2.5", "coordinates=storage", "--store", str(store_path)]
    lines = CliRunner().invoke(main_group, ["ask", *words]).output.splitlines()
    table = lines[lines.index("pipes 管线") + 1 :]
    assert table[0].split()[:3] == ["segment_id", "cover_m", "reached"]
    assert [line.split()[0] for line in table[2:5]] == ["g", "w2", "old"]
    assert {"1.20", "自来水公司"} <= set(table[3].split())
