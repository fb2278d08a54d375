"""Real QGIS draws our maps as pictures: by WMTS in grids of two CRS, and by XYZ addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.app import create_app
from tests_qgis import VERSIONS, run_in_qgis
from tests_server import run_server
from tiles.grid import grids_for
from twin.crs import BBox, reproject_bbox
from twin.settings import Settings

DRAW = Path(__file__).parents[1] / "support" / "maps_in_qgis.py"
#: Parcel P1 is a square of 100 m; the picture shows as much again around it: its middle, and a place east of it.
PIXELS = [(0.5, 0.5), (0.9, 0.5)]
#: See tests/api/test_map_tiles_conformance.py.
LAND, PAPER = "#adc0d2", "#f6f4ee"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("grid", "crs", "kind"),
    [
        ("WebMercatorQuad", "EPSG:3857", "wmts"),
        ("CGCS2000Quad", "EPSG:4490", "wmts"),
        ("WebMercatorQuad", "EPSG:3857", "xyz"),
    ],
)
def test_pictures(store, catalog, grid, crs, kind, version):
    box = reproject_bbox(BBox(499_950, 3_899_950, 500_150, 3_900_150), store.crs, grids_for(store.crs)[grid].crs)
    with run_server(create_app(Settings(), store, catalog)) as root:
        asked = f"{root}/wmts?service%3DWMTS%26request%3DGetCapabilities"
        source = f"crs={crs}&format=image/png&layers=parcels&styles=default&tileMatrixSet={grid}&url={asked}"
        if kind == "xyz":
            tiles = f"{root}/wmts/parcels/{grid}/%7Bz%7D/%7By%7D/%7Bx%7D.png"
            source = f"type=xyz&url={tiles}&zmax=20&zmin=0"
        seen = run_in_qgis(DRAW, {"source": source, "box": list(box), "pixels": PIXELS}, version=version)
    for color, wanted in zip(seen.pop("colors"), (LAND, PAPER), strict=True):
        assert list(bytes.fromhex(color[1:])) == pytest.approx(list(bytes.fromhex(wanted[1:])), abs=2)
    assert (seen["valid"], seen["crs"]) == (True, crs)
