"""Filters over HTTP: what they find, in whatever CRS they are written, and what is said of those that fail."""

from __future__ import annotations

import json

import pytest
from pyproj import CRS

from tests_transforms import find_transformer

ITEMS = "/collections/parcels/items"


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [feature["id"] for feature in answer.json()["features"]]


def ask(client, text, **more):
    return client.get(ITEMS, params={"filter": text, **more})


def to_crs(crs, code, x, y):
    """Coordinates by PROJ itself, east first."""
    return find_transformer(crs, code).transform(x, y)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("floors > 5 AND use = 'homes'", ["P1", "P2"]),
        ("name IN ('One', 'Three') OR floors = 2", ["P/5 东", "P1", "P3"]),
        ("parcel_id LIKE '%东'", ["P/5 东"]),
        ("CASEI(name) = casei('tWO')", ["P2"]),
        ("height_m / floors < 3.05", ["P2"]),
        ("height_m = 3 * floors", ["P2"]),
        ("built IS NULL", ["P3"]),
        ("checked_at >= DATE('2024-03-01') AND checked_at < TIMESTAMP('2024-03-01T02:00:00.001Z')", ["P1"]),
        ("T_DURING(INTERVAL(built, '2021-01-01'), INTERVAL('2000-01-01', '..'))", ["P/5 东", "P2"]),
        ("year(built) BETWEEN 1999 AND 2004", ["P1", "P2"]),
        ("inhabited", ["P/5 东", "P1", "P2"]),
        ("NOT inhabited", ["P3"]),
        ("A_CONTAINEDBY((use), ('park', 'water'))", ["P3"]),
        ("geometry IS NULL", []),
        ("true", ["P/5 东", "P1", "P2", "P3"]),
    ],
)
def test_a_filter_finds_what_it_says(client, text, found):
    answer = ask(client, text)
    assert ids(answer) == found
    assert answer.json()["numberMatched"] == len(found)


def test_the_same_filter_in_json(client):
    condition = {"op": "and", "args": [{"op": ">", "args": [{"property": "floors"}, 5]}, {"property": "inhabited"}]}
    assert ids(ask(client, json.dumps(condition), **{"filter-lang": "cql2-json"})) == ["P1", "P2"]


def test_a_filter_stands_beside_box_values_moment_and_pages(client, store):
    west, south = to_crs(store.crs, "OGC:CRS84", 500_990, 3_899_990)
    box = {"bbox": f"{west},{south},{west + 0.05},{south + 0.01}"}
    assert ids(ask(client, "floors >= 2", **box)) == ["P/5 东", "P2"]
    assert ids(ask(client, "floors >= 2", use="homes")) == ["P1", "P2"]
    assert ids(ask(client, "use = 'homes'", datetime="2021-01-01")) == ["P1", "P2", "P4"]
    first = ask(client, "floors >= 0", limit=3)
    (following,) = [link["href"] for link in first.json()["links"] if link["rel"] == "next"]
    second = client.get(following)
    assert ids(first) + ids(second) == ["P/5 东", "P1", "P2", "P3"]
    assert second.json()["numberMatched"] == 4


@pytest.mark.parametrize("code", [None, 4326, 4490, 3857, 4548])
def test_geometries_are_in_the_crs_that_filter_crs_names_with_its_order_of_axes(client, store, code):
    x, y = to_crs(store.crs, "OGC:CRS84" if code is None else code, 501_050, 3_900_050)
    uri = {} if code is None else {"filter-crs": f"http://www.opengis.net/def/crs/EPSG/0/{code}"}
    if code is not None and CRS(code).axis_info[0].direction == "north":
        x, y = y, x
    assert ids(ask(client, f"S_INTERSECTS(geometry, POINT({x!r} {y!r}))", **uri)) == ["P2"]
    around = f"BBOX({x - 1e-4},{y - 1e-4},{x + 1e-4},{y + 1e-4})"
    assert ids(ask(client, f"S_DISJOINT(geometry, {around})", **uri)) == ["P/5 东", "P1", "P3"]


def test_the_side_of_a_polygon_is_as_straight_as_its_crs_has_it(client, store):
    """The parallel through the lower edge of P1 lies 0.38 m below its upper end 2 km east, where P3 stands."""
    west, south = to_crs(store.crs, "OGC:CRS84", 500_000, 3_900_000)
    east, also_south = to_crs(store.crs, "OGC:CRS84", 502_000, 3_900_000)
    assert also_south < south
    half = (south + also_south) / 2
    left, right, bottom = west - 1, east + 1, south - 1
    below = f"POLYGON(({left} {bottom}, {right} {bottom}, {right} {half}, {left} {half}, {left} {bottom}))"
    assert ids(ask(client, f"S_INTERSECTS(geometry, {below})")) == ["P/5 东", "P3"]


def test_a_geometry_that_reaches_round_the_world_is_not_within_a_parcel(client, store):
    world = "BBOX(-180,-90,180,90)"
    everything = ["P/5 东", "P1", "P2", "P3"]
    assert ids(ask(client, f"S_WITHIN(geometry, {world})")) == everything
    assert ids(ask(client, f"S_CONTAINS(geometry, {world})")) == []
    x, y = to_crs(store.crs, "OGC:CRS84", 501_050, 3_900_050)
    assert ids(ask(client, f"S_CONTAINS(geometry, MULTIPOINT(({x} {y})))")) == ["P2"]
    assert ids(ask(client, f"S_CONTAINS(geometry, MULTIPOINT(({x} {y}), (-70 -30)))")) == []
    assert ids(ask(client, f"S_CROSSES(geometry, LINESTRING({x} {y}, -70 -30))")) == ["P2"]
    assert ids(ask(client, "S_INTERSECTS(geometry, POINT(-70 -30))")) == []
    assert ids(ask(client, "S_INTERSECTS(geometry, BBOX(170,-10,-170,80))")) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("floor > 3", "there is no property floor; properties are parcel_id, name, use"),
        ("name = 'One' AND floor > 3", "(at character 18)"),
        ("floors >> 3", "filter is not understood at character 9: '>'"),
        ("floors > 3 AND", "at character 15: the end where a property"),
        ("名称 = '甲", 'at character 6: "\'甲"'),
        ("floors > 'three'", "floors, which is number, cannot be compared with 'three' (at character 1)"),
        ("S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))", "not valid: Self-intersection"),
        ("S_INTERSECTS(geometry, POINT(1 north))", "at character 32"),
        ("S_INTERSECTS(geometry, POINT(90 180))", "degrees, longitude first, within ±180 and ±90 (at character 24)"),
        ("built > DATE('2020-02-30')", "a date is written as 2024-06-30 (at character 9)"),
        ("lower(name) = 'x'", "there is no function lower; functions are casei, accenti, length"),
        ("NOT " * 3_000 + "floors = 1", "nested at most 50 deep"),
        (" AND ".join(["floors = 1"] * 400), "at most 300 operations"),
    ],
)
def test_what_is_wrong_with_a_filter_is_said_with_its_place(client, text, says):
    answer = ask(client, text)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["parameter"] == "filter"
    assert says in answer.json()["detail"]


def test_parameters_around_the_filter_are_refused_by_name(client):
    for name, value in (
        ("filter-crs", "EPSG:4326"),
        ("filter-lang", "ecql"),
        ("sortby", "colour"),
        ("sortby", "name,-name"),
        ("properties", "name,colour"),
    ):
        answer = ask(client, "floors > 1", **{name: value})
        assert answer.status_code == 400
        assert name in answer.json()["detail"]
    answer = client.get(ITEMS, params={"sortby": "name", "after": "P1"})
    assert (answer.status_code, answer.json()["parameter"]) == (400, "after")


@pytest.mark.parametrize(
    ("sortby", "found"),
    [
        ("floors", ["P3", "P/5 东", "P1", "P2"]),
        ("-floors", ["P2", "P1", "P/5 东", "P3"]),
        ("+use,-height_m", ["P2", "P1", "P3", "P/5 东"]),
        ("-use,built", ["P3", "P1", "P2", "P/5 东"]),
        ("inhabited", ["P3", "P/5 东", "P1", "P2"]),
        ("checked_at,-name", ["P1", "P2", "P3", "P/5 东"]),
        ("-built", ["P/5 东", "P2", "P1", "P3"]),
        ("height_m", ["P/5 东", "P1", "P2", "P3"]),
    ],
)
def test_sorted_features_come_page_by_page_and_what_is_missing_comes_last(client, sortby, found):
    assert ids(client.get(ITEMS, params={"sortby": sortby})) == found
    seen, address = [], f"{ITEMS}?limit=1&f=geojson&sortby={sortby.replace('+', '%2B')}"
    while address:
        answer = client.get(address)
        seen += ids(answer)
        assert answer.json()["numberMatched"] == 4
        address = next((link["href"] for link in answer.json()["links"] if link["rel"] == "next"), None)
    assert seen == found


def test_sorted_pages_of_people_follow_one_another(client):
    first = client.get(ITEMS, params={"sortby": "-floors", "limit": 2, "f": "html"}).text
    following = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "P2" in first
    assert "P3" in client.get(following).text


def test_people_write_a_condition_into_the_form(client):
    page = client.get(ITEMS, params={"filter": "floors > 10 AND name <> '\"'", "use": "", "f": "html"}).text
    assert "Two" in page
    assert "Three" not in page
    assert 'value="floors &gt; 10 AND name &lt;&gt; &#39;&#34;&#39;"' in page


def test_only_the_properties_asked_for_are_sent(client):
    features = client.get(ITEMS, params={"properties": "floors,name", "sortby": "height_m"}).json()["features"]
    assert [feature["id"] for feature in features] == ["P/5 东", "P1", "P2", "P3"]
    assert features[1]["properties"] == {"name": "One", "floors": 6}
    assert all(feature["geometry"] for feature in features)


def test_queryables_and_sortables_are_schemas_that_the_collection_links(client):
    links = {
        link["rel"].rpartition("/")[2]: link["href"] for link in client.get("/collections/parcels").json()["links"]
    }
    queryables, sortables = (client.get(links[name]).json() for name in ("queryables", "sortables"))
    for schema, address in ((queryables, links["queryables"]), (sortables, links["sortables"])):
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert (schema["type"], schema["$id"]) == ("object", address)
        assert schema["additionalProperties"] is False
        assert schema["properties"]["use"]["enum"] == ["homes", "park"]
        assert schema["properties"]["use"]["x-title-zh"] == "用途"
    geometry = queryables["properties"].pop("geometry")
    # By the reference QGIS sees which one is the geometry, by the format everybody else.
    assert geometry["$ref"] == "https://geojson.org/schema/MultiPolygon.json"
    assert (geometry["format"], geometry["x-ogc-role"]) == ("geometry-multipolygon", "primary-geometry")
    assert queryables["properties"] == sortables["properties"]
    for name in queryables["properties"]:
        assert ask(client, f'"{name}" IS NULL OR true').status_code == 200
        assert client.get(ITEMS, params={"sortby": name}).status_code == 200
    for address in links["queryables"], links["sortables"]:
        page = client.get(address, params={"f": "html"})
        assert "用途" in page.text


def test_functions_are_listed_and_answer(client):
    listed = client.get("/functions").json()["functions"]
    assert [function["name"] for function in listed][:3] == ["casei", "accenti", "length"]
    arguments = {"string": "name", "number": "floors", "date": "built", "geometry": "geometry"}
    for function in listed:
        names = ",".join(arguments[kind] for argument in function["arguments"] for kind in argument["type"])
        assert ask(client, f"{function['name']}({names}) IS NOT NULL").status_code == 200
    assert "不分大小写" in client.get("/functions", params={"f": "html"}).text


def test_the_parameters_are_documented(client):
    operation = client.get("/api").json()["paths"]["/collections/parcels/items"]["get"]
    parameters = {parameter["name"]: parameter for parameter in operation["parameters"]}
    assert parameters["filter-lang"]["schema"]["enum"] == ["cql2-text", "cql2-json", "cql-text"]
    assert parameters["filter-lang"]["schema"]["default"] == "cql2-text"
    assert {"filter", "filter-crs", "sortby", "properties"} <= parameters.keys()
