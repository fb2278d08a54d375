"""What meshes cover, seen from above: many at once, against areas worked out by hand and by uniting triangles."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from bim.footprint import project_meshes
from bim.section import cut_triangles

BOX = np.array([[x, y, z] for z in (0.0, 1.0) for y in (0.0, 1.0) for x in (0.0, 1.0)])
#: Counter-clockwise from outside.
SIDES = np.reshape(
    [0, 2, 3, 0, 3, 1, 4, 5, 7, 4, 7, 6, 0, 1, 5, 0, 5, 4, 2, 6, 7, 2, 7, 3, 0, 4, 6, 0, 6, 2, 1, 3, 7, 1, 7, 5],
    (12, 3),
)


def box(size: tuple[float, float, float], at: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> NDArray[np.float64]:
    """Corners of a box."""
    return BOX * size + at


def together(*boxes: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """One mesh of several boxes."""
    return np.concatenate(boxes), np.concatenate([SIDES + 8 * number for number in range(len(boxes))])


def covered(*meshes: tuple[NDArray[np.float64], NDArray[np.int64]]) -> list[shapely.Geometry | None]:
    return list(project_meshes(meshes, len(meshes)))


def test_each_of_many_meshes_covers_what_it_covers_alone() -> None:
    wall = together(box((6.0, 0.24, 3.0), (10.0, 20.0, 0.0)))
    table = together(box((2.0, 1.0, 0.1), (0.0, 0.0, 0.7)), box((0.1, 0.1, 0.7)), box((0.1, 0.1, 0.7), (3.0, 0.0, 0.0)))
    frame = together(
        box((4.0, 1.0, 1.0)),
        box((4.0, 1.0, 1.0), (0.0, 3.0, 0.0)),
        box((1.0, 4.0, 1.0)),
        box((1.0, 4.0, 1.0), (3.0, 0, 0)),
    )
    areas = covered(wall, table, frame, wall)
    assert [round(area.area, 9) for area in areas if area is not None] == [1.44, 2.01, 12.0, 1.44]
    assert shapely.equals(areas[0], shapely.box(10.0, 20.0, 16.0, 20.24))
    assert len(shapely.get_parts(areas[1])) == 2  # the plate with one leg under it, and a leg that stands apart
    assert len(areas[2].interiors) == 1


def test_what_is_upright_covers_nothing_and_neither_does_nothing() -> None:
    sheet = np.array([[0.0, 0.0, 0.0], [5.0, 0.0, 0.0], [5.0, 0.0, 3.0]])
    none = np.zeros((0, 3)), np.zeros((0, 3), dtype=np.int64)
    assert covered((sheet, np.array([[0, 1, 2]])), none) == [None, None]
    assert covered() == []
    # Half a millimetre wide and 5 m long: as narrow as the grid is coarse.
    needle = np.array([[0.0, 0.0, 0.0], [5.0, 0.0, 0.0], [2.0, 0.0006, 3.0]])
    assert covered((needle, np.array([[0, 1, 2]]))) == [None]


def test_a_surface_covers_whichever_way_it_faces() -> None:
    corners = np.array([[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [2.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    up, down = np.array([[0, 1, 2], [0, 2, 3]]), np.array([[2, 1, 0], [3, 2, 0]])
    assert [area.area for area in covered((corners, up), (corners, down)) if area is not None] == [2.0, 2.0]


def test_faces_that_nearly_meet_leave_no_gap() -> None:
    """A triangle whose corner stands 0.4 mm from the side of another: rounded, it stands beside it."""
    corners = [[0.0, 0.0], [3.0, 0.0], [3.0, 1.0], [0.0, 0.0], [3.0, 1.0], [1.4996, 0.5004], [0.0, 1.0], [0.0, 0.0]]
    points = np.column_stack([np.array(corners), np.zeros(8)])
    triangles = np.array([[0, 1, 2], [4, 6, 5], [5, 6, 7]])
    (area,) = covered((points, triangles))
    assert area is not None
    assert shapely.get_num_interior_rings(area) == 0
    assert area.area == pytest.approx(3.0, abs=1e-6)


def test_what_is_damaged_covers_nothing_and_spoils_nothing() -> None:
    far, nowhere, good = box((1e9, 1.0, 1.0)), box((np.nan, 1.0, 1.0)), box((2.0, 3.0, 1.0), (7.0, 7.0, 0.0))
    areas = covered(*((each, SIDES) for each in (good, far, nowhere, good)))
    assert [None if area is None else area.area for area in areas] == [6.0, None, None, 6.0]


@pytest.mark.parametrize("seed", range(20))
def test_heaps_of_triangles_cover_what_their_union_does(seed: int) -> None:
    luck = np.random.default_rng(seed)
    points = luck.uniform(-1.0, 1.0, (40, 3)) * 10.0 ** luck.integers(-1, 3) + luck.uniform(-1e5, 1e5, 3)
    triangles = luck.integers(0, 40, (30, 3))
    corners = np.round(points[triangles][..., :2], 3)
    sides = corners[:, 1:] - corners[:, :1]
    up = np.linalg.det(sides) > 2e-6
    expected = shapely.union_all(shapely.polygons(corners[up]), grid_size=0.001)
    (area,) = covered((points, triangles))
    assert area is not None
    assert area.is_valid
    assert area.area == pytest.approx(expected.area, abs=2e-3 * expected.length)
    assert shapely.intersection(area, expected).area == pytest.approx(expected.area, abs=2e-3 * expected.length)


def test_a_section_runs_with_the_inside_at_its_left() -> None:
    segments = cut_triangles(box((2.0, 3.0, 1.0))[SIDES], 0.5)
    assert shapely.polygonize(shapely.linestrings(segments)).area == 6.0
    starts, ends = segments[:, 0], segments[:, 1]
    assert float((starts[:, 0] * ends[:, 1] - starts[:, 1] * ends[:, 0]).sum() / 2) == pytest.approx(6.0)
