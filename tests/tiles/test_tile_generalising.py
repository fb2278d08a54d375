"""What a tile leaves out: vertices, areas under a pixel, features over the budget; each by its rule and counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tiles.grid import grids_for
from tiles.kernels.simplify import vertex_importance
from tiles.mvt import encode_layer
from tiles.prepared import columns_of
from twin.crs import BBox, parse_crs
from twin.frame import Frame

MakeFrame = Callable[..., Frame]
Decode = Callable[[bytes], dict[str, Any]]

WEB = parse_crs("EPSG:3857")
GRID = grids_for(WEB)["WebMercatorQuad"]

coordinate = st.integers(0, 1000).map(float)
path = st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=40)


@given(path=path, tolerance=st.floats(0.1, 300))
def test_lines_keep_the_vertices_that_douglas_and_peucker_keep(
    path: list[tuple[float, float]], tolerance: float
) -> None:
    # Against GEOS, whose algorithm is written for one tolerance. No two distances are equal, and no place is passed
    # twice: of equal ones either vertex will do, and places where borders might meet are kept here.
    line = np.array(path) + np.random.default_rng(0).uniform(0, 0.1, (len(path), 2))
    importance = vertex_importance(line, np.array([0, len(line)]), np.array([False]))
    wanted = shapely.get_coordinates(shapely.simplify(shapely.LineString(line), tolerance, preserve_topology=False))
    assert line[importance > tolerance].tolist() == wanted.tolist()


@pytest.fixture(scope="module")
def coverage() -> list[shapely.Geometry]:
    """Townships of 6 km with winding borders that fill a square of 40 km without gaps."""
    along = np.arange(-1_000, 41_000, 40.0)
    lines = []
    for number in range(7):
        winding = 6_000 * number + 700 * np.sin(along / (900 + 60 * number)) + 60 * np.sin(along / 97)
        lines += [shapely.LineString(np.column_stack(pair)) for pair in ((along, winding), (winding, along))]
    cells = shapely.get_parts(shapely.polygonize([shapely.union_all(lines)]))
    return [cell for cell in cells if cell.area > 1e7]


@pytest.mark.parametrize("z", [7, 9, 11])
def test_neighbours_share_their_borders_at_every_zoom(
    z: int, coverage: list[shapely.Geometry], make_frame: MakeFrame, decode: Decode
) -> None:
    assert shapely.coverage_is_valid(coverage)
    frame = make_frame(coverage)
    x, y = GRID.tile_at(0.18, 0.18, z)
    box = GRID.box(z, x, y)
    whole = decode(encode_layer(frame, box, WEB).data)["things"]["features"]
    layer = encode_layer(frame, box, WEB, generalise=True)
    features = decode(layer.data)["things"]["features"]
    shapes = np.array([shapely.geometry.shape(feature["geometry"]) for feature in features])
    before = np.array([shapely.geometry.shape(feature["geometry"]) for feature in whole])
    assert shapely.coverage_is_valid(shapes)
    assert shapely.is_valid(shapes).all()
    assert shapely.get_num_coordinates(shapes).sum() < 0.6 * shapely.get_num_coordinates(before).sum()
    # Half a pixel is 4 units, and snapping adds one diagonal of half a unit to either.
    assert max(shapely.hausdorff_distance(shapes, before, densify=0.2)) <= 4 + 1.5


def test_areas_under_a_pixel_are_drawn_once_a_pixel(make_frame: MakeFrame, decode: Decode, unit_box: BBox) -> None:
    # Units of one metre, pixels of eight, counted from the corner of the buffer at -64, 4160.
    sheds = [shapely.box(x, 4000, x + 3, 4003) for x in (80, 84, 88, 96)]
    layer = encode_layer(make_frame([*sheds, shapely.box(200, 200, 208, 203)]), unit_box, WEB, generalise=True)
    features = {f["id"]: shapely.geometry.shape(f["geometry"]) for f in decode(layer.data)["things"]["features"]}
    assert {fid: shape.bounds for fid, shape in features.items()} == {
        101: (80, 88, 88, 96),  # one of the two there
        102: (88, 88, 96, 96),
        103: (96, 88, 104, 96),
        104: (200, 3893, 208, 3896),  # eight units wide is a pixel, and drawn as it is
    }
    assert (layer.features_in, layer.features_out, layer.left_out) == (5, 4, {"pixel": 1})


def test_a_layer_over_its_budget_keeps_the_largest_areas(make_frame: MakeFrame, decode: Decode, unit_box: BBox) -> None:
    areas = [shapely.box(9 * n, 0, 9 * n + 8, 8 + n) for n in range(100)]
    frame = make_frame(areas, rows=[{"name": f"area {n:03}"} for n in range(100)])
    layer = encode_layer(frame, unit_box, WEB, budget_bytes=2_000)
    ids = {feature["id"] for feature in decode(layer.data)["things"]["features"]}
    assert ids == set(range(200 - len(ids), 200))
    assert len(layer.data) <= 2_000
    assert layer.left_out == {"budget": 100 - layer.features_out}
    # One more might not have fitted: a feature takes 30 bytes, its key 7 and its name 12.
    assert len(layer.data) > 2_000 - 2 * 49


@given(budget=st.integers(300, 6_000), seed=st.integers(0, 99))
def test_zooming_in_only_adds_points(budget: int, seed: int, make_frame: MakeFrame, decode: Decode) -> None:
    places = np.random.default_rng(seed).uniform(0, 4096, (300, 2))
    frame = make_frame([shapely.Point(place) for place in places])

    def ids_in(box: BBox) -> set[int]:
        data = encode_layer(frame, box, WEB, budget_bytes=budget).data
        return {feature["id"] for feature in decode(data)["things"]["features"]} if data else set()

    above = ids_in(BBox(0, 0, 4096, 4096))
    quarters = [BBox(x, y, x + 2048, y + 2048) for x in (0, 2048) for y in (0, 2048)]
    assert above <= set().union(*map(ids_in, quarters))


def test_rank_is_the_same_in_a_part_of_the_frame(make_frame: MakeFrame) -> None:
    frame = make_frame([f"POINT ({n} {n * n % 97})" for n in range(50)])
    part = frame.take(np.arange(10, 20))
    ranks = dict(zip(columns_of(frame, WEB).fid.tolist(), columns_of(frame, WEB).rank.tolist(), strict=True))
    for fid, rank in zip(columns_of(part, WEB).fid.tolist(), columns_of(part, WEB).rank.tolist(), strict=True):
        assert ranks[fid] == rank
