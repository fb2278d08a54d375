"""The abstract tests of OGC API - Tiles - Part 1 (OGC 20-057, annex A) for pictures: png, jpeg, tiff and netcdf."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import pytest
import rasterio
from fastapi.testclient import TestClient
from PIL import Image
from rasterio.io import MemoryFile
from scipy.io import netcdf_file

from tiles.grid import Grid, grids_for
from twin.crs import BBox, transform
from twin.store import Changes

GRIDS = ["WebMercatorQuad", "CGCS2000Quad", "WorldCRS84Quad", "StorageQuad"]
ROOTS = ["/map/tiles", "/collections/parcels/map/tiles", "/styles/parcels/map/tiles"]
#: 35 % of the paper #f6f4ee in the blue #3a6ea5 is #7c9dbf, and 60 % of that on paper: 0.6 * 0x7c + 0.4 * 0xf6 = 0xad.
LAND, PAPER = (0xAD, 0xC0, 0xD2), (0xF6, 0xF4, 0xEE)
#: Inside of parcel P1, of P2, and between them, metres of the storage CRS.
P1, P2, BETWEEN = (500_050.0, 3_900_050.0), (501_050.0, 3_900_050.0), (500_400.0, 3_900_050.0)
LEVEL = 16


def grid_of(client: TestClient, name: str) -> Grid:
    return grids_for(client.app.state.context.store.crs)[name]  # type: ignore[attr-defined]


def place_of(client: TestClient, grid: Grid, at: tuple[float, float]) -> tuple[int, int, float, float]:
    """Column and row of the tile of a place, and how far it is from its top left corner, in terms of its side."""
    storage = client.app.state.context.store.crs  # type: ignore[attr-defined]
    (x,), (y,) = transform([at[0]], [at[1]], storage, grid.crs)
    side = grid.side / 2**LEVEL
    column, row = (x - grid.west) / side, (grid.north - y) / side
    return int(column), int(row), column % 1, row % 1


def fetch(client: TestClient, root: str, grid: str, at: tuple[float, float], **query: Any) -> tuple[Any, int, int]:
    """The answer with the tile of a place, and the pixel there."""
    column, row, across, down = place_of(client, grid_of(client, grid), at)
    answer = client.get(f"{root}/{grid}/{LEVEL}/{row}/{column}", params=query)
    assert answer.status_code == 200, answer.text
    return answer, int(across * 256), int(down * 256)


def color_at(client: TestClient, root: str, grid: str, at: tuple[float, float], **query: Any) -> tuple[int, ...]:
    answer, x, y = fetch(client, root, grid, at, **query)
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.size == (256, 256)
        color = image.getpixel((x, y))
    assert isinstance(color, tuple)
    return color


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("grid", GRIDS)
def test_conf_png_content(client: TestClient, root: str, grid: str) -> None:
    answer, _, _ = fetch(client, root, grid, P1, f="png")
    assert (answer.headers["content-type"], answer.content[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    assert color_at(client, root, grid, P1) == pytest.approx((*LAND, 255), abs=1)
    assert color_at(client, root, grid, P2) == color_at(client, root, grid, P1)
    assert color_at(client, root, grid, BETWEEN) == (*PAPER, 255)
    # What is 60 % opaque is so where nothing is below.
    assert color_at(client, root, grid, P1, transparent="true")[3] == pytest.approx(0.6 * 255, abs=1)
    assert color_at(client, root, grid, BETWEEN, transparent="true")[3] == 0


@pytest.mark.parametrize("grid", GRIDS)
def test_conf_jpeg_content(client: TestClient, grid: str) -> None:
    answer, _, _ = fetch(client, ROOTS[1], grid, P1, f="jpeg")
    assert (answer.headers["content-type"], answer.content[:2]) == ("image/jpeg", b"\xff\xd8")
    for query in ({"f": "jpeg"}, {"f": "jpeg", "transparent": "true"}):
        assert color_at(client, ROOTS[1], grid, P1, **query) == pytest.approx(LAND, abs=4)
        assert color_at(client, ROOTS[1], grid, BETWEEN, **query) == pytest.approx(PAPER, abs=2)


@pytest.mark.parametrize("grid", GRIDS)
def test_conf_tiff_content_and_tiff_geotiff(client: TestClient, grid: str) -> None:
    answer, x, y = fetch(client, ROOTS[1], grid, P1, f="tiff")
    assert answer.headers["content-type"] == "image/tiff; application=geotiff"
    with MemoryFile(answer.content) as file, file.open() as image:
        assert (image.driver, image.shape, image.count) == ("GTiff", (256, 256), 4)
        assert image.read()[:, y, x] == pytest.approx((*LAND, 255), abs=1)
        expect_place(image, client, grid)


@pytest.mark.parametrize("grid", GRIDS)
def test_conf_netcdf_content_and_netcdf_geo(client: TestClient, grid: str, tmp_path: Any) -> None:
    answer, x, y = fetch(client, ROOTS[1], grid, P1, f="netcdf")
    assert answer.headers["content-type"] == "application/netcdf"
    file = netcdf_file(io.BytesIO(answer.content))
    axes, mapping = {"x", "y"}, {"crs"}
    data = {name: variable for name, variable in file.variables.items() if name not in axes | mapping}
    assert set(data) == {"red", "green", "blue", "alpha"}
    assert {variable.shape for variable in data.values()} == {(256, 256)}
    values = [int(np.uint8(data[name][y, x])) for name in ("red", "green", "blue", "alpha")]
    assert values == pytest.approx((*LAND, 255), abs=1)
    path = tmp_path / "tile.nc"
    path.write_bytes(answer.content)
    with rasterio.open(f"netcdf:{path}:green") as image:
        assert image.read(1)[y, x] == pytest.approx(LAND[1], abs=1)
        expect_place(image, client, grid)


def expect_place(image: Any, client: TestClient, name: str) -> None:
    """What GDAL reads of the place of a picture is the square that the tile set and the grid tell."""
    column, row, _, _ = place_of(client, grid_of(client, name), P1)
    document = client.get(f"/tileMatrixSets/{name}").json()
    level = next(each for each in document["tileMatrices"] if each["id"] == str(LEVEL))
    corner = level["pointOfOrigin"]
    if document["orderedAxes"][0] in ("Lat", "N"):
        corner = corner[::-1]
    side = level["cellSize"] * 256
    west, north = corner[0] + column * side, corner[1] - row * side
    wanted = BBox(west, north - side, west + side, north)
    assert tuple(image.bounds) == pytest.approx(tuple(wanted), rel=1e-12)
    own = grid_of(client, name).crs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # WKT 1 says less, and pyproj tells
        told = type(own).from_user_input(image.crs.to_wkt())
    (lon, lat), (told_lon, told_lat) = (
        [float(value[0]) for value in transform([west], [north], crs, grid_of(client, "WorldCRS84Quad").crs)]
        for crs in (own, told)
    )
    assert (told_lon, told_lat) == pytest.approx((lon, lat), abs=1e-9)


@pytest.mark.parametrize("root", ROOTS)
def test_conf_tileset_of_maps(client: TestClient, root: str) -> None:
    tilesets = client.get(root).json()["tilesets"]
    assert [each["dataType"] for each in tilesets] == ["map"] * len(GRIDS)
    described = client.get(f"{root}/StorageQuad").json()
    assert described["dataType"] == "map"
    types = ["image/png", "image/jpeg", "image/tiff; application=geotiff", "application/netcdf"]
    items = [each for each in described["links"] if each["rel"] == "item"]
    assert [each["type"] for each in items] == types
    limits = next(each for each in described["tileMatrixSetLimits"] if each["tileMatrix"] == "16")
    for row, col, status in (
        (limits["minTileRow"], limits["minTileCol"], 200),
        (limits["minTileRow"] - 1, limits["minTileCol"], 400),
        (limits["minTileRow"], limits["maxTileCol"] + 1, 400),
    ):
        for item in items:
            address = item["href"].replace("{tileMatrix}", "16")
            answer = client.get(address.replace("{tileRow}", str(row)).replace("{tileCol}", str(col)))
            assert answer.status_code == status
            assert answer.headers["content-type"] == (item["type"] if status == 200 else "application/problem+json")


def test_conf_links_to_maps(client: TestClient) -> None:
    rel = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-map"
    for page, root in (("/", "/map/tiles"), ("/collections/wells", "/collections/wells/map/tiles")):
        (link,) = (each for each in client.get(page, params={"f": "json"}).json()["links"] if each["rel"] == rel)
        assert link["href"].endswith(root)
        assert client.get(link["href"]).status_code == 200
    for style in client.get("/styles").json()["styles"]:
        (link,) = (each for each in style["links"] if each["rel"] == rel)
        assert client.get(link["href"]).status_code == 200


def test_a_map_shows_a_moment(client: TestClient) -> None:
    gone = (503_050.0, 3_900_050.0)  # P4, which went in 2023
    for query in ({"datetime": "2021-01-01"}, {"subset": 'datetime("2021-01-01")'}):
        assert color_at(client, ROOTS[1], GRIDS[0], gone, **query) == pytest.approx((*LAND, 255), abs=1)
    assert color_at(client, ROOTS[1], GRIDS[0], gone) == (*PAPER, 255)


def test_a_map_is_sent_again_only_when_something_in_it_changed(client: TestClient, store: Any, catalog: Any) -> None:
    third = (502_050.0, 3_900_050.0)
    answer, _, _ = fetch(client, ROOTS[1], GRIDS[0], third)
    tag = {"If-None-Match": answer.headers["etag"]}
    assert client.get(answer.url, headers=tag).status_code == 304
    other, _, _ = fetch(client, ROOTS[1], GRIDS[0], P1)
    store.write(catalog.layer("parcels"), Changes(delete=("P3",)), author="a", reason="b")
    assert client.get(answer.url, headers=tag).status_code == 200
    assert color_at(client, ROOTS[1], GRIDS[0], third) == (*PAPER, 255)
    assert client.get(other.url, headers={"If-None-Match": other.headers["etag"]}).status_code == 304


def test_the_map_of_some_layers(client: TestClient) -> None:
    assert color_at(client, ROOTS[0], GRIDS[0], P1, collections="wells") == (*PAPER, 255)
    assert color_at(client, ROOTS[0], GRIDS[0], P1, collections="wells,parcels") == pytest.approx((*LAND, 255), abs=1)


def test_secret_layers_have_no_map(client: TestClient) -> None:
    for root in ("/collections/bunkers/map/tiles", "/styles/bunkers/map/tiles", "/styles/nothing/map/tiles"):
        for address in (root, f"{root}/WebMercatorQuad", f"{root}/WebMercatorQuad/0/0/0"):
            assert client.get(address).status_code == 404
    assert client.get("/map/tiles/WebMercatorQuad/0/0/0", params={"collections": "bunkers"}).status_code == 404


def test_tilejson_leads_web_maps_to_pictures(client: TestClient) -> None:
    described = client.get("/styles/parcels/map/tiles/WebMercatorQuad", params={"f": "tilejson"}).json()
    assert (described["tilejson"], described["tileSize"]) == ("3.0.0", 256)
    column, row, _, _ = place_of(client, grid_of(client, GRIDS[0]), P1)
    (template,) = described["tiles"]
    address = template.replace("{z}", "16").replace("{y}", str(row)).replace("{x}", str(column))
    assert client.get(address).headers["content-type"] == "image/png"
