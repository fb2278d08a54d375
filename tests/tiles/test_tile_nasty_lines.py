"""Lines, points and coordinates that go wrong: what can be drawn is, and the rest is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests_tiles import SQUARE, in_units, raw_layers, require_lawful
from tiles.mvt import encode_layer
from tiles.prepared import columns_of
from twin.crs import BBox, parse_crs
from twin.frame import Frame

WEB = parse_crs("EPSG:3857")
BOX = BBox(0, 0, 4096, 4096)

MakeFrame = Callable[..., Frame]

# On the corner of the buffer, on the edges of tile and buffer, around them, and far off.
edges = st.sampled_from([-64.0, 0.0, 4096.0, 4160.0, -64.2, 4160.4, 2048.0, 1.5, -3e7, 3e7])
coordinate = edges | (st.floats(-200, 4300) | st.floats(-1e5, 1e5)).map(lambda number: round(number, 3))
vertex = st.tuples(coordinate, coordinate)
line = st.lists(vertex, min_size=2, max_size=30)


def drawn(geometry: shapely.Geometry, make_frame: MakeFrame, *, generalise: bool) -> shapely.Geometry | None:
    layer = encode_layer(make_frame([geometry]), BOX, WEB, generalise=generalise)
    features = raw_layers(layer.data).get("things", [])
    return require_lawful(features[0]) if features else None


@given(lines=st.lists(line, min_size=1, max_size=4), generalise=st.booleans())
def test_lines_stay_where_they_are(
    lines: list[list[tuple[float, float]]], generalise: bool, make_frame: MakeFrame
) -> None:
    geometry = shapely.MultiLineString(lines)
    source = in_units(geometry)
    shape = drawn(geometry, make_frame, generalise=generalise)
    near = 4 + 1.5 if generalise else 1.42  # the diagonal of what is a unit long
    # What is shorter than the tolerance may come to nothing, and near the edge of the buffer it may lie beyond it.
    inner = source.intersection(SQUARE.buffer(-near))
    pieces = [piece for piece in shapely.get_parts(inner) if shapely.minimum_bounding_radius(piece) > 12]
    if shape is None:
        assert not pieces
        assert generalise or not source.intersects(SQUARE.buffer(-1e-6))
    else:
        assert shape.difference(source.buffer(near)).length < 1e-6
        assert all(piece.difference(shape.buffer(near)).length < 1e-6 for piece in pieces)


@given(points=st.lists(vertex, min_size=1, max_size=60), generalise=st.booleans())
def test_every_point_in_the_tile_is_drawn(
    points: list[tuple[float, float]], generalise: bool, make_frame: MakeFrame
) -> None:
    shape = drawn(shapely.MultiPoint(points), make_frame, generalise=generalise)
    wanted = [(round(x), round(4096 - y)) for x, y in points if -64 <= x <= 4160 and -64 <= 4096 - y <= 4160]
    got = [] if shape is None else shapely.get_coordinates(shape).astype(int).tolist()
    assert sorted(map(tuple, got)) == sorted(wanted)


def test_a_line_that_only_touches_the_buffer_is_not_lost_where_all_is_asked_for(make_frame: MakeFrame) -> None:
    corner = drawn(shapely.LineString([(4160, 5000), (4160, 4160), (5000, 4160)]), make_frame, generalise=False)
    assert corner is not None
    assert corner.distance(shapely.Point(4160, -64)) <= 1


GOOD = {"Point": "MULTIPOINT (5 5)", "LineString": "LINESTRING (1 1, 9 9)", "Polygon": "POLYGON ((0 0, 9 0, 0 9, 0 0))"}
BAD = {
    "nan": ("LineString", "LINESTRING (0 0, NaN 5, 9 9)"),
    "all nan": ("LineString", "LINESTRING (NaN NaN, NaN NaN)"),
    "inf": ("LineString", "LINESTRING (0 0, Inf 5, 9 9)"),
    "nan area": ("Polygon", "POLYGON ((0 0, 50 NaN, 50 50, 0 50, 0 0))"),
    "inf area": ("Polygon", "POLYGON ((0 0, Inf 0, 50 50, 0 50, 0 0))"),
    "absurd line": ("LineString", "LINESTRING (-1e300 -1e299, 1e300 1e300)"),
    "absurd area": ("Polygon", "POLYGON ((-1e308 -1e308, 1e308 -1e308, 0 1e308, -1e308 -1e308))"),
    "nan points": ("Point", "MULTIPOINT (1 1, NaN 2, 3 3)"),
}


@pytest.mark.filterwarnings("ignore:invalid value encountered in from_wkt")
@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:4549", "EPSG:4326"])
@pytest.mark.parametrize(("kind", "bad"), BAD.values(), ids=BAD)
def test_a_feature_without_a_place_is_named_and_the_others_are_drawn(
    kind: str, bad: str, crs: str, make_frame: MakeFrame, make_layer: Any
) -> None:
    place = {"EPSG:3857": (0, 0), "EPSG:4549": (500000, 4e6), "EPSG:4326": (0, 0)}[crs]
    fine = shapely.transform(shapely.from_wkt(GOOD[kind]), lambda xy: xy + place)
    frame = make_frame([fine, bad, fine], layer=make_layer(kind), crs=crs)
    columns = columns_of(frame, WEB)
    assert columns.broken == ("T1",)
    assert columns.fid.tolist() == [100, 102]
    assert np.isfinite(columns.bounds).all()


def test_empty_geometries_and_empty_parts_are_no_places(make_frame: MakeFrame, make_layer: Any) -> None:
    cases = [
        ("MULTIPOINT ((5 5), EMPTY)", "Point", 1),
        ("MULTILINESTRING (EMPTY, (1 1, 9 9))", "LineString", 1),
        ("MULTIPOLYGON (EMPTY, ((10 10, 20 10, 10 20, 10 10)), EMPTY)", "Polygon", 1),
        ("MULTIPOLYGON (EMPTY)", "Polygon", 0),
        ("POINT EMPTY", "Point", 0),
        ("POLYGON EMPTY", "Polygon", 0),
    ]
    for geometry, kind, parts in cases:
        frame = make_frame([shapely.from_wkt(geometry), None, shapely.from_wkt(geometry)], layer=make_layer(kind))
        features = raw_layers(encode_layer(frame, BOX, WEB).data).get("things", [])
        assert [len(feature.paths) for feature in features] == [parts] * (2 * parts)
        assert all(require_lawful(feature).bounds for feature in features)
        assert columns_of(frame, WEB).broken == ()


def test_the_whole_earth_and_the_antimeridian_are_drawn(make_frame: MakeFrame) -> None:
    # As in the plane of the grid: what goes from 179 E to 179 W the long way round does so in the tile.
    world = shapely.box(-180, -85.06, 180, 85.06)
    fiji = shapely.MultiPolygon([shapely.box(177, -19, 180, -16), shapely.box(-180, -19, -179, -16)])
    wrong = shapely.Polygon([(179, 10), (-179, 10), (-179, 11), (179, 11)])
    frame = make_frame([world, fiji, wrong], crs="EPSG:4326")
    side = 2 * 20037508.342789244
    features = raw_layers(encode_layer(frame, BBox(-side / 2, -side / 2, side / 2, side / 2), WEB).data)["things"]
    shapes = {feature.fid: require_lawful(feature) for feature in features}
    assert shapes[100].bounds == (0, -1, 4096, 4097)  # 85.06 degrees lie 1.2 units beyond the tile
    assert shapely.get_num_geometries(shapes[101]) == 2
    assert shapes[101].bounds[::2] == (0, 4096)
    assert shapes[102].bounds[::2] == (11, 4085)
