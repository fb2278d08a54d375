"""WMTS as its clients read it: GDAL, OWSLib, and by hand."""

from __future__ import annotations

import io
import json
import re
from urllib.request import urlopen
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import rasterio
from fastapi.testclient import TestClient
from owslib.wmts import WebMapTileService
from PIL import Image

from api.app import create_app
from tests_server import run_server
from tiles.grid import grids_for
from twin.crs import parse_crs, transform
from twin.settings import Settings
from twin.store import Changes
from twin.stores import create_store

LAND, PAPER = (0xAD, 0xC0, 0xD2), (0xF6, 0xF4, 0xEE)
NAMES = {"w": "http://www.opengis.net/wmts/1.0", "o": "http://www.opengis.net/ows/1.1"}


@pytest.fixture
def root(store, catalog):
    with run_server(create_app(Settings(), store, catalog)) as address:
        yield address


@pytest.fixture
def national(parcels, catalog, tmp_path):
    """The same parcels in a twin in EPSG:4548, whose register counts north first."""
    layer = catalog.layer("parcels")
    moved = parcels.to_crs("EPSG:4548")
    with create_store(tmp_path / "national.gpkg", crs=parse_crs("EPSG:4548"), title="National") as made:
        made.write(layer, Changes(insert=moved), author="survey", reason="copy")
        with run_server(create_app(Settings(), made, catalog)) as address:
            yield address


def colors_by_gdal(root, grid, places):
    """The colours that GDAL's WMTS driver gives at places in the CRS of the grid, with the CRS that it tells."""
    source = f"WMTS:{root}/wmts/1.0.0/WMTSCapabilities.xml,layer=parcels,tilematrixset={grid},tilematrix=17"
    with rasterio.open(source) as image:
        seen = [[int(value) for value in color[:3]] for color in image.sample(places)]
        return seen, image.crs


@pytest.mark.parametrize("grid", ["WebMercatorQuad", "CGCS2000Quad", "WorldCRS84Quad"])
def test_gdal_finds_a_parcel_where_it_is(root, store, grid):
    own = grids_for(store.crs)[grid].crs
    x, y = transform([500_050.0, 500_400.0], [3_900_050.0] * 2, store.crs, own)
    (land, paper), crs = colors_by_gdal(root, grid, list(zip(x, y, strict=True)))
    assert land == pytest.approx(LAND, abs=4)
    assert paper == pytest.approx(PAPER, abs=4)
    assert crs.to_epsg() == {"WebMercatorQuad": 3857, "CGCS2000Quad": 4490}.get(grid, crs.to_epsg())


def test_gdal_finds_a_parcel_in_a_grid_whose_axes_count_north_first(national, store):
    x, y = transform([500_050.0, 500_400.0], [3_900_050.0] * 2, store.crs, parse_crs("EPSG:4548"))
    (land, paper), crs = colors_by_gdal(national, "StorageQuad", list(zip(x, y, strict=True)))
    assert crs.to_epsg() == 4548
    assert land == pytest.approx(LAND, abs=4)
    assert paper == pytest.approx(PAPER, abs=4)


def test_corners_are_told_in_the_order_of_the_axes(national):
    with urlopen(f"{national}/wmts?service=WMTS&request=GetCapabilities") as answer:
        document = ET.fromstring(answer.read())
    told = {
        each.findtext("o:Identifier", namespaces=NAMES): (
            each.findtext("o:SupportedCRS", namespaces=NAMES),
            each.findtext("w:TileMatrix/w:TopLeftCorner", namespaces=NAMES),
        )
        for each in document.iterfind("w:Contents/w:TileMatrixSet", NAMES)
    }
    crs, corner = told["CGCS2000Quad"]
    assert (crs, [float(value) for value in corner.split()]) == ("urn:ogc:def:crs:EPSG::4490", [90, -180])
    crs, corner = told["WorldCRS84Quad"]
    assert (crs, [float(value) for value in corner.split()]) == ("urn:ogc:def:crs:OGC:1.3:CRS84", [-180, 90])
    crs, corner = told["StorageQuad"]
    # False easting 500 km, half of 2^24 m around it: north is 2^23, west 500,000 - 2^23.
    assert (crs, [float(value) for value in corner.split()]) == ("urn:ogc:def:crs:EPSG::4548", [2**23, 500_000 - 2**23])


def test_owslib_reads_layers_and_a_tile(root):
    service = WebMapTileService(f"{root}/wmts")
    assert set(service.contents) == {"map", "parcels", "wells"}
    assert set(service.tilematrixsets) == {"WebMercatorQuad", "CGCS2000Quad", "WorldCRS84Quad"}
    west, south, east, north = service["parcels"].boundingBoxWGS84
    assert west < 118.501 < east
    assert south < 35.2295 < north
    limits = service["parcels"].tilematrixsetlinks["WebMercatorQuad"].tilematrixlimits["16"]
    tile = service.gettile(
        layer="parcels", tilematrixset="WebMercatorQuad", tilematrix="16", row=limits.mintilerow,
        column=limits.mintilecol, format="image/png", style="default",
    ).read()  # fmt: skip
    with Image.open(io.BytesIO(tile)) as image:
        assert (image.format, image.size) == ("PNG", (256, 256))


GET_TILE = {
    "SERVICE": "WMTS", "Request": "GetTile", "version": "1.0.0", "LAYER": "parcels", "style": "default",
    "format": "image/png", "TileMatrixSet": "WebMercatorQuad", "TileMatrix": "3", "TileRow": "3", "TileCol": "6",
}  # fmt: skip


def test_both_ways_of_asking_give_the_same(client: TestClient):
    by_keys = client.get("/wmts", params=GET_TILE)
    by_address = client.get("/wmts/parcels/WebMercatorQuad/3/3/6.png")
    assert by_keys.content == by_address.content
    assert by_keys.headers["etag"] == by_address.headers["etag"]
    assert client.get("/wmts", params=GET_TILE, headers={"If-None-Match": by_keys.headers["etag"]}).status_code == 304
    assert client.get("/wmts/parcels/WebMercatorQuad/3/0/0.jpeg").headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("changed", "code", "locator"),
    [
        ({"LAYER": "bunkers"}, "InvalidParameterValue", ""),
        ({"format": "image/gif"}, "InvalidParameterValue", "format"),
        ({"TileRow": "8"}, "TileOutOfRange", "y"),
        ({"TileCol": ""}, "MissingParameterValue", "tilecol"),
        ({"TileMatrix": "-1"}, "InvalidParameterValue", "tilematrix"),
        ({"Request": "GetFeatureInfo"}, "OperationNotSupported", "request"),
        ({"style": "other"}, "InvalidParameterValue", "style"),
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_ows(client: TestClient, changed, code, locator):
    answer = client.get("/wmts", params=GET_TILE | changed)
    assert answer.status_code >= 400
    (exception,) = ET.fromstring(answer.content)
    assert (exception.get("exceptionCode"), exception.get("locator", "")) == (code, locator)


def test_a_style_that_somebody_made_is_a_layer_if_it_is_drawn_here(store, catalog, tmp_path):
    kept = {
        "version": 8,
        "sources": {"land": {"type": "vector", "url": "/tiles/parcels.json"}},
        "layers": [
            {
                "id": "land",
                "type": "fill",
                "source": "land",
                "source-layer": "parcels",
                "paint": {"fill-color": "#ff0000"},
            }
        ],
    }
    (tmp_path / "plain.json").write_text(json.dumps(kept))
    kept["layers"][0]["paint"]["fill-pattern"] = "x"
    (tmp_path / "pattern.json").write_text(json.dumps(kept))
    kept["layers"][0] |= {"source-layer": "bunkers", "paint": {}}
    (tmp_path / "secret.json").write_text(json.dumps(kept))
    with TestClient(create_app(Settings(styles=str(tmp_path)), store, catalog)) as client:
        listed = client.get("/wmts/1.0.0/WMTSCapabilities.xml").text
        layers = re.findall("<ows:Identifier>(plain|pattern|secret)</ows:Identifier>", listed)
        assert layers == ["plain"]
        x, y = transform([500_050.0], [3_900_050.0], store.crs, parse_crs("EPSG:3857"))
        half, side = 20_037_508.342789244, 40_075_016.685578488 / 2**16
        column, row = (x[0] + half) / side, (half - y[0]) / side
        tile = f"/{{}}/map/tiles/WebMercatorQuad/16/{int(row)}/{int(column)}"
        with Image.open(io.BytesIO(client.get("/styles" + tile.format("plain")).content)) as image:
            cells = np.asarray(image.convert("RGBA"))
        assert cells[int(row % 1 * 256), int(column % 1 * 256)].tolist() == [255, 0, 0, 255]
        refused = client.get("/styles" + tile.format("pattern"))
        assert (refused.status_code, refused.json()["property"]) == (422, "fill-pattern")
        assert "fill-pattern" in refused.json()["detail"]
        assert client.get("/styles" + tile.format("secret")).status_code == 422
