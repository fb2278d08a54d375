"""Pipes and wells as solids."""

from __future__ import annotations

import numpy as np
import pytest

from layers.pipelines import PIPE_NODES, PIPE_SEGMENTS
from tests_frames import make_frame
from tests_pipe_rows import CRS, nodes, segments
from twin.solids import End, Sweeps

#: A straight main from A to C, a bend at C, a branch at D.
PLACES = {"A": (0, 0), "B": (10, 0), "C": (20, 0), "D": (20, 10), "E": (20, 20), "F": (30, 10)}


def make_pipes(**given) -> tuple[Sweeps, list[str]]:
    frame = make_frame(PIPE_SEGMENTS, segments(PLACES, **given), CRS)
    return PIPE_SEGMENTS.solids(frame.data), list(frame.data.index)


def make_wells(**kinds) -> Sweeps:
    return PIPE_NODES.solids(make_frame(PIPE_NODES, nodes(dict.fromkeys(kinds, (5, 7)), kinds), CRS).data)


def test_a_pipe_is_as_wide_as_its_outer_wall():
    solids, _ = make_pipes(A_B={"diameter_mm": 300, "wall_mm": 25})
    assert (solids.width_m[0], solids.height_m[0], bool(solids.is_round[0])) == pytest.approx((0.35, 0.35, True))


def test_a_duct_has_its_width_and_its_height():
    solids, _ = make_pipes(A_B={"width_mm": 1200, "height_mm": 800})
    assert (solids.width_m[0], solids.height_m[0], bool(solids.is_round[0])) == pytest.approx((1.2, 0.8, False))


def test_the_axis_is_the_line_of_the_layer():
    solids, _ = make_pipes(A_B={"diameter_mm": 300})
    assert solids.axes.tolist() == [[500_000, 3_940_000, 99], [500_010, 3_940_000, 99]]


def test_ends_are_open_where_a_pipe_goes_straight_on_joints_where_not_and_cut_off_where_nothing_follows():
    pipe = {"diameter_mm": 300}
    solids, names = make_pipes(A_B=pipe, B_C=pipe, C_D=pipe, D_E=pipe, D_F=pipe)
    ends = {name: tuple(map(End, pair)) for name, pair in zip(names, solids.ends.tolist(), strict=True)}
    assert ends == {
        "A-B": (End.FLAT, End.OPEN),
        "B-C": (End.OPEN, End.JOINT),
        "C-D": (End.JOINT, End.JOINT),
        "D-E": (End.JOINT, End.FLAT),
        "D-F": (End.JOINT, End.FLAT),
    }


@pytest.mark.parametrize(
    "second",
    [
        {"diameter_mm": 200},
        {"width_mm": 300, "height_mm": 300},
        {"diameter_mm": 300, "from_depth_m": 1.05, "to_depth_m": 1.05},
    ],
    ids=["narrower", "square", "five centimetres deeper"],
)
def test_a_pipe_that_differs_from_the_next_has_a_joint(second):
    solids, _ = make_pipes(A_B={"diameter_mm": 300}, B_C=second)
    assert solids.ends.tolist() == [[End.FLAT, End.JOINT], [End.JOINT, End.FLAT]]


def test_a_pipe_of_unknown_depth_is_left_out_and_counted():
    solids, names = make_pipes(
        A_B={"diameter_mm": 300},
        B_C={"diameter_mm": 300, "to_depth_m": None},
        C_D={"diameter_mm": 300, "from_depth_m": None, "to_depth_m": None},
    )
    assert [names[row] for row in solids.rows] == ["A-B"]
    assert solids.left_out == {"depth unknown": 2}
    assert solids.axes[:, 2].min() == 99


def test_a_pipe_of_unknown_section_is_a_decimetre_wide_and_counted():
    solids, _ = make_pipes(A_B={}, B_C={"diameter_mm": 300})
    assert solids.width_m.tolist() == pytest.approx([0.1, 0.3])
    assert solids.assumed == {"section unknown, 0.1 m wide": 1}


def test_a_vertex_that_stands_twice_counts_once_and_a_line_of_no_length_is_left_out():
    rows = segments(PLACES, A_B={"diameter_mm": 300}, B_C={"diameter_mm": 300})
    rows[0]["geometry"] = "LINESTRING Z (0 0 9, 0 0 9, 5 0 9, 5 0.0001 9, 10 0 9)"
    rows[1]["geometry"] = "LINESTRING Z (10 0 9, 10 0 9.0001)"
    solids = PIPE_SEGMENTS.solids(make_frame(PIPE_SEGMENTS, rows, CRS).data)
    assert solids.axes.tolist() == [[0, 0, 9], [5, 0, 9], [10, 0, 9]]
    assert solids.left_out == {"no line longer than 1 mm": 1}


def test_a_well_is_a_shaft_from_its_cover_down_to_its_bottom():
    well = {"appurtenance": "manhole", "well_depth_m": 2.5, "well_shape": "round", "well_width_mm": 700}
    solids = make_wells(W=well)
    assert solids.axes.tolist() == [[500_005, 3_940_007, 97.5], [500_005, 3_940_007, 100]]
    assert (solids.width_m[0], solids.height_m[0], bool(solids.is_round[0])) == (0.7, 0.7, True)
    assert solids.ends.tolist() == [[End.FLAT, End.FLAT]]


def test_a_rectangular_well_has_its_width_and_its_length():
    well = {"appurtenance": "access_hole", "well_depth_m": 2, "well_shape": "rectangular"}
    solids = make_wells(W=well | {"well_width_mm": 1200, "well_length_mm": 1800})
    assert (solids.width_m[0], solids.height_m[0], bool(solids.is_round[0])) == (1.2, 1.8, False)


def test_points_without_a_well_and_wells_of_unknown_depth_are_left_out_and_counted():
    solids = make_wells(
        A={"feature": "bend"},
        B={"appurtenance": "manhole"},
        C={"appurtenance": "manhole", "well_depth_m": 2.0},
    )
    assert solids.rows.tolist() == [2]
    assert solids.left_out == {"no well": 1, "depth of the well or height of its cover unknown": 1}
    assert solids.assumed == {"width of the well unknown, 0.7 m": 1}


def test_where_nothing_is_there_is_no_solid():
    assert len(make_pipes()[0]) == 0
    assert len(make_wells()) == 0


def test_taking_some_solids_keeps_their_axes():
    solids, _ = make_pipes(A_B={"diameter_mm": 300}, B_C={"diameter_mm": 200}, C_D={"diameter_mm": 100})
    some = solids.take(np.array([2, 0]))
    assert some.width_m.tolist() == pytest.approx([0.1, 0.3])
    assert some.axes[some.starts[0]].tolist() == solids.axes[solids.starts[2]].tolist()
    assert some.axes[some.starts[1]].tolist() == solids.axes[0].tolist()


def test_in_degrees_the_same_pipes_are_drawn_with_the_same_ends():
    """Pipes of 5 m and 20 m in a row, then one across: a metre is a hundred-thousandth of a degree."""
    places = {"A": (0, 0), "B": (5, 0), "C": (25, 0), "D": (25, 3)}
    rows = segments(places, **{name: {"diameter_mm": 300} for name in ("A_B", "B_C", "C_D")})
    frame = make_frame(PIPE_SEGMENTS, rows, CRS)
    degrees = PIPE_SEGMENTS.solids(frame.data.to_crs("EPSG:4490"))
    assert (len(degrees), dict(degrees.left_out)) == (3, {})
    assert degrees.ends.tolist() == [[End.FLAT, End.OPEN], [End.OPEN, End.JOINT], [End.JOINT, End.FLAT]]
    assert np.abs(degrees.axes[:, :2]).max() < 180
