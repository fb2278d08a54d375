"""Drawings as deliveries: symbols are points, lines are segments, tied to points by their places."""

from __future__ import annotations

import math

import ezdxf
import numpy as np
import pytest
import shapely
from click.testing import CliRunner

from dxf_drawings import as_applications, as_equations, as_names_and_values, as_records, draw
from tests_cli import twin
from tests_deliveries import EAST, NORTH, read
from twin.cli import main_group
from twin.errors import CrsError, SourceError

PIPE = {"管径": "300", "材质": "砼", "起点埋深": "2.0", "终点埋深": "2.1"}


def well(number, north_m=0.0, east_m=0.0, layer="WSPOINT", kind="INSERT", z=0.0, **values):
    own = {"点号": number, "地面高程": "120.00", "附属物": "检查井"} | values
    return kind, layer, [(EAST + east_m, NORTH + north_m, z)], own


def line(*north_m, layer="WSLINE", kind="LINE", east_m=0.0, z=(), values=PIPE):
    heights = z or (0.0,) * len(north_m)
    return kind, layer, [(EAST + east_m, NORTH + n, h) for n, h in zip(north_m, heights, strict=True)], values


WELLS = [well("WS1"), well("WS2", 40.0), well("WS3", 80.0)]
LINES = [line(0.0, 40.0), line(40.0, 80.0)]


def deliver(tmp_path, things, name="管线.dxf", **options):
    return draw(tmp_path / name, things, **options)


def notices(delivery, layer):
    return [notice for table in delivery.tables if table.name.endswith(layer) for notice in table.notices]


def ends(delivery):
    return delivery.segments[["from_node", "to_node"]].values.tolist()


@pytest.mark.parametrize("carry", [as_names_and_values, as_equations, as_applications, as_records])
@pytest.mark.parametrize("kind", ["LINE", "LWPOLYLINE", "POLYLINE", "POLYLINE2D"])
def test_symbols_and_lines_with_their_attributes_become_nodes_and_segments(tmp_path, carry, kind):
    drawn = [*WELLS, line(0.0, 40.0, kind=kind), line(40.0, 80.0, kind=kind)]
    delivery = read([deliver(tmp_path, drawn, carry_lines=carry)])
    assert delivery.faults.count == 0
    assert [(table.name, table.kind, table.format) for table in delivery.tables] == [
        ("管线.dxf, WSPOINT", "points", "DXF R2000"),
        ("管线.dxf, WSLINE", "segments", "DXF R2000"),
    ]
    assert delivery.nodes["node_id"].tolist() == ["WS1", "WS2", "WS3"]
    assert delivery.nodes["appurtenance"].unique().tolist() == ["manhole"]
    assert delivery.nodes["subclass"].unique().tolist() == ["WS"]
    assert shapely.get_coordinates(delivery.nodes.geometry.iloc[1], include_z=True).tolist() == [
        [EAST, NORTH + 40, 120]
    ]
    assert ends(delivery) == [["WS1", "WS2"], ["WS2", "WS3"]]
    assert delivery.segments["diameter_mm"].tolist() == [300, 300]
    assert delivery.segments[["from_depth_m", "to_depth_m"]].values.tolist() == [[2.0, 2.1]] * 2
    assert delivery.segments["material"].tolist() == ["T", "T"]


@pytest.mark.parametrize("carry", [as_names_and_values, as_equations, as_applications, as_records])
@pytest.mark.parametrize("kind", ["INSERT", "POINT"])
def test_points_may_carry_their_number_in_extended_data(tmp_path, carry, kind):
    wells = [well(f"WS{n}", 40.0 * n, kind=kind) for n in range(2)]
    delivery = read([deliver(tmp_path, [*wells, line(0.0, 40.0)], carry_points=carry, carry_lines=carry)])
    assert delivery.faults.count == 0
    assert ends(delivery) == [["WS0", "WS1"]]


def test_the_height_of_a_symbol_is_the_ground_where_no_attribute_says_it(tmp_path):
    own = {"地面高程": ""}
    wells = [well("WS1", z=119.5, **own), well("WS2", 40.0, z=0.0, **own)]
    delivery = read([deliver(tmp_path, [*wells, line(0.0, 40.0)])])
    assert shapely.get_z(delivery.nodes.geometry.iloc[0]) == 119.5
    # Height 0 is what programs write where nobody gave one.
    assert [(fault.row, fault.what) for fault in delivery.faults.kept] == [(2, "there is no height of the ground")]


def test_ends_are_tied_to_points_within_the_limit_and_the_report_says_how_far(tmp_path):
    drawing = deliver(tmp_path, [*WELLS, line(0.03, 40.0), line(40.0, 80.2)])
    delivery = read([drawing])
    assert ends(delivery) == [["WS1", "WS2"], ["WS2", f"({EAST:.3f}, {NORTH + 80.2:.3f})"]]
    assert notices(delivery, "WSLINE")[:2] == [
        "3 ends of lines are tied to the points there, at most 0.030 m away",
        "1 ends of lines have no point within 0.05 m: they are named by their places",
    ]
    assert ends(read([drawing], snap_m=0.25))[1] == ["WS2", "WS3"]
    assert ends(read([drawing], snap_m=0.01))[0][0].startswith("(")


def test_ends_that_a_line_names_itself_stay_as_they_are_named(tmp_path):
    named = PIPE | {"起点点号": "WS1", "终点点号": "WS3"}
    delivery = read([deliver(tmp_path, [*WELLS, line(0.0, 40.0, 80.0, kind="LWPOLYLINE", values=named)])])
    assert ends(delivery) == [["WS1", "WS3"]]
    half = PIPE | {"起点点号": "X9"}
    delivery = read([deliver(tmp_path, [*WELLS, line(0.0, 40.0, values=half)])])
    assert ends(delivery) == [["X9", "WS2"]]


def test_of_points_at_one_place_that_of_the_class_of_the_line_is_taken(tmp_path):
    others = [well(f"JS{n}", 40.0 * n, layer="JS_P", 附属物="阀门井") for n in range(2)]
    drawn = [*others, *WELLS[:2], line(0.0, 40.0), line(0.0, 40.0, layer="JS_L", values={"管径": "100"})]
    delivery = read([deliver(tmp_path, drawn)])
    assert ends(delivery) == [["WS1", "WS2"], ["JS0", "JS1"]]
    # A water pipe is not joined to a manhole.
    only_sewers = read([deliver(tmp_path, [*WELLS, line(0.0, 40.0, layer="JS_L", values={"管径": "100"})])])
    assert all(name.startswith("(") for name in ends(only_sewers)[0])


def test_the_class_may_stand_in_attributes_instead_of_layers(tmp_path):
    wells = [well(f"P{n}", 40.0 * n, layer="管点", 管线种类="雨水") for n in range(2)]
    drawn = [
        *wells,
        line(0.0, 40.0, layer="管线", values=PIPE | {"管线种类": "YS"}),
        line(5.0, 9.0, layer="管线", values={}),
    ]
    delivery = read([deliver(tmp_path, drawn)])
    assert delivery.segments["subclass"].tolist() == ["YS"]
    assert "1 lines are left out: neither the layer nor they themselves name a class of pipelines" in notices(
        delivery, "管线"
    )


def test_a_line_through_points_is_parted_there_and_its_ends_keep_their_depths(tmp_path):
    bent = line(0.0, 20.0, 40.0, 80.0, kind="LWPOLYLINE", values=PIPE | {"管段编号": "L1"})
    delivery = read([deliver(tmp_path, [*WELLS, bent])])
    assert ends(delivery) == [["WS1", "WS2"], ["WS2", "WS3"]]
    assert delivery.segments["segment_id"].tolist() == ["WS1-WS2", "WS2-WS3"]
    assert delivery.segments["diameter_mm"].tolist() == [300, 300]
    assert delivery.segments[["from_depth_m", "to_depth_m"]].fillna(-9).values.tolist() == [[2.0, -9], [-9, 2.1]]
    assert [len(path.coords) for path in delivery.paths] == [3, 2]
    assert "1 lines through points were parted there: 2 segments of 1 lines" in notices(delivery, "WSLINE")


def test_arcs_are_followed_to_a_millimetre(tmp_path):
    delivery = read([deliver(tmp_path, [*WELLS, line(0.0, 40.0, kind="BULGE")])])
    path = delivery.paths[0]
    assert path.length == pytest.approx(20 * math.pi, abs=0.01)
    centre = np.array([EAST, NORTH + 20])
    away = np.hypot(*(shapely.get_coordinates(path.segmentize(0.5)) - centre).T)
    assert (20 - away).max() < 0.00101


def test_heights_of_lines_in_space_are_those_of_pipes_unless_they_are_the_ground(tmp_path):
    wells = [well("WS1", z=120.0), well("WS2", 40.0, z=120.0), well("WS3", 80.0, z=120.0)]
    plain = {"管径": "300"}
    drawn = [
        *wells,
        line(0.0, 40.0, z=(118.0, 117.9), values=plain),
        line(40.0, 80.0, kind="POLYLINE", z=(117.9, 0.0), values=plain),
        line(0.0, 80.0, z=(120.0, 120.0), values=plain),  # drawn from symbol to symbol
        line(0.0, 80.0, z=(118.0, 117.0), values=plain | {"S_High": "116", "E_High": "115"}, layer="YSLINE"),
    ]
    delivery = read([deliver(tmp_path, drawn)])
    heights = delivery.segments[["from_elevation_m", "to_elevation_m"]].fillna(0).values.tolist()
    assert heights == [[118.0, 117.9], [117.9, 0], [0, 0], [116, 115]]
    assert "the heights of 3 ends of lines are taken as those of the pipes" in notices(delivery, "WSLINE")


def test_a_drawing_with_x_north_is_turned_and_the_report_says_so(tmp_path):
    turned = [(kind, layer, [(y, x, *z) for x, y, *z in at], values) for kind, layer, at, values in (*WELLS, *LINES)]
    delivery = read([deliver(tmp_path, turned)])
    assert delivery.nodes.geometry.tolist() == read([deliver(tmp_path, [*WELLS, *LINES])]).nodes.geometry.tolist()
    assert ends(delivery) == [["WS1", "WS2"], ["WS2", "WS3"]]
    said = "x is north in this drawing, and y east: only so do the points lie in EPSG:4548"
    assert said in notices(delivery, "WSPOINT")


@pytest.mark.parametrize(
    ("version", "encoding", "binary"),
    [("R12", "gbk", False), ("R2000", "gbk", False), ("R2000", "gbk", True), ("R2007", "utf-8", False),
     ("R2018", "utf-8", True), ("R2000", "cp950", False)],
)  # fmt: skip
def test_texts_are_read_by_the_age_and_the_code_page_of_the_drawing(tmp_path, version, encoding, binary):
    drawn = [well("污1", layer="污水点"), well("污2", 40.0, layer="污水点"), line(0.0, 40.0, layer="污水线")]
    delivery = read([deliver(tmp_path, drawn, version=version, encoding=encoding, binary=binary)])
    assert delivery.faults.count == 0
    assert ends(delivery) == [["污1", "污2"]]


def test_a_code_page_that_the_bytes_contradict_is_not_believed(tmp_path):
    path = deliver(tmp_path, [*WELLS, *LINES])
    path.write_bytes(path.read_bytes().replace(b"ANSI_936", b"ANSI_1252"))
    delivery = read([path])
    assert ends(delivery) == [["WS1", "WS2"], ["WS2", "WS3"]]
    assert delivery.tables[0].encoding.value == "gb18030"


def test_characters_that_the_code_page_lacks_are_read_too(tmp_path):
    path = deliver(tmp_path, [well("WS1"), well("WS2", 40.0), line(0.0, 40.0)], encoding="cp1252")
    assert b"\\U+" in path.read_bytes()
    assert ends(read([path])) == [["WS1", "WS2"]]


def test_what_a_drawing_lacks_is_left_empty(tmp_path):
    delivery = read([deliver(tmp_path, [*WELLS, line(0.0, 40.0, values={})])])
    assert delivery.faults.count == 0
    assert delivery.segments[["diameter_mm", "from_depth_m", "from_elevation_m"]].isna().all(axis=None)


def test_symbols_of_other_things_are_left_out_and_counted(tmp_path):
    arrows = [("INSERT", "WSLINE", [(EAST, NORTH + n, 0)], {}) for n in range(3)]
    delivery = read([deliver(tmp_path, [*WELLS, *LINES, *arrows])])
    assert len(delivery.nodes) == 3
    assert "3 symbols have no attribute that points have, and are left out" in notices(delivery, "WSPOINT")


def test_the_unit_that_a_drawing_names_is_told_and_its_numbers_count(tmp_path):
    delivery = read([deliver(tmp_path, [*WELLS, *LINES], unit=4)])
    assert any("the drawing is in millimetres" in notice for notice in notices(delivery, "WSPOINT"))
    drawn = [
        (kind, layer, [tuple(1000 * v for v in at) for at in places], values)
        for kind, layer, places, values in (*WELLS, *LINES)
    ]
    with pytest.raises(CrsError, match="lie nowhere in EPSG:4548"):
        read([deliver(tmp_path, drawn, unit=4)])
    with pytest.raises(CrsError, match="does not say its CRS"):
        read([deliver(tmp_path, [*WELLS, *LINES])], crs=None)


@pytest.mark.parametrize(
    "drawn",
    [
        [],
        LINES,
        [("INSERT", "WSPOINT", [(EAST, NORTH, 0)], {}), *LINES],
        [("INSERT", "GCD", [(EAST, NORTH, 0)], {"HEIGHT": "120.5"}), *LINES],
    ],
    ids=["empty", "lines alone", "symbols without attributes", "heights"],
)
def test_a_drawing_without_points_is_refused_with_advice(tmp_path, drawn):
    with pytest.raises(SourceError, match=r"without points: no symbol has a point number.*Deliver the tables behind"):
        read([deliver(tmp_path, drawn)])


@pytest.mark.parametrize("binary", [False, True])
def test_a_drawing_that_is_cut_off_is_refused(tmp_path, binary):
    path = deliver(tmp_path, [*WELLS, *LINES], binary=binary)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(SourceError, match=r"管线\.dxf is cut off"):
        read([path])
    path.write_bytes(data[: len(data) // 2] + data[-10:])
    with pytest.raises(SourceError, match=r"管线\.dxf (cannot be read: .*AUDIT|is a drawing without points)"):
        read([path])


def test_a_drawing_that_would_fill_the_memory_is_refused(tmp_path):
    path = deliver(tmp_path, [*WELLS, *LINES])
    with path.open("ab") as file:
        file.truncate(100_000_001)
        file.seek(0, 2)
        file.write(b"\n0\nEOF\n")
    with pytest.raises(SourceError, match="has more than 100 MB: deliver the tables"):
        read([path])


def test_texts_surfaces_and_lines_without_vertices_are_passed_over(tmp_path):
    path = deliver(tmp_path, [*WELLS, *LINES])
    document = ezdxf.readfile(path)
    space, where = document.modelspace(), {"layer": "WSLINE"}
    space.add_polymesh((2, 2), dxfattribs=where)
    space.add_text("DN300 砼", dxfattribs=where)
    space.add_lwpolyline([], dxfattribs=where)
    space.add_polyline3d([(EAST, NORTH, 0)], dxfattribs=where)
    document.saveas(path)
    assert ends(read([path])) == [["WS1", "WS2"], ["WS2", "WS3"]]


def test_the_command_takes_a_drawing_and_refuses_one_whose_ends_hang_in_the_air(tmp_path):
    store = tmp_path / "county.gpkg"
    twin("init", store, "--crs", "EPSG:4548")
    words = ("--crs", "EPSG:4548", "--param", "project=A", "--store", store)
    command = ("ingest", "pipelines", tmp_path / "管线.dxf", *words)
    deliver(tmp_path, [*WELLS, *LINES])
    assert "delivery A (PS) is accepted: 0 errors" in twin(*command)
    deliver(tmp_path, [*WELLS, LINES[0], line(40.0, 81.0)])
    refused = CliRunner().invoke(main_group, [str(word) for word in command])
    assert refused.exit_code == 1
    assert f"there is no such point (found ({EAST:.3f}, {NORTH + 81:.3f}))" in refused.output
