"""Clearances and clashes of pipes: the worked numbers of GB 50289-2016, and every pair against other means."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import shapely
from scipy.optimize import linprog, minimize_scalar

from clash_rows import DUCT, GAS, SEWER, WATER
from clash_rows import make_segments as segments
from layers.pipelines.clearance.limits import KINDS, kinds_of, load_limits
from layers.pipelines.clearance.pairs import find_conflicts
from layers.pipelines.clearance.tubes import tubes_of


def beside(y, z=50.0, length=40.0):
    return [(600_000, 3_930_000 + y, z), (600_000 + length, 3_930_000 + y, z)]


def across(x, z):
    return [(600_000 + x, 3_929_980, z), (600_000 + x, 3_930_020, z)]


@pytest.mark.parametrize(
    ("first", "second", "gap_m", "limit_m"),
    [
        (WATER | {"diameter_mm": 150}, SEWER | {"diameter_mm": 400, "wall_mm": 40}, 0.95, 1.0),
        (WATER | {"diameter_mm": 300}, SEWER | {"diameter_mm": 400, "wall_mm": 40}, 1.2, 1.5),
        (SEWER | {"diameter_mm": 400}, GAS | {"diameter_mm": 200, "pressure_class": "medium_a"}, 1.2, None),
        (SEWER | {"diameter_mm": 400}, DUCT | {"width_mm": 600, "height_mm": 300}, 0.6, 1.0),
    ],
)
def test_walls_side_by_side_are_as_far_apart_as_the_table_wants(first, second, gap_m, limit_m):
    radii = sum(
        (row.get("diameter_mm") or row["width_mm"]) / 2000 + row.get("wall_mm", 0) / 1000 for row in (first, second)
    )
    found = find_conflicts(segments((first, beside(0)), (second, beside(gap_m + radii))))
    if limit_m is None:
        assert found.empty
        return
    assert found["rule"].tolist() == ["CLR-H"]
    assert found["measured_m"].tolist() == pytest.approx([gap_m])
    assert found["limit_m"].tolist() == [limit_m]
    assert found["source"].tolist() == ["GB 50289-2016, Table 4.1.9"]


def test_where_pipes_cross_the_vertical_clearance_counts_and_no_other():
    # Sewer 400 in walls of 40 below water 200: 0.35 m between walls, where 0.40 are wanted.
    sewer, water = SEWER | {"diameter_mm": 400, "wall_mm": 40}, WATER | {"diameter_mm": 200}
    found = find_conflicts(segments((sewer, beside(0, z=50)), (water, across(20, z=50 + 0.24 + 0.1 + 0.35))))
    assert found[["rule", "limit_m"]].to_numpy().tolist() == [["CLR-V", 0.4]]
    assert found["measured_m"].tolist() == pytest.approx([0.35])
    assert found[["first_x", "first_y", "first_z", "second_z"]].to_numpy().tolist() == [
        pytest.approx([600_020, 3_930_000, 50, 50.69])
    ]
    apart = find_conflicts(segments((sewer, beside(0, z=50)), (water, across(20, z=50 + 0.24 + 0.1 + 0.41))))
    assert apart.empty


def test_pipes_that_share_room_clash_and_say_how_much():
    found = find_conflicts(
        segments((WATER | {"diameter_mm": 200}, beside(0, 50)), (GAS | {"diameter_mm": 100}, across(5, z=50.12)))
    )
    assert found["rule"].tolist() == ["CLASH"]
    assert found["measured_m"].tolist() == pytest.approx([0.12 - 0.15])


def test_pipes_joined_at_a_node_are_not_compared_nor_what_goes_on_into_the_other():
    # A main, a fitting of 0.3 m on it, and the branch that goes on from there: the branch is 0.2 m from the main.
    gas = GAS | {"diameter_mm": 100, "pressure_class": "low"}
    main = (gas | {"from_node": "m1", "to_node": "m2"}, beside(0))
    fitting = (gas | {"from_node": "m2", "to_node": "f"}, [(600_040, 3_930_000, 50), (600_040, 3_930_000.3, 50)])
    branch = (gas | {"from_node": "f", "to_node": "b"}, [(600_040, 3_930_000.3, 50), (600_040, 3_930_020, 50)])
    assert find_conflicts(segments(main, fitting, branch)).empty
    alone = find_conflicts(segments(main, branch))
    assert alone["rule"].tolist() == ["CLR-H"]
    assert alone["measured_m"].tolist() == pytest.approx([0.2])


def test_a_pipe_that_crosses_just_before_its_node_is_not_too_close_beyond_it():
    sewer = SEWER | {"diameter_mm": 400}
    before = (
        WATER | {"diameter_mm": 100, "from_node": "a", "to_node": "n"},
        [(600_020, 3_929_980, 53), (600_020, 3_930_000.5, 53)],
    )
    beyond = (
        WATER | {"diameter_mm": 100, "from_node": "n", "to_node": "b"},
        [(600_020, 3_930_000.5, 53), (600_020, 3_930_020, 53)],
    )
    assert find_conflicts(segments((sewer, beside(0)), before, beyond)).empty
    alone = find_conflicts(segments((sewer, beside(0)), beyond))
    assert alone["rule"].tolist() == ["CLR-H"]
    assert alone["measured_m"].tolist() == pytest.approx([0.5 - 0.05 - 0.2])


def test_without_depths_only_the_plan_is_judged():
    unknown = {"from_depth_m": None}
    rows = segments((WATER | {"diameter_mm": 200}, beside(0)), (GAS | {"diameter_mm": 100} | unknown, across(5, 50)))
    assert find_conflicts(rows).empty
    rows = segments((WATER | {"diameter_mm": 200}, beside(0)), (GAS | {"diameter_mm": 100} | unknown, beside(0.3)))
    assert find_conflicts(rows)["measured_m"].tolist() == pytest.approx([0.15])


def test_what_stands_above_the_ground_or_is_not_in_the_tables_is_left_out():
    overhead, industrial = GAS | {"embedding": "JK", "diameter_mm": 100}, GAS | {"class": "GY", "diameter_mm": 100}
    water = WATER | {"diameter_mm": 200}
    assert find_conflicts(segments((water, beside(0)), (overhead, beside(0.1)), (industrial, beside(-0.1)))).empty
    assert find_conflicts(segments()).empty


def test_the_tables_hold_the_clearances_that_are_confirmed():
    level, upright = load_limits("horizontal"), load_limits("vertical")
    at = {kind: number for number, kind in enumerate(KINDS)}
    assert level.least_m[at["building"], at["sewer"]] == 2.5
    assert level.least_m[at["gas_sub_high_a_large"], at["sewer"]] == 2.0
    assert level.least_m[at["gas_low_small"], at["gas_medium_a_large"]] == 0.5
    assert upright.least_m[at["water_small"], at["sewer"]] == 0.4
    for table in (level, upright):
        assert np.array_equal(table.least_m, table.least_m.T, equal_nan=True)
    assert (level.confidence == "H").sum() == 2 * (1 + 2 + 10 + 4 + 2)  # building, water, gas, power, telecom: sewer


def random_segments(seed, count):
    """Short pipes of all kinds in a small block of ground, some joined, some of several pieces."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        start = random.uniform([0, 0, 0], [24, 24, 2])
        line = [start, *(start + np.cumsum(random.uniform([-4, -4, -0.5], [4, 4, 0.5], (random.integers(1, 3), 3)), 0))]
        values = dict([WATER, SEWER, GAS, DUCT][number % 4])
        if random.random() < 0.4:
            values |= {"width_mm": random.uniform(100, 600), "height_mm": random.uniform(100, 600)}
        else:
            values |= {"diameter_mm": random.uniform(50, 400), "wall_mm": random.uniform(0, 50)}
        if number % 7 == 0:
            values |= {"from_node": "hub"}
        rows.append((values, line))
    return segments(*rows)


def corners(edge, size):
    """Corners of the box about an edge, by its directions from cross products."""
    start, end = edge[:3], edge[3:]
    along = (end - start) / np.linalg.norm(end - start)
    level = np.cross([0, 0, 1], along)
    level /= np.linalg.norm(level)
    up = np.cross(along, level)
    return np.array(
        [at + i * size[0] * level + j * size[1] * up for at in (start, end) for i in (-1, 1) for j in (-1, 1)]
    )


def share_room(a, b):
    """Whether two convex hulls have a point in common, by linear programming."""
    equal = np.vstack([np.hstack([a.T, -b.T]), [[1] * 8 + [0] * 8], [[0] * 8 + [1] * 8]])
    return linprog(np.zeros(16), A_eq=equal, b_eq=[0, 0, 0, 1, 1], bounds=(0, None)).success


def axis_to_box(edge, box_edge, size):
    """Least distance of an axis from a box, by a search along the axis."""
    hull = corners(box_edge, size)
    along = (box_edge[3:] - box_edge[:3]) / np.linalg.norm(box_edge[3:] - box_edge[:3])
    level = np.cross([0, 0, 1], along) / np.linalg.norm(np.cross([0, 0, 1], along))
    basis, middle = np.array([along, level, np.cross(along, level)]), hull.mean(axis=0)
    half = np.abs((hull - middle) @ basis.T).max(axis=0)

    def squared(t):
        at = basis @ (edge[:3] + t * (edge[3:] - edge[:3]) - middle)
        return (np.maximum(np.abs(at) - half, 0) ** 2).sum()

    return np.sqrt(min(squared(0), squared(1), minimize_scalar(squared, bounds=(0, 1), method="bounded").fun))


def axis_to_axis(a, b):
    def squared(t):
        at = a[:3] + t * (a[3:] - a[:3])
        along = b[3:] - b[:3]
        s = np.clip((at - b[:3]) @ along / (along @ along), 0, 1)
        return ((at - b[:3] - s * along) ** 2).sum()

    return np.sqrt(min(squared(0), squared(1), minimize_scalar(squared, bounds=(0, 1), method="bounded").fun))


def clash(tubes, i, j):
    """Whether two segments share room, piece by piece; None where it is too close to call by a search."""
    gaps = []
    for a, b in itertools.product(tubes.edges[tubes.owners == i], tubes.edges[tubes.owners == j]):
        if tubes.is_round[i] and tubes.is_round[j]:
            gaps.append(axis_to_axis(a, b) - tubes.sizes[i, 0] - tubes.sizes[j, 0])
        elif tubes.is_round[i]:
            gaps.append(axis_to_box(a, b, tubes.sizes[j]) - tubes.sizes[i, 0])
        elif tubes.is_round[j]:
            gaps.append(axis_to_box(b, a, tubes.sizes[i]) - tubes.sizes[j, 0])
        else:
            gaps.append(-1 if share_room(corners(a, tubes.sizes[i]), corners(b, tubes.sizes[j])) else 1)
    return None if abs(min(gaps)) < 1e-3 else min(gaps) < 0


def height_at(line, along_m):
    """Height of an axis where the way along its plan is some metres."""
    coordinates = shapely.get_coordinates(line, include_z=True)
    way = np.r_[0, np.cumsum(np.hypot(*np.diff(coordinates[:, :2], axis=0).T))]
    return np.interp(along_m, way, coordinates[:, 2])


def upright_gap(tubes, rows, i, j):
    """Least vertical clearance where two segments cross."""
    a, b = rows.geometry.iloc[i], rows.geometry.iloc[j]
    points = shapely.get_parts(shapely.intersection(shapely.force_2d(a), shapely.force_2d(b)))
    apart = [
        abs(height_at(a, shapely.force_2d(a).project(point)) - height_at(b, shapely.force_2d(b).project(point)))
        for point in points
    ]
    return min(apart) - tubes.sizes[i, 1] - tubes.sizes[j, 1]


@pytest.mark.parametrize("seed", range(3))
def test_every_pair_is_judged_as_by_comparing_all_with_all(seed):
    rows = random_segments(seed, 100)
    found = {
        tuple(row[:3]): row[3] for row in find_conflicts(rows)[["rule", "first", "second", "measured_m"]].to_numpy()
    }
    tubes, kinds, lines = tubes_of(rows), kinds_of(rows), shapely.force_2d(rows.geometry.to_numpy())
    level, upright = (load_limits(direction).least_m for direction in ("horizontal", "vertical"))
    ends = [{*pair} for pair in rows[["from_node", "to_node"]].to_numpy()]
    seen = dict.fromkeys(("CLASH", "CLR-H", "CLR-V"), 0)
    for a, b in itertools.combinations(range(100), 2):
        rules = {rule for rule in seen if (rule, a, b) in found}
        if ends[a] & ends[b]:
            assert not rules
            continue
        distance = shapely.distance(lines[a], lines[b])
        judged = clash(tubes, a, b) if distance < 2 else False
        if judged is not None:
            assert ("CLASH" in rules) == judged
        clear = distance - tubes.sizes[a, 0] - tubes.sizes[b, 0]
        if distance == 0:
            gap = upright_gap(tubes, rows, a, b)
            assert ("CLR-V" in rules) == ("CLASH" not in rules and gap < upright[kinds[a], kinds[b]])
            assert "CLR-V" not in rules or found["CLR-V", a, b] == pytest.approx(gap, abs=1e-6)
        elif "CLR-H" in rules:
            assert found["CLR-H", a, b] == pytest.approx(clear, abs=1e-6)
            assert clear < level[kinds[a], kinds[b]]
        elif clear < level[kinds[a], kinds[b]]:
            assert "hub" in ends[a] | ends[b]  # there one goes on into the other
        for rule in rules:
            seen[rule] += 1
    assert min(seen.values()) >= 5
