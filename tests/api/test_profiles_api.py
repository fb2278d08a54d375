"""Profiles of GeoJSON, by the parameter of that name: RFC 7946 and JSON-FG (OGC 21-045r1, 23-058r2)."""

from __future__ import annotations

import pytest

ITEMS = "/collections/parcels/items"
REGISTER = "http://www.opengis.net/def/profile/OGC/0"
PLANE = "http://www.opengis.net/def/crs/EPSG/0/4548"


def profiles(answer):
    """The profiles that a document links to; those that the header names are the same."""
    found = [link["href"] for link in answer.json()["links"] if link["rel"] == "profile"]
    header = [part for part in answer.headers.get("link", "").split(", <") if 'rel="profile"' in part]
    assert [part.partition(">")[0].removeprefix("<") for part in header] == found
    return [href.removeprefix(f"{REGISTER}/") for href in found]


@pytest.mark.parametrize("path", [ITEMS, f"{ITEMS}/P1"])
@pytest.mark.parametrize("profile", ["jsonfg", "jsonfg-plus", f"{REGISTER}/jsonfg", "unheard-of,jsonfg,rfc7946"])
def test_json_fg_comes_as_geojson_where_the_profile_is_asked_for(client, path, profile):
    answer = client.get(path, params={"profile": profile, "crs": PLANE})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/geo+json")
    document = answer.json()
    assert profiles(answer) == ["jsonfg", "jsonfg-plus"]
    assert document["coordRefSys"] == PLANE
    same = client.get(path, params={"f": "jsonfg", "crs": PLANE}).json()
    for each in (document, same):
        each.pop("links")
        each.pop("timeStamp", None)
    assert document == same


@pytest.mark.parametrize("path", [ITEMS, f"{ITEMS}/P1"])
@pytest.mark.parametrize("profile", ["rfc7946", f"{REGISTER}/rfc7946", "rfc7946,jsonfg"])
def test_rfc_7946_has_no_members_of_json_fg_and_says_what_it_keeps_to(client, path, profile):
    answer = client.get(path, params={"profile": profile})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/geo+json")
    assert profiles(answer) == ["rfc7946"]
    document = answer.json()
    assert "conformsTo" not in document
    assert not any("place" in feature for feature in document.get("features", [document]))


@pytest.mark.parametrize("path", [ITEMS, f"{ITEMS}/P1"])
def test_a_profile_that_there_is_not_is_no_error_and_rfc_7946_is_the_default(client, path):
    plain = client.get(path)
    for query in ("profile=unheard-of", "profile=", "profile=https://example.org/own"):
        answer = client.get(f"{path}?{query}")
        assert (answer.status_code, profiles(answer)) == (200, [])
        members = set(plain.json())
        assert set(answer.json()) == members


def test_profiles_are_of_geojson_only(client):
    for form in ("gml", "csv", "html", "jsonfg"):
        with_profile = client.get(f"{ITEMS}?f={form}&profile=rfc7946")
        assert with_profile.headers["content-type"] == client.get(f"{ITEMS}?f={form}").headers["content-type"]


def test_pages_of_a_profile_follow_one_another_and_link_to_themselves(client):
    page, keys = client.get(f"{ITEMS}?profile=jsonfg&limit=3"), []
    while True:
        document = page.json()
        assert "conformsTo" in document
        keys += [feature["id"] for feature in document["features"]]
        links = {link["rel"]: link for link in document["links"]}
        again = client.get(links["self"]["href"])
        assert (again.json()["features"], links["self"]["type"]) == (document["features"], "application/geo+json")
        if "next" not in links:
            break
        page = client.get(links["next"]["href"])
    assert keys == ["P/5 东", "P1", "P2", "P3"]


def test_the_parameter_is_described_as_the_standard_wants_it(client):
    paths = client.get("/api").json()["paths"]
    for path in (ITEMS, f"{ITEMS}/{{feature_id}}"):
        (described,) = (each for each in paths[path]["get"]["parameters"] if each["name"] == "profile")
        assert described["schema"] == {"type": "array", "items": {"type": "string"}}
        assert (described["in"], described["required"]) == ("query", False)
        assert (described["style"], described["explode"]) == ("form", False)
