"""Polygons that nobody would draw on purpose: whatever comes in, tiles hold valid areas in the right place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import shapely
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from tests_tiles import SQUARE, areas_of, in_units, raw_layers, require_lawful
from tiles.mvt import encode_layer
from twin.crs import BBox, parse_crs
from twin.frame import Frame

WEB = parse_crs("EPSG:3857")
BOX = BBox(0, 0, 4096, 4096)

MakeFrame = Callable[..., Frame]
Ring = list[tuple[float, float]]

# Vertices on a coarse lattice meet, repeat and lie on each other's edges.
lattice = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=14)
places = st.sampled_from([(0, 0), (2048, 2048), (4160, 4160), (-64, -64), (4096, 0), (4159.6, 2000.3), (-64, 4160.5)])
scales = st.sampled_from([1e-6, 0.11, 0.3, 0.5, 1.0, 7.3, 60.0, 900.0, 3e4, 1e6])


@st.composite
def rings(draw: st.DrawFn) -> Ring:
    """Around 0, about 6 wide: anything on the lattice, slivers, combs, stars with spikes."""
    kind = draw(st.sampled_from(["lattice", "sliver", "comb", "star", "spike"]))
    if kind == "lattice":
        return [(x - 3.0, y - 3.0) for x, y in draw(lattice)]
    if kind == "sliver":
        width, lean = draw(st.sampled_from([1e-9, 1e-3, 0.07, 0.4])), draw(st.floats(-3, 3))
        return [(-3, -lean), (3, lean), (3, lean + width), (-3, -lean + width)]
    if kind == "comb":
        teeth = draw(st.integers(2, 9))
        return [(-3, -3), *((6 * n / teeth - 3, 3.0 - 6 * (n % 2)) for n in range(teeth)), (3, -3.1)]
    count = draw(st.integers(3, 12))
    radius = draw(st.lists(st.floats(0.01, 3), min_size=count, max_size=count))
    turn = [2 * np.pi * n / count for n in range(count)]
    ring = [(r * float(np.cos(a)), r * float(np.sin(a))) for r, a in zip(radius, turn, strict=True)]
    if kind == "spike":
        at, reach = draw(st.integers(0, count - 1)), draw(st.floats(0.5, 9))
        x, y = ring[at]
        ring[at:at] = [(x, y), (x * reach, y * reach)]
    return ring


@st.composite
def polygons(draw: st.DrawFn) -> shapely.Polygon:
    """A ring with holes: smaller copies of itself, copies that share or nearly share edges with it, any others."""
    shell = draw(rings())
    holes = []
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["copy", "touching", "other"]))
        ring = np.array(draw(rings()) if kind == "other" else shell)
        shift = draw(st.tuples(st.floats(-2, 2), st.floats(-2, 2)))
        if kind == "touching":  # holds one of its vertices in place
            pivot = ring[draw(st.integers(0, len(ring) - 1))]
            ring = pivot + (ring - pivot) * draw(st.sampled_from([0.3, 0.9, 0.999]))
        else:
            ring = ring * draw(st.sampled_from([0.1, 0.5, 0.97, 1.0])) + np.array(shift) * (kind == "other")
        holes.append(ring.tolist())
    if draw(st.booleans()):  # many vertices, of which a generalised tile needs few
        shell, holes = with_more_vertices(shell), [with_more_vertices(hole) for hole in holes]
    return shapely.Polygon(shell, holes)


def with_more_vertices(ring: Ring) -> Ring:
    """The same ring with nine more vertices on every edge."""
    corners = np.array(ring)
    share = np.arange(0, 1, 0.1)[:, None, None]
    between = corners + share * (np.roll(corners, -1, axis=0) - corners)
    return [(x, y) for x, y in between.swapaxes(0, 1).reshape(-1, 2).tolist()]


@st.composite
def areas(draw: st.DrawFn) -> shapely.MultiPolygon:
    """Up to three such polygons, among them an island in the lake of another, somewhere on or off the tile."""
    parts = draw(st.lists(polygons(), min_size=1, max_size=3))
    if draw(st.booleans()):
        parts += [shapely.transform(part, lambda xy: xy * 0.2) for part in parts]
    turn, scale, place = draw(st.just(0.0) | st.floats(0, 6.3)), draw(scales), np.array(draw(places))
    turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    shift = np.array(draw(st.sampled_from([(0, 0), (0.5, 0.5), (0.25, -2.9)])))
    return shapely.transform(shapely.MultiPolygon(parts), lambda xy: (xy + shift) @ turned * scale + place)


def draw_one(geometry: shapely.Geometry, make_frame: MakeFrame, *, generalise: bool) -> shapely.Geometry | None:
    """The geometry as it stands in the tile, checked; None where it does not."""
    layer = encode_layer(make_frame([geometry]), BOX, WEB, generalise=generalise)
    assert layer.features_out + sum(layer.left_out.values()) == layer.features_in
    features = raw_layers(layer.data).get("things", [])
    assert len(features) == layer.features_out <= 1
    return require_lawful(features[0]) if features else None


@given(area=areas(), generalise=st.booleans())
def test_any_rings_make_valid_areas(area: shapely.Geometry, generalise: bool, make_frame: MakeFrame) -> None:
    draw_one(area, make_frame, generalise=generalise)


@given(area=areas())
def test_areas_stay_within_a_unit_of_what_they_were(area: shapely.Geometry, make_frame: MakeFrame) -> None:
    area, wanted = valid_and_clipped(area)
    drawn = draw_one(area, make_frame, generalise=False)
    assert drawn is not None or wanted.area < 1e-6
    if drawn is None:
        return
    # A vertex moves by half a unit on either axis, and where edges have to be cut to keep the area valid, twice; what
    # comes to nothing is a unit wide. All of the area counts, as what is cut loses its finest slivers.
    assert reach_beyond(drawn, in_units(area), 1.42) < 1e-6
    if drawn.area > 1:
        assert wanted.buffer(-1.42).difference(drawn).area < 1e-6


@given(area=areas())
def test_generalised_areas_stay_within_a_pixel(area: shapely.Geometry, make_frame: MakeFrame) -> None:
    area, wanted = valid_and_clipped(area)
    drawn = draw_one(area, make_frame, generalise=True)
    west, north, east, south = in_units(area).bounds or (0, 0, 0, 0)
    if max(east - west, south - north) < 8:  # is the pixel of its middle
        assert drawn is None or shapely.distance(drawn, shapely.Point((west + east) / 2, (north + south) / 2)) < 1e-6
        return
    drawn = shapely.MultiPolygon() if drawn is None else drawn
    assert reach_beyond(drawn, in_units(area), 4 + 1.5) < 1e-6
    assert wanted.buffer(-4 - 1.5).difference(drawn).area < 1e-6


def reach_beyond(one: shapely.Geometry, other: shapely.Geometry, distance: float) -> float:
    """How much farther than some distance from another area an area reaches.

    Buffers of areas with slivers lack parts now and then, so what lies outside of them is measured.
    """
    outside = shapely.get_coordinates(one.difference(other.buffer(distance)))
    return float(np.max(shapely.distance(shapely.points(outside), other), initial=0.0)) - distance


def valid_and_clipped(area: shapely.Geometry) -> tuple[shapely.Geometry, shapely.Geometry]:
    """A valid area in metres, and what of it lies in the tile, in units."""
    try:
        with np.errstate(all="ignore"):  # GEOS divides by lengths that are next to nothing
            valid = areas_of(shapely.make_valid(in_units(area), method="structure"))
            wanted = areas_of(valid.intersection(SQUARE))
    except shapely.errors.GEOSException:  # edges that all but meet are too much for it now and then
        reject()
    assume(wanted.area <= valid.envelope.area + 1e-6)
    return in_units(valid), wanted
