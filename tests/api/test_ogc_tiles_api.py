"""OGC API - Tiles: from the landing page to a tile, in every grid."""

from __future__ import annotations

import mapbox_vector_tile
import pytest
from fastapi.testclient import TestClient

GRIDS = ["WebMercatorQuad", "CGCS2000Quad", "WorldCRS84Quad", "StorageQuad"]
REL = "http://www.opengis.net/def/rel/ogc/1.0"


def follow(client: TestClient, document: dict, rel: str) -> dict:
    """The document behind the first link of a kind."""
    return client.get(next(link["href"] for link in document["links"] if link["rel"] == rel)).json()


def test_a_client_finds_its_way_from_the_landing_page_to_a_tile(client: TestClient) -> None:
    tilesets = follow(client, client.get("/?f=json").json(), f"{REL}/tilesets-vector")["tilesets"]
    assert [tileset["links"][0]["href"].rsplit("/", 1)[1] for tileset in tilesets] == GRIDS
    for tileset in tilesets:
        described = client.get(tileset["links"][0]["href"]).json()
        limits = next(level for level in described["tileMatrixSetLimits"] if level["tileMatrix"] == "10")
        template = next(link for link in described["links"] if link["rel"] == "item")
        assert template["templated"] is True
        address = (
            template["href"]
            .replace("{tileMatrix}", "10")
            .replace("{tileRow}", str(limits["minTileRow"]))
            .replace("{tileCol}", str(limits["minTileCol"]))
        )
        answer = client.get(address)
        assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
        assert {"parcels", "wells"} <= set(mapbox_vector_tile.decode(answer.content))


def test_the_same_is_found_for_one_layer(client: TestClient) -> None:
    tilesets = follow(client, client.get("/collections/wells?f=json").json(), f"{REL}/tilesets-vector")["tilesets"]
    described = client.get(tilesets[1]["links"][0]["href"]).json()
    assert described["dataType"] == "vector"
    assert [layer["id"] for layer in described["layers"]] == ["wells"]
    assert described["crs"].endswith("/EPSG/0/4490")
    grid = follow(client, described, f"{REL}/tiling-scheme")
    assert (grid["id"], grid["tileMatrices"][0]["id"]) == ("CGCS2000Quad", "1")


def test_grids_are_described_with_the_axes_of_their_crs(client: TestClient) -> None:
    listed = client.get("/tileMatrixSets").json()["tileMatrixSets"]
    assert [grid["id"] for grid in listed] == GRIDS
    geographic = client.get("/tileMatrixSets/CGCS2000Quad").json()
    assert geographic["orderedAxes"] == ["Lat", "Lon"]
    first = geographic["tileMatrices"][0]
    # As Tianditu counts: level 1 is two tiles, 0.703125 degrees a pixel; latitude stands first in EPSG:4490.
    assert (first["pointOfOrigin"], first["cellSize"], first["matrixWidth"], first["matrixHeight"]) == (
        [90, -180],
        0.703125,
        2,
        1,
    )
    storage = client.get("/tileMatrixSets/StorageQuad").json()
    assert storage["crs"]["wkt"]["name"] == "Yinan local"
    assert storage["tileMatrices"][16]["cellSize"] == 1.0


def test_rows_come_before_columns(client: TestClient) -> None:
    # Tianditu numbers the tile of 118.4655 E 35.5505 N at level 10 of "c" as column 848, row 154; that of the town,
    # at 118.50 E 35.23 N, is one further south: (90 - 35.23) / (360 / 1024) = 155.8.
    assert client.get("/collections/parcels/tiles/CGCS2000Quad/10/155/849").status_code == 200
    assert client.get("/collections/parcels/tiles/CGCS2000Quad/10/849/155").status_code == 400


def test_collections_may_be_chosen(client: TestClient) -> None:
    path = "/tiles/WebMercatorQuad/12/1619/3396"
    everything = mapbox_vector_tile.decode(client.get(path).content)
    chosen = mapbox_vector_tile.decode(client.get(f"{path}?collections=wells").content)
    assert (set(everything), set(chosen)) == ({"parcels", "wells"}, {"wells"})
    assert client.get(f"{path}?collections=nothing").status_code == 404


def test_the_secret_layer_is_in_no_tile(client: TestClient) -> None:
    assert b"bunkers" not in client.get("/tiles/WebMercatorQuad/12/1619/3396").content
    assert client.get("/collections/bunkers/tiles").status_code == 404


@pytest.mark.parametrize("grid", GRIDS)
def test_a_tile_in_the_past_of_every_grid(client: TestClient, grid: str) -> None:
    described = client.get(f"/collections/parcels/tiles/{grid}").json()
    level = described["tileMatrixSetLimits"][12]
    places = [
        (row, col)
        for row in range(level["minTileRow"], level["maxTileRow"] + 1)
        for col in range(level["minTileCol"], level["maxTileCol"] + 1)
    ]
    addresses = [f"/collections/parcels/tiles/{grid}/{level['tileMatrix']}/{row}/{col}" for row, col in places]
    assert not any(b"Four" in client.get(address).content for address in addresses)
    assert any(b"Four" in client.get(f"{address}?datetime=2021-01-01").content for address in addresses)


@pytest.mark.parametrize(
    "path",
    [
        "/collections/parcels/tiles/WebMercatorQuad/25/0/0",
        "/collections/parcels/tiles/WebMercatorQuad/-1/0/0",
        "/collections/parcels/tiles/CGCS2000Quad/0/0/0",
        "/tiles/WebMercatorQuad/3/8/0",
        "/tiles/WebMercatorQuad/3/0/999999999999999999999999",
    ],
)
def test_tiles_that_a_grid_does_not_have_are_refused(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/tileMatrixSets", "/tileMatrixSets/StorageQuad", "/tiles", "/tiles/WebMercatorQuad"])
def test_people_get_pages(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.headers["content-type"].startswith("text/html")
    assert "瓦片" in answer.text or "地块" in answer.text
