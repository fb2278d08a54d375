"""The map page: nothing from elsewhere, and a real browser draws what is in the store."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import shapely
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.types import ASGIApp

import api
from api.app import create_app
from layers.roads import ROADS
from tests_browser import Page, open_browser
from tests_rows import make_layer_rows
from tests_server import run_server
from twin.catalog import Catalog
from twin.crs import transverse_mercator
from twin.settings import Settings
from twin.store import Changes
from twin.stores import create_store

VIEWER = Path(api.__file__).parent / "viewer"
MAPLIBRE = VIEWER / "vendor" / "maplibre-gl"


@contextmanager
def serve(app: ASGIApp) -> Iterator[str]:
    """A service on a port of this machine, below a path as a reverse proxy may put it."""
    outside = FastAPI()
    outside.mount("/town", app)
    with run_server(outside) as root:
        yield f"{root}/town"


@pytest.fixture
def served(client: TestClient) -> Iterator[str]:
    with serve(client.app) as address:
        yield address


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
    text = page.wait_for("target 目标 ≥ 50.00%")
    assert "Share of parks 公园占比25.00%missed 未达标" in text  # P3 of P1, P2, P3 and P/5
    assert "Covered (1) 已覆盖" in text
    assert "Not covered (3) 未覆盖" in text
    assert "Best place (1) 最佳位置" in text
    assert "North 北镇25.00%" in text


@pytest.mark.needs("chromium")
def test_a_click_on_a_feature_names_its_attributes(served: str, page: Page) -> None:
    page.open(f"{served}/viewer/#map=17/35.22946/118.50055")  # P1 fills the middle of the window
    page.wait_for("features in view")
    page.click(500, 350)
    text = page.wait_for("Homes 居住")
    assert "Floors 层数6" in text
    assert "Height 高度18.5 m" in text


@pytest.mark.needs("chromium")
def test_roads_that_are_joined_are_not_taken_for_one_of_them(tmp_path: Path, page: Page) -> None:
    roads = replace(ROADS, classification="public", style=replace(ROADS.style, width_px=20))
    with (
        create_store(tmp_path / "roads.gpkg", crs=transverse_mercator(118.5), title="Roads") as store,
        serve(create_app(Settings(), store, Catalog.of([roads], []))) as address,
    ):
        parts = [[(499_000, 3_900_000), (500_000, 3_900_000)], [(500_000, 3_900_000), (501_000, 3_900_000)]]
        values = {"road_id": ["R1", "R2"], "class": ["arterial"] * 2, "lanes": [4, 4]}
        new = make_layer_rows(roads, [shapely.MultiLineString([line]) for line in parts], crs=store.crs, **values)
        store.write(roads, Changes(insert=new), author="survey", reason="new")
        page.resize(1000, 700)
        for zoom, count, named in ((12, 1, "several as one"), (14, 2, "R2")):
            page.open("about:blank")
            page.open(f"{address}/viewer/#map={zoom}/35.229011/118.501")  # 90 m into R2
            page.wait_for(f"1 layers 图层, {count} features in view")
            page.click(500, 350)
            text = page.wait_for("Lanes 车道数4")
            assert named in text
            assert "undefined" not in text


@pytest.mark.needs("chromium")
def test_the_map_shows_the_state_of_a_day(served: str, page: Page) -> None:
    page.open(f"{served}/viewer/?layers=parcels")
    page.wait_for("4 features in view")
    form = "document.getElementById('moment')"
    # Later, since the page that is left answers nothing any more.
    page.evaluate(f"{form}.elements.datetime.value = '2021-01-01'; setTimeout(() => {form}.requestSubmit(), 100); 0")
    page.wait_for("2021-01-01: 2 layers 图层, 5 features in view")  # P4 stood until 2023
    page.wait_for("公园占比20.00%missed")
    assert page.evaluate("location.search") == "?layers=parcels&datetime=2021-01-01"
    assert page.evaluate(f"{form}.elements.datetime.value") == "2021-01-01"


@pytest.mark.needs("chromium")
@pytest.mark.parametrize(("with_area", "seen"), [(True, (11.25, 35.234, 118.549)), (False, (1.97, 37.95, 104.3))])
def test_without_data_the_map_shows_the_county_else_china(
    tmp_path: Path, catalog: Catalog, page: Page, with_area: bool, seen: tuple[float, ...]
) -> None:
    """Zoom log2(360° · (390 - 2 · 24) px / 512 px / width) and the middle of the box on the Mercator map."""
    area = shapely.box(500_000, 3_896_000, 509_000, 3_905_000) if with_area else None
    with (
        create_store(tmp_path / "new.gpkg", crs=transverse_mercator(118.5), title="New", area=area) as store,
        serve(create_app(Settings(), store, catalog)) as address,
    ):
        page.resize(390, 780)  # there the lists stand below the map
        page.open(f"{address}/viewer/")
        page.wait_for("0 features in view")
        place = re.fullmatch(r"#map=(.+)/(.+)/(.+)", page.evaluate("location.hash"))
    assert place
    assert tuple(map(float, place.groups())) == pytest.approx(seen, abs=0.02)


@pytest.mark.needs("chromium")
def test_the_home_page_shows_the_values_once_they_are_computed(served: str, page: Page) -> None:
    page.open(served)
    page.wait_for("25.00% missed 未达标 ≥ 50.00% Test rules, 1")


@pytest.mark.needs("chromium")
def test_a_year_is_written_as_one_word_and_large_numbers_in_thousands(served: str, page: Page) -> None:
    page.open(f"{served}/viewer/")
    page.wait_for("features in view")
    written = page.evaluate(
        "import('./dom.js').then(({ figure }) => [1997, 12345, 0.86902, -20000.5].map((n) => figure(n, 8)))"
    )
    assert written == ["1997", "12,345", "0.86902", "-20,000.5"]


@pytest.mark.needs("chromium")
def test_a_title_that_is_the_same_in_both_languages_stands_once(served: str, page: Page) -> None:
    page.open(f"{served}/viewer/")
    page.wait_for("features in view")
    texts = "[['1:1000', '1:1000'], ['Homes', '居住'], ['P1']].map((titles) => bilingual(...titles).textContent)"
    written = page.evaluate(f"import('./dom.js').then(({{ bilingual }}) => {texts})")
    assert written == ["1:1000", "Homes 居住", "P1"]


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
