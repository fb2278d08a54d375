"""Where each vertex of a placed model stands, and that nothing is lost when it is kept."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from bim import placed as placed_module
from bim.georeference.georeference import Georeference
from bim.model import Shapes
from bim.packing import pack_placed, unpack_placed
from bim.placed import Placed, place_model
from bim.placing import place_points
from twin.crs import CRS84, from_geodetic, parse_crs, to_geodetic
from twin.errors import TwinError
from twin.plane import lift_from_plane

GK117 = parse_crs("EPSG:4548")
BOX = np.array([(x, y, z) for x in (0.0, 1.0) for y in (0.0, 1.0) for z in (0.0, 1.0)])
SIDES = np.array([(0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1), (2, 3, 7), (2, 7, 6)])
SIDES = np.concatenate([SIDES, [(1, 5, 7), (1, 7, 3), (0, 2, 6), (0, 6, 4)]])


def stretched(size, at, *, mirrored=False):
    transform = np.eye(4)
    transform[:3, 3] = at
    if mirrored:
        transform[0, 0] = -1.0
    return np.array(size), transform


def shapes_of(boxes):
    """A mesh for each size, and a second instance of the first one 300 m on."""
    sizes, transforms = zip(*boxes, strict=True)
    further = transforms[0].copy()
    further[0, 3] += 300.0
    count = len(sizes)
    return Shapes(
        vertices=np.concatenate([BOX * size + 1000.0 for size in sizes]),  # far from the mesh's own zero
        triangles=np.tile(SIDES, (count, 1)).astype(np.int32),
        surfaces=np.zeros(12 * count, dtype=np.int32),
        vertex_offsets=np.arange(count + 1) * 8,
        triangle_offsets=np.arange(count + 1) * 12,
        looks=np.array([(0.5, 0.5, 0.5, 1.0)]),
        look_names=("wall",),
        elements=np.array([0, *range(count)], dtype=np.int32),
        meshes=np.array([0, *range(count)], dtype=np.int32),
        transforms=np.array([transforms[0], further, *transforms[1:]]),
    )


LONG = shapes_of([stretched((2.0, 0.3, 3.0), (0, 0, 0)), stretched((500.0, 40.0, 15.0), (0, 0, 0))])
PLACES = {
    "grid": Georeference(level=50, crs=GK117, x=632885.385, y=3936656.695, height_m=120.5, axis_deg=30.0),
    "true": Georeference(level=20, crs=CRS84, x=118.4655, y=35.5505, height_m=120.0, metres="true", axis_deg=10.0),
}


def volume_of(points, triangles):
    a, b, c = (points[triangles[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


@pytest.mark.parametrize("kind", PLACES)
def test_every_vertex_of_a_model_500_m_long_is_placed_to_a_tenth_of_a_millimetre(kind):
    placed = place_model(SimpleNamespace(shapes=LONG), PLACES[kind], GK117, ("A", "B"))

    for instance in range(3):
        exact = place_points(LONG.place(instance)[0], PLACES[kind], GK117)
        found = placed.locate(placed.shapes.place(instance)[0], GK117)
        assert np.abs(found - exact).max() < 1e-4
    # The grid draws 500 m of the ground as 500.1 m; as one solid the far end would be off by more than a centimetre.
    assert len(placed.shapes.vertices) == 16
    assert np.abs(placed.shapes.vertices).max() < 252


SWISS = parse_crs("EPSG:2056")
WIDE = shapes_of([stretched((2.0, 0.3, 3.0), (0, 0, 0)), stretched((9000.0, 4000.0, 15.0), (0, 0, 0))])


@pytest.mark.parametrize(
    ("by", "within_m"),
    [
        # Between datums only longitude and latitude are changed; there and back that is off by a millimetre.
        (Georeference(level=50, crs=SWISS, x=2_682_000.0, y=1_247_000.0, height_m=410.0), 2e-3),
        (Georeference(level=50, crs=GK117, x=632885.385, y=3936656.695, height_m=120.5), 1e-4),
    ],
    ids=["Bessel 1841", "CGCS2000"],
)
def test_a_model_of_9_km_comes_back_to_where_it_was_placed_on_any_ellipsoid(by, within_m):
    placed = place_model(SimpleNamespace(shapes=WIDE), by, by.crs, ("A", "B"))

    for instance in range(3):
        exact = place_points(WIDE.place(instance)[0], by, by.crs)
        found = placed.locate(placed.shapes.place(instance)[0], by.crs)
        assert np.abs(found - exact).max() < within_m


def test_on_cgcs2000_its_own_ellipsoid_says_the_same_to_a_millimetre():
    placed = place_model(SimpleNamespace(shapes=WIDE), PLACES["grid"], GK117, ("A", "B"))
    offsets = placed.shapes.place(2)[0]
    lon, lat = to_geodetic(*placed.origin[:2], GK117)

    lons, lats, heights = lift_from_plane(offsets, lon=float(lon), lat=float(lat), height_m=placed.origin[2], crs=GK117)

    own = np.column_stack((*from_geodetic(lons, lats, GK117), heights))
    assert np.abs(placed.locate(offsets, GK117) - own).max() < 1e-3


def test_small_meshes_keep_their_instances_and_large_ones_get_a_mesh_of_their_own():
    placed = place_model(SimpleNamespace(shapes=LONG), PLACES["grid"], GK117, ("A", "B"))

    assert placed.shapes.meshes[0] == placed.shapes.meshes[1] != placed.shapes.meshes[2]
    assert placed.shapes.elements.tolist() == [0, 0, 1]
    # How far the earth falls away from the plane between 1,000 m from the anchor, both ways, and 1,500 and 1,040 m.
    bend_m = (1500.0**2 + 1040.0**2 - 2 * 1000.0**2) / (2 * 6_371_000)
    assert np.ptp(placed.bounds_m[2, :, 2]) == pytest.approx(15.0 + bend_m, abs=1e-3)


def test_a_mirrored_solid_keeps_its_outside_outside():
    mirrored = shapes_of(
        [stretched((2.0, 1.0, 3.0), (0, 0, 0)), stretched((100.0, 2.0, 3.0), (9, 9, 0), mirrored=True)]
    )

    placed = place_model(SimpleNamespace(shapes=mirrored), PLACES["grid"], GK117, ("A", "B"))

    assert volume_of(*placed.shapes.place(0)) == pytest.approx(6.0, rel=1e-3)
    assert volume_of(*placed.shapes.place(2)) == pytest.approx(600.0, rel=1e-3)


def test_a_small_mirrored_solid_does_too():
    mirrored = shapes_of([stretched((2.0, 1.0, 3.0), (0, 0, 0), mirrored=True), stretched((1.0, 1.0, 1.0), (9, 9, 0))])

    placed = place_model(SimpleNamespace(shapes=mirrored), PLACES["true"], GK117, ("A", "B"))

    assert [volume_of(*placed.shapes.place(n)) for n in range(3)] == pytest.approx([6.0, 6.0, 1.0], rel=1e-6)


def test_a_model_without_shapes_stands_where_its_anchor_is():
    nothing = dataclasses.replace(
        LONG,
        vertices=np.zeros((0, 3)),
        vertex_offsets=np.zeros(1, dtype=np.int64),
        triangle_offsets=np.zeros(1, dtype=np.int64),
        triangles=np.zeros((0, 3), dtype=np.int32),
        surfaces=np.zeros(0, dtype=np.int32),
        elements=np.zeros(0, dtype=np.int32),
        meshes=np.zeros(0, dtype=np.int32),
        transforms=np.zeros((0, 4, 4)),
    )

    placed = place_model(SimpleNamespace(shapes=nothing), PLACES["grid"], GK117, ("A", "B"))

    assert placed.origin == pytest.approx((632885.385, 3936656.695, 120.5), abs=1e-6)


def test_what_is_packed_is_what_was_placed_to_a_hundredth_of_a_millimetre():
    placed = place_model(SimpleNamespace(shapes=LONG), PLACES["grid"], GK117, ("学校.A", "B"))

    kept = pack_placed(placed)
    back = unpack_placed(kept)

    assert pack_placed(placed) == kept
    assert (back.origin, back.element_ids, back.shapes.look_names) == (placed.origin, ("学校.A", "B"), ("wall",))
    for instance in range(3):
        (points, triangles), (kept_points, kept_triangles) = (s.place(instance) for s in (placed.shapes, back.shapes))
        assert np.abs(points - kept_points).max() < 2e-5
        assert np.array_equal(triangles, kept_triangles)


def test_shapes_that_come_in_another_order_are_the_same():
    """A file that several processes read gives its meshes and instances in any order."""
    turned = dataclasses.replace(
        LONG,
        vertices=np.concatenate([LONG.vertices[8:], LONG.vertices[:8]]),
        elements=LONG.elements[::-1],
        meshes=1 - LONG.meshes[::-1],
        transforms=LONG.transforms[::-1],
    )

    one, other = (
        pack_placed(place_model(SimpleNamespace(shapes=shapes), PLACES["grid"], GK117, ("A", "B")))
        for shapes in (LONG, turned)
    )

    assert one == other


@pytest.mark.parametrize("data", [b"", b"no frame", b"(\xb5/\xfd garbage"])
def test_what_is_no_model_is_refused(data):
    with pytest.raises(TwinError, match="import it again"):
        unpack_placed(data)


@pytest.mark.parametrize("most", [1, 20, 500_000])
def test_the_bounds_of_instances_are_those_of_their_vertices_however_many_are_moved_at_a_time(most, monkeypatch):
    monkeypatch.setattr(placed_module, "_MOST_AT_ONCE", most)
    random = np.random.default_rng(7)
    counts = np.array([3, 0, 11, 1, 8])  # the second mesh has no vertices
    meshes = random.integers(0, 5, 40).astype(np.int32)
    shapes = Shapes(
        vertices=random.normal(size=(counts.sum(), 3)),
        triangles=np.zeros((0, 3), dtype=np.int32),
        surfaces=np.zeros(0, dtype=np.int32),
        vertex_offsets=np.concatenate([[0], np.cumsum(counts)]),
        triangle_offsets=np.zeros(6, dtype=np.int64),
        looks=np.zeros((0, 4)),
        look_names=(),
        elements=np.arange(40, dtype=np.int32),
        meshes=meshes,
        transforms=random.normal(size=(40, 4, 4)),
    )
    bounds = Placed(origin=(0.0, 0.0, 0.0), shapes=shapes, element_ids=()).bounds_m
    assert {1, 2} <= set(meshes.tolist())
    for instance, mesh in enumerate(meshes.tolist()):
        points, _ = shapes.place(instance)
        expected = [points.min(axis=0), points.max(axis=0)] if counts[mesh] else np.zeros((2, 3))
        assert bounds[instance] == pytest.approx(np.array(expected), abs=1e-12)
