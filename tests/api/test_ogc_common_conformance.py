"""The abstract tests of OGC API - Common: Part 1 (OGC 19-072, annex A) and Part 2 (class Collections).

Each test names its abstract tests; docs/conformance.md lists them.
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from fastapi.testclient import TestClient

COMMON = "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf"
COLLECTIONS = "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections"
ITEMS = "/collections/parcels/items"


def links_of(document: dict[str, Any], rel: str) -> list[dict[str, Any]]:
    return [link for link in document["links"] if link["rel"] == rel]


def test_conf_core_http(client: TestClient) -> None:
    assert client.get("/").http_version.startswith("HTTP/1.1")
    for method, status in (("GET", 200), ("HEAD", 200), ("POST", 405), ("DELETE", 405)):
        assert client.request(method, "/conformance").status_code == status


@pytest.mark.parametrize("path", ["/", "/conformance", "/collections", ITEMS, "/tiles", "/indicators/park_share"])
def test_conf_core_query_param_capitalization(client: TestClient, path: str) -> None:
    (own, *_) = (p for p in client.get("/api").json()["paths"][path]["get"]["parameters"] if p["name"] == "f")
    assert client.get(path, params={own["name"]: "json"}).status_code == 200
    assert client.get(path, params={own["name"].upper(): "json"}).status_code == 400
    assert client.get(path, params={"no_such_parameter": "1"}).status_code == 400


def test_conf_core_query_param_list_delimiter_and_escape(client: TestClient) -> None:
    assert client.get("/tiles?collections=wells,parcels").status_code == 200
    assert client.get(f"{ITEMS}?bbox=118,35,119,36").json()["numberMatched"] == 4
    for wrong in ("118;35;119;36", "118 35 119 36", "118|35|119|36"):
        assert client.get(ITEMS, params={"bbox": wrong}).status_code == 400
    assert client.get("/tiles?collections=wells;parcels").status_code in (400, 404)


@pytest.mark.parametrize(
    ("name", "value", "matched"),
    [
        ("inhabited", "true", 3),
        ("inhabited", "false", 1),
        ("inhabited", "yes", None),
        ("floors", "11", 1),
        ("height_m", "18.5", 1),
        ("height_m", "1.85e1", 1),
        ("height_m", "18,5", None),
    ],
)
def test_conf_core_query_param_values(client: TestClient, name: str, value: str, matched: int | None) -> None:
    answer = client.get(ITEMS, params={name: value})
    assert answer.status_code == (400 if matched is None else 200)
    assert answer.json().get("numberMatched") == matched


@pytest.mark.parametrize("value", ["inf", "-inf", "nan"])
def test_conf_core_query_param_value_special(client: TestClient, value: str) -> None:
    """No feature has such a height, and a box without end is none."""
    answer = client.get(ITEMS, params={"height_m": value})
    assert answer.json().get("numberMatched", 0) == 0
    assert answer.status_code in (200, 400)
    assert client.get(ITEMS, params={"bbox": f"{value},35,119,36"}).status_code == 400


def test_conf_landing_page_root_op_and_root_success(client: TestClient) -> None:
    document = client.get("/", headers={"Accept": "application/json"}).json()
    assert {"title", "description", "links"} <= set(document)
    rels = {link["rel"] for link in document["links"]}
    assert {"self", "alternate", "service-desc", "service-doc", "conformance", "data"} <= rels
    for link in document["links"]:
        assert link["href"].startswith("http://testserver/")
        assert client.get(link["href"]).status_code == 200, link


def test_conf_landing_page_api_definition_op_and_success(client: TestClient) -> None:
    document = client.get("/").json()
    for rel in ("service-desc", "service-doc"):
        for link in links_of(document, rel):
            answer = client.get(link["href"], headers={"Accept": link["type"]})
            assert answer.status_code == 200
            assert answer.headers["content-type"].partition(";")[0] == link["type"].partition(";")[0]


def test_conf_landing_page_conformance_op_and_success(client: TestClient) -> None:
    (link,) = links_of(client.get("/").json(), "conformance")
    declared = client.get(link["href"]).json()["conformsTo"]
    ours = {uri.removeprefix(f"{COMMON}/") for uri in declared if uri.startswith(COMMON)}
    assert ours == {"core", "landing-page", "oas30", "html", "json"}
    assert COLLECTIONS in declared


class Balance(HTMLParser):
    """Sees whether every element that must end does, in order."""

    VOID = frozenset({"meta", "link", "br", "hr", "img", "input", "source", "col"})
    MAY_STAY_OPEN = frozenset({"p", "li", "dt", "dd", "option", "tr", "td", "th", "thead", "tbody"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in self.VOID | self.MAY_STAY_OPEN:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.MAY_STAY_OPEN:
            assert self.open.pop() == tag


PATHS = ["/", "/conformance", "/api", "/collections", "/collections/parcels"]


@pytest.mark.parametrize("path", PATHS)
def test_conf_html_content_and_definition(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.headers["content-type"].startswith("text/html")
    assert "text/html" in client.get("/api").json()["paths"][path]["get"]["responses"]["200"]["content"]
    page = Balance()
    page.feed(answer.text)
    assert page.open == []
    document = client.get(path, headers={"Accept": "application/json"}).json()
    for link in document.get("links", []):
        if link["rel"] in ("items", "conformance", "data", "service-doc"):
            assert link["href"].partition("?")[0] in answer.text
    assert all(collection["title"] in answer.text for collection in document.get("collections", []))


@pytest.mark.parametrize("path", PATHS)
def test_conf_json_content_and_definition(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "application/json"})
    assert "json" in answer.headers["content-type"]
    assert isinstance(answer.json(), dict)
    content = client.get("/api").json()["paths"][path]["get"]["responses"]["200"]["content"]
    assert any("json" in media_type for media_type in content)


def test_conf_collections_rc_md(client: TestClient) -> None:
    """rc-md-op, rc-md-success, rc-md-links, rc-md-items."""
    document = client.get("/collections").json()
    for rel in ("self", "alternate"):
        assert links_of(document, rel)
        assert all({"rel", "type", "href"} <= set(link) for link in links_of(document, rel))
    assert [collection["id"] for collection in document["collections"]] == ["parcels", "wells"]
    for collection in document["collections"]:
        assert links_of(collection, "items")


def test_conf_collections_src_md(client: TestClient) -> None:
    """src-md-op, src-md-success, rc-md-collection-content, rc-md-items-links, rc-md-extent."""
    for listed in client.get("/collections").json()["collections"]:
        single = client.get(f"/collections/{listed['id']}").json()
        same = set(listed) - {"links", "crs"}  # the list names what all have in common once, as Features Part 2 wants
        assert {name: single[name] for name in same} == {name: listed[name] for name in same}
        for link in links_of(single, "items"):
            assert link["type"] in ("application/geo+json", "text/html")
            assert client.get(link["href"]).status_code == 200
        west, south, east, north = single["extent"]["spatial"]["bbox"][0]
        inside = client.get(f"/collections/{listed['id']}/items?bbox={west},{south},{east},{north}").json()
        assert inside["numberMatched"] == listed["x-count"]
        begin, end = single["extent"]["temporal"]["interval"][0]
        assert begin <= end
    assert client.get("/collections/nothing").status_code == 404
