"""What boxes and sides tell of the features in an area, against GEOS; pieces of a memory, against Python's own."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from tiles.kernels.gather import gather_pieces
from tiles.kernels.index import follow_sides, leaf_bounds, sides_of_ring, sift_rows


def turned(x, y):
    """Another CRS: a quarter larger, turned by two degrees, with sides that bend."""
    turn = np.radians(2)
    along, across = 1.25 * x + 0.01 * y * y, 1.25 * y + 0.02 * x * x
    return along * np.cos(turn) - across * np.sin(turn), along * np.sin(turn) + across * np.cos(turn)


@pytest.mark.parametrize("step", [0.3, 1.0, 2.0, np.inf])
def test_places_on_the_sides_of_a_box_are_those_of_geos(step):
    x, y = follow_sides((1.0, 2.0, 4.5, 3.0), step)
    box = shapely.LinearRing([(1, 2), (4.5, 2), (4.5, 3), (1, 3)])
    wanted = box if step == np.inf else shapely.segmentize(box, step)
    np.testing.assert_allclose(np.column_stack([x, y]), shapely.get_coordinates(wanted), rtol=0, atol=1e-15)


@pytest.mark.parametrize("seed", range(20))
def test_who_meets_an_area_for_certain_does_and_who_is_left_out_does_not(seed):
    chance = np.random.default_rng(seed)
    places = chance.uniform(-1, 6, (500, 2))
    around = shapely.polygons(
        places[:, None, :] + chance.normal(0, chance.choice([0.05, 0.5], (500, 1, 1)), (500, 6, 2))
    )
    geometries = np.where(
        chance.random(500) < 0.5, shapely.convex_hull(around), shapely.linestrings(places.reshape(250, 2, 2)).repeat(2)
    )
    x, y = follow_sides((1.0, 1.5, *(np.array([1.0, 1.5]) + chance.uniform(1, 3, 2)).tolist()), 0.25)
    moved = turned(x, y)
    area = shapely.Polygon(np.column_stack(moved))
    outer, sides = sides_of_ring(x, y, *moved)
    assert outer == area.bounds
    tried = chance.uniform(-1, 6, (5000, 2))
    away = tried @ sides[:, :2].T
    covered = shapely.covers(area, shapely.points(tried))
    assert covered[(away <= sides[:, 2]).all(axis=1)].all()
    assert not covered[(away > sides[:, 3]).any(axis=1)].any()
    assert (away <= sides[:, 2]).all(axis=1).sum() / covered.sum() > 0.5

    bounds, rows = shapely.bounds(geometries), chance.permutation(500)
    certain, others = sift_rows(bounds[rows], leaf_bounds(bounds[rows]), rows, outer, sides)
    met = set(np.flatnonzero(shapely.intersects(area, geometries)).tolist())
    assert set(certain.tolist()) <= met <= {*certain.tolist(), *others.tolist()}
    assert len({*certain.tolist(), *others.tolist()}) == len(certain) + len(others)
    assert len(certain) > 0

    told, asked = sift_rows(bounds[rows], leaf_bounds(bounds[rows]), rows, outer, np.empty((0, 4)))
    assert len(told) == 0
    assert set(certain.tolist()) | set(others.tolist()) <= set(asked.tolist())


def test_pieces_are_put_together_with_a_byte_between():
    pool, later = b"onetwothree", b"fourfive"
    begin, end = np.array([0, 3, 6, 11, 15, 6]), np.array([3, 6, 11, 15, 19, 6])
    words = [b"one", b"two", b"three", b"four", b"five", b""]
    for rows in ([0, 1, 2], [4], [], [3, 0, 4, 2]):
        gathered = gather_pieces(pool, later, begin, end, np.array(rows, dtype=np.int64), ord(","))
        assert gathered.tobytes() == b",".join(words[row] for row in rows)
