"""Ground above pipes by what is above: carriageways as wide as their roads, footways elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from clash_rows import GAS, SEWER, WATER, make_roads, make_segments
from layers.pipelines.clearance.cover import load_covers
from layers.pipelines.clearance.limits import KINDS
from layers.pipelines.clearance.surface import find_shallow_covers

E, N = 600_000.0, 3_930_000.0
#: 12 m wide, from south to north at E + 20.
ROAD = ({"width_m": 12.0}, [(E + 20, N - 100), (E + 20, N + 100)])


def pipe(values, *, depths, length=40.0, beside=0.0):
    return (
        values | {"from_depth_m": depths[0], "to_depth_m": depths[1]},
        [(E, N + beside, 50), (E + length, N + beside, 50)],
    )


def find(segments, roads):
    found = find_shallow_covers(segments, roads)
    assert (found["rule"] == "COVER").all()
    return found[["first", "second", "measured_m", "limit_m", "first_x"]].to_numpy().tolist()


def test_below_a_carriageway_more_is_asked_for_than_beside_it():
    gas = make_segments(pipe(GAS | {"diameter_mm": 100}, depths=(0.8, 0.8)))
    assert find(gas, make_roads(ROAD)) == [[0, 0, pytest.approx(0.8), 0.9, pytest.approx(E + 14)]]
    assert find(gas, make_roads()) == []  # 0.6 is enough
    assert find(gas, make_roads(({}, ROAD[1]))) == []  # nobody knows how wide the road is


def test_the_cover_is_least_where_the_pipe_enters_or_leaves_the_lane():
    # From 0.7 to 1.1 m over 40 m: 0.84 m at 14 m, where the lane begins, 0.9 m at 20 m.
    gas = make_segments(pipe(GAS | {"diameter_mm": 100}, depths=(0.7, 1.1)))
    assert find(gas, make_roads(ROAD)) == [[0, 0, pytest.approx(0.84), 0.9, pytest.approx(E + 14)]]
    # From 0.9 at the start to 0.5 at the end: on the footway at the end 0.1 lacks, in the lane 0.16 at 26 m.
    falling = make_segments(pipe(GAS | {"diameter_mm": 100}, depths=(0.9, 0.5)))
    assert find(falling, make_roads(ROAD)) == [[0, 0, pytest.approx(0.64), 0.9, pytest.approx(E + 26)]]
    beyond = make_segments(pipe(GAS | {"diameter_mm": 100}, depths=(1.6, 0.4)))
    assert find(beyond, make_roads(ROAD)) == [[0, -1, pytest.approx(0.4), 0.6, pytest.approx(E + 40)]]


def test_the_wall_of_a_sewer_counts():
    # Inner bottom 1.1 m deep, DN400 in walls of 40 mm: 1.1 - 0.4 - 0.04 = 0.66 m.
    sewer = make_segments(pipe(SEWER | {"diameter_mm": 400, "wall_mm": 40}, depths=(1.1, 1.1)))
    ((_, _, cover_m, limit_m, _),) = find(sewer, make_roads(ROAD))
    assert (cover_m, limit_m) == (pytest.approx(0.66), 0.7)
    assert find(sewer, make_roads()) == []


def test_each_says_how_sure_its_line_of_the_table_is():
    # Standards §3.5: drainage and gas are confirmed by other standards, water is not.
    pipes = (pipe(kind | {"diameter_mm": 100}, depths=(0.2, 0.2), beside=at) for at, kind in enumerate((GAS, WATER)))
    assert find_shallow_covers(make_segments(*pipes), make_roads())["confidence"].tolist() == ["H", "M"]


def test_what_is_not_known_or_not_in_the_ground_is_left_out():
    unknown = pipe(WATER | {"diameter_mm": 100}, depths=(None, 0.1))
    overhead = pipe(WATER | {"diameter_mm": 100, "embedding": "JK"}, depths=(-3.0, -3.0))
    assert find(make_segments(unknown, overhead), make_roads(ROAD)) == []
    assert find(make_segments(), make_roads(ROAD)) == []


@pytest.mark.parametrize("seed", range(3))
def test_every_segment_is_judged_as_at_points_along_it(seed):
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(80):
        start = random.uniform([E, N], [E + 200, N + 200])
        line = np.vstack([start, start + np.cumsum(random.uniform(-25, 25, (2, 2)), 0)])
        depths = random.uniform(0.3, 1.3, 2)
        rows.append(
            (
                WATER | {"diameter_mm": 100, "from_depth_m": depths[0], "to_depth_m": depths[1]},
                np.column_stack([line, [50] * 3]),
            )
        )
    roads = make_roads(
        *(({"width_m": random.uniform(4, 20)}, random.uniform([E, N], [E + 200, N + 200], (3, 2))) for _ in range(8))
    )
    found = {row[0]: row[2] - row[3] for row in find(make_segments(*rows), roads)}
    lane, footway = (load_covers(above)[KINDS.index("water_small")] for above in ("vehicle_lane", "footway"))
    lines = [shapely.LineString(line[:, :2]) for _, line in rows]
    lacking = 0
    for number, (values, _) in enumerate(rows):
        share = np.linspace(0, 1, 2001)
        points = shapely.line_interpolate_point(lines[number], share, normalized=True)
        apart = shapely.distance(points[:, None], roads.geometry.to_numpy()[None, :])
        in_lane = (apart <= roads["width_m"].to_numpy(float) / 2).any(axis=1)
        cover = values["from_depth_m"] + share * (values["to_depth_m"] - values["from_depth_m"])
        lacks = (cover - np.where(in_lane, lane, footway)).min()
        if abs(lacks) > 0.002:
            assert (number in found) == (lacks < 0)
        if number in found:
            assert found[number] == pytest.approx(lacks, abs=0.003)  # curbs about ends of roads are not quite round
            lacking += 1
    assert 5 < lacking < 75
