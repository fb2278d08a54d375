"""A tile with everything in it, as mapbox-vector-tile, GDAL and tippecanoe read it: the same to the last bit."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely

from tests_tiles import raw_layers, require_lawful
from tiles.mvt import encode_layer
from twin.crs import BBox, parse_crs
from twin.frame import Frame

WEB = parse_crs("EPSG:3857")
SIDE_M = 2 * math.pi * 6378137 / 2**14
#: A tile in China, 2,446 m wide.
Z, X, Y = 14, 13583, 6458
WEST, NORTH = X * SIDE_M - 2**13 * SIDE_M, 2**13 * SIDE_M - Y * SIDE_M
BOX = BBox(WEST, NORTH - SIDE_M, WEST + SIDE_M, NORTH)

ROWS: list[dict[str, Any]] = [
    {"name": "水塔 𠮷 é e\u0301 🏠 \u200f", "floors": -3, "height_m": 3.3, "open": True, "built": date(1998, 7, 1)},
    {"name": "", "floors": 2**40, "height_m": -0.1, "open": False, "seen": datetime(2024, 2, 29, 8, 30, tzinfo=UTC)},
    {"name": "长" * 70_000, "floors": 2**63 - 1, "height_m": 1e300, "built": date(1, 1, 1)},
    {"name": 'quote " back \\ line\n tab\t', "floors": -(2**63), "height_m": 5e-324, "built": date(9999, 12, 31)},
    {"floors": 0, "height_m": math.inf, "seen": datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)},
    {"floors": 127, "height_m": -math.inf, "open": True},
    {"floors": -64, "height_m": 0.0},
    {},
]
AREAS = [
    "POLYGON ((10 10, 10 200, 200 200, 200 10, 10 10), (50 50, 90 50, 90 90, 50 90, 50 50))",
    "MULTIPOLYGON (((300 300, 400 300, 400 400, 300 300)), ((500 500, 510 500, 510 510, 500 500)))",
    # An island in a lake on an island.
    "MULTIPOLYGON (((0 0, 900 0, 900 900, 0 0),(90 40, 850 50, 850 800, 90 40)),((500 99, 600 99, 600 199, 500 99)))",
    "POLYGON Z ((600 600 5, 700 600 6, 700 700 7, 600 600 5))",
    "POLYGON ((-9000 -9000, 9000 -9000, 9000 9000, -9000 9000, -9000 -9000), (20 20, 4000 40, 40 4000, 20 20))",
    "POINT (77 88)",
    "POINT Z (4096 4096 12)",
    "MULTIPOINT (1 2, 3 4, 4160 -64)",
]
LINES = [
    "LINESTRING (0 0, 100 100, 200 0)",
    "LINESTRING Z (5 5 1, 6 7 2)",
    "MULTILINESTRING ((0 10, 10 10), (-500 2000, 5000 2000), (30 30, 40 50, 60 30))",
    "LINESTRING (-100 300, 300 -100, 4300 3900)",
]
POINTS = ["POINT (1 1)", "MULTIPOINT (9 9, 7 7)", "POINT Z (4 5 6)"]

Properties = dict[str, Any]
Read = dict[str, dict[int, tuple[shapely.Geometry, Properties]]]


def on_the_map(wkt: str) -> shapely.Geometry:
    """A geometry in tile units, in metres of EPSG:3857."""
    unit_m = SIDE_M / 4096
    return shapely.transform(shapely.from_wkt(wkt), lambda xy: xy * [unit_m, -unit_m] + [WEST, NORTH])


@pytest.fixture(scope="module")
def frames(make_frame: Callable[..., Frame], make_layer: Callable[..., Any]) -> dict[str, Frame]:
    """Areas with points beside them, lines and points, each with rows of every kind."""
    layers = [
        make_layer("Polygon", id="areas", also=("Point",)),
        make_layer("LineString", id="lines"),
        make_layer("Point", id="points"),
    ]
    shapes = (AREAS, LINES, POINTS)
    return {
        layer.id: make_frame(list(map(on_the_map, wkts)), layer=layer, rows=ROWS[: len(wkts)])
        for layer, wkts in zip(layers, shapes, strict=True)
    }


@pytest.fixture(scope="module")
def tile(frames: dict[str, Frame]) -> bytes:
    return b"".join(encode_layer(frame, BOX, WEB).data for frame in frames.values())


@pytest.fixture(scope="module")
def path(tile: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tile") / "tile.mvt"
    path.write_bytes(tile)
    return path


@pytest.fixture(scope="module")
def wanted(frames: dict[str, Frame], tile: bytes) -> Read:
    """What the tile holds: geometry from its command integers, attributes from what was put in."""
    layers = raw_layers(tile)
    return {
        name: {
            feature.fid: (require_lawful(feature), _properties(feature.fid - 100, frame)) for feature in layers[name]
        }
        for name, frame in frames.items()
    }


def _properties(number: int, frame: Frame) -> Properties:
    row = {"thing_id": f"T{number}", **ROWS[number]}
    if "built" in row:
        row["built"] = row["built"].isoformat()
    if "seen" in row:
        row["seen"] = row["seen"].isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return row


def same_shapes(got: shapely.Geometry, wanted: shapely.Geometry) -> bool:
    """Whether two geometries are the same up to where rings begin and what single parts are called."""
    return bool(shapely.normalize(_multi(got)) == shapely.normalize(wanted))


def _multi(geometry: shapely.Geometry) -> shapely.Geometry:
    parts = list(shapely.get_parts(geometry))
    return {
        "Point": shapely.MultiPoint, "LineString": shapely.MultiLineString, "Polygon": shapely.MultiPolygon,
    }[parts[0].geom_type](parts)  # fmt: skip


def test_the_tile_holds_every_feature_where_it_belongs(wanted: Read, frames: dict[str, Frame]) -> None:
    square = shapely.box(-64, -64, 4160, 4160)
    for name, wkts in (("areas", AREAS), ("lines", LINES), ("points", POINTS)):
        assert sorted(wanted[name]) == list(range(100, 100 + len(wkts)))
        for number, wkt in enumerate(wkts):
            clipped = shapely.force_2d(shapely.from_wkt(wkt)).intersection(square)
            assert shapely.hausdorff_distance(wanted[name][100 + number][0], clipped) < 0.01


def test_mapbox_vector_tile_reads_it(tile: bytes, wanted: Read, decode: Callable[[bytes], Any]) -> None:
    for name, layer in decode(tile).items():
        assert (layer["extent"], layer["version"]) == (4096, 2)
        read = {feature["id"]: feature for feature in layer["features"]}
        assert read.keys() == wanted[name].keys()
        for fid, (shape, properties) in wanted[name].items():
            assert read[fid]["properties"] == properties
            assert same_shapes(shapely.geometry.shape(read[fid]["geometry"]), shape)


def test_gdal_reads_it(path: Path, wanted: Read) -> None:
    unit_m = SIDE_M / 4096
    for name, features in wanted.items():
        _, table = pyogrio.read_arrow(path, layer=name, X=X, Y=Y, Z=Z, CLIP="NO")
        rows = {row.pop("mvt_id"): row for row in table.to_pylist()}
        assert rows.keys() == features.keys()
        for fid, (shape, properties) in features.items():
            geometry = shapely.from_wkb(rows[fid].pop("wkb_geometry"))
            assert {field: value for field, value in rows[fid].items() if value is not None} == properties
            units = shapely.transform(geometry, lambda xy: (xy - [WEST, NORTH]) / [unit_m, -unit_m])
            rounded = shapely.transform(units, np.rint)
            assert np.abs(shapely.get_coordinates(units) - shapely.get_coordinates(rounded)).max() < 1e-6
            assert same_shapes(rounded, shape)


@pytest.mark.needs("tippecanoe")
def test_tippecanoe_reads_it(path: Path, wanted: Read) -> None:
    command = Path(sys.executable).with_name("tippecanoe-decode")
    # As the tile of level 0 it spans the world, and six decimals of a degree are finer than a unit.
    read = subprocess.run([command, path, "0", "0", "0"], capture_output=True, text=True, check=True)
    text = re.sub(r": (-?)inf\b", r": \1Infinity", read.stdout)  # for which JSON has no word
    layers = {layer["properties"]["layer"]: layer for layer in json.loads(text)["features"]}
    assert layers.keys() == wanted.keys()
    for name, features in wanted.items():
        assert layers[name]["properties"]["extent"] == 4096
        assert sorted(feature["id"] for feature in layers[name]["features"]) == sorted(features)
        for feature in layers[name]["features"]:
            shape, properties = features[feature["id"]]
            assert feature["properties"] == properties
            degrees = shapely.geometry.shape(feature["geometry"])
            assert same_shapes(shapely.transform(degrees, _from_degrees), shape)


def _from_degrees(lonlat: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    x = (lonlat[:, 0] + 180) / 360
    y = 0.5 - np.arctanh(np.sin(np.radians(lonlat[:, 1]))) / (2 * np.pi)
    return np.rint(np.column_stack((x, y)) * 4096)
