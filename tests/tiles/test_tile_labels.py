"""Names of areas: a point for each, where the area is widest, in one tile."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import shapely

import layers
from tiles.grid import grids_for
from tiles.labels import find_middles, label_layer, with_labels
from tiles.source import VectorSource
from tiles.style import draw_layers
from tiles.tilejson import describe_tiles
from tiles.tileset import describe_tileset
from twin.crs import BBox, parse_crs
from twin.layer import Style
from twin.schema import Field

GRID = grids_for(parse_crs("EPSG:3857"))["WebMercatorQuad"]
LEVELS = Style(by="level", weights={"county": 4, "grid": 0.5}, colors={"county": "#000", "grid": "#000"}, label="name")
FIELDS = tuple(Field(name=name, title=name, title_zh=name) for name in ("area_id", "level", "name", "code"))


@pytest.fixture
def areas(make_layer):
    return make_layer(
        "MultiPolygon", id="areas", key="area_id", fields=FIELDS, zooms=(6, 16), style=LEVELS, also=("Point",)
    )


@pytest.fixture
def source_of(make_frame):
    def source(layer, geometries, rows, **how):
        frame = make_frame(geometries, rows=rows, layer=layer)
        gone = SimpleNamespace(of=lambda layer, crs: (np.empty((0, 4)), np.empty(0, dtype=np.int64)))
        held = SimpleNamespace(
            store=SimpleNamespace(created_at=pd.Timestamp("2026-01-01")), departures=gone, name_revision=str
        )
        held.get = held.peek = lambda layer, as_of=None: frame
        held.beyond, held.most_rows = lambda layer: None, 1000
        return VectorSource(layers=(layer,), frames=held, grid=GRID, **how)

    return source


def names_in(decode, source, z, over):
    """How often each name stands in the tiles of a zoom over a box, buffers not looked at."""
    (columns, rows), names = GRID.tiles_over(over, z), Counter()
    for x in columns:
        for y in rows:
            data = source.tile(z, x, y).data
            for point in (decode(data) if data else {}).get("areas_labels", {"features": []})["features"]:
                east, south = point["geometry"]["coordinates"]
                if 0 <= east < 4096 and 0 <= south < 4096:
                    names[point["properties"]["name"]] += 1
    return names


def test_the_middle_of_an_area_is_where_it_is_widest():
    # The circle of radius 50 in the wide end of a key, a ring's thick side, the larger of two parts.
    key = shapely.from_wkt("POLYGON ((0 0, 100 0, 100 100, 0 100, 0 60, -900 60, -900 40, 0 40, 0 0))")
    ring = shapely.box(0, 0, 100, 100) - shapely.box(10, 10, 50, 90)
    parts = shapely.MultiPolygon([shapely.box(0, 0, 10, 10), shapely.box(100, 100, 180, 180)])
    winding = shapely.segmentize(np.array([key, ring, parts]), 10)
    first, second, third = shapely.get_coordinates(find_middles(winding))
    assert first == pytest.approx([50, 50], abs=3)
    assert second[0] == pytest.approx(75, abs=3)
    assert third == pytest.approx([140, 140], abs=3)


def test_a_house_is_named_in_its_middle_and_a_point_where_it_is():
    # An L of 30 by 30 m whose arms are 10 m wide: at half its height only the upright one is there.
    shapes = np.array([shapely.box(0, 0, 30, 30) - shapely.box(10, 10, 40, 40), shapely.Point(3, 4)])
    assert shapely.get_coordinates(find_middles(shapes)).tolist() == [[5, 20], [3, 4]]


def test_an_area_over_many_tiles_is_named_in_one(areas, source_of, decode):
    # At zoom 14 a tile is 2446 m wide: a county of 20 km, and a grid cell that lies on the corner of four tiles.
    west, south, *_ = GRID.box(14, 13500, 6500)
    county = shapely.box(west - 9_000, south - 8_000, west + 11_000, south + 12_000)
    cell = shapely.box(west - 100, south - 100, west + 120, south + 120)
    rows = [{"name": "大县", "level": "county", "code": "3713"}, {"name": "网格", "level": "grid"}]
    source = source_of(areas, [county, cell, county], [*rows, {"level": "county"}])
    box = BBox(*county.bounds)
    # The cell is half as heavy as what is named from zoom 14, and so comes two zooms later.
    for z, names in ((10, {"大县"}), (14, {"大县"}), (15, {"大县"}), (16, {"大县", "网格"})):
        assert names_in(decode, source, z, box) == dict.fromkeys(names, 1)
    tile = source.tile(10, 13500 >> 4, 6500 >> 4)
    points = {f["properties"]["name"]: f for f in decode(tile.data)["areas_labels"]["features"]}
    assert points["大县"]["properties"] == {"area_id": "T0", "level": "county", "name": "大县"}
    assert points["大县"]["id"] == 100  # the number of the area
    assert (tile.layers["areas"].features_in, tile.layers["areas_labels"].features_in) == (3, 1)


def test_names_come_with_the_first_zoom_that_shows_one(areas, source_of, decode):
    # Weight 4 is named four zooms before 14, and what has no code at 14.
    assert label_layer(areas).zooms == (10, 16)
    shapes = ["POINT (10 10)", "POLYGON ((20 20, 90 20, 90 90, 20 20))"]
    source = source_of(areas, shapes, [{"name": "a"}, {"name": "b", "level": "county"}])
    assert set(decode(source.tile(9, 256, 255).data)) == {"areas"}

    def points(z):
        features = decode(source.tile(z, 2 ** (z - 1), 2 ** (z - 1) - 1).data)["areas_labels"]["features"]
        return {feature["properties"]["name"]: feature["geometry"]["type"] for feature in features}

    assert points(10) == {"b": "Point"}
    assert points(14) == {"a": "Point", "b": "Point"}


def test_what_describes_tiles_names_the_layer_of_names(areas, source_of):
    info = source_of(areas, [shapely.box(0, 0, 9, 9)], [{"name": "a"}]).info
    area, names = describe_tiles(info, "t/{z}/{x}/{y}")["vector_layers"]
    assert (area["id"], set(area["fields"]) >= {"code", "name"}) == ("areas", True)
    assert (names["id"], names["minzoom"], names["maxzoom"]) == ("areas_labels", 10, 16)
    assert {"area_id", "level", "name"} <= set(names["fields"])
    assert "code" not in names["fields"]
    assert [layer["geometryDimension"] for layer in describe_tileset(info)["layers"]] == [2, 0]


def test_styles_name_areas_by_their_points_and_other_features_as_they_are():
    shown = layers.catalog().layers.values()
    sources = {layer["id"]: layer["source-layer"] for layer in draw_layers(shown) if "-label" in layer["id"]}
    assert sources["admin_areas-label-county"] == "admin_areas_labels"
    assert sources["roads-label-motorway"] == "roads"
    assert set(sources.values()) <= {layer.id for layer in with_labels(shown)}


def test_no_layer_has_the_name_of_anothers_names():
    names = [layer.id for layer in with_labels(layers.catalog().layers.values())]
    assert len(names) == len(set(names))
