"""An indicator without a target has no verdict, and nobody is told that something is not known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from tests_browser import open_browser
from tests_server import run_server
from twin.catalog import Catalog
from twin.settings import Settings
from twin.store import Store


@pytest.fixture
def app(store: Store, catalog: Catalog) -> FastAPI:
    """The town's service, where nobody says how many parks there should be, and no parcel has 99 floors."""
    (indicator,) = catalog.indicators.values()
    free = Catalog.of(catalog.layers.values(), [replace(indicator, target=None)])
    return create_app(Settings(), store, free)


@pytest.fixture
def root(app: FastAPI) -> Iterator[str]:
    with run_server(app) as root:
        yield root


@pytest.mark.parametrize("path", ["", "/park_share", "/park_share?least_floors=99"])
def test_pages_say_that_there_is_no_target(app, path):
    page = TestClient(app).get(f"/indicators{path}", headers={"Accept": "text/html"}).text
    assert '<span class="verdict untargeted">no target 未设目标</span>' in page
    assert "unknown 未知" not in page


def test_the_verdict_of_the_result_itself_stays_one_of_three(app):
    result = TestClient(app).get("/indicators/park_share").json()
    assert (result["value"], result["target"], result["verdict"]) == (0.25, None, "unknown")


def test_where_there_is_a_target_and_no_data_the_verdict_is_not_known(client):
    page = client.get("/indicators/park_share?f=html&least_floors=99").text
    assert '<span class="verdict unknown">unknown 未知</span>' in page


@pytest.mark.needs("chromium")
def test_the_map_says_that_there_is_no_target(root, tmp_path):
    with open_browser(tmp_path / "profile") as page:
        page.open(f"{root}/viewer/#indicator=park_share")
        text = page.wait_for("no target")
        assert "Share of parks 公园占比25.00%no target 未设目标" in text
