from __future__ import annotations

import geopandas
import numpy as np
import shapely

from layers.admin_areas import ADMIN_AREAS
from layers.planning_areas import PLANNING_AREAS
from twin.frame import Frame
from twin.rows import Rows
from twin.scope import find_county, find_scope


def planning(*rows):
    """Rows of (key, kind, version, status, west, east), 1 km high, units km."""
    names = ("area_id", "kind", "version", "status")
    data = geopandas.GeoDataFrame(
        {name: [row[n] for row in rows] for n, name in enumerate(names)},
        geometry=[shapely.box(row[4], 0, row[5], 1) for row in rows],
        crs="EPSG:4549",
    ).set_index("area_id")
    return Frame(layer=PLANNING_AREAS, rows=Rows(data=data, fid=np.arange(len(rows))), revision=1)


AREAS = planning(
    ("a", "planning", "2018-2035", "in_force", 0, 2),
    ("b", "planning", None, "in_force", 1, 3),
    ("c", "planning", "2005-2020", "superseded", 0, 9),
    ("d", "urban", "2018-2035", "in_force", 0, 1),
    ("e", "planning", "2035-2050", "draft", 0, 20),
)


def test_the_areas_in_force_are_one_and_overlaps_count_once():
    scope = find_scope(AREAS, "planning")
    assert (scope.geometry.area, scope.ids, scope.versions) == (3, ("a", "b"), ("2018-2035",))
    assert find_scope(AREAS, "urban").ids == ("d",)


def test_a_version_is_taken_whatever_its_status():
    assert find_scope(AREAS, "planning", version="2035-2050").geometry.area == 20
    assert find_scope(AREAS, "planning", version="2018-2035").ids == ("a",)


def test_versions_in_force_together_are_told():
    both = planning(("a", "urban", "2005-2020", "in_force", 0, 2), ("b", "urban", "2018-2035", "in_force", 0, 3))
    assert list(find_scope(both, "urban").tell()) == [
        "Versions 2005-2020, 2018-2035 are in force together and were taken as one area."
    ]
    assert list(find_scope(both, "urban", version="2005-2020").tell()) == []
    assert list(find_scope(AREAS, "planning").tell()) == []


def test_without_an_area_there_is_no_scope():
    assert find_scope(AREAS, "urban", version="2005-2020") is None
    assert find_scope(planning(), "urban") is None


def test_the_county_is_the_union_of_its_counties():
    data = geopandas.GeoDataFrame(
        {"area_id": ["1", "2", "3"], "level": ["county", "county", "township"]},
        geometry=[shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1), shapely.box(0, 0, 9, 9)],
        crs="EPSG:4549",
    ).set_index("area_id")
    frame = Frame(layer=ADMIN_AREAS, rows=Rows(data=data, fid=np.arange(3)), revision=1)
    assert (find_county(frame).geometry.area, find_county(frame).ids) == (3, ("1", "2"))
    assert find_county(frame.take(np.array([2]))) is None
