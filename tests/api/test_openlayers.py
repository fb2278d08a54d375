"""OpenLayers draws our vector tiles in CRS that web maps do not know, as OGC API - Tiles describes them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

import tests_browser
from api.app import create_app
from tests_browser import open_browser
from tests_server import run_server
from twin.crs import parse_crs, transform
from twin.settings import Settings

OPENLAYERS = Path(tests_browser.__file__).parents[1] / "vendor" / "openlayers"
#: The projection is described here, because a browser has none but Web Mercator and WGS 84.
PAGE = """<!DOCTYPE html>
<html><body style="margin: 0"><div id="map" style="width: 800px; height: 400px"></div><p id="said"></p>
<script src="/openlayers/ol.js"></script>
<script>
const crs = new ol.proj.Projection(PROJECTION);
ol.proj.addProjection(crs);
const source = new ol.source.OGCVectorTile({ url: "TILESET", format: new ol.format.MVT(), projection: crs });
const style = new ol.style.Style({ fill: new ol.style.Fill({ color: "#ff0000" }) });
const map = new ol.Map({
  target: "map",
  controls: [],
  layers: [new ol.layer.VectorTile({ source, style, renderMode: "vector" })],
  view: new ol.View({ projection: crs, center: CENTER, resolution: RESOLUTION }),
});
function look(places) {
  const canvas = document.querySelector("#map canvas");
  const pixels = canvas.getContext("2d");
  return places.map((place) => {
    const [x, y] = map.getPixelFromCoordinate(place).map((at) => at * canvas.width / 800);
    return [...pixels.getImageData(x, y, 1, 1).data].join(" ");
  });
}
const say = (text) => document.getElementById("said").append(text);
source.on("change", () => {
  if (source.getState() === "error") say("went" + " wrong");
  if (source.getState() === "ready") map.once("rendercomplete", () => say("all" + " drawn"));
});
</script></body></html>
"""
#: The first and the fifth of the parcels, which stand 1 km apart, and the ground between; storage CRS.
PARCELS = [(500_050, 3_900_050), (504_050, 3_900_050)]
GROUND = [(500_250, 3_900_050), (500_050, 3_900_250), (503_050, 3_900_050)]
RED, NOTHING = "255 0 0 255", "0 0 0 0"


@pytest.mark.needs("chromium")
@pytest.mark.parametrize(
    ("grid", "projection", "metres_per_unit"),
    [
        ("CGCS2000Quad", '{code: "EPSG:4490", units: "degrees", axisOrientation: "neu", global: false}', 91_000),
        ("StorageQuad", '{code: "urn:storage", units: "m", global: false}', 1),
    ],
)
def test_openlayers_draws_the_parcels_where_they_are(store, catalog, tmp_path, grid, projection, metres_per_unit):
    crs = parse_crs(4490) if grid == "CGCS2000Quad" else store.crs
    middle, *places = (
        [float(value[0]) for value in transform([x], [y], store.crs, crs)]
        for x, y in [(502_000, 3_900_050), *PARCELS, *GROUND]
    )
    elsewhere = FastAPI()
    elsewhere.mount("/openlayers", StaticFiles(directory=OPENLAYERS))
    with (
        run_server(create_app(Settings(), store, catalog)) as service,
        open_browser(tmp_path / "profile") as page,
    ):
        html = PAGE.replace("PROJECTION", projection).replace("CENTER", str(middle))
        html = html.replace("RESOLUTION", str(8 / metres_per_unit))
        html = html.replace("TILESET", f"{service}/collections/parcels/tiles/{grid}")
        elsewhere.get("/")(lambda: HTMLResponse(html))
        with run_server(elsewhere) as address:
            page.open(address)
            page.wait_for("all drawn")
            colours = page.evaluate(f"look({places})")
            (tmp_path / "seen.png").write_bytes(page.take_picture())
    assert colours == [RED] * 2 + [NOTHING] * 3


def test_the_file_of_openlayers_is_the_published_one():
    told = re.findall(r"`([^`]+)` \| `([0-9a-f]{64})`", (OPENLAYERS / "README.md").read_text())
    files = {name: hashlib.sha256((OPENLAYERS / name).read_bytes()).hexdigest() for name, _ in told}
    assert files == dict(told)
    assert set(files) == {"LICENSE.md", "ol.js"}
