"""OGC API – Processes: analyses as processes, at once and as jobs, on a main of five pipes known by hand."""

from __future__ import annotations

import base64
import re
import time
import zipfile
from dataclasses import replace
from io import BytesIO

import pytest
from fastapi.testclient import TestClient

import layers
from api.app import create_app
from tests_pipe_rows import make_main
from twin.catalog import Catalog
from twin.settings import Settings
from twin.stores import open_store

EXECUTE = "/processes/isolation/execution"
THEN = {"segment": "A-W", "datetime": "2021-06-01"}


@pytest.fixture(scope="module")
def main_store(tmp_path_factory):
    return make_main(tmp_path_factory.mktemp("pipes") / "main.gpkg")


@pytest.fixture
def serve(main_store):
    def serve(catalog):
        store = open_store(main_store)
        return TestClient(create_app(Settings(), store, catalog), raise_server_exceptions=False)

    return serve


@pytest.fixture
def client(serve):
    with serve(layers.catalog()) as client:
        yield client


def test_analyses_stand_beside_indicators_in_the_list_of_processes(client):
    listed = [each["id"] for each in client.get("/processes?limit=1000").json()["processes"]]
    catalog = layers.catalog()
    assert listed == [*catalog.indicators, *catalog.analyses]


def test_an_analysis_is_described_with_what_it_needs_and_gives(client):
    process = client.get("/processes/shortest_path").json()
    least = {name: each["minOccurs"] for name, each in process["inputs"].items()}
    assert least == {"from_node": 1, "to_node": 1, "with_flow": 0, "datetime": 0}
    assert process["inputs"]["with_flow"]["schema"] == {"type": "boolean", "default": False}
    assert "default" not in process["inputs"]["from_node"]["schema"]
    assert set(process["outputs"]) == {"result", "features"}
    page = client.get("/processes/shortest_path", headers={"Accept": "text/html"})
    assert (page.status_code, "indicators/" in page.text) == (200, False)


def test_an_analysis_is_executed_as_of_any_date(client):
    def close(**inputs):
        asked = {"inputs": {"segment": "A-W"} | inputs, "outputs": {"result": {}}}
        return client.post(EXECUTE, json=asked).json()["features"]["close"]["pipe_nodes"]

    assert close() == ["V"]
    assert close(datetime="2021-06-01") == ["V", "W"]
    assert close(failed="V") == []


def test_the_features_of_an_answer_come_as_geojson_with_their_roles(client):
    answer = client.post(EXECUTE, json={"inputs": THEN, "outputs": {"features": {}}})
    assert answer.headers["content-type"] == "application/geo+json"
    roles = {(each["id"], each["properties"]["role"]) for each in answer.json()["features"]}
    assert roles == {
        *(("V", "close"), ("W", "close"), ("A", "isolated"), ("F", "isolated")),
        *(("V-A", "isolated"), ("A-W", "isolated"), ("A-F", "isolated")),
        *(("W-H", "cut_off"), ("H", "cut_off")),
    }


def test_an_analysis_runs_as_a_job(client):
    asked = {"inputs": THEN, "response": "document"}
    job = client.post(EXECUTE, json=asked, headers={"Prefer": "respond-async"})
    assert job.status_code == 201
    for _ in range(600):
        status = client.get(job.headers["location"]).json()
        if status["status"] not in ("accepted", "running"):
            break
        time.sleep(0.1)
    assert (status["status"], status["processID"]) == ("successful", "isolation")
    results = client.get(job.headers["location"] + "/results").json()
    assert results["result"]["value"]["figures"]["valves"] == 2
    assert len(results["features"]["value"]["features"]) == 9


@pytest.mark.parametrize(
    ("process", "inputs", "says"),
    [
        ("isolation", {}, "give a segment or a node"),
        ("isolation", {"segment": "A-Z"}, "the network has no segment A-Z"),
        ("isolation", {"segment": 5}, "segment must be text"),
        ("shortest_path", {"from_node": "A"}, "shortest_path needs a to_node"),
        ("loops", {"pipe_class": "XX"}, "pipe_class must be JS or PS"),
    ],
)
def test_what_an_analysis_cannot_answer_is_refused(client, process, inputs, says):
    answer = client.post(f"/processes/{process}/execution", json={"inputs": inputs})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in answer.json()["detail"]


def test_an_analysis_has_no_evidence_and_an_indicator_no_features(client):
    refused = client.post(EXECUTE, json={"inputs": THEN, "outputs": {"evidence": {}}})
    assert (refused.status_code, "there are: result, features" in refused.json()["detail"]) == (400, True)


def test_what_is_asked_of_secret_layers_is_not_there(serve):
    catalog = layers.catalog()
    secret = [
        replace(layer, classification="secret") if layer.id == "pipe_nodes" else layer
        for layer in catalog.layers.values()
    ]
    with serve(Catalog.of(secret, catalog.indicators.values(), catalog.analyses.values())) as client:
        listed = [each["id"] for each in client.get("/processes?limit=1000").json()["processes"]]
        without_points = ["element_quantities", "find_elements", "pipe_conflicts", "cross_section"]
        assert sorted(listed) == sorted([*catalog.indicators, *without_points])
        assert client.post(EXECUTE, json={"inputs": THEN}).status_code == 404


def test_an_analysis_that_draws_gives_its_drawing_as_svg(client):
    assert client.get("/processes/long_section").json()["outputs"]["drawing"]["schema"]["type"] == "string"
    inputs = {"from_node": "A", "to_node": "V"}
    wanted = {"inputs": inputs, "outputs": {"drawing": {}}}
    raw = client.post("/processes/long_section/execution", json=wanted)
    assert (raw.status_code, raw.headers["content-type"].partition(";")[0]) == (200, "image/svg+xml")
    assert raw.text.startswith("<svg")
    assert re.search(r">\d{4}-\d\d-\d\d \d\d:\d\d; pipe_nodes r\d+, pipe_segments r\d+<", raw.text)  # the title block
    document = client.post("/processes/long_section/execution", json=wanted | {"response": "document"}).json()
    assert document["drawing"]["mediaType"] == "image/svg+xml"
    assert document["drawing"]["value"].startswith("<svg")


def test_what_is_to_be_looked_at_comes_as_topics(client):
    process = client.get("/processes/pipe_conflicts").json()
    assert set(process["outputs"]) == {"result", "features", "bcf_2_1", "bcf_3_0"}
    assert process["outputs"]["bcf_3_0"]["schema"]["contentEncoding"] == "base64"
    execute = "/processes/pipe_conflicts/execution"
    alone = client.post(execute, json={"outputs": {"bcf_2_1": {}}})
    assert (alone.status_code, alone.headers["content-type"]) == (200, "application/zip")
    both = client.post(execute, json={"outputs": {"result": {}, "bcf_3_0": {}}, "response": "document"}).json()
    assert both["bcf_3_0"]["encoding"] == "base64"
    for content, version in ((alone.content, b"2.1"), (base64.b64decode(both["bcf_3_0"]["value"]), b"3.0")):
        with zipfile.ZipFile(BytesIO(content)) as archive:
            assert version in archive.read("bcf.version")
