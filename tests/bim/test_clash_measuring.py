"""Which bodies share room, how thick it is, and how far apart others are: boxes and cylinders worked out by hand."""

from __future__ import annotations

import math

import manifold3d
import numpy as np
import pytest

from bim.clash.bodies import Bodies
from bim.clash.closing import make_solid
from bim.clash.comparing import compare_bodies
from bim.clash.thickness import measure_thickness
from bim.ifc.supervising import Limits
from clash_bodies import UNIT, box, cylinder, meet, open_box, turned
from twin.errors import TwinError

#: Beside the unit box, or in it: what both share, and how thick that is.
SHARING = {
    "50 mm into a face": (box((0.95, 0.1, 0.1), (2, 0.9, 0.9)), 0.05, 0.05 * 0.8 * 0.8),
    "50 mm with flush faces": (box((0.95, 0, 0), (2, 1, 1)), 0.05, 0.05),
    "the same": (box(*UNIT), 1.0, 1.0),
    "within": (box((0.4, 0.4, 0.4), (0.6, 0.6, 0.6)), 0.2, 0.008),
    "a corner": (box((0.9, 0.8, 0.7), (2, 2, 2)), 0.1, 0.1 * 0.2 * 0.3),
    "through": (box((-1, 0.4, 0.45), (2, 0.6, 0.55)), 0.1, 0.2 * 0.1),
}


@pytest.mark.parametrize("name", SHARING)
@pytest.mark.parametrize("degrees", [0, 33])
def test_shared_room_is_as_thick_as_worked_out(name, degrees):
    other, thickness_m, volume_m3 = SHARING[name]
    found = meet(turned(box(*UNIT), degrees), turned(other, degrees))
    assert (found.first.tolist(), found.second.tolist()) == ([0], [1])
    assert found.apart_m == pytest.approx([-thickness_m], abs=1e-6)
    assert found.shared_m3 == pytest.approx([volume_m3], abs=1e-6)


def test_an_overlap_of_50_mm_is_a_clash_by_40_mm_and_none_by_60():
    pair = box(*UNIT), SHARING["50 mm into a face"][0]
    assert len(meet(*pair, tolerance_m=0.04).first) == 1
    assert len(meet(*pair, tolerance_m=0.06).first) == 0


def test_the_place_is_in_the_middle_of_what_is_shared():
    assert meet(box(*UNIT), SHARING["50 mm into a face"][0]).places == pytest.approx(np.array([[0.975, 0.5, 0.5]]))


def test_what_touches_shares_nothing():
    flush, on_edge, on_corner = (box((1, y, z), (2, y + 1, z + 1)) for y, z in ((0, 0), (1, 0), (1, 1)))
    assert len(meet(box(*UNIT), flush, tolerance_m=0).first) == 0
    assert len(meet(box(*UNIT), on_edge, tolerance_m=0).first) == 0
    assert len(meet(box(*UNIT), on_corner, tolerance_m=0).first) == 0


def test_a_pipe_through_a_wall_shares_its_diameter_over_the_thickness_of_the_wall():
    """The section of the prism of 64 sides has the area r² · 32 · sin(2π / 64)."""
    radius_m, sides = 0.055, 64
    found = meet(cylinder(radius_m, -1, 1), box((-0.12, -2, -2), (0.12, 2, 2)))
    assert found.shared_m3 == pytest.approx([0.24 * radius_m**2 * sides / 2 * math.sin(2 * math.pi / sides)], rel=1e-9)
    assert found.apart_m == pytest.approx([-2 * radius_m], rel=0.002)


def test_a_pipe_along_a_wall_shares_the_part_that_is_let_in():
    """The axis is 30 mm before the wall, the radius is 50 mm: 20 mm are in it."""
    assert meet(cylinder(0.05, 0, 3), box((-1, 0.03, -2), (4, 0.3, 2))).apart_m == pytest.approx([-0.02], rel=1e-6)


def test_a_slab_in_a_rebate_is_as_thick_as_a_few_times_the_overlap_not_as_its_arms():
    """An overlap of 1 mm, 200 mm down and 200 mm along, encloses 100 mm and more; three times its mean is 3 mm."""
    corner = np.array([(0, 0), (0.2, 0), (0.2, 0.001), (0.001, 0.001), (0.001, 0.2), (0, 0.2)])
    bent = manifold3d.Manifold.extrude(manifold3d.CrossSection([corner]), 2.0)
    assert 0.001 < measure_thickness(bent) < 0.0031


def test_a_ball_is_as_thick_as_its_diameter_and_a_sheet_as_itself():
    assert measure_thickness(manifold3d.Manifold.sphere(0.5, 256)) == pytest.approx(1.0, rel=2e-3)
    assert measure_thickness(manifold3d.Manifold.cube((3.0, 2.0, 0.001)).rotate((20, 40, 70))) == pytest.approx(1e-3)


@pytest.mark.parametrize(
    ("other", "distance_m"),
    [
        (box((1.03, 0, 0), (2, 1, 1)), 0.03),
        (box((1.03, 1.04, 0), (2, 2, 1)), 0.05),
        (box((0.2, 0.2, 1.02), (0.4, 0.4, 2)), 0.02),
        (box((1.02, 1.03, 1.06), (2, 2, 2)), 0.07),
        (box((1, 0, 0), (2, 1, 1)), 0.0),
    ],
)
def test_what_is_nearer_than_the_clearance_is_told_with_its_distance(other, distance_m):
    found = meet(box(*UNIT), other, clearance_m=distance_m + 0.001)
    assert found.apart_m == pytest.approx([distance_m], abs=1e-9)
    assert len(meet(box(*UNIT), other, clearance_m=distance_m).first) == 0


def test_only_what_is_asked_for_is_compared():
    three = box(*UNIT), box(*UNIT), box((0.5, 0, 0), (3, 1, 1))
    for apart, left in (((), [(0, 1), (0, 2), (1, 2)]), ([(2, 0), (0, 1)], [(1, 2)])):
        found = meet(*three, apart=apart)
        assert list(zip(found.first.tolist(), found.second.tolist(), strict=True)) == left


def test_what_is_not_closed_is_told():
    found = meet(open_box(*UNIT), box((0.5, 0.5, 0.5), (3, 0.9, 0.9)))
    assert (found.first.tolist(), found.open_bodies.tolist()) == ([], [0])


def test_what_is_inside_out_is_turned():
    points, corners = box(*UNIT)
    assert meet((points, corners[:, ::-1]), SHARING["within"][0]).apart_m == pytest.approx([-0.2])


def test_triangles_that_go_round_in_both_directions_are_turned():
    """Of 12 triangles every third one is turned; beside them stands a second box in the same body, 2 m³ in all."""
    points, corners = box(*UNIT)
    mixed = corners.copy()
    mixed[::3] = mixed[::3, ::-1]
    assert make_solid(points, mixed).volume() == pytest.approx(1.0)
    more, _ = box((1, 1, 0), (2, 2, 1))  # they have an edge in common
    both = np.concatenate([points, more]), np.concatenate([mixed, corners + len(points)])
    assert make_solid(*both).volume() == pytest.approx(2.0)


def test_parts_of_a_body_that_share_room_count_once():
    """Two boxes in one body, each 1 m wide, 0.5 m of it in both: 1.5 m³ in all, of which the other one shares all."""
    (points, corners), (more, _) = box(*UNIT), box((0.5, 0, 0), (1.5, 1, 1))
    double = np.concatenate([points, more]), np.concatenate([corners, corners + len(points)])
    assert meet(double, box((-1, -1, -1), (3, 3, 3))).shared_m3 == pytest.approx([1.5])


def test_bodies_are_compared_by_a_process_of_its_own_within_its_time():
    bodies, everything = Bodies.of([box(*UNIT), SHARING["within"][0]]), np.ones(2, bool)
    asked = {"apart": np.zeros((0, 2), np.int64), "tolerance_m": 0.01, "clearance_m": 0.0}
    found = compare_bodies(bodies, everything, everything, **asked, limits=Limits(file_s=120))
    assert found.apart_m == pytest.approx([-0.2])
    with pytest.raises(TwinError, match=r"the time for it, 0\.01 s, was over"):
        compare_bodies(bodies, everything, everything, **asked, limits=Limits(file_s=0.01))


def test_a_process_that_is_killed_leaves_this_one_alive(monkeypatch):
    import sys

    from bim.clash import comparing

    crash = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    monkeypatch.setattr(comparing, "WORKER", (sys.executable, "-c", crash))
    with pytest.raises(TwinError, match="SIGSEGV"):
        compare_bodies(
            Bodies.of([]), np.zeros(0, bool), np.zeros(0, bool), np.zeros((0, 2), np.int64),
            tolerance_m=0.01, clearance_m=0.0, limits=Limits(),
        )  # fmt: skip
