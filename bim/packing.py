"""Placed shapes as bytes: what a twin keeps of a model beside its rows.

A frame of Zstandard (RFC 8878) around a line of JSON, which says what follows, and the arrays, little-endian, one after
the other. Vertices stand around the middle of their mesh, so that float32 holds them to a hundredth of a millimetre.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import zstandard

from bim.model import Shapes
from bim.placed import Placed
from twin.errors import TwinError

_FORMAT = "placed shapes 1"
_ARRAYS = {
    "vertices": "<f4",
    "triangles": "<i4",
    "surfaces": "<i4",
    "vertex_offsets": "<i8",
    "triangle_offsets": "<i8",
    "looks": "<f4",
    "elements": "<i4",
    "meshes": "<i4",
    "transforms": "<f8",
}


def pack_placed(placed: Placed) -> bytes:
    """Write placed shapes as bytes: the same shapes give the same bytes."""
    arrays = {name: np.asarray(getattr(placed.shapes, name), dtype=kind) for name, kind in _ARRAYS.items()}
    head = {
        "format": _FORMAT,
        "origin": placed.origin,
        "element_ids": placed.element_ids,
        "look_names": placed.shapes.look_names,
        "arrays": {name: array.shape for name, array in arrays.items()},
    }
    line = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    packed = b"\n".join([line, b"".join(np.ascontiguousarray(array).tobytes() for array in arrays.values())])
    return zstandard.ZstdCompressor(level=6).compress(packed)


def unpack_placed(data: bytes) -> Placed:
    """Read what `pack_placed` wrote.

    Raises
    ------
    TwinError
        It is something else, or of another program's version.
    """
    try:
        line, _, body = zstandard.ZstdDecompressor().decompress(data).partition(b"\n")
        head: dict[str, Any] = json.loads(line)
    except (zstandard.ZstdError, ValueError) as error:
        raise TwinError("what is kept of a model cannot be read: import it again") from error
    if head.get("format") != _FORMAT:
        raise TwinError(f"what is kept of a model has the format {head.get('format')!r}: update the program")
    arrays, at = {}, 0
    for name, shape in head["arrays"].items():
        kind = np.dtype(_ARRAYS[name])
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(body, dtype=kind, count=count, offset=at).reshape(shape)
        at += count * kind.itemsize
    wide = {name: arrays[name].astype(np.float64) for name in ("vertices", "looks")}
    shapes = Shapes(**(arrays | wide), look_names=tuple(head["look_names"]))
    x, y, height_m = head["origin"]
    return Placed(origin=(x, y, height_m), shapes=shapes, element_ids=tuple(head["element_ids"]))
