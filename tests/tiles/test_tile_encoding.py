"""The bytes of a vector tile: numbers, values and ids as two independent readers see them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tiles.grid import grids_for
from tiles.kernels.values import pack_integers
from tiles.mvt import encode_layer
from tiles.protobuf import varint
from twin.crs import BBox, parse_crs
from twin.frame import Frame

WEB = parse_crs("EPSG:3857")
GRID = grids_for(WEB)["WebMercatorQuad"]

MakeFrame = Callable[..., Frame]
FeaturesOf = Callable[..., list[dict[str, Any]]]
ROWS = [
    {
        "name": "水塔",
        "floors": -3,
        "height_m": 3.3,
        "open": True,
        "built": date(1998, 7, 1),
        "seen": datetime(2024, 2, 29, 8, 30, tzinfo=UTC),
    },
    {"name": "", "floors": 2**40, "open": False},
]


def test_numbers_become_varints_as_the_documentation_shows() -> None:
    # https://protobuf.dev/programming-guides/encoding/: 150 is 96 01.
    assert varint(150).hex() == "9601"


def test_signed_numbers_alternate_between_the_signs() -> None:
    # The table of the same page: 0, -1, 1, -2 are written as 0, 1, 2, 3; so is 150 as 300, which is ac 02.
    packed, begins = pack_integers(np.array([0, -1, 1, -2, 150]))
    assert packed.tobytes().hex(" ") == "00 01 02 03 ac 02"
    assert begins.tolist() == [0, 1, 2, 3, 4, 6]


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_many_numbers_are_written_as_one_by_one(numbers: list[int]) -> None:
    packed, _ = pack_integers(np.array(numbers, dtype=np.int64))
    assert packed.tobytes() == b"".join(varint(2 * n if n >= 0 else -2 * n - 1) for n in numbers)


def test_a_point_tile_is_these_bytes(make_frame: MakeFrame, make_layer: Callable[..., Any], unit_box: BBox) -> None:
    # By hand from MVT 2.1 and the wire format: MoveTo(1) = 9, zigzag(25) = 50, zigzag(17) = 34 (the specification's own
    # example in 4.3.5.1), feature id 100 = 0x64, key and value 0.
    layer = make_layer("Point", id="p")
    frame = make_frame(["POINT (25 4079)"], layer=layer)
    feature = "08 64  12 02 00 00  18 01  22 03 09 32 22"
    keys = [name.encode() for name in layer.schema.names]
    message = (
        bytes.fromhex("78 02  0a 01") + b"p" + bytes.fromhex("12 0d" + feature)
        + b"".join(b"\x1a" + bytes([len(key)]) + key for key in keys)
        + bytes.fromhex("22 04 0a 02") + b"T0" + bytes.fromhex("28 80 20")
    )  # fmt: skip
    assert encode_layer(frame, unit_box, WEB).data == b"\x1a" + varint(len(message)) + message


def test_every_type_of_attribute_comes_back(make_frame: MakeFrame, features_of: FeaturesOf) -> None:
    first, second = features_of(make_frame(["POINT (1 1)", "POINT (2 2)"], rows=ROWS))
    assert first["properties"] == {
        "thing_id": "T0",
        "name": "水塔",
        "floors": -3,
        "height_m": 3.3,
        "open": True,
        "built": "1998-07-01",
        "seen": "2024-02-29T08:30:00.000Z",
    }
    assert second["properties"] == {"thing_id": "T1", "name": "", "floors": 2**40, "open": False}
    assert second["properties"]["open"] is False


def test_features_carry_the_ids_of_the_store(make_frame: MakeFrame, features_of: FeaturesOf) -> None:
    frame = make_frame(["POINT (1 1)", "POINT (9999 1)", "POINT (2 2)"])
    assert [feature["id"] for feature in features_of(frame)] == [100, 102]


def test_equal_values_are_stored_once(make_frame: MakeFrame, unit_box: BBox) -> None:
    rows = [{"name": "a name to count", "floors": 7}] * 50
    data = encode_layer(make_frame(["POINT (1 1)"] * 50, rows=rows), unit_box, WEB).data
    assert data.count(b"a name to count") == 1


def test_a_tile_has_only_the_values_of_its_features(make_frame: MakeFrame, unit_box: BBox) -> None:
    data = encode_layer(
        make_frame(["POINT (1 1)", "POINT (9999 1)"], rows=[{"name": "in"}, {"name": "out"}]), unit_box, WEB
    )
    assert b"in" in data.data
    assert b"out" not in data.data


def test_nothing_in_the_tile_is_no_bytes(make_frame: MakeFrame, unit_box: BBox) -> None:
    assert encode_layer(make_frame(["POINT (9999 1)"]), unit_box, WEB).data == b""
    assert encode_layer(make_frame(["POINT EMPTY"]), unit_box, WEB).data == b""


def test_gdal_reads_the_same_features(make_frame: MakeFrame, tmp_path: Path) -> None:
    z, x, y = 14, 13583, 6458
    box = GRID.box(z, x, y)
    corner = np.array([box.west, box.south])
    shapes = [
        shapely.box(*(corner + 100), *(corner + 300)) - shapely.box(*(corner + 150), *(corner + 200)),
        shapely.MultiPolygon(
            [shapely.box(*(corner + 400), *(corner + 500)), shapely.box(*(corner + 600), *(corner + 700))]
        ),
    ]
    frame = make_frame(shapes, rows=ROWS)
    path = tmp_path / "tile.mvt"
    path.write_bytes(encode_layer(frame, box, WEB).data)
    read = pyogrio.read_dataframe(path, layer="things", X=x, Y=y, Z=z, CLIP="NO").sort_values("mvt_id")
    assert read["mvt_id"].tolist() == [100, 101]
    assert read["name"].tolist() == ["水塔", ""]
    assert read["floors"].tolist() == [-3, 2**40]
    assert read["height_m"].iloc[0] == 3.3
    assert read["built"].iloc[0] == "1998-07-01"
    unit_m = (box.east - box.west) / 4096
    for got, wanted in zip(read.geometry, shapes, strict=True):
        assert got.is_valid
        assert shapely.hausdorff_distance(got, wanted) <= unit_m
        assert got.area == pytest.approx(wanted.area, rel=0.02)
