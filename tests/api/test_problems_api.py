"""Errors over HTTP: every one a problem document that says what to do and nothing that is nobody's business."""

from __future__ import annotations

import json
import logging

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient

from api.app import create_app
from api.http.problems import problem_kinds
from twin.errors import StoreUnavailable, TwinError
from twin.settings import Settings

ITEMS = "/collections/parcels/items"


@pytest.mark.parametrize(
    ("path", "status", "slug", "says"),
    [
        ("/collections/parcles", 404, "layer-not-found", "did you mean parcels"),
        (f"{ITEMS}/P9", 404, "feature-not-found", "parcels has no feature P9"),
        ("/indicators/park_shares", 404, "indicator-not-found", "did you mean park_share"),
        (f"{ITEMS}?limt=5", 400, "invalid-parameter", "did you mean limit"),
        (f"{ITEMS}?usee=park", 400, "invalid-parameter", "did you mean use"),
        (f"{ITEMS}?use=shop", 400, "invalid-parameter", "homes"),
        (f"{ITEMS}?floors=many", 400, "invalid-parameter", "type integer"),
        (f"{ITEMS}?use=park&use=homes", 400, "invalid-parameter", "give it once"),
        (f"{ITEMS}?limit=2&limit=3", 400, "invalid-parameter", "limit is given 2 times"),
        ("/collections?f=json&f=html", 400, "invalid-parameter", "f is given 2 times"),
        (f"{ITEMS}?limit=0", 400, "invalid-parameter", "limit"),
        (f"{ITEMS}?limit=ten", 400, "invalid-parameter", "limit"),
        (f"{ITEMS}?bbox=1,2,3", 400, "invalid-parameter", "west,south,east,north"),
        (f"{ITEMS}?datetime=soon", 400, "invalid-parameter", "2024-06-30"),
        (f"{ITEMS}?f=xml", 400, "invalid-parameter", "geojson"),
        ("/?colour=red", 400, "invalid-parameter", "colour"),
        ("/docs?f=html", 400, "invalid-parameter", "there is no parameter f here"),
        ("/tiles/parcels/2/9/0.mvt", 400, "invalid-parameter", "x=9"),
        ("/tiles/parcels/2/0/0.mvt?bbox=1,2,3,4", 400, "invalid-parameter", "bbox"),
        ("/tiles/parcels,/2/0/0.mvt", 404, "layer-not-found", "there is no layer"),
    ],
)
def test_what_is_refused_says_why(client, path, status, slug, says):
    answer = client.get(path)
    body = answer.json()
    assert answer.status_code == body["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["type"] == f"http://testserver/problems/{slug}"
    assert says in body["detail"]
    assert body["instance"] == path.partition("?")[0]
    assert body["request_id"] == answer.headers["x-request-id"]
    assert client.get(body["type"]).json()["status"] == status


def test_a_refused_choice_is_named_by_its_parameter(client):
    body = client.get("/collections?f=xml").json()
    assert body["detail"] == "f: Input should be 'json' or 'html'"
    assert body["errors"] == [{"parameter": "f", "detail": "Input should be 'json' or 'html'"}]


def test_an_address_that_is_not_there_and_a_method_that_is_not_possible_are_problems_too(client):
    absent = client.get("/nothing")
    assert (absent.status_code, absent.json()["type"], absent.json()["title"]) == (404, "about:blank", "Not Found")
    refused = client.post("/collections")
    assert (refused.status_code, refused.json()["title"]) == (405, "Method Not Allowed")
    assert refused.headers["allow"] == "GET, HEAD"
    assert {answer.headers["content-type"] for answer in (absent, refused)} == {"application/problem+json"}


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        (f"{ITEMS}?use=shop", 400, "must be one of homes (居住), park (公园)"),
        (f"{ITEMS}?limit=ten&f=json", 400, "valid integer"),
        ("/collections/parcles", 404, "did you mean parcels"),
        ("/nothing", 404, "GET /nothing is not possible"),
        ("/viewer/nothing.js", 404, "GET /viewer/nothing.js is not possible"),
    ],
)
def test_to_a_person_the_same_problem_is_a_page_with_a_way_back(client, path, status, says):
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == client.get(path).status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["vary"].startswith("Accept")
    assert says in answer.text
    assert '<a href="http://testserver/">Home 首页</a>' in answer.text
    assert answer.headers["x-request-id"] in answer.text
    without = f'<a href="http://testserver{path.partition("?")[0]}">The same page without parameters'
    assert (without in answer.text) == ("?" in path)


def test_a_form_that_nobody_can_give_is_406(client):
    answer = client.get("/collections", headers={"Accept": "image/png"})
    assert (answer.status_code, answer.json()["type"]) == (406, "http://testserver/problems/not-acceptable")


@pytest.mark.parametrize("kind", problem_kinds().values(), ids=lambda kind: kind.slug)
def test_every_kind_of_error_has_a_page_of_its_own(client, kind):
    assert kind.__doc__
    page = client.get(f"/problems/{kind.slug}", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert kind.title in page.text


def test_no_two_kinds_of_errors_share_a_slug():
    def count(kind):
        return 1 + sum(map(count, kind.__subclasses__()))

    assert count(TwinError) == len(problem_kinds())


@pytest.fixture
def failing(store, catalog):
    """A service with two more addresses: one crashes, at the other the store is down."""
    router = APIRouter()

    @router.get("/crash")
    def crash():
        raise RuntimeError("SELECT secret FROM /var/lib/town.gpkg")

    @router.get("/down")
    def down():
        raise StoreUnavailable("the store cannot be read", cause=OSError("/var/lib/town.gpkg"))

    app = create_app(Settings(), store, catalog)
    app.include_router(router)
    return TestClient(app)


def test_a_crash_tells_the_client_the_request_id_and_the_log_the_cause(failing, caplog):
    page = failing.get("/crash", headers=BROWSER)
    assert (page.status_code, page.headers["x-request-id"] in page.text) == (500, True)
    assert not any(word in page.text for word in ("SELECT", "/var", "RuntimeError", "Traceback"))
    caplog.clear()
    answer = failing.get("/crash", headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert not any(word in answer.text for word in ("SELECT", "secret", "/var", "RuntimeError", "Traceback"))
    (record,) = (record for record in caplog.records if record.levelno >= logging.ERROR)
    assert answer.json()["request_id"] in record.getMessage()
    assert "SELECT secret" in str(record.exc_info[1])


def test_a_store_that_is_down_is_503_and_its_cause_stays_in_the_log(failing, caplog):
    page = failing.get("/down", headers=BROWSER)
    assert (page.status_code, page.headers["retry-after"]) == (503, "5")
    assert "服务暂不可用" in page.text
    caplog.clear()
    answer = failing.get("/down")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "/var" not in answer.text
    (record,) = (record for record in caplog.records if record.levelno >= logging.ERROR)
    assert "/var/lib/town.gpkg" in str(record.exc_info[1].__cause__)


def test_every_request_is_logged_once_with_its_id(client, caplog):
    with caplog.at_level(logging.INFO, logger="twin.access"):
        answer = client.get(f"{ITEMS}?limit=2")
        client.app.state.journal.write()
    (line,) = (json.loads(record.getMessage()) for record in caplog.records if record.name == "twin.access")
    assert line["request_id"] == answer.headers["x-request-id"]
    assert (line["method"], line["path"], line["query"], line["status"]) == ("GET", ITEMS, "limit=2", 200)
    assert line["bytes"] > 0
    assert line["ms"] > 0
