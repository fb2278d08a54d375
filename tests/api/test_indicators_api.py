"""Indicators over HTTP: definitions, results, parameters, evidence."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from layers.admin_areas import ADMIN_AREAS
from tests_transforms import find_transformer
from twin.catalog import Catalog
from twin.settings import Settings
from twin.store import Changes

URL = "/indicators/park_share"


def test_definitions_come_with_clause_target_and_parameters(client):
    (definition,) = client.get("/indicators").json()["indicators"]
    assert definition["id"] == "park_share"
    assert definition["clause"] == {"document": "Test rules", "article": "1", "text": "Half of the parcels are parks."}
    assert definition["target"] == {"op": ">=", "value": 0.5, "note": ""}
    assert definition["parameters"] == [
        {
            "name": "use",
            "description": "The use that counts",
            "type": "string",
            "enum": ["homes", "park"],
            "default": "park",
        },
        {
            "name": "least_floors",
            "description": "Parcels with fewer floors are not looked at",
            "type": "integer",
            "default": 0,
        },
    ]


def test_a_result_has_value_verdict_breakdown_and_evidence(client):
    result = client.get(URL).json()
    assert (result["value"], result["numerator"], result["denominator"], result["verdict"]) == (0.25, 1, 4, "missed")
    assert result["breakdown"] == [
        {"area_id": "T1", "name": "North 北镇", "value": 0.25, "numerator": 1, "denominator": 4}
    ]
    parcels = next(each for each in result["evidence"] if each["layer"] == "parcels")
    assert (parcels["revision"], parcels["rows"]) == (2, 4)
    assert client.get(next(link["href"] for link in result["links"] if link["rel"] == "evidence")).status_code == 200


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        ("use=homes", 0.5),
        ("use=homes&least_floors=6", 1.0),
        ("least_floors=", 0.25),
        ("datetime=2021-01-01", 0.2),
        ("use=homes&datetime=2021-01-01", 0.6),
    ],
)
def test_parameters_and_moments_change_the_value(client, asked, value):
    assert client.get(f"{URL}?{asked}").json()["value"] == value


def text_of(page):
    """The text of a page, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_page_names_parameters_choices_and_details_in_both_languages(client):
    page = client.get(f"{URL}?f=html").text
    text = text_of(page)
    assert "Use 用途" in text  # as the field that it is about
    assert "Fewest floors 最少层数" in text
    assert "Parcels with fewer floors are not looked at" in text
    assert "Best 最佳 12,346 m²" in text
    assert "area ratio 12.50%" in text  # a word that nobody named
    assert "By use 按用途 parcels value Park 公园 1 25.00%" in text
    assert "Numerator 分子 1 count 个" in text
    assert "Denominator 分母 4 m²" in text
    assert "Numerator 分子 (count 个) Denominator 分母 (m²)" in text


def test_a_row_of_the_breakdown_leads_to_its_township(store, catalog):
    with_townships = Catalog.of([*catalog.layers.values(), ADMIN_AREAS], catalog.indicators.values())
    client = TestClient(create_app(Settings(), store, with_townships))
    page = client.get(f"{URL}?f=html&datetime=2022-01-01").text
    assert '<a href="http://testserver/collections/admin_areas/items/T1?datetime=2022-01-01">North 北镇</a>' in page
    assert "items/T1" not in client.get(f"{URL}?f=json").text


def test_without_data_there_is_no_value_but_a_note(client):
    result = client.get(f"{URL}?least_floors=50").json()
    assert (result["value"], result["verdict"], result["note"]) == (None, "unknown", "there are no parcels")


@pytest.mark.parametrize("asked", ["use=office", "least_floors=many", "colour=red", "use=park&use=homes"])
def test_a_parameter_that_is_wrong_or_unknown_is_400(client, asked):
    answer = client.get(f"{URL}?{asked}")
    assert answer.status_code == 400
    assert answer.json()["parameter"] == asked.partition("=")[0]


def test_a_new_revision_changes_the_value_and_nothing_is_computed_twice_before(client, store, catalog):
    before = [client.get(URL).json() for _ in range(2)]
    assert before[0]["computed_at"] == before[1]["computed_at"]
    store.write(catalog.layer("parcels"), Changes(delete=("P1", "P2")), author="survey", reason="pulled down")
    assert client.get(URL).json()["value"] == 0.5


def test_evidence_shows_what_counts_what_does_not_and_the_derived_shapes(client, store):
    answer = client.get(f"{URL}/evidence")
    assert answer.headers["content-type"] == "application/geo+json"
    features = answer.json()["features"]
    roles = {feature["id"]: feature["properties"]["role"] for feature in features if "id" in feature}
    assert roles == {"P1": "uncovered", "P2": "uncovered", "P3": "covered", "P/5 东": "uncovered"}
    (shape,) = (feature for feature in features if "id" not in feature)
    assert shape["properties"] == {"role": "best_place", "title": "Best place", "title_zh": "最佳位置"}
    place = find_transformer(store.crs, "OGC:CRS84").transform(500_000, 3_900_000)
    assert shape["geometry"]["coordinates"] == pytest.approx(place, abs=6e-10)


def test_evidence_of_a_past_moment_shows_the_features_of_then(client):
    features = client.get(f"{URL}/evidence?datetime=2021-01-01").json()["features"]
    assert "P4" in [feature.get("id") for feature in features]


def test_what_is_secret_counts_but_is_not_shown(client):
    """The indicator reads the bunkers and counts one as uncovered; this service does not serve them."""
    result = client.get(URL).json()
    assert next(each["rows"] for each in result["evidence"] if each["layer"] == "bunkers") == 1
    for path in (URL, f"{URL}/evidence", f"{URL}?f=html", f"{URL}/evidence?f=html"):
        assert "B1" not in client.get(path).text
