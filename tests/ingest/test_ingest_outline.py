"""The county's outline, given at `twin init --area`, finds deliveries that came in the wrong zone."""

from __future__ import annotations

import pytest
import shapely

from twin.crs import parse_crs
from twin.ingest import ingest_files
from twin.ingest.outline import NEAR_M
from twin.stores import create_store

#: In EPSG:4548: 20 km square, and the place of `tests/ingest/conftest.py` in its middle.
COUNTY = shapely.box(622_885, 3_926_656, 642_885, 3_946_656)


@pytest.fixture
def store(tmp_path):
    with create_store(tmp_path / "county.gpkg", crs=parse_crs("EPSG:4548"), area=COUNTY) as opened:
        yield opened


def test_a_delivery_in_the_county_is_told_nothing(take, parcels, deliver):
    assert not any("outline" in notice for notice in take(parcels, deliver("a.gpkg", {"parcel_id": ["1"]})).notices)


def test_rows_far_off_are_counted_and_the_first_is_named_with_its_distance(take, parcels, deliver, square):
    # The outline ends at 642 885 m east: this one starts 100 km further on.
    far = [
        square(),
        shapely.box(742_885, 3_936_656, 742_895, 3_936_666),
        shapely.box(752_885, 3_936_656, 752_895, 3_936_666),
    ]
    report = take(parcels, deliver("a.gpkg", {"parcel_id": ["1", "2", "3"]}, geometry=far))
    assert report.notices[-1] == ("2 of 3 rows lie outside the county's outline (first: 2, 100 km away); check --crs")
    assert report.inserted == 3


@pytest.mark.parametrize(("beyond_m", "told"), [(NEAR_M - 20, False), (NEAR_M + 20, True)])
def test_neighbours_of_the_county_are_not_worth_a_word(take, parcels, deliver, square, beyond_m, told):
    beside = shapely.box(642_885 + beyond_m, 3_936_656, 642_895 + beyond_m, 3_936_666)
    report = take(parcels, deliver("a.gpkg", {"parcel_id": ["1", "2"]}, geometry=[square(), beside]))
    assert any("outline" in notice for notice in report.notices) is told


def test_a_file_read_in_the_wrong_zone_is_refused_and_the_file_named(faults_of, parcels, deliver):
    right = deliver("right.gpkg", {"parcel_id": ["1"]})
    wrong = deliver("wrong.gpkg", {"parcel_id": ["2"]})
    (fault,) = faults_of(parcels, wrong, crs="EPSG:4549")  # the next zone: three degrees further east
    assert "all 1 rows lie outside the county's outline (first: 2, 26" in fault.what
    assert fault.what.endswith("km away); check --crs")
    moved = deliver("moved.gpkg", {"parcel_id": ["3"]}, geometry=[shapely.box(742_885, 3_936_656, 742_895, 3_936_666)])
    (fault,) = faults_of(parcels, right, moved)
    assert (fault.file, fault.row) == ("moved.gpkg", None)


def test_the_outline_counts_in_degrees_too(tmp_path, parcels, deliver):
    county = shapely.box(118.3, 35.4, 118.6, 35.7)
    with create_store(tmp_path / "degrees.gpkg", crs=parse_crs("EPSG:4490"), area=county) as opened:
        boxes = [
            shapely.box(*at, at[0] + 0.001, at[1] + 0.001) for at in ((118.4, 35.5), (118.68, 35.5), (119.6, 35.5))
        ]
        path = deliver("a.gpkg", {"parcel_id": ["in", "beside", "far"]}, geometry=boxes, crs="EPSG:4490")
        report = ingest_files(opened, parcels, [path], author="tester")
    # One degree of longitude at 35.5° north is 90.6 km.
    assert report.notices[-1] == ("1 of 3 rows lie outside the county's outline (first: far, 91 km away); check --crs")
