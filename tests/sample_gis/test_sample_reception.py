"""Key places have 5G, or not, as designed: checked by plain distances."""

from __future__ import annotations

import numpy as np
import pytest
import shapely


@pytest.fixture(scope="module")
def places(county):
    return county.layers["key_places"].set_index("place_id")


@pytest.fixture(scope="module")
def cells(county):
    return county.layers["cell_sites"]


@pytest.fixture(scope="module")
def serving(cells):
    return cells[(cells["status"] == "in_service") & (cells["technology"] == "5G")]


def test_there_are_places_of_every_category(places, catalog):
    known = {code.value for code in catalog.layers["key_places"].schema["category"].codes}
    assert set(places["category"]) == known
    assert (places.geometry.apply(lambda place: len(place.geoms)) > 1).sum() >= 5
    assert places["name"].is_unique


def test_places_lie_apart_in_the_county(county, places):
    grounds = places.geometry.to_numpy()
    first, second = shapely.STRtree(grounds).query(grounds, predicate="intersects")
    assert (first == second).all()
    assert county.area.covers(shapely.union_all(grounds))


def test_no_serving_cell_reaches_a_dark_place(county, places, serving):
    dark = places.geometry[list(county.truth.dark_places)]
    assert len(dark) > 20
    for place in dark:
        assert (serving.distance(place) > serving["radius_m"] + 50).all()


def test_every_other_place_is_held_by_three_sectors_of_one_site(county, places, serving):
    for key in county.truth.places_in_reach:
        vertices = shapely.points(shapely.get_coordinates(places.geometry[key]))
        farthest = shapely.distance(serving.geometry.to_numpy()[:, None], vertices[None]).max(axis=1)
        holding = serving[farthest < serving["radius_m"]]
        assert holding.groupby(["site_id", "band"]).size().max() == 3, key


def test_sectors_of_a_site_make_a_full_circle(cells):
    for _, sectors in cells.groupby(["site_id", "band"]):
        azimuths = np.sort(sectors["azimuth_deg"].to_numpy())
        assert np.diff(azimuths).tolist() == [120.0, 120.0]
        assert (sectors["beamwidth_deg"] == 120.0).all()


def test_dark_places_are_dark_for_the_stated_reason(county, places, cells):
    for key, reason in county.truth.dark_places.items():
        near = cells[cells.distance(places.geometry[key]) < cells["radius_m"]]
        if reason == "too_far":
            assert near.empty
        elif reason == "only_4g":
            assert set(near["technology"]) == {"4G"}
        else:
            assert set(near["status"]) == {reason}
    assert set(county.truth.dark_places.values()) == {"too_far", "planned", "out_of_service", "only_4g"}


def test_measurements_decide_over_cells(county):
    truth = county.truth
    measured = truth.measured_places
    assert set(measured.values()) == {"key_points_good", "key_points_weak", "grid_good", "grid_weak"}
    expected = {
        key
        for key in (*truth.covered_places, *truth.uncovered_places)
        if (measured[key].endswith("good") if key in measured else key not in truth.dark_places)
    }
    assert set(truth.covered_places) == expected
    assert not expected & set(truth.uncovered_places)
    assert expected & set(truth.dark_places)
    assert set(truth.uncovered_places) & set(truth.places_in_reach)


def test_key_points_lie_in_their_place_and_are_good_or_weak_as_designed(county, places):
    samples = county.layers["signal_samples"]
    points = samples[samples["kind"] == "key_point"]
    designed = {key for key, found in county.truth.measured_places.items() if found.startswith("key_points")}
    assert set(points["place_id"]) == designed
    assert (
        places.geometry[points["place_id"]].reset_index(drop=True).covers(points.geometry.reset_index(drop=True)).all()
    )
    all_good = (points["ss_rsrp_dbm"] >= -105).groupby(points["place_id"]).all()
    assert all_good.to_dict() == {key: county.truth.measured_places[key] == "key_points_good" for key in designed}


def test_grids_cover_their_place_with_enough_good_cells_or_too_few(county, places):
    samples = county.layers["signal_samples"]
    grid = samples[samples["kind"] == "grid"]
    x, y = shapely.get_coordinates(grid.geometry.to_numpy()).T
    assert (x % 25 == 12.5).all()
    assert (y % 25 == 12.5).all()
    cells = shapely.box(x - 12.5, y - 12.5, x + 12.5, y + 12.5)
    good = (grid["ss_rsrp_dbm"] >= -105).to_numpy()
    for key, found in county.truth.measured_places.items():
        if found.startswith("grid"):
            share = shapely.area(shapely.intersection(cells, places.geometry[key])) / places.geometry[key].area
            assert share.sum() > 0.95
            assert (share[~good].sum() > 0.1) == (found == "grid_weak")


def test_no_grid_says_much_about_another_place(county, places):
    samples = county.layers["signal_samples"]
    x, y = shapely.get_coordinates(samples.geometry[samples["kind"] == "grid"].to_numpy()).T
    measured = shapely.union_all(shapely.box(x - 12.5, y - 12.5, x + 12.5, y + 12.5))
    others = places.geometry[
        [key for key in places.index if not county.truth.measured_places.get(key, "").startswith("grid")]
    ]
    assert (others.intersection(measured).area / others.area).max() < 0.45


def test_urban_weather_stations_are_the_two_that_count(county):
    stations = county.layers["weather_stations"]
    urban = county.layers["planning_areas"].set_index("area_id").geometry["urban-2018-2035"]
    inside = stations[stations.within(urban)]
    assert len(inside) == 5
    counted = inside[(inside["kind"] == "automatic") & (inside["status"] == "in_service")]
    assert tuple(counted["station_id"]) == county.truth.urban_stations
    assert county.truth.urban_spacing_km == pytest.approx((urban.area / 2) ** 0.5 / 1000)
    assert county.truth.urban_spacing_km < 5
