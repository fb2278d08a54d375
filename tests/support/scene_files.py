"""Files of scenes read by other means than those that wrote them, and the judge of Khronos."""

from __future__ import annotations

import json
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from blocks_meshopt import unpack

VALIDATOR = Path(__file__).parents[1] / "vendor" / "gltf-validator" / "gltf_validator.dart.js"

_JUDGE = """
const validator = require(process.argv[1]), fs = require('fs');
(async () => {
  const found = {};
  for (const file of process.argv.slice(2)) {
    const report = await validator.validateBytes(new Uint8Array(fs.readFileSync(file)), {maxIssues: 0});
    found[file] = report.issues.messages.filter(each => each.severity < 2);
  }
  console.log(JSON.stringify(found));
})();
"""
_TYPES = {5120: np.int8, 5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDE = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}
_NUMBERS = {"INT32": np.int32, "FLOAT64": np.float64, "UINT8": np.uint8, "UINT16": np.uint16}


def judge(*files: Path) -> dict[str, list[Any]]:
    """Errors and warnings of the glTF Validator by file."""
    done = subprocess.run(
        ["node", "-e", _JUDGE, str(VALIDATOR), *map(str, files)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@dataclass(frozen=True)
class Glb:
    """A binary glTF file, taken apart by the letter of its specification."""

    document: dict[str, Any]
    data: bytes

    @classmethod
    def read(cls, file: bytes) -> Glb:
        magic, version, length, text_length, text_kind = struct.unpack_from("<4sII I4s", file)
        assert (magic, version, length, text_kind) == (b"glTF", 2, len(file), b"JSON")
        data_length, data_kind = struct.unpack_from("<I4s", file, 20 + text_length)
        assert data_kind == b"BIN\0"
        assert 28 + text_length + data_length == length
        return cls(json.loads(file[20 : 20 + text_length]), file[28 + text_length :])

    def view(self, number: int) -> bytes:
        view = self.document["bufferViews"][number]
        packed = view.get("extensions", {}).get("EXT_meshopt_compression")
        if packed is not None:
            assert (view["buffer"], packed["buffer"]) == (1, 0)
            return unpack(self.data[packed["byteOffset"] : packed["byteOffset"] + packed["byteLength"]], packed)
        assert view["byteOffset"] % 8 == 0
        return self.data[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]

    def accessor(self, number: int) -> np.ndarray:
        accessor = self.document["accessors"][number]
        kind, wide = np.dtype(_TYPES[accessor["componentType"]]), _WIDE[accessor["type"]]
        data = self.view(accessor["bufferView"])
        stride = self.document["bufferViews"][accessor["bufferView"]].get("byteStride", kind.itemsize * wide)
        rows = [np.frombuffer(data, kind, wide, at * stride) for at in range(accessor["count"])]
        return np.array(rows).reshape((-1, wide) if wide > 1 else -1)

    def parts(
        self, names: str = "_FEATURE_ID_0"
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, tuple[float, ...]]]:
        """Of each part: vertices east, north and up of the place of the tileset, features, pieces, colour."""
        node = self.document["nodes"][0]
        for part in self.document["meshes"][0]["primitives"]:
            x, y, z = (self.accessor(part["attributes"]["POSITION"]).astype(float) + node["translation"]).T
            features = self.accessor(part["attributes"][names]).astype(int)
            material = self.document["materials"][part["material"]]
            color = tuple(material["pbrMetallicRoughness"]["baseColorFactor"])
            corners = self.accessor(part["indices"]).reshape(-1, {1: 2, 4: 3}[part["mode"]])
            yield np.column_stack([x, -z, y]), features, corners, color

    def rows(self) -> list[dict[str, Any]]:
        """What the property table says of each feature; absent where it says that there is nothing."""
        extension = self.document["extensions"]["EXT_structural_metadata"]
        table = extension["propertyTables"][0]
        described = extension["schema"]["classes"][table["class"]]["properties"]
        rows: list[dict[str, Any]] = [{} for _ in range(table["count"])]
        for name, where in table["properties"].items():
            for row, value in zip(rows, self._values(described[name], where, extension["schema"]), strict=True):
                if value != described[name].get("noData"):
                    row[name] = value
        return rows

    def _values(self, described: dict[str, Any], where: dict[str, Any], schema: dict[str, Any]) -> list[Any]:
        data = self.view(where["values"])
        if described["type"] == "STRING":
            ends = np.frombuffer(self.view(where["stringOffsets"]), np.uint32).tolist()
            return [data[a:b].decode() for a, b in pairwise(ends)]
        if described["type"] == "ENUM":
            enum = schema["enums"][described["enumType"]]
            names = {value["value"]: value["name"] for value in enum["values"]}
            told = [names[each] for each in np.frombuffer(data, _NUMBERS[enum["valueType"]]).tolist()]
            if described.get("array"):
                ends = np.frombuffer(self.view(where["arrayOffsets"]), np.uint32).tolist()
                return [told[a:b] for a, b in pairwise(ends)]
            return told
        return np.frombuffer(data, _NUMBERS[described["componentType"]]).tolist()
