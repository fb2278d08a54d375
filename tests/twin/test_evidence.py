"""Evidence as layers: every feature and shape of a result with its role, one layer for each kind of geometry."""

from __future__ import annotations

import pytest
import shapely

from tests_support import CRS, LAYER, make_rows, write
from twin.catalog import Catalog
from twin.engine import evaluate
from twin.evidence import OTHER_COLORS, ROLES, gather_evidence
from twin.indicator import Clause, Example, Measure, Shape, indicator
from twin.stores import create_store

HOMES = {"geometry": shapely.box(0, 0, 1, 1), "name": "甲", "use": "home"}
SHOPS = {"geometry": shapely.box(2, 0, 3, 1), "use": "shop"}


@indicator(
    title="Shops",
    title_zh="商业",
    unit="1",
    target=None,
    clause=Clause(document="Test code", article="1", text="There are shops."),
    example=Example(crs="EPSG:4548", rows={}, value=None),
)
def shops(plots):
    """Count the shops.

    And say no more.
    """
    shop = (plots.data["use"] == "shop").to_numpy(bool)
    shapes = [
        ("uncovered", "Nowhere", "无处", shapely.Point(9, 9, 9)),
        ("way", "Way", "路", shapely.LineString([(0, 0), (1, 1)])),
        ("best", "Best place", "最佳", shapely.MultiPoint([(5, 5), (6, 6)])),
    ]
    return Measure(
        value=float(shop.sum()),
        covered={"plots": tuple(plots.data.index[shop])},
        uncovered={"plots": tuple(plots.data.index[~shop])},
        shapes=tuple(Shape(role=role, title=en, title_zh=zh, geometry=shape) for role, en, zh, shape in shapes),
    )


@pytest.fixture
def gathered(tmp_path):
    with create_store(tmp_path / "twin.gpkg", crs=CRS) as store:
        write(store, insert=make_rows(h=HOMES, s=SHOPS))
        result = evaluate(shops, Catalog.of([LAYER], [shops]), store)
        yield lambda *layers: {
            each.layer.id: each for each in gather_evidence(result, {layer.id: layer for layer in layers}, store)
        }


def test_there_is_a_layer_for_each_kind_of_geometry(gathered):
    found = gathered(LAYER)
    assert {name: each.layer.geometry for name, each in found.items()} == {
        "shops_areas": "MultiPolygon",
        "shops_lines": "MultiLineString",
        "shops_points": "MultiPoint",
    }
    for each in found.values():
        assert {shape.geom_type for shape in each.rows.geometry} == {each.layer.geometry}
        assert not shapely.has_z(each.rows.geometry.to_numpy()).any()


def test_features_and_shapes_say_what_they_are(gathered):
    found = gathered(LAYER)
    areas = found["shops_areas"].rows
    assert areas[["role", "layer", "feature"]].to_numpy().tolist() == [
        ["covered", "plots", "s"],
        ["uncovered", "plots", "h"],
    ]
    points = found["shops_points"].rows
    assert points[["role", "title_zh"]].to_numpy().tolist() == [["uncovered", "无处"], ["best", "最佳"]]


def test_roles_have_titles_and_the_colours_of_the_web_map(gathered):
    layer = gathered(LAYER)["shops_areas"].layer
    titles = {code.value: code.title_zh for code in layer.schema["role"].codes}
    assert titles == {"covered": "已覆盖", "uncovered": "未覆盖", "way": "路", "best": "最佳"}
    colors = [ROLES["covered"][2], ROLES["uncovered"][2], *OTHER_COLORS[:2]]
    assert layer.style.colors == dict(zip(titles, colors, strict=True))
    assert layer.about.endswith("Count the shops.")


def test_layers_that_are_not_shown_give_no_evidence(gathered):
    assert set(gathered()) == {"shops_lines", "shops_points"}
