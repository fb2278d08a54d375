"""Jobs of OGC API – Processes: made, followed, read, dismissed, limited, and known to every process of a service."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient

import layers
from api.app import create_app
from api.jobs.desk import Jobs
from api.jobs.execution import Execution
from tests_server import serving
from twin.place import Place
from twin.settings import Settings
from twin.stores import open_store

URI = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"
REL = "http://www.opengis.net/def/rel/ogc/1.0"
EXECUTE = "/processes/weather_station_spacing/execution"
ASYNC = {"Prefer": "respond-async"}
DOCUMENT = {"response": "document"}


def serve(county, **settings):
    store = open_store(county)
    return store, create_app(Settings(**settings), store, layers.catalog())


@pytest.fixture
def client(county) -> Iterator[TestClient]:
    store, app = serve(county)
    with store, TestClient(app) as client:
        yield client


def links_of(document):
    return {link["rel"]: link["href"] for link in document["links"]}


def wait_for(client, job, *states):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        status = client.get(links_of(job)["self"]).json()
        if status["status"] in states:
            return status
        time.sleep(0.1)
    raise AssertionError(status)


def make_job(client, body=None, process=EXECUTE):
    answer = client.post(process, json=body or {}, headers=ASYNC)
    assert answer.status_code == 201, answer.text
    return answer


def test_conf_a_job_is_made_followed_and_read(client):
    answer = make_job(client, DOCUMENT | {"inputs": {"kind": "automatic"}})
    job = answer.json()
    assert answer.headers["preference-applied"] == "respond-async"
    assert answer.headers["location"] == links_of(job)["self"].removesuffix("?f=json")
    assert (job["type"], job["processID"], job["status"]) == ("process", "weather_station_spacing", "accepted")
    status = wait_for(client, job, "successful", "failed")
    assert status["status"] == "successful", status
    assert status["progress"] == 100
    assert status["created"] <= status["started"] <= status["finished"]
    at_once = client.post(EXECUTE, json=DOCUMENT | {"inputs": {"kind": "automatic"}}).json()["result"]["value"]
    results = client.get(links_of(status)[f"{REL}/results"]).json()
    assert results["result"]["value"] | {"computed_at": 0} == at_once | {"computed_at": 0}
    assert results["evidence"]["value"]["type"] == "FeatureCollection"


def test_conf_results_come_in_the_form_that_was_asked_for(client):
    job = make_job(client, {"outputs": {"evidence": {}}}).json()
    wait_for(client, job, "successful")
    answer = client.get(f"/jobs/{job['jobID']}/results")
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.json()["type"] == "FeatureCollection"


def test_conf_a_job_that_fails_says_why_and_its_results_are_the_error(client):
    job = make_job(client, process="/processes/topographic_coverage/execution", body={"inputs": {"fill_crs": "EPSG:1"}})
    status = wait_for(client, job.json(), "failed")
    answer = client.get(f"/jobs/{status['jobID']}/results")
    assert answer.status_code == 400
    assert answer.json()["detail"] == status["message"]


@pytest.mark.parametrize("path", ["6f2c", "6f2c/results", "job.json", "%2e%2e"])
def test_conf_a_job_that_is_not_there_is_404_of_the_type_of_the_standard(client, path):
    answer = client.get(f"/jobs/{path}")
    assert answer.status_code == 404
    assert answer.json()["type"] == f"{URI}/no-such-job"
    if "/" not in path:
        assert client.delete(f"/jobs/{path}").json()["type"] == f"{URI}/no-such-job"


@pytest.fixture
def sleeping(tmp_path, monkeypatch):
    """Processes of jobs sleep instead of evaluating."""
    sleeper = tmp_path / "sleeper"
    sleeper.write_text("#!/bin/sh\nexec sleep 60\n")
    sleeper.chmod(0o700)
    with monkeypatch.context() as patched:
        patched.setattr("sys.executable", str(sleeper))
        yield patched


@pytest.fixture
def slow(client):
    """The service while one job holds the turn and waits for its end."""
    jobs = client.app.state.context.jobs
    with jobs._turn:
        yield client


def test_conf_results_that_are_not_ready_are_404_of_the_type_of_the_standard(slow):
    job = make_job(slow).json()
    answer = slow.get(f"/jobs/{job['jobID']}/results")
    assert answer.status_code == 404
    assert answer.json()["type"] == f"{URI}/result-not-ready"


def test_conf_a_job_that_waits_is_dismissed_and_forgotten(slow):
    job = make_job(slow).json()
    answer = slow.delete(f"/jobs/{job['jobID']}")
    assert (answer.status_code, answer.json()["status"]) == (200, "dismissed")
    assert slow.get(f"/jobs/{job['jobID']}").status_code == 404
    assert slow.get("/jobs").json()["jobs"] == []


def test_conf_a_job_that_runs_is_ended_when_it_is_dismissed(client, sleeping):
    job = make_job(client).json()
    jobs = client.app.state.context.jobs
    while not jobs._turn.locked():
        time.sleep(0.01)
    client.delete(f"/jobs/{job['jobID']}")
    sleeping.undo()
    following = make_job(client).json()  # it has its turn when the process of the other has ended
    wait_for(client, following, "successful")


def test_conf_the_list_of_jobs_is_filtered_and_paged(slow):
    first, second = make_job(slow).json(), make_job(slow, process="/processes/key_place_5g/execution").json()
    ids = {"first": first["jobID"], "second": second["jobID"]}

    def found(query):
        return [each["jobID"] for each in slow.get(f"/jobs?{query}").json()["jobs"]]

    assert found("") == [ids["second"], ids["first"]]
    assert found("processID=key_place_5g") == [ids["second"]]
    assert found("processID=key_place_5g,weather_station_spacing&type=process") == [ids["second"], ids["first"]]
    assert found("type=workflow") == []
    assert found("status=accepted,running") == [ids["second"], ids["first"]]
    assert found("status=failed") == []
    assert found(f"datetime={first['created'].replace('+', '%2B')}") == [ids["first"]]
    assert found(f"datetime={second['created'].replace('+', '%2B')}/..") == [ids["second"]]
    assert found("datetime=../2020-01-01") == []
    assert found("minDuration=0") == []  # they have not started
    assert found("maxDuration=10") == []
    page = slow.get("/jobs?limit=1").json()
    assert [each["jobID"] for each in page["jobs"]] == [ids["second"]]
    assert [each["jobID"] for each in slow.get(links_of(page)["next"]).json()["jobs"]] == [ids["first"]]


def test_durations_are_those_of_the_evaluation(client):
    job = make_job(client).json()
    wait_for(client, job, "successful")
    assert len(client.get("/jobs?minDuration=0").json()["jobs"]) == 1
    assert client.get("/jobs?minDuration=500").json()["jobs"] == []


def test_more_jobs_than_may_go_on_are_refused(county):
    store, app = serve(county, jobs=1)
    with store, TestClient(app) as client, app.state.context.jobs._turn:
        job = make_job(client).json()
        answer = client.post(EXECUTE, json={}, headers=ASYNC)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        client.delete(f"/jobs/{job['jobID']}")
        make_job(client)


def test_a_job_that_takes_too_long_is_ended_and_says_so(county, sleeping):
    store, app = serve(county, job_s=1)
    with store, TestClient(app) as client:
        status = wait_for(client, make_job(client).json(), "failed")
        assert status["message"] == "the job took longer than 1 s"
        assert client.get(f"/jobs/{status['jobID']}/results").status_code == 500


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_job_that_needs_too_much_memory_fails_and_says_so(county):
    store, app = serve(county, job_mb=100)
    with store, TestClient(app) as client:
        status = wait_for(client, make_job(client).json(), "failed")
        assert status["message"] in (
            "the job needs more memory than a job may have",
            "the job ended before it had a result",
        )


def test_jobs_end_with_the_service_and_leave_nothing(county):
    store, app = serve(county)
    with store, TestClient(app) as client:
        make_job(client)
        folder = app.state.context.jobs._folder
        assert len(list(folder.iterdir())) == 1
    assert not folder.exists()


def test_the_oldest_finished_jobs_are_forgotten(client, monkeypatch):
    monkeypatch.setattr("api.jobs.desk._MOST_FINISHED", 1)
    jobs = [make_job(client).json() for _ in range(2)]
    for job in jobs:
        wait_for(client, job, "successful")
    make_job(client)
    assert client.get(f"/jobs/{jobs[0]['jobID']}").status_code == 404


def test_a_job_whose_process_ended_is_said_to_have_failed(county, tmp_path, monkeypatch):
    taking, other = (Jobs(Settings(), Place(str(county)), tmp_path / "jobs") for _ in range(2))
    (tmp_path / "jobs").mkdir()
    monkeypatch.setattr(taking, "_see_through", lambda folder: None)
    job = taking.start(Execution(process="key_place_5g", inputs={}, outputs=("result",), as_document=False))
    assert other.read(job.id).status == "accepted"
    long_ago = time.time() - 60
    os.utime(tmp_path / "jobs" / job.id, (long_ago, long_ago))
    assert other.read(job.id).status == "failed"


def test_every_process_of_a_service_knows_every_job(county):
    with serving(county, "--workers", "2") as (process, address):
        seen, status = set(), {"status": ""}
        job = httpx.post(f"{address}{EXECUTE}", json={}, headers=ASYNC, timeout=60).json()
        while len(seen) < 2 or status["status"] != "successful":
            with httpx.Client(base_url=address, timeout=60) as client:  # each connection may be to another process
                seen.add(client.get("/healthz").json()["worker"])
                status = client.get(f"/jobs/{job['jobID']}").json()
                assert status["status"] in ("accepted", "running", "successful")
        with httpx.Client(base_url=address, timeout=60) as client:
            assert client.delete(f"/jobs/{job['jobID']}").json()["status"] == "dismissed"
        process.terminate()
        process.wait(30)
