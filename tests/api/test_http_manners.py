"""What every answer keeps to: the form asked for, HEAD, compression, other origins."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.http.pages import amount, detail, figure, measured
from layers.key_places import KEY_PLACES
from twin.catalog import Catalog
from twin.settings import Settings

PAGES = (
    "/",
    "/conformance",
    "/api",
    "/docs",
    "/collections",
    "/collections/parcels",
    "/collections/parcels/items",
    "/collections/parcels/items/P1",
    "/collections/wells/items/W1",
    "/collections/parcels/queryables",
    "/collections/parcels/schema",
    "/indicators",
    "/indicators/park_share",
    "/indicators/park_share/evidence",
    "/tiles/parcels.json",
    "/problems",
    "/problems/crs",
    "/healthz",
    "/readyz",
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize("path", PAGES)
def test_every_resource_is_a_page_for_people(client, path):
    answer = client.get(path, headers={"Accept": BROWSER})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.count("<h1>") == 1
    assert "http://testserver/static/twin.css" in answer.text


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "application/geo+json"),
        ("", "application/geo+json"),
        ("*/*", "application/geo+json"),
        ("application/geo+json, application/json", "application/geo+json"),
        ("application/json", "application/geo+json"),
        (BROWSER, "text/html"),
        ("text/html;q=0.4, application/json;q=0.5", "application/geo+json"),
        ("text/html;q=0, */*", "application/geo+json"),
        ("image/avif, text/*", "text/html"),
    ],
)
def test_the_accept_header_chooses_the_form(client, accept, media_type):
    headers = {"Accept": accept} if accept is not None else {}
    answer = client.get("/collections/parcels/items", headers=headers)
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert "Accept" in answer.headers["vary"].split(", ")


@pytest.mark.parametrize(
    ("f", "media_type"), [("html", "text/html"), ("json", "application/geo+json"), ("geojson", "application/geo+json")]
)
def test_f_has_the_last_word(client, f, media_type):
    answer = client.get(f"/collections/parcels/items?f={f}", headers={"Accept": "image/png"})
    assert answer.headers["content-type"].partition(";")[0] == media_type


@pytest.mark.parametrize(
    "path", ["/", "/collections/parcels/items", "/tiles/parcels/2/3/1.mvt", "/viewer/", "/nothing"]
)
def test_head_is_get_without_the_body(client, path):
    headers = {"Accept-Encoding": "identity"}
    got, head = client.get(path, headers=headers), client.head(path, headers=headers)
    assert head.content == b""
    assert head.status_code == got.status_code
    for name in ("content-type", "content-length", "etag"):
        assert head.headers.get(name) == got.headers.get(name)


def test_json_is_compressed_for_clients_that_understand_it(client):
    with client.stream("GET", "/collections", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == client.get("/collections").content


def test_pages_of_other_origins_may_read(client):
    answer = client.get("/collections", headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    preflight = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "DELETE"}
    assert client.options("/collections", headers=preflight).status_code == 400


def test_what_departments_delivered_is_text_on_a_page_and_never_markup(client):
    for path in ("/collections/parcels/items", "/collections/parcels/items/P%2F5%20东"):
        page = client.get(path, params={"f": "html"}).text
        assert "<b>" not in page
        assert "&lt;b&gt;" in page


def test_pages_name_codes_and_units(client):
    page = client.get("/collections/parcels/items/P1?f=html").text
    assert "Homes 居住" in page
    assert "18.5 m" in page


def test_the_page_of_an_indicator_shows_value_verdict_clause_and_its_form(client):
    page = client.get("/indicators/park_share?f=html&use=homes&datetime=2021-01-01").text
    assert "60.00%" in page
    assert "met 达标" in page
    assert "Half of the parcels are parks." in page
    assert '<option value="homes" selected>Homes 居住</option>' in page
    assert 'value="2021-01-01"' in page


def test_the_home_page_computes_nothing_and_names_every_target(client):
    page = client.get("/?f=html").text
    assert 'data-part="value">–</a>' in page
    assert "≥ 50.00%" in page
    assert client.get("/static/values.js").headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("path", ["items", "items/P1", "schema", "queryables"])
def test_the_way_back_to_a_layer_has_its_chinese_name(client, path):
    page = client.get(f"/collections/parcels/{path}?f=html").text
    assert 'collections/parcels">Parcels <span lang="zh">地块</span></a>' in page


def test_changes_are_counted_in_both_languages(client):
    for path in ("/", "/collections/parcels"):
        page = client.get(f"{path}?f=html").text
        assert all(title in page for title in ("Added 新增", "Changed 变更", "Removed 删除"))


def test_pages_name_every_type_of_geometry_a_layer_may_have(store):
    client = TestClient(create_app(Settings(), store, Catalog.of([KEY_PLACES])))
    for path in ("/collections/key_places", "/collections/key_places/schema"):
        assert "MultiPolygon or 或 Point" in client.get(f"{path}?f=html").text


def test_the_pages_of_a_list_lead_to_the_next_one(client):
    first = client.get("/collections/parcels/items?f=html&limit=3").text
    assert "after=P2" in first
    assert "First page" not in first
    assert "First page" in client.get("/collections/parcels/items?f=html&limit=3&after=P2").text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "–"),
        ("", "–"),
        (0, "0"),
        (2022, "2022"),
        (77_835_092, "77,835,092"),
        (999_999.9918, "1,000,000"),
        (0.8690198738, "0.86902"),
        (True, "yes 是"),
        (datetime(2024, 6, 30, 20, tzinfo=UTC), "2024-07-01 04:00"),
        (["a", 1.5], "a, 1.5"),
    ],
)
def test_values_are_written_as_people_read_them(value, written):
    assert figure(value) == written


def test_a_share_is_written_as_per_cent_and_a_length_with_its_unit():
    assert measured(0.8690198, "1") == "86.90%"
    assert measured(3.930612, "km") == "3.931 km"


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [(67_651_336.798, "m²", "67,651,337 m²"), (145.0, "", "145"), (12.25, "m²", "12.25 m²"), (None, "m²", "–")],
)
def test_what_a_value_is_made_of_is_written_with_its_unit_and_thousands(value, unit, written):
    assert amount(value, unit) == written


@pytest.mark.parametrize(
    ("value", "name", "written"),
    [
        (0.868948, "other_area_ratio", "86.89%"),
        (1, "share", "100.00%"),
        (0.868948, "value", "0.8689 km"),
        (36_677_507.16, "covered_m2", "36,677,507 m²"),
        (2.5, "distance_km", "2.5 km"),
        (1997, "year", "1997"),
        (True, "share", "yes 是"),
        (None, "gain_m2", "–"),
    ],
)
def test_a_detail_is_written_as_its_name_says(value, name, written):
    assert detail(value, name, "km") == written
