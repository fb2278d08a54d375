"""What every store must find in an area, whatever its shape."""

from __future__ import annotations

import pytest
import shapely
from shapely import LineString, Point, Polygon, box

from tests_support import write
from twin.expressions import Operation, Property, both, intersects
from twin.query import Query

E, N = 632_000.0, 3_936_000.0


def negated(part):
    return Operation("not", (part,))


@pytest.mark.parametrize(
    "area",
    [
        box(E + 5, N - 5, E + 4_000, N + 4_000),
        Polygon([(E, N), (E + 9_000, N + 300), (E + 8_700, N + 9_300), (E - 300, N + 9_000)]),
        box(E, N, E + 6_000, N + 6_000).difference(box(E + 500, N + 500, E + 2_500, N + 5_500)),
        box(E, N, E + 6_000, N + 6_000).difference(box(E + 1_000, N + 1_000, E + 7_000, N + 7_000)),
        Point(E + 3_000, N + 3_000).buffer(2_000),
        LineString([(E, N), (E + 7_000, N + 6_000)]),
    ],
)
def test_an_area_of_any_shape_finds_what_shapely_finds(store, layer, rows, area):
    squares = {
        f"{i:02d}{j:02d}": {
            "geometry": shapely.force_3d(box(E + 100 * i, N + 100 * j, E + 100 * i + 60, N + 100 * j + 60))
        }
        for i in range(60)
        for j in range(60)
    }
    write(store, insert=rows(**squares))
    expected = sorted(key for key, values in squares.items() if shapely.intersects(values["geometry"], area))
    for query in (
        Query(where=intersects(area)),
        Query(where=both(intersects(area), negated(Operation("isnull", (Property("plot_id"),))))),
        Query(where=negated(negated(intersects(area)))),
    ):
        assert store.read(layer, query).data.index.tolist() == expected
        assert store.count(layer, query) == len(expected)
