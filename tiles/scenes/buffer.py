"""The binary part of glTF: arrays as they are, or made small by EXT_meshopt_compression.

References
----------
glTF 2.0, 3.6 (buffers and accessors); EXT_meshopt_compression; KHR_mesh_quantization.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tiles.kernels.meshopt import pack_attributes, pack_sequence

Singles = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]

MESHOPT = "EXT_meshopt_compression"

_BYTE, _UINT16, _UINT32, _FLOAT = 5120, 5123, 5125, 5126
_VERTICES, _CORNERS = 34962, 34963
_MOST_SHORT = 65_535
#: Packed places are multiples of 2 to this power, 1 mm, where 24 bits hold them.
_FINEST = -10


class Buffer:
    """A buffer under construction.

    Parameters
    ----------
    packed
        Whether arrays of meshes are made small.
    """

    def __init__(self, *, packed: bool) -> None:
        self.packed = packed
        self.data = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []
        self._unpacked = 0

    def describe(self) -> dict[str, Any]:
        """What the document says of it; call when all is in."""
        self.data += bytes(-len(self.data) % 8)
        buffers: list[dict[str, Any]] = [{"byteLength": len(self.data)}]
        if self._unpacked:
            buffers.append({"byteLength": self._unpacked, "extensions": {MESHOPT: {"fallback": True}}})
        return {"buffers": buffers, "bufferViews": self.views, "accessors": self.accessors}

    def add_view(self, data: bytes, **members: Any) -> int:
        """Add bytes; each view begins at a multiple of 8, as tables want it."""
        return self._add_view(self._add_bytes(data) | members)

    def add_points(self, points: Singles) -> int:
        """Add places of vertices."""
        if not self.packed:
            return self._add(points, _FLOAT, "VEC3", bounds=_bound(points), byteStride=12, target=_VERTICES)
        most = float(np.abs(points).max(initial=0.0))
        power = max(_FINEST, int(np.ceil(np.log2(max(most, 1e-9)))) - 23 + 1)
        whole = np.rint(points.astype(np.float64) / 2.0**power).astype(np.int64)
        words = (whole & 0xFFFFFF | (power & 0xFF) << 24).astype(np.uint32)
        bounds = _bound(whole * 2.0**power)
        return self._add_packed(words, _FLOAT, "VEC3", filtered="EXPONENTIAL", bounds=bounds)

    def add_normals(self, normals: Singles) -> int:
        """Add directions of length 1."""
        if not self.packed:
            return self._add(normals, _FLOAT, "VEC3", byteStride=12, target=_VERTICES)
        quarters = np.zeros((len(normals), 4), np.int8)
        quarters[:, :3] = np.rint(normals * 127)
        return self._add_packed(quarters, _BYTE, "VEC3", normalized=True)

    def add_owners(self, owners: Numbers, count: int) -> int:
        """Add numbers of features, of which there are so many."""
        if self.packed and count <= _MOST_SHORT + 1:
            pairs = np.zeros((len(owners), 2), np.uint16)
            pairs[:, 0] = owners
            return self._add_packed(pairs, _UINT16, "SCALAR")
        numbers = owners.astype(np.float32)  # the widest whole numbers that glTF has for vertices: up to 2^24
        return self._add(numbers, _FLOAT, "SCALAR", byteStride=4, target=_VERTICES)

    def add_corners(self, corners: Numbers, vertices: int) -> int:
        """Add numbers of vertices, of which there are so many."""
        short = vertices <= _MOST_SHORT
        component, size = (_UINT16, 2) if short else (_UINT32, 4)
        if not self.packed:
            numbers = corners.astype(np.uint16 if short else np.uint32)
            return self._add(numbers, component, "SCALAR", target=_CORNERS)
        stream = {"byteStride": size, "count": len(corners), "mode": "INDICES"}
        view = self._add_stream(pack_sequence(corners).tobytes(), size * len(corners), stream, target=_CORNERS)
        return self._add_accessor(view, component, "SCALAR", len(corners))

    def add_floats(self, values: npt.NDArray[Any]) -> int:
        """Add what belongs to instances, as it is."""
        kind = "SCALAR" if values.ndim == 1 else f"VEC{values.shape[1]}"
        return self._add(values.astype(np.float32), _FLOAT, kind)

    def _add(
        self, values: npt.NDArray[Any], component: int, kind: str, *, bounds: dict[str, Any] | None = None, **view: Any
    ) -> int:
        return self._add_accessor(self.add_view(values.tobytes(), **view), component, kind, len(values), bounds)

    def _add_packed(
        self,
        values: npt.NDArray[Any],
        component: int,
        kind: str,
        *,
        filtered: str = "NONE",
        bounds: dict[str, Any] | None = None,
        **accessor: Any,
    ) -> int:
        rows = np.ascontiguousarray(values).view(np.uint8).reshape(len(values), -1)
        count, stride = rows.shape
        stream = {"byteStride": stride, "count": count, "mode": "ATTRIBUTES", "filter": filtered}
        members = {"byteStride": stride, "target": _VERTICES}
        view = self._add_stream(pack_attributes(rows).tobytes(), rows.size, stream, **members)
        return self._add_accessor(view, component, kind, count, bounds, **accessor)

    def _add_stream(self, data: bytes, size: int, stream: dict[str, Any], **members: Any) -> int:
        """Add bytes that unpack to so many, which stand in a buffer that is nowhere but in memory."""
        where = {"buffer": 1, "byteOffset": self._unpacked, "byteLength": size}
        self._unpacked += size + -size % 8
        return self._add_view(where | members | {"extensions": {MESHOPT: self._add_bytes(data) | stream}})

    def _add_bytes(self, data: bytes) -> dict[str, Any]:
        self.data += bytes(-len(self.data) % 8)
        where = {"buffer": 0, "byteOffset": len(self.data), "byteLength": len(data)}
        self.data += data
        return where

    def _add_view(self, view: dict[str, Any]) -> int:
        self.views.append(view)
        return len(self.views) - 1

    def _add_accessor(
        self, view: int, component: int, kind: str, count: int, bounds: dict[str, Any] | None = None, **more: Any
    ) -> int:
        accessor = {"bufferView": view, "componentType": component, "count": count, "type": kind}
        self.accessors.append(accessor | (bounds or {}) | more)
        return len(self.accessors) - 1


def _bound(points: npt.NDArray[Any]) -> dict[str, Any]:
    return {"min": points.min(axis=0).tolist(), "max": points.max(axis=0).tolist()}
