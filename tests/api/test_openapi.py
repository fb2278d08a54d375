"""The OpenAPI document: complete, self-contained, and true."""

from __future__ import annotations

import json
import re

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from blocks_models import add_model
from tests_addresses import address_of, finished_jobs
from twin.settings import Settings

#: Values of parameters whose type does not tell them.
NAMED = {"datetime": "2024-01-01", "tms": "WebMercatorQuad", "collections": "parcels"}
NAMED |= {"type": "process", "processID": "park_share", "status": "running"}
NAMED |= {"crs": "http://www.opengis.net/def/crs/EPSG/0/4490"}
NAMED |= {"bbox-crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}
NAMED |= {"filter": "1 = 1", "filter-crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}
NAMED |= {"sortby": "-source_datum", "properties": "source_datum"}
NAMED |= {"subset": 'datetime("2024-01-01")'}


@pytest.fixture
def client(store, catalog, parcels, tmp_path):
    """The service with something at every address."""
    (tmp_path / "town.pmtiles").write_bytes(b"PMTiles")
    settings = Settings(archives=str(tmp_path), geoid_offset="0 m, a test")
    catalog = add_model(store, catalog, parcels.crs)
    app = create_app(settings, store, catalog, jobs_of_all=finished_jobs(tmp_path / "jobs", "1"))
    return TestClient(app)


@pytest.fixture
def document(client):
    answer = client.get("/api")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    return answer.json()


def operations(document):
    return {path: item["get"] for path, item in document["paths"].items() if "get" in item}


def test_it_is_openapi_3_0_and_refers_to_nothing_outside(document):
    assert document["openapi"].startswith("3.0")
    references = re.findall(r'"\$ref": "([^"]*)"', json.dumps(document))
    assert set(references) == {"#/components/responses/Problem"}
    assert "Problem" in document["components"]["responses"]
    assert '"null"' not in json.dumps(document)  # a type that OpenAPI 3.0 does not have


def test_layers_and_indicators_are_spelled_out_but_secret_ones_are_not_named(document):
    paths = document["paths"]
    assert "/collections/parcels/items" in paths
    assert "/indicators/park_share/evidence" in paths
    assert not any("layer_id" in path or "indicator_id" in path or "bunkers" in path for path in paths)


def test_every_operation_has_an_id_of_its_own_a_summary_and_no_422(document):
    all_of_them = operations(document).values()
    identifiers = [operation["operationId"] for operation in all_of_them]
    assert len(set(identifiers)) == len(identifiers)
    for operation in all_of_them:
        assert operation["summary"]
        assert operation["description"]
        assert {"200", "default"} <= set(operation["responses"]) <= {"200", "204", "206", "304", "404", "default"}


def test_the_parameters_of_core_are_defined_as_the_standard_wants_them(document):
    """OGC 17-069r4, requirements fc-limit-definition, fc-bbox-definition, fc-time-definition."""
    parameters = {p["name"]: p for p in operations(document)["/collections/parcels/items"]["parameters"]}
    for name in ("limit", "bbox", "datetime"):
        assert (parameters[name]["in"], parameters[name]["required"]) == ("query", False)
        assert (parameters[name]["style"], parameters[name]["explode"]) == ("form", False)
    assert parameters["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 100_000, "default": 100}
    assert parameters["bbox"]["schema"] == {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    assert parameters["datetime"]["schema"] == {"type": "string"}
    assert parameters["use"]["schema"]["enum"] == ["homes", "park"]
    assert parameters["floors"]["schema"]["type"] == "integer"


def test_every_parameter_that_is_listed_is_accepted_and_no_other(client, document):
    values = {"array": "118,35,119,36", "integer": "1", "number": "1", "boolean": "true", "string": "P1"}
    formats = {"date": "2024-01-01", "date-time": "2024-01-01T00:00:00Z"}
    for path, operation in operations(document).items():
        address = address_of(path)
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "query":
                schema = parameter["schema"]
                value = schema.get("enum", [formats.get(schema.get("format"), values[schema["type"]])])[0]
                value = NAMED.get(parameter["name"], value)
                answer = client.get(address, params={parameter["name"]: value})
                assert answer.status_code in (200, 204), (address, parameter["name"], answer.text)
        assert client.get(address, params={"no_such_parameter": "1"}).status_code == 400, address


def test_every_operation_answers_in_every_form_it_lists(client, document):
    for path, operation in operations(document).items():
        for media_type in operation["responses"]["200"]["content"]:
            answer = client.get(address_of(path), headers={"Accept": media_type.partition(";")[0]})
            assert answer.status_code == 200, path
            assert answer.headers["content-type"].partition(";")[0] == media_type.partition(";")[0], path


def test_the_page_offers_a_form_for_every_address(client, document):
    page = client.get("/docs").text
    own = r"http://testserver[^\"< ]*|<option>http://www.opengis.net/def/crs/[^<]*"
    assert "http" not in re.sub(own, "", page.split("<main>")[1].split("</main>")[0])
    for path in operations(document):
        assert f"GET {path}" in page
    assert 'action="http://testserver/collections/parcels/items"' in page


def test_conformance_names_the_classes_of_common_and_features(client):
    classes = client.get("/conformance").json()["conformsTo"]
    assert len(set(classes)) == len(classes)
    features = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
    assert {f"{features}/{name}" for name in ("core", "geojson", "html", "oas30")} <= set(classes)
