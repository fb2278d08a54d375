"""OGC API – Processes: indicators as processes, evaluated at once; `docs/conformance.md` names the abstract tests."""

from __future__ import annotations

from email import message_from_bytes

import pytest

URI = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"
REL = "http://www.opengis.net/def/rel/ogc/1.0"
EXECUTE = "/processes/park_share/execution"
DOCUMENT = {"response": "document"}


def links_of(document):
    return {link["rel"]: link["href"] for link in document["links"]}


def test_conf_landing_page_leads_to_processes_and_jobs(client):
    links = links_of(client.get("/").json())
    assert [each["id"] for each in client.get(links[f"{REL}/processes"]).json()["processes"]] == ["park_share"]
    assert client.get(links[f"{REL}/job-list"]).json()["jobs"] == []


def test_conf_process_list_has_summaries_that_lead_to_descriptions(client):
    (summary,) = client.get("/processes").json()["processes"]
    assert summary["version"]
    assert summary["jobControlOptions"] == ["sync-execute", "async-execute", "dismiss"]
    assert client.get(links_of(summary)["self"]).json()["id"] == "park_share"


def test_conf_process_list_comes_page_by_page(client):
    assert client.get("/processes?limit=1&offset=1").json()["processes"] == []
    assert client.get("/processes?limit=0").status_code == 400


def test_conf_process_description_has_a_schema_for_each_parameter_and_output(client):
    process = client.get("/processes/park_share").json()
    assert process["inputs"]["use"]["schema"] == {"type": "string", "enum": ["homes", "park"], "default": "park"}
    assert process["inputs"]["least_floors"]["schema"] == {"type": "integer", "default": 0}
    assert set(process["inputs"]) == {"use", "least_floors", "datetime"}
    assert all((each["minOccurs"], each["maxOccurs"]) == (0, 1) for each in process["inputs"].values())
    assert set(process["outputs"]) == {"result", "evidence"}
    assert links_of(process)[f"{REL}/execute"].endswith(EXECUTE)


@pytest.mark.parametrize("ask", ["/processes/parks", "/processes/parks/execution"])
def test_conf_process_that_is_not_there_is_404_of_the_type_of_the_standard(client, ask):
    answer = client.post(ask, json={}) if ask.endswith("execution") else client.get(ask)
    assert answer.status_code == 404
    assert answer.json()["type"] == f"{URI}/no-such-process"


def test_conf_one_output_comes_as_it_is(client):
    answer = client.post(EXECUTE, json={"outputs": {"result": {}}, "inputs": {"use": "homes"}})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["value"] == 0.5
    assert answer.json()["evidence"]
    answer = client.post(EXECUTE, json={"outputs": {"evidence": {"transmissionMode": "value"}}})
    assert answer.headers["content-type"] == "application/geo+json"
    assert {each["properties"]["role"] for each in answer.json()["features"]} == {"covered", "uncovered", "best_place"}


def test_conf_several_outputs_come_in_parts_and_all_of_them_by_default(client):
    answer = client.post(EXECUTE, json={})
    message = message_from_bytes(f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode() + answer.content)
    parts = {part["Content-ID"]: part for part in message.get_payload()}
    assert {name: part.get_content_type() for name, part in parts.items()} == {
        "<result>": "application/json",
        "<evidence>": "application/geo+json",
    }
    assert '"value": 0.25' in parts["<result>"].get_payload()


def test_conf_outputs_come_as_one_document_when_asked_for(client):
    document = client.post(EXECUTE, json=DOCUMENT).json()
    assert document["result"]["mediaType"] == "application/json"
    assert document["result"]["value"]["value"] == 0.25
    assert document["evidence"]["value"]["type"] == "FeatureCollection"


@pytest.mark.parametrize(
    ("inputs", "value"),
    [
        ({"use": "homes", "least_floors": 6}, 1.0),
        ({"use": {"value": "homes"}}, 0.5),
        ({"use": {"href": "data:text/plain,homes"}}, 0.5),
        ({"least_floors": {"href": "data:application/json,6"}, "use": "homes"}, 1.0),
        ({"datetime": "2021-01-01"}, 0.2),
    ],
)
def test_conf_inputs_are_taken_inline_qualified_and_by_reference(client, inputs, value):
    assert client.post(EXECUTE, json=DOCUMENT | {"inputs": inputs}).json()["result"]["value"]["value"] == value


@pytest.mark.parametrize(
    "wrong",
    [
        {"inputs": {"use": "office"}},
        {"inputs": {"least_floors": "many"}},
        {"inputs": {"least_floors": True}},
        {"inputs": {"colour": "red"}},
        {"inputs": {"use": ["park"]}},
        {"inputs": {"use": {"href": "http://127.0.0.1/secret"}}},
        {"inputs": {"use": {"href": "data:text/plain;base64,cGFyaw=="}}},
        {"inputs": {"datetime": 2021}},
        {"inputs": []},
        {"outputs": {"picture": {}}},
        {"outputs": {"result": {"transmissionMode": "reference"}}},
        {"outputs": {"result": {"format": {"mediaType": "text/csv"}}}},
        {"response": "xml"},
        {"subscriber": {"successUri": "http://127.0.0.1/"}},
    ],
)
def test_conf_what_does_not_fit_the_description_is_refused(client, wrong):
    answer = client.post(EXECUTE, json=wrong)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_that_is_no_json_object_or_too_long_is_refused(client):
    assert client.post(EXECUTE, content=b"{").status_code == 400
    assert client.post(EXECUTE, content=b"[]").status_code == 400
    assert client.post(EXECUTE, content=b"[" * 100_000).status_code == 400
    assert client.post(EXECUTE, content=b" " * 20_000_001).status_code == 413


def test_what_is_secret_is_in_no_output(client):
    assert "B1" not in client.post(EXECUTE, json=DOCUMENT).text


def test_processes_have_pages(client):
    for path in ("/processes", "/processes/park_share", "/jobs"):
        page = client.get(path, headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert "<h1>" in page.text
