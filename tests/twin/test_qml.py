"""Styles for QGIS follow from the layers; what QGIS makes of them is tested in real QGIS."""

from __future__ import annotations

import math
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

import layers
from twin.layer import Style
from twin.looks import LINE_SIZES
from twin.qgis.expressions import by_code, by_scale, quote_name, quote_text, scale_at
from twin.qgis.qml import derive_styles, write_qml

LAYERS = layers.catalog().layers
ROADS = LAYERS["roads"]


def evaluate(expression, scale):
    """Work an expression out by what QGIS's documentation says of its functions."""

    def scale_linear(value, low, high, least, most):
        share = (min(max(value, low), high) - low) / (high - low)
        return least + share * (most - least)

    def log(base, value):
        return math.log(value, base)

    known = {"scale_linear": scale_linear, "log": log, "map_scale": scale}
    return eval(expression.replace("^", "**").replace("@", ""), known)  # our own expression


def interpolate(zoom):
    """The width of a line of 1 at a zoom: MapLibre's exponential interpolation with base 1.5."""
    (low, first), (middle, town), (high, last) = LINE_SIZES
    zoom = min(max(zoom, low), high)
    (near, less), (far, more) = ((low, first), (middle, town)) if zoom <= middle else ((middle, town), (high, last))
    return less + (more - less) * (1.5 ** (zoom - near) - 1) / (1.5 ** (far - near) - 1)


@pytest.mark.parametrize("zoom", [3, 8, 10.5, 13, 15.6, 18, 21])
def test_sizes_grow_with_the_scale_as_those_of_web_maps_with_the_zoom(zoom):
    assert evaluate(by_scale(2, LINE_SIZES), scale_at(zoom)) == pytest.approx(2 * interpolate(zoom), rel=1e-3)


def test_the_scale_of_a_zoom_is_that_of_its_pixels_on_the_ground():
    """At 35 degrees a pixel of a tile of 512 of zoom 13 is 2 pi 6378137 cos(35) / 2^13 / 512 = 7.83 m wide."""
    pixel_m = 2 * math.pi * 6378137 * math.cos(math.radians(35)) / 2**13 / 512
    assert scale_at(13) == pytest.approx(pixel_m / (0.0254 / 96), rel=1e-3)


def test_names_and_texts_stay_what_they_are_in_expressions():
    assert quote_name('a"b') == '"a""b"'
    assert quote_text("it's a \\") == r"'it\'s a \\'"
    style = Style(by="kind", colors={"o'clock": "#000000"}, weights={"b": 2})
    said = by_code(style, lambda code: str(style.weights.get(code or "", 1)))
    assert said == "CASE WHEN \"kind\" = 'b' THEN 2 WHEN \"kind\" = 'o\\'clock' THEN 1 ELSE 1 END"


@pytest.mark.parametrize("layer", [layer for layer in LAYERS.values() if layer.style.by], ids=lambda layer: layer.id)
def test_every_code_has_a_category_with_its_symbol(layer):
    for style in derive_styles(layer):
        root = ET.fromstring(style.qml)
        categories = root.findall("renderer-v2/categories/category")
        codes = [str(code.value) for code in layer.schema[layer.style.by].codes]
        assert [category.get("value") for category in categories] == [*codes, ""]
        symbols = {symbol.get("name") for symbol in root.findall("renderer-v2/symbols/symbol")}
        assert {category.get("symbol") for category in categories} == symbols
        assert set(layer.style.colors) <= set(codes)


def test_a_layer_has_a_style_for_each_kind_of_geometry():
    assert [(style.name, style.kind) for style in derive_styles(ROADS)] == [("Standard 标准", "Line")]
    assert [(style.name, style.kind) for style in derive_styles(LAYERS["key_places"])] == [
        ("Standard 标准", "Polygon"),
        ("Standard, points 标准（点）", "Point"),
    ]


def test_a_layer_of_one_colour_has_one_symbol():
    root = ET.fromstring(write_qml(replace(ROADS, style=Style(color="#123456", width_px=3)), 1))
    assert root.find("renderer-v2").get("type") == "singleSymbol"
    (line,) = root.findall("renderer-v2/symbols/symbol/layer")
    properties = {option.get("name"): option.get("value") for option in line.find("Option")}
    assert properties["line_color"] == "18,52,86,255"
    assert float(properties["line_width"]) == pytest.approx(3 * 25.4 / 96, rel=1e-3)
    assert root.get("labelsEnabled") == "0"
    assert root.find("labeling") is None


def test_hostile_titles_stay_text():
    hostile = replace(
        ROADS, fields=(replace(ROADS.fields[0], title="<b>&\"'", title_zh="]]>"), *ROADS.fields[1:]), key="road_id"
    )
    root = ET.fromstring(write_qml(hostile, 1))
    assert root.find("aliases/alias[@field='road_id']").get("name") == "<b>&\"' ]]>"
