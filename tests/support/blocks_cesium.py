"""CesiumJS in a browser over a tileset: draws it from above, and picks what lies at a place."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import pi
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse

import tests_browser
from tests_browser import open_browser
from tests_server import run_server
from tests_transforms import find_transformer

VENDOR = Path(tests_browser.__file__).parents[1] / "vendor"
#: A processor draws the pictures: they are no larger than is needed.
WIDTH_PX, HEIGHT_PX = 400, 300
PAGE = """<!DOCTYPE html>
<html><head><style>body { margin: 0 } canvas { width: WIDTHpx; height: HEIGHTpx; display: block }</style></head>
<body><div id="map" style="width: WIDTHpx; height: HEIGHTpx"></div><p id="said"></p>
<script src="/Cesium.js"></script>
<script>
const say = (text) => document.getElementById("said").append(text);
const widget = new Cesium.CesiumWidget("map", {
  globe: false, skyBox: false, skyAtmosphere: false, scene3DOnly: true, msaaSamples: 1, useDefaultRenderLoop: false,
  contextOptions: { webgl: { preserveDrawingBuffer: true } },
});
const scene = widget.scene;
// Reflections are not looked at, and take seconds where a processor draws.
scene._brdfLutGenerator._colorTexture = scene.context.defaultTexture;
scene.backgroundColor = Cesium.Color.WHITE;
const at = ([x, y, z]) => new Cesium.Cartesian3(x, y, z);
function look(place, range_m, pitch) {
  widget.camera.lookAt(at(place), new Cesium.HeadingPitchRange(0, pitch, range_m));
  scene.light = new Cesium.DirectionalLight({ direction: widget.camera.directionWC });
}
function pick(place) {
  scene.render();
  const pixel = Cesium.SceneTransforms.worldToWindowCoordinates(scene, at(place));
  const feature = scene.pick(pixel);
  const gl = scene.canvas.getContext("webgl2"), color = new Uint8Array(4);
  gl.readPixels(pixel.x, scene.canvas.height - pixel.y, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, color);
  const told = {};
  for (const name of feature ? feature.getPropertyIds() : []) told[name] = feature.getProperty(name);
  return JSON.stringify({ told, color: [...color] });
}
Cesium.Cesium3DTileset.fromUrl("TILESET", { environmentMapOptions: { enabled: false } }).then((tileset) => {
  scene.primitives.add(tileset);
  tileset.tileFailed.addEventListener((event) => say("tile " + "failed " + event.message));
  // What has come may name more, so that once is not enough.
  let calm = 0;
  const draw = () => {
    widget.render();
    calm = tileset.tilesLoaded ? calm + 1 : 0;
    if (calm === 5) say("all" + " drawn.");
    else setTimeout(draw, 20);
  };
  look(MIDDLE, RANGE, PITCH);
  draw();
}).catch((error) => say("went " + "wrong " + error));
</script></body></html>
"""


def to_earth(x, y, height_m):
    """The place on the globe by PROJ; heights of the test have an offset of -3 m."""
    lon, lat = find_transformer("EPSG:4548", "EPSG:4326").transform(500_000 + x, 3_940_000 + y)
    return list(find_transformer(4979, 4978).transform(lon, lat, height_m - 3))


@contextmanager
def open_scene(
    tileset: str, middle: list[float], range_m: float, folder: Path, pitch_rad: float = -pi / 2
) -> Iterator[tuple[Any, Callable[[list[float]], tuple[dict[str, Any], list[int]]]]]:
    """The page when all is drawn, and what tells the feature at a place on the earth and the colour of its pixel."""
    elsewhere = FastAPI()
    program = gzip.decompress((VENDOR / "cesium" / "Cesium.js.gz").read_bytes())
    elsewhere.get("/Cesium.js")(lambda: Response(program, media_type="text/javascript"))
    html = (
        PAGE.replace("TILESET", tileset)
        .replace("WIDTH", str(WIDTH_PX))
        .replace("HEIGHT", str(HEIGHT_PX))
        .replace("MIDDLE", str(middle))
        .replace("RANGE", str(range_m))
        .replace("PITCH", str(pitch_rad))
    )
    elsewhere.get("/")(lambda: HTMLResponse(html))
    with open_browser(folder / "profile") as page, run_server(elsewhere) as address:
        page.open(address)
        page.wait_for("all drawn.", timeout_s=120)
        assert "failed" not in page.evaluate("document.getElementById('said').textContent")

        def pick(place: list[float]) -> tuple[dict[str, Any], list[int]]:
            found = json.loads(page.evaluate(f"pick({place})"))
            return found["told"], found["color"][:3]

        yield page, pick
