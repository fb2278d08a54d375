"""Buildings stand apart, off the roads, on the ground."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from sample_gis.habits import HABITS


@pytest.fixture(scope="module")
def buildings(county):
    return county.layers["buildings"]


def test_the_small_county_has_some_thousand_buildings(buildings):
    assert 5_000 <= len(buildings) <= 8_000


def test_no_two_buildings_touch(buildings):
    footprints = buildings.geometry.to_numpy()
    assert shapely.is_valid(footprints).all()
    first, second = shapely.STRtree(footprints).query(footprints, predicate="intersects")
    assert (first == second).all()


def test_no_building_stands_on_a_carriageway(county, buildings):
    roads = county.layers["roads"]
    carriageway = shapely.buffer(roads.geometry.to_numpy(), roads["width_m"].to_numpy() / 2, cap_style="flat")
    road, _ = shapely.STRtree(buildings.geometry.to_numpy()).query(carriageway, predicate="intersects")
    assert len(road) == 0


def test_buildings_stand_level_on_the_terrain(county, buildings):
    points = shapely.get_coordinates(buildings.geometry.to_numpy(), include_z=True)
    owner = shapely.get_coordinates(buildings.geometry.to_numpy(), return_index=True)[1]
    assert (points[:, 2] == buildings["ground_m"].to_numpy()[owner]).all()
    # The ground is taken at the middle of the plot; corners lie within the fall of a slope over half a large building.
    fall = np.abs(county.terrain.height_m(points[:, 0], points[:, 1]) - points[:, 2])
    assert fall.max() < 6.0
    assert np.median(fall) < 0.5


def test_heights_go_with_floors(buildings):
    storey_m = buildings["height_m"] / buildings["floors"]
    assert buildings["floors"].min() >= 1
    assert buildings["floors"].max() > 20
    assert storey_m.between(2.8, 8.0).all()


def test_there_are_plans_of_every_shape(buildings):
    footprints = shapely.get_parts(buildings.geometry.to_numpy())
    corners = shapely.get_num_coordinates(footprints) - 1
    assert {4, 6, 8} <= set(corners.tolist())
    assert (shapely.get_num_interior_rings(footprints) == 1).sum() > 50


def test_buildings_have_many_uses(buildings):
    assert {"residential", "commercial", "office", "industrial", "education", "medical"} <= set(buildings["use"])


def test_plots_leave_room_between_buildings():
    for name, habit in HABITS.items():
        # Plots are shifted by up to 0.7 of the slack, so neighbours keep 0.3 of it and twice 0.6 m at least.
        assert all(pitch - size >= 1.2 for pitch, size in zip(habit.pitch_m, habit.size_m, strict=True)), name


def test_schools_stand_in_the_grounds_of_schools(county, buildings):
    places = county.layers["key_places"]
    schools = shapely.union_all(places.geometry[places["category"] == "school"].to_numpy())
    education = buildings.geometry[buildings["use"] == "education"].to_numpy()
    assert len(education) > 100
    assert shapely.covers(schools, education).all()
