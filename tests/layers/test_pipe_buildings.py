"""Pipes beside and below buildings: the table, depths of foundations, and every pair against other means."""

from __future__ import annotations

import itertools
import math

import geopandas
import numpy as np
import pytest
import shapely

from clash_rows import DUCT, GAS, SEWER, WATER, make_buildings, make_segments
from layers.pipelines.clearance.buildings import find_building_conflicts
from layers.pipelines.clearance.tubes import tubes_of

E, N = 600_000.0, 3_930_000.0
#: 10 m by 8 m, its south side at N.
BLOCK = shapely.box(E, N, E + 10, N + 8)


def along(y, z=50.0, *, length=30.0):
    """A pipe from west to east, longer than the building."""
    return [(E - 10, N + y, z), (E - 10 + length, N + y, z)]


def find(segments, buildings, **options):
    found = find_building_conflicts(segments, buildings, **options)
    return found[["rule", "first", "second", "measured_m", "limit_m"]].to_numpy().tolist()


@pytest.mark.parametrize(
    ("pipe", "radius_m", "gap_m", "limit_m"),
    [
        (WATER | {"diameter_mm": 200}, 0.1, 0.95, 1.0),
        (WATER | {"diameter_mm": 300}, 0.15, 2.9, 3.0),
        (SEWER | {"diameter_mm": 400, "wall_mm": 40}, 0.24, 2.4, 2.5),
        (GAS | {"diameter_mm": 100, "pressure_class": "sub_high_a"}, 0.05, 13.4, 13.5),
        (DUCT | {"width_mm": 600, "height_mm": 300}, 0.3, 1.4, 1.5),
    ],
)
def test_walls_beside_a_building_are_as_far_away_as_the_table_wants(pipe, radius_m, gap_m, limit_m):
    buildings = make_buildings(BLOCK)
    assert find(make_segments((pipe, along(-gap_m - radius_m))), buildings) == [
        ["CLR-H", 0, 0, pytest.approx(gap_m), limit_m]
    ]
    assert find(make_segments((pipe, along(-limit_m - radius_m - 0.01))), buildings) == []


def test_a_sewer_below_a_building_of_unknown_foundation_is_too_close_and_no_clash():
    found = find(make_segments((SEWER | {"diameter_mm": 400}, along(4, z=47))), make_buildings(BLOCK))
    assert found == [["CLR-H", 0, 0, pytest.approx(-0.2), 2.5]]


def test_a_pipe_through_a_foundation_clashes_and_one_below_it_does_not():
    # The ground is at 50, the foundation goes down to 46.5.
    founded = make_buildings((BLOCK, {"ground_m": 50.0, "foundation_depth_m": 3.5}))
    water = WATER | {"diameter_mm": 200, "from_depth_m": 1.9, "to_depth_m": 1.9}
    assert find(make_segments((water, along(4, z=48))), founded) == [["CLASH", 0, 0, pytest.approx(-0.1), 0.0]]
    deep = water | {"from_depth_m": 3.65, "to_depth_m": 3.65}
    ((rule, *_),) = find(make_segments((deep, along(4, z=46.35))), founded)
    assert rule == "CLR-H"  # 5 cm below the underside
    ((rule, _, _, shared, _),) = find(make_segments((deep, along(4, z=46.45))), founded)
    assert (rule, shared) == ("CLASH", pytest.approx(-0.05))  # by as much as its top is above the underside


def test_a_pipe_deeper_than_the_foundation_keeps_as_far_away_as_the_soil_spreads():
    # Outer bottom 4.8 + 0.04 = 4.84 m deep, foundation 1.2 m: 3.64 m deeper. At 30° 3.64 / tan 30° + 0.3 = 6.60 m.
    sewer = SEWER | {"diameter_mm": 400, "wall_mm": 40, "from_depth_m": 4.8, "to_depth_m": 4.8}
    founded = make_buildings((BLOCK, {"foundation_depth_m": 1.2}))
    pipe = make_segments((sewer, along(-5 - 0.24, z=45)))
    assert find(pipe, founded) == [["CLR-H", 0, 0, pytest.approx(5.0), pytest.approx(3.64 * math.sqrt(3) + 0.3)]]
    assert find(pipe, founded, soil_deg=45) == []  # 3.94 m
    assert find(pipe, make_buildings(BLOCK)) == []  # unknown: only the table's 2.5 m


def test_what_leads_into_a_building_is_not_compared_with_it():
    # A main 4 m off, a branch to 0.6 m before the wall, and the last piece into the house.
    water = WATER | {"diameter_mm": 50}
    main = (WATER | {"diameter_mm": 100, "from_node": "m1", "to_node": "m2"}, along(-4))
    branch = (water | {"from_node": "m2", "to_node": "bend"}, [(E + 5, N - 4, 50), (E + 5, N - 0.6, 50)])
    into = (water | {"from_node": "bend", "to_node": "house"}, [(E + 5, N - 0.6, 50), (E + 5, N + 1, 50)])
    assert find(make_segments(main, branch, into), make_buildings(BLOCK)) == []
    # Another building, 0.5 m beside the branch, is no end of it.
    beside = make_buildings(shapely.box(E + 5.5, N - 2.6, E + 8, N - 1.8))
    assert [row[0] for row in find(make_segments(main, branch, into), beside)] == ["CLR-H"]
    # A main that ends along the wall is near it all the way.
    assert [row[0] for row in find(make_segments((water, along(-0.5, length=15))), make_buildings(BLOCK))] == ["CLR-H"]


def test_nothing_is_found_where_there_is_nothing():
    pipe = make_segments((WATER | {"diameter_mm": 100}, along(-0.2)))
    assert find(make_segments(), make_buildings(BLOCK)) == []
    assert find(pipe, make_buildings()) == []
    assert find(pipe, make_buildings((BLOCK, {"ground_m": 50.0}))) != []


def random_blocks(seed, count):
    """Footprints with corners that go inwards, of two parts, and foundations of known depth."""
    random = np.random.default_rng(seed)
    blocks = []
    for number in range(count):
        x, y = random.uniform(0, 24, 2)
        whole = shapely.box(0, 0, *random.uniform(3, 8, 2))
        cut = shapely.box(1, 1, *random.uniform(1.5, 9, 2))
        parts = shapely.MultiPolygon([whole.difference(cut), shapely.box(0, -2, 1, -1)])
        turned = shapely.affinity.rotate(parts, random.uniform(0, 360), origin=(0, 0))
        outline = shapely.affinity.translate(turned, E + x, N + y)
        depth_m = random.uniform(0.2, 2) if number % 3 else None
        blocks.append((outline, {"ground_m": random.uniform(1, 3), "foundation_depth_m": depth_m}))
    return make_buildings(*blocks)


def random_pipes(seed, count):
    random = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        start = random.uniform([E, N, 0], [E + 24, N + 24, 2])
        line = [start, *(start + np.cumsum(random.uniform([-6, -6, -1], [6, 6, 1], (random.integers(1, 3), 3)), 0))]
        values = dict([WATER, SEWER, GAS, DUCT][number % 4]) | {"from_depth_m": 0.1, "to_depth_m": 0.1}
        if number % 2:
            values |= {"width_mm": random.uniform(100, 900), "height_mm": random.uniform(100, 900)}
        else:
            values |= {"diameter_mm": random.uniform(50, 600), "wall_mm": random.uniform(0, 50)}
        rows.append((values, line))
    return make_segments(*rows)


def points_of(tubes, pipe):
    """Points throughout the solid of a pipe: a fine grid across its axis, and of a round one balls at its ends."""
    for edge in tubes.edges[tubes.owners == pipe]:
        start, step = edge[:3], edge[3:] - edge[:3]
        level = np.cross([0, 0, 1], step) / np.linalg.norm(np.cross([0, 0, 1], step))
        up = np.cross(step, level) / np.linalg.norm(step)
        wide, high = tubes.sizes[pipe]
        a, b, t = np.meshgrid(np.linspace(-1, 1, 17), np.linspace(-1, 1, 17), np.linspace(0, 1, 161), indexing="ij")
        inside = (a**2 + b**2 <= 1) if tubes.is_round[pipe] else np.ones(a.shape, bool)
        a, b, t = a[inside], b[inside], t[inside]
        yield start + t[:, None] * step + a[:, None] * wide * level + b[:, None] * high * up
        if tubes.is_round[pipe]:
            x, y, z = np.meshgrid(*[np.linspace(-1, 1, 17)] * 3, indexing="ij")
            ball = np.column_stack([x.ravel(), y.ravel(), z.ravel()])
            ball = ball[(ball**2).sum(axis=1) <= 1] * wide
            yield np.vstack([start + ball, edge[3:] + ball])


def share_room(tubes, pipe, outline, low, high):
    """Whether a point of a pipe is within a foundation."""
    for points in points_of(tubes, pipe):
        at_height = points[(points[:, 2] > low) & (points[:, 2] < high)]
        if shapely.contains_xy(outline, at_height[:, 0] + tubes.origin[0], at_height[:, 1] + tubes.origin[1]).any():
            return True
    return False


@pytest.mark.parametrize("seed", range(3))
def test_every_pipe_and_foundation_is_judged_as_by_points_throughout_the_pipe(seed):
    segments, buildings = random_pipes(seed, 60), random_blocks(seed, 14)
    found = {(rule, a, b): value for rule, a, b, value, _ in find(segments, buildings)}
    tubes, lines = tubes_of(segments), shapely.force_2d(segments.geometry.to_numpy())
    clashes = 0
    for pipe, block in itertools.product(range(len(segments)), range(len(buildings))):
        row = buildings.iloc[block]
        low, high = row["ground_m"] - row["foundation_depth_m"], row["ground_m"]
        judged = ("CLASH", pipe, block) in found
        ends = shapely.get_point(lines[pipe], [0, -1])
        if min(shapely.distance(ends, row.geometry)) <= shapely.distance(lines[pipe], row.geometry) + 1e-3:
            continue  # it may lead in
        seen = math.isfinite(low) and share_room(tubes, pipe, row.geometry, low, high)
        # What points see is so; what they do not see is shared by less than lies between them.
        assert judged or not seen
        assert seen or not judged or found["CLASH", pipe, block] > -0.06
        clashes += seen
        if not judged:
            clear = shapely.distance(lines[pipe], row.geometry) - tubes.sizes[pipe, 0]
            measured = found.get(("CLR-H", pipe, block))
            assert measured is None or measured == pytest.approx(clear, abs=1e-9)
            assert measured is not None or clear > 0.5
    assert clashes >= 8


def test_frames_keep_their_order():
    rows = make_segments((WATER | {"diameter_mm": 100}, along(-0.2)), (WATER | {"diameter_mm": 100}, along(8.3)))
    assert isinstance(rows, geopandas.GeoDataFrame)
    assert [row[1:3] for row in find(rows, make_buildings(BLOCK))] == [[0, 0], [1, 0]]
