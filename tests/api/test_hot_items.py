"""Features of layers in memory, over a real connection: the same answers as by the long way."""

from __future__ import annotations

import gzip
import http.client
import json
import logging
import re
from urllib.parse import quote, urlsplit

import pytest

from api.app import create_app
from api.features.hot import HotItems
from tests_server import get, run_server
from twin.settings import Settings
from twin.store import Changes

ITEMS = "/collections/parcels/items"
#: Headers that differ by request, or stand in an answer by the long way only where its origin is asked about.
OWN = {"date", "x-request-id", "vary", "access-control-allow-origin", "access-control-expose-headers"}
Answer = tuple[int, dict[str, str], bytes]


def get_the_long_way(connection: http.client.HTTPConnection, path: str = ITEMS, **headers: str) -> Answer:
    """And have what it takes in memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HotItems, "answer", lambda *_: None)
        return get(connection, path, **headers)


def get_the_short_way(connection: http.client.HTTPConnection, path: str = ITEMS, **headers: str) -> Answer:
    with pytest.MonkeyPatch.context() as patch:
        for answer in ("answer_page", "answer_item"):
            patch.setattr(f"api.features.routes.{answer}", lambda *_: pytest.fail("it went the long way"))
        return get(connection, path, **headers)


def without_own(answer: Answer) -> Answer:
    status, headers, body = answer
    body = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
    kept = {name: value for name, value in headers.items() if name not in OWN | {"content-length"}}
    return status, kept, re.sub(rb'"timeStamp": ?"[^"]*"', b"", body)


@pytest.mark.parametrize("headers", [{}, {"Accept_Encoding": "gzip"}, {"Accept": "application/json"}])
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?",
        "/P1",
        "/P1?f=json",
        "?limit=2",
        "?limit=2&after=P1&f=json",
        "?f=geojson&after=P3",
        "?bbox=118.49,35.2,118.515,35.3",
        "?bbox=118.51,-90,180,90&use=homes&limit=1",
        "?bbox=179,35,118.505,36&limit=",
        "?bbox=0,0,1,1",
        "?bbox=118.4,35,0,118.6,36,9",
        "?use=&floors=11",
        "?parcel_id=P%2F5%20%E4%B8%9C",
        "?name=%3Cb%3E%22Five%22%3C/b%3E&limit=3",
        "?floors=99",
    ],
)
def test_features_are_sent_by_the_short_way_as_by_the_long_one(connection, monkeypatch, query, headers) -> None:
    monkeypatch.setattr("api.http.sent._WORTH_COMPRESSING", 100)
    answer = without_own(get_the_long_way(connection, ITEMS + query, **headers))
    assert answer[0] == 200
    assert answer == without_own(get_the_short_way(connection, ITEMS + query, **headers))


def test_pages_follow_one_another_by_the_short_way(connection) -> None:
    get(connection, ITEMS)
    seen, address = [], f"{ITEMS}?limit=1"
    while address:
        body = json.loads(get_the_short_way(connection, address)[2])
        seen += [feature["id"] for feature in body["features"]]
        address = next((link["href"] for link in body["links"] if link["rel"] == "next"), None)
        address = address and address.partition(connection.host + f":{connection.port}")[2]
    assert seen == ["P/5 东", "P1", "P2", "P3"]


def test_a_client_that_has_it_is_told_so(connection) -> None:
    tag = get_the_long_way(connection)[1]["etag"]
    for ask in (get_the_long_way, get_the_short_way):
        status, headers, body = ask(connection, If_None_Match=tag)
        assert (status, headers["etag"], headers["cache-control"], body) == (304, tag, "public, no-cache", b"")
        assert ask(connection, If_None_Match='"another"')[0] == 200
        assert ask(connection, f"{ITEMS}?limit=2", If_None_Match=tag)[0] == 200


def test_after_a_write_the_next_answer_is_right(connection, store, catalog, parcels) -> None:
    tag = get(connection, ITEMS)[1]["etag"]
    for gone in ("P1", "P2"):
        store.write(catalog.layer("parcels"), Changes(delete=(gone,)), author="survey", reason="gone")
        first = get(connection, ITEMS, If_None_Match=tag)
        assert first[0] == 200
        assert gone.encode() not in first[2]
        assert without_own(get_the_short_way(connection)) == without_own(first)
        tag = first[1]["etag"]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (f"{ITEMS}?f=html", {}, 200),
        (f"{ITEMS}/P1?f=html", {}, 200),
        (f"{ITEMS}/P1?datetime=2021-06-01", {}, 200),
        (f"{ITEMS}/P%2F5%20%E4%B8%9C", {}, 200),
        (f"{ITEMS}/P4", {}, 404),
        (f"{ITEMS}/P1?limit=1", {}, 400),
        (ITEMS, {"Accept": "text/html"}, 200),
        (ITEMS, {"Accept": "image/png"}, 406),
        (f"{ITEMS}?datetime=2021-06-01", {}, 200),
        (f"{ITEMS}?limit=1001", {}, 200),
        (f"{ITEMS}?limit=0", {}, 400),
        (f"{ITEMS}?limit=1&limit=1", {}, 400),
        (f"{ITEMS}?bbox=1,2,3", {}, 400),
        (f"{ITEMS}?floors=many", {}, 400),
        (f"{ITEMS}?flors=1", {}, 400),
        ("/collections/bunkers/items", {}, 404),
        ("/collections/nothing/items", {}, 404),
    ],
)
def test_what_is_not_plain_goes_the_long_way(connection, monkeypatch, path, headers, status) -> None:
    get(connection, ITEMS)
    monkeypatch.setattr("api.features.hot.write_answer", lambda *_: pytest.fail("it went the short way"))
    assert get(connection, path, **headers)[0] == status


def test_links_are_those_of_the_proxy_in_front(store, catalog) -> None:
    with run_server(create_app(Settings(trust_proxy=True), store, catalog)) as root:
        connection = http.client.HTTPConnection(urlsplit(root).netloc)
        get(connection, ITEMS)
        plain = get_the_short_way(connection)
        behind = get(
            connection, ITEMS, X_Forwarded_Host="maps.example", X_Forwarded_Proto="https", X_Forwarded_Prefix="/gis"
        )
        connection.close()
    addresses = [{link["rel"]: link["href"] for link in json.loads(answer[2])["links"]} for answer in (plain, behind)]
    assert addresses[0]["self"] == f"{root}{ITEMS}?f=json"
    assert addresses[1]["self"] == f"https://maps.example/gis{ITEMS}?f=json"


def test_every_answer_is_logged_once(app, connection, caplog) -> None:
    get(connection, ITEMS)
    path = f"{ITEMS}?name={quote('东')}"
    with caplog.at_level(logging.INFO, logger="twin.access"):
        sent = [get(connection, path)[1]["x-request-id"] for _ in range(3)]
        app.state.journal.write()
    lines = [json.loads(line) for record in caplog.records for line in record.getMessage().split("\n")]
    assert [line["request_id"] for line in lines][-3:] == sent
    assert {(line["method"], line["path"], line["query"], line["status"]) for line in lines[-3:]} == {
        ("GET", ITEMS, f"name={quote('东')}", 200)
    }
