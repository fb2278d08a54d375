"""Lines that meet end to end as one at small scales: which, with what attributes, and how they are counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tiles.grid import grids_for
from tiles.mvt import EncodedLayer, encode_layer
from tiles.source import TOWN_ZOOM, VectorSource
from twin.crs import CRS, BBox, parse_crs
from twin.frame import Frame
from twin.layer import Layer
from twin.rows import Rows

MakeRoads = Callable[..., Frame]
Decode = Callable[[bytes], dict[str, Any]]
Line = list[tuple[float, float]]
Road = tuple[Line, str]

WEB = parse_crs("EPSG:3857")
GRID = grids_for(WEB)["WebMercatorQuad"]

#: 25 crossings, no three of them on a straight line, so that several roads meet at most of them.
crossing = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(
    lambda at: (400.0 * at[0] + 7 * at[1] ** 2, 400.0 * at[1] + 11 * at[0] ** 2)
)
line = st.lists(crossing, min_size=2, max_size=3, unique=True)
road = st.tuples(line, st.sampled_from(["main", "side"]))


@pytest.fixture(scope="session")
def make_roads(make_frame: Callable[..., Frame], make_layer: Callable[..., Layer]) -> MakeRoads:
    """Roads with names; the n-th has n floors, which is where they may differ."""
    layer = make_layer("LineString", id="roads", zooms=(5, 14), joined_over=("floors",))

    def make(roads: Sequence[tuple[Line, str | None]], **rows: Any) -> Frame:
        named = [{"name": name, "floors": n, **rows} for n, (_, name) in enumerate(roads)]
        return make_frame([shapely.LineString(line) for line, _ in roads], rows=named, layer=layer)

    return make


@pytest.fixture(scope="session")
def features_in(decode: Decode) -> Callable[[EncodedLayer], dict[int, dict[str, Any]]]:
    def features(layer: EncodedLayer) -> dict[int, dict[str, Any]]:
        found = decode(layer.data)["roads"]["features"] if layer.data else []
        return {feature["id"]: feature for feature in found}

    return features


def join(frame: Frame, box: BBox, **how: Any) -> EncodedLayer:
    return encode_layer(frame, box, WEB, join=True, **how)


def drawn_length(features: dict[int, dict[str, Any]]) -> float:
    return sum(shapely.geometry.shape(feature["geometry"]).length for feature in features.values())


def test_roads_of_one_name_are_one_past_a_side_street(make_roads, features_in, unit_box):
    # Units are x, 4096 - y. The second runs against the first; the third of them is the longest.
    frame = make_roads(
        [
            ([(100, 96), (200, 96)], "main"),
            ([(400, 196), (300, 96), (200, 96)], "main"),
            ([(400, 196), (400, 996)], "main"),
            ([(200, 96), (200, 596)], "side"),
        ],
        height_m=2.5,
    )
    layer = join(frame, unit_box)
    main, side = features_in(layer)[102], features_in(layer)[103]
    # Where it runs straight on, no vertex is needed.
    assert main["geometry"]["coordinates"] == [[100, 4000], [300, 4000], [400, 3900], [400, 3100]]
    assert main["properties"] == {"name": "main", "height_m": 2.5}
    assert side["properties"] == {"thing_id": "T3", "name": "side", "height_m": 2.5, "floors": 3}
    assert (layer.features_in, layer.features_out, layer.left_out) == (4, 2, {"coalesced": 2})


def test_lines_that_run_one_way_are_joined_that_way_whatever_their_order(make_roads, features_in, unit_box):
    for shift in (0, 1, 2):
        parts = [[(100, 96), (200, 196)], [(200, 196), (300, 96)], [(300, 96), (400, 196)]]
        frame = make_roads([(part, None) for part in parts[shift:] + parts[:shift]])
        (feature,) = features_in(join(frame, unit_box)).values()
        assert feature["geometry"]["coordinates"] == [[100, 4000], [200, 3900], [300, 4000], [400, 3900]]
        assert feature["properties"] == {}


def test_where_three_of_one_name_end_none_is_joined(make_roads, unit_box):
    ends = [[(500, 500), (x, y)] for x, y in ((100, 500), (900, 500), (500, 900))]
    assert join(make_roads([(end, "main") for end in ends]), unit_box).left_out == {}
    two = join(make_roads([(end, name) for end, name in zip(ends, ("main", "side", "main"), strict=True)]), unit_box)
    assert two.left_out == {"coalesced": 1}


def test_what_goes_round_is_joined_once_and_stays_closed(make_roads, features_in, unit_box):
    # Two halves of a square, a square by itself, and a road that ends at it.
    half = [(100, 100), (500, 100), (500, 500)]
    square = [(1000, 100), (1500, 100), (1500, 500), (1000, 100)]
    roads = [(half, "a"), ([(500, 500), (100, 500), (100, 100)], "a"), (square, "b"), ([(1000, 100), (900, 50)], "b")]
    layer = join(make_roads(roads), unit_box)
    assert layer.left_out == {"coalesced": 1}
    ring = features_in(layer)[100]["geometry"]["coordinates"]
    assert ring == [[100, 3996], [500, 3996], [500, 3596], [100, 3596], [100, 3996]]


def test_features_of_several_lines_stay_as_they_are_and_in_the_way(make_frame, make_layer, unit_box):
    layer = make_layer("MultiLineString", joined_over=())
    double = "MULTILINESTRING ((100 100, 200 200), (300 300, 400 400))"
    one, other = "MULTILINESTRING ((200 200, 300 200))", "MULTILINESTRING ((200 200, 200 900))"
    assert join(make_frame([double, one], layer=layer), unit_box).left_out == {}
    assert join(make_frame([double, one, other], layer=layer), unit_box).left_out == {}
    assert join(make_frame([one, other], layer=layer), unit_box).left_out == {"coalesced": 1}


def test_layers_that_do_not_ask_for_it_and_points_and_areas_are_not_joined(make_frame, make_layer, unit_box):
    parts = ["LINESTRING (100 100, 200 200)", "LINESTRING (200 200, 300 100)"]
    assert join(make_frame(parts), unit_box).left_out == {}
    mixed = make_layer("LineString", also=("Point", "Polygon"), joined_over=())
    others = ["POINT (100 100)", "POINT (100 100)", "POLYGON ((200 200, 300 100, 400 400, 200 200))"]
    layer = join(make_frame([*parts, *others], layer=mixed), unit_box)
    assert (layer.features_in, layer.features_out, layer.left_out) == (5, 4, {"coalesced": 1})


@given(roads=st.lists(road, min_size=1, max_size=25, unique_by=lambda road: frozenset((road[0][0], road[0][-1]))))
def test_the_lines_are_those_that_geos_merges(roads, make_roads, features_in, unit_box):
    layer = join(make_roads(roads), unit_box)
    ours = [shapely.geometry.shape(f["geometry"]) for f in features_in(layer).values()]
    theirs: list[shapely.Geometry] = []
    for _, alike in groupby(sorted(roads, key=lambda road: road[1]), key=lambda road: road[1]):
        lines = shapely.MultiLineString([[(x, 4096 - y) for x, y in line] for line, _ in alike])
        theirs.extend(shapely.get_parts(shapely.line_merge(lines)))
    assert layer.features_out == len(theirs)
    assert sorted(line.length for line in ours) == pytest.approx(sorted(line.length for line in theirs))
    open_lines = [{line.normalize() for line in lines if not line.is_closed} for lines in (ours, theirs)]
    assert open_lines[0] == open_lines[1]


@given(
    roads=st.lists(road, min_size=1, max_size=25),
    west=st.integers(-500, 1500),
    south=st.integers(-500, 1500),
    width=st.integers(200, 3000),
    budget=st.one_of(st.none(), st.integers(40, 400)),
)
def test_nothing_is_lost_or_counted_twice(roads, west, south, width, budget, make_roads, features_in):
    frame, box = make_roads(roads), BBox(west, south, west + width, south + width)
    joined, apart = join(frame, box), encode_layer(frame, box, WEB)
    assert drawn_length(features_in(joined)) == pytest.approx(drawn_length(features_in(apart)))
    assert joined.features_in == apart.features_in
    for layer in (joined, join(frame, box, generalise=True), join(frame, box, generalise=True, budget_bytes=budget)):
        assert layer.features_in == layer.features_out + sum(layer.left_out.values())
        assert layer.features_in == apart.features_in
        assert layer.features_out == len(features_in(layer))


def test_a_line_over_the_border_is_the_same_in_both_tiles(make_roads, features_in):
    # A winding road of 60 parts and 590 vertices, half of it in either tile, generalised to pixels of 8 m.
    x = np.arange(-2950, 2950, 10.0)
    winding = np.column_stack((x + 4096, 2000 + 40 * np.sin(x / 170) + 3 * np.sin(x / 23)))
    cuts = range(0, len(x) - 1, 10)
    frame = make_roads([([tuple(at) for at in winding[cut : cut + 11]], "main") for cut in cuts])
    west, east = (features_in(join(frame, BBox(left, 0, left + 4096, 4096), generalise=True)) for left in (0, 4096))
    assert west.keys() == east.keys()
    assert len(west) == 1
    (one,) = (np.array(f["geometry"]["coordinates"]) for f in west.values())
    (other,) = (np.add(f["geometry"]["coordinates"], [4096, 0]) for f in east.values())
    # In the buffers, 64 m on either side, they have the same vertices; at their ends they are cut.
    strip = [{tuple(at) for at in line if abs(at[0] - 4096) < 64} for line in (one, other)]
    assert strip[0] == strip[1]
    assert len(strip[0]) >= 2
    assert len(one) + len(other) < 100


def test_what_is_left_out_is_counted_by_its_parts(make_roads, unit_box):
    # Three parts that come to nothing on the grid of 1 m, and a road of two.
    dust = [([(x, 900), (x + 0.1, 900)], "dust") for x in (800.0, 800.1, 800.2)]
    roads = [([(100, 100), (500, 100)], "main"), ([(500, 100), (500, 900)], "main")]
    layer = join(make_roads(dust + roads), unit_box, generalise=True)
    assert (layer.features_in, layer.features_out) == (5, 1)
    assert layer.left_out == {"collapsed": 3, "coalesced": 1}
    side = [([(100, 200 + 10 * n), (150, 200 + 10 * n)], f"{n:060}") for n in range(3)]
    layer = join(make_roads(side + roads), unit_box, budget_bytes=160)
    assert layer.left_out == {"budget": 3, "coalesced": 1}


class _Held:
    """Frames that are simply there, and what is no longer there."""

    most_rows = 1000

    def __init__(self, frame: Frame, gone: Sequence[Line] = ()) -> None:
        self.frame, self.gone = frame, gone
        self.store = self.departures = self
        self.name_revision = str
        self.created_at = pd.Timestamp("2026-01-01")

    def get(self, layer: Layer, as_of: Any = None) -> Frame:
        return self.frame

    def beyond(self, layer: Layer) -> None:
        return None

    def of(self, layer: Layer, crs: CRS) -> tuple[Any, Any]:
        boxes = [shapely.LineString(line).bounds for line in self.gone]
        return np.reshape(boxes, (-1, 4)), np.full(len(self.gone), 2)


def source_of(frame: Frame, gone: Sequence[Line] = (), **how: Any) -> VectorSource:
    return VectorSource(layers=(frame.layer,), frames=_Held(frame, gone), grid=GRID, **how)  # type: ignore[arg-type]


def test_lines_are_joined_in_maps_of_the_county_alone(make_roads):
    frame = make_roads([([(100, 100), (200, 900)], "main"), ([(200, 900), (900, 900)], "main")])
    short = replace(frame, layer=replace(frame.layer, zooms=(5, 10)))

    def out(frame: Frame, z: int, **how: Any) -> int:
        return source_of(frame, **how).tile(z, *GRID.tile_at(0.001, 0.001, z)).layers["roads"].features_out

    assert [out(frame, z) for z in (5, TOWN_ZOOM - 1, TOWN_ZOOM, 14)] == [1, 1, 2, 2]
    assert out(frame, 5, strict=True) == 2
    assert [out(short, z) for z in (9, 10)] == [1, 2]  # its last zoom is drawn from in larger maps


@given(
    roads=st.lists(road, min_size=2, max_size=25),
    changed=road,
    how=st.sampled_from(["insert", "delete", "replace", "rename"]),
)
def test_a_tile_that_changed_has_another_tag(roads, changed, how, make_roads):
    # Tiles of zoom 12 are ten kilometres wide: roads of 8 to 16 km, one of which changes.
    def frame_of(numbered: dict[int, Road], written: int | None = None) -> Frame:
        frame = make_roads([([(20 * x, 20 * y) for x, y in line], name) for line, name in numbered.values()])
        ids = np.array(list(numbered))
        keys = pd.Index([f"R{n:02}" for n in ids], name="thing_id")
        data = frame.data.set_index(keys).assign(floors=pd.array(ids, dtype="Int64"))
        rows = Rows(data=data, fid=ids + 100, opened=np.where(ids == written, 2, 1))
        return replace(frame, rows=rows, revision=2)

    before = dict(enumerate(roads))
    after, gone = dict(before), []
    if how != "insert":
        gone = [[(20 * x, 20 * y) for x, y in before[0][0]]]
    after[{"insert": len(roads)}.get(how, 0)] = (roads[0][0], changed[1]) if how == "rename" else changed
    if how == "delete":
        del after[0]
    written = None if how == "delete" else {"insert": len(roads)}.get(how, 0)
    old, new = source_of(frame_of(before)), source_of(frame_of(after, written), gone)
    x, y = GRID.tile_at(0, 0, 12)
    for column in range(x - 1, x + 5):
        for row in range(y - 5, y + 2):
            if old.tile(12, column, row).data != new.tile(12, column, row).data:
                assert old.etag(12, column, row) != new.etag(12, column, row)


def test_a_change_leaves_the_tags_of_roads_that_it_does_not_meet(make_roads):
    # A road of two parts along the equator, and a village road that crosses its box, not itself, renamed.
    def source(name: str) -> VectorSource:
        main = [[(0, 0), (30_000, 9_000)], [(30_000, 9_000), (60_000, 0)]]
        frame = make_roads([(main[0], "main"), (main[1], "main"), ([(30_000, 100), (31_000, 100)], name)])
        rows = replace(frame.rows, opened=np.array([1, 1, 1 if name == "old" else 2]))
        return source_of(replace(frame, rows=rows), [[(30_000, 100), (31_000, 100)]] if name == "new" else ())

    here, there = GRID.tile_at(0.273, 0.001, 12), GRID.tile_at(0.05, 0.01, 12)
    assert source("old").etag(12, *here) != source("new").etag(12, *here)
    assert source("old").etag(12, *there) == source("new").etag(12, *there)
