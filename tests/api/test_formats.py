"""The forms in which features are given: each read back by the library of its format, and the same in all."""

from __future__ import annotations

import io
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from pyproj import CRS

from api.forms.formats import formats_of
from tests_transforms import find_transformer

ITEMS = "/collections/parcels/items"
WELLS = "/collections/wells/items"
FORMATS = formats_of("parcels")
PLANE = "http://www.opengis.net/def/crs/EPSG/0/4548"


def from_geojson(answer):
    return gpd.GeoDataFrame.from_features(answer.json(), columns=["parcel_id", "name", "floors", "geometry"])


def from_parquet(answer):
    return gpd.read_parquet(io.BytesIO(answer.content))


def from_flatgeobuf(answer):
    return pyogrio.read_dataframe(io.BytesIO(answer.content))


def from_csv(answer):
    table = pd.read_csv(io.BytesIO(answer.content))
    return gpd.GeoDataFrame(table, geometry=shapely.from_wkt(table["WKT"]))


def from_jsonfg(answer):
    if not answer.json()["features"]:  # of which GDAL knows no fields
        return from_geojson(answer)
    return pyogrio.read_dataframe(io.BytesIO(answer.content))


def from_gml(answer):
    if b"<wfs:member>" not in answer.content:
        return gpd.GeoDataFrame(columns=["parcel_id", "name", "floors", "geometry"])
    table = pyogrio.read_dataframe(io.BytesIO(answer.content))
    return table if "name" in table else table.assign(name=None)


READERS = {
    "gml": from_gml,
    "json": from_geojson,
    "parquet": from_parquet,
    "fgb": from_flatgeobuf,
    "csv": from_csv,
    "jsonfg": from_jsonfg,
}


def test_every_form_has_a_reader_here():
    assert set(READERS) == {each.name for each in FORMATS}


@pytest.mark.parametrize("query", ["", "limit=2", "use=homes", "bbox=118.49,35.2,118.515,35.3&limit=3", "floors=99"])
@pytest.mark.parametrize("name", READERS)
def test_every_form_has_the_same_features(client, name, query):
    expected = client.get(f"{ITEMS}?{query}&f=json").json()
    answer = client.get(f"{ITEMS}?{query}&f={name}")
    assert answer.status_code == 200
    table = READERS[name](answer)
    assert table["parcel_id"].tolist() == [feature["id"] for feature in expected["features"]]
    for feature, (_, row) in zip(expected["features"], table.iterrows(), strict=True):
        wanted = feature["properties"]
        assert row["name"] == wanted["name"] or (pd.isna(row["name"]) and wanted["name"] is None)
        assert row["floors"] == wanted["floors"] or (pd.isna(row["floors"]) and wanted["floors"] is None)
        place = shapely.from_geojson(json.dumps(feature["geometry"]))
        assert shapely.equals_exact(shapely.normalize(row.geometry), shapely.normalize(place), tolerance=1e-8)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_the_accept_header_chooses_the_same_as_the_parameter(client, form):
    by_name = client.get(f"{ITEMS}?f={form.name}")
    by_header = client.get(ITEMS, headers={"Accept": f"{form.media_type}, text/html;q=0.5"})
    for answer in (by_name, by_header):
        assert answer.headers["content-type"].partition(";")[0] == form.media_type
        assert "accept" in answer.headers["vary"].lower()
    one = client.get(f"{ITEMS}/P1", headers={"Accept": form.media_type})
    assert one.headers["content-type"].partition(";")[0] == form.media_type


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_every_form_links_to_all_others_and_to_the_next_page(client, form):
    answer = client.get(f"{ITEMS}?limit=1&f={form.name}")
    if form.name.startswith("json"):
        links = {(link["rel"], link["type"]): link["href"] for link in answer.json()["links"]}
    else:
        assert answer.headers["content-disposition"] == f'attachment; filename="parcels.{form.name}"'
        links = {(link["rel"], link["type"]): link["url"] for link in parse_link_header(answer.headers["link"])}
    others = {each.media_type for each in FORMATS} - {form.media_type} | {"text/html"}
    assert {kind for rel, kind in links if rel == "alternate"} == others
    for (rel, kind), href in links.items():
        if rel == "profile":  # the name of a profile, not an address of ours
            continue
        assert client.get(href, headers={"Accept": "*/*"}).headers["content-type"].partition(";")[0] == kind
    following = client.get(links["next", form.media_type])
    assert READERS[form.name](following)["parcel_id"].tolist() == ["P1"]


def parse_link_header(text):
    for part in text.split(", <"):
        address, *parameters = part.removeprefix("<").split(">; ", 1)
        yield {"url": address} | {
            name: value.strip('"') for name, value in (one.split("=", 1) for one in parameters[0].split("; "))
        }


def test_tables_have_x_east_and_name_the_crs_documents_have_its_order_of_axes(client, store):
    east, north = find_transformer(store.crs, "EPSG:4548").transform(500_000, 3_900_000)
    for name, read in READERS.items():
        answer = client.get(f"{WELLS}?f={name}&crs={PLANE}")
        assert answer.headers["content-crs"] == f"<{PLANE}>"
        if name in ("parquet", "fgb"):
            table = read(answer)
            assert table.crs == CRS.from_epsg(4548)
            place = table.set_index("well_id").geometry["W1"]
            (x, y), z = (place.x, place.y), place.z
            assert z == 87.25
        elif name == "csv":
            y, x = shapely.get_coordinates(from_csv(answer).geometry)[0]
        elif name == "gml":
            y, x = map(float, answer.text.partition("<gml:pos>")[2].split()[:2])
        elif name == "json":
            y, x = answer.json()["features"][0]["geometry"]["coordinates"][:2]
        else:
            y, x = answer.json()["features"][0]["place"]["coordinates"][:2]
            table = read(answer)
            assert table.crs == CRS.from_epsg(4548)
            place = table.set_index("well_id").geometry["W1"]  # by which GDAL puts x east again
            assert (place.x, place.y) == pytest.approx((x, y))
        assert np.hypot(x - east, y - north) < 1e-3, name


def json_fg_features(document):
    """The features of a document that keeps to the rules of OGC 21-045r1 for its root."""
    classes = [f"http://www.opengis.net/spec/json-fg-1/1.0/conf/{name}" for name in ("core", "types-schemas")]
    assert document["conformsTo"] == classes  # metadata of both classes
    assert isinstance(document["featureType"], str)  # types-schemas/feature-type
    profiles = [link["href"] for link in document["links"] if link["rel"] == "profile"]
    assert profiles == [f"http://www.opengis.net/def/profile/OGC/0/{name}" for name in ("jsonfg", "jsonfg-plus")]
    return document.get("features", [document])


@pytest.mark.parametrize("layer", ["parcels", "wells"])
@pytest.mark.parametrize("crs", [None, "OGC/0/CRS84h", "EPSG/0/4490", "EPSG/0/4548", "EPSG/0/3857"])
def test_json_fg_keeps_to_the_rules_of_the_standard(client, layer, crs):
    """OGC 21-045r1, classes core, types-schemas and profiles (jsonfg, jsonfg-plus)."""
    if crs == "OGC/0/CRS84h" and layer == "parcels":
        return  # it has no heights
    uri = f"http://www.opengis.net/def/crs/{crs or 'OGC/1.3/CRS84'}"
    asked = {"f": "jsonfg"} | ({"crs": uri} if crs else {})
    page = client.get(f"/collections/{layer}/items", params=asked)
    assert 'rel="profile"' in page.headers["link"]
    one = client.get(f"/collections/{layer}/items/{page.json()['features'][0]['id']}", params=asked)
    plain = client.get(f"/collections/{layer}/items").json()["features"]
    dimensions = {"Point": 0, "MultiPolygon": 2}
    for document in (page.json(), one.json()):
        features = json_fg_features(document)
        assert document["coordRefSys"] == uri
        for feature, degrees in zip(features, plain, strict=False):
            assert {"type", "id", "properties", "time", "place", "geometry"} <= set(feature)  # core/schema-valid
            assert feature["time"] is None
            geometry, place = feature["geometry"], feature["place"]
            assert geometry == degrees["geometry"]  # profiles/jsonfg-plus: never missing beside a place
            if crs in (None, "OGC/0/CRS84h"):
                assert place is None  # core/place: nothing in WGS 84 stands there
            else:
                assert place != geometry  # core/fallback
                assert shapely.from_geojson(json.dumps(place)).is_valid  # core/geom-valid
            for shape in filter(None, (geometry, place)):
                assert dimensions[shape["type"]] == document.get("geometryDimension", dimensions[shape["type"]])
                places = np.array(list(positions(shape["coordinates"])))  # core/coordinate-dimension: of one length
                assert places.ndim == 2
            longitudes, latitudes = np.array(list(positions(geometry["coordinates"]))).T[:2]
            assert np.abs(longitudes).max() <= 180  # core/geometry-wgs84
            assert np.abs(latitudes).max() <= 90


def positions(coordinates):
    if isinstance(coordinates[0], list):
        for each in coordinates:
            yield from positions(each)
    else:
        yield coordinates


def test_geoparquet_has_boxes_by_which_it_can_be_searched(client):
    answer = client.get(f"{ITEMS}?f=parquet")
    said = json.loads(pq.read_schema(io.BytesIO(answer.content)).metadata[b"geo"])
    assert said["version"] == "1.1.0"
    assert said["columns"]["geometry"]["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    everything = from_parquet(answer)
    west, south, east, north = everything.geometry.iloc[1].bounds
    near = gpd.read_parquet(io.BytesIO(answer.content), bbox=(west, south, east, north))
    assert 0 < len(near) < len(everything)
    assert everything["parcel_id"].iloc[1] in set(near["parcel_id"])


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_head_says_what_get_says_and_a_client_that_has_it_is_told_so(client, form):
    address = f"{ITEMS}?f={form.name}&limit=2000"
    answer = client.get(address)
    head = client.head(address)
    for name in ("content-type", "content-crs", "etag", "vary", "cache-control"):
        assert head.headers[name] == answer.headers[name]
    again = client.get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_csv_shows_chinese_in_a_spreadsheet(client):
    answer = client.get(f"{ITEMS}?f=csv")
    assert answer.content.startswith("\ufeff".encode())
    assert "P/5 东" in answer.content.decode("utf-8-sig")
