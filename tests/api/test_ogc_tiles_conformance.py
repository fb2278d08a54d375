"""The abstract tests of OGC API - Tiles - Part 1 (OGC 20-057, annex A), for every class that /conformance declares.

Each test names its abstract test; docs/conformance.md lists them.
"""

from __future__ import annotations

from typing import Any

import mapbox_vector_tile
import pytest
from fastapi.testclient import TestClient

from tiles.grid import grids_for
from twin.crs import CRS84, transform

REL = "http://www.opengis.net/def/rel/ogc/1.0"
TILES = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf"
GRIDS = ["WebMercatorQuad", "CGCS2000Quad", "WorldCRS84Quad", "StorageQuad"]
#: Tile sets of all layers, and of one.
ROOTS = ["/tiles", "/collections/parcels/tiles"]


def links_of(document: dict[str, Any], rel: str) -> list[dict[str, Any]]:
    return [link for link in document["links"] if link["rel"] == rel]


def tile_address(described: dict[str, Any], level: str, row: int, col: int) -> str:
    item = next(link for link in links_of(described, "item") if link["type"] == "application/vnd.mapbox-vector-tile")
    address: str = item["href"]
    for name, value in (("{tileMatrix}", level), ("{tileRow}", str(row)), ("{tileCol}", str(col))):
        assert name in address
        address = address.replace(name, value)
    return address


def limits_of(described: dict[str, Any], level: str) -> tuple[int, int, int, int]:
    limits = next(each for each in described["tileMatrixSetLimits"] if each["tileMatrix"] == level)
    return limits["minTileRow"], limits["maxTileRow"], limits["minTileCol"], limits["maxTileCol"]


def test_conf_core_conformance_success(client: TestClient) -> None:
    declared = client.get("/conformance").json()["conformsTo"]
    ours = {uri.removeprefix(f"{TILES}/") for uri in declared if uri.startswith(TILES)}
    assert ours == {
        "core", "tileset", "tilesets-list", "dataset-tilesets", "geodata-tilesets", "collections-selection",
        "datetime", "mvt", "geojson", "png", "jpeg", "tiff", "netcdf", "xml", "oas30",
    }  # fmt: skip


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("grid", GRIDS)
def test_conf_core_tc_op_and_tc_success(client: TestClient, root: str, grid: str) -> None:
    described = client.get(f"{root}/{grid}").json()
    first_row, last_row, first_col, last_col = limits_of(described, "12")
    there: set[str] = set()
    for row in range(first_row, last_row + 1):
        for col in range(first_col, last_col + 1):
            answer = client.get(tile_address(described, "12", row, col))
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
            layers = mapbox_vector_tile.decode(answer.content)
            assert set(layers) <= {"parcels", "wells"}
            there |= {feature["properties"]["name"] for feature in layers["parcels"]["features"]}
    assert {"One", "Two", "Three"} <= there


def test_conf_core_parameter_definitions(client: TestClient) -> None:
    paths = client.get("/api").json()["paths"]
    for path in (
        "/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}",
        "/collections/parcels/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}",
    ):
        parameters = {parameter["name"]: parameter for parameter in paths[path]["get"]["parameters"]}
        for name, schema in (
            ("tileMatrix", {"type": "string"}),
            ("tileRow", {"type": "integer", "minimum": 0}),
            ("tileCol", {"type": "integer", "minimum": 0}),
        ):
            assert (parameters[name]["in"], parameters[name]["required"]) == ("path", True)
            assert parameters[name]["schema"] == schema


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("grid", GRIDS)
def test_conf_core_tc_error(client: TestClient, root: str, grid: str) -> None:
    described = client.get(f"{root}/{grid}").json()
    first_row, last_row, first_col, last_col = limits_of(described, "16")
    for level, row, col in (
        ("99", 0, 0), ("-1", 0, 0), ("16", -1, first_col), ("16", 2**17, first_col), ("16", first_row, 2**18),
        ("16", first_row - 1, first_col), ("16", last_row + 1, first_col),
        ("16", first_row, first_col - 1), ("16", first_row, last_col + 1),
    ):  # fmt: skip
        assert client.get(tile_address(described, level, row, col)).status_code in (400, 404), (level, row, col)
    inside = [
        client.get(tile_address(described, "16", row, col)).status_code
        for row in range(first_row, last_row + 1)
        for col in range(first_col, last_col + 1)
    ]
    assert set(inside) == {200, 204}  # the parcels are 100 m wide, and 1 km apart


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("grid", GRIDS)
def test_conf_tileset_description(client: TestClient, root: str, grid: str) -> None:
    described = client.get(f"{root}/{grid}", headers={"Accept": "application/json"}).json()
    assert {"title", "dataType", "crs", "links", "layers", "tileMatrixSetLimits", "boundingBox"} <= set(described)
    registered = {"WebMercatorQuad", "WorldCRS84Quad"}
    uri = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{grid}"
    assert described.get("tileMatrixSetURI") == (uri if grid in registered else None)
    (scheme,) = links_of(described, f"{REL}/tiling-scheme")
    matrices = client.get(scheme["href"]).json()
    assert (matrices["id"], len(matrices["tileMatrices"]) > 20) == (grid, True)
    for level in matrices["tileMatrices"]:
        assert {"id", "scaleDenominator", "cellSize", "pointOfOrigin"} <= set(level)
        assert {"tileWidth", "tileHeight", "matrixWidth", "matrixHeight"} <= set(level)
    items = links_of(described, "item")
    assert [item["type"] for item in items] == ["application/vnd.mapbox-vector-tile", "application/geo+json"]
    for item in items:
        assert item["templated"] is True
        assert all(variable in item["href"] for variable in ("{tileMatrix}", "{tileRow}", "{tileCol}"))


@pytest.mark.parametrize("root", ROOTS)
def test_conf_tilesets_list_tileset_links(client: TestClient, root: str) -> None:
    tilesets = client.get(root, headers={"Accept": "application/json"}).json()["tilesets"]
    for grid, tileset in zip(GRIDS, tilesets, strict=True):
        assert tileset["dataType"] == "vector"
        assert tileset["crs"]
        (own,), (scheme,) = links_of(tileset, "self"), links_of(tileset, f"{REL}/tiling-scheme")
        assert own["href"].endswith(f"{root}/{grid}")
        whole = client.get(own["href"]).json()
        assert {name: whole[name] for name in tileset if name != "links"} == {
            name: value for name, value in tileset.items() if name != "links"
        }
        assert client.get(scheme["href"]).status_code == 200


@pytest.mark.parametrize(("page", "root"), [("/", "/tiles"), ("/collections/wells", "/collections/wells/tiles")])
def test_conf_dataset_tilesets_and_geodata_tilesets(client: TestClient, page: str, root: str) -> None:
    (link,) = links_of(client.get(page, headers={"Accept": "application/json"}).json(), f"{REL}/tilesets-vector")
    assert link["href"].endswith(root)
    assert len(client.get(link["href"]).json()["tilesets"]) == len(GRIDS)


def test_conf_collections_selection(client: TestClient) -> None:
    paths = client.get("/api").json()["paths"]
    tile = "/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"
    for path in ("/tiles", "/tiles/{tileMatrixSetId}", tile):
        (parameter,) = (each for each in paths[path]["get"]["parameters"] if each["name"] == "collections")
        assert parameter["schema"] == {"type": "array", "items": {"type": "string"}}
        assert (parameter["in"], parameter["required"]) == ("query", False)
        assert (parameter["style"], parameter["explode"]) == ("form", False)
    for chosen in (["wells"], ["wells", "parcels"], ["parcels", "wells"]):
        described = client.get(f"/tiles/WebMercatorQuad?collections={','.join(chosen)}").json()
        assert [layer["id"] for layer in described["layers"]] == chosen
        row, _, col, _ = limits_of(described, "12")
        tile = client.get(tile_address(described, "12", row, col)).content
        assert list(mapbox_vector_tile.decode(tile)) == chosen


def test_conf_datetime_axis(client: TestClient) -> None:
    for moment, subset in (
        ("2021-01-01", 'datetime("2021-01-01")'),
        ("../2021-01-01", 'datetime(*:"2021-01-01")'),
        ("2020-06-01/2021-01-01T00:00:00Z", 'datetime("2020-06-01":"2021-01-01T00:00:00Z")'),
    ):
        addresses = []
        for query in ({"datetime": moment}, {"subset": subset}):
            described = client.get("/tiles/WebMercatorQuad", params=query).json()
            row, _, col, _ = limits_of(described, "10")
            addresses.append(tile_address(described, "10", row, col))
        by_datetime, by_subset = (client.get(address).content for address in addresses)
        assert b"Four" in by_datetime
        assert by_subset == by_datetime
    now = client.get("/tiles/WebMercatorQuad/10/404/849", params={"subset": 'datetime("2021-01-01":*)'})
    assert b"Four" not in now.content
    for wrong in ("datetime(2021-01-01)", 'time("2021-01-01")', "datetime()", 'datetime("x")', "Lat(1:2)"):
        assert client.get("/tiles/WebMercatorQuad/10/404/849", params={"subset": wrong}).status_code == 400
    both = {"subset": 'datetime("2021-01-01")', "datetime": "2021-01-01"}
    assert client.get("/tiles/WebMercatorQuad/10/404/849", params=both).status_code == 400


@pytest.mark.parametrize("grid", GRIDS)
def test_conf_mvt_content(client: TestClient, grid: str) -> None:
    """Tile coordinates are linear in the CRS of the tile set, from its top left corner: W1 is where it was written."""
    context = client.app.state.context  # type: ignore[attr-defined]
    own = grids_for(context.store.crs)[grid]
    storage = context.store.crs
    longitude, latitude = transform([500_000.0], [3_900_000.0], storage, CRS84)
    col, row = own.tile_at(longitude[0], latitude[0], 14)
    box = own.box(14, col, row)
    answer = client.get(f"/collections/wells/tiles/{grid}/14/{row}/{col}")
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    features = mapbox_vector_tile.decode(answer.content, default_options={"y_coord_down": True})["wells"]["features"]
    (well,) = (feature for feature in features if feature["properties"]["well_id"] == "W1")
    assert well["geometry"]["type"] == "Point"
    x, y = well["geometry"]["coordinates"]
    unit = (box.east - box.west) / 4096
    (east,), (north,) = transform([500_000.0], [3_900_000.0], storage, own.crs)
    assert (box.west + x * unit, box.north - y * unit) == pytest.approx((east, north), abs=unit)


def test_conf_oas30_completeness_and_operation_id(client: TestClient) -> None:
    document = client.get("/api").json()
    named = {path: item["get"]["operationId"] for path, item in document["paths"].items() if "get" in item}
    tile = "/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"
    for path, suffix in (
        ("/", "getLandingPage"),
        ("/conformance", "getConformance"),
        ("/api", "getAPI"),
        ("/tileMatrixSets", "getTileMatrixSetsList"),
        ("/tileMatrixSets/{tileMatrixSetId}", "getTileMatrixSet"),
        ("/collections", "getCollectionsList"),
        ("/collections/wells", "getCollection"),
        ("/tiles", ".dataset.vector.getTileSetsList"),
        ("/tiles/{tileMatrixSetId}", ".dataset.vector.getTileSet"),
        (f"/tiles{tile}", ".dataset.vector.getTile"),
        ("/collections/wells/tiles", ".collection.vector.getTileSetsList"),
        ("/collections/wells/tiles/{tileMatrixSetId}", ".collection.vector.getTileSet"),
        (f"/collections/wells/tiles{tile}", ".collection.vector.getTile"),
        ("/map/tiles", ".dataset.map.getTileSetsList"),
        ("/map/tiles/{tileMatrixSetId}", ".dataset.map.getTileSet"),
        (f"/map/tiles{tile}", ".dataset.map.getTile"),
        ("/collections/wells/map/tiles", ".collection.map.getTileSetsList"),
        ("/collections/wells/map/tiles/{tileMatrixSetId}", ".collection.map.getTileSet"),
        (f"/collections/wells/map/tiles{tile}", ".collection.map.getTile"),
        ("/styles/{style}/map/tiles", ".style.map.getTileSetsList"),
        ("/styles/{style}/map/tiles/{tileMatrixSetId}", ".style.map.getTileSet"),
        (f"/styles/{{style}}/map/tiles{tile}", ".style.map.getTile"),
    ):
        assert named[path].endswith(suffix), path
