from __future__ import annotations

from dataclasses import replace

import geopandas
import numpy as np
import shapely

from layers.admin_areas import ADMIN_AREAS
from twin.breakdown import cut_by_township, locate_points, make_parts, select_townships
from twin.frame import Frame
from twin.rows import Rows


def areas(*rows):
    """Squares of 10 km side by side, as (key, level)."""
    data = geopandas.GeoDataFrame(
        {"area_id": [key for key, _ in rows], "name": "x", "level": [level for _, level in rows]},
        geometry=[shapely.box(10e3 * n, 0, 10e3 * (n + 1), 10e3) for n in range(len(rows))],
        crs="EPSG:4549",
    ).set_index("area_id")
    return Frame(layer=ADMIN_AREAS, rows=Rows(data=data, fid=np.arange(len(rows))), revision=1)


def test_townships_are_the_areas_of_that_level():
    frame = areas(("1", "county"), ("2", "township"), ("3", "community"), ("4", "township"))
    assert list(select_townships(frame).data.index) == ["2", "4"]


def test_a_point_on_a_common_border_belongs_to_the_first_area_only():
    points = shapely.points([[5e3, 5e3], [10e3, 5e3], [15e3, 5e3], [10e3, 99e3]])
    assert locate_points(points, areas(("1", "township"), ("2", "township"))).tolist() == [0, 0, 1, -1]


def test_without_areas_every_point_is_outside():
    assert locate_points(shapely.points([[0, 0]]), areas()).tolist() == [-1]


def test_an_area_is_shared_out_among_the_townships_under_it():
    frame = areas(("1", "township"), ("2", "township"), ("3", "township"), ("4", "county"))
    townships, parts = cut_by_township(shapely.box(5e3, 1e3, 20e3, 3e3), frame)
    assert list(townships.data.index) == ["1", "2"]  # the third only touches
    assert shapely.area(parts).tolist() == [10e6, 20e6]


def test_ground_of_two_townships_belongs_to_the_first():
    frame = areas(("1", "township"), ("2", "township"), ("3", "township"))
    outlines = [shapely.box(0, 0, 10e3, 10e3), shapely.box(8e3, 0, 20e3, 10e3), shapely.box(1e3, 1e3, 2e3, 2e3)]
    frame = replace(frame, rows=replace(frame.rows, data=frame.data.set_geometry(outlines, crs=frame.crs)))
    townships, parts = cut_by_township(shapely.box(0, 0, 20e3, 10e3), frame)
    assert list(townships.data.index) == ["1", "2"]
    assert shapely.area(parts).tolist() == [100e6, 100e6]


def test_a_row_of_the_breakdown_without_a_denominator_has_no_value():
    frame = areas(("1", "township"), ("2", "township"))
    assert [(part.area_id, part.value, part.denominator) for part in make_parts(frame, [1, 0], [4, 0])] == [
        ("1", 0.25, 4.0),
        ("2", None, 0.0),
    ]
    assert make_parts(frame, [9, 0], [4, 0], value=lambda part, whole: part - whole)[0].value == 5.0
