"""Solids as meshes: closed, of the right volume, with normals outwards."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tiles.scenes.forms import CLOSE, FAR, NEAR
from twin.solids import End, Sweeps
from twin.sweep import sweep


def make_solids(axis, *, width=1.0, height=None, is_round=True, ends=(End.FLAT, End.FLAT)) -> Sweeps:
    return Sweeps(
        rows=np.arange(1),
        axes=np.array(axis, dtype=float),
        starts=np.array([0, len(axis)]),
        width_m=np.array([width]),
        height_m=np.array([width if height is None else height]),
        is_round=np.array([is_round]),
        ends=np.array([ends], dtype=np.uint8),
    )


def volume(mesh) -> float:
    """By the divergence theorem: positive where triangles turn outwards."""
    a, b, c = np.moveaxis(mesh.points[mesh.corners.reshape(-1, 3)], 1, 0)
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def edges_of(mesh) -> tuple[Counter, int]:
    """Directed edges of the surface when vertices in one place are one, and its Euler characteristic."""
    places, same = np.unique(mesh.points.round(6), axis=0, return_inverse=True)
    triangles = same.reshape(-1)[mesh.corners.reshape(-1, 3)]
    edges = Counter(
        map(tuple, np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]).tolist())
    )
    return edges, len(places) - len(edges) // 2 + len(triangles)


AXES = {
    "east": [(0, 0, 0), (5, 0, 0)],
    "a sloping one": [(0, 0, 0), (3, 4, -1)],
    "a bend of 90 degrees": [(0, 0, 0), (0, 6, 0), (8, 6, 0)],
    "two bends": [(0, 0, 0), (0, 6, 0), (8, 6, 0), (12, 9, 0)],
    "a drop": [(0, 0, 0), (6, 0, 0), (6, 0, -4), (12, 0, -4)],
    "a shaft": [(0, 0, -3), (0, 0, 0)],
}


@pytest.mark.parametrize("ends", [(End.FLAT, End.FLAT), (End.JOINT, End.JOINT), (End.FLAT, End.JOINT)])
@pytest.mark.parametrize("is_round", [True, False])
@pytest.mark.parametrize("axis", AXES.values(), ids=AXES)
def test_what_is_closed_at_both_ends_has_no_hole_and_no_handle(axis, is_round, ends):
    mesh = sweep(make_solids(axis, is_round=is_round, ends=ends), sides=12)
    edges, euler = edges_of(mesh)
    assert all(edges[b, a] == count == 1 for (a, b), count in edges.items())
    assert euler == 2


@pytest.mark.parametrize("sides", [4, 6, 12, 32])
@pytest.mark.parametrize("axis", AXES.values(), ids=AXES)
def test_a_tube_has_the_volume_of_its_polygon_times_its_length_bends_included(axis, sides):
    mesh = sweep(make_solids(axis, width=0.8), sides=sides)
    length = np.linalg.norm(np.diff(axis, axis=0), axis=1).sum()
    assert volume(mesh) == pytest.approx(sides / 2 * 0.4**2 * np.sin(2 * np.pi / sides) * length, rel=1e-9)


@pytest.mark.parametrize("name", ["east", "a sloping one", "a bend of 90 degrees", "two bends", "a shaft"])
def test_a_duct_has_the_volume_of_its_section_times_its_length(name):
    mesh = sweep(make_solids(AXES[name], width=1.2, height=0.6, is_round=False), sides=12)
    length = np.linalg.norm(np.diff(AXES[name], axis=0), axis=1).sum()
    assert volume(mesh) == pytest.approx(1.2 * 0.6 * length, rel=1e-9)


def test_joints_of_a_tube_are_nearly_a_ball():
    axis = [(0, 0, 0), (5, 0, 0)]
    flat = sweep(make_solids(axis, width=2.0), sides=64)
    joined = sweep(make_solids(axis, width=2.0, ends=(End.JOINT, End.JOINT)), sides=64)
    assert volume(joined) - volume(flat) == pytest.approx(4 / 3 * np.pi, rel=0.03)
    assert joined.points[:, 0].min() > -1.0


def test_joints_of_a_duct_reach_half_a_width_farther():
    mesh = sweep(
        make_solids([(0, 0, 0), (5, 0, 0)], width=2, height=1, is_round=False, ends=(End.JOINT, End.FLAT)),
        sides=12,
    )
    assert (mesh.points[:, 0].min(), mesh.points[:, 0].max()) == (-1.0, 5.0)
    assert volume(mesh) == pytest.approx(2 * 1 * 6)


def test_the_width_of_a_duct_lies_level_and_its_height_stands():
    mesh = sweep(make_solids([(0, 0, 0), (0, 9, 0)], width=2, height=1, is_round=False), sides=12)
    assert np.abs(mesh.points).max(axis=0).tolist() == [1.0, 9.0, 0.5]


@pytest.mark.parametrize("form", [NEAR, CLOSE])
def test_normals_have_length_1_and_lean_to_where_triangles_look(form):
    mesh, _ = form.draw(make_solids(AXES["two bends"], ends=(End.JOINT, End.FLAT)))
    assert np.linalg.norm(mesh.normals, axis=1) == pytest.approx(1.0)
    triangles = mesh.corners.reshape(-1, 3)
    a, b, c = np.moveaxis(mesh.points[triangles], 1, 0)
    faces = np.cross(b - a, c - a)
    assert (np.einsum("ij,ij->i", faces, mesh.normals[triangles].sum(axis=1)) > 0).all()


places = st.tuples(*[st.integers(-20, 20).map(float)] * 3)


@given(axis=st.lists(places, min_size=2, max_size=6), is_round=st.booleans(), sides=st.integers(3, 16))
def test_whatever_way_an_axis_goes_its_surface_is_whole(axis, is_round, sides):
    axis = [place for place, before in zip(axis, [None, *axis], strict=False) if place != before]
    assume(len(axis) > 1)
    mesh = sweep(make_solids(axis, is_round=is_round), sides=sides)
    triangles = mesh.corners.reshape(-1, 3)
    assert np.isfinite(mesh.points).all()
    assert np.linalg.norm(mesh.normals, axis=1) == pytest.approx(1.0)
    # The areas of a closed surface, as vectors, cancel out.
    a, b, c = np.moveaxis(mesh.points[triangles], 1, 0)
    assert np.cross(b - a, c - a).sum(axis=0) == pytest.approx(np.zeros(3), abs=1e-6)


def test_a_sharp_bend_grows_no_spike():
    mesh = sweep(make_solids([(0, 0, 0), (5, 0, 0), (0, 0.1, 0)], width=0.2), sides=12)
    assert mesh.points[:, 0].max() < 5 + 0.3


def test_a_line_that_turns_back_on_itself_is_drawn():
    mesh = sweep(make_solids([(0, 0, 0), (5, 0, 0), (0, 0, 0)], width=0.2), sides=12)
    assert np.isfinite(mesh.points).all()


@pytest.mark.parametrize("form", [FAR, NEAR, CLOSE])
def test_axes_are_lines_from_vertex_to_vertex_in_every_form(form):
    axis = AXES["two bends"]
    *surfaces, mesh = form.draw(make_solids(axis))
    assert bool(surfaces) == (form is not FAR)
    assert mesh.normals is None
    assert mesh.points.tolist() == [list(map(float, each)) for each in axis]
    assert mesh.corners.reshape(-1, 2).tolist() == [[0, 1], [1, 2], [2, 3]]


def test_what_is_cut_off_is_closed_from_near_and_joints_are_drawn_close_by():
    axis = [(0, 0, 0), (5, 0, 0)]
    for form, ends, euler in (
        (NEAR, (End.FLAT, End.FLAT), 2),
        (NEAR, (End.JOINT, End.FLAT), 1),
        (CLOSE, (End.JOINT, End.FLAT), 2),
        (CLOSE, (End.OPEN, End.FLAT), 1),
    ):
        mesh, _ = form.draw(make_solids(axis, ends=ends))
        places = len(np.unique(mesh.points.round(6), axis=0))
        edges = {frozenset(edge) for edge in edges_of(mesh)[0]}
        assert places - len(edges) + len(mesh.corners) // 3 == euler


def test_closer_forms_are_nearer_to_the_truth():
    solids = make_solids([(0, 0, 0), (10, 0, 0)])
    true = np.pi * 0.5**2 * 10
    assert volume(CLOSE.draw(solids)[0]) == pytest.approx(true, rel=0.05)
    assert volume(NEAR.draw(solids)[0]) < volume(CLOSE.draw(solids)[0]) < true
    assert FAR.error_m > NEAR.error_m > CLOSE.error_m == 0


def test_owners_are_the_numbers_of_the_solids_whatever_their_section():
    one = make_solids([(0, 0, 0), (5, 0, 0)])
    solids = Sweeps(
        rows=np.arange(3),
        axes=np.concatenate([one.axes, one.axes + 10, one.axes + 20]),
        starts=np.array([0, 2, 4, 6]),
        width_m=np.ones(3),
        height_m=np.ones(3),
        is_round=np.array([False, True, False]),
        ends=np.full((3, 2), End.FLAT, dtype=np.uint8),
    )
    mesh, _ = CLOSE.draw(solids)
    for number in range(3):
        assert mesh.points[mesh.owners == number].mean(axis=0) == pytest.approx(np.array([2.5, 0, 0]) + 10 * number)
    assert len(mesh.corners) == sum(len(CLOSE.draw(solids.take(np.array([each])))[0].corners) for each in range(3))
