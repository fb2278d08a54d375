"""Tiles as GeoJSON (OGC 20-057, requirements class geojson), held against the vector tile of the same place."""

from __future__ import annotations

from http.client import HTTPConnection
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from fastapi.testclient import TestClient
from shapely.affinity import translate

from tests_server import get
from tests_transforms import find_transformer
from tiles.grid import grids_for
from tiles.mvtread import read_tile
from twin.store import Changes

GRIDS = ["WebMercatorQuad", "CGCS2000Quad", "WorldCRS84Quad", "StorageQuad"]
GEOJSON = "application/geo+json"
#: Of what shapes areas are: with a hole, of two parts, one of them with a hole.
SHAPES = [
    "MULTIPOLYGON (((0 0, 900 0, 900 900, 0 900, 0 0), (100 100, 100 300, 300 300, 300 100, 100 100)))",
    """MULTIPOLYGON (((1000 0, 1400 0, 1400 400, 1000 0)), ((1500 0, 1900 0, 1900 900, 1500 900, 1500 0),
    (1600 100, 1600 300, 1800 300, 1600 100), (1600 400, 1600 600, 1800 600, 1600 400)))""",
]


@pytest.fixture
def shaped(client: TestClient, store: Any, catalog: Any, make_rows: Any) -> TestClient:
    """The town with areas of more difficult shapes."""
    shapes = [translate(shapely.from_wkt(text), 500_000, 3_900_000) for text in SHAPES]
    rows = make_rows(catalog.layer("parcels"), shapes, parcel_id=["H1", "H2"], floors=[-(2**40), 2**40])
    store.write(catalog.layer("parcels"), Changes(insert=rows), author="survey", reason="shapes")
    return client


def tiles_of(client: TestClient, root: str, grid: str, level: str) -> list[str]:
    limits = client.get(f"{root}/{grid}").json()["tileMatrixSetLimits"]
    at = next(each for each in limits if each["tileMatrix"] == level)
    rows, cols = (range(at[f"minTile{side}"], at[f"maxTile{side}"] + 1) for side in ("Row", "Col"))
    return [f"{root}/{grid}/{level}/{row}/{col}" for row in rows for col in cols]


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("root", ["/tiles", "/collections/parcels/tiles", "/collections/wells/tiles"])
def test_conf_geojson_content(shaped: TestClient, root: str, grid: str) -> None:
    """One FeatureCollection for each tile, in degrees, of the features and values of the vector tile, at its places."""
    own = grids_for(shaped.app.state.context.store.crs)[grid]  # type: ignore[attr-defined]
    to_degrees = find_transformer(own.crs, "OGC:CRS84").transform
    seen = 0
    for level in ("9", "13", "14"):
        for address in tiles_of(shaped, root, grid, level):
            answer, tile = shaped.get(address, params={"f": "geojson"}), shaped.get(address, params={"f": "mvt"})
            assert answer.status_code == tile.status_code
            if answer.status_code == 204:
                continue
            assert answer.headers["content-type"] == GEOJSON
            document = answer.json()
            assert document["type"] == "FeatureCollection"
            wanted = [
                (name, feature)
                for name, layer in mapbox_vector_tile.decode(
                    tile.content, default_options={"y_coord_down": True}
                ).items()
                for feature in layer["features"]
            ]
            assert [each["featureType"] for each in document["features"]] == [name for name, _ in wanted]
            z, row, col = map(int, address.split("/")[-3:])
            box = own.box(z, col, row)
            unit = (box.east - box.west) / 4096
            for mine, (_, theirs) in zip(document["features"], wanted, strict=True):
                assert mine["properties"] == theirs["properties"]
                assert mine["id"] == mine["properties"].get("parcel_id", mine["properties"].get("well_id"))
                drawn = shapely.geometry.shape(theirs["geometry"])
                placed = shapely.transform(
                    drawn,
                    lambda xy, box=box, unit=unit: np.column_stack(
                        to_degrees(box.west + xy[:, 0] * unit, box.north - xy[:, 1] * unit)
                    ),
                )
                here = shapely.geometry.shape(mine["geometry"])
                assert here.geom_type == placed.geom_type
                assert shapely.hausdorff_distance(here, placed) < 2e-9
                assert shapely.equals_exact(shapely.normalize(here), shapely.normalize(placed), 2e-9)
                seen += 1
    assert seen > 3


def test_the_accept_header_chooses_the_form_and_no_copy_is_taken_for_the_other(client: TestClient) -> None:
    (address,) = tiles_of(client, "/tiles", "WebMercatorQuad", "9")
    answers = [client.get(address, headers={"Accept": kind}) for kind in (GEOJSON, "*/*", GEOJSON)]
    assert [answer.headers["content-type"] for answer in answers] == [
        GEOJSON,
        "application/vnd.mapbox-vector-tile",
        GEOJSON,
    ]
    assert {answer.headers["vary"] for answer in answers} == {"Accept, Accept-Encoding"}
    first, other, again = (answer.headers["etag"] for answer in answers)
    assert first == again != other
    for kind, tag, status in ((GEOJSON, first, 304), (GEOJSON, other, 200), ("*/*", other, 304)):
        assert client.get(address, headers={"Accept": kind, "If-None-Match": tag}).status_code == status
    assert client.get(address, headers={"Accept": "image/png"}).status_code == 406
    assert client.get(address, params={"f": "png"}).status_code == 400


def test_what_was_sent_before_is_sent_again_in_the_form_that_is_asked_for(connection: HTTPConnection) -> None:
    """Before routing, too."""
    address = "/tiles/WebMercatorQuad/9/202/424"
    kinds = [GEOJSON, "*/*", GEOJSON, "*/*", GEOJSON]
    answers = [get(connection, address, Accept=kind) for kind in kinds]
    assert [status for status, *_ in answers] == [200] * 5
    forms = [headers["content-type"] for _, headers, _ in answers]
    assert forms == [GEOJSON if kind == GEOJSON else "application/vnd.mapbox-vector-tile" for kind in kinds]
    assert answers[0][2] == answers[2][2] == answers[4][2] != answers[1][2] == answers[3][2]


def test_values_of_every_type_are_read_as_others_read_them() -> None:
    values = {"text": "东", "half": 0.5, "whole": 2**40, "below": -(2**40), "yes": True, "no": False}
    features = [
        {"geometry": shapely.Point(1, 2), "properties": values},
        {"geometry": shapely.MultiPoint([(1, 2), (4000, 7)]), "properties": {}},
        {"geometry": shapely.LineString([(0, 0), (5, 5), (300, 2)]), "properties": {"text": ""}},
        {"geometry": shapely.MultiLineString([[(0, 0), (5, 5)], [(9, 9), (8, 7), (1, 0)]]), "properties": {}},
    ]
    data = mapbox_vector_tile.encode([{"name": "some", "features": features}], default_options={"y_coord_down": True})
    read = read_tile(data)
    assert list(read) == ["some"]
    assert [properties for properties, _ in read["some"]] == [feature["properties"] for feature in features]
    assert [geometry for _, geometry in read["some"]] == [feature["geometry"] for feature in features]
    assert read_tile(b"") == {}
