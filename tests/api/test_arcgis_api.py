"""The face of an ArcGIS server: documents by whose numbers clients find the same tiles as by the others."""

from __future__ import annotations

import math

import pytest

ROOT = "/arcgis/rest/services"


def describe(client, grid, service="map"):
    return client.get(f"{ROOT}/{grid}/{service}/VectorTileServer", params={"f": "pjson"}).json()


def test_every_grid_is_a_folder_with_the_map_and_every_layer_that_is_served(client):
    folders = client.get(ROOT, params={"f": "json"}).json()["folders"]
    assert folders == ["WebMercatorQuad", "CGCS2000Quad", "WorldCRS84Quad", "StorageQuad"]
    for folder in folders:
        services = client.get(f"{ROOT}/{folder}?f=json").json()["services"]
        assert [service["name"] for service in services] == [f"{folder}/{name}" for name in ("map", "parcels", "wells")]
        for service in services:
            assert client.get(f"{ROOT}/{service['name']}/{service['type']}").json()["type"] == "indexedVector"


@pytest.mark.parametrize(
    ("grid", "reference", "origin", "side", "metres"),
    [
        (
            "WebMercatorQuad",
            {"wkid": 102100, "latestWkid": 3857},
            (-20037508.342789, 20037508.342789),
            40075016.685578,
            1,
        ),
        ("CGCS2000Quad", {"wkid": 4490, "latestWkid": 4490}, (-180, 90), 360, 111319.490793),
        ("WorldCRS84Quad", {"wkid": 4326, "latestWkid": 4326}, (-180, 90), 180, 111319.490793),
    ],
)
def test_levels_begin_at_0_with_one_tile_and_halve(client, grid, reference, origin, side, metres):
    tile_info = describe(client, grid)["tileInfo"]
    assert tile_info["spatialReference"] == reference
    assert tile_info["origin"] == pytest.approx(dict(zip("xy", origin, strict=True)))
    assert tile_info["rows"] == tile_info["cols"] == 512
    for level, described in enumerate(tile_info["lods"]):
        assert described["level"] == level
        assert described["resolution"] == pytest.approx(side / 512 / 2**level)
        assert described["scale"] == pytest.approx(side / 512 / 2**level * metres * 96 / 0.0254)  # 96 dots an inch


def test_the_storage_grid_carries_its_crs_in_full(client):
    described = describe(client, "StorageQuad")
    assert described["tileInfo"]["spatialReference"]["wkt"].startswith('PROJCS["Yinan_local"')
    # 2^24 m wide around the false origin.
    assert described["tileInfo"]["origin"] == {"x": 500_000 - 2**23, "y": 2**23}
    assert described["fullExtent"]["xmin"] == pytest.approx(500_000, abs=200)
    assert described["fullExtent"]["spatialReference"] == described["tileInfo"]["spatialReference"]


@pytest.mark.parametrize("grid", ["WebMercatorQuad", "CGCS2000Quad", "WorldCRS84Quad", "StorageQuad"])
def test_the_tile_that_the_numbers_lead_to_is_the_tile_of_the_ogc(client, grid):
    described = describe(client, grid, "parcels")
    info, extent = described["tileInfo"], described["fullExtent"]
    level = described["maxLOD"] - 3
    side = info["lods"][level]["resolution"] * info["rows"]
    x = math.floor((extent["xmin"] + extent["xmax"] - 2 * info["origin"]["x"]) / 2 / side)
    y = math.floor((2 * info["origin"]["y"] - extent["ymin"] - extent["ymax"]) / 2 / side)
    address = described["tiles"][0].format(z=level, x=x, y=y)
    tile = client.get(f"{ROOT}/{grid}/parcels/VectorTileServer/{address}")
    assert tile.status_code == 200
    assert tile.content == client.get(f"/collections/parcels/tiles/{grid}/{level}/{y}/{x}").content


def test_no_layer_vanishes_at_the_last_level(client):
    """Clients draw tiles of the last level from there on; a layer that ends before would be missing."""
    ends = [collection["x-zooms"][1] for collection in client.get("/collections").json()["collections"]]
    assert describe(client, "WebMercatorQuad")["maxLOD"] == min(ends)
    assert describe(client, "StorageQuad")["maxLOD"] == min(ends) - 1  # its squares are twice as fine


@pytest.mark.parametrize(("grid", "earlier"), [("CGCS2000Quad", 0), ("StorageQuad", 1)])
def test_zooms_of_the_style_are_levels_of_the_grid(client, grid, earlier):
    style = client.get(f"{ROOT}/{grid}/map/VectorTileServer/resources/styles/root.json").json()
    ours = client.get("/styles/map").json()
    assert list(style["sources"]) == ["esri"]
    assert describe(client, grid) == client.get(style["sources"]["esri"]["url"]).json()
    assert [layer["id"] for layer in style["layers"]] == [layer["id"] for layer in ours["layers"]]
    for moved, layer in zip(style["layers"][1:], ours["layers"][1:], strict=True):
        assert moved["source"] == "esri"
        assert moved["minzoom"] == max(0, layer["minzoom"] - earlier)
    widths = [drawing["paint"]["line-width"] for drawing in (style["layers"][2], ours["layers"][2])]
    assert widths[0][3] == widths[1][3] - earlier
    assert widths[0][4] == widths[1][4]
    assert client.get(f"{ROOT}/{grid}/map/VectorTileServer/resources/styles").json() == style


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("Moon", 404),
        ("WebMercatorQuad/bunkers/VectorTileServer", 404),
        ("WebMercatorQuad/map/VectorTileServer/tile/3/0/8.pbf", 400),
        ("CGCS2000Quad/map/VectorTileServer/tile/0/0/0.pbf", 400),  # the grid begins at 1
        ("WebMercatorQuad/map/VectorTileServer?f=kml", 400),
    ],
)
def test_what_is_not_there_is_said(client, path, status):
    answer = client.get(f"{ROOT}/{path}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
