"""Long and cross sections: figures worked out by hand, and drawings that show them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import pairwise

import geopandas
import pytest
import shapely

from layers.pipelines import PIPE_NODES, PIPE_SEGMENTS
from layers.pipelines.sections.cross import make_cross_section
from layers.pipelines.sections.cross_sheet import draw_cross_section
from layers.pipelines.sections.profile import make_profile
from layers.pipelines.sections.profile_sheet import draw_profile
from layers.pipelines.sections.sheet import GROUND, LEFT
from twin.columns import typed_series
from twin.errors import InvalidParameter
from twin.title_block import Basis

E, N = 600_000.0, 3_930_000.0
BASIS = Basis(area="沂南", crs="EPSG:4548", state="2026-01-01 08:00; pipe_nodes r3", drawn="twin 1, 2026-01-02")
ENDS = ("N 3930045.00, E 600025.00", "N 3930085.00, E 600025.00")


def rows(layer, given):
    columns = {f.name: typed_series([row.get(f.name) for row in given], f) for f in layer.schema}
    frame = geopandas.GeoDataFrame(columns, geometry=[row["at"] for row in given], crs="EPSG:4548")
    frame.index = frame[layer.key].rename(None)
    return frame


def line(*vertices):
    return shapely.LineString([(E + x, N + y, z) for x, y, z in vertices])


@pytest.fixture(scope="module")
def nodes():
    ground = {"W1": (0, 0, 120.0), "W2": (30, 40, 119.8), "W3": (30, 80, 119.5)}
    return rows(
        PIPE_NODES, [{"node_id": name, "at": shapely.Point(E + x, N + y, z)} for name, (x, y, z) in ground.items()]
    )


@pytest.fixture(scope="module")
def segments():
    sewer = {"class": "PS", "depth_ref": "inner_bottom", "diameter_mm": 400, "wall_mm": 40, "material": "T"}
    water = {"class": "JS", "depth_ref": "outer_top", "diameter_mm": 200}
    duct = {"class": "TX", "depth_ref": "outer_top", "width_mm": 600, "height_mm": 400}
    given = [
        # 50 m from W1 to W2, invert 117.50 to 117.35; 40 m on to W3, drawn against the flow, invert 117.25 to 117.13.
        {"segment_id": "a", "from_node": "W1", "to_node": "W2", "from_depth_m": 2.5, "to_depth_m": 2.45, **sewer,
         "at": line((0, 0, 117.7), (30, 40, 117.55))},
        {"segment_id": "b", "from_node": "W3", "to_node": "W2", "from_depth_m": 2.37, "to_depth_m": 2.55, **sewer,
         "at": line((30, 80, 117.33), (30, 40, 117.45))},
        {"segment_id": "w", "from_node": "J1", "to_node": "J2", "from_depth_m": 1.2, "to_depth_m": 1.0, **water,
         "at": line((20, 60, 118.5), (40, 60, 118.6))},
        {"segment_id": "d", "from_node": "T1", "to_node": "T2", "from_depth_m": 0.9, "to_depth_m": 0.9, **duct,
         "at": line((10, 70, 118.4), (50, 70, 118.4))},
        {"segment_id": "?", "from_node": "R1", "to_node": "R2", "class": "RQ", "depth_ref": "outer_top",
         "diameter_mm": 110, "at": line((20, 50, 0), (40, 50, 0))},
        {"segment_id": "far", "from_node": "F1", "to_node": "F2", "from_depth_m": 1, "to_depth_m": 1, **water,
         "at": line((200, 0, 118.5), (200, 90, 118.5))},
    ]  # fmt: skip
    return rows(PIPE_SEGMENTS, given)


def test_a_long_section_follows_the_path_against_a_segment_too(nodes, segments):
    profile = make_profile(nodes, segments, ["a", "b"])
    assert [(s.node_id, s.at_m, s.ground_m) for s in profile.stations] == [
        ("W1", 0, 120),
        ("W2", 50, 119.8),
        ("W3", 90, 119.5),
    ]
    first, second = profile.runs
    assert (first.inverts_m, second.inverts_m) == (pytest.approx((117.5, 117.35)), pytest.approx((117.25, 117.13)))
    assert (first.slope, second.slope) == (pytest.approx(0.15 / 50), pytest.approx(0.12 / 40))
    assert first.covers_m == pytest.approx((2.5 - 0.4 - 0.04, 2.45 - 0.4 - 0.04))
    assert second.covers_m == pytest.approx((2.55 - 0.44, 2.37 - 0.44))
    assert (first.size, first.material) == ("DN400", "T")
    assert (first.flow, second.flow) == (1, 1)  # downhill; nobody surveyed it
    back = make_profile(nodes, segments, ["b", "a"])
    assert [run.flow for run in back.runs] == [-1, -1]
    surveyed = make_profile(
        nodes,
        segments.assign(
            flow_direction=typed_series(["backward"] * len(segments), PIPE_SEGMENTS.schema["flow_direction"]).set_axis(
                segments.index
            )
        ),
        ["a", "b"],
    )
    assert [run.flow for run in surveyed.runs] == [-1, 1]  # "b" is drawn against the path
    assert [s.node_id for s in back.stations] == ["W3", "W2", "W1"]
    assert [run.slope for run in back.runs] == pytest.approx([-0.003, -0.003])


def test_what_crosses_a_path_is_there_with_its_clearance(nodes, segments):
    unknown, water, duct = make_profile(nodes, segments, ["a", "b"]).crossings
    assert [crossing.cut.segment_id for crossing in (unknown, water, duct)] == ["?", "w", "d"]
    assert [crossing.cut.at_m for crossing in (unknown, water, duct)] == pytest.approx([60, 70, 80])
    assert unknown.clearance_m != unknown.clearance_m  # its depth is not known
    # The axis of the sewer at 70 m is 117.45 - 0.12 / 2 = 117.39; that of the water main 118.55.
    assert water.cut.axis_m == pytest.approx(118.55)
    assert water.cut.cover_m == pytest.approx(1.1)
    assert water.clearance_m == pytest.approx(118.55 - 117.39 - 0.1 - 0.24)
    assert duct.clearance_m == pytest.approx(118.4 - 117.36 - 0.2 - 0.24)
    assert water.above
    assert water.cut.angle_deg == pytest.approx(90)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ([], "at least one"),
        (["a", "x"], "no segment x"),
        (["a", "d"], "segment d does not go on from point W2"),
        (["w"], "no point J1"),
    ],
)
def test_a_path_that_is_none_is_refused(nodes, segments, path, said):
    with pytest.raises(InvalidParameter, match=said):
        make_profile(nodes, segments, path)


def test_a_cross_section_has_pipes_where_the_line_cuts_them(segments):
    cut = make_cross_section(segments, shapely.LineString([(E + 25, N + 45), (E + 25, N + 85)]))
    assert cut.length_m == 40
    assert [(each.segment_id, each.at_m) for each in cut.cuts] == [
        ("?", pytest.approx(5)),
        ("w", pytest.approx(15)),
        ("d", pytest.approx(25)),
    ]
    # A quarter of the way along the water main: axis 118.525, depth 1.15 to its top.
    assert cut.cuts[1].axis_m == pytest.approx(118.525)
    assert cut.cuts[1].ground_m == pytest.approx(118.525 + 0.1 + 1.15)
    assert cut.cuts[1].invert_m == pytest.approx(118.525 - 0.1)
    # At 45 degrees to the sewer's bearing of 3 : 4 the angle is atan(7).
    assert not make_cross_section(segments, shapely.LineString([(E - 10, N), (E - 10, N + 50)])).cuts
    slanted = make_cross_section(segments, shapely.LineString([(E, N + 30), (E + 30, N)]))
    assert slanted.cuts[0].angle_deg == pytest.approx(81.8699, abs=1e-4)
    with pytest.raises(InvalidParameter, match="no length"):
        make_cross_section(segments, shapely.LineString([(E, N), (E, N)]))


def words_of(paper):
    return [element.text for element in ET.fromstring(paper.svg()).iter("{http://www.w3.org/2000/svg}text")]


def test_the_drawing_of_a_long_section_has_its_figures(nodes, segments):
    paper = draw_profile(make_profile(nodes, segments, ["a", "b"]), title="Sewer <W1–W3> 纵断面", basis=BASIS)
    words = words_of(paper)
    assert words[0] == "Sewer <W1–W3> 纵断面"
    # 90 m have room in 630 mm to 1:200; 5 m have none in 200 mm to 1:20.
    assert words[1] == "lengths 横 1:200, heights 纵 1:50"
    cells = dict(pairwise(words))
    assert cells["Title 图名"] == words[0]
    assert cells["Scale 比例尺"] == words[1]
    assert cells["Area 工程范围"] == "沂南"
    assert cells["Systems 坐标系统、高程基准"] == "EPSG:4548; 1985 national heights 1985国家高程基准; m"
    assert cells["Data as of 资料截止"] == "2026-01-01 08:00; pipe_nodes r3"
    assert cells["Drawn by 绘制"] == "twin 1, 2026-01-02"
    for figure in ("119.80", "117.35", "117.25", "2.45", "2.55", "DN400 T", "3.0", "50.0", "K0+090.0", "W3"):
        assert figure in words
    assert "JS 给水 DN200 中心 118.55 净距 0.82" in words
    assert "Drainage 排水" in words  # what the colours mean
    assert not any("RQ" in each for each in words)  # its depth is not known
    picture = paper.png(dpi=50)
    assert picture.startswith(b"\x89PNG")
    assert int.from_bytes(picture[16:20], "big") == round((25 + 3 + 51 + 90 * 1000 / 200 + 5 + 9) / 25.4 * 50)


def find_lines(paper):
    return ET.fromstring(paper.svg()).iter("{http://www.w3.org/2000/svg}polyline")


def arrows_of(paper):
    """Tips of the arrows of flow less the middles of their wings: to the right where x is positive."""
    for area in ET.fromstring(paper.svg()).iter("{http://www.w3.org/2000/svg}polygon"):
        corners = [tuple(map(float, pair.split(","))) for pair in area.get("points").split()]
        if len(corners) == 3:
            tip, one, other = corners
            yield tip[0] - (one[0] + other[0]) / 2, tip[1] - (one[1] + other[1]) / 2


def test_arrows_along_the_pipes_point_where_they_flow(nodes, segments):
    there = list(arrows_of(draw_profile(make_profile(nodes, segments, ["a", "b"]), title="A", basis=BASIS)))
    back = list(arrows_of(draw_profile(make_profile(nodes, segments, ["b", "a"]), title="A", basis=BASIS)))
    assert len(there) == len(back) == 2
    assert all(right > 0 and down > 0 for right, down in there)
    assert all(right < 0 and down > 0 for right, down in back)
    # 0.15 m in 50 m, heights four times as large as lengths.
    assert there[0][1] / there[0][0] == pytest.approx(4 * 0.15 / 50, abs=2e-3)


def boxes_of(paper):
    """The rectangles that the words of a drawing take, about: left, top, right, bottom."""
    for text in ET.fromstring(paper.svg()).iter("{http://www.w3.org/2000/svg}text"):
        x, y, size = (float(text.get(name)) for name in ("x", "y", "font-size"))
        length = size * sum(1.0 if ord(each) > 0x2E7F else 0.5 for each in text.text)
        begin = {"start": 0.0, "middle": length / 2, "end": length}[text.get("text-anchor")]
        if text.get("transform"):
            yield x - 0.7 * size, y + begin - length, x, y + begin, text.text
        else:
            yield x - begin, y - 0.7 * size, x - begin + length, y, text.text


def find_overlaps(paper):
    boxes = list(boxes_of(paper))
    return [
        (one[4], other[4])
        for number, one in enumerate(boxes)
        for other in boxes[:number]
        if min(one[2], other[2]) - max(one[0], other[0]) > 0.05 and min(one[3], other[3]) - max(one[1], other[1]) > 0.05
    ]


def make_street(count):
    """A sewer with drops of 5 cm in wells that stand 2 and 90 m apart in turn, and two pipes across between them."""
    along = [0.0]
    for number in range(count):
        along.append(along[-1] + (2 if number % 2 else 90))
    ground = [{"node_id": f"YN01WS{n:04}", "at": shapely.Point(E + x, N, 120)} for n, x in enumerate(along)]
    sewer = {"class": "PS", "depth_ref": "inner_bottom", "diameter_mm": 400, "material": "HDPE"}
    pipes = [
        {"segment_id": f"s{n}", "from_node": f"YN01WS{n:04}", "to_node": f"YN01WS{n + 1:04}", **sewer,
         "from_depth_m": 2 + n / 10, "to_depth_m": 2.05 + n / 10,
         "at": line((a, 0, 118.2 - n / 10), (b, 0, 118.15 - n / 10))}
        for n, (a, b) in enumerate(pairwise(along))
    ]  # fmt: skip
    across = [
        {"segment_id": f"w{n}", "from_node": f"J{n}", "to_node": f"K{n}", "class": "JS", "subclass": "JP",
         "depth_ref": "outer_top", "diameter_mm": 110, "from_depth_m": 1, "to_depth_m": 1,
         "at": line((x + 0.5, -5, 118.9), (x + 0.5, 5, 118.9))}
        for n, x in enumerate(along[:-1])
    ]  # fmt: skip
    return rows(PIPE_NODES, ground), rows(PIPE_SEGMENTS, [*pipes, *across]), [row["segment_id"] for row in pipes]


@pytest.mark.parametrize("count", [4, 60, 260])
def test_no_words_cover_one_another_and_none_are_left_out(count):
    points, pipes, path = make_street(count)
    paper = draw_profile(make_profile(points, pipes, path), title="Street", basis=BASIS)
    words = words_of(paper)
    assert find_overlaps(paper) == []
    assert {f"YN01WS{n:04}" for n in range(count + 1)} <= set(words)
    assert words.count("DN400 HDPE") == count
    assert sum(each.startswith("JP 配水 DN110 中心 118.90 净距") for each in words) == count
    assert all(left >= 0 and right <= paper.width_mm for left, _, right, _, _ in boxes_of(paper))
    assert all(top >= 0 and bottom <= paper.height_mm for _, top, _, bottom, _ in boxes_of(paper))
    assert min(float(text.get("font-size")) for text in ET.fromstring(paper.svg()).iter() if text.get("font-size")) > 1


def test_pipes_keep_their_shape_in_the_drawing_of_a_cross_section(segments):
    paper = draw_cross_section(
        make_cross_section(segments, shapely.LineString([(E + 25, N + 45), (E + 25, N + 85)])),
        ends=ENDS,
        title="X",
        basis=BASIS,
    )
    circles = list(ET.fromstring(paper.svg()).iter("{http://www.w3.org/2000/svg}ellipse"))
    pipe = circles[-1]  # the others say what colours mean
    assert float(pipe.get("rx")) == pytest.approx(float(pipe.get("ry")), abs=1e-3)
    assert float(pipe.get("rx")) == pytest.approx(100 / 100, abs=1e-3)  # radius of 100 mm to 1:100
    words = words_of(paper)
    assert {"JS 给水", "118.53", "1.15", "15.00", "10.00", "25.00"} <= set(words)
    assert {"118.43", "118.20"} <= set(words)  # inverts: radius 100 mm below 118.53, half of 400 mm below 118.40
    assert {f"A: {ENDS[0]}", f"A′: {ENDS[1]}"} <= set(words)
    assert words.count("–") == 4  # ground, axis, invert and cover of the gas pipe whose depth is unknown
    # The ground is known from 15 to 25 m: dashed on to the ends at 0 and 40 m. At 1:100 a metre is 10 mm.
    beyond = [each for each in find_lines(paper) if each.get("stroke") == GROUND and each.get("stroke-dasharray")]
    assert [[float(pair.split(",")[0]) - LEFT for pair in each.get("points").split()] for each in beyond] == [
        [pytest.approx(0), pytest.approx(15 * 10)],
        [pytest.approx(40 * 10), pytest.approx(25 * 10)],
    ]
    assert find_overlaps(paper) == []


def test_a_cross_section_that_cuts_nothing_is_an_empty_sheet(segments):
    nothing = make_cross_section(segments, shapely.LineString([(E - 10, N), (E - 10, N + 50)]))
    words = words_of(draw_cross_section(nothing, ends=ENDS, title="X", basis=BASIS))
    assert "Cover 覆土 (m)" in words
    assert not any(each.startswith(("DN", "JS")) for each in words)
