"""Digs: what is dug up in the order of danger, valves of many pipes at once, and foundations that lose their hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

from clash_rows import make_buildings, make_segments
from layers.pipelines.dig import DANGER, find_buried, find_founded
from layers.pipelines.network.graph import NodeTable, SegmentTable, build_network
from layers.pipelines.network.isolation import isolate
from layers.pipelines.network.roles import Role
from layers.pipelines.network.shutting import find_valves

E, N = 600_000.0, 3_930_000.0
DIG = shapely.box(E, N, E + 10, N + 10)


def across(values):
    return values | {"depth_ref": "outer_top", "diameter_mm": 100}, [(E - 5, N + 5, 50), (E + 15, N + 5, 50)]


def test_what_is_reached_comes_first_then_the_most_dangerous_then_the_shallowest():
    rows = [across({"class": name, "segment_id": name, "from_depth_m": 1.0, "to_depth_m": 1.0}) for name in DANGER]
    deep = across({"class": "RQ", "segment_id": "deep gas", "from_depth_m": 3.0, "to_depth_m": 3.0})
    shallow = across({"class": "JS", "segment_id": "shallow", "from_depth_m": 0.5, "to_depth_m": 0.5})
    unknown = across({"class": "JS", "segment_id": "unknown", "from_depth_m": None})
    segments = make_segments(*reversed(rows), deep, unknown, shallow).set_index("segment_id", drop=False)
    found = [each.segment_id for each in find_buried(segments, DIG, 2.0)]
    # Gas burns and explodes, current kills, then what is under industry, steam, water; telecommunications and sewers.
    assert found == ["RQ", "DL", "GY", "RL", "shallow", "JS", "unknown", "QT", "TX", "PS", "deep gas"]


def test_foundations_that_lose_their_hold_come_first_then_those_nobody_knows():
    def beside(gap_m):
        return shapely.box(E + 10 + gap_m, N, E + 20 + gap_m, N + 10)

    buildings = make_buildings(
        (beside(3.0), {"building_id": "deep enough", "foundation_depth_m": 4.0}),
        (beside(2.0), {"building_id": "undermined", "foundation_depth_m": 2.0}),
        (beside(2.7), {"building_id": "beyond the spread", "foundation_depth_m": 2.5}),
        (beside(5.0), {"building_id": "nobody knows"}),
        (beside(9.0), {"building_id": "far"}),
    ).set_index("building_id", drop=False)
    found = find_founded(buildings, DIG, 4.0, reach_m=4 / math.tan(math.radians(30)), soil_deg=30)
    # 4 m deep at 30°: reach 6.93 m. Beside 2 m of foundation 3.46 m, beside 2.5 m 2.598 m.
    assert [(each.building_id, each.undermined, each.distance_m) for each in found] == [
        ("undermined", True, pytest.approx(2.0)),
        ("nobody knows", None, pytest.approx(5.0)),
        ("beyond the spread", False, pytest.approx(2.7)),
        ("deep enough", False, pytest.approx(3.0)),
    ]
    assert math.isnan(found[1].foundation_depth_m)


def random_network(seed):
    """Water pipes between random nodes, many of them valves: open, closed, stuck or for one way."""
    random = np.random.default_rng(seed)
    nodes = np.array([f"n{number}" for number in range(80)], dtype=object)
    kinds = [Role.PLAIN, Role.VALVE, Role.CLOSED_VALVE, Role.STUCK_VALVE, Role.CHECK_VALVE, Role.SOURCE]
    ends = random.integers(0, len(nodes), (110, 2))
    ends = ends[ends[:, 0] != ends[:, 1]]
    return build_network(
        NodeTable(
            ids=nodes, roles=random.choice(kinds, len(nodes), p=[0.45, 0.3, 0.1, 0.05, 0.05, 0.05]).astype(np.int64)
        ),
        SegmentTable(
            ids=np.array([f"s{number}" for number in range(len(ends))], dtype=object),
            start=nodes[ends[:, 0]],
            end=nodes[ends[:, 1]],
            classes=np.full(len(ends), "JS", dtype=object),
            circulates=np.zeros(len(ends), dtype=bool),
            length_m=np.ones(len(ends)),
            flow=random.choice([-1, 0, 1], len(ends)).astype(np.int8),
            fall_m=np.full(len(ends), np.nan),
        ),
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_valves_of_many_pipes_are_those_of_each(seed):
    network = random_network(seed)
    names = network.segment_ids.tolist()
    found = find_valves(network, ["abandoned", *names])
    assert list(found) == names
    for name in names:
        assert sorted(found[name]) == sorted(isolate(network, name).valves)
    assert sum(map(bool, found.values())) > 20
