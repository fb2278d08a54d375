"""Meshes and tables as binary glTF.

References
----------
glTF 2.0, 4.4 (binary files); EXT_mesh_features; EXT_instance_features; EXT_structural_metadata;
EXT_mesh_gpu_instancing; EXT_meshopt_compression; KHR_materials_unlit. 3D Tiles 1.0, batched 3D models (_BATCHID).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tiles.scenes.buffer import MESHOPT, Buffer
from tiles.scenes.encoding import PLAIN, Encoding
from tiles.scenes.instances import Instances
from tiles.scenes.properties import Property
from twin.mesh import Mesh

_LINES, _TRIANGLES = 1, 4


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
    opacity
        0 to 1.
    instances
        Where it stands again and again; its owners count instead of those of the mesh. None: once, where it is.
    """

    name: str
    color: tuple[int, int, int]
    mesh: Mesh
    opacity: float = 1.0
    instances: Instances | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class _Document:
    """A file under construction."""

    buffer: Buffer
    encoding: Encoding
    origin: npt.NDArray[np.float64]
    count: int
    used: set[str]

    def add_primitive(self, part: Part, material: int) -> dict[str, Any]:
        mesh, buffer = part.mesh, self.buffer
        repeated = part.instances is not None
        # What stands again and again is near its own origin already.
        attributes = {"POSITION": buffer.add_points(_turn(mesh.points - (0.0 if repeated else self.origin)))}
        if mesh.normals is None:
            self.used.add("KHR_materials_unlit")
        else:
            attributes["NORMAL"] = buffer.add_normals(_turn(mesh.normals))
        primitive: dict[str, Any] = {
            "attributes": attributes,
            "indices": buffer.add_corners(mesh.corners, len(mesh.points)),
            "material": material,
            "mode": _LINES if mesh.normals is None else _TRIANGLES,
        }
        if repeated:
            return primitive
        batched = self.encoding.edition == "1.0"
        attributes["_BATCHID" if batched else "_FEATURE_ID_0"] = buffer.add_owners(mesh.owners, self.count)
        if batched:
            return primitive
        self.used.add("EXT_mesh_features")
        return primitive | {"extensions": {"EXT_mesh_features": self._name_features()}}

    def add_instances(self, instances: Instances) -> dict[str, Any]:
        """The extensions of a node that stands again and again."""
        self.used.update({"EXT_mesh_gpu_instancing", "EXT_instance_features"})
        attributes = {
            "TRANSLATION": self.buffer.add_floats(_turn(instances.translations - self.origin)),
            "ROTATION": self.buffer.add_floats(_turn_rotations(instances.rotations)),
            "SCALE": self.buffer.add_floats(np.abs(_turn(instances.scales))),  # north and back are one axis
            "_FEATURE_ID_0": self.buffer.add_floats(instances.owners),
        }
        return {
            "EXT_mesh_gpu_instancing": {"attributes": attributes},
            "EXT_instance_features": self._name_features(),
        }

    def _name_features(self) -> dict[str, Any]:
        return {"featureIds": [{"featureCount": self.count, "attribute": 0, "propertyTable": 0}]}


def write_glb(
    parts: Sequence[Part],
    origin: Sequence[float],
    table: Sequence[Property],
    count: int,
    name: str,
    encoding: Encoding = PLAIN,
) -> bytes:
    """Write what a tile draws.

    Parameters
    ----------
    parts
        At least one; points in metres east, north and up of the place of the tileset.
    origin
        East, north and up of where numbers shall be small; float32 holds them to 2 mm up to 30 km from there.
    table, count
        What the rows say, and how many there are. Edition 1.0 has its tables elsewhere.
    name
        Of the layer.
    encoding
        How it is written.
    """
    buffer = Buffer(packed=encoding.compress == "meshopt")
    build = _Document(buffer=buffer, encoding=encoding, origin=np.asarray(origin), count=count, used=set())
    alone = [build.add_primitive(part, at) for at, part in enumerate(parts) if part.instances is None]
    meshes: list[dict[str, Any]] = [{"primitives": alone}] if alone else []
    nodes: list[dict[str, Any]] = [{"name": name, "translation": _turn(np.array([origin]))[0].tolist()}]
    if alone:
        nodes[0]["mesh"] = 0
    for at, part in enumerate(parts):
        if part.instances is not None:
            meshes.append({"primitives": [build.add_primitive(part, at)]})
            nodes.append({"mesh": len(meshes) - 1, "extensions": build.add_instances(part.instances)})
            nodes[0].setdefault("children", []).append(len(nodes) - 1)
    tables = {}
    if encoding.edition == "1.1":
        tables = {"extensions": {"EXT_structural_metadata": _write_table(buffer, table, count, name)}}
        build.used.add("EXT_structural_metadata")
    required = {"EXT_mesh_gpu_instancing"} & build.used
    if buffer.packed:
        required |= {MESHOPT, "KHR_mesh_quantization"}
    used = sorted(build.used | required)
    document = {
        "asset": {"version": "2.0", "generator": "county-twin"},
        **({"extensionsUsed": used} if used else {}),
        **({"extensionsRequired": sorted(required)} if required else {}),
        **tables,
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": nodes,
        "meshes": meshes,
        "materials": [_describe_material(part) for part in parts],
        **buffer.describe(),
    }
    return _pack(document, bytes(buffer.data))


def _turn(vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """East, north and up as glTF has them, where y is up."""
    return np.column_stack([vectors[:, 0], vectors[:, 2], -vectors[:, 1]]).astype(np.float32)


def _turn_rotations(quaternions: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The same turn of the axes of rotations, given as x, y, z and w."""
    return np.column_stack([_turn(quaternions), quaternions[:, 3]])


def _describe_material(part: Part) -> dict[str, Any]:
    shares = np.array(part.color) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    material: dict[str, Any] = {
        "name": part.name,
        "pbrMetallicRoughness": {
            "baseColorFactor": [*linear.round(6).tolist(), round(part.opacity, 3)],
            "metallicFactor": 0.0,
            "roughnessFactor": 0.7,
        },
    }
    if part.opacity < 1:
        material["alphaMode"] = "BLEND"
    if part.mesh.normals is None:
        return material | {"extensions": {"KHR_materials_unlit": {}}}
    return material | {"doubleSided": True}  # open ends may be looked into


def _write_table(buffer: Buffer, table: Sequence[Property], count: int, name: str) -> dict[str, Any]:
    views: dict[str, Any] = {}
    for each in table:
        views[each.name] = {"values": buffer.add_view(each.values or bytes(1))}
        if each.starts is not None:
            views[each.name] |= {"stringOffsets": buffer.add_view(each.starts), "stringOffsetType": "UINT32"}
        if each.firsts is not None:
            views[each.name] |= {"arrayOffsets": buffer.add_view(each.firsts), "arrayOffsetType": "UINT32"}
    codes = {each.name: each.codes for each in table if each.codes is not None}
    schema = {"id": name, "classes": {name: {"properties": {each.name: each.described for each in table}}}}
    return {
        "schema": schema | ({"enums": codes} if codes else {}),
        "propertyTables": [{"class": name, "count": count, "properties": views}],
    }


def _pack(document: dict[str, Any], data: bytes) -> bytes:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * ((4 - len(text)) % 8)  # what follows begins at a multiple of 8, with 28 bytes before
    head = struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + 8 + len(data))
    return b"".join(
        [head, struct.pack("<I4s", len(text), b"JSON"), text, struct.pack("<I4s", len(data), b"BIN\0"), data]
    )
