"""Blocks as meshes and as tiles: walls and roofs outwards, areas by other means, the right colour and answer."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.buildings import BUILDINGS
from scene_files import Glb, judge
from tests_frames import make_frame
from tests_transforms import find_transformer
from tiles.scenes.forms import BLOCK
from tiles.scenes.plan import MOST_FROM_FAR
from tiles.scenes.stage import Stage
from twin.extrude import extrude, triangulate
from twin.heights import GeoidOffset

CRS, GEOID = "EPSG:4548", GeoidOffset(offset_m=-3.0, source="a test")
SHAPES = {
    "a box": "POLYGON ((0 0, 10 0, 10 8, 0 8, 0 0))",
    "an L": "POLYGON ((0 0, 10 0, 10 4, 4 4, 4 9, 0 9, 0 0))",
    "a courtyard": "POLYGON ((0 0, 10 0, 10 8, 0 8, 0 0), (2 2, 2 6, 8 6, 8 2, 2 2))",
    "two courts": "POLYGON ((0 0, 20 0, 20 8, 0 8, 0 0), (2 2, 2 6, 8 6, 8 2, 2 2), (11 2, 11 6, 18 6, 18 2, 11 2))",
    "two parts": "MULTIPOLYGON (((0 0, 5 0, 5 5, 0 5, 0 0)), ((7 0, 9 0, 9 5, 7 0)))",
    "corners that touch": "MULTIPOLYGON (((0 0, 5 0, 5 5, 0 5, 0 0)), ((5 5, 9 5, 9 9, 5 9, 5 5)))",
    "a straight corner": "POLYGON ((0 0, 5 0, 10 0, 10 8, 0 8, 0 0))",
}  # fmt: skip


def blocks_of(*areas, height_m=12.0, **more):
    return BUILDINGS.solids(frame_of(*areas, height_m=height_m, **more).data)


def frame_of(*areas, **more):
    rows = [
        {"building_id": f"b{at:05}", "geometry": multi(area), "ground_m": 100.0} | more for at, area in enumerate(areas)
    ]
    return make_frame(BUILDINGS, rows, CRS)


def multi(area):
    area = shapely.from_wkt(area) if isinstance(area, str) else area
    return shapely.force_3d(area if area.geom_type == "MultiPolygon" else shapely.multipolygons([area]), z=100.0)


def triangles_of(mesh):
    return mesh.points[mesh.corners.reshape(-1, 3)], mesh.normals[mesh.corners.reshape(-1, 3)]


def check(blocks, areas, height_m):
    mesh = extrude(blocks)
    corners, normals = triangles_of(mesh)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2
    sizes = np.linalg.norm(across, axis=1)
    # Triangles turn as their normals say.
    assert ((across[:, None] * normals).sum(axis=2) >= sizes[:, None] * 0.999 - 1e-9).all()
    is_roof = normals[:, 0, 2] > 0.5
    of = mesh.owners[mesh.corners.reshape(-1, 3)[:, 0]]
    for number, area in enumerate(areas):
        mine = of == number
        assert sizes[mine & is_roof].sum() == pytest.approx(area.area, rel=1e-9)
        assert sizes[mine & ~is_roof].sum() == pytest.approx(area.length * height_m, rel=1e-9)
    # By the divergence theorem: with the missing floor, at height 100, the volume is that of the prisms.
    points = corners - [0, 0, 100]
    volume = np.einsum("ij,ij->", points[:, 0], np.cross(points[:, 1], points[:, 2])) / 6
    assert volume == pytest.approx(sum(area.area for area in areas) * height_m, rel=1e-9)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_walls_and_roofs_look_outwards_and_have_the_areas_of_the_outline(shape):
    check(blocks_of(shape), [shapely.from_wkt(shape)], 12.0)


def test_many_blocks_that_share_corners_and_walls_are_each_whole():
    areas = [*map(shapely.from_wkt, SHAPES.values()), *map(shapely.from_wkt, SHAPES.values())]
    check(blocks_of(*areas), areas, 12.0)


@settings(max_examples=60, deadline=None)
@given(
    turns=st.lists(st.integers(0, 3599), min_size=3, max_size=12, unique=True),
    reach=st.lists(st.integers(1, 30), min_size=12, max_size=12),
)
def test_whatever_the_outline_the_roof_covers_it(turns, reach):
    """Stars about a point: each a simple ring, with corners that spring back."""
    angles = np.radians(np.sort(turns) / 10)
    area = shapely.Polygon(np.column_stack([np.cos(angles), np.sin(angles)]) * np.array(reach[: len(turns)])[:, None])
    if area.is_valid and area.area > 0.01:
        check(blocks_of(area), [area], 12.0)


def test_triangles_know_their_corners_by_number():
    blocks = blocks_of(SHAPES["a box"], SHAPES["a box"])
    numbers = triangulate(blocks).reshape(-1, 3)
    assert sorted(set(numbers.ravel().tolist())) == list(range(8))
    assert (blocks.owners[numbers] == blocks.owners[numbers][:, :1]).all()


def test_a_roof_is_where_the_layer_has_it_after_the_way_over_the_globe():
    shape = "POLYGON ((604000 3911000, 604010 3911000, 604010 3911008, 604000 3911008, 604000 3911000))"
    stage = Stage.of(frame_of(shape, height_m=12.5), GEOID)
    ((points, *_),) = Glb.read(stage.draw(stage.plan.root, BLOCK)).parts()
    back = find_transformer(4978, 4979)
    lon, lat, height_m = back.transform(*stage.plan.place.to_geocentric(points).T)
    x, y = find_transformer("EPSG:4326", CRS).transform(lon, lat)
    found = {tuple(each) for each in np.column_stack([x, y, height_m + 3.0]).round(2).tolist()}
    assert found == {(x, y, z) for x in (604_000, 604_010) for y in (3_911_000, 3_911_008) for z in (100, 112.5)}


def test_blocks_are_coloured_by_use_and_say_all_that_the_layer_does():
    rows = [
        {"building_id": "a", "geometry": multi(SHAPES["a box"]), "ground_m": 9.0, "use": "medical", "name": "县医院"},
        {"building_id": "b", "geometry": multi(SHAPES["an L"]), "ground_m": 9.0, "use": "education", "floors": 4},
    ]
    stage = Stage.of(make_frame(BUILDINGS, rows, CRS), GEOID)
    glb = Glb.read(stage.draw(stage.plan.root, BLOCK))
    told = glb.rows()
    assert told[0] == {"building_id": "a", "ground_m": 9, "use": "medical", "name": "县医院"}
    assert told[1] == {"building_id": "b", "ground_m": 9, "use": "education", "floors": 4}
    shown = {}
    for _, features, _, color in glb.parts():
        curve = [12.92 * s if s <= 0.0031308 else 1.055 * s ** (1 / 2.4) - 0.055 for s in color[:3]]
        shown[told[features[0]]["use"]] = "#" + "".join(f"{round(255 * s):02x}" for s in curve)
    assert shown == {use: BUILDINGS.style.colors[use] for use in ("medical", "education")}


@pytest.mark.needs("node")
def test_squares_that_are_quartered_show_the_largest_and_all_are_as_khronos_wants_them(tmp_path):
    side = np.arange(1, MOST_FROM_FAR + 501) % 17 + 3
    areas = [shapely.box(at * 30, 0, at * 30 + wide, wide) for at, wide in enumerate(side.tolist())]
    stage = Stage.of(frame_of(*areas, height_m=5.0), GEOID)
    assert stage.plan.root.parts
    glb = Glb.read(stage.draw(stage.plan.root, BLOCK))
    shown = [int(row["building_id"][1:]) for row in glb.rows()]
    assert len(shown) == MOST_FROM_FAR
    assert "height_m" not in glb.rows()[0]
    assert side[shown].min() >= np.sort(side)[500]
    files = []
    for cell in stage.plan.cells.values():
        files.append(tmp_path / f"{'-'.join(map(str, cell.address))}.glb")
        files[-1].write_bytes(stage.draw(cell, BLOCK))
    assert judge(*files) == {str(file): [] for file in files}
