"""Tile sets and grids as XML (OGC 20-057, class xml; OGC 17-083r4, class xml-tilematrixset): the same as in JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from lxml import etree
from pyproj import CRS

SUPPORT = Path(__file__).parents[1] / "support"
NAMES = {"tms": "http://www.opengis.net/tms/2.0", "tmsc": "http://www.opengis.net/tms/2.0/common"}
GRIDS = ["WebMercatorQuad", "CGCS2000Quad", "WorldCRS84Quad", "StorageQuad"]
ROOTS = ["/tiles", "/collections/parcels/tiles", "/collections/wells/tiles"]


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SUPPORT / "xml_tms.xsd"))


def read(client: TestClient, path: str) -> Any:
    answer = client.get(path, headers={"Accept": "application/xml"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml")
    assert client.get(path, params={"f": "xml"}).headers["content-type"] == "application/xml"
    return etree.fromstring(answer.content)


def texts(element: Any, path: str) -> list[str]:
    return [str(each) for each in element.xpath(f"{path}/text()", namespaces=NAMES)]


def numbers(element: Any, path: str) -> list[float]:
    return [float(number) for text in texts(element, path) for number in text.split()]


def links(element: Any) -> list[dict[str, str]]:
    return [dict(each.attrib) for each in element.findall("tms:Link", NAMES)]


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("root", ROOTS)
def test_conf_xml_definition_and_content_of_a_tile_set(client, schema, root, grid):
    described, said = read(client, f"{root}/{grid}"), client.get(f"{root}/{grid}").json()
    schema.assertValid(described)
    assert described.tag == f"{{{NAMES['tms']}}}TileSetMetadata"
    assert texts(described, "tms:DataType") == [said["dataType"]] == ["vector"]
    uri = said.get("tileMatrixSetURI")
    assert texts(described, "tms:TileMatrixSetURI") == ([uri] if uri else [])
    columns = [[int(each) for each in numbers(described, f"tms:TileMatrixSetLimit/tms:{name}")] for name in (
        "TileMatrix", "MinTileRow", "MaxTileRow", "MinTileCol", "MaxTileCol",
    )]  # fmt: skip
    limits = [[int(value) for value in level.values()] for level in said["tileMatrixSetLimits"]]
    assert [list(row) for row in zip(*columns, strict=True)] == limits
    box = said["boundingBox"]
    assert numbers(described, "tmsc:BoundingBox/*") == [*box["lowerLeft"], *box["upperRight"]]
    assert texts(described, "tms:Layer/tmsc:Identifier") == [layer["id"] for layer in said["layers"]]
    assert texts(described, "tms:Layer/tmsc:Title[@xml:lang='zh']") == [each["x-title-zh"] for each in said["layers"]]
    for layer, whole in zip(described.findall("tms:Layer", NAMES), said["layers"], strict=True):
        assert texts(layer, "tms:PropertySchema/tmsc:Identifier") == list(whole["propertiesSchema"]["properties"])
    items = [link["href"] for link in links(described) if link["rel"] == "item" and link["templated"] == "true"]
    assert items == [link["href"] for link in said["links"] if link["rel"] == "item"]


@pytest.mark.parametrize("root", ROOTS)
def test_conf_xml_definition_and_content_of_a_list_of_tile_sets(client, schema, root):
    """No schema of the OGC has an element for the list: its own names no other, its entries are tile sets."""
    listed, said = read(client, root), client.get(root).json()["tilesets"]
    assert listed.tag == "{urn:x-county-twin:tiles}TileSets"
    entries = listed.findall("tms:TileSetMetadata", NAMES)
    for entry, tileset in zip(entries, said, strict=True):
        schema.assertValid(etree.fromstring(etree.tostring(entry)))
        assert texts(entry, "tmsc:Title") == [tileset["title"]]
        assert [link["href"] for link in links(entry)] == [link["href"] for link in tileset["links"]]
    assert {link["rel"]: link["type"] for link in links(listed)}["self"] == "application/xml"


@pytest.mark.parametrize("grid", GRIDS)
def test_conf_xml_tilematrixset(client, schema, store, grid):
    path = f"/tileMatrixSets/{grid}"
    described, said = read(client, path), client.get(path).json()
    schema.assertValid(described)
    assert described.get("id") == grid
    levels = described.findall("tms:TileMatrix", NAMES)
    for level, whole in zip(levels, said["tileMatrices"], strict=True):
        for name in ("ScaleDenominator", "CellSize", "TileWidth", "TileHeight", "MatrixWidth", "MatrixHeight"):
            assert numbers(level, f"tms:{name}") == [whole[name[0].lower() + name[1:]]]
        assert numbers(level, "tms:PointOfOrigin") == whole["pointOfOrigin"]
    if grid == "StorageQuad":  # which has no code
        (wkt,) = texts(described, "tmsc:CRS/tmsc:WKT")
        assert CRS.from_wkt(wkt).is_exact_same(CRS.from_json_dict(said["crs"]["wkt"]))
        assert CRS.from_wkt(wkt).equals(store.crs, ignore_axis_order=True)
    else:
        assert texts(described, "tmsc:CRS/tmsc:URI") == [said["crs"]]


@pytest.mark.parametrize("path", ["/tiles", "/tiles/CGCS2000Quad", "/tileMatrixSets/StorageQuad"])
def test_each_form_links_to_itself_and_to_the_others(client, path):
    forms = {"json": "application/json", "xml": "application/xml", "html": "text/html"}
    said = {"json": client.get(path).json()["links"]}
    if "tileMatrixSets" not in path:  # for which XML has no links
        said["xml"] = links(read(client, path))
    for form, found in said.items():
        own = {link["type"]: link for link in found if link["rel"] in ("self", "alternate")}
        assert {kind: link["rel"] for kind, link in own.items()} == {
            kind: "self" if name == form else "alternate" for name, kind in forms.items()
        }
        for kind, link in own.items():
            assert client.get(link["href"]).headers["content-type"].partition(";")[0] == kind


def test_a_document_that_is_not_there_as_xml_says_so(client):
    assert client.get("/tileMatrixSets", headers={"Accept": "application/xml"}).status_code == 406
    assert client.get("/tileMatrixSets?f=xml").status_code == 400


def test_browsers_are_given_the_page(client):
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    assert client.get("/tiles", headers={"Accept": accept}).headers["content-type"].startswith("text/html")
