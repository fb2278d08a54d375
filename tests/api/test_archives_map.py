"""MapLibre draws an archive through the PMTiles protocol, from a page on another origin."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

import api
import tests_browser
from api.app import create_app
from tests_browser import open_browser
from tests_server import run_server
from tiles.archive import write_archive
from tiles.grid import grids_for
from tiles.source import VectorSource
from twin.frames import Frames
from twin.settings import Settings

MAPLIBRE = Path(api.__file__).parent / "viewer" / "vendor" / "maplibre-gl"
PMTILES = Path(tests_browser.__file__).parents[1] / "vendor" / "pmtiles"
PAGE = """<!DOCTYPE html>
<html><body><div id="map" style="width: 600px; height: 400px"></div><p id="said"></p>
<script src="/pmtiles/pmtiles.js"></script>
<script type="module">
import { addProtocol, Map } from "/maplibre/maplibre-gl.mjs";
const said = (text) => document.getElementById("said").append(text + "; ");
addProtocol("pmtiles", new pmtiles.Protocol({ metadata: true }).tile);
const map = new Map({
  container: "map", center: [118.5225, 35.2295], zoom: ZOOM,
  style: {
    version: 8,
    sources: { town: { type: "vector", url: "pmtiles://ARCHIVE" } },
    layers: [{ id: "parcels", type: "fill", source: "town", "source-layer": "parcels" }],
  },
});
map.on("error", (event) => said("error: " + event.error.message));
map.once("idle", () => {
  const drawn = map.queryRenderedFeatures().map((feature) => feature.properties.parcel_id);
  said("drawn: " + [...new Set(drawn)].sort().join(" "));
  said("maxzoom: " + map.getSource("town").maxzoom);
});
</script></body></html>
"""


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("zoom", [12.5, 16])
def test_maplibre_draws_the_features_of_an_archive(store, catalog, tmp_path, zoom):
    layers = (catalog.layer("parcels"), catalog.layer("wells"))
    source = VectorSource(layers=layers, frames=Frames(store), grid=grids_for(store.crs)["WebMercatorQuad"])
    write_archive(source, tmp_path / "town.pmtiles", zooms=(8, 14))
    elsewhere = FastAPI()
    elsewhere.mount("/pmtiles", StaticFiles(directory=PMTILES))
    elsewhere.mount("/maplibre", StaticFiles(directory=MAPLIBRE))
    with (
        run_server(create_app(Settings(archives=str(tmp_path)), store, catalog)) as service,
        open_browser(tmp_path / "profile") as page,
    ):
        html = PAGE.replace("ARCHIVE", f"{service}/archives/town.pmtiles").replace("ZOOM", str(zoom))
        elsewhere.get("/")(lambda: HTMLResponse(html))
        with run_server(elsewhere) as address:
            page.open(address)
            said = page.wait_for("maxzoom: 14")
    # P4 was pulled down; from close by, only the third parcel is in view.
    assert f"drawn: {'P/5 东 P1 P2 P3' if zoom < 16 else 'P3'};" in said
