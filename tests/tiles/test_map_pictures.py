"""Pictures of maps: read from vector tiles, drawn by styles, alike at the seams."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import shapely
from PIL import Image

from tiles.kernels.read import find_layers, read_features, write_paths
from tiles.maps.expressions import Seen, evaluate, passes
from tiles.maps.naming import break_lines, choose_names, measure_em, name_line, name_point
from tiles.maps.painting import Picture
from tiles.maps.pictures import write_png
from tiles.maps.pieces import cut_pieces
from tiles.mvt import encode_layer
from tiles.mvtread import read_tile
from twin.errors import StyleNotDrawn

SHAPES = [
    "MULTIPOINT (100 4000, 300 3900)",
    "POINT (5 5)",
    "LINESTRING (0 4096, 1000 3000, -20 2000)",
    "MULTILINESTRING ((10 10, 20 20), (30 30, 40 10, 50 30))",
    "POLYGON ((0 0, 2000 0, 2000 2000, 0 2000, 0 0), (500 500, 600 500, 600 600, 500 600, 500 500))",
    "MULTIPOLYGON (((3000 0, 3100 0, 3100 100, 3000 0)), ((3000 1000, 3100 1000, 3100 1100, 3000 1000)))",
]


@pytest.fixture
def tile(make_frame: Any, unit_box: Any, make_layer: Any) -> bytes:
    kinds = make_layer("Polygon", also=("Point", "MultiPoint", "LineString", "MultiLineString", "MultiPolygon"))
    rows = [{"name": f"名{number}" if number else None, "floors": number - 2} for number in range(len(SHAPES))]
    frame = make_frame(SHAPES, rows=rows, layer=kinds)
    return encode_layer(frame, unit_box, frame.crs).data


def test_columns_of_a_tile_say_what_another_reader_reads(tile: bytes) -> None:
    ((name, piece),) = cut_pieces(tile, 0, 0, 4096).items()
    features = read_tile(tile)[name]
    columns = piece.columns
    assert len(columns.kind) == len(features) == len(SHAPES)
    for row, (properties, geometry) in enumerate(features):
        ((seen, _),) = [
            each for each in piece.groups(frozenset(properties), None, 3, (-99, -99, 5000, 5000)) if row in each[1]
        ]
        assert seen.properties == properties
        assert seen.kind == 1 + shapely.get_dimensions(geometry)
        paths = list(piece.lines_px(row))
        if seen.kind == 3:
            expected = [ring for part in shapely.get_parts(geometry) for ring in (part.exterior, *part.interiors)]
            assert [path.tolist() for path in paths] == [
                shapely.get_coordinates(ring)[:-1].tolist() for ring in expected
            ]
        else:
            assert np.concatenate(paths).tolist() == shapely.get_coordinates(geometry).tolist()
        assert columns.box[row].tolist() == list(shapely.bounds(geometry))


def test_a_path_is_written_as_svg_has_it(tile: bytes) -> None:
    content = np.frombuffer(tile, dtype=np.uint8)
    ((begin, end, _, _),) = find_layers(content).tolist()
    columns = read_features(content, begin, end)
    words = {write_paths(np.array([row]), columns).tobytes().decode() for row in range(len(SHAPES))}
    # y grows downwards in a tile: 4096 metres north of its corner is 0.
    assert {"M0 0L1000 1096L-20 2096", "M10 4086L20 4076M30 4066L40 4086L50 4066"} <= words
    assert {word.count("Z") for word in words if word.startswith("M3")} == {2}


SEEN = Seen(zoom=13, properties={"kind": "road", "lanes": 4, "name": "沂河路"}, kind=2)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("#112233", "#112233"),
        (["get", "lanes"], 4),
        (["get", "none"], None),
        (["match", ["get", "kind"], ["rail"], 1, ["road", "street"], 2, 3], 2),
        (["match", ["get", "lanes"], 4, "four", "other"], "four"),
        (["case", ["==", ["get", "lanes"], 2], "a", [">", ["get", "lanes"], 3], "b", "c"], "b"),
        (["step", ["zoom"], 1, 10, 2, 14, 3], 2),
        (["interpolate", ["linear"], ["zoom"], 10, 0, 20, 10], 3),
        # (1.5^3 - 1) / (1.5^5 - 1) of the way: 2.375 / 6.59375
        (["interpolate", ["exponential", 1.5], ["zoom"], 10, 0, 15, 1], pytest.approx(2.375 / 6.59375)),
        (["interpolate", ["linear"], ["zoom"], 12, "#000000", 14, "#ff8000"], "#804000"),
        (["interpolate", ["linear"], ["zoom"], 14, 5, 15, 6], 5),
        ({"stops": [[10, 1], [16, 3]]}, 2),
        ({"stops": [[10, "butt"], [13, "round"], [15, "square"]]}, "round"),
        (["concat", ["get", "name"], " ", ["get", "lanes"]], "沂河路 4"),
        (["to-string", ["get", "none"]], ""),
        (["coalesce", ["get", "none"], ["get", "kind"]], "road"),
        (["geometry-type"], "LineString"),
        (["in", ["get", "kind"], ["literal", ["road", "rail"]]], True),
        (["*", ["get", "lanes"], 2, 3], 24),
        (["-", ["get", "lanes"]], -4),
        (["let", "n", ["get", "lanes"], ["+", ["var", "n"], 1]], 5),
        (["literal", [1, 2]], [1, 2]),
    ],
)
def test_expressions(expression: Any, value: Any) -> None:
    assert evaluate(expression, SEEN) == value


@pytest.mark.parametrize(
    ("condition", "is_in"),
    [
        (None, True),
        (["==", "kind", "road"], True),
        (["!=", "kind", "road"], False),
        (["in", "kind", "rail", "road"], True),
        (["!in", "kind", "rail", "road"], False),
        (["all", ["has", "name"], [">=", "lanes", 4]], True),
        (["none", ["==", "$type", "Polygon"], ["!has", "name"]], True),
        (["any", ["==", ["geometry-type"], "Point"], ["<", ["get", "lanes"], 4]], False),
        (["<", ["get", "name"], 4], False),
    ],
)
def test_filters_of_both_kinds(condition: Any, is_in: bool) -> None:
    assert passes(condition, SEEN) is is_in


@pytest.mark.parametrize(
    "expression",
    [
        ["within", {}],
        ["interpolate", ["cubic-bezier", 0, 0, 1, 1], ["zoom"], 1, 2, 13, 4],
        {"property": "lanes", "stops": [[1, 2]]},
        ["interpolate", ["linear"], ["zoom"], 12, "red", 14, "blue"],
        ["step", ["get", "name"], 1, 10, 2],
    ],
)
def test_what_is_not_drawn_is_refused(expression: Any) -> None:
    with pytest.raises(StyleNotDrawn):
        evaluate(expression, SEEN)


def test_names_are_broken_into_lines_of_about_the_same_length() -> None:
    assert measure_em("沂南县人民政府") == 7
    assert break_lines("沂南县人民政府", 4) == ["沂南县人", "民政府"]
    assert break_lines("沂南县人民政府", 8) == ["沂南县人民政府"]
    assert break_lines("North street school", 6) == ["North street", "school"]


def test_of_names_that_meet_the_first_is_drawn() -> None:
    names = [
        name_point("甲甲", np.array([x, 0.0]), size_px=10, order=(order,)) for x, order in ((0, 2), (15, 1), (60, 3))
    ]
    assert [name.order for name in choose_names(names)] == [(1,), (3,)]


def test_a_name_runs_along_its_line_from_left_to_right() -> None:
    (name,) = name_line("沂河路", np.array([[100.0, 0.0], [0.0, 0.0]]), size_px=10)
    assert name.at_px.tolist() == [[35, 0], [65, 0]]
    assert list(name_line("沂河路", np.array([[0.0, 0.0], [20.0, 0.0]]), size_px=10)) == []
    corner = np.array([[0.0, 0.0], [50.0, 0.0], [50.0, 50.0]])
    assert list(name_line("沂河路", corner, size_px=10)) == []
    assert len(list(name_line("沂河路", np.array([[0.0, 0.0], [1000.0, 0.0]]), size_px=10))) == 4


STYLE = [
    {"id": "paper", "type": "background", "paint": {"background-color": "#ffffff"}},
    {
        "id": "line", "type": "line", "source": "things", "source-layer": "things",
        "paint": {"line-color": "#ff0000", "line-width": 8, "line-dasharray": [2, 2]},
        "layout": {"line-cap": "butt"},
    },
    {
        "id": "name", "type": "symbol", "source": "things", "source-layer": "things",
        "filter": ["==", ["geometry-type"], "Point"],
        "layout": {"text-field": ["get", "name"], "text-font": ["WenQuanYi Micro Hei Regular"], "text-size": 20},
        "paint": {"text-color": "#000000", "text-halo-color": "#00ff00", "text-halo-width": 2},
    },
]  # fmt: skip


def test_pictures_are_alike_at_the_seam(make_frame: Any, unit_box: Any, make_layer: Any) -> None:
    """A name over the edge of two tiles, and a dashed line across: each draws its half."""
    layer = make_layer("LineString", also=("Point",))
    frame = make_frame(
        ["LINESTRING (0 2048, 8192 2048)", "POINT (4100 3000)"], rows=[{}, {"name": "少年儿童图书馆"}], layer=layer
    )
    boxes = [type(unit_box)(4096 * column, 0, 4096 * column + 4096, 4096) for column in (0, 1)]
    near = [
        cut_pieces(encode_layer(frame, box, frame.crs).data, 256 * column, 0, 256) for column, box in enumerate(boxes)
    ]
    both = np.hstack(
        [
            np.asarray(
                Image.open(io.BytesIO(write_png(Picture(STYLE, 13, (256 * column, 0), near[column], near).write())))
            )
            for column in (0, 1)
        ]
    )
    # The name is seven letters of 20 pixels, around 256 px: 4100 metres by 16 to the pixel; its rim is 2 px wide.
    green = np.flatnonzero((both[:, :, :3] == (0, 255, 0)).all(axis=2).any(axis=0))
    assert green.min() == pytest.approx(256.25 - 70 - 1, abs=3)
    assert green.max() == pytest.approx(256.25 + 70, abs=3)
    ink = np.flatnonzero((both[:, :, :3].sum(axis=2) < 100).any(axis=0))
    assert ink.min() < 200
    assert ink.max() > 310
    # Dashes of 16 px from the beginning of the line on: 0 to 16 is red, 16 to 32 is not.
    assert both[128, 8, :3].tolist() == [255, 0, 0]
    assert both[128, 24, :3].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    "changed",
    [
        {"type": "heatmap"},
        {"type": "fill-extrusion"},
        {"paint": {"line-blur": 2}},
        {"paint": {"line-pattern": "x"}},
        {"source-layer": None},
        {"type": "symbol", "layout": {"text-font": ["Noto"]}, "paint": {}},
    ],
)
def test_layers_that_are_not_drawn_are_refused_by_name(changed: dict[str, Any]) -> None:
    with pytest.raises(StyleNotDrawn, match="line"):
        Picture([{**STYLE[1], **changed}], 13, (0, 0), {}, [])
