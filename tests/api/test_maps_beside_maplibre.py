"""The pictures of maps beside those that MapLibre draws in a browser of the same tiles and style."""

from __future__ import annotations

import io
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from PIL import Image

import api
from api.app import create_app
from tests_browser import open_browser
from tests_server import run_server
from tiles.grid import grids_for
from twin.crs import CRS84, transform
from twin.settings import Settings

MAPLIBRE = Path(api.__file__).parent / "viewer" / "vendor" / "maplibre-gl"
PAGE = """<!DOCTYPE html>
<html><head><link rel="stylesheet" href="/maplibre/maplibre-gl.css"></head>
<body style="margin: 0"><div id="map" style="width: 512px; height: 512px"></div><p id="said"></p>
<script type="module">
import { Map } from "/maplibre/maplibre-gl.mjs";
const map = new Map({
  container: "map", center: CENTER, zoom: ZOOM, style: "STYLE", attributionControl: false, fadeDuration: 0,
  localIdeographFontFamily: false,
});
map.once("idle", () => document.getElementById("said").append("zoom " + map.getZoom()));
</script></body></html>
"""


def draw_by_maplibre(service: str, style: str, center: list[float], zoom: int, folder: Path) -> np.ndarray:
    elsewhere = FastAPI()
    elsewhere.mount("/maplibre", StaticFiles(directory=MAPLIBRE))
    html = PAGE.replace("CENTER", str(center)).replace("ZOOM", str(zoom)).replace("STYLE", f"{service}/styles/{style}")
    elsewhere.get("/")(lambda: HTMLResponse(html))
    with run_server(elsewhere) as address, open_browser(folder) as page:
        page.open(address)
        page.wait_for(f"zoom {zoom}")
        with Image.open(io.BytesIO(page.take_picture())) as seen:
            return np.asarray(seen.convert("RGB"))[:512, :512].astype(int)


def draw_by_us(service: str, style: str, z: int, x: int, y: int) -> np.ndarray:
    """The four tiles in which a tile of MapLibre's 512 pixels lies."""
    picture = Image.new("RGB", (512, 512))
    for column in (0, 1):
        for row in (0, 1):
            address = f"{service}/wmts/{style}/WebMercatorQuad/{z + 1}/{2 * y + row}/{2 * x + column}.png"
            with urllib.request.urlopen(address) as answer, Image.open(io.BytesIO(answer.read())) as tile:
                picture.paste(tile.convert("RGB"), (256 * column, 256 * row))
    return np.asarray(picture).astype(int)


@pytest.mark.needs("chromium")
def test_both_draw_the_same_colours_in_the_same_places(store, catalog, tmp_path):
    grid, z = grids_for(store.crs)["WebMercatorQuad"], 14
    (longitude,), (latitude,) = transform([500_500.0], [3_900_000.0], store.crs, CRS84)
    x, y = grid.tile_at(longitude, latitude, z)
    box = grid.box(z, x, y)
    (lon,), (lat,) = transform([(box.west + box.east) / 2], [(box.south + box.north) / 2], grid.crs, CRS84)
    with run_server(create_app(Settings(), store, catalog)) as service:
        theirs = draw_by_maplibre(service, "map", [float(lon), float(lat)], z, tmp_path / "profile")
        ours = draw_by_us(service, "map", z, x, y)
    # Where a place lies in the picture, in whole pixels.
    places = {"P1": (500_050.0, 3_900_050.0), "well W1": (500_000.0, 3_900_000.0), "paper": (500_300.0, 3_900_300.0)}
    for name, at in places.items():
        (east,), (north,) = transform([at[0]], [at[1]], store.crs, grid.crs)
        column, row = (int(512 * part / (box.east - box.west)) for part in (east - box.west, box.north - north))
        assert ours[row, column] == pytest.approx(theirs[row, column], abs=12), name
    differs = np.abs(ours - theirs).max(axis=2) > 32
    assert differs.mean() < 0.002  # along edges
    assert (np.abs(ours - ours[0, 0]).max(axis=2) > 32).mean() > 0.002  # something is drawn
