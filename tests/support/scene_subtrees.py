"""Trees of tiles read by the letter of 3D Tiles 1.1: those that a tileset lists, and those of implicit tiling.

Squares are found by going down, a digit of four for each level, not by interleaving numbers.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from layers.buildings import BUILDINGS
from tests_frames import make_frame
from twin.crs import parse_crs

CRS = parse_crs("EPSG:4548")


@dataclass(frozen=True)
class Subtree:
    """A subtree file, taken apart."""

    document: dict[str, Any]
    data: bytes

    @classmethod
    def read(cls, file: bytes) -> Subtree:
        magic, version, text_length, data_length = struct.unpack_from("<4sIQQ", file)
        assert (magic, version) == (b"subt", 1)
        assert text_length % 8 == data_length % 8 == 0
        assert len(file) == 24 + text_length + data_length
        document = json.loads(file[24 : 24 + text_length])
        assert [each["byteLength"] for each in document["buffers"]] == [data_length]
        assert all(view["byteOffset"] % 8 == 0 for view in document["bufferViews"])
        return cls(document, file[24 + text_length :])

    def view(self, number: int) -> bytes:
        view = self.document["bufferViews"][number]
        data = self.data[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
        assert len(data) == view["byteLength"]
        return data

    def bits(self, told: dict[str, int], count: int) -> list[bool]:
        """So many bits of an availability."""
        if "constant" in told:
            return [told["constant"] == 1] * count
        data = self.view(told["bitstream"])
        assert len(data) == -(-count // 8)
        bits = [data[at // 8] >> at % 8 & 1 == 1 for at in range(len(data) * 8)]
        assert not any(bits[count:])
        assert sum(bits) == told["availableCount"]
        return bits[:count]

    def boxes(self, schema: dict[str, Any]) -> np.ndarray:
        """Of each tile that is there, by the semantic of a property."""
        table = self.document["propertyTables"][self.document["tileMetadata"]]
        properties = schema["classes"][table["class"]]["properties"]
        (name,) = [name for name, each in properties.items() if each["semantic"] == "TILE_BOUNDING_BOX"]
        kind = {"FLOAT32": "<f4", "FLOAT64": "<f8"}[properties[name]["componentType"]]
        values = np.frombuffer(self.view(table["properties"][name]["values"]), kind).reshape(-1, 12)
        assert len(values) == table["count"]
        return values.astype(float)


@dataclass(frozen=True)
class Tile:
    """A tile with a content, however it is described.

    Parameters
    ----------
    uri
        Of its content.
    box
        Of the tile, by the axes of `transform`.
    square
        What the rule of implicit tiling makes of the box of the whole; None where the tileset lists the tile.
    transform
        (4, 4) from there to the earth.
    error_m, refine
        As the tile has them.
    is_last
        Whether no tile takes its place.
    """

    uri: str
    box: np.ndarray
    square: np.ndarray | None
    transform: np.ndarray
    error_m: float
    refine: str
    is_last: bool


def read_tiles(scene: dict[str, Any], fetch: Callable[[str], bytes]) -> Iterator[Tile]:
    """Go through all tiles with contents of a tileset; subtrees are fetched by their addresses."""
    yield from _read_tile(scene["root"], np.eye(4), "ADD", scene, fetch)


def _read_tile(tile, outer, refine, scene, fetch) -> Iterator[Tile]:
    transform = outer @ np.array(tile.get("transform", np.eye(4).ravel())).reshape(4, 4).T
    refine = tile.get("refine", refine)
    if "implicitTiling" in tile:
        assert not {"children", "metadata"} & tile.keys()
        yield from _read_subtree(tile, (0, 0, 0), transform, scene, fetch)
        return
    children = tile.get("children", [])
    if "content" in tile:
        box = np.array(tile["boundingVolume"]["box"])
        yield Tile(tile["content"]["uri"], box, None, transform, tile["geometricError"], refine, not children)
    for child in children:
        yield from _read_tile(child, transform, refine, scene, fetch)


def _read_subtree(root, begin, transform, scene, fetch) -> Iterator[Tile]:
    told = root["implicitTiling"]
    levels = told["subtreeLevels"]
    assert told["subdivisionScheme"] == "QUADTREE"
    subtree = Subtree.read(fetch(_fill(told["subtrees"]["uri"], begin)))
    count = sum(4**level for level in range(levels))
    there = subtree.bits(subtree.document["tileAvailability"], count)
    (content,) = (subtree.bits(each, count) for each in subtree.document["contentAvailability"])
    below = subtree.bits(subtree.document["childSubtreeAvailability"], 4**levels)
    boxes = iter(subtree.boxes(scene["schema"]))
    assert there[0]
    level, first = [begin], 0
    for depth in range(levels + 1):
        after = below if depth == levels else there[first : first + 4**depth]
        for at, address in enumerate(level):
            if not after[at]:
                continue
            if depth == levels:
                yield from _read_subtree(root, address, transform, scene, fetch)
                continue
            assert depth == 0 or there[(first - 4 ** (depth - 1)) + at // 4]
            assert address[0] < told["availableLevels"]
            nexts = below if depth + 1 == levels else there[first + 4**depth :]
            assert content[first + at]
            yield Tile(
                _fill(root["content"]["uri"], address),
                next(boxes),
                _cut(np.array(root["boundingVolume"]["box"]), address),
                transform,
                root["geometricError"] / 2 ** address[0],
                root["refine"],
                not any(nexts[at * 4 : at * 4 + 4]),
            )
        first += 4**depth if depth < levels else 0
        level = [(z + 1, 2 * x + right, 2 * y + up) for z, x, y in level for up in (0, 1) for right in (0, 1)]
    assert next(boxes, None) is None


def _fill(template: str, address) -> str:
    for name, number in zip(("{level}", "{x}", "{y}"), address, strict=True):
        template = template.replace(name, str(number))
    return template


def _cut(box: np.ndarray, address) -> np.ndarray:
    """The part of a box that a square of a quadtree is."""
    z, x, y = address
    middle, axes = box[:3].copy(), box[3:].reshape(3, 3).copy()
    middle += axes[0] * ((2 * x + 1) / 2**z - 1) + axes[1] * ((2 * y + 1) / 2**z - 1)
    axes[:2] /= 2**z
    return np.concatenate([middle, axes.ravel()])


def houses(count: int, first: int = 0, corner: tuple[float, float] = (600_000, 3_940_000)) -> gpd.GeoDataFrame:
    """Rows of houses 40 m apart, fifty from west to east, 10 by 8 m and 6 m high."""
    rows = [
        house(f"b{at:05}", corner[0] + at % 50 * 40, corner[1] + at // 50 * 40) for at in range(first, first + count)
    ]
    return make_frame(BUILDINGS, rows, CRS).data


def house(name: str, x: float, y: float, size: tuple[float, float] = (10, 8), **more: Any) -> dict[str, Any]:
    """A row of a house on the ground at 100 m."""
    area = shapely.multipolygons([shapely.box(x, y, x + size[0], y + size[1])])
    return {"building_id": name, "geometry": shapely.force_3d(area, z=100.0), "ground_m": 100.0, "height_m": 6.0} | more
