from __future__ import annotations

import geopandas
import numpy as np
import shapely

from layers.admin_areas import ADMIN_AREAS
from twin.breakdown import locate_points, select_townships
from twin.frame import Frame


def areas(*rows):
    """Squares of 10 km side by side, as (key, level)."""
    data = geopandas.GeoDataFrame(
        {"area_id": [key for key, _ in rows], "name": "x", "level": [level for _, level in rows]},
        geometry=[shapely.box(10e3 * n, 0, 10e3 * (n + 1), 10e3) for n in range(len(rows))],
        crs="EPSG:4549",
    ).set_index("area_id")
    return Frame(layer=ADMIN_AREAS, data=data, fid=np.arange(len(rows)), revision=1)


def test_townships_are_the_areas_of_that_level():
    frame = areas(("1", "county"), ("2", "township"), ("3", "community"), ("4", "township"))
    assert list(select_townships(frame).data.index) == ["2", "4"]


def test_a_point_on_a_common_border_belongs_to_the_first_area_only():
    points = shapely.points([[5e3, 5e3], [10e3, 5e3], [15e3, 5e3], [10e3, 99e3]])
    assert locate_points(points, areas(("1", "township"), ("2", "township"))).tolist() == [0, 0, 1, -1]


def test_without_areas_every_point_is_outside():
    assert locate_points(shapely.points([[0, 0]]), areas()).tolist() == [-1]
