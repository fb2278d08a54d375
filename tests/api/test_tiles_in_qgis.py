"""Real QGIS draws our vector tiles in our style: of any version in Web Mercator, since 3.26 in every grid."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.app import create_app
from tests_qgis import BACKPORT, VERSIONS, run_in_qgis
from tests_server import run_server
from tiles.grid import grids_for
from twin.crs import BBox, parse_crs, reproject_bbox
from twin.settings import Settings

DRAW = Path(__file__).parents[1] / "support" / "draw_tiles_in_qgis.py"
#: Parcel P1 is a square of 100 m; the picture shows as much again around it: its middle, and a place beside it.
PIXELS = [(0.5, 0.5), (0.1, 0.1)]
#: 35 % of the paper #f6f4ee in the blue #3a6ea5 is #7c9dbf, and 60 % of that on paper: 0.6 * 0x7c + 0.4 * 0xf6 = 0xad.
LAND, PAPER = "#adc0d2", "#f6f4ee"


@pytest.fixture
def address(store, catalog):
    with run_server(create_app(Settings(), store, catalog)) as root:
        yield root


def draw(store, crs, source, version):
    """Draw the surroundings of P1; sides of the picture are those of the CRS, which turns by less than a pixel here."""
    box = reproject_bbox(BBox(499_950, 3_899_950, 500_150, 3_900_150), store.crs, crs)
    seen = run_in_qgis(DRAW, {"source": source, "box": list(box), "pixels": PIXELS}, version=version)
    for color, wanted in zip(seen.pop("colors"), (LAND, PAPER), strict=True):
        assert list(bytes.fromhex(color[1:])) == pytest.approx(list(bytes.fromhex(wanted[1:])), abs=1)
    return seen


@pytest.mark.parametrize("version", VERSIONS)
def test_tiles_of_web_maps_by_their_addresses(address, store, version):
    tiles = f"{address}/tiles/parcels/%7Bz%7D/%7Bx%7D/%7By%7D.mvt"
    source = f"type=xyz&url={tiles}&zmax=18&styleUrl={address}/styles/parcels"
    seen = draw(store, parse_crs("EPSG:3857"), source, version)
    assert (seen["valid"], seen["styled"], seen["crs"]) == (True, True, "EPSG:3857")


GRIDS = [("WebMercatorQuad", "EPSG:3857"), ("CGCS2000Quad", "EPSG:4490"), ("StorageQuad", "Yinan_local")]


@pytest.mark.parametrize(
    ("grid", "crs", "version"),
    [
        pytest.param(*GRIDS[0], None, marks=pytest.mark.needs("qgis")),
        *(pytest.param(*each, BACKPORT, marks=pytest.mark.needs("qgis_backport")) for each in GRIDS),
    ],
)
def test_tiles_of_any_grid_by_the_face_of_an_arcgis_server(address, store, grid, crs, version):
    source = f"type=xyz&serviceType=arcgis&url={address}/arcgis/rest/services/{grid}/parcels/VectorTileServer"
    seen = draw(store, grids_for(store.crs)[grid].crs, source, version)
    assert (seen["valid"], seen["styled"], seen["crs"]) == (True, True, crs)
