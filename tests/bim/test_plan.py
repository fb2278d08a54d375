"""Sections and plans: what is cut has the area that it has by hand, and the plan says what is cut."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
import shapely

from bim.model import Shapes
from bim.placed import Placed
from bim.plan import CUT_ABOVE_M, plan_storey
from bim.plan_sheet import draw_plan
from bim.section import cut_level, look_down
from twin.crs import parse_crs, transverse_mercator
from twin.title_block import Basis

STORAGE = transverse_mercator(118.5)
BASIS = Basis.of(
    "沂南",
    parse_crs("EPSG:4548"),
    datetime(2026, 1, 1, tzinfo=UTC),
    {"building_elements": 3},
    datetime(2026, 1, 2, tzinfo=UTC),
)
#: A box of 1 m, corners by their bits: x, y, z.
BOX = np.array([(n & 1, n >> 1 & 1, n >> 2) for n in range(8)], dtype=float)
FACES = np.array(
    [
        *((0, 2, 1), (1, 2, 3), (4, 5, 6), (5, 7, 6)),
        *((0, 1, 4), (1, 5, 4), (2, 6, 3), (3, 6, 7)),
        *((0, 4, 2), (2, 4, 6), (1, 3, 5), (3, 7, 5)),
    ],
    dtype=np.int32,
)


def place_boxes(
    boxes: list[tuple[tuple[float, float, float], tuple[float, float, float]]], turn_deg: float = 0
) -> Placed:
    """Boxes (size, corner) as elements `e0`, `e1` … in the plane of a place at 100 m."""
    cos, sin = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    transforms = np.tile(np.eye(4), (len(boxes), 1, 1))
    for number, (size, corner) in enumerate(boxes):
        transforms[number, :3, :3] = turn @ np.diag(size)
        transforms[number, :3, 3] = turn @ corner
    count = np.arange(len(boxes), dtype=np.int32)
    shapes = Shapes(
        vertices=BOX,
        triangles=FACES,
        surfaces=np.zeros(12, np.int32),
        vertex_offsets=np.array([0, 8]),
        triangle_offsets=np.array([0, 12]),
        looks=np.ones((1, 4)),
        look_names=("",),
        elements=count,
        meshes=np.zeros(len(boxes), np.int32),
        transforms=transforms,
    )
    keys = tuple(f"e{number}" for number in range(len(boxes)))
    return Placed(origin=(500_000.0, 3_935_000.0, 100.0), shapes=shapes, element_ids=keys)


def cut(placed: Placed, height_m: float) -> list[shapely.Geometry | None]:
    return cut_level(placed, height_m, np.arange(len(placed.element_ids))).tolist()


def test_a_box_is_cut_in_its_base():
    (section,) = cut(place_boxes([((4.0, 0.2, 3.0), (1.0, 2.0, 0.0))]), 101.2)
    assert section.equals_exact(shapely.normalize(shapely.box(1, 2, 5, 2.2)), 1e-6) or section.equals(
        shapely.box(1, 2, 5, 2.2)
    )
    assert section.area == pytest.approx(0.8, abs=1e-6)


def test_what_the_plane_passes_over_or_under_is_not_cut():
    placed = place_boxes([((1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), ((1.0, 1.0, 1.0), (0.0, 0.0, 2.0))])
    assert cut(placed, 101.5) == [None, None]


def test_a_plane_at_the_height_of_a_face_cuts_what_is_above_it():
    placed = place_boxes([((2.0, 2.0, 1.0), (0.0, 0.0, 0.0)), ((2.0, 2.0, 1.0), (0.0, 0.0, 1.0))])
    below, above = cut(placed, 101.0)
    assert below is None
    assert above.area == pytest.approx(4.0, abs=1e-6)


def join(placed: Placed) -> Placed:
    """The same shapes as one mesh of one element."""
    points, triangles, at = [], [], 0
    for instance in range(len(placed.shapes.elements)):
        vertices, faces = placed.shapes.place(instance)
        points.append(vertices)
        triangles.append(faces + at)
        at += len(vertices)
    whole = place_boxes([((1.0, 1.0, 1.0), (0.0, 0.0, 0.0))])
    shapes = Shapes(
        vertices=np.concatenate(points),
        triangles=np.concatenate(triangles).astype(np.int32),
        surfaces=np.zeros(12 * len(points), np.int32),
        vertex_offsets=np.array([0, at]),
        triangle_offsets=np.array([0, 12 * len(points)]),
        looks=whole.shapes.looks,
        look_names=("",),
        elements=whole.shapes.elements,
        meshes=whole.shapes.meshes,
        transforms=np.eye(4)[None],
    )
    return Placed(origin=whole.origin, shapes=shapes, element_ids=("e0",))


def test_solids_of_a_shape_that_overlap_or_touch_are_one_area():
    # Two of 4 m² share 1 m², a third of 1 m² touches: 4 + 4 - 1 + 1.
    boxes = [((2.0, 2.0, 1.0), (0.0, 0.0, 0.0)), ((2.0, 2.0, 1.0), (1.0, 1.0, 0.0)), ((1.0, 1.0, 1.0), (3.0, 1.0, 0.0))]
    (section,) = cut(join(place_boxes(boxes)), 100.5)
    assert section.geom_type == "Polygon"
    assert section.area == pytest.approx(8.0, abs=1e-6)


def test_what_is_turned_inside_out_within_a_shape_is_a_hole():
    outer = place_boxes([((4.0, 4.0, 1.0), (0.0, 0.0, 0.0))])
    inner = place_boxes([((2.0, 2.0, 1.0), (1.0, 1.0, 0.0))])
    vertices = np.concatenate([outer.shapes.place(0)[0], inner.shapes.place(0)[0]])
    both = join(place_boxes([((1.0, 1.0, 1.0), (0.0, 0.0, 0.0))] * 2))
    triangles = np.concatenate([FACES, FACES[:, ::-1] + 8]).astype(np.int32)
    hollow = Placed(
        origin=both.origin,
        shapes=Shapes(**{**vars(both.shapes), "vertices": vertices, "triangles": triangles}),
        element_ids=both.element_ids,
    )
    (section,) = cut(hollow, 100.5)
    assert section.area == pytest.approx(16 - 4, abs=1e-6)
    assert len(section.interiors) == 1


def test_a_shape_that_is_not_closed_gives_lines():
    box = place_boxes([((4.0, 4.0, 1.0), (0.0, 0.0, 0.0))])
    open_ = Shapes(**{**vars(box.shapes), "triangles": FACES[:10], "triangle_offsets": np.array([0, 10])})
    (section,) = cut(Placed(origin=box.origin, shapes=open_, element_ids=("e0",)), 100.5)
    assert section.area == 0
    assert section.length == pytest.approx(12.0, abs=1e-6)


def test_steps_are_seen_from_above_and_what_is_above_the_section_is_not():
    # Three steps side by side, 1 m × 0.3 m: three rectangles share two sides.
    steps = join(place_boxes([((1.0, 0.3, 0.15 * n), (0.0, 0.3 * n, 0.0)) for n in (1, 2, 3)]))
    seen = look_down(steps, 0, 101.2)
    assert seen.length == pytest.approx(3 * 2.6 - 2 * 1.0, abs=1e-6)
    assert look_down(steps, 0, 100.0) is None


@pytest.fixture
def plan():
    placed = place_boxes(
        [
            ((10.0, 0.2, 3.0), (0.0, 0.0, 0.0)),
            ((9.0, 4.0, 2.8), (0.5, 0.2, 0.0)),
            ((0.4, 0.4, 3.0), (0.0, 0.2, 0.0)),
            ((5.0, 0.5, 0.4), (2.0, 1.0, 0.0)),
            ((5.0, 0.5, 0.4), (2.0, 1.0, -3.0)),
        ],
        turn_deg=30,
    )
    elements = pd.DataFrame(
        {
            "element_id": list(placed.element_ids),
            "class": ["IfcWall", "IfcSpace", "IfcColumn", "IfcFurniture", "IfcFurniture"],
            "name": ["W", "101 教室", "K", "bench", "bench below"],
            "storey_id": ["s1", "s1", "s1", "s1", "s0"],
            "area_m2": [np.nan, 36.0, np.nan, np.nan, np.nan],
        }
    )
    return plan_storey([placed], elements, 100.0, ["s1"], STORAGE)


def test_a_plan_shows_what_is_cut_and_what_of_its_storey_is_seen_below(plan):
    assert plan.cut_m == 100.0 + CUT_ABOVE_M
    shown = {part.element_id: (part.look, round(part.shape.area, 3)) for part in plan.parts}
    assert shown == {"e0": ("wall", 2.0), "e1": ("space", 36.0), "e2": ("column", 0.16), "e3": ("other", 0.0)}


def test_a_plan_is_turned_along_the_building(plan):
    assert plan.turn_deg == pytest.approx(30, abs=1e-3)
    west, south, east, north = plan.bounds_m
    assert (east - west, north - south) == (pytest.approx(10.0, abs=1e-3), pytest.approx(4.2, abs=1e-3))


def test_the_sheet_is_to_scale_and_names_rooms_with_their_areas(plan):
    drawing = draw_plan(plan, title="教学楼 1F", basis=BASIS).svg()
    told = ("教学楼 1F", "101 教室", "36.0", "1:50", "101.20", "N 北", "Walls 墙")
    for words in (*told, "沂南", "EPSG:4548", "2026-01-01 08:00; building_elements r3"):
        assert words in drawing, words
    assert "Doors 门" not in drawing
    # 10 m of wall at 1:50 are 200 mm.
    wall = next(line for line in drawing.split("<polygon ") if "#4a4a4a" in line)
    xs = [float(pair.split(",")[0]) for pair in wall.split('points="')[1].split('"')[0].split()]
    assert max(xs) - min(xs) == pytest.approx(200.0, abs=0.02)


def test_a_storey_of_nothing_gives_an_empty_sheet():
    empty = pd.DataFrame({name: pd.Series(dtype=object) for name in ("element_id", "class", "name", "storey_id")})
    plan = plan_storey([], empty, 0.0, [], STORAGE)
    assert plan.parts == ()
    assert "Scale" in draw_plan(plan, title="empty", basis=BASIS).svg()
