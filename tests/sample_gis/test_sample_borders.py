"""The county's borders: real place, right size, one coverage, nested."""

from __future__ import annotations

import geopandas as gpd
import pyproj
import shapely


def test_the_county_has_the_area_of_yinan_on_the_ellipsoid(county):
    outline = gpd.GeoSeries([county.area], crs=county.crs).to_crs(4490).iloc[0]
    area_m2, _ = pyproj.Geod(ellps="GRS80").geometry_area_perimeter(outline)
    assert abs(abs(area_m2) / 1_720e6 - 1) < 0.01


def test_the_county_lies_at_the_place_of_yinan(county):
    west, south, east, north = gpd.GeoSeries([county.area], crs=county.crs).to_crs(4490).total_bounds
    assert 118.13 <= west < 118.18
    assert 35.31 <= south < 35.36
    assert 118.69 < east <= 118.74
    assert 35.72 < north <= 35.77


def test_the_storage_crs_is_a_transverse_mercator_of_its_own(county):
    assert county.crs.to_epsg() is None
    assert county.crs.ellipsoid.inverse_flattening == 298.257222101
    parameters = {p.name: p.value for p in county.crs.coordinate_operation.params}
    assert parameters["Longitude of natural origin"] == 118.5
    assert parameters["Scale factor at natural origin"] == 1


def test_every_level_is_a_valid_coverage(county):
    areas = county.layers["admin_areas"]
    for level in ("township", "community", "grid"):
        polygons = areas.geometry[areas["level"] == level].to_numpy()
        assert len(polygons) >= 18
        assert shapely.is_valid(polygons).all()
        assert shapely.coverage_is_valid(polygons)


def test_children_fill_their_parents_exactly(county):
    areas = county.layers["admin_areas"].set_index("area_id")
    children = areas[areas["parent_id"].notna()].groupby("parent_id")
    assert len(children) > 20  # the county, its 18 townships, the urban communities
    for parent_id, group in children:
        assert areas.geometry[parent_id].equals(shapely.coverage_union_all(group.geometry.to_numpy())), parent_id


def test_borders_share_their_vertices_to_the_bit(county):
    areas = county.layers["admin_areas"]
    vertices = {
        level: set(map(tuple, shapely.get_coordinates(areas.geometry[areas["level"] == level].to_numpy())))
        for level in ("county", "township", "community")
    }
    assert vertices["county"] < vertices["township"] < vertices["community"]


def test_codes_grow_from_their_parents_code(county):
    areas = county.layers["admin_areas"]
    lengths = areas["area_id"].str.len().groupby(areas["level"]).unique()
    assert {level: found.tolist() for level, found in lengths.items()} == {
        "county": [6],
        "township": [9],
        "community": [12],
        "grid": [14],
    }
    child = areas[areas["parent_id"].notna()]
    assert all(key.startswith(parent) for key, parent in zip(child["area_id"], child["parent_id"], strict=True))


def test_persons_of_the_townships_are_those_of_their_communities(county):
    areas = county.layers["admin_areas"]
    persons = areas.groupby("level")["population"].sum()
    assert persons["county"] == persons["township"] == persons["community"]


def test_the_plan_has_an_urban_area_in_its_planning_area_and_an_older_version(county):
    plans = county.layers["planning_areas"].set_index("area_id")
    planning, urban, former = (
        plans.geometry[key] for key in ("planning-2018-2035", "urban-2018-2035", "urban-2010-2020")
    )
    assert planning.covers(urban)
    assert 60e6 < planning.area < 100e6
    assert 25e6 < urban.area < 35e6
    assert former.area < urban.area
    assert plans["status"].to_dict() == {
        "urban-2010-2020": "superseded",
        "planning-2018-2035": "in_force",
        "urban-2018-2035": "in_force",
    }


def test_the_seat_is_in_the_urban_area(county):
    seat = gpd.GeoSeries([shapely.Point(118.4655, 35.5505)], crs=4490).to_crs(county.crs).iloc[0]
    plans = county.layers["planning_areas"].set_index("area_id")
    assert plans.geometry["urban-2018-2035"].covers(seat)


def test_every_name_says_that_it_is_an_example(county):
    for layer in ("admin_areas", "planning_areas", "key_places", "weather_stations", "cell_sites"):
        names = county.layers[layer]["name"]
        assert names.str.contains("示例").all(), layer


def test_coordinates_are_whole_millimetres(county):
    for layer, rows in county.layers.items():
        points = shapely.get_coordinates(rows.geometry.to_numpy(), include_z=bool(rows.geometry.has_z.any()))
        assert (points[:, :2].round(3) == points[:, :2]).all(), layer
        # Axes lie half a diameter and a wall off a height that is whole millimetres.
        assert (points[:, 2:].round(6) == points[:, 2:]).all(), layer
