"""Map styles: valid, in order, and with the zooms and widths that the weights of a layer's codes ask for."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

import layers
from tiles.style import describe_style, draw_layers
from twin.crs import BBox
from twin.layer import Layer, Style

VALIDATOR = Path(__file__).parents[1] / "vendor" / "maplibre-gl-style-spec" / "gl-style-validate.mjs"
LAYERS = layers.catalog().layers
PLAIN = Layer(id="plain", title="Plain", title_zh="素", about="", geometry="Point", key="plain_id", fields=())


def style_of(*shown, bounds_crs84=None):
    return describe_style(
        shown,
        name="Test 测试",
        tilejson=lambda layer: f"http://twin/tiles/{layer.id}.json",
        glyphs="http://twin/fonts/{fontstack}/{range}.pbf",
        sprite="http://twin/sprites/marks",
        bounds_crs84=bounds_crs84,
    )


def drawing(drawn, name):
    return next(layer for layer in drawn if layer["id"] == name)


@pytest.fixture
def complaints(tmp_path):
    """What gl-style-validate has to say of a style."""

    def validate(style):
        file = tmp_path / "style.json"
        file.write_text(json.dumps(style), "utf-8")
        done = subprocess.run(["node", VALIDATOR, file], capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        return done.stdout.splitlines()

    return validate


@pytest.mark.needs("node")
@pytest.mark.parametrize(
    "shown", [tuple(LAYERS.values()), (PLAIN,), *((layer,) for layer in LAYERS.values())], ids=lambda ls: ls[-1].id
)
def test_the_style_of_every_layer_and_of_all_passes_the_validator(shown, complaints):
    assert complaints(style_of(*shown, bounds_crs84=BBox(118, 35, 119, 36))) == []


@pytest.mark.needs("node")
@pytest.mark.parametrize("marker", ["circle", "star"])
@pytest.mark.parametrize("geometry", ["Point", "MultiLineString", "MultiPolygon"])
def test_whatever_a_style_says_the_map_is_valid(geometry, marker, complaints):
    style = Style(by="kind", colors={"a": "#ff0000"}, weights={"a": 0.3}, marker=marker, label="name", opacity=0)
    assert complaints(style_of(replace(PLAIN, geometry=geometry, also=("Point",), style=style))) == []


@pytest.mark.needs("node")
def test_the_validator_finds_what_is_wrong(complaints):
    style = style_of(PLAIN)
    style["layers"][1]["paint"]["circle-colour"] = "red"
    (complaint,) = complaints(style)
    assert 'unknown property "circle-colour"' in complaint


@pytest.mark.parametrize("layer", LAYERS.values(), ids=lambda layer: layer.id)
def test_names_and_weights_of_a_style_are_those_of_its_layer(layer):
    names = {field.name for field in layer.schema}
    assert layer.style.label is None or layer.style.label in names
    assert layer.style.by is None or layer.schema[layer.style.by].type == "text"
    assert set(layer.style.weights) <= set(layer.style.colors)
    assert all(weight > 0 for weight in layer.style.weights.values())


def test_areas_lie_below_lines_below_points_below_names():
    kinds = {"fill": 0, "line": 1, "circle": 2, "symbol": 3}
    drawn = draw_layers(LAYERS.values())
    ranks = [2 if "icon-image" in layer.get("layout", {}) else kinds[layer["type"]] for layer in drawn]
    assert ranks == sorted(ranks)
    assert set(ranks) == {0, 1, 2, 3}


def test_what_is_seen_from_near_lies_above_and_is_named_after_what_is_seen_from_afar():
    names = [layer["id"] for layer in draw_layers(LAYERS.values())]
    assert names.index("admin_areas-fill") < names.index("buildings-fill")
    last = names.index("admin_areas-label-county")
    assert names.index("buildings-label") < names.index("admin_areas-label-grid") < last  # the last one is placed first


def test_twice_the_weight_is_seen_and_named_two_zooms_earlier_and_drawn_wider():
    style = Style(by="class", colors={"big": "#ff0000"}, weights={"big": 4}, width_px=2, label="name", label_zoom=14)
    roads = replace(PLAIN, id="lines", geometry="LineString", style=style)
    drawn = draw_layers([roads, PLAIN])
    is_big = ["match", ["get", "class"], ["big"], True, False]
    is_not = ["match", ["get", "class"], ["big"], False, True]
    for part, far, near in (("label", 10, 14), ("line", 7, 11), ("casing", 7, 11)):
        named = [["has", "name"]] if part == "label" else []
        for name, zoom, filtered in (("big", far, is_big), ("others", near, is_not)):
            found = drawing(drawn, f"lines-{part}-{name}")
            assert found["minzoom"] == zoom
            assert found["filter"] == (["all", *named, filtered] if named else filtered)
    in_town = drawing(drawn, "lines-line-big")["paint"]["line-width"][6]
    assert in_town == ["match", ["get", "class"], ["big"], 4, 2]
    assert drawing(drawn, "lines-casing-big")["paint"]["line-width"][6] == [
        "match",
        ["get", "class"],
        ["big"],
        5.2,
        3.2,
    ]


def test_what_is_heavier_lies_above_and_codes_of_one_weight_share_a_map_layer():
    style = Style(by="class", colors=dict.fromkeys("abc", "#ff0000"), weights={"a": 2, "b": 2, "c": 1}, label="name")
    drawn = draw_layers([replace(PLAIN, id="lines", geometry="LineString", style=style), PLAIN])
    assert [layer["id"] for layer in drawn if layer["id"].startswith("lines-line")] == [
        "lines-line-others",
        "lines-line-a",
    ]
    assert drawing(drawn, "lines-line-a")["filter"][2] == ["a", "b"]
    assert drawing(drawn, "lines-line-others")["filter"] == ["match", ["get", "class"], ["a", "b"], False, True]


def test_names_of_areas_that_hold_others_end_three_zooms_after_they_begin():
    townships = drawing(draw_layers([LAYERS["admin_areas"]]), "admin_areas-label-township")
    assert townships["minzoom"] == 9  # 13 less 2 · log2(4)
    assert townships["maxzoom"] == 12


def test_a_layer_by_itself_is_drawn_from_its_first_tile_on():
    samples = LAYERS["signal_samples"]
    (alone,) = draw_layers([samples])
    assert "filter" not in alone
    assert alone["minzoom"] == samples.zooms[0]
    assert drawing(draw_layers([samples, PLAIN]), "signal_samples-point")["minzoom"] == 15


def test_no_condition_on_features_asks_for_the_zoom():
    """QGIS takes the word for a field that is missing, and draws nothing."""
    assert not any("zoom" in json.dumps(layer.get("filter", "")) for layer in draw_layers(LAYERS.values()))


def test_colours_follow_the_codes_areas_paler_and_names_darker():
    style = Style(by="use", colors={"a": "#000000"}, color="#ffffff", label="name")
    drawn = draw_layers([replace(PLAIN, geometry="Polygon", style=style)])
    by_use = ["match", ["get", "use"], ["a"]]
    assert drawing(drawn, "plain-outline")["paint"]["line-color"] == [*by_use, "#000000", "#ffffff"]
    # 35 % of the paper #f6f4ee in black is 86, 85, 83; in white 252, 251, 249.
    assert drawing(drawn, "plain-fill")["paint"]["fill-color"] == [*by_use, "#565553", "#fcfbf9"]
    # 55 % of the ink #1f2430 in black is 17, 20, 26.
    assert drawing(drawn, "plain-label")["paint"]["text-color"][3] == "#11141a"


def test_every_layer_is_a_source_of_its_own():
    style = style_of(*LAYERS.values())
    assert set(style["sources"]) == set(LAYERS)
    assert style["sources"]["roads"] == {"type": "vector", "url": "http://twin/tiles/roads.json"}
    assert {layer["source"] for layer in style["layers"][1:]} == set(LAYERS)


def test_the_map_begins_where_the_data_are():
    # 512 pixels are 360/2^z degrees: 0.703125 degrees at zoom 9.
    style = style_of(PLAIN, bounds_crs84=BBox(118, -0.01, 118.703125, 0.01))
    assert style["center"] == [118.351562, 0]
    assert style["zoom"] == 9
    assert "center" not in style_of(PLAIN)
