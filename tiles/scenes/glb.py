"""Meshes and tables as binary glTF.

References
----------
glTF 2.0, 4.4 (binary files); EXT_mesh_features; EXT_structural_metadata; KHR_materials_unlit.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tiles.scenes.mesh import Mesh
from tiles.scenes.properties import Property

MEDIA_TYPE = "model/gltf-binary"

_UINT16, _UINT32, _FLOAT = 5123, 5125, 5126
_VERTICES, _CORNERS = 34962, 34963
_LINES, _TRIANGLES = 1, 4
_MOST_SHORT = 65_535


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """What is drawn in one colour.

    Parameters
    ----------
    name
        Of the colour, for people.
    color
        Red, green and blue, 0 to 255, as screens have them.
    mesh
        Its owners are rows of the table.
    """

    name: str
    color: tuple[int, int, int]
    mesh: Mesh


class _Buffer:
    """The binary part of a file under construction."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add_view(self, data: bytes, **members: Any) -> int:
        """Add bytes; each view begins at a multiple of 8, as tables want it."""
        self.data += bytes(-len(self.data) % 8)
        self.views.append({"buffer": 0, "byteOffset": len(self.data), "byteLength": len(data)} | members)
        self.data += data
        return len(self.views) - 1

    def add_accessor(self, data: npt.NDArray[Any], component: int, kind: str, **view: Any) -> int:
        """Add an array with a view of its own."""
        bounds = {"min": data.min(axis=0).tolist(), "max": data.max(axis=0).tolist()} if kind == "VEC3" else {}
        accessor = {"bufferView": self.add_view(data.tobytes(), **view), "componentType": component}
        self.accessors.append(accessor | {"count": len(data), "type": kind} | bounds)
        return len(self.accessors) - 1


def write_glb(
    parts: Sequence[Part], origin: Sequence[float], table: Sequence[Property], count: int, name: str
) -> bytes:
    """Write what a tile draws.

    Parameters
    ----------
    parts
        At least one; points in metres east, north and up of the place of the tileset.
    origin
        East, north and up of where numbers shall be small; float32 holds them to 2 mm up to 30 km from there.
    table, count
        What the rows say, and how many there are.
    name
        Of the layer.
    """
    buffer = _Buffer()
    primitives = [_write_part(buffer, part, np.asarray(origin), at, count) for at, part in enumerate(parts)]
    lines = any(part.mesh.normals is None for part in parts)
    east, north, up = origin
    extensions = ["EXT_mesh_features", "EXT_structural_metadata"] + ["KHR_materials_unlit"] * lines
    document = {
        "asset": {"version": "2.0", "generator": "county-twin"},
        "extensionsUsed": extensions,
        "extensions": {"EXT_structural_metadata": _write_table(buffer, table, count, name)},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": name, "translation": [east, up, -north]}],
        "meshes": [{"primitives": primitives}],
        "materials": [_describe_material(part) for part in parts],
        "accessors": buffer.accessors,
        "bufferViews": buffer.views,
        "buffers": [{"byteLength": len(buffer.data) + -len(buffer.data) % 4}],
    }
    return _pack(document, bytes(buffer.data))


def _write_part(
    buffer: _Buffer, part: Part, origin: npt.NDArray[np.float64], material: int, count: int
) -> dict[str, Any]:
    mesh = part.mesh
    attributes = {
        "POSITION": buffer.add_accessor(_turn(mesh.points - origin), _FLOAT, "VEC3", byteStride=12, target=_VERTICES)
    }
    if mesh.normals is not None:
        attributes["NORMAL"] = buffer.add_accessor(_turn(mesh.normals), _FLOAT, "VEC3", byteStride=12, target=_VERTICES)
    owners = mesh.owners.astype(np.float32)  # the widest whole numbers that glTF has for vertices: up to 2^24
    attributes["_FEATURE_ID_0"] = buffer.add_accessor(owners, _FLOAT, "SCALAR", byteStride=4, target=_VERTICES)
    short = len(mesh.points) <= _MOST_SHORT
    corners = mesh.corners.astype(np.uint16 if short else np.uint32)
    return {
        "attributes": attributes,
        "indices": buffer.add_accessor(corners, _UINT16 if short else _UINT32, "SCALAR", target=_CORNERS),
        "material": material,
        "mode": _LINES if mesh.normals is None else _TRIANGLES,
        "extensions": {
            "EXT_mesh_features": {"featureIds": [{"featureCount": count, "attribute": 0, "propertyTable": 0}]}
        },
    }


def _turn(vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """East, north and up as glTF has them, where y is up."""
    return np.column_stack([vectors[:, 0], vectors[:, 2], -vectors[:, 1]]).astype(np.float32)


def _describe_material(part: Part) -> dict[str, Any]:
    shares = np.array(part.color) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    material: dict[str, Any] = {
        "name": part.name,
        "pbrMetallicRoughness": {
            "baseColorFactor": [*linear.round(6).tolist(), 1.0],
            "metallicFactor": 0.0,
            "roughnessFactor": 0.7,
        },
    }
    if part.mesh.normals is None:
        return material | {"extensions": {"KHR_materials_unlit": {}}}
    return material | {"doubleSided": True}  # open ends may be looked into


def _write_table(buffer: _Buffer, table: Sequence[Property], count: int, name: str) -> dict[str, Any]:
    views: dict[str, Any] = {}
    for each in table:
        views[each.name] = {"values": buffer.add_view(each.values or bytes(1))}
        if each.starts is not None:
            views[each.name] |= {"stringOffsets": buffer.add_view(each.starts), "stringOffsetType": "UINT32"}
    codes = {each.name: each.codes for each in table if each.codes is not None}
    schema = {"id": name, "classes": {name: {"properties": {each.name: each.described for each in table}}}}
    return {
        "schema": schema | ({"enums": codes} if codes else {}),
        "propertyTables": [{"class": name, "count": count, "properties": views}],
    }


def _pack(document: dict[str, Any], data: bytes) -> bytes:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * ((4 - len(text)) % 8)  # what follows begins at a multiple of 8, with 28 bytes before
    data += bytes(-len(data) % 4)
    head = struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + 8 + len(data))
    return b"".join(
        [head, struct.pack("<I4s", len(text), b"JSON"), text, struct.pack("<I4s", len(data), b"BIN\0"), data]
    )
