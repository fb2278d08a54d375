"""A geometry of as many vertices as the setting says is taken wherever one may be given; one more is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from twin.settings import Settings

ITEMS = "/collections/parcels/items"
MERGE = {"content-type": "application/merge-patch+json"}
PROPERTY = {"property": "geometry"}
FES = 'xmlns:fes="http://www.opengis.net/fes/2.0" xmlns:gml="http://www.opengis.net/gml/3.2"'


def ring(count: int) -> list[tuple[float, float]]:
    """The vertices of a closed ring around half of the town, so many of them."""
    south = [(118.0 + 0.01 * step, 35.0) for step in range(count - 3)]
    return [*south, (119.0, 36.0), (118.0, 36.0), south[0]]


def polygon(count: int) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [ring(count)]}


def in_text(client: Any, count: int) -> Any:
    places = ", ".join(f"{x} {y}" for x, y in ring(count))
    return client.get(ITEMS, params={"filter": f"S_INTERSECTS(geometry, POLYGON(({places})))"})


def in_json(client: Any, count: int) -> Any:
    condition = {"op": "s_intersects", "args": [PROPERTY, polygon(count)]}
    return client.get(ITEMS, params={"filter": json.dumps(condition), "filter-lang": "cql2-json"})


def in_gml(client: Any, count: int, operator: str = "Intersects", more: str = "") -> Any:
    places = " ".join(f"{y} {x}" for x, y in ring(count))
    area = (
        '<gml:Polygon srsName="urn:ogc:def:crs:EPSG::4490"><gml:exterior><gml:LinearRing>'
        f"<gml:posList>{places}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
    )
    condition = f"<fes:{operator}><fes:ValueReference>geometry</fes:ValueReference>{area}{more}</fes:{operator}>"
    asked = {"service": "WFS", "request": "GetFeature", "typeNames": "parcels"}
    return client.get("/wfs", params=asked | {"filter": f"<fes:Filter {FES}>{condition}</fes:Filter>"})


def by_distance(client: Any, count: int) -> Any:
    return in_gml(client, count, "DWithin", '<fes:Distance uom="m">1</fes:Distance>')


def feature(count: int) -> dict[str, Any]:
    geometry = {"type": "MultiPolygon", "coordinates": [[ring(count)]]}
    return {"type": "Feature", "id": f"N{count}", "properties": {}, "geometry": geometry}


WAYS = {
    "in CQL2 text": in_text,
    "in CQL2 JSON": in_json,
    "in GML": in_gml,
    "in GML, with a distance": by_distance,
    "added": lambda client, count: client.post(ITEMS, json=feature(count)),
    "replaced": lambda client, count: client.put(f"{ITEMS}/P1", json=feature(count) | {"id": "P1"}),
    "changed": lambda client, count: client.patch(
        f"{ITEMS}/P1", content=json.dumps({"geometry": feature(count)["geometry"]}), headers=MERGE
    ),
    "in a transaction": lambda client, count: client.post(
        "/collections/parcels/transactions", json={"insert": [feature(count)]}
    ),
}


@pytest.fixture
def narrow(store: Any, catalog: Any) -> Iterator[TestClient]:
    """A service that takes 40 vertices."""
    app = create_app(Settings(max_vertices=40), store, catalog)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client


@pytest.mark.parametrize("way", WAYS)
def test_a_geometry_may_have_as_many_vertices_as_the_setting_says(narrow: TestClient, way: str) -> None:
    assert WAYS[way](narrow, 40).status_code in (200, 201, 204)
    refused = WAYS[way](narrow, 41)
    assert refused.status_code == 413, refused.text
    assert "has 41 vertices, at most 40 are taken here" in refused.text
    if "GML" not in way:
        assert refused.headers["content-type"] == "application/problem+json"
        assert (refused.json()["vertices"], refused.json()["limit"]) == (41, 40)
