"""Geometry in tiles: where it ends up, checked against shapely on unrounded geometry and by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tiles.mvt import encode_layer
from twin.crs import BBox, parse_crs
from twin.frame import Frame

WEB = parse_crs("EPSG:3857")

MakeFrame = Callable[..., Frame]
FeaturesOf = Callable[..., list[dict[str, Any]]]


def shapes_of(features: list[dict[str, Any]]) -> list[shapely.Geometry]:
    return [shapely.geometry.shape(feature["geometry"]) for feature in features]


def test_a_square_has_the_vertices_worked_out_by_hand(make_frame: MakeFrame, features_of: FeaturesOf) -> None:
    frame = make_frame(["POLYGON ((100 4000, 110.4 4000, 110.4 3989.6, 100 3989.6, 100 4000))"])
    (feature,) = features_of(frame)
    assert feature["geometry"]["type"] == "Polygon"
    (ring,) = feature["geometry"]["coordinates"]
    assert set(map(tuple, ring)) == {(100, 96), (110, 96), (110, 106), (100, 106)}
    assert len(ring) == 5


def test_a_hole_stays_a_hole(make_frame: MakeFrame, features_of: FeaturesOf) -> None:
    ring = shapely.box(1000, 1000, 2000, 2000) - shapely.box(1200, 1200, 1500, 1600)
    (shape,) = shapes_of(features_of(make_frame([ring])))
    assert shape.area == 1000 * 1000 - 300 * 400
    assert len(shape.interiors) == 1


def test_exteriors_run_clockwise_on_the_screen_and_holes_the_other_way(make_frame: MakeFrame, unit_box: BBox) -> None:
    # MVT 2.1, 4.3.4.4: positive area by the surveyor's formula in tile coordinates, holes negative. Raw rings, because
    # decoders regroup them; wound both ways in the source.
    ring = shapely.box(1000, 1000, 2000, 2000) - shapely.box(1200, 1200, 1500, 1600)
    for source in (ring, ring.reverse()):
        areas = [_surveyor(r) for r in raw_rings(encode_layer(make_frame([source]), unit_box, WEB).data)]
        assert areas == [1000 * 1000, -300 * 400]


def test_a_multipolygon_keeps_its_parts(make_frame: MakeFrame, features_of: FeaturesOf) -> None:
    parts = shapely.MultiPolygon([shapely.box(0, 0, 10, 10), shapely.box(100, 100, 130, 110)])
    (shape,) = shapes_of(features_of(make_frame([parts])))
    assert shape.geom_type == "MultiPolygon"
    assert sorted(part.area for part in shape.geoms) == [100, 300]


def test_a_multiline_and_a_multipoint_keep_their_parts(make_frame: MakeFrame, features_of: FeaturesOf) -> None:
    (line,) = features_of(make_frame(["MULTILINESTRING ((0 4096, 10 4096), (20 4090, 20 4080, 30 4080))"]))
    assert line["geometry"]["coordinates"] == [[[0, 0], [10, 0]], [[20, 6], [20, 16], [30, 16]]]
    (points,) = features_of(make_frame(["MULTIPOINT ((1 4095), (7 4090), (3 4095))"]))
    assert sorted(points["geometry"]["coordinates"]) == [[1, 1], [3, 1], [7, 6]]


def test_heights_are_left_out(make_frame: MakeFrame, features_of: FeaturesOf) -> None:
    (line,) = features_of(make_frame(["LINESTRING Z (0 4096 88, 10 4090 99)"]))
    assert line["geometry"]["coordinates"] == [[0, 0], [10, 6]]


def test_a_line_leaves_and_enters_the_buffered_tile_where_it_crosses_it(
    make_frame: MakeFrame, features_of: FeaturesOf
) -> None:
    (line,) = features_of(make_frame(["LINESTRING (-1000 4000, 5000 4000)"]))
    assert line["geometry"]["coordinates"] == [[-64, 96], [4160, 96]]


def test_a_line_keeps_its_direction_and_its_crossing_with_itself(
    make_frame: MakeFrame, features_of: FeaturesOf
) -> None:
    (line,) = features_of(make_frame(["LINESTRING (100 3996, 0 4096, 0 3996, 100 4096, 9000 4096)"]))
    assert line["geometry"]["coordinates"] == [[100, 100], [0, 0], [0, 100], [100, 0], [4160, 0]]


def test_a_repeated_vertex_is_written_once(make_frame: MakeFrame, features_of: FeaturesOf) -> None:
    (line,) = features_of(make_frame(["LINESTRING (0 4096, 0.2 4096, 0.4 4096, 9.8 4096, 10.1 4096)"]))
    assert line["geometry"]["coordinates"] == [[0, 0], [10, 0]]


def test_a_point_on_an_edge_shows_in_both_tiles(make_frame: MakeFrame, features_of: FeaturesOf, unit_box: BBox) -> None:
    frame = make_frame(["POINT (4096 2048)"])
    east = BBox(unit_box.east, unit_box.south, 2 * unit_box.east, unit_box.north)
    assert [f["geometry"]["coordinates"] for f in features_of(frame)] == [[4096, 2048]]
    assert [f["geometry"]["coordinates"] for f in features_of(frame, east)] == [[0, 2048]]


def test_points_up_to_64_units_outside_show_and_farther_ones_do_not(
    make_frame: MakeFrame, features_of: FeaturesOf
) -> None:
    frame = make_frame(["POINT (-64 0)", "POINT (-64.1 0)", "POINT (4160 4160)", "POINT (4160 4160.1)"])
    assert [feature["id"] for feature in features_of(frame)] == [100, 102]


def test_what_collapses_on_the_grid_is_counted_and_not_hidden(make_frame: MakeFrame, unit_box: BBox) -> None:
    big, tiny, outside = shapely.box(10, 10, 20, 20), shapely.box(30.1, 30.1, 30.4, 30.4), shapely.box(-900, 0, -800, 9)
    thin = "POLYGON ((10 30.1, 30 30.1, 30 30.4, 10 30.4, 10 30.1))"
    layer = encode_layer(make_frame([big, tiny, outside, thin]), unit_box, WEB, generalise=True)
    assert (layer.features_in, layer.features_out, layer.left_out) == (3, 2, {"collapsed": 1})
    dot = encode_layer(make_frame(["LINESTRING (1.1 1.1, 1.2 1.2)"]), unit_box, WEB, generalise=True)
    assert (dot.data, dot.features_in, dot.features_out) == (b"", 1, 0)


def test_nothing_is_left_out_where_all_is_asked_for(make_frame: MakeFrame, features_of: FeaturesOf) -> None:
    tiny = shapely.box(30.1, 4000.1, 30.4, 4000.4)
    assert [shape.wkt for shape in shapes_of(features_of(make_frame([tiny])))] == [
        "POLYGON ((30 95, 31 95, 31 96, 30 96, 30 95))"
    ]
    (line,) = features_of(make_frame(["LINESTRING (1.1 4000.1, 1.2 4000.2)"]))
    assert line["geometry"]["coordinates"] == [[1, 95], [2, 95]]


def test_an_area_too_thin_for_the_grid_is_drawn_where_it_is(make_frame: MakeFrame, features_of: FeaturesOf) -> None:
    # The tile lies in the lake of a ring, but for a strip at one edge of its buffer.
    for lake, edge in (((-500, -500, 4159.7, 4500), (4159, 4160)), ((-63.7, -500, 4500, 4500), (-64, -63))):
        ring = shapely.box(-900, -900, 5000, 5000) - shapely.box(*lake)
        (shape,) = shapes_of(features_of(make_frame([ring])))
        assert shape.bounds[::2] == edge
        assert shape.area == 1


def test_an_area_with_the_tile_in_its_lake_is_not_in_it(make_frame: MakeFrame, unit_box: BBox) -> None:
    lake = shapely.box(-900, -900, 5000, 5000) - shapely.box(-500, -500, 4500, 4500)
    for generalise in (False, True):
        layer = encode_layer(make_frame([lake]), unit_box, WEB, generalise=generalise)
        assert (layer.data, layer.features_in, layer.left_out) == (b"", 0, {})


def test_polygons_that_only_touch_the_buffered_tile_are_not_in_it(make_frame: MakeFrame, unit_box: BBox) -> None:
    layer = encode_layer(make_frame([shapely.box(4160, 0, 5000, 100)]), unit_box, WEB)
    assert (layer.data, layer.features_in) == (b"", 0)


def test_townships_that_share_a_border_share_its_vertices(make_frame: MakeFrame, features_of: FeaturesOf) -> None:
    border = [(500.3, y + 0.37 * (y % 7)) for y in range(0, 4000, 10)]
    west = shapely.Polygon([(100, 0), *border, (100, 4000)])
    east = shapely.Polygon([(900, 0), *border, (900, 4000)])
    first, second = shapes_of(features_of(make_frame([west, east])))
    assert first.intersection(second).area == 0
    assert first.union(second).geom_type == "Polygon"


def test_an_invalid_source_polygon_is_drawn_as_its_area(make_frame: MakeFrame, features_of: FeaturesOf) -> None:
    # A bow tie of two triangles, 100 wide and 50 high each, inside the tile; another one across its edge.
    inside = "POLYGON ((0 0, 100 100, 100 0, 0 100, 0 0))"
    across = "POLYGON ((4110 0, 4210 100, 4210 0, 4110 100, 4110 0))"
    first, second = shapes_of(features_of(make_frame([inside, across])))
    assert first.is_valid
    assert first.area == 2 * 100 * 50 / 2
    assert second.is_valid
    assert second.area == 100 * 50 / 2  # the western triangle ends at 4160, just where the buffer does


coordinate = st.floats(-6000, 10000, allow_nan=False).map(lambda v: round(v, 3))
ring = st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=24, unique=True)


@given(rings=st.lists(ring, min_size=1, max_size=4), grid=st.integers(0, 400))
def test_any_polygons_stay_valid_and_keep_their_area(
    rings: list[list[tuple[float, float]]], grid: int, make_frame: MakeFrame, features_of: FeaturesOf
) -> None:
    # Coarse grids make the source touch itself: shared vertices, spikes, collapsed rings.
    step = grid or 0.001
    sources = [shapely.make_valid(shapely.Polygon(np.round(np.array(ring) / step) * step)) for ring in rings]
    frame = make_frame([_polygons(source) for source in sources])
    features = features_of(frame)
    drawn = {feature["id"]: shape for feature, shape in zip(features, shapes_of(features), strict=True)}
    square = shapely.box(-64, -64, 4160, 4160)
    for fid, geometry in zip(frame.fid.tolist(), frame.geometry, strict=True):
        wanted = shapely.transform(geometry, lambda xy: xy * [1, -1] + [0, 4096]).intersection(square)
        got = drawn.get(fid, shapely.Polygon())
        assert got.is_valid
        assert (got.area > 0) == (wanted.area > 0)
        assert shapely.symmetric_difference(got, wanted).area <= wanted.length + 8  # a unit along the outline at most
        # What comes to nothing on the grid is one unit wide, so its far corner is 1.42 away.
        assert shapely.difference(got, wanted.buffer(1.01 if got.area > 1 else 1.5)).area == pytest.approx(0, abs=1e-6)


@given(path=st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=30))
def test_any_line_stays_within_one_unit_of_itself(
    path: list[tuple[float, float]], make_frame: MakeFrame, features_of: FeaturesOf
) -> None:
    frame = make_frame([shapely.LineString(path)])
    source = shapely.transform(frame.geometry[0], lambda xy: xy * [1, -1] + [0, 4096])
    wanted = source.intersection(shapely.box(-64, -64, 4160, 4160))
    shapes = shapes_of(features_of(frame))
    # A piece shorter than the grid may come to nothing beside others, or be a unit long where it is the only one.
    long_pieces = shapely.union_all([part for part in shapely.get_parts(wanted) if part.length > 2])
    drawn = shapely.union_all(shapes)
    assert drawn.buffer(1.01).covers(long_pieces) or long_pieces.is_empty
    assert drawn.is_empty or drawn.within(source.buffer(1.01 if wanted.length > 2 else 2))


def raw_rings(tile: bytes) -> list[list[tuple[int, int]]]:
    """The rings of the first feature straight from the command integers, read by a few lines of our own."""
    from mapbox_vector_tile.Mapbox import vector_tile_pb2

    message = vector_tile_pb2.tile()
    message.ParseFromString(tile)
    numbers = iter(message.layers[0].features[0].geometry)
    rings: list[list[tuple[int, int]]] = []
    x = y = 0
    for command in numbers:
        if command & 7 == 7:
            continue
        if command & 7 == 1:
            rings.append([])
        for _ in range(command >> 3):
            dx, dy = next(numbers), next(numbers)
            x, y = x + ((dx >> 1) ^ -(dx & 1)), y + ((dy >> 1) ^ -(dy & 1))
            rings[-1].append((x, y))
    return rings


def _surveyor(ring: list[tuple[int, int]]) -> float:
    following = [*ring[1:], ring[0]]
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, following, strict=True)) / 2


def _polygons(geometry: shapely.Geometry) -> shapely.Geometry:
    """The areas of what make_valid returns."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return shapely.MultiPolygon([part for part in parts if part.area > 0])
