"""The map page: nothing from elsewhere, and a real browser draws what is in the store."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

import api
from tests_browser import Page, open_browser

VIEWER = Path(api.__file__).parent / "viewer"
MAPLIBRE = VIEWER / "vendor" / "maplibre-gl"


@pytest.fixture
def served(client: TestClient) -> Iterator[str]:
    """The service on a port of this machine, below a path as a reverse proxy may put it."""
    outside = FastAPI()
    outside.mount("/town", client.app)
    server = uvicorn.Server(uvicorn.Config(outside, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/town"
    server.should_exit = True
    thread.join()


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with open_browser(tmp_path / "profile") as page:
        yield page


@pytest.mark.needs("chromium")
def test_the_map_shows_every_feature_of_the_layers_that_are_served(served: str, page: Page) -> None:
    page.open(f"{served}/viewer")
    text = page.wait_for("2 layers 图层, 6 features in view")  # four parcels and two wells
    assert "Test town 测试镇" in text
    assert "Parcels 地块" in text
    assert "Wells 水井" in text
    assert "Bunkers" not in text


@pytest.mark.needs("chromium")
def test_the_map_shows_an_indicator_and_its_evidence(served: str, page: Page) -> None:
    page.open(f"{served}/viewer/?layers=wells#indicator=park_share")
    text = page.wait_for("2 features in view")  # only the wells were asked for
    text = page.wait_for("target 目标 ≥ 50 %")
    assert "Share of parks 公园占比25 %missed 未达标" in text  # P3 of P1, P2, P3 and P/5
    assert "Covered (1) 已覆盖" in text
    assert "Not covered (3) 未覆盖" in text
    assert "Best place (1) 最佳位置" in text
    assert "North 北镇25 %" in text


@pytest.mark.needs("chromium")
def test_a_click_on_a_feature_names_its_attributes(served: str, page: Page) -> None:
    page.open(f"{served}/viewer/#map=17/35.22946/118.50055")  # P1 fills the middle of the window
    page.wait_for("features in view")
    page.click(500, 350)
    text = page.wait_for("Homes 居住")
    assert "Floors 层数6" in text
    assert "Height 高度18.5 m" in text


@pytest.mark.needs("chromium")
def test_a_year_is_written_as_one_word_and_large_numbers_in_thousands(served: str, page: Page) -> None:
    page.open(f"{served}/viewer/")
    page.wait_for("features in view")
    written = page.evaluate(
        "import('./dom.js').then(({ figure }) => [1997, 12345, 0.86902, -20000.5].map((n) => figure(n, 8)))"
    )
    assert written == ["1997", "12,345", "0.86902", "-20,000.5"]


@pytest.mark.needs("chromium")
@pytest.mark.parametrize(
    "path", ["", "collections/parcels/items?f=html", "indicators/park_share?f=html", "docs", "viewer/"]
)
def test_no_page_is_wider_than_a_telephone(served: str, page: Page, path: str) -> None:
    page.resize(390, 780)
    page.open(f"{served}/{path}")
    page.wait_for("Test town 测试镇")
    loaded = "document.readyState === 'complete' || new Promise((done) => addEventListener('load', () => done(true)))"
    page.evaluate(loaded)  # with its style sheet
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_page_and_everything_it_names_is_served(client: TestClient) -> None:
    page = client.get("/viewer/")
    assert page.headers["content-type"].startswith("text/html")
    for name in re.findall(r'(?:src|href)="([^":]+)"', page.text):
        assert client.get(f"/viewer/{name}").status_code == 200
    for module in VIEWER.glob("*.js"):
        for name in re.findall(r'from "([^"]+)"', module.read_text()):
            answer = client.get(f"/viewer/{name}")
            assert answer.status_code == 200
            assert "javascript" in answer.headers["content-type"]  # browsers refuse modules of other types


def test_the_page_takes_nothing_from_elsewhere() -> None:
    own = [path for path in VIEWER.iterdir() if path.is_file()]
    assert {path.suffix for path in own} == {".html", ".css", ".js"}
    for path in own:
        assert not re.search(r"https?://|//[a-z]", path.read_text()), path.name


def test_maplibre_is_as_its_makers_published_it() -> None:
    listed = dict(re.findall(r"\| `([^`]+)` \| `([0-9a-f]{64})` \|", (MAPLIBRE / "README.md").read_text()))
    assert set(listed) == {path.name for path in MAPLIBRE.iterdir()} - {"README.md"}
    for name, digest in listed.items():
        assert hashlib.sha256((MAPLIBRE / name).read_bytes()).hexdigest() == digest
