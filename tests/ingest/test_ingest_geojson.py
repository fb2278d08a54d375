"""GeoJSON as it comes: crs members, properties of mixed kinds, nested ones."""

from __future__ import annotations

import json

import pytest
import shapely

from twin.errors import CrsError, SourceError


@pytest.fixture
def collection(write_text, square):
    """Write a collection of squares: ``collection({"parcel_id": "1"}, crs=…)``."""

    def write(*properties, **members):
        features = [
            {"type": "Feature", "properties": values, "geometry": shapely.geometry.mapping(square(number))}
            for number, values in enumerate(properties)
        ]
        return write_text("a.geojson", json.dumps({"type": "FeatureCollection", **members, "features": features}))

    return write


def named(name):
    return {"type": "name", "properties": {"name": name}}


@pytest.mark.parametrize(
    "crs",
    [
        named("urn:ogc:def:crs:EPSG::4548"),
        named("EPSG:4548"),
        {"properties": {"name": "urn:ogc:def:crs:EPSG::4548"}, "type": "name"},
        {"type": "EPSG", "properties": {"code": 4548}},
    ],
)
def test_an_old_crs_member_counts_with_x_east(take, parcels, collection, rows_of, square, crs):
    report = take(parcels, collection({"parcel_id": "1"}, crs=crs))
    assert str(report.files[0].crs) == "EPSG:4548 (crs member of the file)"
    assert rows_of(parcels).geometry["1"].equals(square())


@pytest.mark.parametrize(
    ("crs", "says"),
    [
        (named("urn:ogc:def:crs:EPSG::999999"), "names urn:ogc:def:crs:EPSG::999999, which is not known"),
        ({"type": "link", "properties": {"href": "https://example.org/crs"}}, "which is not known"),
        (None, "null, which means unknown"),
    ],
)
def test_a_crs_member_that_says_nothing_is_not_taken_for_wgs84(take, parcels, collection, crs, says):
    path = collection({"parcel_id": "1"}, crs=crs)
    with pytest.raises(CrsError, match=says):
        take(parcels, path)
    assert take(parcels, path, crs="EPSG:4548").inserted == 1


@pytest.mark.parametrize("value", [None, {"a": 1}, "EPSG:4490"])
def test_a_property_called_crs_is_no_member(take, parcels, collection, value):
    with pytest.raises(CrsError, match="plane metres"):  # so they were taken as degrees, as RFC 7946 has it
        take(parcels, collection({"parcel_id": "1", "crs": value}))


def test_a_property_that_is_text_here_and_a_number_there_is_text(take, parcels, collection, rows_of):
    take(parcels, collection({"parcel_id": "A1", "name": 5}, {"parcel_id": 7, "name": "x"}), crs="EPSG:4548")
    assert rows_of(parcels).name.to_dict() == {"A1": "5", "7": "x"}


def test_a_property_with_a_list_or_object_in_it_is_left_out_and_named(take, parcels, collection):
    path = collection({"parcel_id": "1", "name": {"zh": "甲"}}, {"parcel_id": "2", "name": ["乙"]})
    report = take(parcels, path, crs="EPSG:4548")
    assert report.files[0].unused == ("name",)


def test_a_collection_without_features_is_said_to_be_empty(take, parcels, collection):
    with pytest.raises(SourceError, match="holds no rows"):
        take(parcels, collection())
