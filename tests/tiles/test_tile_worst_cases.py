"""Shapes that are large or shaped to make an algorithm slow: tiles of them take seconds at most, and little memory."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import shapely

from tests_tiles import in_units, raw_layers, require_lawful
from tiles.mvt import encode_layer
from twin.crs import BBox, parse_crs
from twin.frame import Frame

WEB = parse_crs("EPSG:3857")
BOX = BBox(0, 0, 4096, 4096)

MakeFrame = Callable[..., Frame]

MILLION = 1_000_000


@pytest.fixture(scope="module", autouse=True)
def compiled(make_frame: MakeFrame) -> None:
    """What is measured is the work, not the compiling of its kernels."""
    for area in (shapely.Point(2000, 2000).buffer(1000), shapely.Point(0, 0).buffer(1000)):
        for shape in (area, area.exterior):
            for generalise in (True, False):
                encode_layer(make_frame([shape]), BOX, WEB, generalise=generalise)


@contextmanager
def within(seconds: float, megabytes: float) -> Iterator[None]:
    """Bound processor time of this thread and memory above what was there."""
    tracemalloc.start()
    begin = time.thread_time()
    yield
    took, peak = time.thread_time() - begin, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert took < seconds
    assert peak < megabytes * 1e6


def around(radius: np.ndarray, turns: np.ndarray) -> np.ndarray:
    return np.column_stack((2048 + radius * np.cos(turns), 2048 + radius * np.sin(turns)))


def coast(count: int, reach: float) -> np.ndarray:
    """A winding ring, rough at every size."""
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    rough = sum(np.sin(turn * k + k) / k for k in (3, 11, 47, 211, 1009, 5003))
    return around(reach * (1 + 0.2 * np.asarray(rough)), turn)


def spiral(count: int, reach: float) -> np.ndarray:
    """A line wound up on itself, of which Douglas and Peucker split off a vertex at a time."""
    turn = np.linspace(0, 200 * np.pi, count)
    return around(np.linspace(1, reach, count), turn)


def comb(count: int, reach: float) -> np.ndarray:
    """A ring that leaves the tile and comes back at every vertex."""
    x = np.linspace(10, 4000, count)
    return np.vstack((np.column_stack((x, np.where(np.arange(count) % 2, -reach, 4000.0))), [[4000, 4090], [10, 4090]]))


@pytest.mark.parametrize("generalise", [True, False])
@pytest.mark.parametrize("reach", [1_900.0, 40_000.0], ids=["inside the tile", "across it"])
def test_an_area_of_a_million_vertices(reach: float, generalise: bool, make_frame: MakeFrame) -> None:
    ring = coast(MILLION, reach)
    if reach > 4_000:  # a piece of coast through the middle of the tile
        ring += 2048 - ring[1000]
    frame = make_frame([shapely.Polygon(ring)])
    with within(seconds=8, megabytes=400):
        tile = encode_layer(frame, BOX, WEB, generalise=generalise).data
    (feature,) = raw_layers(tile)["things"]
    shape = require_lawful(feature)
    wanted = shapely.make_valid(in_units(frame.geometry[0])).intersection(shapely.box(-64, -64, 4160, 4160))
    assert shape.area == pytest.approx(wanted.area, rel=0.02)


@pytest.mark.parametrize("generalise", [True, False])
@pytest.mark.parametrize("wind", [spiral, comb])
def test_lines_and_areas_made_to_be_slow(
    wind: Callable[[int, float], np.ndarray], generalise: bool, make_frame: MakeFrame
) -> None:
    line = wind(100_000, 3_000.0)
    frame = make_frame([shapely.LineString(line)])
    with within(seconds=5, megabytes=60):
        tile = encode_layer(frame, BOX, WEB, generalise=generalise).data
    assert shapely.length(require_lawful(raw_layers(tile)["things"][0])) > 4_000


@pytest.mark.parametrize("generalise", [True, False])
def test_an_area_that_crosses_the_border_at_every_vertex(generalise: bool, make_frame: MakeFrame) -> None:
    frame = make_frame([shapely.Polygon(comb(20_000, 9_000.0))])
    with within(seconds=5, megabytes=100):
        tile = encode_layer(frame, BOX, WEB, generalise=generalise).data
    require_lawful(raw_layers(tile)["things"][0])


@pytest.mark.parametrize("generalise", [True, False])
def test_many_lines_that_cross_the_border_many_times(generalise: bool, make_frame: MakeFrame) -> None:
    x = np.linspace(-50, 4150, 3_000)
    zigzag = np.column_stack((x, np.where(np.arange(len(x)) % 2, 4300.0, 4000.0)))
    frame = make_frame([shapely.MultiLineString([np.add(zigzag, [0, shift]) for shift in range(20)])] * 3)
    with within(seconds=3, megabytes=40):
        tile = encode_layer(frame, BOX, WEB, generalise=generalise).data
    assert len(raw_layers(tile)["things"]) == 3


def test_many_thousand_parts(make_frame: MakeFrame) -> None:
    x, y = (axis.ravel().astype(float) for axis in np.meshgrid(np.arange(-80, 4180, 26), np.arange(-80, 4180, 26)))
    frame = make_frame([shapely.multipolygons([*shapely.box(x, y, x + 9, y + 9)])])
    with within(seconds=3, megabytes=60):
        tile = encode_layer(frame, BOX, WEB).data
    shape = require_lawful(raw_layers(tile)["things"][0])
    assert shapely.get_num_geometries(shape) > 25_000
