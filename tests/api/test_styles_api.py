"""Map styles over HTTP: documents, letters and marks, all from this service; and a browser draws them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import quote

import pytest

from api.app import create_app
from api.http import sent
from tests_browser import open_browser
from tests_server import run_server
from tiles.glyphs import FONT_NAME, GlyphFont
from twin.catalog import Catalog
from twin.layer import Style
from twin.settings import Settings


def test_the_list_leads_to_a_style_of_the_whole_map_and_of_every_layer_that_is_served(client):
    listed = client.get("/styles").json()
    assert [style["id"] for style in listed["styles"]] == ["map", "parcels", "wells"]
    assert listed["default"] == "map"
    for style in listed["styles"]:
        link, map_tiles = style["links"]
        assert map_tiles["href"].endswith(f"/styles/{style['id']}/map/tiles")
        assert link["rel"] == "stylesheet"
        answer = client.get(link["href"])
        assert answer.headers["content-type"] == link["type"] == "application/vnd.mapbox.style+json"
        assert answer.json()["version"] == 8


def test_the_landing_page_and_every_collection_lead_to_styles(client):
    by_rel = {link["rel"]: link["href"] for link in client.get("/").json()["links"]}
    assert client.get(by_rel["http://www.opengis.net/def/rel/ogc/1.0/styles"]).json()["styles"]
    by_rel = {link["rel"]: link["href"] for link in client.get("/collections/wells").json()["links"]}
    assert client.get(by_rel["stylesheet"]).json()["name"] == "Wells 水井"


def test_everything_that_a_style_names_is_there(client):
    style = client.get("/styles/map").json()
    assert set(style["sources"]) == {"parcels", "wells"}
    for layer_id, source in style["sources"].items():
        assert client.get(source["url"]).json()["vector_layers"][0]["id"] == layer_id
    letters = style["glyphs"].replace("{fontstack}", quote(FONT_NAME)).replace("{range}", "0-255")
    assert client.get(letters).headers["content-type"] == "application/x-protobuf"
    for ratio in ("", "@2x"):
        marks = client.get(f"{style['sprite']}{ratio}.json").json()
        assert "triangle" in marks
        assert client.get(f"{style['sprite']}{ratio}.png").content[:4] == b"\x89PNG"
    assert style["center"] == pytest.approx([118.52, 35.23], abs=0.01)


def test_a_style_of_the_past_leads_to_the_tiles_of_the_past(client):
    source = client.get("/styles/parcels?datetime=2021-01-01").json()["sources"]["parcels"]
    assert source["url"].endswith("/tiles/parcels.json?datetime=2021-01-01")


@pytest.mark.parametrize(
    "path",
    [
        "/styles/bunkers",
        "/styles/nothing",
        "/fonts/Comic%20Sans/0-255.pbf",
        "/sprites/nothing.json",
        "/sprites/marks@3x.png",
    ],
)
def test_what_is_not_there_is_404_and_says_what_is(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert "there " in answer.json()["detail"]
    assert "there are map, bunkers" not in answer.json()["detail"]


@pytest.mark.parametrize("letters", ["0-254", "1-256", "256-255", "-255", "0-", "a-b", "²-257", "1114112-1114367"])
def test_letters_come_by_256(client, letters):
    assert client.get(f"/fonts/{FONT_NAME}/{letters}.pbf").status_code == 400


def test_the_font_is_found_among_those_that_a_style_would_rather_have(client):
    assert client.get(f"/fonts/Noto Sans Regular,{FONT_NAME}/0-255.pbf").status_code == 200


def test_letters_are_drawn_and_compressed_once_however_many_ask_at_once(client, monkeypatch):
    drawn, packed = [], []
    draw, compress = GlyphFont.draw_range, sent._compress

    def draw_slowly(font, first):
        drawn.append(first)
        time.sleep(0.2)
        return draw(font, first)

    monkeypatch.setattr(GlyphFont, "draw_range", draw_slowly)
    monkeypatch.setattr(sent, "_compress", lambda *given: packed.append(given) or compress(*given))
    with ThreadPoolExecutor(4) as browsers:
        answers = list(browsers.map(lambda _: client.get(f"/fonts/{FONT_NAME}/19968-20223.pbf"), range(4)))
    answers.append(client.get(f"/fonts/{FONT_NAME}/19968-20223.pbf"))
    assert (drawn, len(packed)) == ([19968], 1)
    assert {answer.headers["content-encoding"] for answer in answers} <= {"zstd", "gzip"}
    assert {answer.content for answer in answers} == {draw(GlyphFont(), 19968)}


def test_letters_are_kept_for_a_day_and_then_asked_for_by_their_tag(client):
    address = f"/fonts/{FONT_NAME}/0-255.pbf"
    plain = client.get(address, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.headers["cache-control"] == "public, max-age=86400"
    assert "Accept-Encoding" in plain.headers["vary"]
    again = client.get(address, headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", plain.headers["etag"])
    assert client.get(address).headers["etag"] == plain.headers["etag"]
    assert client.get(f"/fonts/{FONT_NAME}/256-511.pbf").headers["etag"] != plain.headers["etag"]


@pytest.mark.needs("chromium")
def test_a_browser_draws_the_map_and_its_chinese_names_with_letters_of_the_service(store, catalog, tmp_path):
    labelled = replace(catalog.layer("parcels"), style=Style(label="use", label_zoom=12))
    app = create_app(Settings(), store, Catalog.of([labelled, catalog.layer("wells")], []))
    with run_server(app) as address, open_browser(tmp_path / "profile") as page:
        page.open(f"{address}/styles/map?f=html#15/35.2295/118.5005")
        end = time.monotonic() + 60
        drawn = None
        while drawn is None:
            assert time.monotonic() < end, "the map does not come"
            time.sleep(0.1)
            drawn = page.evaluate("document.getElementById('map')?.dataset.drawn")
        assert int(drawn) > 2  # fill, outline and name of a parcel at least
        fetched = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name).join(' ')").split()
        assert {name for name in fetched if not name.startswith(address)} == set()
        assert any("/fonts/" in name for name in fetched)
        assert any("/sprites/marks" in name for name in fetched)
